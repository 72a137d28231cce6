"""Searching customers: filters, orders, one page."""

import json

from . import bodies, contract
from .call import Call
from .customers import COLUMNS, SELECTED, records

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
    condition = " AND ".join(["deleted = 0", *(FILTERS[name] for name in filters)])
    values = [json.dumps(value) if isinstance(value, list) else value for value in filters.values()]
    with call.service.store.read() as connection:
        (total,) = connection.execute(f"SELECT COUNT(*) FROM customer WHERE {condition}", values).fetchone()  # noqa: S608
        rows = connection.execute(
            f"SELECT {SELECTED} FROM customer WHERE {condition}"  # noqa: S608
            f" ORDER BY {ORDERS[page.order_by]} {page.direction}, customer.customerId {page.direction}"
            " LIMIT ? OFFSET ?",
            (*values, page.limit, page.offset),
        ).fetchall()
        return {"customers": records(connection, rows), "totalCount": total}
