"""The examination of a table: what is found in it, what of that is repaired, and which rows may be taken."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial
from typing import NamedTuple, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from arkit import settings
from arkit.corrections import cells, comparisons, findings, headers, mappings, rules, taxes
from arkit.corrections.comparisons import Table
from arkit.corrections.findings import Finding
from arkit.corrections.headers import Mapped
from arkit.corrections.kinds import Kind
from arkit.corrections.rules import RULES, Severity
from arkit.corrections.sheets import THREADS, Remark, Sheet
from arkit.errors import DiskError
from arkit.identifiers import Mask
from arkit.money import inr

Known = Mapping[str, pa.Array]
"""Columns of the known customers by field."""

# What these find makes the rest of the row not worth a complaint, and keeps it from being taken.
PASSED_OVER = ("duplicate", "nothing_asked")
# What is confirmed by accepting it, without a value to put in place.
CONFIRMED = ("row_hidden",)
# After these no row can be trusted to be what its columns say.
OF_WHOLE_FILE = frozenset(
    [
        "key_missing",
        "required_missing",
        "no_field",
        "header_blank",
        "header_twice",
        "column_unknown",
        "header_proposed",
        "field_count",
        "expected_rows",
        "expected_total",
    ]
)
# Proposals that are hints: a customer is not put in the place of another because their ids are alike.
HINTS = OF_WHOLE_FILE | {"customer_unknown"}
MOST_ROUNDS = 3


@dataclass(frozen=True)
class Asked:
    """What a check was asked to do.

    Attributes:
        accept: rules whose proposals are taken, or what of them is confirmed.
        columns: fields by the name of a column.
        day_order: ``dmy`` or ``mdy``.
        expect_rows: how many rows the file is said to have.
        expect_total: the sum of its amounts before tax, as it is said to be.
        seller_state: the GST code of the state that the seller is registered in.
    """

    accept: frozenset[str] = frozenset()
    columns: Mapping[str, str] = field(default_factory=dict)
    day_order: str | None = None
    expect_rows: int | None = None
    expect_total: Decimal | None = None
    seller_state: str | None = None


class Examination(NamedTuple):
    """What came of it.

    Attributes:
        table: as it was read, with the accepted proposals in their places.
        found: everything that is to be said.
        taken: whether each row may go into a plan.
    """

    table: Table
    found: list[Finding]
    taken: Mask


def examine(read: Sheet, kind: Kind, asked: Asked, known: Known) -> Examination:
    """Find everything; accepted proposals are taken round by round, since one may uncover another.

    Raises:
        UsageError: a column or field that was named is not there.
        DiskError: what was said of the columns cannot be kept.
    """
    repaired: list[Finding] = []
    sheet = read
    mapped = _mapped(sheet, kind, asked)
    table = Table(sheet, kind, mapped)
    found, left_out = _findings(table, asked, known)
    for _ in range(MOST_ROUNDS):
        wanted = [one for one in found if one.rule in asked.accept and one.repairs is not None]
        sheet, taken = _repaired(sheet, wanted)
        if not taken:
            break
        repaired += taken
        table = Table(sheet, kind, mapped)
        found, left_out = _findings(table, asked, known)
    found += repaired
    return Examination(table, found, _taken(table, found, left_out))


def _taken(table: Table, found: list[Finding], left_out: Mask) -> Mask:
    """Rows without an error, each record once; none if the file as a whole is broken."""
    if any(one.rule in OF_WHOLE_FILE and findings.is_error(one) for one in found):
        return np.zeros(len(left_out), dtype=np.bool_)
    taken = ~left_out
    rows = table.sheet.source_rows
    for one in found:
        is_of_header = one.source_rows[0] <= table.sheet.header_row
        if not is_of_header and (findings.is_error(one) or one.rule in PASSED_OVER):
            taken[np.searchsorted(rows, one.source_rows)] = False
    return taken


def _findings(table: Table, asked: Asked, known: Known) -> tuple[list[Finding], Mask]:
    """Everything that is to be said, and the rows that are no records."""
    sheet, kind, mapped = table
    left_out = np.zeros(len(sheet.source_rows), dtype=np.bool_)
    found = [_remarked(remark, sheet, asked) for remark in (*mapped.remarks, *sheet.remarks)]
    for rule, places in comparisons.no_records(table).items():
        left_out[places] = True
        found.append(table.finding(rule, "", places))
    # The longest first, so that no processor waits for the last of them.
    looks: list[Callable[[], Iterator[Finding]]] = []
    if "baseAmount" in kind.columns:
        looks.append(partial(taxes.of_invoices, table, known, asked.seller_state, left_out))
    looks += [
        partial(comparisons.of_repeated, table, left_out),
        partial(comparisons.of_places, table, left_out),
    ]
    looks += [
        partial(cells.of_column, sheet, kind, mapped, place, day_order=asked.day_order, left_out=left_out)
        for place, name in enumerate(mapped.fields)
        if name
    ]
    looks += [
        partial(comparisons.of_blanks, table, left_out),
        partial(comparisons.of_unknown, table, known, left_out),
        partial(_unexpected, table, asked, left_out),
    ]
    if "mail_enabled" in kind.columns:
        looks.append(partial(comparisons.of_contacts, table, left_out))
    with ThreadPoolExecutor(THREADS) as pool:
        for some in pool.map(lambda look: list(look()), looks):
            found += some
    return [one for one in found if len(one.source_rows)], left_out


def _mapped(sheet: Sheet, kind: Kind, asked: Asked) -> Mapped:
    """The fields of the columns; what was said of them is kept for the next file with this header."""
    is_accepted = "header_proposed" in asked.accept
    mapped = headers.mapped(
        sheet, kind, said=asked.columns, is_accepted=is_accepted, confirmed=_confirmed(sheet, kind)
    )
    if asked.columns or is_accepted:
        told = {
            place: name
            for place, name in enumerate(mapped.fields)
            if name and name != sheet.header[place].strip()
        }
        mappings.remember(sheet.header, kind, told, settings.workspace())
    return mapped


def _confirmed(sheet: Sheet, kind: Kind) -> dict[int, str]:
    """What was said of this header before; a workspace that cannot be had is no reason not to check."""
    if all(name.strip() in kind.columns for name in sheet.header):
        return {}
    try:
        return mappings.recall(sheet.header, kind, settings.workspace())
    except DiskError:
        return {}


def _remarked(remark: Remark, sheet: Sheet, asked: Asked) -> Finding:
    """What is to be said of the file, as a problem; the name of an unknown column may be somebody's data."""
    place = -1 if remark.column is None else remark.column
    column = "" if place < 0 else sheet.header[place]
    found, repair = remark.found, ""
    if remark.rule == "column_unknown":
        repair, found = (
            remark.found,
            f"; did you mean {remark.found}?" if remark.found else ": delete or rename it",
        )
    elif remark.rule == "header_proposed":
        repair = remark.found
    elif remark.rule == "field_count":
        found = f"{found}, the header {len(sheet.header)}"
    named = column.strip() if RULES[remark.rule].says[0].islower() else ""
    told = rules.sentence(remark.rule, named, found)
    if remark.rule == "field_count":
        told = f"row {found.removeprefix('row ')}"
    severity: Severity | None = (
        "warning" if remark.rule in CONFIRMED and remark.rule in asked.accept else None
    )
    values = None if place < 0 else pa.array([sheet.header[place]], pa.large_string())
    rows = np.array([remark.source_row], dtype=np.int64)
    return Finding(
        remark.rule, place, rows, told, values, pa.array([repair], pa.large_string()), severity=severity
    )


