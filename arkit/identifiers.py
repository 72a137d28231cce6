"""Indian identifiers, judged a whole column at a time.

Sources: the patterns of the API's pages (customer id, account, IFSC, telephone); GSTIN structure and check
character as described by GSTN (Luhn's method in base 36); PAN as in rule 114 of the Income-tax Rules.
A missing value is never valid here: leave it out before asking.
"""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Mask = NDArray[np.bool_]

CUSTOMER_ID = "KC[A-Z0-9]{14}"
ACCOUNT_NUMBER = "[A-Za-z0-9]{9,36}"
IFSC = "[A-Za-z]{4}0[A-Z0-9a-z]{6}"
PHONE = r"((\+|00)[0-9]{1,3}[ -]?)?[0-9]{10}"
PIN_CODE = "[1-9][0-9]{5}"
PAN = "[A-Z]{5}[0-9]{4}[A-Z]"
# Government departments hold five digits in place of the fifth letter, and the 14th place is not always Z.
GSTIN = "[0-9]{2}[A-Z]{4}[A-Z0-9][0-9]{4}[A-Z][1-9A-Z][0-9A-Z]{2}"

# 25 was merged into 26, 28 is the Andhra Pradesh of before 2014, 97 is other territory.
STATE_CODES = [f"{code:02d}" for code in (*range(1, 39), 97)]

_ALPHABET = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_GSTIN_LENGTH = 15
_VALUE_OF = np.zeros(256, dtype=np.int16)
_VALUE_OF[np.frombuffer(_ALPHABET, dtype=np.uint8)] = np.arange(36)
_FACTORS = np.array([1, 2] * 7, dtype=np.int16)


def matches(values: pd.Series, pattern: str) -> Mask:
    """Whether each value as a whole is of the pattern; ASCII classes, no line is its own text."""
    return _mask(pc.match_substring_regex(_text(values), f"^(?:{pattern})$"))


def has_known_state(values: pd.Series) -> Mask:
    """Whether the two digits that a GSTIN begins with are the code of a state."""
    codes = pc.utf8_slice_codeunits(_text(values), 0, 2)
    return _mask(pc.is_in(codes, value_set=pa.array(STATE_CODES)))


def has_right_check_character(gstins: pd.Series) -> Mask:
    """Whether the last character of each GSTIN follows from the fourteen before it.

    Args:
        gstins: values of the shape `GSTIN`.
    """
    text = _text(gstins).cast(pa.binary(_GSTIN_LENGTH))
    characters = np.frombuffer(text.buffers()[1], dtype=np.uint8)
    offset = text.offset * _GSTIN_LENGTH
    table = characters[offset : offset + len(text) * _GSTIN_LENGTH].reshape(-1, _GSTIN_LENGTH)
    values = _VALUE_OF[table]
    products = values[:, :-1] * _FACTORS
    sums = (products // 36 + products % 36).sum(axis=1)
    right: Mask = (-sums) % 36 == values[:, -1]
    return right


def _text(values: pd.Series) -> pa.Array:
    text = pa.array(values, type=pa.string(), from_pandas=True)
    return text.combine_chunks() if isinstance(text, pa.ChunkedArray) else text


def _mask(answer: pa.Array) -> Mask:
    mask: Mask = np.asarray(pc.fill_null(answer, False))
    return mask
