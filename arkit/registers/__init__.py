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
import pyarrow.compute as pc
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


def pin_fits(pins: pa.Array | pa.ChunkedArray, gst_codes: pa.Array | pa.ChunkedArray) -> pa.BooleanArray:
    """Whether each PIN code can lie in the state beside it, going by its first three digits.

    Several states may share the three digits, and the state that another was taken from fits too: what does
    not fit is far off, not across a border.

    Args:
        pins: six digits each.
        gst_codes: two digits each, as `state_of_name` gives them, in the order of `pins`.

    Returns:
        Booleans, null where nothing can be said: one of the two is missing or unlisted, or no place.

    Raises:
        ValueError: the two are not of the same length.
    """
    if len(pins) != len(gst_codes):
        raise ValueError(f"{len(pins)} PIN codes for {len(gst_codes)} states.")
    prefixes = _leading_digits(_one_array(pins), of=6, count=3)
    codes = _leading_digits(_one_array(gst_codes), of=2, count=2)
    answers = _answers().take(prefixes * _CODES + codes)
    return pa.array(answers == _FITS, pa.bool_(), mask=answers == _UNKNOWN)


@cache
def _answers() -> NDArray[np.int8]:
    """For each three digits of a PIN code, a hundred GST codes long: whether the one can lie in the other."""
    fits = np.zeros((_PREFIXES, _CODES), dtype=np.int8)
    for row in _rows("pin_codes.csv"):
        fits[int(row["prefix"]), [int(code) for code in row["gst_codes"].split()]] = _FITS
    fits[~fits.any(axis=1), :] = _UNKNOWN
    fits[:, ~(fits == _FITS).any(axis=0)] = _UNKNOWN
    return fits.ravel()


@cache
def _codes_of_names() -> dict[str, str]:
    return {_letters(name): state.gst_code for state in states() for name in (state.name, *state.other_names)}


def _letters(name: str) -> str:
    """What tells one name from another: its letters and digits alone."""
    return re.sub(r"[\W_]", "", name.replace("&", " and ").casefold())


def _leading_digits(text: pa.Array, of: int, count: int) -> NDArray[np.int32]:
    """The number that the first `count` of exactly `of` digits make; 0, which no list has, for other text."""
    shaped = pc.fill_null(pc.and_(pc.equal(pc.binary_length(text), of), pc.ascii_is_decimal(text)), False)
    rows = np.asarray(shaped)
    kept = text if rows.all() else text.filter(shaped)
    numbers = np.zeros(len(text), dtype=np.int32)
    if len(kept):
        _, offsets, characters = kept.buffers()
        start = np.frombuffer(offsets, np.int32)[kept.offset]
        digits = np.frombuffer(characters, np.uint8)[start : start + len(kept) * of].reshape(-1, of)
        weights = 10 ** np.arange(count - 1, -1, -1, dtype=np.int32)
        numbers[rows] = (digits[:, :count] - np.uint8(ord("0"))) @ weights
    return numbers


def _one_array(text: pa.Array | pa.ChunkedArray) -> pa.Array:
    text = text.cast(pa.string())
    return text.combine_chunks() if isinstance(text, pa.ChunkedArray) else text


def _rows(file: str) -> list[dict[str, str]]:
    with (resources.files(__name__) / file).open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))
