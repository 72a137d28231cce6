"""The operations around a bulk file: taking it in, and giving its result files out."""

import sqlite3
from dataclasses import replace

from flask import Response

from . import bulk, contract, sheets
from .answers import SubError, invalid, malformed, not_found
from .bulk import Kind, Verdict
from .bulk_kinds import CREATE_CUSTOMERS, CREATE_INVOICES, UPDATE_CUSTOMERS
from .call import Call
from .stamps import Stamp


def update_customers(call: Call) -> object:
    """Apply a file of corrections."""
    contract.check_company(call.query("parentCompanyId"), "parentCompanyId", call.service.company_id)
    return _applied(call, UPDATE_CUSTOMERS)


def create_customers(call: Call) -> object:
    """Make a customer of each row; the answer, which the contract leaves open, is that of an update."""
    query = call.query("companyId")
    if "companyId" not in query:
        raise invalid(SubError("companyId", "is missing"))
    contract.check_company(query, "companyId", call.service.company_id)
    return _applied(call, CREATE_CUSTOMERS)


def create_invoices(call: Call) -> object:
    """Make an invoice of each row."""
    contract.check_company(call.query("sellerId"), "sellerId", call.service.company_id)
    return _applied(call, CREATE_INVOICES)


def _applied(call: Call, kind: Kind) -> dict[str, object]:
    """Apply the file that came with a request, each row on its own."""
    upload = call.request.files.get("file")
    if upload is None:
        raise malformed("the body must be multipart/form-data with a part named file")
    sheet = sheets.parse(upload.read(), kind.columns, kind.needed)

    def work(connection: sqlite3.Connection, stamp: Stamp) -> list[Verdict]:
        return bulk.apply(connection, kind, sheet, stamp, call.as_stored)

    verdicts = call.carry_out(work)
    if call.fault and call.fault.lying_counts:
        claimed = ["the row was refused"] if call.fault.lying_counts == "failure" else []
        verdicts = [replace(verdict, faults=claimed, is_changed=True) for verdict in verdicts]
    with call.service.store.write() as connection:
        return bulk.answer(connection, kind, sheet, verdicts, call.service.url)


def download(call: Call) -> Response:
    """A result file; whoever knows its address may read it."""
    with call.service.store.read() as connection:
        row = connection.execute(
            "SELECT name, content FROM file WHERE token = ?", (call.path["token"],)
        ).fetchone()
    if row is None:
        raise not_found("there is no such file")
    headers = {"Content-Disposition": f'attachment; filename="{row["name"]}"'}
    return Response(row["content"], mimetype="text/csv", headers=headers)
