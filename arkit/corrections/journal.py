"""The durable record of plans, rows, attempts and answers; the only place that writes state.

SQLite in rollback mode and synchronous to the utmost: the file may lie on a network home, and no byte of an
upload leaves before its record is on the disk.
"""

import hashlib
import json
import os
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from arkit.corrections.states import NEXT, UNSETTLED, State
from arkit.errors import JournalError, UsageError

VERSION = 1
NEVER_LEFT = 0
"""What stands for the status of an attempt of which nothing was sent."""
SHORTEST_PREFIX = 6

SCHEMA = """
CREATE TABLE plan (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, account TEXT NOT NULL, origin TEXT NOT NULL,
    file_name TEXT NOT NULL, file_sha256 TEXT NOT NULL, content_sha256 TEXT NOT NULL,
    created_at TEXT NOT NULL);
CREATE TABLE row (
    plan_id TEXT NOT NULL REFERENCES plan, source_row INTEGER NOT NULL, key TEXT NOT NULL,
    before TEXT NOT NULL, target TEXT NOT NULL, state TEXT NOT NULL, refusal TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '', PRIMARY KEY (plan_id, source_row));
CREATE TABLE attempt (
    id TEXT PRIMARY KEY, plan_id TEXT NOT NULL REFERENCES plan, operation TEXT NOT NULL,
    body_sha256 TEXT NOT NULL, sent_at REAL NOT NULL, status INTEGER, answer BLOB);
CREATE TABLE attempt_row (
    attempt_id TEXT NOT NULL REFERENCES attempt, source_row INTEGER NOT NULL,
    PRIMARY KEY (attempt_id, source_row));
CREATE TABLE event (
    number INTEGER PRIMARY KEY, plan_id TEXT NOT NULL, source_row INTEGER NOT NULL, was TEXT NOT NULL,
    became TEXT NOT NULL, reason TEXT NOT NULL, at TEXT NOT NULL);
"""

Fields = Mapping[str, str | None]


@dataclass(frozen=True)
class Row:
    """One record to correct: the fields it touches, before and after; None is an empty field.

    Attributes:
        refusal: why the server said that it did not do it; empty if it said nothing of the kind.
        reason: why the row is in its state, for people.
    """

    source_row: int
    key: str
    before: Fields = field(repr=False)
    target: Fields = field(repr=False)
    state: State = State.PLANNED
    refusal: str = field(default="", repr=False)
    reason: str = field(default="", repr=False)


class Move(NamedTuple):
    """A row on its way into another state."""

    row: Row
    state: State
    reason: str = ""
    refusal: str = ""


@dataclass(frozen=True)
class Stored:
    """A plan as the journal holds it."""

    id: str
    kind: str
    account: str
    origin: str
    file_name: str
    file_sha256: str
    content_sha256: str
    created_at: str


