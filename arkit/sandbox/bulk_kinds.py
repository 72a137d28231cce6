"""The three bulk files, and what a row of each does."""

import re
import sqlite3
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from . import contract, customers, fields, invoice_fields, invoices
from .answers import SubError
from .bodies import Paise
from .bulk import Kind, Verdict
from .stamps import Stamp

BRANCH_SEPARATOR = ";"
TRUE, FALSE = {"true", "yes", "y", "1"}, {"false", "no", "n", "0"}
UNKNOWN = "customerId is not a customer of this company"

PERSON = ("name", "email", "mobile", "mail_enabled", "sms_enabled", "whatsapp_enabled")
CUSTOMER = (
    "legalName",
    "panOrGstin",
    "accountNumber",
    "ifsc",
    "address",
    "state",
    "pinCode",
    "contactNumber",
    "uniqueRefNo",
)
MONEY = ("baseAmount", "cgst", "sgst", "igst", "tds", "netAmount")
FLAGS = ("gstExclusive", "partialPaymentAllowed", "dispatchNow")
INVOICE_TEXTS = (
    "customerId",
    "dueDate",
    "invoiceNumber",
    "invoiceDate",
    "description",
    "poNumber",
    "externalId",
    "emailAddress",
    "mobileNumber",
)


def _change_customer(connection: sqlite3.Connection, cells: Mapping[str, object], stamp: Stamp) -> Verdict:
    wanted = dict(cells)
    customer_id = str(wanted.pop("customerId", ""))
    codes = wanted.get("branchCodes")
    if isinstance(codes, str):
        wanted["branchCodes"] = [code.strip() for code in codes.split(BRANCH_SEPARATOR) if code.strip()]
    faults = _sentences(fields.faults(wanted))
    if not customer_id:
        return Verdict(["customerId is missing", *faults])
    if not customers.is_known(connection, customer_id):
        return Verdict([UNKNOWN, *faults])
    if faults:
        return Verdict(faults)
    return Verdict([], customers.apply(connection, customer_id, wanted, stamp))


def _make_customer(connection: sqlite3.Connection, cells: Mapping[str, object], stamp: Stamp) -> Verdict:
    """A customer with the one key contact that a row has room for."""
    wanted: dict[str, Any] = {name: cells[name] for name in CUSTOMER if name in cells}
    flags, errors = _read(cells, PERSON[3:], _flag)
    person = {name: cells[name] for name in PERSON[:3] if name in cells} | flags
    missing = [f"{name} is missing" for name in CREATE_CUSTOMERS.needed if name not in cells]
    faults = missing + _sentences(errors + fields.faults(wanted) + fields.person_faults(person))
    if faults:
        return Verdict(faults)
    wanted["customerKeyContacts"] = [{"deleted": False, "legalName": wanted["legalName"], **person}]
    return Verdict([], is_changed=True, record_id=customers.make(connection, wanted, stamp))


def _make_invoice(connection: sqlite3.Connection, cells: Mapping[str, object], stamp: Stamp) -> Verdict:
    wanted: dict[str, Any] = {name: cells[name] for name in INVOICE_TEXTS if name in cells}
    amounts, amount_errors = _read(cells, MONEY, _amount)
    flags, flag_errors = _read(cells, FLAGS, _flag)
    wanted |= amounts | flags
    missing = [f"{name} is missing" for name in CREATE_INVOICES.needed if name not in cells]
    faults = missing + _sentences(amount_errors + flag_errors + invoice_fields.faults(wanted))
    if "customerId" in wanted and not customers.is_known(connection, wanted["customerId"]):
        faults.append(UNKNOWN)
    if faults:
        return Verdict(faults)
    invoice_id = invoices.make(connection, wanted, stamp, via="BULK_UPLOAD")
    paise = invoices.find(connection, invoice_id)["netAmount"]
    return Verdict([], is_changed=True, record_id=invoice_id, paise=paise)


def _read(
    cells: Mapping[str, object], names: tuple[str, ...], reader: Callable[[str], object]
) -> tuple[dict[str, object], list[SubError]]:
    """The cells of these columns as values, and what is wrong with those that are none."""
    values: dict[str, object] = {}
    errors: list[SubError] = []
    for name in names:
        if name in cells:
            try:
                values[name] = reader(str(cells[name]).strip())
            except ValueError as error:
                errors.append(SubError(name, str(error)))
    return values, errors


def _amount(text: str) -> object:
    if not re.fullmatch(r"-?[0-9]{1,20}(\.[0-9]{1,20})?", text):
        raise ValueError("must be an amount in rupees")
    return contract.converted(Paise, Decimal(text))


def _flag(text: str) -> bool:
    word = text.lower()
    if word not in TRUE | FALSE:
        raise ValueError("must be true or false")
    return word in TRUE


def _sentences(errors: list[SubError]) -> list[str]:
    return [f"{error.field} {error.message}" for error in errors]


UPDATE_CUSTOMERS = Kind(
    "customer-update", ("customerId", *fields.CORRECTABLE), ("customerId",), _change_customer
)
CREATE_CUSTOMERS = Kind(
    "customer-create", (*CUSTOMER, *PERSON), ("legalName", "name", "mobile"), _make_customer, "customerId"
)
CREATE_INVOICES = Kind(
    "invoice-create",
    (*INVOICE_TEXTS, *MONEY, *FLAGS),
    ("customerId", "baseAmount", "dueDate"),
    _make_invoice,
    "invoiceId",
)
