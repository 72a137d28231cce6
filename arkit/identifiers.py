"""Indian identifiers, judged a whole column at a time.

Sources: the patterns of the API's pages (customer id, account, IFSC, telephone, e-mail); GSTIN structure and
check character as described by GSTN (Luhn's method in base 36); PAN as in rule 114 of the Income-tax Rules;
invoice numbers as in rule 46(b) of the CGST Rules.
A missing value is never valid here: leave it out before asking.
"""

from functools import cache
from typing import NamedTuple, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from arkit.memos import last

Mask = NDArray[np.bool_]
Rows = NDArray[np.int64]
Bytes = NDArray[np.uint8]
Remainders = NDArray[np.int16]
Texts: TypeAlias = "pd.Series | pa.Array"

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

CUSTOMER_ID = "KC[A-Z0-9]{14}"
ACCOUNT_NUMBER = "[A-Za-z0-9]{9,36}"
IFSC = "[A-Za-z]{4}0[A-Z0-9a-z]{6}"
PHONE = r"((\+|00)[0-9]{1,3}[ -]?)?[0-9]{10}"
PIN_CODE = "[1-9][0-9]{5}"
PAN = "[A-Z]{5}[0-9]{4}[A-Z]"
INVOICE_NUMBER = "[A-Za-z0-9/-]{1,16}"

_LOCAL = r"[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]+"
_QUOTED = r'"(?:[\x01-\x08\x0b\x0c\x0e-\x1f\x21\x23-\x5b\x5d-\x7f]|\\[\x01-\x09\x0b\x0c\x0e-\x7f])*"'
_LABEL = "[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_BYTE = "(?:25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?)"
_TAGGED = (
    r"[a-zA-Z0-9-]*[a-zA-Z0-9]:"
    r"(?:[\x01-\x08\x0b\x0c\x0e-\x1f\x21-\x5a\x53-\x7f]|\\[\x01-\x09\x0b\x0c\x0e-\x7f])+"
)
EMAIL = (
    rf"(?:{_LOCAL}(?:\.{_LOCAL})*|{_QUOTED})@(?:(?:{_LABEL}\.)+{_LABEL}|"
    rf"\[(?:{_BYTE}\.){{3}}(?:{_BYTE}|{_TAGGED})\])"
)
"""The expression of the API's pages for the whole of an e-mail address."""

# Classes of characters by place, for patterns of one width: letters, digits, and either of them.
_CLASSES = {"K": {"K"}, "C": {"C"}, "0": {"0"}, "1": {*ALPHABET[1:10]}, "9": {*ALPHABET[:10]}}
_CLASSES |= {"A": {*ALPHABET[10:]}, "N": {*ALPHABET}, "X": {*ALPHABET[1:]}}
_FIXED = {CUSTOMER_ID: "KC" + "N" * 14, IFSC: "AAAA0" + "N" * 6, PIN_CODE: "199999", PHONE: "9" * 10}
_FIXED |= {PAN: "AAAAA9999A"}
# Taxpayers, and those who deduct (D) or collect (C) tax; where a PAN has its fifth letter a TAN has a digit.
_TAXPAYER = "99AAAAN9999AXXN"
# Bodies of the United Nations and embassies (UN, ON), non-residents (NR) and foreign online services (OS).
_VISITOR = "[0-9]{4}[A-Z]{3}[0-9]{5}(UN|ON|NR|OS)[0-9A-Z]"
GSTIN = f"[0-9]{{2}}[A-Z]{{4}}[A-Z0-9][0-9]{{4}}[A-Z][1-9A-Z]{{2}}[0-9A-Z]|{_VISITOR}"

# 25 was merged into 26, 28 is the Andhra Pradesh of before 2014, 97 is other territory.
STATE_CODES = [f"{code:02d}" for code in (*range(1, 39), 97)]
FROM_ABROAD = 99
"""The code of online services from abroad, which belong to no state; nobody else has it."""

_IS_STATE = np.isin(np.arange(256), [int(code) for code in STATE_CODES])
# The fourth letter of a PAN says who holds it; K is no longer given out.
_IS_HOLDER = np.isin(np.arange(256), [*b"ABCFGHJLPTK"])
_PAN_WIDTH, _IFSC_WIDTH, _CODE_WIDTH, _LETTERS = 10, 11, 4, 26
_WITHOUT_CASE = np.uint8(0xDF)
_WIDTH = 15
_NO_CHARACTER = -2_000
_BLOCK = 32_768


