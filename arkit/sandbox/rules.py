"""When a reminder rule falls due for an invoice. Pure: days and times in, instants out.

The contract has "days between reminder and due date" and no sign. Here a positive `dueDateDifference` lies
before the due day and a negative one after it, as in a subtraction: due day - reminder day.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from .answers import INDIA

# A rule that repeats does so at most so many times after its first moment.
MOST_REPEATS = 30
# The time of day of a rule that has none, which is the example of the contract.
USUAL_TIME = "10:00"


@dataclass(frozen=True)
class Rule:
    """One reminder rule; the time is Indian. Without an interval it does not repeat."""

    difference_days: int
    time_of_day: str | None
    interval_days: int | None
    is_recurring: bool

    @property
    def repeats(self) -> int:
        """How often it comes back after its first moment."""
        return MOST_REPEATS if self.is_recurring and self.interval_days else 0


def moments(rule: Rule, due: date, after: datetime, until: datetime) -> Iterator[datetime]:
    """The moments later than `after` and not later than `until`, in their order."""
    first = due - timedelta(days=rule.difference_days)
    step = rule.interval_days or 1
    # Of many repeats only those near the window are looked at.
    earliest = max(0, (after.astimezone(INDIA).date() - first).days // step)
    latest = min(rule.repeats, (until.astimezone(INDIA).date() - first).days // step)
    at = time.fromisoformat(rule.time_of_day or USUAL_TIME)
    for repeat in range(earliest, latest + 1):
        moment = datetime.combine(first + timedelta(days=repeat * step), at, tzinfo=INDIA)
        if after < moment <= until:
            yield moment
