"""``client.network``: what Bharat Connect wants to know of an invoice or a payment."""

from collections.abc import Iterable

from arkit.resources.bodies import given, some_ids
from arkit.wire.calls import Calls
from arkit.wire.operations import CHANGE_STATUS, CONFIRM_PAYMENT


class Network:
    """Messages to the network; they cannot be taken back, and are sent once."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def confirm_payment(
        self, *, payment_id: str, invoice_ids: Iterable[str], response: str, type: str, remarks: str
    ) -> None:
        """Answer a payment that was reported for invoices.

        Args:
            payment_id: the network's id of the payment.
            response: ``ACCEPT`` or ``REJECT`` in the network's own message; the API prints no values.
            type: ``ONPLATFORM`` or ``OFFPLATFORM`` there; only payments off the platform can be rejected.
            remarks: 1 to 100 characters without quotation marks and backslashes.

        Raises:
            UsageError: the ids are one text, or none.
        """
        body = given(
            payment_id=payment_id,
            invoice_ids=some_ids("invoice_ids", invoice_ids),
            response=response,
            type=type,
            remarks=remarks,
        )
        self._calls.change(CONFIRM_PAYMENT, body=body)

    def change_status(self, *, invoice_ids: Iterable[str], status: str, remarks: str | None = None) -> None:
        """Ask for another status of invoices on the network. Path and body are deduced and not documented.

        Raises:
            UsageError: the ids are one text, or none.
        """
        body = given(invoice_ids=some_ids("invoice_ids", invoice_ids), status=status, remarks=remarks)
        self._calls.change(CHANGE_STATUS, body=body)
