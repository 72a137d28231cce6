"""``client.customers``."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pandera.typing import DataFrame

from arkit import frames
from arkit.columns import Grain
from arkit.errors import ApiError
from arkit.resources import bulk
from arkit.resources.bodies import LEAVE, KeyContact, Leave, ReminderRule, changed, given, ids
from arkit.resources.bulk import BulkAnswer
from arkit.resources.searches import search
from arkit.wire.calls import Calls
from arkit.wire.operations import (
    ACTIVATE_CUSTOMER,
    CREATE_CUSTOMER,
    CREATE_CUSTOMERS,
    DEACTIVATE_CUSTOMER,
    DELETE_CUSTOMER,
    SEARCH_CUSTOMERS,
    UPDATE_CUSTOMER,
    UPDATE_CUSTOMERS,
)
from arkit.wire.pages import LIMIT
from arkit.wire.records import listed

if TYPE_CHECKING:
    from arkit.corrections.checks import Check
    from arkit.corrections.plans import Plan

MOST_IDS = 5_000
GRAIN = frames.grain(frames.Customers)


class Customers:
    """What can be fetched of customers, and done to them; see `arkit.resources` for the errors of changes."""

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
        wanted = None if customer_ids is None else ids("customer_ids", customer_ids)
        filters = given(assigned_agent=assigned_agent, account_number=account_number)
        table = search(
            self._calls, SEARCH_CUSTOMERS, filters, GRAIN, id_column="customer_id", is_resumed=True
        )
        if wanted is not None:
            table = of_ids(table, wanted)
        if status is not None:
            table = table.filter(pc.equal(table["status"], status))
        return frames.to_frame(table, frames.Customers)

    def get(self, customer_id: str) -> "pd.Series[Any]":
        """One customer as it is now: a row of `fetch`. The API reads none by itself, so it is searched.

        Raises:
            ApiError: the server knows no such customer.
            NetworkError, AuthenticationError, ContractError: it could not be read.
        """
        found = self.snapshot([customer_id])
        if found.empty:
            raise ApiError(
                "the search found no customer of this id.",
                code="not_found",
                where=SEARCH_CUSTOMERS.name,
                status=200,
                error_type="",
                next_step="Check the id; a deleted customer is not found.",
            )
        return found.iloc[0]

    def snapshot(self, customer_ids: Collection[str]) -> DataFrame[frames.Customers]:
        """The customers of these ids as they are on the server now; ids that it does not know are absent.

        Raises:
            NetworkError, AuthenticationError, ApiError, ContractError: they could not be read.
        """
        return frames.to_frame(search_ids(self._calls, customer_ids, GRAIN), frames.Customers)

    def plan(self, checked: "Check") -> "Plan":
        """The corrections of a checked file against fresh server state; nothing is sent.

        Grain of ``plan.changes``: one row per corrected field. Rows that would change nothing are left out
        of it and counted as ``skipped_noop``.

        Raises:
            UsageError: it is a frame that nobody checked.
            InputRefused: the check found errors.
            JournalError: the plan cannot be stored.
            NetworkError, AuthenticationError, ApiError, ContractError: the customers could not be read, or
                the search does not show a field that would change.
        """
        from arkit.corrections import plans  # noqa: PLC0415 - corrections import this module

        return plans.plan(checked, self, self._calls, self._workspace)

    def create(
        self,
        *,
        legal_name: str,
        key_contacts: Sequence[KeyContact],
        reminders: Sequence[ReminderRule] | None = None,
        pan_or_gstin: str | None = None,
        account_number: str | None = None,
        ifsc: str | None = None,
        address: str | None = None,
        state: str | None = None,
        pin_code: str | None = None,
        contact_number: str | None = None,
        unique_ref_no: str | None = None,
        company_id: str | None = None,
        customer_company_id: str | None = None,
        external_source: bool | None = None,
    ) -> str | None:
        """Create one customer; its id, if the server's answer names it. Doing it twice makes two."""
        body = given(
            legal_name=legal_name,
            customer_key_contacts=list(key_contacts),
            customer_reminders=reminders,
            pan_or_gstin=pan_or_gstin,
            account_number=account_number,
            ifsc=ifsc,
            address=address,
            state=state,
            pin_code=pin_code,
            contact_number=contact_number,
            unique_ref_no=unique_ref_no,
            company_id=company_id,
            customer_company_id=customer_company_id,
            external_source=external_source,
        )
        return _id_in(self._calls.change(CREATE_CUSTOMER, body=body))

    def update(
        self,
        customer_id: str,
        *,
        legal_name: str | Leave | None = LEAVE,
        key_contacts: Sequence[KeyContact] | Leave | None = LEAVE,
        reminders: Sequence[ReminderRule] | Leave | None = LEAVE,
        pan_or_gstin: str | Leave | None = LEAVE,
        account_number: str | Leave | None = LEAVE,
        ifsc: str | Leave | None = LEAVE,
        address: str | Leave | None = LEAVE,
        state: str | Leave | None = LEAVE,
        pin_code: str | Leave | None = LEAVE,
        contact_number: str | Leave | None = LEAVE,
        assigned_agent: str | Leave | None = LEAVE,
        branch_codes: Sequence[str] | Leave | None = LEAVE,
        unique_ref_no: str | Leave | None = LEAVE,
        parent_company_id: str | None = None,
    ) -> None:
        """Change some fields of one customer: `LEAVE` leaves a field as it is, None clears it.

        Whether lists of contacts and reminders replace the old ones or are merged with them is not
        documented. For many customers, `plan` is the way that proves what it did.

        Raises:
            UsageError: nothing is to be changed.
        """
        body = changed(
            legal_name=legal_name,
            customer_key_contacts=key_contacts,
            customer_reminders=reminders,
            pan_or_gstin=pan_or_gstin,
            account_number=account_number,
            ifsc=ifsc,
            address=address,
            state=state,
            pin_code=pin_code,
            contact_number=contact_number,
            assigned_agent=assigned_agent,
            branch_codes=branch_codes,
            unique_ref_no=unique_ref_no,
        )
        path, query = {"customerId": customer_id}, given(parent_company_id=parent_company_id)
        self._calls.change(UPDATE_CUSTOMER, path=path, query=query, body=body)

    def activate(self, customer_id: str, *, parent_company_id: str | None = None) -> None:
        """Make a customer active."""
        path, query = {"customerId": customer_id}, given(parent_company_id=parent_company_id)
        self._calls.change(ACTIVATE_CUSTOMER, path=path, query=query)

    def deactivate(self, customer_id: str, *, parent_company_id: str | None = None) -> None:
        """Make a customer inactive."""
        path, query = {"customerId": customer_id}, given(parent_company_id=parent_company_id)
        self._calls.change(DEACTIVATE_CUSTOMER, path=path, query=query)

    def delete(self, customer_id: str, *, parent_company_id: str | None = None) -> None:
        """Delete a customer; whether its records are kept on the server is not documented."""
        path, query = {"customerId": customer_id}, given(parent_company_id=parent_company_id)
        self._calls.change(DELETE_CUSTOMER, path=path, query=query)

    def bulk_create(self, file: Path | str, *, company_id: str | None = None) -> BulkAnswer:
        """Upload a file of new customers as it is: unchecked, and with no proof of what became of its rows.

        Doing it twice makes them twice. The company is the profile's own unless another is given.

        Raises:
            UsageError: the file cannot be read, or is neither CSV nor XLSX.
        """
        return bulk.upload(
            self._calls, CREATE_CUSTOMERS, file, {"companyId": company_id or self._calls.profile.company_id}
        )

    def bulk_update(self, file: Path | str, *, parent_company_id: str | None = None) -> BulkAnswer:
        """Upload a file of corrections as it is; `plan` is the way that checks it and proves what it did.

        Raises:
            UsageError: the file cannot be read, or is neither CSV nor XLSX.
        """
        return bulk.upload(self._calls, UPDATE_CUSTOMERS, file, given(parent_company_id=parent_company_id))