def matches(values: Texts, pattern: str) -> Mask:
    """Whether each value as a whole is of the pattern; ASCII classes, no line is its own text."""
    column = text(values)
    if pattern == ACCOUNT_NUMBER:
        return _is_account(column)
    places = _FIXED.get(pattern)
    found = _fits(column, places) if places else np.zeros(len(column), dtype=np.bool_)
    others = np.flatnonzero(~found)
    if len(others):
        found[others] = _mask(pc.match_substring_regex(_taken(column, others), f"^(?:{pattern})$"))
    return found


def gstin_remainders(values: Texts) -> Remainders:
    """What the check sum of each GSTIN leaves over 36: 0 if its last character is right, -1 for no GSTIN.

    The right last character is the one that lies so many places before it in ``0-9A-Z``.
    """
    column = text(values)
    found = np.full(len(column), -1, dtype=np.int16)
    rows = _of_width(column, _WIDTH)
    found[rows] = _sums(_table(_taken(column, rows), _WIDTH), _TAXPAYER)
    others = rows[found[rows] < 0]
    if len(others):
        visitors = others[matches(_taken(column, others), _VISITOR)]
        found[visitors] = _sums(_table(_taken(column, visitors), _WIDTH), "N" * _WIDTH)
    return found


def has_known_state(values: Texts) -> Mask:
    """Whether the two digits that a GSTIN begins with are a code that its kind may have."""
    characters = characters_of(text(values))
    tens, ones, third, left, right = (
        _at(characters, characters.starts + place) for place in (0, 1, 2, 12, 13)
    )
    codes = (tens - np.uint8(ord("0"))) * np.uint8(10) + (ones - np.uint8(ord("0")))
    is_from_abroad = (third <= ord("9")) & (left == ord("O")) & (right == ord("S"))
    known: Mask = np.where(is_from_abroad, codes == FROM_ABROAD, _IS_STATE[codes])
    known &= characters.widths == _WIDTH
    return known


def has_real_holder(values: Texts) -> Mask:
    """Whether a PAN, by itself or within the GSTIN of a taxpayer, names a kind of holder and has a number.

    Nothing is said against what is neither; a TAN in the place of a PAN has a digit where the PAN has its
    fifth letter.
    """
    column = text(values)
    characters = characters_of(column)
    is_gstin = characters.widths == _WIDTH
    first = characters.starts + np.where(is_gstin, 2, 0)
    real = _IS_HOLDER[_at(characters, first + 3)]
    has_number = np.zeros(len(column), dtype=np.bool_)
    for place in range(5, 9):
        has_number |= _at(characters, first + place) != ord("0")
    doubtful = np.flatnonzero(~(real & has_number) & (is_gstin | (characters.widths == _PAN_WIDTH)))
    real = np.ones(len(column), dtype=np.bool_)
    if len(doubtful):
        some = _taken(column, doubtful)
        real[doubtful] = ~(matches(some, PAN) | matches(some, f"[0-9]{{2}}{PAN}[1-9A-Z]{{2}}[0-9A-Z]"))
    return real


def has_prefix_of(values: Texts, codes: tuple[str, ...]) -> Mask:
    """Whether each IFSC begins with one of these codes of four capital letters; small ones are the same."""
    characters = characters_of(text(values))
    numbers = np.zeros(len(characters.starts), dtype=np.int32)
    lettered = characters.widths == _IFSC_WIDTH
    for place in range(_CODE_WIDTH):
        letters = (_at(characters, characters.starts + place) & _WITHOUT_CASE) - np.uint8(ord("A"))
        lettered &= letters < _LETTERS
        numbers = numbers * _LETTERS + np.minimum(letters, _LETTERS - 1)
    found: Mask = lettered & _is_code(codes)[numbers]
    return found


@cache
def _is_code(codes: tuple[str, ...]) -> Mask:
    """For each number that four letters make whether they are a code."""
    marks = np.zeros(_LETTERS**_CODE_WIDTH, dtype=np.bool_)
    for code in codes:
        number = 0
        for letter in code:
            number = number * _LETTERS + ord(letter) - ord("A")
        marks[number] = True
    return marks


def text(values: Texts) -> pa.Array:
    """A column as one arrow array of large strings, without a copy where it is one already."""
    column = (
        pa.array(values, type=pa.large_string(), from_pandas=True)
        if isinstance(values, pd.Series)
        else values
    )
    if isinstance(column, pa.ChunkedArray):
        column = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    return column.cast(pa.large_string())


def _mask(answer: pa.Array) -> Mask:
    mask: Mask = np.asarray(pc.fill_null(answer, False))
    return mask


