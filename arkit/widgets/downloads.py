"""Files that lie in the workspace, offered to the browser."""

from pathlib import Path

from arkit.corrections import files
from arkit.widgets import markup

# A link holds the whole file; a page with one of many megabytes would not open again.
LINKED_BYTES = 2_000_000
TYPES = {
    ".csv": "text/csv;charset=utf-8",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def offered(label: str, path: Path | None) -> str:
    """A link to a file and where else it lies; nothing if there is no file.

    Raises:
        InputRefused: it cannot be read.
    """
    if path is None:
        return ""
    content = bytes(files.content_of(path))
    if len(content) > LINKED_BYTES:
        return markup.block(markup.paragraph(f"{label}: it lies in {path}"))
    link = markup.download(label, path.name, content, TYPES[path.suffix])
    return markup.block(f"<p>{link} {markup.quiet(f'also in {path}')}</p>")
