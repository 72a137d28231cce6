"""Every operation of a client, to be tried against one fault after the other."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from arkit.client import Client
from arkit.resources import KeyContact
from arkit.wire.operations import OPERATIONS

Call = Callable[[Client], Any]

CUSTOMER, INVOICE, REMINDER = "KC00000000000001", "INV-1", "RULE-1"
CONTACT = KeyContact(name="Asha", mobile="9812345678", legal_name="Asha Traders")
FILE = Path(__file__).with_name("bulk.csv")

READS: dict[str, Call] = {
    "customers.fetch": lambda client: client.customers.fetch(),
    "customers.get": lambda client: client.customers.get(CUSTOMER),
    "customers.snapshot": lambda client: client.customers.snapshot([CUSTOMER]),
    "contacts.fetch": lambda client: client.contacts.fetch(),
    "contacts.fetch of some": lambda client: client.contacts.fetch([CUSTOMER]),
    "contacts.of": lambda client: client.contacts.of(CUSTOMER),
    "invoices.fetch": lambda client: client.invoices.fetch(),
    "invoices.attachments": lambda client: client.invoices.attachments(),
    "invoices.get": lambda client: client.invoices.get(INVOICE),
    "reminders.fetch": lambda client: client.reminders.fetch(),
    "reminders.of": lambda client: client.reminders.of(CUSTOMER),
    "reminders.get": lambda client: client.reminders.get(REMINDER),
}

WRITES: dict[str, Call] = {
    "customers.create": lambda client: client.customers.create(
        legal_name="Asha Traders", key_contacts=[CONTACT]
    ),
    "customers.update": lambda client: client.customers.update(CUSTOMER, address="1 New Road"),
    "customers.activate": lambda client: client.customers.activate(CUSTOMER),
    "customers.deactivate": lambda client: client.customers.deactivate(CUSTOMER),
    "customers.delete": lambda client: client.customers.delete(CUSTOMER),
    "customers.bulk_create": lambda client: client.customers.bulk_create(FILE),
    "customers.bulk_update": lambda client: client.customers.bulk_update(FILE),
    "invoices.create": lambda client: client.invoices.create(
        customer_id=CUSTOMER, base_amount="100.00", due_date="2026-12-31"
    ),
    "invoices.update": lambda client: client.invoices.update(INVOICE, description="Rice"),
    "invoices.dispatch": lambda client: client.invoices.dispatch([INVOICE]),
    "invoices.delete": lambda client: client.invoices.delete([INVOICE]),
    "invoices.bulk_create": lambda client: client.invoices.bulk_create(FILE),
    "reminders.create": lambda client: client.reminders.create(CUSTOMER, reminder_type="ONCE"),
    "reminders.update": lambda client: client.reminders.update(REMINDER, stage="BEFORE"),
    "reminders.delete": lambda client: client.reminders.delete(REMINDER),
    "network.confirm_payment": lambda client: client.network.confirm_payment(
        payment_id="PMT1", invoice_ids=[INVOICE], response="ACCEPT", type="OFFPLATFORM", remarks="Received"
    ),
    "network.change_status": lambda client: client.network.change_status(
        invoice_ids=[INVOICE], status="CREATED"
    ),
}

PATHS = {operation.name: operation.path for operation in OPERATIONS if operation.is_inferred}
"""What a profile says of the paths that are deduced, so that nobody is warned of them."""
