"""What is wrong with single cells: the checks of a kind's model, called once for each column."""

from collections.abc import Iterator, Sequence
from functools import cache

import numpy as np
import pandas as pd
import pandera.pandas as pa
import pyarrow
import pyarrow.compute as pc
from numpy.typing import NDArray

from arkit import identifiers
from arkit.corrections import repairs, rules
from arkit.corrections.findings import Finding, Messages
from arkit.corrections.headers import Mapped
from arkit.corrections.kinds import Kind
from arkit.corrections.schemas import CLEAR
from arkit.corrections.sheets import Sheet
from arkit.identifiers import Mask

Places = NDArray[np.int64]

# What a value is; one that is all of that holds nothing that the rules of text refuse. An e-mail address or
# an invoice number may begin like a formula, so that they are looked at again.
SHAPES = (
    "customer_id",
    "pan_or_gstin",
    "account_number",
    "ifsc",
    "pin_code",
    "contact_number",
    "amount",
    "day",
)
OPEN_SHAPES = ("email", "yes_or_no", "invoice_number")
OF_TEXT = ("stray_space", "hidden_character", "clear_word", "nothing_to_clear", "formula_like", "mojibake")
# What these rules find makes the shape of the same cell not worth a second complaint.
ECLIPSING = ("stray_space", "hidden_character", "clear_word", "nothing_to_clear")
# Fields whose first character is never 0, so that a number of the right length is the whole value.
LOSSLESS_AS_NUMBER = {"pin_code": identifiers.PIN_CODE, "contact_number": "[1-9][0-9]{9}"}
MOST_DIGITS = 15
"""A number of Excel is a double: up to so many digits it is what was typed."""


def of_column(
    sheet: Sheet, kind: Kind, mapped: Mapped, place: int, *, day_order: str | None, left_out: Mask
) -> Iterator[Finding]:
    """Every cell of a column that breaks a rule of its own.

    Args:
        sheet: the table.
        kind: what it holds.
        mapped: the fields of its columns.
        place: the column, counted from 0; it has a field.
        day_order: ``dmy`` or ``mdy``, if it was said in which order days are written.
        left_out: rows that are not looked at.
    """
    name = kind.columns[mapped.fields[place]]
    column = _Column(sheet, name, place, day_order, left_out)
    yield from column.findings(_checks(kind.model)[name])


@cache
def _checks(model: type[pa.DataFrameModel]) -> dict[str, list[pa.Check]]:
    """The checks of each column of a model, in the order in which they are declared."""
    return {str(name): column.checks for name, column in model.to_schema().columns.items()}


