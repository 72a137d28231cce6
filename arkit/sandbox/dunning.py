"""Reminders that fall due while the company's clock runs.

Nobody watches the clock. Before anything is changed, and before messages are read, what fell due since the
last time is worked out: until then the company was as it is now. So every moment is met once, in its state.
"""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import NamedTuple

from . import messages, rules
from .answers import INDIA
from .company import instant
from .rules import Rule

UNTIL = "remindedUntil"

# Pairs of a rule and an invoice whose due day allows a moment between the two days of the window. `closedOn`
# is when a paid invoice was last touched, which for the seeded ones is their payment.
PAIRS = f"""
SELECT customerReminderId, reminder.customerId, invoiceId, dueDate, reminder.createdOn AS ruledOn,
    CASE WHEN balanceAmount <= 0 THEN modifiedOn END AS closedOn,
    dueDateDifference, reminderTime, reminderInterval, reminderType
FROM reminder JOIN invoice USING (customerId)
WHERE reminder.deleted = 0 AND invoice.deleted = 0 AND dispatched AND dueDateDifference IS NOT NULL
    AND dueDate <= date(:last_day, dueDateDifference || ' days')
    AND dueDate >= date(:first_day, (dueDateDifference - CASE reminderType WHEN 'RECURRING'
        THEN {rules.MOST_REPEATS} * COALESCE(reminderInterval, 0) ELSE 0 END) || ' days')
"""  # noqa: S608


class Due(NamedTuple):
    """A reminder that has to go out."""

    at: str
    reminder_id: str
    invoice_id: str
    customer_id: str


def begin(connection: sqlite3.Connection, since: int) -> None:
    """Let what fell due before be forgotten."""
    connection.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", (UNTIL, str(since)))


def catch_up(connection: sqlite3.Connection, now: int) -> None:
    """Send the reminders that fell due since the last time."""
    (last,) = connection.execute("SELECT value FROM fact WHERE name = ?", (UNTIL,)).fetchone()
    since = int(last)
    # Moments are whole minutes.
    if now // 60 == since // 60:
        return
    for due in sorted(_fallen_due(connection, since, now)):
        messages.send(connection, "REMINDER", due.customer_id, due.invoice_id, due.at, due.reminder_id)
    begin(connection, now)


def _fallen_due(connection: sqlite3.Connection, since: int, now: int) -> Iterator[Due]:
    after, until = (datetime.fromtimestamp(seconds, UTC) for seconds in (since, now))
    days = {"first_day": _day(after), "last_day": _day(until)}
    for row in connection.execute(PAIRS, days):
        rule = Rule(
            row["dueDateDifference"],
            row["reminderTime"],
            row["reminderInterval"],
            row["reminderType"] == "RECURRING",
        )
        ruled = datetime.fromisoformat(row["ruledOn"])
        for moment in rules.moments(rule, date.fromisoformat(row["dueDate"]), max(after, ruled), until):
            at = instant(int(moment.timestamp()))
            if row["closedOn"] is None or at < row["closedOn"]:
                yield Due(at, row["customerReminderId"], row["invoiceId"], row["customerId"])


def _day(moment: datetime) -> str:
    return moment.astimezone(INDIA).date().isoformat()
