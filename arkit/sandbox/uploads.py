"""The operations around a bulk file: taking it in, and giving its result files out."""

import sqlite3

from flask import Response

from . import bulk, contract
from .answers import malformed, not_found
from .bulk import Verdict
from .call import Call
from .stamps import Stamp


def update_customers(call: Call) -> object:
    """Apply a file of corrections, each row on its own."""
    contract.check_company(call.query("parentCompanyId"), "parentCompanyId", call.service.company_id)
    upload = call.request.files.get("file")
    if upload is None:
        raise malformed("the body must be multipart/form-data with a part named file")
    sheet = bulk.parse(upload.read())
    normalise = call.fault is not None and call.fault.normalise

    def work(connection: sqlite3.Connection, stamp: Stamp) -> list[Verdict]:
        return bulk.apply(connection, sheet, stamp, normalise=normalise)

    verdicts = call.carry_out(work)
    if call.fault and call.fault.lying_counts:
        verdicts = [Verdict([], is_changed=True) for _ in verdicts]
    with call.service.store.write() as connection:
        return bulk.answer(connection, sheet, verdicts, call.service.url)


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
