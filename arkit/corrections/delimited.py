"""CSV as text, exactly as written, with the numbers that a spreadsheet gives to its rows.

The fields are cut by pyarrow. What it forgives in silence (a quotation mark in the wrong place, blank lines,
rows of another width) is looked for on the bytes.
"""

import csv
import io
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from numpy.typing import NDArray

from arkit.corrections import lines, sheets
from arkit.corrections.lines import Bytes, Lines
from arkit.corrections.sheets import SAVE_AS, Content, Reading, Remark, Sheet, refused
from arkit.errors import InputRefused

Places = NDArray[np.int64]

UTF_8_MARK = b"\xef\xbb\xbf"
UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
# The header is looked for in so much of a file, and below so many titles.
HEAD_BYTES = 2**18
MOST_TITLES = 20
CUT_BYTES = 2**22
GUESSED_BYTES = 50_000


class Record(NamedTuple):
    """A row near the top: its number, its fields and where it ends."""

    number: int
    cells: list[str]
    end: int


def parse(content: Content, *, name: str, reading: Reading, names: Collection[str]) -> Sheet:
    """The table in the bytes of a CSV.

    Args:
        content: of the file.
        name: of the file, for messages.
        reading: what the user says of it.
        names: folded names of columns, by which a row is known for the header.

    Raises:
        InputRefused: it cannot be read as a table without guessing.
    """
    header, pieces, numbers, ragged = _pieces(content, reading, names, name)
    # A million rows fill much memory: from here on the bytes are of no use.
    del content
    columns, filled = sheets.blanked(pieces)
    return Sheet(
        name=name,
        header=header.cells,
        header_row=header.number,
        columns=columns if filled.all() else [column.filter(pa.array(filled)) for column in columns],
        positions=list(range(1, len(columns) + 1)),
        source_rows=(numbers + header.number)[filled],
        remarks=[
            Remark("field_count", header.number + number, f"{header.number + number} has {fields} fields")
            for number, fields in ragged
        ],
    )


class Pieces(NamedTuple):
    """What a CSV is cut into.

    Attributes:
        header: the row that names the columns.
        columns: the fields of the rows below it that have as many.
        numbers: of those rows, counted from the header.
        ragged: number and width of the others.
    """

    header: Record
    columns: list[pa.ChunkedArray]
    numbers: Places
    ragged: list[tuple[int, int]]


def _pieces(content: Content, reading: Reading, names: Collection[str], name: str) -> Pieces:
    characters = _as_utf_8(np.frombuffer(content, dtype=np.uint8), reading, name)
    _require_text(characters, name)
    head = characters[:HEAD_BYTES].tobytes()
    separator = _separator(head, reading, name)
    header = _header(head, separator, reading, names, name)
    if len(header.cells) > sheets.MAX_COLUMNS:
        raise sheets.too_large(f"the header has more than {sheets.MAX_COLUMNS:,} columns.", name)
    is_quoted = lines.has(characters, lines.QUOTE)
    data = pa.py_buffer(characters)[header.end :]
    with ThreadPoolExecutor(1) as pool:
        cut = pool.submit(_cut, data, separator, len(header.cells), is_quoted=is_quoted)
        # What is wrong with the quotation marks tells more than what comes of it.
        quotes = lines.quotes(characters, separator, name) if is_quoted else np.zeros(0, dtype=np.int64)
        below = Lines(characters[header.end :], quotes[quotes >= header.end] - header.end)
        at_most = below.at_most
    try:
        columns, cut_out = cut.result()
    except pa.ArrowInvalid as error:
        raise _too_long(header.number + below.longest, name) from error
    count = len(columns[0])
    numbers = np.arange(1, count + 1)
    ragged: list[tuple[int, int]] = []
    if cut_out or (count and count != at_most):
        numbers, ragged = below.records(ord(separator), len(header.cells))
    if len(numbers) != count:
        raise refused(name, "csv", "the rows cannot be told apart.", SAVE_AS)
    _require_short_fields(columns, header.number + numbers, name)
    last = header.number + int(numbers[-1]) if count else 0
    sheets.require_limits(last, count * len(columns), name=name)
    return Pieces(header, columns, numbers, ragged)


