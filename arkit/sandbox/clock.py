"""The company's clock: the evening of `SEEDED_ON` when it was seeded, and running on from there."""

import sqlite3
from datetime import UTC, datetime

from .company import DAY_S, SEEDED_AT

FORWARD = "clockForwardDays"


def now(connection: sqlite3.Connection) -> int:
    """The company's time in seconds since 1970, the same for every process on the file."""
    facts = dict(connection.execute("SELECT name, value FROM fact WHERE name IN ('seededAt', ?)", (FORWARD,)))
    passed = datetime.now(UTC).timestamp() - float(facts["seededAt"])
    return SEEDED_AT + int(passed) + int(facts.get(FORWARD, 0)) * DAY_S


def set_forward(connection: sqlite3.Connection, days: int) -> None:
    """Let so many days pass at once."""
    connection.execute(
        "INSERT INTO fact VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = value + excluded.value",
        (FORWARD, str(days)),
    )
