"""The operations on one customer: make, change, switch on and off, delete, and list its key contacts."""

import sqlite3
from collections.abc import Mapping
from typing import Any

from . import bodies, children, contract, customers, fields
from .answers import SubError, invalid, not_found, unprocessable
from .call import Call
from .children import CONTACTS
from .stamps import Stamp


def create(call: Call) -> object:
    """Make a customer with its key contacts and reminders."""
    call.query()
    wanted = _checked(call, contract.members(call.body(bodies.CustomerCreate)))
    contract.check_company(wanted, "companyId", call.service.company_id)

    def work(connection: sqlite3.Connection, stamp: Stamp) -> dict[str, object]:
        _check_name(wanted)
        return _found(connection, customers.make(connection, wanted, stamp))

    return call.carry_out(work)


def change(call: Call) -> object:
    """Change the fields that were sent, clear those sent as null, leave the others."""
    customer_id = _customer_id(call)
    wanted = _checked(call, contract.members(call.body(bodies.CustomerUpdate)))

    def work(connection: sqlite3.Connection, stamp: Stamp) -> dict[str, object]:
        _found(connection, customer_id)
        if wanted.get("customerId", customer_id) != customer_id:
            raise unprocessable(
                "the customer's own id cannot be changed", SubError("customerId", "differs from the path")
            )
        _check_name(wanted)
        customers.apply(connection, customer_id, wanted, stamp)
        return _found(connection, customer_id)

    return call.carry_out(work)


def activate(call: Call) -> object:
    """Make a customer active, which it may be already."""
    return _switch(call, "ACTIVE")


def deactivate(call: Call) -> object:
    """Make a customer inactive, which it may be already."""
    return _switch(call, "INACTIVE")


def delete(call: Call) -> object:
    """Delete a customer; its invoices stay."""
    customer_id = _customer_id(call)

    def work(connection: sqlite3.Connection, stamp: Stamp) -> str:
        _found(connection, customer_id)
        customers.delete(connection, customer_id, stamp)
        return f"customer {customer_id} was deleted"

    return call.carry_out(work)


def contact_details(call: Call) -> object:
    """The key contacts of a customer."""
    customer_id = _customer_id(call)
    with call.service.store.read() as connection:
        _found(connection, customer_id)
        return children.read(connection, CONTACTS, [customer_id])[customer_id]


def _switch(call: Call, status: str) -> object:
    customer_id = _customer_id(call)

    def work(connection: sqlite3.Connection, stamp: Stamp) -> str:
        _found(connection, customer_id)
        customers.apply(connection, customer_id, {"status": status}, stamp)
        return f"customer {customer_id} is {status}"

    return call.carry_out(work)


def _customer_id(call: Call) -> str:
    """The customer that the path names, once the query is found good too."""
    customer_id = call.path["customerId"]
    contract.check_customer_id(customer_id)
    contract.check_company(call.query("parentCompanyId"), "parentCompanyId", call.service.company_id)
    return customer_id


def _checked(call: Call, wanted: dict[str, object]) -> dict[str, object]:
    """The members of a body, as they are to be stored, if all of them are valid."""
    wanted = call.as_stored(wanted)
    contacts: Any = wanted.get("customerKeyContacts") or []
    reminders: Any = wanted.get("customerReminders") or []
    errors = fields.faults(wanted) + fields.contact_faults(contacts) + fields.reminder_faults(reminders)
    if errors:
        raise invalid(*errors)
    return wanted


def _check_name(wanted: Mapping[str, object]) -> None:
    if "legalName" in wanted and fields.is_blank(wanted["legalName"]):
        raise unprocessable("a customer needs a name", SubError("legalName", "cannot be cleared"))


def _found(connection: sqlite3.Connection, customer_id: str) -> dict[str, object]:
    record = customers.read(connection, customer_id)
    if record is None:
        raise not_found("there is no such customer")
    return record
