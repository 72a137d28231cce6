"""Invoices as they are stored: found, made, changed, dispatched, deleted. Money is whole paise."""

import sqlite3
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from . import customers, fields, history, invoice_fields, messages, numbering
from .answers import SubError, not_found, unprocessable
from .company import PEOPLE
from .history import Record
from .invoice_records import MONEY
from .stamps import Stamp
from .store import insert, update

FLAGS = ("chargeCustomer", "deleted", "dispatched", "gstExclusive", "partialPaymentAllowed")
USER = PEOPLE[0][0]


def find(connection: sqlite3.Connection, invoice_id: str) -> dict[str, Any]:
    """The columns of a living invoice; refused if there is none."""
    row = connection.execute(
        "SELECT * FROM invoice WHERE invoiceId = ? AND deleted = 0", (invoice_id,)
    ).fetchone()
    if row is None:
        raise not_found(f"there is no such invoice: {invoice_id[:40]}")
    return dict(row)


def make(connection: sqlite3.Connection, wanted: Mapping[str, object], stamp: Stamp, via: str = "API") -> str:
    """Store a new invoice of valid values, and dispatch it if they say so; its id."""
    _check_customer(connection, wanted)
    defaults = {
        **invoice_fields.DEFAULTS,
        "invoiceId": stamp.new_id("INVX", 12),
        "invoiceDate": stamp.now,
        "collectionMode": "PAYMENT_LINK",
        "via": via,
        "createdBy": USER,
        "createdOn": stamp.now,
        "modifiedBy": USER,
        "modifiedOn": stamp.now,
        "dispatched": 0,
        "dispatchedOn": None,
    }
    row = invoice_fields.settled(defaults, _columns(wanted))
    if fields.is_blank(wanted.get("invoiceNumber")):
        row["invoiceNumber"] = numbering.next_number(connection, row["invoiceDate"])
    insert(connection, "invoice", row)
    history.record_made(connection, stamp, _record(row), _shown(row))
    if wanted.get("dispatchNow"):
        dispatch(connection, row["invoiceId"], stamp)
    return str(row["invoiceId"])


def apply(
    connection: sqlite3.Connection, invoice_id: str, wanted: Mapping[str, object], stamp: Stamp
) -> None:
    """Store valid values on an invoice, and dispatch it if they say so."""
    before = find(connection, invoice_id)
    cleared = [name for name in invoice_fields.NEEDED if fields.is_blank(wanted.get(name, 0))]
    if cleared:
        raise unprocessable(
            "an invoice needs a base, a customer, two days and a number",
            *(SubError(name, "cannot be cleared") for name in cleared),
        )
    _check_customer(connection, wanted)
    _store(connection, before, invoice_fields.settled(before, _columns(wanted)), stamp)
    if wanted.get("dispatchNow"):
        dispatch(connection, invoice_id, stamp)


def dispatch(
    connection: sqlite3.Connection, invoice_id: str, stamp: Stamp, in_parts: bool | None = None
) -> int:
    """Send an invoice to its customer, once more if it was sent before; how many messages that makes."""
    before = find(connection, invoice_id)
    after = {**before, "dispatched": 1, "dispatchedOn": stamp.now}
    if in_parts is not None:
        after["partialPaymentAllowed"] = in_parts
    _store(connection, before, after, stamp)
    return messages.send(connection, "DISPATCH", before["customerId"], invoice_id, stamp.now)


def delete(connection: sqlite3.Connection, invoice_id: str, stamp: Stamp) -> None:
    """Mark an invoice as deleted."""
    before = find(connection, invoice_id)
    _store(connection, before, {**before, "deleted": 1}, stamp)


def _check_customer(connection: sqlite3.Connection, wanted: Mapping[str, object]) -> None:
    if "customerId" in wanted and not customers.is_known(connection, str(wanted["customerId"])):
        raise unprocessable("the customer is unknown", SubError("customerId", "is no customer's"))


def _columns(wanted: Mapping[str, object]) -> dict[str, object]:
    """What is asked for without what is ordered."""
    return {name: value for name, value in wanted.items() if name != "dispatchNow"}


def _store(
    connection: sqlite3.Connection, before: Mapping[str, Any], after: Mapping[str, Any], stamp: Stamp
) -> None:
    changed = {name: value for name, value in after.items() if value != before[name]}
    if not changed:
        return
    changed |= {"modifiedBy": USER, "modifiedOn": stamp.now}
    update(connection, "invoice", "invoiceId", before["invoiceId"], changed)
    history.record_changes(connection, stamp, _record(after), _shown(before), _shown(after))


def _record(row: Mapping[str, Any]) -> Record:
    return Record("invoice", row["invoiceId"], row["customerId"])


def _shown(row: Mapping[str, Any]) -> dict[str, object]:
    """A row as the API would show it: rupees, true and false."""
    rupees = {name: Decimal(row[name]).scaleb(-2) for name in MONEY}
    return {**row, **rupees, **{name: bool(row[name]) for name in FLAGS if name in row}}
