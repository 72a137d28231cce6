"""Invoices: search and reading one."""

import json
import math
import re
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from . import bodies, contract
from .answers import INDIA, SubError, invalid, not_found
from .call import Call

MONEY = ("balanceAmount", "baseAmount", "cgst", "igst", "netAmount", "sgst", "tds", "totalReceived")
STATUSES = ("approvalStatus", "payoutStatus", "receivableStatus")

# Columns of the table that go out as they are; money and statuses are dressed below.
STORED = (
    "attachmentUrl",
    "createdBy",
    "createdOn",
    "customerId",
    "description",
    "dispatched",
    "dispatchedOn",
    "dueDate",
    "externalId",
    "invoiceDate",
    "invoiceId",
    "invoiceNumber",
    "modifiedBy",
    "modifiedOn",
    "partialPaymentAllowed",
    "payableReferenceId",
    "poNumber",
    "via",
    *MONEY,
    *STATUSES,
)
SELECTED = ", ".join(f"invoice.{name}" for name in STORED)


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
    values = _filter_values(filters)
    condition = " AND ".join(["deleted = 0", *(FILTERS[name] for name in filters)])
    order = f"{ORDERS[page.order_by]} {page.direction}, invoice.invoiceId {page.direction}"
    with call.service.store.read() as connection:
        (total,) = connection.execute(f"SELECT COUNT(*) FROM invoice WHERE {condition}", values).fetchone()  # noqa: S608
        # The places are found first, in an index if possible: skipped rows are never read.
        rows = connection.execute(
            f"SELECT {SELECTED} FROM (SELECT rowid AS place FROM invoice WHERE {condition}"  # noqa: S608
            f" ORDER BY {order} LIMIT ? OFFSET ?) JOIN invoice ON invoice.rowid = place ORDER BY {order}",
            (*values, page.limit, page.offset),
        ).fetchall()
        return {"invoices": _records(connection, rows, call.service.company_id), "totalCount": total}


def read(call: Call) -> object:
    """One invoice."""
    contract.check_company(call.query("sellerId"), "sellerId", call.service.company_id)
    with call.service.store.read() as connection:
        rows = connection.execute(
            f"SELECT {SELECTED} FROM invoice WHERE invoiceId = ? AND deleted = 0",  # noqa: S608
            (call.path["invoiceId"],),
        ).fetchall()
        records = _records(connection, rows, call.service.company_id)
    if not records:
        raise not_found("there is no such invoice")
    return records[0]


def _records(
    connection: sqlite3.Connection, rows: Sequence[sqlite3.Row], company_id: str
) -> list[dict[str, object]]:
    """Rows as the contract's `Invoice`."""
    people = {row["personId"]: row for row in connection.execute("SELECT * FROM person")}
    customers = _customers(connection, {row["customerId"] for row in rows})
    records: list[dict[str, object]] = []
    for row in rows:
        record: dict[str, Any] = dict(zip(STORED, row, strict=True))
        for name in MONEY:
            record[name] = Decimal(record[name]).scaleb(-2)
        for name in STATUSES:
            record[name] = _status(record[name])
        record["dispatched"] = bool(record["dispatched"])
        record["partialPaymentAllowed"] = bool(record["partialPaymentAllowed"])
        # The contract knows no null here: an invoice that was not dispatched has no such instant.
        if record["dispatchedOn"] is None:
            del record["dispatchedOn"]
        creator, modifier = people[record["createdBy"]], people[record["modifiedBy"]]
        record |= {
            **customers[record["customerId"]],
            "createdByEmail": creator["email"],
            "createdByMobile": creator["mobile"],
            "createdByName": creator["name"],
            "invoiceAttachments": [],
            "modifiedByEmail": modifier["email"],
            "modifiedByMobile": modifier["mobile"],
            "modifiedByName": modifier["name"],
            "paymentLink": f"https://pay.example.com/i/{record['invoiceId']}",
            "sellerId": company_id,
        }
        records.append(record)
    return records


def _customers(connection: sqlite3.Connection, customer_ids: Iterable[str]) -> dict[str, dict[str, object]]:
    """What an invoice says of its customer, for each of them."""
    rows = connection.execute(
        "SELECT customerId, legalName, EXISTS (SELECT 1 FROM contact"
        " WHERE contact.customerId = customer.customerId AND contact.deleted = 0) AS hasKeyContacts"
        " FROM customer WHERE customerId IN (SELECT value FROM json_each(?))",
        (json.dumps(list(customer_ids)),),
    )
    return {
        row["customerId"]: {
            "customerLegalName": row["legalName"],
            "hasKeyContacts": bool(row["hasKeyContacts"]),
        }
        for row in rows
    }


@cache
def _status(name: str) -> dict[str, str]:
    return {"label": name.replace("_", " ").capitalize(), "name": name}


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
