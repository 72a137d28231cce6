"""Lists held on a customer, its key contacts and reminders, whose elements are merged by their ids."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .answers import unprocessable
from .stamps import Stamp
from .store import insert, update


@dataclass(frozen=True)
class Children:
    """One such list: its field on the customer, its table, the id of an element and its other columns.

    Of those that are dated, the table holds when they were made.
    """

    field: str
    table: str
    key: str
    prefix: str
    columns: tuple[str, ...]
    flags: frozenset[str] = frozenset()
    is_dated: bool = False


CONTACTS = Children(
    "customerKeyContacts",
    "contact",
    "keyContactPersonId",
    "KCP",
    (
        "deleted",
        "legalName",
        "name",
        "email",
        "mobile",
        "mail_enabled",
        "sms_enabled",
        "whatsapp_enabled",
        "via",
    ),
    frozenset({"deleted", "mail_enabled", "sms_enabled", "whatsapp_enabled"}),
)
REMINDERS = Children(
    "customerReminders",
    "reminder",
    "customerReminderId",
    "CRM",
    ("dueDateDifference", "reminderInterval", "reminderTime", "reminderType", "stage"),
    is_dated=True,
)
KINDS = (CONTACTS, REMINDERS)


def read(
    connection: sqlite3.Connection, kind: Children, customer_ids: Iterable[str]
) -> defaultdict[str, list[dict[str, object]]]:
    """The living elements of each customer, in the order they were made."""
    names = ", ".join((kind.key, *kind.columns))
    rows = connection.execute(
        f"SELECT customerId, {names} FROM {kind.table} WHERE deleted = 0"  # noqa: S608
        " AND customerId IN (SELECT value FROM json_each(?)) ORDER BY rowid",
        (json.dumps(list(customer_ids)),),
    )
    found: defaultdict[str, list[dict[str, object]]] = defaultdict(list)
    for row in rows:
        element = dict(zip((kind.key, *kind.columns), tuple(row)[1:], strict=True))
        for flag in kind.flags:
            element[flag] = None if element[flag] is None else bool(element[flag])
        found[row["customerId"]].append(element)
    return found


def merge(
    connection: sqlite3.Connection,
    kind: Children,
    customer_id: str,
    given: Sequence[Mapping[str, object]] | None,
    stamp: Stamp,
) -> None:
    """Change the elements that bear an id, add those without, leave the rest; None removes all of them."""
    if given is None:
        update(connection, kind.table, "customerId", customer_id, {"deleted": 1})
        return
    known = {element[kind.key] for element in read(connection, kind, [customer_id])[customer_id]}
    for element in given:
        values = {name: element[name] for name in kind.columns if name in element}
        key = element.get(kind.key)
        if not key:
            add(connection, kind, customer_id, values, stamp)
        elif key in known:
            update(connection, kind.table, kind.key, str(key), values)
        else:
            raise unprocessable(f"{kind.key} is not one of this customer's")


def add(
    connection: sqlite3.Connection,
    kind: Children,
    customer_id: str,
    values: Mapping[str, object],
    stamp: Stamp,
) -> str:
    """Add one element, and give it an id."""
    key = stamp.new_id(kind.prefix)
    made = {"createdOn": stamp.now} if kind.is_dated else {}
    insert(connection, kind.table, {kind.key: key, "customerId": customer_id, **made, **values})
    return key
