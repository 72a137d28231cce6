"""Customers: reading one and changing it."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from . import bodies, children, contract, fields, history
from .answers import SubError, invalid, not_found, unprocessable
from .call import Call
from .children import CONTACTS, REMINDERS
from .store import update

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


def change(call: Call) -> object:
    """Change the fields that were sent, clear those sent as null, leave the others."""
    customer_id = call.path["customerId"]
    contract.check_customer_id(customer_id)
    contract.check_company(call.query("parentCompanyId"), "parentCompanyId", call.service.company_id)
    wanted = contract.members(call.body(bodies.CustomerUpdate))
    if call.fault and call.fault.normalise:
        wanted = fields.normalised(wanted)
    contacts: Any = wanted.get("customerKeyContacts") or []
    errors = fields.faults(wanted) + fields.contact_faults(contacts)
    if errors:
        raise invalid(*errors)

    def work(connection: sqlite3.Connection, rows: int | None) -> dict[str, object]:
        if read(connection, customer_id) is None:
            raise not_found("there is no such customer")
        if wanted.get("customerId", customer_id) != customer_id:
            raise unprocessable(
                "the customer's own id cannot be changed", SubError("customerId", "differs from the path")
            )
        if is_cleared(wanted, "legalName"):
            raise unprocessable("a customer needs a name", SubError("legalName", "cannot be cleared"))
        if rows != 0:
            apply(connection, customer_id, wanted, call.request_id, call.service.now())
        changed = read(connection, customer_id)
        assert changed is not None
        return changed

    return call.carry_out(work)


def is_cleared(wanted: Mapping[str, object], name: str) -> bool:
    """Whether the field was sent without a value."""
    return name in wanted and not str(wanted[name] or "").strip()


def read(connection: sqlite3.Connection, customer_id: str) -> dict[str, object] | None:
    """One customer as the API shows it."""
    rows = connection.execute(
        f"SELECT {SELECTED} FROM customer WHERE customerId = ? AND deleted = 0",  # noqa: S608
        (customer_id,),
    ).fetchall()
    return records(connection, rows)[0] if rows else None


def apply(
    connection: sqlite3.Connection, customer_id: str, wanted: Mapping[str, object], request_id: str, now: str
) -> bool:
    """Store valid values on a customer that exists; whether anything became different."""
    before = read(connection, customer_id)
    assert before is not None
    for kind in children.KINDS:
        if kind.field in wanted:
            given: Any = wanted[kind.field]
            children.merge(connection, kind, customer_id, given)
    columns = {
        name: wanted[name] for name in fields.CORRECTABLE if name in wanted and wanted[name] != before[name]
    }
    if columns:
        stored = {
            name: json.dumps(value) if isinstance(value, list) else value for name, value in columns.items()
        }
        update(connection, "customer", "customerId", customer_id, stored)
    after = read(connection, customer_id)
    assert after is not None
    differing = [name for name in after if after[name] != before[name]]
    for name in differing:
        history.record_change(
            connection, request_id, customer_id, field=name, before=before[name], after=after[name]
        )
    if differing:
        update(connection, "customer", "customerId", customer_id, {"modifiedOn": now})
    return bool(differing)


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
