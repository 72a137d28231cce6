"""What the script lets somebody else do to the company while a client is at work."""

import json
import sqlite3
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from . import customers, history, invoices, stamps
from .company import base_36
from .history import Record
from .stamps import Stamp
from .store import insert

# In the history, in place of a request.
OTHER_USER = "another user"
KEYS = {"customer": "customerId", "invoice": "invoiceId"}
ENDING = 4


class Mutation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A change to one record.

    `record` is its id, or its place in the order of the ids, counted from 0. An insertion puts a copy of that
    record just before it, in the order of the ids and in every other. `values` are named as in the contract;
    amounts are paise, and what the contract would refuse is stored all the same.
    """

    do: Literal["insert", "change", "delete"]
    kind: Literal["customer", "invoice"] = "customer"
    record: str | Annotated[int, Meta(ge=0)]
    values: dict[str, Any] = {}


def carry_out(connection: sqlite3.Connection, mutation: Mutation, now: int) -> None:
    """Do what the script says; LookupError if there is no such record or field."""
    row = _row(connection, mutation)
    unknown = mutation.values.keys() - row.keys()
    if unknown:
        raise LookupError(f"{mutation.kind} has no {', '.join(sorted(unknown))}")
    record_id, stamp = row[KEYS[mutation.kind]], stamps.stamp(OTHER_USER, now, None)
    if mutation.do == "insert":
        _insert_before(connection, mutation, row, stamp)
    elif mutation.kind == "invoice" and mutation.do == "change":
        invoices.apply(connection, record_id, mutation.values, stamp)
    elif mutation.kind == "invoice":
        invoices.delete(connection, record_id, stamp)
    elif mutation.do == "change":
        customers.apply(connection, record_id, mutation.values, stamp)
    else:
        customers.delete(connection, record_id, stamp)


def _row(connection: sqlite3.Connection, mutation: Mutation) -> dict[str, Any]:
    key = KEYS[mutation.kind]
    living = f"SELECT * FROM {mutation.kind} WHERE deleted = 0"  # noqa: S608
    if isinstance(mutation.record, str):
        found = connection.execute(f"{living} AND {key} = ?", (mutation.record,)).fetchone()
    else:
        found = connection.execute(f"{living} ORDER BY {key} LIMIT 1 OFFSET ?", (mutation.record,)).fetchone()
    if found is None:
        raise LookupError(f"there is no {mutation.kind} {mutation.record}")
    return dict(found)


def _insert_before(
    connection: sqlite3.Connection, mutation: Mutation, row: dict[str, Any], stamp: Stamp
) -> None:
    key = KEYS[mutation.kind]
    values = {
        name: json.dumps(value) if isinstance(value, list) else value
        for name, value in mutation.values.items()
    }
    copy = {**row, **values, key: _free_id_before(connection, mutation.kind, row[key])}
    insert(connection, mutation.kind, copy)
    record = Record(mutation.kind, copy[key], copy["customerId"])
    history.record_made(connection, stamp, record, mutation.values)


def _free_id_before(connection: sqlite3.Connection, kind: str, record_id: str) -> str:
    """The nearest smaller id that nobody has: the ids end in digits and capitals, which sort as numbers."""
    stem, number = record_id[:-ENDING], int(record_id[-ENDING:], 36)
    query = f"SELECT 1 FROM {kind} WHERE {KEYS[kind]} = ?"  # noqa: S608
    for smaller in range(number - 1, -1, -1):
        candidate = stem + base_36(smaller, ENDING)
        if connection.execute(query, (candidate,)).fetchone() is None:
            return candidate
    raise LookupError(f"there is no room before {kind} {record_id}")