class Journal:
    """The journal of one workspace, open within a ``with`` block.

    Raises:
        JournalError: it cannot be opened, read or written; nothing may be sent then.
    """

    def __init__(self, workspace: Path) -> None:
        self.path = workspace / "journal.db"

    def __enter__(self) -> Self:
        with _guarded():
            # Made here, since SQLite would give a new file the mode of the umask.
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
            self._connection = sqlite3.connect(self.path, timeout=10, isolation_level=None)
            try:
                self._open()
            except BaseException:
                self._connection.close()
                raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    @contextmanager
    def sole_writer(self) -> Iterator[None]:
        """Hold the right to send, which one process has at a time; the system frees it if the process dies.

        Raises:
            JournalError: another process holds it, or the file is damaged.
        """
        import filelock  # noqa: PLC0415 - loads asyncio, which an import of arkit need not wait for

        lock = filelock.FileLock(self.path.with_suffix(".lock"), timeout=0, mode=0o600)
        try:
            lock.acquire()
        except filelock.Timeout as error:
            raise JournalError(
                "another process is applying a plan in this workspace.",
                code="locked",
                where=self.path.name,
                next_step="Wait until it has ended; nothing was sent by this one.",
            ) from error
        except OSError as error:
            raise _trouble(error) from error
        try:
            self._require_sound()
            yield
        finally:
            lock.release()

    def add_plan(self, plan: Stored, rows: Iterable[Row]) -> None:
        """Store a plan; one that is there already stays as it is."""
        values = (plan.id, plan.kind, plan.account, plan.origin, plan.file_name, plan.file_sha256)
        with self._transaction() as connection:
            if connection.execute("SELECT 1 FROM plan WHERE id = ?", (plan.id,)).fetchone():
                return
            connection.execute(
                "INSERT INTO plan VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (*values, plan.content_sha256, plan.created_at),
            )
            connection.executemany(
                "INSERT INTO row (plan_id, source_row, key, before, target, state, reason)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        plan.id,
                        row.source_row,
                        row.key,
                        _json(row.before),
                        _json(row.target),
                        row.state,
                        row.reason,
                    )
                    for row in rows
                ],
            )

    def plans(self) -> list[Stored]:
        """All plans, oldest first."""
        with _guarded():
            rows = self._connection.execute("SELECT * FROM plan ORDER BY created_at, id").fetchall()
        return [Stored(**row) for row in rows]

    def find(self, plan_id: str) -> Stored:
        """The plan of this id, or of an id that begins so.

        Raises:
            UsageError: there is none, or more than one.
        """
        found = [plan for plan in self.plans() if plan.id.startswith(plan_id)]
        if len(plan_id) < SHORTEST_PREFIX or len(found) != 1:
            raise UsageError(
                f"{len(found)} plans have an id that begins so."
                if len(plan_id) >= SHORTEST_PREFIX
                else f"a plan is named by its id, or at least {SHORTEST_PREFIX} characters of it.",
                code="plan_unknown",
                next_step="See arkit status for the plans of this workspace.",
            )
        return found[0]

    def rows(self, plan_id: str, *, states: Collection[State] = frozenset(State)) -> list[Row]:
        """The rows of a plan that are in these states, all of them by default, in the order of the file."""
        with _guarded():
            rows = self._connection.execute(
                "SELECT source_row, key, before, target, state, refusal, reason FROM row"
                " WHERE plan_id = ? AND state IN (SELECT value FROM json_each(?)) ORDER BY source_row",
                (plan_id, json.dumps(list(states))),
            ).fetchall()
            return [
                Row(
                    row["source_row"],
                    row["key"],
                    json.loads(row["before"]),
                    json.loads(row["target"]),
                    State(row["state"]),
                    row["refusal"],
                    row["reason"],
                )
                for row in rows
            ]

    def counts(self, plan_id: str) -> dict[str, int]:
        """Rows by state, in the order in which a row passes the states; states without rows are absent."""
        with _guarded():
            found = dict(
                self._connection.execute(
                    "SELECT state, COUNT(*) FROM row WHERE plan_id = ? GROUP BY state", (plan_id,)
                ).fetchall()
            )
        return {state.value: found[state] for state in State if state in found}

    def require_unaltered(self, plan: Stored) -> None:
        """Make sure that the rows of a plan ask for what they asked for when it was stored.

        Raises:
            JournalError: they do not.
        """
        if content_sha256(plan.kind, plan.account, self.rows(plan.id)) != plan.content_sha256:
            raise _damaged(f"plan …{plan.id[-6:]} has other rows than it was made of")

    def begin_attempt(
        self,
        attempt_id: str,
        plan_id: str,
        rows: Iterable[Row],
        *,
        operation: str,
        body_sha256: str,
        at: float,
    ) -> None:
        """Write ahead: these rows are about to be sent. No byte may leave before this has returned."""
        with self._transaction() as connection:
            connection.execute(
                "INSERT INTO attempt (id, plan_id, operation, body_sha256, sent_at) VALUES (?, ?, ?, ?, ?)",
                (attempt_id, plan_id, operation, body_sha256, at),
            )
            for row in rows:
                connection.execute("INSERT INTO attempt_row VALUES (?, ?)", (attempt_id, row.source_row))
                self._move(connection, plan_id, Move(row, State.SENT))

    def store_answer(self, attempt_id: str, status: int, body: bytes) -> None:
        """Keep the raw answer before anything is concluded from it."""
        with self._transaction() as connection:
            connection.execute(
                "UPDATE attempt SET status = ?, answer = ? WHERE id = ?", (status, body, attempt_id)
            )

    def withdraw_attempt(self, attempt_id: str) -> None:
        """Record that no byte of an attempt has left this machine."""
        with self._transaction() as connection:
            connection.execute("UPDATE attempt SET status = ? WHERE id = ?", (NEVER_LEFT, attempt_id))

    def move(self, plan_id: str, moves: Iterable[Move]) -> None:
        """Bring rows into other states, all of them or none."""
        with self._transaction() as connection:
            for move in moves:
                self._move(connection, plan_id, move)

    def attempts_of(self, plan_id: str) -> dict[int, int]:
        """How often each row was sent, by source row; rows never sent are absent."""
        with _guarded():
            return dict(
                self._connection.execute(
                    "SELECT source_row, COUNT(*) FROM attempt_row JOIN attempt ON attempt.id = attempt_id"
                    " WHERE plan_id = ? AND COALESCE(status, 1) <> ? GROUP BY source_row",
                    (plan_id, NEVER_LEFT),
                ).fetchall()
            )

    def last_sent_at(self, plan_id: str) -> float:
        """When the plan's last attempt began, in seconds since 1970; 0 if there was none."""
        with _guarded():
            (at,) = self._connection.execute(
                "SELECT COALESCE(MAX(sent_at), 0) FROM attempt WHERE plan_id = ?", (plan_id,)
            ).fetchone()
        return float(at)

    def unfinished(self, account: str) -> list[Stored]:
        """Plans of the account that were begun and have rows which are not in a terminal state."""
        return [
            plan
            for plan in self.plans()
            if plan.account == account
            and self.last_sent_at(plan.id)
            and self.rows(plan.id, states=UNSETTLED | {State.PLANNED})
        ]

    def _require_sound(self) -> None:
        with _guarded():
            (found,) = self._connection.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise _damaged("its pages do not belong together")

    def _open(self) -> None:
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode = DELETE")
        self._connection.execute("PRAGMA synchronous = EXTRA")
        version = self._version() or self._found()
        if version != VERSION:
            raise JournalError(
                f"it was written by another version of arkit (format {version}).",
                code="journal_version",
                where=self.path.name,
                next_step="Use that version, or choose another ARKIT_WORKSPACE.",
            )

    def _version(self) -> int:
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        return int(version)

    def _found(self) -> int:
        with self._transaction() as connection:
            # Another process may have been faster.
            if version := self._version():
                return version
            if connection.execute("SELECT 1 FROM sqlite_master").fetchone():
                raise _damaged("it is a database of something else")
            for statement in SCHEMA.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {VERSION}")
        return VERSION

    @staticmethod
    def _move(connection: sqlite3.Connection, plan_id: str, move: Move) -> None:
        place = (plan_id, move.row.source_row)
        found = connection.execute(
            "SELECT state FROM row WHERE plan_id = ? AND source_row = ?", place
        ).fetchone()
        if found is None:
            raise _damaged(f"row {move.row.source_row} is missing from its plan")
        was = State(found["state"])
        if move.state not in NEXT[was]:
            raise _damaged(f"row {move.row.source_row} is {was}, which {move.state} never follows")
        connection.execute(
            "UPDATE row SET state = ?, reason = ?, refusal = ? WHERE plan_id = ? AND source_row = ?",
            (move.state, move.reason, move.refusal, *place),
        )
        connection.execute(
            "INSERT INTO event (plan_id, source_row, was, became, reason, at) VALUES (?, ?, ?, ?, ?, ?)",
            (*place, was, move.state, move.reason, datetime.now(UTC).isoformat()),
        )

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with _guarded():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")


def content_sha256(kind: str, account: str, rows: Iterable[Row]) -> str:
    """What a plan asks for, whatever became of it, as one number."""
    content = [[row.source_row, row.key, dict(row.before), dict(row.target)] for row in rows]
    canonical = json.dumps([kind, account, content], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _json(fields: Fields) -> str:
    return json.dumps(dict(fields), ensure_ascii=False, sort_keys=True)


@contextmanager
def _guarded() -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError, ValueError, TypeError) as error:
        # The last two: a value in a damaged file is of another kind than was stored.
        raise _trouble(error) from error


def _damaged(fault: str) -> JournalError:
    return JournalError(
        f"the journal is not as arkit left it: {fault}.",
        code="journal_damaged",
        where="journal.db",
        next_step="Nothing more was sent. Keep the file, and ask for help before anything is sent again.",
    )


def _trouble(error: Exception) -> JournalError:
    return JournalError(
        f"the journal cannot be used ({type(error).__name__}: {error}).",
        code="journal",
        where="journal.db",
        next_step="Check the disk and ARKIT_WORKSPACE; nothing more was sent.",
    )
