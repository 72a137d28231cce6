"""What the fields of an invoice may hold, and what stands in one that was left out or cleared."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from . import amounts, identifiers
from .answers import INDIA, SubError

# Without one of these there is no invoice.
NEEDED = ("baseAmount", "customerId", "dueDate", "invoiceDate", "invoiceNumber")
# The smallest base of the contract, 0.1 rupees.
LEAST_BASE_PAISE = 10
# A cleared amount is found anew, as if the one that it follows from had been given.
FOLLOWED = {"netAmount": "baseAmount", "balanceAmount": "totalReceived"}
DEFAULTS: dict[str, object] = {
    "approvalStatus": "MAKER_APPROVAL_PENDING",
    "attachmentUrl": "",
    "balanceAmount": 0,
    "cgst": 0,
    "chargeCustomer": False,
    "description": "",
    "emailAddress": "",
    "externalId": "",
    "gstExclusive": True,
    "igst": 0,
    "mobileNumber": "",
    "netAmount": 0,
    "partialPaymentAllowed": False,
    "payableReferenceId": "",
    "poNumber": "",
    "receivableStatus": "",
    "sgst": 0,
    "tds": 0,
    "totalReceived": 0,
    "via": "API",
}

_DAY = re.compile(r"[12][0-9]{3}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(r"[12][0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9:.]{5,15}(Z|[+-][0-9]{2}:[0-9]{2})")


def faults(values: Mapping[str, object]) -> list[SubError]:
    """What is wrong with the values that were given; null passes here, since it clears."""
    errors: list[SubError] = []
    base, customer_id = values.get("baseAmount"), values.get("customerId")
    due, issued = values.get("dueDate"), values.get("invoiceDate")
    if isinstance(base, int) and base < LEAST_BASE_PAISE:
        errors.append(SubError("baseAmount", "must be at least 0.1"))
    if isinstance(customer_id, str) and not identifiers.CUSTOMER_ID.fullmatch(customer_id):
        errors.append(SubError("customerId", "is not a customer id"))
    if isinstance(due, str) and day(due) is None:
        errors.append(SubError("dueDate", "must be a day, yyyy-MM-dd"))
    if isinstance(issued, str) and instant(issued) is None:
        errors.append(SubError("invoiceDate", "must be a day or an instant, yyyy-MM-ddTHH:mm:ssZ"))
    return errors


def settled(before: Mapping[str, Any], wanted: Mapping[str, object]) -> dict[str, Any]:
    """The columns of an invoice after a change: what was given or cleared, and what follows from it."""
    row = {**before, **{name: DEFAULTS[name] if value is None else value for name, value in wanted.items()}}
    issued = instant(str(row["invoiceDate"]))
    assert issued is not None
    row["invoiceDate"] = issued.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    touched = {FOLLOWED.get(name, name) if value is None else name for name, value in wanted.items()}
    row |= amounts.following(row, touched)
    row["payoutStatus"] = amounts.status(row)
    is_moved = any(row[name] != before[name] for name in ("balanceAmount", "totalReceived"))
    is_own = row["receivableStatus"] in amounts.OWN_STATUSES and "receivableStatus" not in wanted
    if not row["receivableStatus"] or (is_own and is_moved):
        row["receivableStatus"] = row["payoutStatus"]
    return row


def day(text: str) -> date | None:
    """A day in the calendar, if it is one."""
    if not _DAY.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def instant(text: str) -> datetime | None:
    """An instant, if it is one; a day stands for its noon in India, when it is the same day in UTC."""
    try:
        if _DAY.fullmatch(text):
            return datetime.fromisoformat(f"{text}T12:00:00").replace(tzinfo=INDIA)
        return datetime.fromisoformat(text) if _INSTANT.fullmatch(text) else None
    except ValueError:
        return None
