"""Files that are written whole or not at all, and that only their owner may read."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from arkit.errors import DiskError


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A file beside `path` to write to; it takes the place of `path` if the block ends well.

    Raises:
        DiskError: it cannot be written; what stood at `path` stands there still.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        yield part
        part.replace(path)
    except OSError as error:
        raise DiskError(
            f"the file cannot be written ({error.strerror}).",
            code="unwritable",
            where=path.name,
            next_step="Choose another place, or make room.",
        ) from error
    finally:
        with suppress(OSError):
            part.unlink()
