"""Identifiers of people and accounts, shown by their last characters only."""

import re

HIDDEN_FIELDS = frozenset({"panOrGstin", "accountNumber", "contactNumber"})
SHOWN_CHARACTERS = 4
# A PAN, a GSTIN or a long number in a place where none is expected. A customer id is longer than any of them
# that has letters.
SHAPES = re.compile(r"\b(?:[0-9]{2})?[A-Za-z]{5}[0-9]{4}[A-Za-z][0-9A-Za-z]{0,3}\b|\b[0-9]{9,}\b")


def of_field(value: str, field: str) -> str:
    """The value of a field as it may be shown; the whole of it is hidden if the field is a hidden one."""
    return _masked(value) if field in HIDDEN_FIELDS else of_text(value)


def of_text(text: str) -> str:
    """A text with the identifiers in it masked."""
    return SHAPES.sub(lambda found: _masked(found[0]), text)


def _masked(value: str) -> str:
    shown = min(SHOWN_CHARACTERS, len(value) // 2)
    return "•" * (len(value) - shown) + value[len(value) - shown :]