def _repaired(sheet: Sheet, wanted: list[Finding]) -> tuple[Sheet, list[Finding]]:
    """The table with these proposals in their places, and what was put there."""
    columns = list(sheet.columns)
    faults = list(sheet.faults)
    taken: list[Finding] = []
    for one in wanted:
        repairs = cast("pa.Array", one.repairs)
        has = np.asarray(pc.not_equal(repairs, ""))
        if one.column < 0 or not has.any() or one.rule in HINTS:
            continue
        rows, told = one.source_rows[has], repairs.filter(pa.array(has))
        places = np.searchsorted(sheet.source_rows, rows)
        mask = np.zeros(len(sheet.source_rows), dtype=np.bool_)
        mask[places] = True
        columns[one.column] = pc.replace_with_mask(columns[one.column], pa.array(mask), told)
        faults = [
            replace(fault, places=fault.places[~mask[fault.places]]) if fault.column == one.column else fault
            for fault in faults
        ]
        message = rules.sentence("repaired", sheet.header[one.column].strip(), one.rule)
        values = cast("pa.Array", one.values).filter(pa.array(has))
        taken.append(Finding("repaired", one.column, rows, message, values, told))
    return replace(sheet, columns=columns, faults=faults), taken


def _unexpected(table: Table, asked: Asked, left_out: Mask) -> Iterator[Finding]:
    """A number of rows or a total other than it was said to be."""
    sheet = table.sheet
    told = {}
    rows = int(np.count_nonzero(~left_out))
    if asked.expect_rows is not None and rows != asked.expect_rows:
        told["expected_rows"] = f"{rows} rows where {asked.expect_rows} are expected"
    if asked.expect_total is not None:
        amounts = taxes.paise(table.values("baseAmount"), len(left_out))
        total = Decimal(taxes.total(amounts[(amounts > 0) & ~left_out])) / 100
        if total != asked.expect_total:
            told["expected_total"] = f"{inr(total)} where {inr(asked.expect_total)} is expected"
    for rule, found in told.items():
        yield Finding(rule, -1, np.array([sheet.header_row]), rules.sentence(rule, "", found))
