"""The reminder rules of the seeded company, and what they sent in its last three months."""

import random
import sqlite3
from collections.abc import Iterator

from . import dunning
from .company import DAY_S, SEEDED_AT, base_36, instant
from .identifiers import ALPHABET

# Days before the due day (negative: after it), days between repeats, and what the rule is called.
Rule = tuple[int, int | None, str]
BEFORE: Rule = (3, None, "BEFORE_DUE")
ON_THE_DAY: Rule = (0, None, "ON_DUE")
AFTER: Rule = (-7, None, "AFTER_DUE")
WEEKLY: Rule = (-1, 7, "AFTER_DUE")
FORTNIGHTLY: Rule = (-5, 14, "AFTER_DUE")

HABITS: list[list[Rule]] = [[], [BEFORE], [BEFORE, WEEKLY], [ON_THE_DAY, AFTER], [FORTNIGHTLY]]
HABIT_WEIGHTS = [40, 25, 15, 12, 8]
TIMES = ["09:30", "10:00", "11:00", "16:30"]
HISTORY_DAYS = 92
COLUMNS = (
    "customerReminderId, customerId, dueDateDifference, reminderInterval, reminderTime, reminderType,"
    " stage, createdOn"
)


def found(connection: sqlite3.Connection, seed: int) -> None:
    """Give rules to most customers; those of a few are old enough to have sent something."""
    customer_ids = [row[0] for row in connection.execute("SELECT customerId FROM customer ORDER BY rowid")]
    connection.executemany(
        f"INSERT INTO reminder ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
        _rows(random.Random(f"rules {seed}"), customer_ids),  # noqa: S311
    )
    dunning.begin(connection, SEEDED_AT - HISTORY_DAYS * DAY_S)
    dunning.catch_up(connection, SEEDED_AT)


def _rows(chance: random.Random, customer_ids: list[str]) -> Iterator[tuple[object, ...]]:
    for number, customer_id in enumerate(customer_ids):
        (habit,) = chance.choices(HABITS, HABIT_WEIGHTS)
        age_days = 200 if chance.random() < 0.1 else chance.randint(0, 10)
        made_on = instant(SEEDED_AT - age_days * DAY_S - chance.randint(0, 20_000))
        for place, (difference, interval, stage) in enumerate(habit):
            letters = "".join(chance.choices(ALPHABET, k=5))
            yield (
                f"CRM{base_36(number * 3 + place, 8)}{letters}",
                customer_id,
                difference,
                interval,
                chance.choice(TIMES),
                "RECURRING" if interval else "ONCE",
                stage,
                made_on,
            )
