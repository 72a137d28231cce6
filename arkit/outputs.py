"""Files that are written whole or not at all, and that only their owner may read."""

import errno
import os
import tempfile
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
    with _refused(path), _part(path) as part:
        yield part
        part.replace(path)


def require_place(path: Path) -> None:
    """Try whether a file could be put there, before long work is done for it.

    Raises:
        DiskError: it could not.
    """
    with _refused(path), _part(path):
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "Is a directory")


@contextmanager
def _part(path: Path) -> Iterator[Path]:
    """An empty file in the same folder, gone at the end; its name is new, and short whatever `path` is."""
    handle, name = tempfile.mkstemp(prefix=".arkit-", suffix=".part", dir=path.parent)
    os.close(handle)
    part = Path(name)
    try:
        yield part
    finally:
        with suppress(OSError):
            part.unlink()


@contextmanager
def _refused(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else type(error).__name__
        raise DiskError(
            f"the file cannot be written ({reason}).",
            code="unwritable",
            where=path.name,
            next_step="Choose another place, or make room.",
        ) from error
