"""Plans are carried out here: drift check, write-ahead, send, store the answer, read back.

The unit of safety is the row. A row is sent again only after two reads have shown the old value, both taken
after the time in which the server finishes or drops any request (`Profile.quiescence_s`).
"""

import csv
import hashlib
import io
import json
import time
import uuid
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from arkit.corrections import answers, moves
from arkit.corrections.answers import Verdict
from arkit.corrections.journal import Fields, Journal, Move, Row, Stored
from arkit.corrections.kinds import FIELDS, KEY
from arkit.corrections.outcomes import Outcome
from arkit.corrections.plans import Progress, values_by_customer
from arkit.corrections.states import UNSETTLED, State
from arkit.errors import ArkitError, JournalError, UsageError
from arkit.wire.calls import Calls
from arkit.wire.operations import UPDATE_CUSTOMER, UPDATE_CUSTOMERS
from arkit.wire.transport import Answer, multipart

if TYPE_CHECKING:
    from arkit.resources import Customers

CANARY_ROWS = 10
CHUNK_ROWS = 1_000
POLL_S = 5.0


def apply(
    plan_id: str,
    *,
    customers: "Customers",
    calls: Calls,
    workspace: Path,
    on_progress: Progress | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Outcome:
    """Carry out a plan, or what is left of it; see `Plan.apply`."""
    with Journal(workspace) as journal:
        plan = journal.find(plan_id)
        if plan.account != calls.profile.account:
            raise UsageError(
                "the plan was made for another server or company.",
                code="account",
                next_step="Nothing was sent. Choose the profile that the plan was made with.",
            )
        with journal.sole_writer():
            _require_settled(journal, plan)
            return _Run(
                plan,
                journal,
                customers=customers,
                calls=calls,
                on_progress=on_progress,
                should_stop=should_stop,
            ).carry_out()


def resume(
    *,
    customers: "Customers",
    calls: Calls,
    workspace: Path,
    on_progress: Progress | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Outcome | None:
    """Go on with the plan of this account that was begun and not finished; None if there is none.

    Raises:
        As `Plan.apply`.
    """
    with Journal(workspace) as journal, journal.sole_writer():
        plans = journal.unfinished(calls.profile.account)
        # A plan in doubt stops every other, so there is at most one; it comes first.
        plans.sort(key=lambda plan: not journal.rows(plan.id, states=UNSETTLED))
        if not plans:
            return None
        return _Run(
            plans[0],
            journal,
            customers=customers,
            calls=calls,
            on_progress=on_progress,
            should_stop=should_stop,
        ).carry_out()


class _Run:
    """One process working on one plan."""

    def __init__(
        self,
        plan: Stored,
        journal: Journal,
        *,
        customers: "Customers",
        calls: Calls,
        on_progress: Progress | None,
        should_stop: Callable[[], bool],
    ) -> None:
        self._plan = plan
        self._journal = journal
        self._customers = customers
        self._calls = calls
        self._on_progress = on_progress
        self._should_stop = should_stop
        # Since when nothing of ours can have left this machine, on a clock that nobody sets.
        self._silent_since = 0.0

    def carry_out(self) -> Outcome:
        self._journal.require_unaltered(self._plan)
        trouble = ""
        was_active = bool(self._in(State.PLANNED, *UNSETTLED))
        try:
            self._recover()
            self._settle()
            while self._in(State.PLANNED) and self._send_planned():
                self._settle()
            self._settle()
            if self._in(State.PLANNED):
                stopped = "Stopped." if self._should_stop() else "Nothing of what was sent last got through."
                trouble = f"{stopped} The rest was not sent; apply the plan again to go on."
        except JournalError:
            raise
        except ArkitError as error:
            if not self._in(*UNSETTLED):
                raise
            trouble = str(error)
        self._tell(trouble or "Finished.")
        return Outcome(self._plan.id, self._journal.rows(self._plan.id), was_active, trouble)

    def _recover(self) -> None:
        """A process died between writing ahead and storing the answer: nobody knows what came of it.

        Its last byte left before it died, and before its deadline; when it died nobody knows either.
        """
        ended_at = self._journal.last_sent_at(self._plan.id) + self._calls.profile.deadline_s
        self._silent_since = time.monotonic() - max(0.0, time.time() - ended_at)
        reason = "The upload was broken off; whether it was done is not known."
        self._move(Move(row, State.IN_DOUBT, reason) for row in self._in(State.SENT))

    def _send_planned(self) -> bool:
        """Send chunk after chunk; False if the rest shall not be sent now."""
        while chunk := self._next_chunk():
            if self._should_stop():
                return False
            ready = self._not_drifted(chunk)
            if not ready:
                continue
            self._tell(f"Sending {len(ready)} rows.")
            self._send(ready)
            self._read_back()
            if not self._are_all(ready, *UNSETTLED) or moves.clears(ready[0]):
                # One row alone says nothing of the others.
                continue
            # Nothing got through at once: find out why before anything more is sent.
            self._settle()
            if self._are_all(ready, State.FAILED, State.CONFLICT):
                return False
        return True

    def _next_chunk(self) -> list[Row]:
        """Rows to go out together: few until one was proved; a row that clears a field goes alone."""
        planned = self._in(State.PLANNED)
        if planned and moves.clears(planned[0]):
            return planned[:1]
        is_proved = bool(self._in(State.VERIFIED))
        bulk = [row for row in planned if not moves.clears(row)]
        return bulk[: CHUNK_ROWS if is_proved else CANARY_ROWS]

    def _not_drifted(self, rows: list[Row]) -> list[Row]:
        """The rows whose customers still are as the plan found them; nobody's work is overwritten."""
        current = self._current(rows)
        ready: list[Row] = []
        left_alone: list[Move] = []
        for row in rows:
            now = current.get(row.key)
            if now is not None and moves.holds(now, row.before):
                ready.append(row)
            else:
                left_alone.append(moves.drifted(row, now))
        self._move(left_alone)
        return ready

    def _send(self, rows: list[Row]) -> None:
        attempt_id = uuid.uuid4().hex
        is_single = moves.clears(rows[0])
        content = _patch(rows[0]) if is_single else _bulk_file(rows)
        operation = UPDATE_CUSTOMER if is_single else UPDATE_CUSTOMERS
        body, kind = (
            (content, "application/json")
            if is_single
            else multipart(f"customer-update-{attempt_id}.csv", content, "text/csv")
        )
        self._journal.begin_attempt(
            attempt_id,
            self._plan.id,
            rows,
            operation=operation.name,
            body_sha256=hashlib.sha256(body).hexdigest(),
            at=time.time(),
        )
        try:
            answer = self._calls.write(
                operation,
                attempt_id=attempt_id,
                path={KEY: rows[0].key} if is_single else None,
                query={"parentCompanyId": self._calls.profile.company_id},
                content=body,
                content_type=kind,
            )
        except ArkitError as error:
            if error.server_state == "nothing_sent":
                self._journal.withdraw_attempt(attempt_id)
                self._move(Move(row, State.PLANNED, error.message) for row in rows)
                raise
            reason = f"{error.message} Whether it was done is not known."
            self._move(Move(row, State.IN_DOUBT, reason) for row in rows)
            return
        finally:
            self._silent_since = time.monotonic()
        self._journal.store_answer(attempt_id, answer.status, answer.body)
        verdict = self._verdict(answer, rows, is_single=is_single)
        self._move(moves.judged(row, verdict) for row in rows)

    def _verdict(self, answer: Answer, rows: list[Row], *, is_single: bool) -> Verdict:
        keys = {row.key for row in rows}
        if is_single:
            return answers.of_single(answer, rows[0].key, where=UPDATE_CUSTOMER.name)
        summary = answers.summary(answer, keys, where=UPDATE_CUSTOMERS.name)
        if summary.verdict:
            return summary.verdict
        try:
            content = self._calls.result_file(summary.failure_file_url)
        except ArkitError as error:
            return Verdict(doubt=f"The server refused rows; its file of them cannot be had: {error.message}")
        return answers.of_failures(content, summary.failures, keys)

    def _settle(self) -> None:
        """Resolve every row whose outcome is open; waits until nothing of ours can be under way."""
        self._read_back()
        if not self._in(*UNSETTLED):
            return
        left_s = self._silent_since + self._calls.profile.quiescence_s - time.monotonic()
        while left_s > 0 and (rows := self._in(*UNSETTLED)):
            if self._should_stop():
                return
            self._tell(f"{len(rows)} rows are open; in {left_s:.0f} s nothing of ours can be under way.")
            pause_s = min(left_s, POLL_S)
            time.sleep(pause_s)
            left_s -= pause_s
            if left_s > 0:
                self._read_back()
        self._decide()

    def _read_back(self) -> None:
        """Rows that hold the target are proved, whatever else is known of them."""
        rows = self._in(*UNSETTLED)
        current = self._current(rows)
        proved = [row for row in rows if (now := current.get(row.key)) and moves.holds(now, row.target)]
        note = "Done, although the server said it was not."
        self._move(Move(row, State.VERIFIED, note if row.refusal else "") for row in proved)

    def _decide(self) -> None:
        """Two reads after the quiescence window: what is still old now stays old."""
        rows = self._in(*UNSETTLED)
        first, second = self._current(rows), self._current(rows)
        sendings = self._journal.attempts_of(self._plan.id)
        self._move(
            moves.decided(row, first.get(row.key), second.get(row.key), sendings.get(row.source_row, 0))
            for row in rows
        )

    def _current(self, rows: Iterable[Row]) -> dict[str, Fields]:
        keys = [row.key for row in rows]
        return values_by_customer(self._customers.snapshot(keys)) if keys else {}

    def _in(self, *states: State) -> list[Row]:
        return self._journal.rows(self._plan.id, states=states)

    def _are_all(self, rows: list[Row], *states: State) -> bool:
        return {row.source_row for row in rows} <= {row.source_row for row in self._in(*states)}

    def _move(self, steps: Iterable[Move]) -> None:
        self._journal.move(self._plan.id, list(steps))

    def _tell(self, sentence: str) -> None:
        if self._on_progress:
            self._on_progress(self._journal.counts(self._plan.id), sentence)


def _require_settled(journal: Journal, plan: Stored) -> None:
    """Two plans could touch one record: while another is in doubt, nothing is sent."""
    for other in journal.unfinished(plan.account):
        if other.id != plan.id and journal.rows(other.id, states=UNSETTLED):
            raise JournalError(
                f"plan …{other.id[-6:]} has rows in doubt.",
                code="unsettled",
                where=f"plan …{plan.id[-6:]}",
                next_step="Nothing was sent. Run arkit resume first.",
            )


def _patch(row: Row) -> bytes:
    """The fields of one row as JSON; null clears, which the bulk file has no documented way to say."""
    fields = {
        name: [code.strip() for code in value.split(";")] if name == "branchCodes" and value else value
        for name, value in row.target.items()
    }
    return json.dumps(fields, ensure_ascii=False).encode()


def _bulk_file(rows: list[Row]) -> bytes:
    """The rows as the server's file: values as written, a blank cell leaves the field."""
    fields = [name for name in FIELDS if any(name in row.target for row in rows)]
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([KEY, *fields])
    writer.writerows([row.key, *(row.target.get(name, "") for name in fields)] for row in rows)
    return text.getvalue().encode()
