"""Lists that others keep and change: banks, states, PIN codes.

Each is a file beside this module, read when it is first asked for; README.md there names its source and date.
What a list lacks may be newer than the list, so an unlisted value is one to ask about, not a wrong one.
"""

import csv
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

_PREFIXES = 1000
_CODES = 100
_FITS, _UNKNOWN = 1, 2


@dataclass(frozen=True)
class State:
    """A state or union territory as the GST numbers it.

    Attributes:
        gst_code: two digits.
        name: of today, in English.
        other_names: former names, other spellings, the letters of number plates and of ISO 3166-2.
        is_place: whether a postal address can lie there: not in other countries, other territory, the centre.
    """

    gst_code: str
    name: str
    other_names: tuple[str, ...]
    is_place: bool


@cache
def bank_codes() -> pa.Array:
    """The four letters that an IFSC may begin with, sorted: those of banks with branches of their own."""
    return pa.array([row["code"] for row in _rows("banks.csv")], pa.string())


@cache
def states() -> tuple[State, ...]:
    """Every state that a GST number or a place of supply can name, by its code."""
    return tuple(
        State(row["gst_code"], row["name"], tuple(row["other_names"].split("|")), row["is_place"] == "true")
        for row in _rows("states.csv")
    )


def state_of_name(names: pa.Array | pa.ChunkedArray) -> pa.Array:
    """The GST code of each state, found by any of its names.

    Args:
        names: text; capitals, spaces and points do not count, and `&` is `and`.

    Returns:
        A string array as long as `names`, null where the name is missing or of no state.
    """
    encoded = _one_array(names).dictionary_encode()
    known = _codes_of_names()
    codes = [known.get(_letters(name)) for name in encoded.dictionary.to_pylist()]
    return pa.array(codes, pa.string()).take(encoded.indices)


def fits(prefixes: NDArray[np.int16], gst_codes: NDArray[np.int16]) -> NDArray[np.bool_]:
    """Whether nothing speaks against each PIN code, by its first three digits, lying in the state beside it.

    Several states may share the three digits, and the state that another was taken from fits too: what does
    not fit is far off, not across a border.

    Args:
        prefixes: below 1,000; 0 where there is none.
        gst_codes: below 100; 0 where there is none.
    """
    found: NDArray[np.bool_] = _answers().take(prefixes * np.int32(_CODES) + gst_codes) > 0
    return found


@cache
def _answers() -> NDArray[np.int8]:
    """For each three digits of a PIN code, a hundred GST codes long: whether the one can lie in the other."""
    table = np.zeros((_PREFIXES, _CODES), dtype=np.int8)
    for row in _rows("pin_codes.csv"):
        table[int(row["prefix"]), [int(code) for code in row["gst_codes"].split()]] = _FITS
    table[~table.any(axis=1), :] = _UNKNOWN
    table[:, ~(table == _FITS).any(axis=0)] = _UNKNOWN
    return table.ravel()


@cache
def _codes_of_names() -> dict[str, str]:
    return {_letters(name): state.gst_code for state in states() for name in (state.name, *state.other_names)}


def _letters(name: str) -> str:
    """What tells one name from another: its letters and digits alone."""
    return re.sub(r"[\W_]", "", name.replace("&", " and ").casefold())


def _one_array(text: pa.Array | pa.ChunkedArray) -> pa.Array:
    text = text.cast(pa.string())
    return text.combine_chunks() if isinstance(text, pa.ChunkedArray) else text


def _rows(file: str) -> list[dict[str, str]]:
    with (resources.files(__name__) / file).open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))
