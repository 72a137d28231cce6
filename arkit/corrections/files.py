"""The one place that opens users' files: CSV and XLSX as text, with the user's own row numbers."""

import csv
import hashlib
from collections.abc import Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from stat import S_ISREG

import numpy as np
import pandas as pd

from arkit import outputs
from arkit.corrections import delimited, spreadsheets
from arkit.corrections.sheets import SAVE_AS, Content, Reading, Sheet, refused
from arkit.errors import InputRefused

MAX_FILE_BYTES = 512 * 2**20
AS_IT_IS = Reading()

# What a file begins with that is neither CSV nor XLSX, and what to call it.
FOREIGN = {
    b"\xd0\xcf\x11\xe0": "an old Excel file or a workbook with a password",
    b"%PDF": "a PDF",
    b"<": "a web page or XML",
    b"\x1f\x8b": "a packed file",
    b"PAR1": "a Parquet file",
}


def read(path: Path | str, *, reading: Reading = AS_IT_IS, names: Collection[str] = ()) -> Sheet:
    """The table in a CSV or XLSX file; which of them it is, the content says and not the name.

    Raises:
        InputRefused: the file cannot be read as a table without guessing.
    """
    path = Path(path)
    return parse(content_of(path), name=path.name, reading=reading, names=names)


def parse(content: Content, *, name: str, reading: Reading = AS_IT_IS, names: Collection[str] = ()) -> Sheet:
    """The table in the bytes of a CSV or XLSX file.

    Args:
        content: of the file.
        name: of the file, for messages.
        reading: what the user says of it.
        names: folded names of columns, by which a row is known for the header.

    Raises:
        InputRefused: they cannot be read as a table without guessing.
    """
    with ThreadPoolExecutor(1) as pool:
        sha256 = pool.submit(sha256_of, content)
        # Given away, so that the bytes can go as soon as the fields are cut.
        held: list[Content] = [content]
        del content
        try:
            return replace(_parsed(held, name, reading, names), sha256=sha256.result())
        except InputRefused as refusal:
            refusal.sha256 = sha256.result()
            raise


def _parsed(held: list[Content], name: str, reading: Reading, names: Collection[str]) -> Sheet:
    start = bytes(held[0][:1_000]).removeprefix(b"\xef\xbb\xbf").lstrip()
    for mark, kind in FOREIGN.items():
        if start.startswith(mark):
            raise refused(name, "format", f"this is {kind}, not CSV or XLSX.", SAVE_AS)
    if not start and not bytes(held[0]).strip():
        raise refused(name, "empty", "the file is empty.", "Save the table again.")
    if start.startswith(b"PK\x03\x04"):
        return spreadsheets.parse(bytes(held.pop()), name=name, reading=reading, names=names)
    return delimited.parse(held.pop(), name=name, reading=reading, names=names)


def sha256_of(content: Content) -> str:
    """The fingerprint of a file's bytes, hex."""
    return hashlib.sha256(content).hexdigest()


def content_of(path: Path) -> memoryview:
    """The bytes of a file, read once.

    Raises:
        InputRefused: it cannot be read, is too large, or grows meanwhile.
    """
    try:
        status = path.stat()
        if not S_ISREG(status.st_mode):
            raise refused(path.name, "no_file", "this is not a file.", "Name a CSV or XLSX file.")
        if status.st_size > MAX_FILE_BYTES:
            limit = f"the file is larger than {MAX_FILE_BYTES // 2**20} MiB."
            raise refused(path.name, "too_large", limit, "Split it.")
        # Into memory of numpy's, which comes in large pages: three times as fast as bytes.
        content = np.empty(status.st_size, dtype=np.uint8).data
        with path.open("rb", buffering=0) as file:
            size = 0
            while size < len(content) and (count := file.readinto(content[size:])):
                size += count
            if file.read(1):
                raise refused(
                    path.name, "changed", "the file is still being written.", "Wait until it is done."
                )
        return content[:size]
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a path"
        message = f"the file cannot be read ({reason})."
        raise refused(path.name, "unreadable", message, "Check the path.") from error


def read_customers(path: Path) -> pd.DataFrame:
    """Customers that ``arkit fetch customers`` wrote, CSV as text or parquet as it is.

    Raises:
        InputRefused: the file holds nothing of the kind.
    """
    try:
        return pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path, dtype=str)
    except (OSError, ValueError) as error:
        message = "the known customers cannot be read."
        raise refused(path.name, "known", message, "Give a file that arkit fetch customers wrote.") from error


def write_csv(path: Path, rows: Iterable[Iterable[str]]) -> None:
    """Write a table as it would be read: values as they are.

    Raises:
        DiskError: the file cannot be written.
    """
    with outputs.whole(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
