"""Searching customers: filters, orders, one page."""

import json
import sqlite3
from collections.abc import Sequence

from . import bodies, contract, searching
from .call import Call
from .customers import COLUMNS, SELECTED, records
from .listings import Listing, rows_at

ORDERS = {
    **{name: name for name in COLUMNS},
    "customerKeyContacts": (
        "(SELECT MIN(name) FROM contact"
        " WHERE contact.customerId = customer.customerId AND contact.deleted = 0)"
    ),
    "customerReminders": "customerId",
}

FILTERS = {
    "accountNumber": "accountNumber = ?",
    "assignedAgent": "assignedAgent = ?",
    "customerId": "customerId = ?",
    "customerIds": "customerId IN (SELECT value FROM json_each(?))",
    "legalName": "instr(folded(legalName), folded(?)) > 0",
    "status": "status = ?",
    "email": "customerId IN (SELECT customerId FROM contact WHERE deleted = 0 AND folded(email) = folded(?))",
    "contactNumber": "contactNumber = ?",
    "uniqueRefNo": "uniqueRefNo = ?",
}


def search(call: Call) -> object:
    """One page of the customers that meet every filter, and how many there are."""
    page = contract.page(call.query(*contract.PAGE_PARAMETERS), ORDERS, "customerId")
    filters = contract.members(call.body(bodies.CustomerSearch))
    values = [json.dumps(value) if isinstance(value, list) else value for value in filters.values()]
    conditions = [FILTERS[name] for name in filters]
    listing = Listing("customer", "customerId", conditions, values, ORDERS[page.order_by], page.direction)
    return searching.payload(call, listing, page, "customers", _records_at)


def _records_at(connection: sqlite3.Connection, places: Sequence[int]) -> list[dict[str, object]]:
    return records(connection, rows_at(connection, "customer", SELECTED, places).fetchall())
