"""``client.invoices``."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pandera.typing import DataFrame

from arkit import columns, frames
from arkit.columns import JSON_TEXT, PLAIN_TEXT, Grain
from arkit.resources import bulk
from arkit.resources.bodies import (
    LEAVE,
    Amount,
    Day,
    Leave,
    amount,
    changed,
    changed_amount,
    changed_day,
    day,
    given,
    ids,
    moments,
    some_ids,
)
from arkit.resources.bulk import BulkAnswer
from arkit.resources.searches import search
from arkit.wire.calls import Calls
from arkit.wire.operations import (
    CREATE_INVOICE,
    CREATE_INVOICES,
    DELETE_INVOICES,
    DISPATCH_INVOICES,
    GET_INVOICE,
    SEARCH_INVOICES,
    UPDATE_INVOICE,
)
from arkit.wire.records import listed

GRAIN = frames.grain(frames.Invoices)
WITH_ATTACHMENTS = Grain(
    "invoices",
    {"invoice_id": PLAIN_TEXT, "customer_id": PLAIN_TEXT, "invoice_attachments": JSON_TEXT},
    {
        "invoice_id": "invoiceId",
        "customer_id": "customerId",
        "invoice_attachments": "invoiceAttachments",
    },
    is_open=False,
)


class Invoices:
    """What can be fetched of invoices, and done to them; see `arkit.resources` for the errors of changes."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def fetch(
        self,
        *,
        due_from: Day | None = None,
        due_to: Day | None = None,
        customer_ids: Iterable[str] | None = None,
        status: str | None = None,
        dispatched: bool | None = None,
        created_from: Day | None = None,
        created_to: Day | None = None,
        dispatched_from: Day | None = None,
        dispatched_to: Day | None = None,
        balance_from: Amount | None = None,
        balance_to: Amount | None = None,
        base_from: Amount | None = None,
        base_to: Amount | None = None,
        approval_statuses: Sequence[str] | None = None,
        collection_mode: Sequence[str] | None = None,
        created_via: str | None = None,
        customer_deleted: bool | None = None,
        customer_legal_name: str | None = None,
        customer_status: str | None = None,
    ) -> DataFrame[frames.Invoices]:
        """Invoices, all of them unless filtered.

        Grain: one row per invoice, in ascending order of ``invoice_id``; amounts in exact rupees; no rows if
        none fits, with all columns. Attachments are another grain: see `attachments`.

        Args:
            due_from: the first due day wanted, a date or ``yyyy-MM-dd``; the other spans are alike, and take
                a moment too.
            due_to: the last due day wanted.
            customer_ids: of these customers only.
            status: the ``receivable_status`` wanted, such as ``PAID``; applied here, since the API documents
                no such filter.
            dispatched: whether it was sent to its customer.
            balance_from: the lowest balance wanted in rupees, no float; the other amounts are alike.

        Raises:
            UsageError: a day or an amount is none, or the ids are one text.
            NetworkError, AuthenticationError, ApiError, ContractError: the set could not be had whole.
        """
        wanted = None if customer_ids is None else ids("customer_ids", customer_ids)
        filters = given(
            **_span("due_date", "due", due_from, due_to),
            **_span("created_on", "created", created_from, created_to),
            **_span("dispatched_on", "dispatched", dispatched_from, dispatched_to),
            balance_amount_from=amount("balance_from", balance_from),
            balance_amount_to=amount("balance_to", balance_to),
            base_amount_from=amount("base_from", base_from),
            base_amount_to=amount("base_to", base_to),
            approval_statuses=approval_statuses,
            collection_mode=collection_mode,
            created_via=created_via,
            customer_deleted=customer_deleted,
            customer_ids=wanted,
            customer_legal_name=customer_legal_name,
            customer_status=customer_status,
            dispatched=dispatched,
        )
        table = search(self._calls, SEARCH_INVOICES, filters, GRAIN, id_column="invoice_id", is_resumed=True)
        if wanted is not None:
            table = _of_customers(table, wanted)
        if status is not None:
            table = table.filter(pc.equal(table["receivable_status"], status))
        return frames.to_frame(table, frames.Invoices)

    def attachments(
        self,
        *,
        due_from: Day | None = None,
        due_to: Day | None = None,
        customer_ids: Iterable[str] | None = None,
    ) -> DataFrame[frames.Attachments]:
        """The files attached to invoices: where they lie and who put them there, not their content.

        Grain: one row per attachment, in ascending order of ``invoice_id``, then as the server lists them; no
        rows if there are none, with all columns. The filters and errors are those of `fetch`.
        """
        wanted = None if customer_ids is None else ids("customer_ids", customer_ids)
        filters = given(**_span("due_date", "due", due_from, due_to), customer_ids=wanted)
        table = search(self._calls, SEARCH_INVOICES, filters, WITH_ATTACHMENTS, id_column="invoice_id")
        if wanted is not None:
            table = _of_customers(table, wanted)
        pairs = zip(table["invoice_id"].to_pylist(), table["invoice_attachments"].to_pylist(), strict=True)
        records = [
            {**attachment, "invoiceId": invoice_id}
            for invoice_id, text in pairs
            for attachment in listed(json.loads(text or "[]"), where=SEARCH_INVOICES.name)[0]
        ]
        grain = frames.grain(frames.Attachments)
        return frames.to_frame(columns.from_records(records, grain), frames.Attachments)

    def get(self, invoice_id: str, *, seller_id: str | None = None) -> "pd.Series[Any]":
        """One invoice: a row of `fetch` by column name.

        Raises:
            ApiError: the server knows no such invoice.
            NetworkError, AuthenticationError, ContractError: it could not be read.
        """
        path, query = {"invoiceId": invoice_id}, given(seller_id=seller_id)
        return _row(self._calls.read(GET_INVOICE, path=path, query=query), where=GET_INVOICE.name)

    def create(
        self,
        *,
        customer_id: str,
        base_amount: Amount,
        due_date: Day,
        invoice_number: str | None = None,
        invoice_date: Day | None = None,
        cgst: Amount | None = None,
        sgst: Amount | None = None,
        igst: Amount | None = None,
        tds: Amount | None = None,
        net_amount: Amount | None = None,
        balance_amount: Amount | None = None,
        total_received: Amount | None = None,
        gst_exclusive: bool | None = None,
        description: str | None = None,
        po_number: str | None = None,
        external_id: str | None = None,
        payable_reference_id: str | None = None,
        email_address: str | None = None,
        mobile_number: str | None = None,
        partial_payment_allowed: bool | None = None,
        charge_customer: bool | None = None,
        dispatch_now: bool | None = None,
        approval_status: str | None = None,
        receivable_status: str | None = None,
        via: str | None = None,
    ) -> str | None:
        """Create one invoice; its id, if the server's answer names it. Doing it twice makes two.

        Amounts are exact rupees with two decimals at most, never floats; the base amount is 0.10 at least.
        How they depend on each other is not documented, so they go out as they are given.

        Raises:
            UsageError: an amount or a day is none.
        """
        body = given(
            customer_id=customer_id,
            base_amount=amount("base_amount", base_amount),
            due_date=day("due_date", due_date),
            invoice_number=invoice_number,
            invoice_date=day("invoice_date", invoice_date),
            cgst=amount("cgst", cgst),
            sgst=amount("sgst", sgst),
            igst=amount("igst", igst),
            tds=amount("tds", tds),
            net_amount=amount("net_amount", net_amount),
            balance_amount=amount("balance_amount", balance_amount),
            total_received=amount("total_received", total_received),
            gst_exclusive=gst_exclusive,
            description=description,
            po_number=po_number,
            external_id=external_id,
            payable_reference_id=payable_reference_id,
            email_address=email_address,
            mobile_number=mobile_number,
            partial_payment_allowed=partial_payment_allowed,
            charge_customer=charge_customer,
            dispatch_now=dispatch_now,
            approval_status=approval_status,
            receivable_status=receivable_status,
            via=via,
        )
        payload = self._calls.change(CREATE_INVOICE, body=body)
        identity = payload.get("invoiceId") if isinstance(payload, dict) else payload
        return identity if isinstance(identity, str) else None

    def update(
        self,
        invoice_id: str,
        *,
        customer_id: str | Leave = LEAVE,
        base_amount: Amount | Leave | None = LEAVE,
        due_date: Day | Leave | None = LEAVE,
        invoice_number: str | Leave | None = LEAVE,
        invoice_date: Day | Leave | None = LEAVE,
        cgst: Amount | Leave | None = LEAVE,
        sgst: Amount | Leave | None = LEAVE,
        igst: Amount | Leave | None = LEAVE,
        tds: Amount | Leave | None = LEAVE,
        net_amount: Amount | Leave | None = LEAVE,
        balance_amount: Amount | Leave | None = LEAVE,
        total_received: Amount | Leave | None = LEAVE,
        gst_exclusive: bool | Leave | None = LEAVE,
        description: str | Leave | None = LEAVE,
        po_number: str | Leave | None = LEAVE,
        payable_reference_id: str | Leave | None = LEAVE,
        email_address: str | Leave | None = LEAVE,
        mobile_number: str | Leave | None = LEAVE,
        partial_payment_allowed: bool | Leave | None = LEAVE,
        charge_customer: bool | Leave | None = LEAVE,
        dispatch_now: bool | Leave | None = LEAVE,
        approval_status: str | Leave | None = LEAVE,
        receivable_status: str | Leave | None = LEAVE,
        via: str | Leave | None = LEAVE,
        seller_id: str | None = None,
    ) -> "pd.Series[Any]":
        """Change some fields of one invoice: `LEAVE` leaves a field as it is, None clears it.

        Returns the invoice as the server says that it is now: a row of `fetch` by column name.

        Raises:
            UsageError: nothing is to be changed, or an amount or a day is none.
        """
        body = changed(
            customer_id=customer_id,
            base_amount=changed_amount("base_amount", base_amount),
            due_date=changed_day("due_date", due_date),
            invoice_number=invoice_number,
            invoice_date=changed_day("invoice_date", invoice_date),
            cgst=changed_amount("cgst", cgst),
            sgst=changed_amount("sgst", sgst),
            igst=changed_amount("igst", igst),
            tds=changed_amount("tds", tds),
            net_amount=changed_amount("net_amount", net_amount),
            balance_amount=changed_amount("balance_amount", balance_amount),
            total_received=changed_amount("total_received", total_received),
            gst_exclusive=gst_exclusive,
            description=description,
            po_number=po_number,
            payable_reference_id=payable_reference_id,
            email_address=email_address,
            mobile_number=mobile_number,
            partial_payment_allowed=partial_payment_allowed,
            charge_customer=charge_customer,
            dispatch_now=dispatch_now,
            approval_status=approval_status,
            receivable_status=receivable_status,
            via=via,
        )
        path, query = {"invoiceId": invoice_id}, given(seller_id=seller_id)
        payload = self._calls.change(UPDATE_INVOICE, path=path, query=query, body=body)
        return _row(payload, where=UPDATE_INVOICE.name)

    def dispatch(self, invoice_ids: Iterable[str], *, partial_payment_allowed: bool | None = None) -> None:
        """Send invoices to their customers. Doing it twice sends them twice.

        Raises:
            UsageError: the ids are one text, or none.
        """
        body = given(
            invoice_ids=some_ids("invoice_ids", invoice_ids), partial_payment_allowed=partial_payment_allowed
        )
        self._calls.change(DISPATCH_INVOICES, body=body)

    def delete(self, invoice_ids: Iterable[str]) -> None:
        """Delete invoices. Path and body are deduced and not documented.

        Raises:
            UsageError: the ids are one text, or none.
        """
        self._calls.change(DELETE_INVOICES, body=given(invoice_ids=some_ids("invoice_ids", invoice_ids)))

    def bulk_create(self, file: Path | str, *, seller_id: str | None = None) -> BulkAnswer:
        """Upload a file of new invoices as it is: unchecked, and with no proof of what became of its rows.

        Doing it twice makes them twice.

        Raises:
            UsageError: the file cannot be read, or is neither CSV nor XLSX.
        """
        return bulk.upload(self._calls, CREATE_INVOICES, file, given(seller_id=seller_id))


def _span(member: str, parameter: str, first: Day | None, last: Day | None) -> dict[str, str]:
    return {f"{member}_{end.lower()}": text for end, text in moments(parameter, first, last).items()}


def _of_customers(table: pa.Table, wanted: Sequence[str]) -> pa.Table:
    """No ids at all may count as no filter on the server, and one that knows no such filter ignores it."""
    return table.filter(pc.is_in(table["customer_id"], pa.array(wanted, table["customer_id"].type)))


def _row(record: Any, *, where: str) -> "pd.Series[Any]":
    records, _ = listed([record], where=where)
    return frames.to_frame(columns.from_records(records, GRAIN), frames.Invoices).iloc[0]
