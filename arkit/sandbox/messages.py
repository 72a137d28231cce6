"""What the company sent to its customers' people: invoices that were dispatched, and reminders."""

import sqlite3
from typing import Any

# One for each key contact and each channel that he takes.
SEND = """
INSERT INTO message (kind, customerId, invoiceId, contactId, channel, at, reminderId)
SELECT ?, customerId, ?, keyContactPersonId, column1, ?, ?
FROM contact, (VALUES ('mail'), ('sms'), ('whatsapp'))
WHERE customerId = ? AND deleted = 0
    AND CASE column1 WHEN 'mail' THEN mail_enabled WHEN 'sms' THEN sms_enabled ELSE whatsapp_enabled END
ORDER BY contact.rowid, column1
"""


def send(
    connection: sqlite3.Connection,
    kind: str,
    customer_id: str,
    invoice_id: str,
    at: str,
    reminder_id: str | None = None,
) -> int:
    """Record the messages that go out about one invoice; how many."""
    return connection.execute(SEND, (kind, invoice_id, at, reminder_id, customer_id)).rowcount


def sent(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    """Every message, in the order of sending."""
    rows = connection.execute(
        "SELECT id, kind, customerId AS customer_id, invoiceId AS invoice_id, contactId AS contact_id,"
        " channel, at, reminderId AS reminder_id FROM message ORDER BY id"
    )
    return [dict(row) for row in rows]
