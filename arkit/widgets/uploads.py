"""Files that a browser handed over, kept in the workspace under names that can do no harm."""

import hashlib
from pathlib import Path, PureWindowsPath
from typing import Any

from arkit import outputs
from arkit.errors import DiskError, InputRefused

LIMIT_BYTES = 9_000_000
"""What a browser can be trusted to hand over; above 10 MB Jupyter drops the message in silence."""
LONGEST_STEM = 60


def received(upload: Any) -> list[tuple[str, bytes]]:
    """Names and contents of what a FileUpload holds."""
    return [(str(file["name"]), bytes(file["content"])) for file in upload.value]


def keep(workspace: Path, name: str, content: bytes) -> Path:
    """Write an upload into a folder of its own, readable by its owner only.

    The same content comes to lie in the same place. Of the user's own name only what is harmless is kept, as
    a label for messages.

    Raises:
        InputRefused: it is too large.
        DiskError: it cannot be written.
    """
    label = label_of(name)
    if len(content) > LIMIT_BYTES:
        raise InputRefused(
            f"the file is larger than {LIMIT_BYTES // 1_000_000} MB.",
            code="too_large",
            where=label,
            next_step="Give its path on this machine instead.",
        )
    folder = workspace / "uploads" / hashlib.sha256(content).hexdigest()[:16]
    path = folder / label
    try:
        for made in (folder.parent, folder):
            made.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise DiskError(
            f"the upload cannot be kept in the workspace ({error.strerror}).",
            code="unwritable",
            where=label,
            next_step="Make room, or choose another ARKIT_WORKSPACE.",
        ) from error
    with outputs.whole(path) as part:
        part.write_bytes(content)
    return path


def label_of(name: str) -> str:
    """The last part of a name, of any system, without what a file system or a terminal would act on."""
    base = PureWindowsPath(name).name
    tidy = "".join(c if c.isalnum() or c in " ._-()" else "_" for c in base).lstrip(". ")
    stem, dot, suffix = tidy.rpartition(".")
    if not dot:
        return tidy[:LONGEST_STEM] or "upload"
    return f"{stem[:LONGEST_STEM]}.{suffix[:8]}"
