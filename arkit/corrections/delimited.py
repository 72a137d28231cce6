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

from arkit.corrections import sheets
from arkit.corrections.sheets import Reading, Remark, Sheet, refused
from arkit.errors import InputRefused

Places = NDArray[np.int64]
Bytes = NDArray[np.uint8]

UTF_8_MARK = b"\xef\xbb\xbf"
UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
QUOTE, RETURN, NEWLINE = b'"\r\n'
# The header is looked for in so much of a file, and below so many titles.
HEAD_BYTES = 2**18
MOST_TITLES = 20
BLOCK_BYTES = 2**20
GUESSED_BYTES = 50_000
SAVE_AS = "Save it as CSV UTF-8, or as XLSX."


class Record(NamedTuple):
    """A row near the top: its number, its fields and where it ends."""

    number: int
    cells: list[str]
    end: int


def parse(content: bytes, *, name: str, reading: Reading, names: Collection[str]) -> Sheet:
    """The table in the bytes of a CSV.

    Args:
        content: of the file.
        name: of the file, for messages.
        reading: what the user says of it.
        names: folded names of columns, by which a row is known for the header.

    Raises:
        InputRefused: it cannot be read as a table without guessing.
    """
    content = _as_utf_8(content, reading, name)
    separator = _separator(content, reading, name)
    characters = np.frombuffer(content, dtype=np.uint8)
    header = _header(content, separator, reading, names, name)
    if len(header.cells) > sheets.MAX_COLUMNS:
        raise sheets.too_large(f"the header has more than {sheets.MAX_COLUMNS:,} columns.", name)
    data = pa.py_buffer(content)[header.end :]
    with ThreadPoolExecutor(1) as pool:
        cut = pool.submit(_cut, data, separator, len(header.cells), is_quoted=b'"' in content)
        # What is wrong with the quotation marks tells more than what comes of it.
        quotes = _quotes(content, characters, separator, name)
        lines = _Lines(
            characters[header.end :], quotes[quotes >= header.end] - header.end, has_returns=b"\r" in content
        )
        at_most = lines.at_most
    try:
        table, cut_out = cut.result()
    except pa.ArrowInvalid as error:
        raise _too_long(header.number + lines.longest, name) from error
    remarks: list[Remark] = []
    if not table.num_rows and not cut_out:
        numbers = np.zeros(0, dtype=np.int64)
    elif cut_out or table.num_rows != at_most:
        numbers, ragged = lines.records(ord(separator), len(header.cells))
        remarks = [
            Remark("field_count", header.number + number, f"{header.number + number} has {fields} fields")
            for number, fields in ragged
        ]
    else:
        numbers = np.arange(1, table.num_rows + 1)
    if len(numbers) != table.num_rows:
        raise refused(name, "csv", "the rows cannot be told apart.", SAVE_AS)
    _require_short_fields(table, header.number + numbers, name)
    sheets.require_limits(
        header.number + int(numbers[-1]) if len(numbers) else 0, table.num_rows * table.num_columns, name=name
    )
    columns, filled = sheets.blanked(table.columns)
    return Sheet(
        name=name,
        header=header.cells,
        header_row=header.number,
        columns=columns if filled.all() else [column.filter(pa.array(filled)) for column in columns],
        positions=list(range(1, len(columns) + 1)),
        source_rows=(numbers + header.number)[filled],
        remarks=remarks,
    )


def rows(content: bytes, *, reading: Reading, name: str) -> list[tuple[int, list[str]]]:
    """Number and fields of every row of a CSV, blank ones and those of another width among them.

    Raises:
        InputRefused: it cannot be read as rows.
    """
    text = _as_utf_8(content, reading, name)
    separator = _separator(text, reading, name)
    lines = io.TextIOWrapper(io.BytesIO(text), "utf-8", newline="")
    try:
        return list(enumerate(csv.reader(lines, delimiter=separator, strict=True), 1))
    except csv.Error as error:
        raise refused(name, "csv", "the rows cannot be told apart.", SAVE_AS) from error


def _as_utf_8(content: bytes, reading: Reading, name: str) -> bytes:
    """The characters as UTF-8 without a mark; an encoding that the file does not show must be said."""
    if content.startswith(UTF_8_MARK):
        content = content[len(UTF_8_MARK) :]
    elif content.startswith(UTF_16_MARKS):
        content = _decoded(content, "utf-16", name).encode()
    elif reading.encoding:
        content = _decoded(content, reading.encoding, name).encode()
    if not content.isascii():
        _require_utf_8(content, name)
    if b"\0" in content:
        row = _row_of(content, content.index(b"\0"))
        raise refused(name, "format", f"row {row} holds a NUL, which no text has.", SAVE_AS, source_row=row)
    return content


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


