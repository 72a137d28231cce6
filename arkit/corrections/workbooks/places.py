"""Cells by row and column, and in the words of a spreadsheet."""

from functools import lru_cache

MAX_ROW, MAX_COLUMN = 2**20, 2**14

Cell = tuple[int, int]
"""Row and column, from 1."""


@lru_cache(maxsize=2**14)
def column_of(letters: str) -> int:
    """The number of a column, from 1."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


@lru_cache(maxsize=2**14)
def letters_of(column: int) -> str:
    """The letters of a column that counts from 1."""
    letters = ""
    while column:
        column, letter = divmod(column - 1, 26)
        letters = chr(65 + letter) + letters
    return letters


def reference(row: int, column: int) -> str:
    """A cell in the words of a spreadsheet: C5."""
    return f"{letters_of(column)}{row}"


def place_of(text: str) -> tuple[int, int]:
    """Row and column of a cell given as C5.

    Raises:
        ValueError: it is no such text.
    """
    digits = text.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    return int(digits), column_of(text[: len(text) - len(digits)])
