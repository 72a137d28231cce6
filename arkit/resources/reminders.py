"""``client.reminders``."""

from collections.abc import Iterable
from typing import Any

import pandas as pd
from pandera.typing import DataFrame

from arkit import columns, frames
from arkit.resources import children
from arkit.resources.bodies import LEAVE, Leave, changed, given
from arkit.wire.calls import Calls
from arkit.wire.operations import (
    CREATE_REMINDER,
    DELETE_REMINDER,
    GET_REMINDER,
    LIST_REMINDERS,
    UPDATE_REMINDER,
)
from arkit.wire.records import listed

GRAIN = frames.grain(frames.Reminders)


class Reminders:
    """The reminder rules of customers; see `arkit.resources` for the errors of changes.

    The API documents none of these operations beyond their names. A documented way to write rules is the
    ``reminders`` of `Customers.create` and `Customers.update`.
    """

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def fetch(self, customer_ids: Iterable[str] | None = None) -> DataFrame[frames.Reminders]:
        """The reminder rules of these customers, or of all.

        Grain: one row per rule, in ascending order of ``customer_id``, then as the server lists them; no rows
        if there are none, with all columns. They are taken from the search for customers; of a customer that
        comes without them they are asked for with `of`.

        Raises:
            UsageError: the ids are one text.
            NetworkError, AuthenticationError, ApiError, ContractError: they could not be had whole.
        """
        return children.fetch(
            self._calls, frames.Reminders, "customerReminders", LIST_REMINDERS, customer_ids
        )

    def of(self, customer_id: str, *, parent_company_id: str | None = None) -> DataFrame[frames.Reminders]:
        """The reminder rules of one customer, by the operation made for it.

        Raises:
            ApiError: the server knows no such customer, or no such operation.
            NetworkError, AuthenticationError, ContractError: they could not be read.
        """
        query = given(parent_company_id=parent_company_id)
        records = children.of_customer(self._calls, LIST_REMINDERS, customer_id, query=query)
        return frames.to_frame(columns.from_records(records, GRAIN), frames.Reminders)

    def get(self, customer_reminder_id: str, *, parent_company_id: str | None = None) -> "pd.Series[Any]":
        """One reminder rule: a row of `fetch`.

        Raises:
            ApiError: the server knows no such rule.
            NetworkError, AuthenticationError, ContractError: it could not be read.
        """
        path = {"customerReminderId": customer_reminder_id}
        query = given(parent_company_id=parent_company_id)
        records, _ = listed([self._calls.read(GET_REMINDER, path=path, query=query)], where=GET_REMINDER.name)
        return frames.to_frame(columns.from_records(records, GRAIN), frames.Reminders).iloc[0]

    def create(
        self,
        customer_id: str,
        *,
        reminder_type: str | None = None,
        due_date_difference: int | None = None,
        reminder_interval: int | None = None,
        reminder_time: str | None = None,
        stage: str | None = None,
        parent_company_id: str | None = None,
    ) -> str | None:
        """Add a rule to a customer, with the fields of `ReminderRule`; its id, if the answer names it."""
        body = given(
            customer_id=customer_id,
            reminder_type=reminder_type,
            due_date_difference=due_date_difference,
            reminder_interval=reminder_interval,
            reminder_time=reminder_time,
            stage=stage,
        )
        query = given(parent_company_id=parent_company_id)
        payload = self._calls.change(CREATE_REMINDER, query=query, body=body)
        identity = payload.get("customerReminderId") if isinstance(payload, dict) else payload
        return identity if isinstance(identity, str) else None

    def update(
        self,
        customer_reminder_id: str,
        *,
        reminder_type: str | Leave | None = LEAVE,
        due_date_difference: int | Leave | None = LEAVE,
        reminder_interval: int | Leave | None = LEAVE,
        reminder_time: str | Leave | None = LEAVE,
        stage: str | Leave | None = LEAVE,
        parent_company_id: str | None = None,
    ) -> None:
        """Change some fields of a rule: `LEAVE` leaves a field as it is, None clears it.

        Raises:
            UsageError: nothing is to be changed.
        """
        body = changed(
            reminder_type=reminder_type,
            due_date_difference=due_date_difference,
            reminder_interval=reminder_interval,
            reminder_time=reminder_time,
            stage=stage,
        )
        path = {"customerReminderId": customer_reminder_id}
        query = given(parent_company_id=parent_company_id)
        self._calls.change(UPDATE_REMINDER, path=path, query=query, body=body)

    def delete(self, customer_reminder_id: str, *, parent_company_id: str | None = None) -> None:
        """Remove a rule."""
        path = {"customerReminderId": customer_reminder_id}
        query = given(parent_company_id=parent_company_id)
        self._calls.change(DELETE_REMINDER, path=path, query=query)
