"""Every problem of a bulk file in one pass, by row and column."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
import pyarrow as pa
from pandera.typing import DataFrame

from arkit import identifiers, registers
from arkit.columns import snake
from arkit.corrections import examinations, files, findings, headers
from arkit.corrections.comparisons import Table
from arkit.corrections.examinations import HINTS, Asked, Known
from arkit.corrections.findings import Finding
from arkit.corrections.kinds import KEY, KINDS, UPDATE, Kind
from arkit.corrections.rules import RULES
from arkit.corrections.sheets import Reading, Sheet
from arkit.errors import InputRefused, UsageError
from arkit.identifiers import Mask


@dataclass(frozen=True)
class Check:
    """What `check` found.

    Attributes:
        path: of the file.
        sha256: of the file's bytes, hex.
        kind: of the file.
        rows: rows of the file below the header, blank ones left out.
        problems: one row per problem, by row and column of the file: source_row, column, value, rule,
            severity, message, repair.
        fields: the column of each field as the file names it.
        found: the problems as they were found, many cells at a time.
        reading: what was said of the file.
        blank_rows: how many blank rows stand between the others; they are left out.
        blanks: for each field of a `customer-update` the number of rows that leave it as it is.
    """

    path: Path
    sha256: str
    kind: str
    rows: int
    problems: pd.DataFrame = field(repr=False)
    fields: Mapping[str, str] = field(default_factory=dict, repr=False)
    blank_rows: int = field(default=0, repr=False)
    blanks: Mapping[str, int] = field(default_factory=dict, repr=False)
    found: list[Finding] = field(default_factory=list, repr=False)
    reading: Reading = field(default_factory=Reading, repr=False)
    _taken: Mask = field(default_factory=lambda: np.zeros(0, dtype=np.bool_), repr=False)
    _read: Sheet | None = field(default=None, repr=False)
    _table: Table | None = field(default=None, repr=False)
    _asked: Asked = field(default_factory=Asked, repr=False)
    _known: Known = field(default_factory=dict, repr=False)

    @property
    def ok(self) -> bool:
        """Whether the file may go into a plan: no problem is an error."""
        return not self.errors

    @cached_property
    def errors(self) -> int:
        """How many problems are errors."""
        return int((self.problems["severity"] == "error").sum())

    @cached_property
    def accepted(self) -> DataFrame[Any]:
        """Rows without an error, ready for a plan; none if the file as a whole is broken.

        One row per row of the file, in its order: `source_row` and the columns of the kind's model that the
        file has; text exactly as written, missing where the cell is blank.
        """
        kind = KINDS[self.kind]
        frame = pd.DataFrame({"source_row": pd.Series(dtype="int64")})
        if self._table is None:
            for header in kind.headers:
                if header in kind.required:
                    frame[kind.columns[header]] = pd.Series(dtype="str")
            return cast("DataFrame[Any]", frame)
        sheet, taken = self._table.sheet, pa.array(self._taken)
        frame = pd.DataFrame({"source_row": sheet.source_rows[self._taken]})
        for header in kind.headers:
            values = self._table.values(header)
            if values is not None or header in kind.required:
                column = values if values is not None else pa.nulls(len(self._taken), pa.large_string())
                frame[kind.columns[header]] = pd.array(column.filter(taken), dtype="str")
        return cast("DataFrame[Any]", frame)

    @property
    def accepted_rows(self) -> int:
        """How many rows are accepted."""
        return int(np.count_nonzero(self._taken))

    @property
    def sheet(self) -> Sheet | None:
        """The table that was checked, if the file is one."""
        return self._table.sheet if self._table else None

    @cached_property
    def repairable_rows(self) -> int:
        """How many rows would be without an error if every proposal were taken."""
        errors = self.problems[self.problems["severity"] == "error"]
        return int((errors["repair"] != "").groupby(errors["source_row"]).all().sum())

    @property
    def repairs(self) -> pd.DataFrame:
        """The problems for which there is a proposal; one row each, in the order of `problems`."""
        return self.problems[self.problems["repair"] != ""].reset_index(drop=True)

    @property
    def proposals(self) -> dict[str, int]:
        """How many proposals can be taken by rule, the most frequent first; hints are none."""
        taken = (self.problems["repair"] != "") & ~self.problems["rule"].isin([*HINTS, "repaired"])
        counts = self.problems.loc[taken, "rule"].value_counts()
        return {str(rule): int(count) for rule, count in counts.items()}

    @cached_property
    def counts(self) -> dict[str, int]:
        """Problems by rule, the most frequent first."""
        return {str(rule): int(count) for rule, count in self.problems["rule"].value_counts().items()}

    def accept(self, *names: str) -> "Check":
        """The check with the proposals of these rules taken; the file itself stays as it is.

        Example:
            >>> checked.accept("stray_space", "excel_tail").ok

        Raises:
            UsageError: nothing of such a rule can be accepted.
        """
        _require_acceptable(names)
        if self._table is None or self._read is None:
            return self
        asked = replace(self._asked, accept=self._asked.accept | set(names))
        return _checked(self.path, self._read, self._table.kind, asked, self._known, self.reading)

    def to_workbook(self, path: Path | str) -> None:
        """Write the user's own workbook with each bad cell coloured and commented, and a sheet of problems.

        Nothing else in the workbook changes. Of a CSV a new workbook is made, in which every cell is text.

        Raises:
            InputRefused: the file was no table, or has changed since.
            DiskError: the workbook cannot be written.
        """
        from arkit.corrections import handbacks  # noqa: PLC0415 - hands back what is checked here

        handbacks.write(self, Path(path))

    def __repr__(self) -> str:
        step = "plan it" if self.ok else "mend the rows in .problems and check again"
        return (
            f"<arkit check · {self.path.name} · {self.rows} rows · {self.accepted_rows} accepted"
            f" · {self.errors} errors · {len(self.problems) - self.errors} warnings · {step}>"
        )


def check(
    path: Path | str,
    *,
    kind: str = UPDATE,
    known: pd.DataFrame | None = None,
    accept: Collection[str] = (),
    columns: Mapping[str, str] | None = None,
    sheet: str | None = None,
    header_row: int | None = None,
    separator: str | None = None,
    encoding: str | None = None,
    day_order: str | None = None,
    expect_rows: int | None = None,
    expect_total: Decimal | str | None = None,
    seller_state: str | None = None,
) -> Check:
    """Check a bulk file before anything is sent; a problem is a row of the result, never an exception.

    Example:
        >>> checked = arkit.check("corrections.xlsx", kind="customer-update", known=customers)
        >>> checked.ok, checked.problems

    Args:
        path: a CSV or XLSX file with the headers of its kind.
        kind: ``customer-update``, ``customer-create`` or ``invoice-create``.
        known: customers with a column ``customer_id``; without it the ids are only checked for their shape.
        accept: rules whose proposals are taken; ``row_hidden`` confirms hidden rows.
        columns: fields by the name of a column where it is not the API's; remembered for the same header.
        sheet: the sheet of a workbook, where several hold data.
        header_row: the row of the header, where titles stand above it.
        separator: of a CSV, where it is not the comma.
        encoding: of a CSV, where it is not UTF-8.
        day_order: ``dmy`` or ``mdy``, where days are written so and the column does not tell which.
        expect_rows: how many rows the file should have.
        expect_total: what its base amounts should add up to, in rupees.
        seller_state: the seller's state by GST code or name, to tell whether IGST or CGST and SGST are due.

    Raises:
        UsageError: there is no such kind, column, field, rule or order, or `known` has no such column.
        InputRefused: the file cannot be read at all.
    """
    if kind not in KINDS:
        raise UsageError(
            f"there is no kind {kind!r}.", code="kind", next_step=f"Known kinds: {', '.join(KINDS)}."
        )
    _require_acceptable(accept)
    if day_order not in (None, "dmy", "mdy"):
        raise UsageError(
            f"there is no order of days {day_order!r}.", code="day_order", next_step="Say dmy or mdy."
        )
    path = Path(path)
    customers = {} if known is None else _known(known)
    reading = Reading(sheet, header_row, separator, encoding)
    asked = Asked(
        frozenset(accept),
        columns or {},
        day_order,
        expect_rows,
        None if expect_total is None else _amount(expect_total),
        None if seller_state is None else _state(seller_state),
    )
    held = [files.content_of(path)]
    try:
        read = files.parse(held.pop(), name=path.name, reading=reading, names=headers.names(KINDS[kind]))
    except InputRefused as refusal:
        return _no_table(path, kind, refusal)
    return _checked(path, read, KINDS[kind], asked, customers, reading)


def _checked(path: Path, read: Sheet, kind: Kind, asked: Asked, known: Known, reading: Reading) -> Check:
    table, found, taken = examinations.examine(read, kind, asked, known)
    sheet = table.sheet
    ragged = [remark.source_row for remark in sheet.remarks if remark.rule == "field_count"]
    rows = len(sheet.source_rows) + len(ragged)
    last = max([*sheet.source_rows[-1:].tolist(), *ragged], default=sheet.header_row)
    return Check(
        path=path,
        sha256=sheet.sha256,
        kind=kind.name,
        rows=rows,
        problems=findings.to_frame(found, sheet.header),
        fields={name: sheet.header[place] for place, name in enumerate(table.mapped.fields) if name},
        blank_rows=last - sheet.header_row - rows,
        blanks=_blanks(table) if kind.is_update else {},
        found=found,
        reading=reading,
        _taken=taken,
        _read=read,
        _table=table,
        _asked=asked,
        _known=known,
    )


def _blanks(table: Table) -> dict[str, int]:
    """How many rows leave a field as it is, for each field that some leave."""
    columns = {name: values for name in table.kind.headers if (values := table.values(name)) is not None}
    counts = {name: values.null_count for name, values in columns.items()}
    return {name: count for name, count in counts.items() if count and name != KEY}


def _no_table(path: Path, kind: str, refusal: InputRefused) -> Check:
    """The check of a file that is no table, or one that can only be read by guessing: its one problem."""
    message = f"{refusal.message[:1].upper()}{refusal.message[1:]} {refusal.next_step}"
    problem = (refusal.source_row or 1, refusal.column, "", refusal.code, "error", message, "")
    return Check(
        path=path,
        sha256=refusal.sha256,
        kind=kind,
        rows=0,
        problems=pd.DataFrame([problem], columns=findings.COLUMNS),
    )


def _known(known: pd.DataFrame) -> Known:
    """The columns of known customers that a check looks at, by field."""
    wanted = (KEY, "uniqueRefNo", "panOrGstin", "state")
    found = {
        name: identifiers.text(known[column].astype("str"))
        for name in wanted
        for column in (snake(name), name)
        if column in known
    }
    if KEY not in found:
        raise UsageError(
            "the known customers have no column customer_id.",
            code="known",
            next_step="Give the frame or the file that a fetch of customers made.",
        )
    return found


def _amount(total: Decimal | str) -> Decimal:
    try:
        amount = Decimal(total)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite():
        raise UsageError(
            "the expected total is no amount.", code="expect_total", next_step="Write it like 1234.50."
        )
    return amount


def _state(state: str) -> str:
    """The GST code of a state that was given by code or name."""
    named = registers.state_of_name(pa.array([state]))[0].as_py()
    if any(known.is_place and known.gst_code in (state, named) for known in registers.states()):
        return named or state
    raise UsageError(
        "there is no such state of the seller.", code="seller_state", next_step="Give its code, such as 29."
    )


def _require_acceptable(names: Collection[str]) -> None:
    for name in names:
        if name not in RULES or (name in HINTS and name != "header_proposed"):
            what = "no proposal is taken for the rule" if name in RULES else "there is no rule"
            raise UsageError(
                f"{what} {name!r}.",
                code="accept",
                next_step="Name rules that the check shows proposals for.",
            )


def require_ok(checked: Check) -> DataFrame[Any]:
    """The accepted rows of a check without errors.

    Raises:
        UsageError: it is no check, but a frame that nobody checked.
        InputRefused: there are errors; the message names the first of them.
    """
    if not isinstance(checked, Check):
        raise UsageError(
            "only what was checked can be planned.",
            code="unchecked",
            next_step="Give what arkit.check returns.",
        )
    if checked.ok:
        return checked.accepted
    first = checked.problems[checked.problems["severity"] == "error"].iloc[0]
    place = f"row {first['source_row']}" + (f", {first['column']}" if first["column"] else "")
    count = "1 error" if checked.errors == 1 else f"{checked.errors} errors; the first"
    raise InputRefused(
        f"{count}: {place}: {first['message']}",
        code="problems",
        where=checked.path.name,
        source_row=int(first["source_row"]),
        column=str(first["column"]),
        next_step="Nothing was sent. Mend the rows and check again.",
    )
