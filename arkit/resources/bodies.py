"""What goes out in the body of a request, and what a parameter must be to go out."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, fields
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Any
from zoneinfo import ZoneInfo

from arkit.columns import IST, camel
from arkit.errors import UsageError

Day = str | dt.date
Amount = Decimal | int | str


class Leave(Enum):
    """The type of `LEAVE`."""

    LEAVE = "leave"


LEAVE = Leave.LEAVE
"""In an update: leave the field as it is. None clears it."""


@dataclass(frozen=True, kw_only=True)
class KeyContact:
    """A contact person of a customer, to be created, or to be changed if it bears an id.

    Only the channels that are enabled take reminders. ``deleted`` marks the person as removed. The repr shows
    no personal data.
    """

    name: str
    mobile: str
    legal_name: str
    email: str | None = None
    mail_enabled: bool | None = None
    sms_enabled: bool | None = None
    whatsapp_enabled: bool | None = None
    key_contact_person_id: str | None = None
    via: str | None = None
    deleted: bool = False

    def __repr__(self) -> str:
        return "<key contact>"


@dataclass(frozen=True, kw_only=True)
class ReminderRule:
    """When a customer is reminded: the API documents neither the sign nor the unit of the two numbers.

    Attributes:
        reminder_type: ``ONCE`` or ``RECURRING``.
        due_date_difference: days between the reminder and the due date.
        reminder_interval: gap between repeats, presumably in days.
        reminder_time: a time of day, ``HH:mm``.
    """

    reminder_type: str | None = None
    due_date_difference: int | None = None
    reminder_interval: int | None = None
    reminder_time: str | None = None
    stage: str | None = None
    customer_reminder_id: str | None = None


_SNAKE = frozenset({"mail_enabled", "sms_enabled", "whatsapp_enabled"})
"""Members that the API itself writes with underscores."""


def given(**values: Any) -> dict[str, Any]:
    """A body of the values that are not None, under the API's names."""
    return {_member(name): _wire(value) for name, value in values.items() if value is not None}


def changed(**values: Any) -> dict[str, Any]:
    """A body of the values that are not `LEAVE`, under the API's names; None goes out as null and clears.

    Raises:
        UsageError: there are none.
    """
    body = {_member(name): _wire(value) for name, value in values.items() if value is not LEAVE}
    if not body:
        raise UsageError(
            "nothing is to be changed.",
            code="no_change",
            next_step="Give at least one field; None clears it.",
        )
    return body


def amount(name: str, value: Amount | None) -> Decimal | None:
    """An amount of rupees, exact.

    Raises:
        UsageError: it is a float or no number, or has more than two decimals.
    """
    if value is None:
        return None
    try:
        if isinstance(value, bool | float):
            raise TypeError
        rupees = Decimal(value)
        if not rupees.is_finite() or rupees != (exact := rupees.quantize(Decimal("0.01"))):
            raise ValueError
    except (InvalidOperation, ValueError, TypeError) as error:
        raise UsageError(
            f"{name} must be an exact amount with two decimals at most: Decimal, whole number or text.",
            code="amount",
            next_step=f"Write it as text, such as '1180.50', or as a Decimal; {name} is no float.",
        ) from error
    return exact


def changed_amount(name: str, value: Amount | Leave | None) -> Decimal | Leave | None:
    """`amount` of a field in an update."""
    return LEAVE if value is LEAVE else amount(name, value)


def day(name: str, value: Day | None) -> str | None:
    """A date as ``yyyy-MM-dd``.

    Raises:
        UsageError: it is none.
    """
    if value is None:
        return None
    try:
        return (value if isinstance(value, dt.date) else dt.date.fromisoformat(value)).strftime("%Y-%m-%d")
    except (ValueError, TypeError) as error:
        raise UsageError(
            f"{name} must be a date written yyyy-MM-dd.", code="date", next_step=f"Correct {name}."
        ) from error


def changed_day(name: str, value: Day | Leave | None) -> str | Leave | None:
    """`day` of a field in an update."""
    return LEAVE if value is LEAVE else day(name, value)


def moments(name: str, first: Day | None, last: Day | None) -> dict[str, str]:
    """The two filters of a span, ``yyyy-MM-dd HH:mm:ss`` in India; a day counts from its start to its end."""
    edges = {"From": (f"{name}_from", first, "00:00:00"), "To": (f"{name}_to", last, "23:59:59")}
    return {
        end: _moment(parameter, value, time)
        for end, (parameter, value, time) in edges.items()
        if value is not None
    }


def ids(name: str, values: Iterable[str]) -> list[str]:
    """Ids, each once, in order.

    Raises:
        UsageError: it is one text, or holds what is no text.
    """
    found = [] if isinstance(values, str) else list(values)
    if isinstance(values, str) or not all(isinstance(value, str) for value in found):
        raise UsageError(
            f"{name} must be a list of ids, not one text, and none of them missing.",
            code="ids",
            next_step="Put it in a list, without what is no id.",
        )
    return sorted(set(found))


def some_ids(name: str, values: Iterable[str]) -> list[str]:
    """`ids` of what is to be done something to; a server might take none at all for all that there are.

    Raises:
        UsageError: it is one text, holds what is no text, or is empty.
    """
    found = ids(name, values)
    if not found:
        raise UsageError(f"{name} is empty.", code="ids", next_step="Give at least one id.")
    return found


def _moment(name: str, value: Day, time: str) -> str:
    if isinstance(value, dt.datetime):
        value = value.astimezone(ZoneInfo(IST)) if value.tzinfo else value
        # What pandas writes for no moment counts as a moment of Python's, but is no day.
        return f"{day(name, value)} {value:%H:%M:%S}"
    return f"{day(name, value)} {time}"


def _member(name: str) -> str:
    return name if name in _SNAKE else camel(name)


def _wire(value: Any) -> Any:
    if isinstance(value, KeyContact | ReminderRule):
        return given(**{field.name: getattr(value, field.name) for field in fields(value)})
    if isinstance(value, list | tuple):
        return [_wire(item) for item in value]
    return value
