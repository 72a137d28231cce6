"""Invoices: reading one."""

from . import contract, invoice_records
from .answers import not_found
from .call import Call


def read(call: Call) -> object:
    """One invoice."""
    contract.check_company(call.query("sellerId"), "sellerId", call.service.company_id)
    with call.service.store.read() as connection:
        record = invoice_records.one(connection, call.path["invoiceId"], call.service.company_id)
    if record is None:
        raise not_found("there is no such invoice")
    return record
