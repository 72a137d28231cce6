"""What the server was asked and what it changed, for tests to read."""

import hashlib
import json
import sqlite3
from datetime import UTC, datetime
from typing import Any

from flask import Request

from .store import Store, insert

IDEMPOTENCY_HEADERS = ("Idempotency-Key", "X-Idempotency-Key", "X-Request-Id", "X-Correlation-Id")


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


def record_change(
    connection: sqlite3.Connection,
    request_id: str,
    customer_id: str,
    *,
    field: str,
    before: object,
    after: object,
) -> None:
    """Record that a request changed one field, in the transaction that changes it."""
    values = {
        "requestId": request_id,
        "customerId": customer_id,
        "field": field,
        "before": json.dumps(before),
        "after": json.dumps(after),
        "at": _now(),
    }
    insert(connection, "applied", dict(values))


def requests(store: Store) -> list[dict[str, Any]]:
    """Every request to the API, oldest first; `status` is None while open, and if the answer was lost."""
    with store.read() as connection:
        rows = connection.execute(
            "SELECT id, at, method, path, query, operation, status, bodySha256 AS body_sha256,"
            " bodyBytes AS body_bytes, idempotency AS idempotency_headers FROM request ORDER BY number"
        ).fetchall()
    return [{**row, "idempotency_headers": json.loads(row["idempotency_headers"])} for row in rows]


def applied_rows(store: Store) -> list[dict[str, Any]]:
    """Every field that a request changed, in the order of the changes."""
    with store.read() as connection:
        rows = connection.execute(
            "SELECT requestId AS request_id, customerId AS customer_id, field, before, after, at"
            " FROM applied ORDER BY number"
        ).fetchall()
    return [{**row, "before": json.loads(row["before"]), "after": json.loads(row["after"])} for row in rows]