def _require_utf_8(content: bytes, name: str) -> None:
    offsets = np.array([0, len(content)], dtype=np.int64)
    whole = pa.Array.from_buffers(pa.large_string(), 1, [None, pa.py_buffer(offsets), pa.py_buffer(content)])
    try:
        whole.validate(full=True)
    except pa.ArrowInvalid as error:
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


def _separator(content: bytes, reading: Reading, name: str) -> str:
    """The comma, or what the user confirmed."""
    if reading.separator:
        return reading.separator
    lines = enumerate(content[:HEAD_BYTES].splitlines(), 1)
    row, first = next(((row, line) for row, line in lines if line.strip()), (1, b""))
    said = first[4:5].decode(errors="replace") if first.lower().startswith(b"sep=") else ""
    seen = said or next((mark for mark in SEPARATORS if mark.encode() in first), ",")
    if seen in SEPARATORS and (said or b"," not in first):
        message = f"the fields are separated by {SEPARATORS[seen]}, not by commas."
        option = "tab" if seen == "\t" else f"'{seen}'"
        step = f"Save it as CSV with commas or as XLSX, or confirm it with --separator {option}."
        raise refused(name, "separator", message, step, source_row=row)
    return ","


def _quotes(content: bytes, characters: Bytes, separator: str, name: str) -> Places:
    """Where quotation marks stand, each of which opens or closes a whole field, or is doubled in one."""
    if b'"' not in content:
        return np.zeros(0, dtype=np.int64)
    quotes = _places(characters, QUOTE)

    edges = np.isin(np.arange(256), [ord(separator), RETURN, NEWLINE])
    before = np.where(quotes > 0, characters[np.maximum(quotes - 1, 0)], NEWLINE)
    after = np.where(
        quotes < len(characters) - 1, characters[np.minimum(quotes + 1, len(characters) - 1)], NEWLINE
    )
    doubled = np.zeros(len(quotes), dtype=np.bool_)
    doubled[1:] = np.diff(quotes) == 1
    opens_well = edges[before[0::2]] | doubled[0::2]
    closes_well = edges[after[1::2]] | (after[1::2] == QUOTE)
    pairs = len(closes_well)
    wrong = ~opens_well
    wrong[:pairs] |= ~closes_well
    if len(opens_well) > pairs and not wrong.any():
        wrong[-1] = True
    if wrong.any():
        # Where a mark was doubled the field was opened before it.
        first = int(np.argmax(wrong))
        while first and doubled[2 * first]:
            first -= 1
        row = 1 + _Lines(characters[: quotes[2 * first]], quotes[: 2 * first]).ends.size
        message = f"row {row} has a quotation mark that is not closed, or that stands inside a field."
        raise refused(name, "csv", message, f"Correct the row. {SAVE_AS}", source_row=row)
    return quotes


def _header(content: bytes, separator: str, reading: Reading, names: Collection[str], name: str) -> Record:
    """The row that names the columns: the first, or the one that the user says."""
    records = list(_records(content, separator, name, reading.header_row))
    if not records:
        raise refused(name, "empty", "the file is empty.", "Save the table again.")
    if reading.header_row:
        if records[-1].number != reading.header_row:
            raise refused(name, "header_row", f"row {reading.header_row} is blank.", "Name another row.")
        return records[-1]
    sheets.require_header([(record.number, record.cells) for record in records], names, name)
    return records[0]


def _records(content: bytes, separator: str, name: str, until: int | None) -> Iterator[Record]:
    """The rows at the top that hold something."""
    head = io.StringIO(content[:HEAD_BYTES].decode(errors="ignore"), newline="")
    lines: list[int] = []
    end = found = number = 0

    def each() -> Iterator[str]:
        for line in head:
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


