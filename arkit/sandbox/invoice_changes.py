"""The operations on invoices: read, make and change one, dispatch and delete several."""

import sqlite3

import msgspec

from . import bodies, contract, invoice_fields, invoice_records, invoices
from .answers import invalid, not_found
from .call import Call
from .stamps import Stamp


def read(call: Call) -> object:
    """One invoice."""
    _check_seller(call)
    with call.service.replica.read() as connection:
        return _shown(connection, call, call.path["invoiceId"])


def create(call: Call) -> object:
    """Make an invoice, and dispatch it if the body says so."""
    call.query()
    wanted = _checked(contract.members(call.body(bodies.InvoiceCreate)))

    def work(connection: sqlite3.Connection, stamp: Stamp) -> msgspec.Raw:
        return _shown(connection, call, invoices.make(connection, wanted, stamp))

    return call.carry_out(work)


def change(call: Call) -> object:
    """Change the fields that were sent, clear those sent as null, leave the others."""
    _check_seller(call)
    invoice_id = call.path["invoiceId"]
    wanted = _checked(contract.members(call.body(bodies.InvoiceUpdate)))

    def work(connection: sqlite3.Connection, stamp: Stamp) -> msgspec.Raw:
        invoices.apply(connection, invoice_id, wanted, stamp)
        return _shown(connection, call, invoice_id)

    return call.carry_out(work)


def dispatch(call: Call) -> object:
    """Send invoices to their customers, each time anew; a list that names an unknown one is refused."""
    call.query()
    body = call.body(bodies.InvoiceDispatch)
    invoice_ids = _unique(body.invoice_ids or [])
    in_parts = body.partial_payment_allowed

    def work(connection: sqlite3.Connection, stamp: Stamp) -> dict[str, object]:
        sent = sum(
            invoices.dispatch(connection, invoice_id, stamp, None if in_parts is msgspec.UNSET else in_parts)
            for invoice_id in invoice_ids[: stamp.limit]
        )
        return {"invoiceIds": invoice_ids, "dispatchedOn": stamp.now, "messageCount": sent}

    return call.carry_out(work)


def delete(call: Call) -> object:
    """Delete invoices; a list that names an unknown one is refused."""
    call.query()
    invoice_ids = _unique(call.body(bodies.InvoiceDelete).invoice_ids)

    def work(connection: sqlite3.Connection, stamp: Stamp) -> dict[str, object]:
        for invoice_id in invoice_ids[: stamp.limit]:
            invoices.delete(connection, invoice_id, stamp)
        return {"invoiceIds": invoice_ids}

    return call.carry_out(work)


def _check_seller(call: Call) -> None:
    contract.check_company(call.query("sellerId"), "sellerId", call.service.company_id)


def _checked(wanted: dict[str, object]) -> dict[str, object]:
    errors = invoice_fields.faults(wanted)
    if errors:
        raise invalid(*errors)
    return wanted


def _unique(invoice_ids: list[str]) -> list[str]:
    return list(dict.fromkeys(invoice_ids))


def _shown(connection: sqlite3.Connection, call: Call, invoice_id: str) -> msgspec.Raw:
    record = invoice_records.one(connection, invoice_id, call.service.company_id)
    if record is None:
        raise not_found("there is no such invoice")
    return record
