"""``client.contacts``."""

from collections.abc import Iterable

from pandera.typing import DataFrame

from arkit import columns, frames
from arkit.resources import children
from arkit.resources.bodies import given
from arkit.wire.calls import Calls
from arkit.wire.operations import GET_CONTACTS


class Contacts:
    """The key contacts of customers; they are changed by way of `Customers.update`."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def fetch(self, customer_ids: Iterable[str] | None = None) -> DataFrame[frames.Contacts]:
        """The key contacts of these customers, or of all.

        Grain: one row per contact, in ascending order of ``customer_id``, then as the server lists them; no
        rows if there are none, with all columns. They are taken from the search for customers; of a customer
        that comes without them they are asked for with `of`.

        Raises:
            UsageError: the ids are one text.
            NetworkError, AuthenticationError, ApiError, ContractError: they could not be had whole.
        """
        return children.fetch(self._calls, frames.Contacts, "customerKeyContacts", GET_CONTACTS, customer_ids)

    def of(self, customer_id: str, *, parent_company_id: str | None = None) -> DataFrame[frames.Contacts]:
        """The key contacts of one customer, by the operation made for it, which is not documented.

        Raises:
            ApiError: the server knows no such customer, or no such operation.
            NetworkError, AuthenticationError, ContractError: they could not be read.
        """
        query = given(parent_company_id=parent_company_id)
        records = children.of_customer(self._calls, GET_CONTACTS, customer_id, query=query)
        return frames.to_frame(columns.from_records(records, frames.grain(frames.Contacts)), frames.Contacts)
