"""The operations on the reminder rules of customers."""

import sqlite3
from typing import Any

from . import bodies, children, contract, customers, fields, history
from .answers import SubError, invalid, not_found, unprocessable
from .call import Call
from .children import REMINDERS
from .history import Record
from .stamps import Stamp
from .store import update


def create(call: Call) -> object:
    """Add a rule to a customer."""
    _check_company(call, call.query("parentCompanyId"))
    wanted = _checked(contract.members(call.body(bodies.ReminderCreate)))
    customer_id = str(wanted.pop("customerId"))
    contract.check_customer_id(customer_id)

    def work(connection: sqlite3.Connection, stamp: Stamp) -> dict[str, object]:
        if not customers.is_known(connection, customer_id):
            raise unprocessable("the customer is unknown", SubError("customerId", "is no customer's"))
        if "customerReminderId" in wanted:
            raise unprocessable(
                "a new reminder has no id yet", SubError("customerReminderId", "is given by the server")
            )
        reminder_id = children.add(connection, REMINDERS, customer_id, wanted, stamp)
        made = _found(connection, reminder_id)
        history.record_made(connection, stamp, Record("reminder", reminder_id, customer_id), made)
        return made

    return call.carry_out(work)


def of_customer(call: Call) -> object:
    """The rules of one customer."""
    query = call.query("customerId", "parentCompanyId")
    _check_company(call, query)
    if "customerId" not in query:
        raise invalid(SubError("customerId", "is missing"))
    customer_id = query["customerId"]
    contract.check_customer_id(customer_id)
    with call.service.store.read() as connection:
        customer = customers.read(connection, customer_id)
    if customer is None:
        raise not_found("there is no such customer")
    return customer["customerReminders"]


def read(call: Call) -> object:
    """One rule."""
    _check_company(call, call.query("parentCompanyId"))
    with call.service.store.read() as connection:
        return _found(connection, call.path["customerReminderId"])


def change(call: Call) -> object:
    """Change the fields that were sent, clear those sent as null, leave the others."""
    _check_company(call, call.query("parentCompanyId"))
    reminder_id = call.path["customerReminderId"]
    wanted = _checked(contract.members(call.body(bodies.ReminderUpdate)))

    def work(connection: sqlite3.Connection, stamp: Stamp) -> dict[str, object]:
        before = _found(connection, reminder_id)
        update(connection, REMINDERS.table, REMINDERS.key, reminder_id, wanted)
        after = _found(connection, reminder_id)
        record = Record("reminder", reminder_id, str(before["customerId"]))
        history.record_changes(connection, stamp, record, before, after)
        return after

    return call.carry_out(work)


def delete(call: Call) -> object:
    """Remove a rule; what it sent stays."""
    _check_company(call, call.query("parentCompanyId"))
    reminder_id = call.path["customerReminderId"]

    def work(connection: sqlite3.Connection, stamp: Stamp) -> str:
        before = _found(connection, reminder_id)
        update(connection, REMINDERS.table, REMINDERS.key, reminder_id, {"deleted": 1})
        record = Record("reminder", reminder_id, str(before["customerId"]))
        history.record_deleted(connection, stamp, record)
        return f"reminder {reminder_id} was deleted"

    return call.carry_out(work)


def _check_company(call: Call, query: dict[str, str]) -> None:
    contract.check_company(query, "parentCompanyId", call.service.company_id)


def _checked(wanted: dict[str, Any]) -> dict[str, Any]:
    errors = fields.rule_faults(wanted)
    if errors:
        raise invalid(*errors)
    return wanted


def _found(connection: sqlite3.Connection, reminder_id: str) -> dict[str, object]:
    """A living rule as the API shows it; refused if there is none."""
    names = ", ".join((REMINDERS.key, "customerId", *REMINDERS.columns))
    row = connection.execute(
        f"SELECT {names} FROM reminder WHERE customerReminderId = ? AND deleted = 0",  # noqa: S608
        (reminder_id,),
    ).fetchone()
    if row is None:
        raise not_found("there is no such reminder")
    return dict(row)
