"""Every call that the client's methods allow: which methods there are, and values for each parameter."""

import datetime as dt
import inspect
import typing
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd

import arkit
from arkit.resources import (
    LEAVE,
    Contacts,
    Customers,
    Invoices,
    KeyContact,
    Network,
    ReminderRule,
    Reminders,
)
from arkit.wire.calls import Calls

DATA = Path(__file__).parents[2] / "data"
NOUNS = {
    "customers": Customers,
    "contacts": Contacts,
    "invoices": Invoices,
    "reminders": Reminders,
    "network": Network,
}
METHODS: dict[str, Callable[..., Any]] = {
    f"{noun}.{name}": method
    for noun, kind in NOUNS.items()
    for name, method in inspect.getmembers(kind, inspect.isfunction)
    if not name.startswith("_")
}

CUSTOMER = "KC0000000000000A"
AMOUNTS = ["1180.50", Decimal("0.10"), 1180]
DAYS = ["2026-04-01", dt.date(2026, 4, 1)]
MOMENTS = [*DAYS, dt.datetime(2026, 4, 1, 9, 30, tzinfo=dt.UTC)]
FLAGS = [True, False]
COMPANIES = ["CEK000000A"]
PHONES = ["9000000000", "+91 9000000000", ""]
FILES = [DATA / "corrections-good.csv", str(DATA / "corrections-good.xlsx")]

VALUES: dict[str, list[Any]] = {
    "account_number": ["001234567890", ""],
    "address": ["12, Sector 29, Gurugram"],
    "approval_status": ["MAKER_APPROVED"],
    "approval_statuses": [["MAKER_APPROVED"], ("CHECKER_REJECTED", "BANK_APPROVED")],
    "assigned_agent": ["A. Analyst"],
    "balance_amount": AMOUNTS,
    "balance_from": AMOUNTS,
    "balance_to": AMOUNTS,
    "base_amount": AMOUNTS,
    "base_from": AMOUNTS,
    "base_to": AMOUNTS,
    "branch_codes": [["DEL", "BLR"], ("DEL",), []],
    "cgst": AMOUNTS,
    "charge_customer": FLAGS,
    "checked": [arkit.check(DATA / "corrections-good.csv", kind="customer-update")],
    "collection_mode": [["UPI"], ("UPI", "NEFT")],
    "company_id": COMPANIES,
    "contact_number": PHONES,
    "created_from": MOMENTS,
    "created_to": MOMENTS,
    "created_via": ["API"],
    "customer_company_id": ["CEK000000B"],
    "customer_deleted": FLAGS,
    "customer_id": [CUSTOMER],
    "customer_ids": [[CUSTOMER], pd.Series([CUSTOMER, "KC0000000000000B"])],
    "customer_legal_name": ["Example Traders"],
    "customer_reminder_id": ["R1", "of/2 parts?"],
    "customer_status": ["ACTIVE"],
    "deleted": FLAGS,
    "description": ["Ball bearings, 12 \N{MULTIPLICATION SIGN} 6205"],
    "dispatch_now": FLAGS,
    "dispatched": FLAGS,
    "dispatched_from": MOMENTS,
    "dispatched_to": MOMENTS,
    "due_date": DAYS,
    "due_date_difference": [3, -3],
    "due_from": MOMENTS,
    "due_to": MOMENTS,
    "email": ["analyst@example.com", "first.last+ar@mail.example.co.in"],
    "email_address": ["analyst@example.com"],
    "external_id": ["SO-1"],
    "external_source": FLAGS,
    "file": FILES,
    "gst_exclusive": FLAGS,
    "ifsc": ["HDFC0000001", ""],
    "igst": AMOUNTS,
    "invoice_date": DAYS,
    "invoice_id": ["INV1", "of/2 parts?"],
    "invoice_ids": [["INV1"], ("INV1", "INV2")],
    "invoice_number": ["2026/17"],
    "key_contact_person_id": ["P1"],
    "legal_name": ["Example Traders"],
    "mail_enabled": FLAGS,
    "mobile": PHONES,
    "mobile_number": ["9000000000"],
    "name": ["A. Analyst"],
    "net_amount": AMOUNTS,
    "pan_or_gstin": ["27AAPFU0939F1ZV"],
    "parent_company_id": COMPANIES,
    "partial_payment_allowed": FLAGS,
    "payable_reference_id": ["PAY-1"],
    "payment_id": ["PMT0123456789abcdefghijABCDEFGHIJ012"],
    "pin_code": ["011001"],
    "po_number": ["PO-1"],
    "receivable_status": ["PAID"],
    "remarks": ["Received on 1 April"],
    "reminder_interval": [7],
    "reminder_time": ["10:00"],
    "reminder_type": ["ONCE", "RECURRING"],
    "response": ["ACCEPT", "REJECT"],
    "seller_id": COMPANIES,
    "sgst": AMOUNTS,
    "sms_enabled": FLAGS,
    "stage": ["BEFORE"],
    "state": ["Haryana"],
    "status": ["ACTIVE"],
    "tds": AMOUNTS,
    "total_received": AMOUNTS,
    "type": ["OFFPLATFORM"],
    "unique_ref_no": ["CUST-1003"],
    "via": ["API"],
    "whatsapp_enabled": FLAGS,
}


def nouns(calls: Calls, workspace: Path) -> dict[str, Any]:
    """The client's nouns over these calls."""
    return {
        name: kind(calls, workspace) if "workspace" in inspect.signature(kind).parameters else kind(calls)
        for name, kind in NOUNS.items()
    }


def calls_of(function: Callable[..., Any]) -> Iterator[dict[str, Any]]:
    """The arguments of each call: the fewest, every value of each parameter by itself, the most.

    What an update can clear it clears too, one by one and all together.
    """
    yield fewest(function)
    for name in _parameters(function):
        others = required(function) if name in _changes(function) else fewest(function)
        for value in [*VALUES[name], *([None] if name in _cleared(function) else [])]:
            yield {**others, name: value}
    yield most(function)
    if _cleared(function):
        yield {**required(function), **dict.fromkeys(_cleared(function))}


def required(function: Callable[..., Any]) -> dict[str, Any]:
    """The arguments that cannot be left out."""
    parameters = _parameters(function)
    return {name: VALUES[name][0] for name, each in parameters.items() if each.default is each.empty}


def fewest(function: Callable[..., Any]) -> dict[str, Any]:
    """The fewest arguments that make a request: an update takes one change at least."""
    return required(function) | {name: VALUES[name][0] for name in _changes(function)[:1]}


def most(function: Callable[..., Any]) -> dict[str, Any]:
    """All arguments together."""
    return {name: VALUES[name][0] for name in _parameters(function)}


def _parameters(function: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    parameters = inspect.signature(function).parameters
    return {name: each for name, each in parameters.items() if name != "self"}


def _changes(function: Callable[..., Any]) -> list[str]:
    return [name for name, each in _parameters(function).items() if each.default is LEAVE]


def _cleared(function: Callable[..., Any]) -> list[str]:
    parameters = _parameters(function)
    return [name for name in _changes(function) if type(None) in typing.get_args(parameters[name].annotation)]


VALUES["key_contacts"] = [[KeyContact(**arguments)] for arguments in calls_of(KeyContact)]
VALUES["reminders"] = [[ReminderRule(**arguments)] for arguments in calls_of(ReminderRule)]
