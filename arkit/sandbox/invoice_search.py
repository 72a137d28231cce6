"""Searching invoices: filters, orders, one page."""

import json
import math
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial

from . import bodies, contract, searching
from .answers import INDIA, SubError, invalid
from .call import Call
from .invoice_records import STORED, records_at
from .listings import Listing


def _of_person(column: str, role: str) -> str:
    return f"(SELECT {column} FROM person WHERE personId = invoice.{role})"  # noqa: S608


# Every field of an invoice, and what it is ordered by.
ORDERS = {
    **{name: f"invoice.{name}" for name in STORED},
    "createdByEmail": _of_person("email", "createdBy"),
    "createdByMobile": _of_person("mobile", "createdBy"),
    "createdByName": _of_person("name", "createdBy"),
    "customerLegalName": "(SELECT legalName FROM customer WHERE customer.customerId = invoice.customerId)",
    "hasKeyContacts": (
        "EXISTS (SELECT 1 FROM contact WHERE contact.customerId = invoice.customerId AND contact.deleted = 0)"
    ),
    "invoiceAttachments": "invoice.invoiceId",
    "modifiedByEmail": _of_person("email", "modifiedBy"),
    "modifiedByMobile": _of_person("mobile", "modifiedBy"),
    "modifiedByName": _of_person("name", "modifiedBy"),
    "paymentLink": "invoice.invoiceId",
    "sellerId": "invoice.invoiceId",
}

CUSTOMER_HAS = "customerId IN (SELECT customerId FROM customer WHERE {})"
FILTERS = {
    "approvalStatuses": "approvalStatus IN (SELECT value FROM json_each(?))",
    "balanceAmountFrom": "balanceAmount >= ?",
    "balanceAmountTo": "balanceAmount <= ?",
    "baseAmountFrom": "baseAmount >= ?",
    "baseAmountTo": "baseAmount <= ?",
    "collectionMode": "collectionMode IN (SELECT value FROM json_each(?))",
    "createdOnFrom": "createdOn >= ?",
    "createdOnTo": "createdOn <= ?",
    "createdVia": "via = ?",
    "customerDeleted": CUSTOMER_HAS.format("deleted = ?"),
    "customerIds": "customerId IN (SELECT value FROM json_each(?))",
    "customerLegalName": CUSTOMER_HAS.format("instr(folded(legalName), folded(?)) > 0"),
    "customerStatus": CUSTOMER_HAS.format("status = ?"),
    "dispatched": "dispatched = ?",
    "dispatchedOnFrom": "dispatchedOn >= ?",
    "dispatchedOnTo": "dispatchedOn <= ?",
    "dueDateFrom": "dueDate >= ?",
    "dueDateTo": "dueDate <= ?",
}


def search(call: Call) -> object:
    """One page of the invoices that meet every filter, and how many there are."""
    page = contract.page(call.query(*contract.PAGE_PARAMETERS), ORDERS, "invoiceId")
    filters = contract.members(call.body(bodies.InvoiceSearch))
    listing = Listing(
        "invoice",
        "invoiceId",
        [FILTERS[name] for name in filters],
        _filter_values(filters),
        ORDERS[page.order_by],
        page.direction,
    )
    return searching.payload(
        call, listing, page, "invoices", partial(records_at, company_id=call.service.company_id)
    )


def _filter_values(filters: dict[str, object]) -> list[object]:
    """What the conditions compare with: paise, seconds and days; VALIDATION_ERROR names what is no date."""
    values: list[object] = []
    errors: list[SubError] = []
    for name, value in filters.items():
        if isinstance(value, list):
            values.append(json.dumps(value))
        elif "Amount" in name:
            values.append(_paise(value, is_lowest=name.endswith("From")))
        elif name.endswith(("From", "To")):
            moment = _moment(str(value))
            if moment is None:
                errors.append(SubError(name, "must be a date and time, yyyy-MM-dd HH:mm:ss"))
            elif name.startswith("dueDate"):
                values.append(_first_day(moment, is_lowest=name.endswith("From")))
            else:
                values.append(_utc(moment))
        else:
            values.append(value)
    if errors:
        raise invalid(*errors)
    return values


def _paise(rupees: object, is_lowest: bool) -> int:
    """Rupees as the tightest bound in whole paise, cut to what SQLite can hold."""
    exact = Decimal(str(rupees))
    if abs(exact) > 2**53:
        return int(math.copysign(2**62, exact))
    return math.ceil(exact * 100) if is_lowest else math.floor(exact * 100)


def _moment(text: str) -> datetime | None:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}", text):
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007 - local time of the company
    except ValueError:
        return None


def _utc(moment: datetime) -> str:
    """A moment in India as it is stored; the first and last years on earth have no other zone."""
    if not datetime(2, 1, 1) < moment < datetime(9998, 1, 1):  # noqa: DTZ001
        return moment.isoformat()
    return moment.replace(tzinfo=INDIA).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _first_day(moment: datetime, is_lowest: bool) -> str:
    """A due day is its own midnight: the first, or the last, that lies within the bound."""
    if (
        is_lowest
        and (moment.hour, moment.minute, moment.second) != (0, 0, 0)
        and moment.date() != moment.max.date()
    ):
        moment += timedelta(days=1)
    return moment.date().isoformat()
