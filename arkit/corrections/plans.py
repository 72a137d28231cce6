"""The frozen set of corrections that an upload will make: before, after, content hash."""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pandas as pd
from pandera.typing import DataFrame

from arkit import frames
from arkit.columns import IST, snake
from arkit.corrections import checks
from arkit.corrections.checks import Check
from arkit.corrections.journal import Fields, Journal, Row, Stored, content_sha256
from arkit.corrections.kinds import FIELDS, KEY, UPDATE
from arkit.corrections.schemas import CLEAR, CustomerUpdates
from arkit.corrections.states import UNSETTLED, State
from arkit.errors import ContractError, InputRefused, UsageError
from arkit.resources.customers import hidden_members
from arkit.wire.calls import Calls
from arkit.wire.operations import SEARCH_CUSTOMERS

if TYPE_CHECKING:
    from arkit.corrections.outcomes import Outcome
    from arkit.resources import Customers

CONFIRMED_CHARACTERS = 6
CHANGE_COLUMNS = ["source_row", "key", "field", "before", "after"]

Progress = Callable[[Mapping[str, int], str], None]


@dataclass(frozen=True)
class Plan:
    """What an upload will change; nothing was sent for it yet.

    Attributes:
        id: SHA-256 of the content; the same corrections to the same values give the same plan.
        rows: one per customer of the file, in its order; those that would change nothing are
            ``skipped_noop`` from the start.
    """

    id: str
    kind: str
    origin: str
    file_name: str
    rows: list[Row] = field(repr=False)
    _customers: "Customers" = field(repr=False)
    _calls: Calls = field(repr=False)
    _workspace: Path = field(repr=False)

    @property
    def changes(self) -> pd.DataFrame:
        """One row per field that will change: source_row, key, field, before, after, in the file's order.

        An empty field is missing.
        """
        return pd.DataFrame(
            [
                (row.source_row, row.key, name, row.before[name], after)
                for row in self.rows
                if row.state is not State.SKIPPED_NOOP
                for name, after in row.target.items()
            ],
            columns=CHANGE_COLUMNS,
        ).astype({"source_row": "int64"})

    @property
    def skipped_noop(self) -> int:
        """How many rows would change nothing."""
        return sum(row.state is State.SKIPPED_NOOP for row in self.rows)

    @property
    def totals(self) -> dict[str, Any]:
        """Control totals: customers and fields that will change, and how often each field does."""
        fields = [str(name) for name in self.changes["field"]]
        return {
            "customers": len(self.rows) - self.skipped_noop,
            "fields": len(fields),
            "by_field": {name: fields.count(name) for name in FIELDS if name in fields},
        }

    def apply(
        self,
        *,
        confirm: str,
        on_progress: Progress | None = None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> "Outcome":
        """Send the corrections and prove the outcome by reading back.

        Rows are written into the journal before they are sent. A plan that was begun goes on where it was;
        one that is finished sends nothing.

        Args:
            confirm: the last six characters of `id`.
            on_progress: called with the number of rows in each state and a sentence.
            should_stop: asked between chunks.

        Raises:
            UsageError: `confirm` is wrong, or the plan was made for another account.
            JournalError: the journal cannot be used, or another process is applying.
            NetworkError, AuthenticationError, ApiError, ContractError: as long as no row is in doubt.
        """
        from arkit.corrections import uploads  # noqa: PLC0415 - uploads apply plans

        if confirm != self.id[-CONFIRMED_CHARACTERS:]:
            raise UsageError(
                f"the confirmation is not the last {CONFIRMED_CHARACTERS} characters of the plan's id.",
                code="confirm",
                next_step="Nothing was sent. Look at the plan, then type them.",
            )
        return uploads.apply(
            self.id,
            customers=self._customers,
            calls=self._calls,
            workspace=self._workspace,
            on_progress=on_progress,
            should_stop=should_stop,
        )

    def __repr__(self) -> str:
        return (
            f"<arkit plan …{self.id[-CONFIRMED_CHARACTERS:]} · {self.file_name} · {len(self.rows)} rows"
            f" · {len(self.changes)} changes · {self.skipped_noop} already so"
            f" · apply(confirm={self.id[-CONFIRMED_CHARACTERS:]!r})>"
        )


def plan(checked: Check, customers: "Customers", calls: Calls, workspace: Path) -> Plan:
    """The plan of a checked file against a fresh snapshot of its customers; see `Customers.plan`."""
    accepted = checks.require_ok(checked)
    if checked.kind != UPDATE:
        raise UsageError(
            f"a plan is made of corrections, and this is a {checked.kind} file.",
            code="kind",
            where=checked.path.name,
            next_step="Nothing was sent. New records are sent by bulk_create.",
        )
    rows = draft(accepted, customers.snapshot(accepted["customer_id"].tolist()), where=checked.path.name)
    _require_shown(rows, calls)
    profile = calls.profile
    content = content_sha256(checked.kind, profile.account, rows)
    with Journal(workspace) as journal:
        plan_id = _plan_id(journal, content)
        stored = Stored(
            id=plan_id,
            kind=checked.kind,
            account=profile.account,
            origin=profile.origin,
            file_name=checked.path.name,
            file_sha256=checked.sha256,
            content_sha256=content,
            created_at=datetime.now(ZoneInfo(IST)).isoformat(timespec="seconds"),
        )
        journal.add_plan(stored, rows)
        return _plan(stored, journal.rows(plan_id), customers, calls, workspace)


def load(plan_id: str, customers: "Customers", calls: Calls, workspace: Path) -> Plan:
    """A plan out of the journal.

    Raises:
        UsageError: there is no such plan.
        JournalError: the journal cannot be read.
    """
    with Journal(workspace) as journal:
        stored = journal.find(plan_id)
        return _plan(stored, journal.rows(stored.id), customers, calls, workspace)


def draft(
    accepted: DataFrame[CustomerUpdates], current: DataFrame[frames.Customers], *, where: str
) -> list[Row]:
    """Rows of a plan: what each customer of the file has now and what it shall have.

    Raises:
        InputRefused: a customer of the file does not exist.
    """
    records = values_by_customer(current)
    missing = accepted.loc[~accepted["customer_id"].isin(list(records)), "source_row"].tolist()
    if missing:
        raise InputRefused(
            f"the server knows no such customer in rows {', '.join(map(str, missing[:20]))}.",
            code="customer_unknown",
            where=where,
            source_row=int(missing[0]),
            column=KEY,
            next_step="Nothing was sent. Correct the ids and check again.",
        )
    fields = [name for name in FIELDS if snake(name) in accepted]
    rows: list[Row] = []
    for wanted in accepted.to_dict("records"):
        now = records[str(wanted["customer_id"])]
        target = {
            name: None if value == CLEAR else str(value)
            for name in fields
            if not pd.isna(value := wanted[snake(name)])
        }
        changed = {name: value for name, value in target.items() if not is_same(name, now[name], value)}
        kept = changed or target
        rows.append(
            Row(
                source_row=int(wanted["source_row"]),
                key=str(wanted["customer_id"]),
                before={name: now[name] for name in kept},
                target=kept,
                state=State.PLANNED if changed else State.SKIPPED_NOOP,
                reason="" if changed else "The server has these values already.",
            )
        )
    return rows


def _require_shown(rows: list[Row], calls: Calls) -> None:
    """Refuse a field that the search leaves out: reading back could not prove what became of it."""
    changed = {name for row in rows for name in row.target}
    filled = {name for row in rows for name, value in row.before.items() if value is not None}
    hidden = hidden_members(calls, changed - filled) if changed - filled else set()
    if hidden:
        raise ContractError(
            f"the search shows no {', '.join(sorted(hidden))} of any customer.",
            code="hidden",
            where=SEARCH_CUSTOMERS.name,
            next_step="Nothing was sent, since no correction of it could be proved; take it out of the file.",
        )


def values_by_customer(customers: DataFrame[frames.Customers]) -> dict[str, Fields]:
    """The correctable fields of each customer by its id; an empty field is None."""
    columns = {snake(name): name for name in FIELDS}
    return {
        str(record["customer_id"]): {
            name: None if pd.isna(value := record[column]) or not value else str(value)
            for column, name in columns.items()
        }
        for record in customers[["customer_id", *columns]].to_dict("records")
    }


def is_same(name: str, left: str | None, right: str | None) -> bool:
    """Whether two values of a field are one; branch codes are a list, whatever spaces stand in it."""
    if name == "branchCodes":
        return _codes(left) == _codes(right)
    return (left or None) == (right or None)


def is_same_to_the_server(name: str, stored: str | None, sent: str | None) -> bool:
    """Whether a server that tidies values would have stored `stored` for what was sent."""
    return _tidied(name, stored) == _tidied(name, sent)


def _codes(text: str | None) -> list[str]:
    return [code.strip() for code in (text or "").split(";") if code.strip()]


def _tidied(name: str, text: str | None) -> str:
    tidy = (text or "").strip()
    if name in ("panOrGstin", "ifsc"):
        return tidy.upper()
    return re.sub(r"^\+91[ -]?", "", tidy) if name == "contactNumber" else tidy


def _plan_id(journal: Journal, content: str) -> str:
    """The id for this content: that of a plan which is not finished, else a new one.

    Corrections that were made once and undone by somebody may be wanted again: the count of finished plans of
    the same content tells them apart.
    """
    same = [plan for plan in journal.plans() if plan.content_sha256 == content]
    for plan in same:
        if journal.rows(plan.id, states=UNSETTLED | {State.PLANNED}):
            return plan.id
    return hashlib.sha256(f"{content}\n{len(same)}".encode()).hexdigest()


def _plan(stored: Stored, rows: list[Row], customers: "Customers", calls: Calls, workspace: Path) -> Plan:
    return Plan(stored.id, stored.kind, stored.origin, stored.file_name, rows, customers, calls, workspace)
