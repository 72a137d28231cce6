"""Rows of the table as the contract's `Invoice`, already as JSON text.

A page of 5,000 is 6 MB. SQLite writes what is each invoice's own, in one call per row; what many of them
share (people, statuses, the customer) is written once and put beside it.
"""

import json
import sqlite3
from collections.abc import Iterable, Sequence

import msgspec

from .listings import rows_at

MONEY = ("balanceAmount", "baseAmount", "cgst", "igst", "netAmount", "sgst", "tds", "totalReceived")
STATUSES = ("approvalStatus", "payoutStatus", "receivableStatus")
FLAGS = ("dispatched", "partialPaymentAllowed")
# Made or checked by this server, so that they hold nothing to escape.
PLAIN = (
    "createdBy",
    "createdOn",
    "customerId",
    "dueDate",
    "invoiceDate",
    "invoiceId",
    "modifiedBy",
    "modifiedOn",
)
TEXTS = (
    "attachmentUrl",
    "description",
    "externalId",
    "invoiceNumber",
    "payableReferenceId",
    "poNumber",
    "via",
)
# Columns of the table that are members of the record.
STORED = (*PLAIN, *TEXTS, *FLAGS, "dispatchedOn", *MONEY, *STATUSES)


def _own_members() -> str:
    """The SQL of a JSON object that is still open at its end."""
    formats = [f'"{name}":"%s"' for name in PLAIN]
    values = [f"invoice.{name}" for name in PLAIN]
    for name in TEXTS:
        formats.append(f'"{name}":%s')
        values.append(f"json_quote(invoice.{name})")
    for name in FLAGS:
        formats.append(f'"{name}":%s')
        values.append(f"CASE WHEN invoice.{name} THEN 'true' ELSE 'false' END")
    for name in MONEY:
        formats.append(f'"{name}":%s%d.%02d')
        values.append(f"CASE WHEN invoice.{name} < 0 THEN '-' END")
        values.append(f"abs(invoice.{name}) / 100, abs(invoice.{name}) % 100")
    formats += ['"paymentLink":"https://pay.example.com/i/%s"', '"invoiceAttachments":[]']
    values.append("invoice.invoiceId")
    # The contract knows no null here: an invoice that was not dispatched has no such instant.
    formats.append("%s")
    values.append("""'"dispatchedOn":"' || invoice.dispatchedOn || '",'""")
    return f"printf('{{{','.join(formats)}', {', '.join(values)})"


# What is its own, whose it is, and what it shares with many.
SELECTED = (
    f"{_own_members()}, invoice.customerId,"
    f" json_array({', '.join(f'invoice.{name}' for name in ('createdBy', 'modifiedBy', *STATUSES))})"
)


def one(connection: sqlite3.Connection, invoice_id: str, company_id: str) -> msgspec.Raw | None:
    """The living invoice with that id."""
    query = "SELECT rowid FROM invoice WHERE invoiceId = ? AND deleted = 0"
    place = connection.execute(query, (invoice_id,)).fetchone()
    return records_at(connection, list(place), company_id)[0] if place else None


def records_at(connection: sqlite3.Connection, places: Sequence[int], company_id: str) -> list[msgspec.Raw]:
    """The invoices at these places, in that order."""
    cursor = rows_at(connection, "invoice", SELECTED, places)
    # Plain tuples: a page of named rows takes noticeably longer.
    cursor.row_factory = None
    rows: list[tuple[str, str, str]] = cursor.fetchall()
    people = {row["personId"]: row for row in connection.execute("SELECT * FROM person")}
    customers = _customers(connection, {customer_id for _, customer_id, _ in rows}, company_id)
    shared = {key: _shared(people, *json.loads(key)) for key in {key for _, _, key in rows}}
    return [msgspec.Raw(f"{own}{customers[customer_id]},{shared[key]}}}") for own, customer_id, key in rows]


def _customers(
    connection: sqlite3.Connection, customer_ids: Iterable[str], company_id: str
) -> dict[str, str]:
    """What an invoice says of its customer and of whose customer he is, for each of them."""
    rows = connection.execute(
        """SELECT customerId, printf('"customerLegalName":%s,"hasKeyContacts":%s,"sellerId":"%s"',"""
        " json_quote(legalName), CASE WHEN EXISTS (SELECT 1 FROM contact"
        " WHERE contact.customerId = customer.customerId AND contact.deleted = 0)"
        " THEN 'true' ELSE 'false' END, ?)"
        " FROM customer WHERE customerId IN (SELECT value FROM json_each(?))",
        (company_id, json.dumps(sorted(customer_ids))),
    )
    return dict(rows.fetchall())


def _shared(people: dict[str, sqlite3.Row], created_by: str, modified_by: str, *statuses: str) -> str:
    """Its people and its statuses."""
    creator, modifier = people[created_by], people[modified_by]
    record: dict[str, object] = {
        "createdByEmail": creator["email"],
        "createdByMobile": creator["mobile"],
        "createdByName": creator["name"],
        "modifiedByEmail": modifier["email"],
        "modifiedByMobile": modifier["mobile"],
        "modifiedByName": modifier["name"],
    }
    for name, status in zip(STATUSES, statuses, strict=True):
        record[name] = {"label": status.replace("_", " ").capitalize(), "name": status}
    return msgspec.json.encode(record).decode()[1:-1]