def rows(content: bytes, *, reading: Reading, name: str) -> list[tuple[int, list[str]]]:
    """Number and fields of every row of a CSV, blank ones and those of another width among them.

    Raises:
        InputRefused: it cannot be read as rows.
    """
    characters = _as_utf_8(np.frombuffer(content, dtype=np.uint8), reading, name)
    _require_text(characters, name)
    text = characters.tobytes()
    separator = _separator(text[:HEAD_BYTES], reading, name)
    lines = io.TextIOWrapper(io.BytesIO(text), "utf-8", newline="")
    try:
        return list(enumerate(csv.reader(lines, delimiter=separator, strict=True), 1))
    except csv.Error as error:
        raise refused(name, "csv", "the rows cannot be told apart.", SAVE_AS) from error


def _as_utf_8(characters: Bytes, reading: Reading, name: str) -> Bytes:
    """The characters as UTF-8 without a mark; an encoding that the file does not show must be said."""
    mark = characters[:3].tobytes()
    if mark.startswith(UTF_8_MARK):
        characters = characters[len(UTF_8_MARK) :]
    elif encoding := "utf-16" if mark.startswith(UTF_16_MARKS) else reading.encoding:
        text = _decoded(characters.tobytes(), encoding, name).encode()
        characters = np.frombuffer(text, dtype=np.uint8)
    return characters


def _require_text(characters: Bytes, name: str) -> None:
    # As signed numbers all that is not ASCII lies below zero: mostly one look is enough.
    if not len(characters) or characters.view(np.int8).min() > 0:
        return
    if characters.max() >= 128:
        _require_utf_8(characters, name)
    if not characters.min():
        row = _row_of(characters.tobytes(), int(np.argmin(characters)))
        raise refused(name, "format", f"row {row} holds a NUL, which no text has.", SAVE_AS, source_row=row)


def _decoded(content: bytes, encoding: str, name: str) -> str:
    try:
        return content.decode(encoding)
    except LookupError as error:
        raise refused(
            name, "encoding", f"there is no encoding {encoding[:20]!r}.", "Say one such as cp1252."
        ) from error
    except UnicodeDecodeError as error:
        row = _row_of(content[: error.start].decode(encoding, "ignore").encode())
        message = f"row {row} holds bytes that are not {encoding} text."
        raise refused(name, "encoding", message, SAVE_AS, source_row=row) from error


def _require_utf_8(characters: Bytes, name: str) -> None:
    offsets = pa.py_buffer(np.array([0, len(characters)], dtype=np.int64))
    whole = pa.Array.from_buffers(pa.large_string(), 1, [None, offsets, pa.py_buffer(characters)])
    try:
        whole.validate(full=True)
    except pa.ArrowInvalid as error:
        content = characters.tobytes()
        place = _first_fault(content)
        row = _row_of(content, place)
        guess = _guess(content, place)
        message = f"row {row} holds bytes that are not UTF-8 text; they look like {guess}."
        step = f"Save it as CSV UTF-8 or as XLSX, or confirm the guess with --encoding {guess}."
        raise refused(name, "encoding", message, step, source_row=row) from error


def _first_fault(content: bytes) -> int:
    try:
        content.decode()
    except UnicodeDecodeError as error:
        return error.start
    return 0