class _Column:
    """One column of a file."""

    def __init__(self, sheet: Sheet, name: str, place: int, day_order: str | None, left_out: Mask) -> None:
        self._sheet = sheet
        self._place = place
        self._name = name
        self._written = sheet.header[place].strip()
        self._values = sheet.columns[place]
        # One and the same for all checks, which keep what they found out about it.
        self._series = _series(self._values)
        self._day_order = day_order
        self._left_out = left_out

    def findings(self, checks: Sequence[pa.Check]) -> Iterator[Finding]:
        names = [str(check.name) for check in checks]
        found, faulty = self._faults(names)
        yield from found
        shape = next((check for check in checks if check.name in SHAPES + OPEN_SHAPES), None)
        skipped = faulty | self._left_out
        failing = self._failing(shape, skipped) if shape else np.zeros(0, dtype=np.int64)
        is_closed = shape is not None and shape.name in SHAPES
        eclipsed: list[Places] = []
        for check, name in zip(checks, names, strict=True):
            # Of what is no number at all it need not be said that it begins like a formula.
            if check is shape or (is_closed and name == "formula_like"):
                continue
            within = failing if is_closed and name in OF_TEXT else None
            places = self._failing(check, skipped, within)
            yield from self._told(name, places)
            if name in ECLIPSING:
                eclipsed.append(places)
        if shape is not None and len(failing):
            seen = np.unique(np.concatenate(eclipsed)) if eclipsed else np.zeros(0, dtype=np.int64)
            yield from self._misshapen(shape, np.setdiff1d(failing, seen, assume_unique=True))

    def _failing(self, check: pa.Check, skipped: Mask, within: Places | None = None) -> Places:
        """Where a check fails, among all or some cells."""
        if within is not None and not len(within):
            return within
        some = self._series if within is None else _series(self._values.take(pyarrow.array(within)))
        failed = ~np.asarray(check(some).check_output)
        places = np.flatnonzero(failed) if within is None else within[failed]
        return places[~skipped[places]] if len(places) else places

    def _faults(self, names: Sequence[str]) -> tuple[list[Finding], Mask]:
        """Cells of a workbook that hold no text where text is wanted."""
        found: list[Finding] = []
        faulty = np.zeros(len(self._values), dtype=np.bool_)
        for fault in self._sheet.faults:
            if fault.column != self._place:
                continue
            places = fault.places[~self._left_out[fault.places]]
            rule = fault.rule
            if rule == "excel_number" and "amount" in names:
                places = places[self._is_rounded(places)]
            elif rule == "excel_number" and "day" in names:
                rule = "day_serial"
            elif (rule, True) in (("excel_date", "day" in names), ("excel_boolean", "yes_or_no" in names)):
                continue
            if len(places):
                faulty[places] = True
                found.append(self._finding(rule, places, repaired=self._lossless(rule, places)))
        return found, faulty

    def _is_rounded(self, places: Places) -> Mask:
        values = self._values.take(pyarrow.array(places))
        digits = pc.utf8_length(pc.replace_substring_regex(values, r"^-?0*\.?0*|\.", ""))
        rounded: Mask = np.asarray(pc.greater(digits, MOST_DIGITS))
        return rounded

    def _lossless(self, rule: str, places: Places) -> pyarrow.Array | None:
        shape = LOSSLESS_AS_NUMBER.get(self._name if self._name != "mobile" else "contact_number")
        if rule != "excel_number" or not shape:
            return None
        values = self._values.take(pyarrow.array(places))
        return pc.if_else(pyarrow.array(identifiers.matches(values, shape)), values, "")

    def _told(self, rule: str, places: Places) -> Iterator[Finding]:
        """Cells that broke a rule other than that of their shape."""
        if not len(places):
            return
        values = self._values.take(pyarrow.array(places))
        if rule in OF_TEXT:
            yield self._finding(rule, places, repaired=repairs.of_text(rule, values, CLEAR))
        elif rule == "gstin_check_digit":
            yield self._finding(rule, places, messages=self._right_character(values))
        else:
            yield self._finding(rule, places)

    def _misshapen(self, shape: pa.Check, places: Places) -> Iterator[Finding]:
        """Cells that are not what their column holds: what happened to them, or what they look like."""
        if not len(places):
            return
        values = self._values.take(pyarrow.array(places))
        known = np.zeros(len(places), dtype=np.bool_)

        def passes(texts: pyarrow.Array) -> Mask:
            passed: Mask = np.asarray(shape(_series(texts)).check_output) & np.asarray(pc.is_valid(texts))
            return passed

        for damage in repairs.of_values(str(shape.name), values, passes, day_order=self._day_order):
            fresh = ~known[damage.places]
            known[damage.places] = True
            repaired = damage.repaired
            yield self._finding(
                damage.rule,
                places[damage.places[fresh]],
                repaired=repaired.filter(pyarrow.array(fresh)) if repaired is not None else None,
                found=damage.found,
            )
        yield self._finding(str(shape.name), places[~known])

    def _finding(
        self,
        rule: str,
        places: Places,
        *,
        repaired: pyarrow.Array | None = None,
        messages: Messages | None = None,
        found: str = "",
    ) -> Finding:
        values = self._values.take(pyarrow.array(places))
        if messages is None and "{found}" in rules.RULES[rule].says and not found:
            codes, descriptions = rules.described(values)
            messages = Messages(codes, [rules.sentence(rule, self._written, told) for told in descriptions])
        told = messages or rules.sentence(rule, self._written, found)
        return Finding(rule, self._place, self._sheet.source_rows[places], told, values, repaired)

    def _right_character(self, values: pyarrow.Array) -> Messages:
        """What the last character of each GSTIN would be if the others are right."""
        last = pc.utf8_slice_codeunits(values, -1).to_pylist()
        written = np.array([identifiers.ALPHABET.index(letter) for letter in last], dtype=np.int64)
        right = (written - identifiers.gstin_remainders(values)) % len(identifiers.ALPHABET)
        sentences = [
            rules.sentence("gstin_check_digit", self._written, letter) for letter in identifiers.ALPHABET
        ]
        return Messages(right, sentences)


def _series(values: pyarrow.Array) -> pd.Series:
    return pd.Series(pd.array(values, dtype="str"))
