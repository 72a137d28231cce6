"""The two operations of the Bharat Connect network, of which the contract says little."""

import json
import sqlite3

from . import bodies, contract, invoices
from .answers import SubError, unprocessable
from .call import Call
from .stamps import Stamp
from .store import insert


def confirm_payment(call: Call) -> object:
    """Keep the answer to a payment that was reported for invoices; no more is known to follow from it."""
    call.query()
    wanted = contract.members(call.body(bodies.PaymentConfirmation))

    def work(connection: sqlite3.Connection, stamp: Stamp) -> dict[str, object]:
        for invoice_id in wanted["invoiceIds"]:
            invoices.find(connection, invoice_id)
        # The network lets a supplier refuse only what was paid outside it.
        if wanted["response"] == "REJECT" and wanted["type"] == "ONPLATFORM":
            raise unprocessable(
                "a payment on the platform cannot be rejected", SubError("response", "must be ACCEPT")
            )
        kept = {"id": stamp.new_id("PCF"), **wanted, "at": stamp.now}
        insert(connection, "confirmation", {**kept, "invoiceIds": json.dumps(wanted["invoiceIds"])})
        return kept

    return call.carry_out(work)


def change_status(call: Call) -> object:
    """Give invoices the status that is asked for, whatever it is."""
    call.query()
    wanted = contract.members(call.body(bodies.StatusChange))

    def work(connection: sqlite3.Connection, stamp: Stamp) -> dict[str, object]:
        for invoice_id in wanted["invoiceIds"][: stamp.limit]:
            invoices.apply(connection, invoice_id, {"receivableStatus": wanted["status"]}, stamp)
        return wanted

    return call.carry_out(work)
