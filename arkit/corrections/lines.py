"""The lines of a CSV, found on its bytes: what a reader forgives in silence shows here.

Quotation marks in the wrong place, blank lines, rows of another width, line ends of any kind.
"""

import csv

import numpy as np
from numpy.typing import NDArray

from arkit.corrections.sheets import SAVE_AS, refused

Places = NDArray[np.int64]
Bytes = NDArray[np.uint8]

QUOTE, RETURN, NEWLINE = b'"\r\n'
BLOCK_BYTES = 2**20


def has(characters: Bytes, byte: int) -> bool:
    """Whether a byte stands among them."""
    return any(
        bool((characters[start : start + BLOCK_BYTES] == byte).any())
        for start in range(0, len(characters), BLOCK_BYTES)
    )


def quotes(characters: Bytes, separator: str, name: str) -> Places:
    """Where quotation marks stand, each of which opens or closes a whole field, or is doubled in one.

    Raises:
        InputRefused: one stands elsewhere.
    """
    quotes = _places(characters, QUOTE)
    if not len(quotes):
        return quotes
    before = np.where(quotes > 0, characters[np.maximum(quotes - 1, 0)], NEWLINE)
    after = np.where(
        quotes < len(characters) - 1, characters[np.minimum(quotes + 1, len(characters) - 1)], NEWLINE
    )
    doubled = np.zeros(len(quotes), dtype=np.bool_)
    doubled[1:] = np.diff(quotes) == 1
    opens_well = _is_edge(before[0::2], separator) | doubled[0::2]
    closes_well = _is_edge(after[1::2], separator) | (after[1::2] == QUOTE)
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
        row = 1 + Lines(characters[: quotes[2 * first]], quotes[: 2 * first]).ends.size
        message = f"row {row} has a quotation mark that is not closed, or that stands inside a field."
        raise refused(name, "csv", message, f"Correct the row. {SAVE_AS}", source_row=row)
    return quotes


def _is_edge(characters: Bytes, separator: str) -> NDArray[np.bool_]:
    """Whether a field ends, or one may begin, at each of these."""
    is_edge: NDArray[np.bool_] = np.isin(characters, [ord(separator), RETURN, NEWLINE])
    return is_edge


class Lines:
    """The lines of some characters."""

    def __init__(self, characters: Bytes, quotes: Places) -> None:
        self._characters = characters
        self._quotes = quotes

    @property
    def at_most(self) -> int:
        """How many there are if none of them goes on in the next one; the last needs no end."""
        size = len(self._characters)
        is_open = bool(size) and self._characters[-1] not in (RETURN, NEWLINE)
        newlines = lone = 0
        for start in range(0, size, BLOCK_BYTES):
            # One more, since a carriage return may be the last of its block.
            block = self._characters[start : start + BLOCK_BYTES + 1]
            is_newline, is_return = block == NEWLINE, block[:BLOCK_BYTES] == RETURN
            newlines += int(np.count_nonzero(is_newline[:BLOCK_BYTES]))
            if returns := int(np.count_nonzero(is_return)):
                pairs = is_return[: len(block) - 1] & is_newline[1:]
                lone += returns - int(np.count_nonzero(pairs))
        return newlines + lone + is_open

    @property
    def ends(self) -> Places:
        """Where they end, outside of quotation marks."""
        characters = self._characters
        returns = _places(characters, RETURN)
        followers = characters[np.minimum(returns + 1, len(characters) - 1)]
        lone = returns[(followers != NEWLINE) | (returns == len(characters) - 1)]
        found = np.sort(np.concatenate([_places(characters, NEWLINE), lone]))
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


def _places(characters: Bytes, byte: int) -> Places:
    """Where a byte stands; by blocks that the cache holds."""
    found = [
        np.flatnonzero(characters[start : start + BLOCK_BYTES] == byte) + start
        for start in range(0, len(characters), BLOCK_BYTES)
    ]
    return np.concatenate(found) if found else np.zeros(0, dtype=np.int64)


def _holds_something(line: bytes, separator: str) -> bool:
    if line.translate(None, b'"' + separator.encode()).decode().strip():
        return True
    cells = next(csv.reader([line.decode()], delimiter=separator), [])
    return any(cell.strip() for cell in cells)
