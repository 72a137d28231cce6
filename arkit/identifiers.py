"""Indian identifiers, judged a whole column at a time.

Sources: the patterns of the API's pages (customer id, account, IFSC, telephone, e-mail); GSTIN structure and
check character as described by GSTN (Luhn's method in base 36); PAN as in rule 114 of the Income-tax Rules;
invoice numbers as in rule 46(b) of the CGST Rules.
A missing value is never valid here: leave it out before asking.
"""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Texts: TypeAlias = "pd.Series | pa.Array"

CUSTOMER_ID = "KC[A-Z0-9]{14}"
ACCOUNT_NUMBER = "[A-Za-z0-9]{9,36}"
IFSC = "[A-Za-z]{4}0[A-Z0-9a-z]{6}"
PHONE = r"((\+|00)[0-9]{1,3}[ -]?)?[0-9]{10}"
PIN_CODE = "[1-9][0-9]{5}"
PAN = "[A-Z]{5}[0-9]{4}[A-Z]"
INVOICE_NUMBER = "[A-Za-z0-9/-]{1,16}"

# The fourth letter of a PAN says who holds it; K is no longer given out.
PAN_HOLDERS = "[ABCFGHJLPTK]"
REAL_PAN = f"[A-Z]{{3}}{PAN_HOLDERS}[A-Z]([0-9]{{3}}[1-9]|[0-9]{{2}}[1-9]0|[0-9][1-9]00|[1-9]000)[A-Z]"

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

# Taxpayers, and those who deduct (D) or collect (C) tax; where a PAN has its fifth letter a TAN has a digit.
_TAXPAYER = ("9", "9", "A", "A", "A", "A", "9A", "9", "9", "9", "9", "A", "1A", "1A", "9A")
# Bodies of the United Nations and embassies (UN, ON), non-residents (NR) and foreign online services (OS).
_VISITOR = "[0-9]{4}[A-Z]{3}[0-9]{5}(UN|ON|NR|OS)[0-9A-Z]"
GSTIN = f"[0-9]{{2}}[A-Z]{{4}}[A-Z0-9][0-9]{{4}}[A-Z][1-9A-Z]{{2}}[0-9A-Z]|{_VISITOR}"

# 25 was merged into 26, 28 is the Andhra Pradesh of before 2014, 97 is other territory.
STATE_CODES = [f"{code:02d}" for code in (*range(1, 39), 97)]
# Online services from abroad belong to no state; they alone begin with 99.
_FROM_ABROAD = "99.{10}OS."

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_WIDTH = 15
_NO_CHARACTER = -2_000
_BLOCK = 32_768
_CLASSES = {"9": ALPHABET[:10], "A": ALPHABET[10:], "9A": ALPHABET, "1A": ALPHABET[1:]}


def matches(values: Texts, pattern: str) -> Mask:
    """Whether each value as a whole is of the pattern; ASCII classes, no line is its own text."""
    return _mask(pc.match_substring_regex(text(values), f"^(?:{pattern})$"))


def gstin_remainders(values: Texts) -> NDArray[np.int16]:
    """What the check sum of each GSTIN leaves over 36: 0 if its last character is right, -1 for no GSTIN.

    The right last character is the one that lies so many places before it in ``0-9A-Z``.
    """
    column = text(values)
    found = np.full(len(column), -1, dtype=np.int16)
    fixed = np.flatnonzero(_mask(pc.equal(pc.binary_length(column), _WIDTH)))
    if not len(fixed):
        return found
    whole = column if len(fixed) == len(column) else column.take(pa.array(fixed))
    found[fixed] = _remainders(_table(whole), _weights(_TAXPAYER))
    others = fixed[found[fixed] < 0]
    if len(others):
        visitors = others[matches(column.take(pa.array(others)), _VISITOR)]
        found[visitors] = _remainders(_table(column.take(pa.array(visitors))), _weights(("9A",) * _WIDTH))
    return found


def has_known_state(values: Texts) -> Mask:
    """Whether the two digits that a GSTIN begins with are a code that its kind may have."""
    column = text(values)
    codes = pc.utf8_slice_codeunits(column, 0, 2)
    known = _mask(pc.is_in(codes, value_set=pa.array(STATE_CODES, codes.type)))
    return (known & ~matches(column, ".{12}OS.")) | matches(column, _FROM_ABROAD)


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


def _table(column: pa.Array) -> NDArray[np.uint8]:
    """One row of bytes for each value; all are of `_WIDTH` bytes and none is missing."""
    _, offsets, data = column.buffers()
    start = int(np.frombuffer(offsets, dtype=np.int64)[column.offset]) if len(column) else 0
    size = len(column) * _WIDTH
    return np.frombuffer(data or b"", dtype=np.uint8)[start : start + size].reshape(-1, _WIDTH)


def _weights(classes: Sequence[str]) -> NDArray[np.int16]:
    """What each byte adds to the sum at each place; far below zero where it may not stand."""
    weights = np.full((_WIDTH, 256), _NO_CHARACTER, dtype=np.int16)
    for place, name in enumerate(classes):
        for letter in _CLASSES[name]:
            value = ALPHABET.index(letter)
            product = value * (1 + place % 2) if place < _WIDTH - 1 else value
            weights[place, ord(letter)] = product // 36 + product % 36
    return weights


def _remainders(table: NDArray[np.uint8], weights: NDArray[np.int16]) -> NDArray[np.int16]:
    """The sum over 36 of each row, -1 where a byte may not stand; by blocks that the cache holds."""
    found = np.empty(len(table), dtype=np.int16)
    for start in range(0, len(table), _BLOCK):
        places = np.ascontiguousarray(table[start : start + _BLOCK].T)
        sums = np.zeros(places.shape[1], dtype=np.int16)
        for weight, place in zip(weights, places, strict=True):
            sums += weight[place]
        found[start : start + _BLOCK] = np.where(sums < 0, -1, sums % 36)
    return found
