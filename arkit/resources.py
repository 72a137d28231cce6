"""The nouns of the API: what can be fetched of them, and what can be done to them."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from pandera.typing import DataFrame

from arkit import frames
from arkit.errors import ApiError, UsageError
from arkit.wire import pages
from arkit.wire.calls import Calls
from arkit.wire.operations import GET_INVOICE, SEARCH_CUSTOMERS, SEARCH_INVOICES

if TYPE_CHECKING:
    from arkit.corrections.checks import Check
    from arkit.corrections.plans import Plan

Day = str | dt.date


class Customers:
    """``client.customers``."""

    def __init__(self, calls: Calls, workspace: Path) -> None:
        self._calls = calls
        self._workspace = workspace

    def fetch(
        self,
        *,
        status: str | None = None,
        assigned_agent: str | None = None,
        account_number: str | None = None,
        customer_ids: Iterable[str] | None = None,
    ) -> DataFrame[frames.Customers]:
        """Customers, all of them unless filtered.

        Grain: one row per customer, in ascending order of ``customer_id``; no rows if none fits, with all
        columns. Agent and account number are filters of the API; status and ids, which its pages do not
        document, are applied here.

        Raises:
            UsageError: the ids are one text.
            NetworkError, AuthenticationError, ApiError, ContractError: the set could not be had whole.
        """
        filters = _given(assignedAgent=assigned_agent, accountNumber=account_number)
        records: Iterable[Mapping[str, Any]] = self._search(filters)
        if customer_ids is not None:
            wanted = _ids(customer_ids)
            records = [record for record in records if record["customerId"] in wanted]
        if status is not None:
            records = [record for record in records if _name(record.get("status")) == status]
        return frames.to_frame(_in_order(records, "customerId"), frames.Customers)

    def snapshot(self, customer_ids: Collection[str]) -> DataFrame[frames.Customers]:
        """The customers of these ids as they are on the server now; ids that it does not know are absent.

        A filter by ids is not documented: a server that ignores or refuses it costs a full search, never a
        wrong result.

        Raises:
            NetworkError, AuthenticationError, ApiError, ContractError: they could not be read.
        """
        wanted = set(customer_ids)
        try:
            found = self._search({"customerIds": sorted(wanted)})
        except ApiError:
            found = []
        if not wanted <= {record["customerId"] for record in found}:
            found = self._search({})
        records = [record for record in found if record["customerId"] in wanted]
        return frames.to_frame(_in_order(records, "customerId"), frames.Customers)

    def plan(self, checked: "Check") -> "Plan":
        """The corrections of a checked file against fresh server state; nothing is sent.

        Grain of ``plan.changes``: one row per corrected field. Rows that would change nothing are left out
        of it and counted as ``skipped_noop``.

        Raises:
            UsageError: it is a frame that nobody checked.
            InputRefused: the check found errors.
            JournalError: the plan cannot be stored.
            NetworkError, AuthenticationError, ApiError, ContractError: the customers could not be read.
        """
        from arkit.corrections import plans  # noqa: PLC0415 - corrections import this module

        return plans.plan(checked, self, self._calls, self._workspace)

    def _search(self, filters: Mapping[str, Any]) -> list[pages.Record]:
        def page(limit: int, offset: int) -> Any:
            query = _page_query("customerId", limit, offset)
            return self._calls.read(SEARCH_CUSTOMERS, query=query, body=filters)

        return pages.collect(page, id_member="customerId", where=SEARCH_CUSTOMERS.name)


class Invoices:
    """``client.invoices``."""

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
    ) -> DataFrame[frames.Invoices]:
        """Invoices, all of them unless filtered.

        Grain: one row per invoice, in ascending order of ``invoice_id``; amounts in exact rupees; no rows if
        none fits, with all columns.

        Args:
            due_from: the first due day wanted, a date or ``yyyy-MM-dd``.
            due_to: the last due day wanted.
            customer_ids: of these customers only.
            status: the ``receivable_status`` wanted, such as ``PAID``; applied here, since the API documents
                no such filter.
            dispatched: whether it was sent to its customer.

        Raises:
            UsageError: a day is none, or the ids are one text.
            NetworkError, AuthenticationError, ApiError, ContractError: the set could not be had whole.
        """
        first, last = _day("due_from", due_from), _day("due_to", due_to)
        wanted = None if customer_ids is None else _ids(customer_ids)
        filters = _given(
            dueDateFrom=first and f"{first} 00:00:00",
            dueDateTo=last and f"{last} 23:59:59",
            customerIds=None if wanted is None else sorted(wanted),
            dispatched=dispatched,
        )

        def page(limit: int, offset: int) -> Any:
            query = _page_query("invoiceId", limit, offset)
            return self._calls.read(SEARCH_INVOICES, query=query, body=filters)

        records = pages.collect(page, id_member="invoiceId", where=SEARCH_INVOICES.name)
        if wanted is not None:
            # No ids at all may count as no filter on the server.
            records = [record for record in records if record.get("customerId") in wanted]
        if status is not None:
            records = [record for record in records if _name(record.get("receivableStatus")) == status]
        return frames.to_frame(_in_order(records, "invoiceId"), frames.Invoices)

    def get(self, invoice_id: str) -> "pd.Series[Any]":
        """One invoice: a row of `fetch` by column name.

        Raises:
            ApiError: the server knows no such invoice.
            NetworkError, AuthenticationError, ContractError: it could not be read.
        """
        record = self._calls.read(GET_INVOICE, path={"invoiceId": invoice_id})
        records, _ = pages.listed([record], where=GET_INVOICE.name)
        return frames.to_frame(records, frames.Invoices).iloc[0]


def _given(**filters: Any) -> dict[str, Any]:
    return {name: value for name, value in filters.items() if value is not None}


def _page_query(order_by: str, limit: int, offset: int) -> dict[str, str]:
    return {"orderBy": order_by, "direction": "ASC", "limit": str(limit), "offset": str(offset)}


def _in_order(records: Iterable[pages.Record], id_member: str) -> list[pages.Record]:
    return sorted(records, key=lambda record: str(record[id_member]))


def _name(status: Any) -> Any:
    return status.get("name") if isinstance(status, dict) else status


def _ids(customer_ids: Iterable[str]) -> set[str]:
    if isinstance(customer_ids, str):
        raise UsageError(
            "customer_ids must be a list of ids, not one text.", code="ids", next_step="Put it in a list."
        )
    return set(customer_ids)


def _day(name: str, value: Day | None) -> str | None:
    if value is None:
        return None
    try:
        return (value if isinstance(value, dt.date) else dt.date.fromisoformat(value)).strftime("%Y-%m-%d")
    except (ValueError, TypeError) as error:
        raise UsageError(
            f"{name} must be a date written yyyy-MM-dd.", code="date", next_step=f"Correct {name}."
        ) from error