def _cut(data: pa.Buffer, separator: str, width: int, *, is_quoted: bool) -> tuple[pa.Table, bool]:
    """The fields of the rows that have so many, and whether there were others.

    Raises:
        pyarrow.ArrowInvalid: a row is longer than a block.
    """
    names = [str(place) for place in range(width)]
    others: list[None] = []

    def pass_over(_: object) -> str:
        others.append(None)
        return "skip"

    if not bytes(data[:BLOCK_BYTES]).strip() and not bytes(data).strip():
        return pa.table({column: pa.array([], pa.large_string()) for column in names}), False
    table = pyarrow.csv.read_csv(
        data,
        read_options=pyarrow.csv.ReadOptions(
            column_names=names,
            # One block, so that columns come in one piece. Of a small file threads are still about to end
            # when the process does, and abort it.
            block_size=max(data.size, BLOCK_BYTES),
            use_threads=data.size > BLOCK_BYTES,
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
    return table, bool(others)


def _require_short_fields(table: pa.Table, numbers: Places, name: str) -> None:
    """Refuse a field that may be so long because a mark is missing."""
    for column in table.columns:
        lengths = pc.binary_length(column)
        if (pc.max(lengths).as_py() or 0) > sheets.MAX_FIELD_BYTES:
            place = np.argmax(np.asarray(pc.fill_null(lengths, 0)) > sheets.MAX_FIELD_BYTES)
            raise _too_long(int(numbers[place]), name)


def _too_long(row: int, name: str) -> InputRefused:
    message = f"row {row} has a field of more than {sheets.MAX_FIELD_BYTES // 2**10} kB."
    return refused(name, "csv", message, f"Shorten it. {SAVE_AS}", source_row=row)


def _places(characters: Bytes, byte: int) -> Places:
    """Where a byte stands; by blocks that the cache holds."""
    found = [
        np.flatnonzero(characters[start : start + BLOCK_BYTES] == byte) + start
        for start in range(0, len(characters), BLOCK_BYTES)
    ]
    return np.concatenate(found) if found else np.zeros(0, dtype=np.int64)


def _count(characters: Bytes, byte: int) -> int:
    return sum(
        int(np.count_nonzero(characters[start : start + BLOCK_BYTES] == byte))
        for start in range(0, len(characters), BLOCK_BYTES)
    )


class _Lines:
    """The lines of some characters."""

    def __init__(self, characters: Bytes, quotes: Places, *, has_returns: bool = True) -> None:
        self._characters = characters
        self._quotes = quotes
        returns = _places(characters, RETURN) if has_returns else np.zeros(0, dtype=np.int64)
        followers = characters[np.minimum(returns + 1, len(characters) - 1)]
        self._lone = returns[(followers != NEWLINE) | (returns == len(characters) - 1)]

    @property
    def at_most(self) -> int:
        """How many there are if none of them goes on in the next one; the last needs no end."""
        size = len(self._characters)
        is_open = bool(size) and self._characters[-1] not in (RETURN, NEWLINE)
        return _count(self._characters, NEWLINE) + len(self._lone) + is_open

    @property
    def ends(self) -> Places:
        """Where they end, outside of quotation marks."""
        found = _places(self._characters, NEWLINE)
        if len(self._lone):
            found = np.sort(np.concatenate([found, self._lone]))
        return found[np.searchsorted(self._quotes, found) % 2 == 0] if len(self._quotes) else found

    @property
    def longest(self) -> int:
        """The number, from 1, of the longest line."""
        return 1 + int(np.argmax(np.diff(self.ends, prepend=-1, append=len(self._characters))))

    def records(self, separator: int, width: int) -> tuple[Places, list[tuple[int, int]]]:
        """The numbers, from 1, of the lines that have so many fields; and the others that hold something.

        Blank lines count, and are left out.
        """
        characters, size = self._characters, len(self._characters)
        ends = self.ends
        if size and (not len(ends) or ends[-1] != size - 1):
            ends = np.append(ends, size)
        starts = np.concatenate([[0], ends[:-1] + 1])
        # A carriage return before the end belongs to the end.
        stops = np.where((ends > starts) & (characters[np.maximum(ends - 1, 0)] == RETURN), ends - 1, ends)
        separators = _places(characters, separator)
        if len(self._quotes):
            separators = separators[np.searchsorted(self._quotes, separators) % 2 == 0]
        fields = 1 + np.searchsorted(separators, stops) - np.searchsorted(separators, starts)
        is_empty = stops == starts
        is_whole = (fields == width) & ~is_empty
        ragged = [
            (int(place) + 1, int(fields[place]))
            for place in np.flatnonzero(~is_whole & ~is_empty)
            if _holds_something(bytes(characters[starts[place] : stops[place]]), chr(separator))
        ]
        return np.flatnonzero(is_whole) + 1, ragged


def _holds_something(line: bytes, separator: str) -> bool:
    if line.translate(None, b'"' + separator.encode()).decode().strip():
        return True
    cells = next(csv.reader([line.decode()], delimiter=separator), [])
    return any(cell.strip() for cell in cells)