class Characters(NamedTuple):
    """The bytes of a column, and where each value begins and ends among them; a missing one has none."""

    data: Bytes
    starts: Rows
    ends: Rows

    @property
    def widths(self) -> Rows:
        """How many bytes each value has."""
        return self.ends - self.starts


@last
def characters_of(column: pa.Array) -> Characters:
    """The bytes of a column as `text` gives it."""
    _, offsets, data = column.buffers()
    places = np.frombuffer(offsets, dtype=np.int64)[column.offset : column.offset + len(column) + 1]
    if not len(places):
        places = np.zeros(1, dtype=np.int64)
    first, end = places[0], places[-1]
    values = np.frombuffer(data, dtype=np.uint8)[first:end] if data else np.zeros(0, dtype=np.uint8)
    starts, ends = places[:-1] - first, places[1:] - first
    if column.null_count:
        ends = np.where(np.asarray(pc.is_null(column)), starts, ends)
    return Characters(values, starts, ends)


def rows_of(places: Rows, characters: Characters) -> Rows:
    """The values that hold a byte at one of these places; those below missing values are nobody's."""
    rows: Rows = np.searchsorted(characters.starts, places, side="right") - 1
    return rows[places < characters.ends[rows]]


def _at(characters: Characters, places: Rows) -> Bytes:
    """The bytes at these places; any byte where the last value ends before."""
    data = characters.data if len(characters.data) else np.zeros(1, dtype=np.uint8)
    return data.take(places, mode="clip")


def _fits(column: pa.Array, places: str) -> Mask:
    """Whether every byte of a value may stand at its place: all at once, then those of fewer letters."""
    characters = characters_of(column)
    fits: Mask = characters.widths == len(places)
    is_number = all(_CLASSES[name] <= _CLASSES["9"] for name in places)
    within = _is_digit(characters.data)
    if not is_number:
        within |= _is_capital(characters.data)
    fits[rows_of(np.flatnonzero(~within), characters)] = False
    for place, name in enumerate(places):
        if name != ("9" if is_number else "N"):
            fits &= _stands(name, _at(characters, characters.starts + place))
    return fits


def _is_account(column: pa.Array) -> Mask:
    """Whether each value is 9 to 36 letters or digits; the same as its pattern, and faster."""
    characters = characters_of(column)
    found: Mask = (characters.widths >= 9) & (characters.widths <= 36)
    within = _is_digit(characters.data) | _is_capital(characters.data & _WITHOUT_CASE)
    found[rows_of(np.flatnonzero(~within), characters)] = False
    return found


def _of_width(column: pa.Array, width: int) -> Rows:
    """The rows that have so many bytes; a missing one has none."""
    return np.flatnonzero(characters_of(column).widths == width)


def _taken(column: pa.Array, rows: Rows) -> pa.Array:
    return column if len(rows) == len(column) else column.take(pa.array(rows))


def _table(column: pa.Array, width: int) -> Bytes:
    """One row of bytes for each value; all are of this width and none is missing."""
    return characters_of(column).data.reshape(-1, width)


@cache
def _weights(places: str) -> NDArray[np.int16]:
    """What each byte adds to the check sum at each place; far below zero where it may not stand."""
    weights = np.full((len(places), 256), _NO_CHARACTER, dtype=np.int16)
    for place, name in enumerate(places):
        for letter in _CLASSES[name]:
            value = ALPHABET.index(letter)
            product = value * (1 + place % 2) if place < len(places) - 1 else value
            weights[place, ord(letter)] = product // 36 + product % 36
    return weights


def _sums(table: Bytes, places: str) -> Remainders:
    """The check sum over 36 of each row, -1 where a byte may not stand; by blocks that the cache holds."""
    found = np.empty(len(table), dtype=np.int16)
    for start in range(0, len(table), _BLOCK):
        columns = np.ascontiguousarray(table[start : start + _BLOCK].T)
        sums = np.zeros(columns.shape[1], dtype=np.int16)
        for weight, column in zip(_weights(places), columns, strict=True):
            sums += weight[column]
        found[start : start + _BLOCK] = np.where(sums < 0, -1, sums % 36)
    return found


def _is_digit(characters: Bytes) -> Mask:
    # What lies below wraps around to the top; comparing so is many times faster than looking up.
    return characters - np.uint8(ord("0")) < 10


def _is_capital(characters: Bytes) -> Mask:
    return characters - np.uint8(ord("A")) < 26


def _stands(name: str, characters: Bytes) -> Mask:
    """Whether each of these is of a class."""
    if name in "A9":
        return _is_capital(characters) if name == "A" else _is_digit(characters)
    stands: Mask = np.isin(characters, [ord(letter) for letter in _CLASSES[name]])
    return stands
