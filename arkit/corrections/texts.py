"""What stands in a column of text, found on its bytes: a quick look that leaves few values for a closer one.

Each function takes a column as `identifiers.text` gives it and answers for every value; a missing value is
like a blank one.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from arkit.identifiers import Mask, characters_of, rows_of
from arkit.memos import last

Bytes = NDArray[np.uint8]

# Spaces of any kind, as a class of RE2. Joiners (U+200C, U+200D) are not among the marks that nobody sees:
# Indian scripts need them.
SPACES = r"\s\x{a0}\x{2000}-\x{200a}\x{202f}\x{205f}\x{3000}"
STRAY_SPACE = rf"(?s)^(?:[{SPACES}].*|.*[{SPACES}])$"
UNSEEN = (
    r"\x00-\x08\x0b\x0e-\x1f\x{7f}-\x{9f}\x{ad}\x{61c}\x{180e}\x{200b}\x{200e}\x{200f}\x{2028}-\x{202e}"
    r"\x{2060}-\x{206f}\x{feff}\x{fff9}-\x{fffb}\x{e0000}-\x{e007f}"
)
HIDDEN = rf"(?s)[{UNSEEN}]|[^{SPACES}].*[\t\n\f\r].*[^{SPACES}]"
# What a spreadsheet takes for a formula when it opens an export; the wide forms too.
FORMULA = "^[=+@\\-\\x{ff1d}\\x{ff0b}\\x{ff0d}\\x{ff20}]"
NEARLY_CLEAR = r"(?i)^<\s*clear\s*>$"
# UTF-8 that was once read as cp1252: the marks of two- and three-byte characters.
MOJIBAKE = r"[ÃÂ][\x{80}-\x{bf}\x{192}\x{2c6}\x{2dc}\x{2013}-\x{203a}\x{20ac}\x{2122}]|â€|à[\x{a4}-\x{b7}]"

_FORMULA_BYTES = np.isin(np.arange(256), [*b"=+@-"])
_SPACE_BYTES = np.isin(np.arange(256), [*b" \t\n\v\f\r"])
_HIGH = np.arange(256) >= 128
_BLANK = 0


def has_stray_space(column: pa.Array) -> Mask:
    """Whether a space of any kind stands before or behind the value."""
    table = _SPACE_BYTES | _HIGH
    return _matching(column, STRAY_SPACE, table[_first(column)] | table[_last(column)])


def has_hidden_character(column: pa.Array) -> Mask:
    """Whether the value holds a mark that nobody sees, or a break of the line."""
    return _matching(column, HIDDEN, _is_unusual(column))


def is_like_formula(column: pa.Array) -> Mask:
    """Whether a spreadsheet would compute the value."""
    return _matching(column, FORMULA, (_FORMULA_BYTES | _HIGH)[_first(column)])


def is_nearly(column: pa.Array, word: str) -> Mask:
    """Whether the value is the word that clears a field, but for its case and spaces."""
    return _matching(column, NEARLY_CLEAR, _first(column) == ord("<")) & ~equals(column, word)


def is_mojibake(column: pa.Array) -> Mask:
    """Whether the value is UTF-8 that some program read as cp1252."""
    return _matching(column, MOJIBAKE, _is_unusual(column))


def begins_with(column: pa.Array, letters: str) -> Mask:
    """Whether the value begins with one of these letters; what begins with no ASCII may pass too."""
    found: Mask = (np.isin(np.arange(256), [*letters.encode()]) | _HIGH)[_first(column)]
    return found


def ends_with(column: pa.Array, letter: str, *, then: str) -> Mask:
    """Whether the value ends with a letter of ASCII, and a pattern is found in it."""
    return _matching(column, then, _last(column) == ord(letter))


def is_blank(column: pa.Array) -> Mask:
    """Whether nothing or nothing but spaces stands there."""
    data, starts, ends = characters_of(column)
    empty: Mask = starts == ends
    if len(data) and data.view(np.int8).min() > ord(" "):
        return empty
    return empty | _matching(column, rf"^[{SPACES}]*$", (_SPACE_BYTES | _HIGH)[_first(column)])


def equals(column: pa.Array, word: str) -> Mask:
    """Whether the value is this word."""
    found: Mask = np.asarray(pc.fill_null(pc.equal(column, word), False))
    return found


def _matching(column: pa.Array, pattern: str, candidates: Mask) -> Mask:
    """Which of the candidates the pattern finds something in."""
    found = np.zeros(len(column), dtype=np.bool_)
    places = np.flatnonzero(candidates)
    if len(places):
        some = column if len(places) == len(column) else column.take(pa.array(places))
        found[places] = np.asarray(pc.fill_null(pc.match_substring_regex(some, pattern), False))
    return found


@last
def _is_unusual(column: pa.Array) -> Mask:
    """Whether the value holds a byte that is no visible character of ASCII."""
    data, starts, ends = characters_of(column)
    found = np.zeros(len(column), dtype=np.bool_)
    if not len(data):
        return found
    # As signed numbers, controls and all that is not ASCII lie below the space.
    signed = data.view(np.int8)
    if signed.min() < 32 or signed.max() == 127:
        places = np.flatnonzero((signed < 32) | (signed == 127))
        if len(places) < len(ends):
            found[rows_of(places, characters_of(column))] = True
        else:
            found = np.searchsorted(places, ends) > np.searchsorted(places, starts)
    return found


def has_other_than_digits(column: pa.Array, besides: int) -> Mask:
    """Whether the value holds another byte than digits and this one."""
    characters = characters_of(column)
    data = characters.data
    others = np.flatnonzero(~((data - np.uint8(ord("0")) < 10) | (data == besides)))
    found: Mask = np.zeros(len(column), dtype=np.bool_)
    found[rows_of(others, characters)] = True
    return found


@last
def _first(column: pa.Array) -> Bytes:
    data, starts, ends = characters_of(column)
    return _at(data, starts, starts < ends)


def _last(column: pa.Array) -> Bytes:
    data, starts, ends = characters_of(column)
    return _at(data, ends - 1, starts < ends)


def _at(data: Bytes, places: NDArray[np.int64], filled: Mask) -> Bytes:
    if filled.all():
        return data[places] if len(data) else np.zeros(len(places), dtype=np.uint8)
    found = np.full(len(places), _BLANK, dtype=np.uint8)
    found[filled] = data[places[filled]]
    return found