def search_ids(calls: Calls, customer_ids: Collection[str], grain: Grain) -> pa.Table:
    """The customers of these ids; a filter by ids is not documented, so it may cost a full search."""
    wanted = ids("customer_ids", customer_ids)

    def found(filters: Mapping[str, Any]) -> pa.Table:
        return of_ids(search(calls, SEARCH_CUSTOMERS, filters, grain, id_column="customer_id"), wanted)

    if len(wanted) > MOST_IDS:
        return found({})
    try:
        table = found({"customerIds": wanted})
        if len(table) == len(wanted):
            return table
    except ApiError:
        pass
    return found({})


def hidden_members(calls: Calls, members: Collection[str]) -> set[str]:
    """Those of these members, in the API's words, that the search does not show of its first customers.

    None if it writes nothing for what is empty: then a member that is never there may just be empty.

    Raises:
        NetworkError, AuthenticationError, ApiError, ContractError: they could not be read.
    """
    payload = calls.read(SEARCH_CUSTOMERS, query={"limit": str(LIMIT), "offset": "0"}, body={})
    records, _ = listed(payload, where=SEARCH_CUSTOMERS.name)
    is_empty_written = any(value is None for record in records for value in record.values())
    shown = {member for record in records for member in record}
    return set(members) - shown if is_empty_written else set()


def of_ids(table: pa.Table, wanted: Collection[str]) -> pa.Table:
    """The rows of customers with these ids."""
    return table.filter(pc.is_in(table["customer_id"], pa.array(wanted, table["customer_id"].type)))


def _id_in(payload: Any) -> str | None:
    identity = payload.get("customerId") if isinstance(payload, dict) else payload
    return identity if isinstance(identity, str) and identity.startswith("KC") else None
