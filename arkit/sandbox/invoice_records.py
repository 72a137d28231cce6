"""Rows of the table as the contract's `Invoice`, already as JSON text.

A page of 5,000 is 6 MB. SQLite writes what is each invoice's own, in one call per row; what many of them
share (people, statuses, the customer) is written once and put beside it.
"""

import json
import sqlite3
from collections.abc import Collection, Sequence
from functools import cache, partial

import msgspec

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


SELECTED = f"{_own_members()}, " + ", ".join(
    f"invoice.{name}" for name in ("customerId", "createdBy", "modifiedBy", *STATUSES)
)


def one(connection: sqlite3.Connection, invoice_id: str, company_id: str) -> msgspec.Raw | None:
    """The living invoice with that id."""
    rows = connection.execute(
        f"SELECT {SELECTED} FROM invoice WHERE invoiceId = ? AND deleted = 0",  # noqa: S608
        (invoice_id,),
    ).fetchall()
    return records(connection, rows, company_id)[0] if rows else None


def records(
    connection: sqlite3.Connection, rows: Sequence[sqlite3.Row], company_id: str
) -> list[msgspec.Raw]:
    """Rows of what is `SELECTED` as records."""
    people = {row["personId"]: row for row in connection.execute("SELECT * FROM person")}
    customers = _customers(connection, {customer_id for _, customer_id, *_ in rows}, company_id)
    shared = cache(partial(_shared, people))
    return [
        msgspec.Raw(f"{own}{customers[customer_id]},{shared(*keys)}}}") for own, customer_id, *keys in rows
    ]


def _customers(
    connection: sqlite3.Connection, customer_ids: Collection[str], company_id: str
) -> dict[str, str]:
    """What an invoice says of its customer and of whose customer he is, for each of them."""
    rows = connection.execute(
        "SELECT customerId, legalName, EXISTS (SELECT 1 FROM contact"
        " WHERE contact.customerId = customer.customerId AND contact.deleted = 0)"
        " FROM customer WHERE customerId IN (SELECT value FROM json_each(?))",
        (json.dumps(list(customer_ids)),),
    )
    return {
        customer_id: _members(
            {
                "customerLegalName": legal_name,
                "hasKeyContacts": bool(has_key_contacts),
                "sellerId": company_id,
            }
        )
        for customer_id, legal_name, has_key_contacts in rows
    }


def _shared(people: dict[str, sqlite3.Row], created_by: str, modified_by: str, *statuses: str) -> str:
    creator, modifier = people[created_by], people[modified_by]
    return _members(
        {
            "createdByEmail": creator["email"],
            "createdByMobile": creator["mobile"],
            "createdByName": creator["name"],
            "modifiedByEmail": modifier["email"],
            "modifiedByMobile": modifier["mobile"],
            "modifiedByName": modifier["name"],
            **{
                name: {"label": status.replace("_", " ").capitalize(), "name": status}
                for name, status in zip(STATUSES, statuses, strict=True)
            },
        }
    )


def _members(record: dict[str, object]) -> str:
    """An object's members without its braces."""
    return msgspec.json.encode(record).decode()[1:-1]
