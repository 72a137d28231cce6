"""Customers as they are stored: read, made, changed, deleted."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from . import children, fields, history
from .children import CONTACTS, REMINDERS
from .history import Record
from .stamps import Stamp
from .store import facts, insert, update

# The fields of CustomerRead, and two instants beyond it.
COLUMNS = (
    "customerId",
    "status",
    *fields.CORRECTABLE,
    "companyId",
    "customerCompanyId",
    "externalSource",
    "createdOn",
    "modifiedOn",
)
SELECTED = ", ".join(COLUMNS)
CHANGEABLE = ("status", *fields.CORRECTABLE)


def read(connection: sqlite3.Connection, customer_id: str) -> dict[str, object] | None:
    """One customer as the API shows it."""
    rows = connection.execute(
        f"SELECT {SELECTED} FROM customer WHERE customerId = ? AND deleted = 0",  # noqa: S608
        (customer_id,),
    ).fetchall()
    return records(connection, rows)[0] if rows else None


def is_known(connection: sqlite3.Connection, customer_id: str) -> bool:
    """Whether there is such a customer."""
    rows = connection.execute("SELECT 1 FROM customer WHERE customerId = ? AND deleted = 0", (customer_id,))
    return rows.fetchone() is not None


def make(connection: sqlite3.Connection, values: Mapping[str, object], stamp: Stamp) -> str:
    """Store a new customer of valid values; its id."""
    customer_id = stamp.new_id("KC", 14)
    record = Record("customer", customer_id, customer_id)
    own = {name: value for name, value in values.items() if name in COLUMNS}
    made = {
        "customerId": customer_id,
        "companyId": facts(connection)["companyId"],
        "status": "ACTIVE",
        "createdOn": stamp.now,
        "modifiedOn": stamp.now,
    }
    insert(connection, "customer", {**own, **made})
    for kind in children.KINDS:
        given: Any = values.get(kind.field, [])
        children.merge(connection, kind, customer_id, given, stamp)
    history.record_made(connection, stamp, record, values)
    return customer_id


def apply(
    connection: sqlite3.Connection, customer_id: str, wanted: Mapping[str, object], stamp: Stamp
) -> bool:
    """Store valid values on a customer that exists; whether anything became different."""
    before = read(connection, customer_id)
    assert before is not None
    for kind in children.KINDS:
        if kind.field in wanted:
            given: Any = wanted[kind.field]
            children.merge(connection, kind, customer_id, given, stamp)
    columns = {name: wanted[name] for name in CHANGEABLE if name in wanted and wanted[name] != before[name]}
    stored = {
        name: json.dumps(value) if isinstance(value, list) else value for name, value in columns.items()
    }
    update(connection, "customer", "customerId", customer_id, stored)
    after = read(connection, customer_id)
    assert after is not None
    record = Record("customer", customer_id, customer_id)
    is_changed = history.record_changes(connection, stamp, record, before, after)
    if is_changed:
        update(connection, "customer", "customerId", customer_id, {"modifiedOn": stamp.now})
    return is_changed


def delete(connection: sqlite3.Connection, customer_id: str, stamp: Stamp) -> None:
    """Mark a customer as deleted, and with it the people and the rules that it had."""
    for kind in children.KINDS:
        children.merge(connection, kind, customer_id, None, stamp)
    update(connection, "customer", "customerId", customer_id, {"deleted": 1, "modifiedOn": stamp.now})
    history.record_deleted(connection, stamp, Record("customer", customer_id, customer_id))


def records(connection: sqlite3.Connection, rows: Sequence[sqlite3.Row]) -> list[dict[str, object]]:
    """Rows of the columns selected as the contract's `CustomerRead`."""
    ids = [row["customerId"] for row in rows]
    contacts = children.read(connection, CONTACTS, ids)
    reminders = children.read(connection, REMINDERS, ids)
    records: list[dict[str, object]] = []
    for row in rows:
        record: dict[str, object] = dict(row)
        record["branchCodes"] = (
            None if row["branchCodes"] is None else msgspec.json.decode(row["branchCodes"])
        )
        record["externalSource"] = None if row["externalSource"] is None else bool(row["externalSource"])
        record["customerKeyContacts"] = contacts[row["customerId"]]
        record["customerReminders"] = [
            {**reminder, "customerId": row["customerId"]} for reminder in reminders[row["customerId"]]
        ]
        records.append(record)
    return records