def _guess(content: bytes, place: int) -> str:
    """The encoding that the characters about a place look most like."""
    from charset_normalizer import from_bytes  # noqa: PLC0415 - slow to load, wanted by a few files

    some = content[max(0, place - GUESSED_BYTES // 2) : place + GUESSED_BYTES // 2]
    if some.count(0) * 3 > len(some):
        return "utf-16-le" if content[1:2] == b"\0" else "utf-16-be"
    candidates = ["cp1252", "latin_1", "mac_roman"]
    best = from_bytes(some, cp_isolation=candidates).best()
    return best.encoding if best else candidates[0]


def _row_of(content: bytes, place: int | None = None) -> int:
    """The number of the row that goes on at this place."""
    text = content[:place].decode(errors="ignore")
    try:
        return sum(1 for _ in csv.reader(io.StringIO(f"{text}x", newline="")))
    except csv.Error:
        return text.count("\n") + 1


def _separator(head: bytes, reading: Reading, name: str) -> str:
    """The comma, or what the user confirmed."""
    if reading.separator:
        return reading.separator
    lines = enumerate(head.splitlines(), 1)
    row, first = next(((row, line) for row, line in lines if line.strip()), (1, b""))
    said = first[4:5].decode(errors="replace") if first.lower().startswith(b"sep=") else ""
    seen = said or next((mark for mark in SEPARATORS if mark.encode() in first), ",")
    if seen in SEPARATORS and (said or b"," not in first):
        message = f"the fields are separated by {SEPARATORS[seen]}, not by commas."
        option = "tab" if seen == "\t" else f"'{seen}'"
        step = f"Save it as CSV with commas or as XLSX, or confirm it with --separator {option}."
        raise refused(name, "separator", message, step, source_row=row)
    return ","


def _header(head: bytes, separator: str, reading: Reading, names: Collection[str], name: str) -> Record:
    """The row that names the columns: the first, or the one that the user says."""
    records = list(_records(head, separator, name, reading.header_row))
    if not records:
        raise refused(name, "empty", "the file is empty.", "Save the table again.")
    if reading.header_row:
        if records[-1].number != reading.header_row:
            raise refused(name, "header_row", f"row {reading.header_row} is blank.", "Name another row.")
        return records[-1]
    sheets.require_header([(record.number, record.cells) for record in records], names, name)
    return records[0]


def _records(head: bytes, separator: str, name: str, until: int | None) -> Iterator[Record]:
    """The rows at the top that hold something."""
    text = io.StringIO(head.decode(errors="ignore"), newline="")
    lines: list[int] = []
    end = found = number = 0

    def each() -> Iterator[str]:
        for line in text:
            lines.append(len(line.encode()))
            yield line

    reader = csv.reader(each(), delimiter=separator, strict=True)
    try:
        for number, cells in enumerate(reader, 1):
            end += sum(lines)
            lines.clear()
            if number == 1 and len(cells) <= 2 and cells and cells[0].lower().startswith("sep="):
                continue
            if any(cell.strip() for cell in cells):
                found += 1
                yield Record(number, cells, end)
            if found >= MOST_TITLES if until is None else number >= until:
                return
    except csv.Error as error:
        if not found:
            message = f"row {number + 1} is too long for a header, or no row of a CSV."
            raise refused(name, "csv", message, SAVE_AS, source_row=number + 1) from error


def _cut(
    data: pa.Buffer, separator: str, width: int, *, is_quoted: bool
) -> tuple[list[pa.ChunkedArray], bool]:
    """The fields of the rows that have so many, and whether there were others.

    Raises:
        pyarrow.ArrowInvalid: a row is longer than a block.
    """
    names = [str(place) for place in range(width)]
    others: list[None] = []

    def pass_over(_: object) -> str:
        others.append(None)
        return "skip"

    if not bytes(data[:CUT_BYTES]).strip() and not bytes(data).strip():
        return [pa.chunked_array([], pa.large_string()) for _ in names], False
    table = pyarrow.csv.read_csv(
        data,
        read_options=pyarrow.csv.ReadOptions(
            column_names=names,
            block_size=CUT_BYTES,
            # Of a small file threads are still about to end when the process does, and abort it.
            use_threads=data.size > CUT_BYTES,
        ),
        parse_options=pyarrow.csv.ParseOptions(
            delimiter=separator, newlines_in_values=is_quoted, invalid_row_handler=pass_over
        ),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.large_string()),
            strings_can_be_null=True,
            null_values=[""],
        ),
    )
    return table.columns, bool(others)


def _require_short_fields(columns: list[pa.ChunkedArray], numbers: Places, name: str) -> None:
    """Refuse a field that may be so long because a mark is missing."""
    for column in columns:
        lengths = pc.binary_length(column)
        if (pc.max(lengths).as_py() or 0) > sheets.MAX_FIELD_BYTES:
            place = np.argmax(np.asarray(pc.fill_null(lengths, 0)) > sheets.MAX_FIELD_BYTES)
            raise _too_long(int(numbers[place]), name)


def _too_long(row: int, name: str) -> InputRefused:
    message = f"row {row} has a field of more than {sheets.MAX_FIELD_BYTES // 2**10} kB."
    return refused(name, "csv", message, f"Shorten it. {SAVE_AS}", source_row=row)
