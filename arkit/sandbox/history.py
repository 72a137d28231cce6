"""What the server was asked and what it changed, for tests to read."""

import hashlib
import json
import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec
from flask import Request

from .stamps import Stamp
from .store import Store, insert

_encoder = msgspec.json.Encoder(decimal_format="number")

IDEMPOTENCY_HEADERS = ("Idempotency-Key", "X-Idempotency-Key", "X-Request-Id", "X-Correlation-Id")


class Record(NamedTuple):
    """What was changed: a customer, an invoice or a reminder, and the customer concerned."""

    kind: str
    record_id: str
    customer_id: str


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def begin(store: Store, request_id: str, operation: str | None, request: Request) -> None:
    """Record a request before anything is done about it; its status is still open."""
    body = request.get_data()
    headers = {name: request.headers[name] for name in IDEMPOTENCY_HEADERS if name in request.headers}
    with store.write() as connection:
        insert(
            connection,
            "request",
            {
                "id": request_id,
                "at": _now(),
                "method": request.method,
                "path": request.path,
                "query": request.query_string.decode("latin-1"),
                "operation": operation,
                "bodySha256": hashlib.sha256(body).hexdigest(),
                "bodyBytes": len(body),
                "idempotency": json.dumps(headers),
            },
        )


def end(store: Store, request_id: str, status: int) -> None:
    """Record the status that was answered."""
    with store.write() as connection:
        connection.execute("UPDATE request SET status = ? WHERE id = ?", (status, request_id))


def record_made(
    connection: sqlite3.Connection, stamp: Stamp, record: Record, values: Mapping[str, object]
) -> None:
    """Record that a request made a record: one row, whose field is `created`, with all that it was given."""
    _record(connection, stamp, record, "created", None, values)


def record_changes(
    connection: sqlite3.Connection,
    stamp: Stamp,
    record: Record,
    before: Mapping[str, object],
    after: Mapping[str, object],
) -> bool:
    """Record the fields that a request changed, in the transaction that does it; whether there are any."""
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    for name in names:
        _record(connection, stamp, record, name, before.get(name), after.get(name))
    return bool(names)


def record_deleted(connection: sqlite3.Connection, stamp: Stamp, record: Record) -> None:
    """Record that a request deleted a record."""
    _record(connection, stamp, record, "deleted", before=False, after=True)


def _record(
    connection: sqlite3.Connection, stamp: Stamp, record: Record, field: str, before: object, after: object
) -> None:
    values = {
        "requestId": stamp.request_id,
        "customerId": record.customer_id,
        "kind": record.kind,
        "recordId": record.record_id,
        "field": field,
        "before": _encoder.encode(before).decode(),
        "after": _encoder.encode(after).decode(),
        "at": _now(),
    }
    insert(connection, "applied", values)


def requests(store: Store) -> list[dict[str, Any]]:
    """Every request to the API, oldest first; `status` is None while open, and if the answer was lost."""
    with store.read() as connection:
        rows = connection.execute(
            "SELECT id, at, method, path, query, operation, status, bodySha256 AS body_sha256,"
            " bodyBytes AS body_bytes, idempotency AS idempotency_headers FROM request ORDER BY number"
        ).fetchall()
    return [{**row, "idempotency_headers": json.loads(row["idempotency_headers"])} for row in rows]


def applied_rows(store: Store) -> list[dict[str, Any]]:
    """Every field that a request changed and every record that it made, in the order of the changes."""
    with store.read() as connection:
        rows = connection.execute(
            "SELECT requestId AS request_id, customerId AS customer_id, kind, recordId AS record_id, field,"
            " before, after, at FROM applied ORDER BY number"
        ).fetchall()
    return [{**row, "before": _decoded(row["before"]), "after": _decoded(row["after"])} for row in rows]


def _decoded(text: str) -> Any:
    return json.loads(text, parse_float=Decimal)
