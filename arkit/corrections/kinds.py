"""The kinds of bulk files: their headers, keys and rules."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandera.pandas as pa

from arkit.columns import camel
from arkit.corrections.schemas import CustomerCreates, CustomerUpdates, InvoiceCreates

KEY = "customerId"
UPDATE = "customer-update"


@dataclass(frozen=True)
class Kind:
    """A kind of bulk file.

    Attributes:
        name: as the command line says it.
        columns: the headers, which are the API's JSON names, to the columns of `model`, in its order.
        keys: the headers that may name a row: at least one is wanted.
        required: the headers without which no row can be sent.
        is_update: whether a blank cell leaves a field of an existing record as it is.
    """

    name: str
    model: type[pa.DataFrameModel]
    columns: Mapping[str, str]
    keys: tuple[str, ...]
    required: frozenset[str]
    is_update: bool = False

    @property
    def headers(self) -> tuple[str, ...]:
        """The headers of a file, the key first."""
        return tuple(self.columns)

    @property
    def headers_by_column(self) -> dict[str, str]:
        """The headers by the columns of the model, which are those of a fetched frame too."""
        return {column: header for header, column in self.columns.items()}


def _columns(model: type[pa.DataFrameModel]) -> dict[str, str]:
    # Three names of the API are written with underscores there too.
    as_they_are = {"mail_enabled", "sms_enabled", "whatsapp_enabled"}
    names = [name for name in model.__annotations__ if name != "source_row"]
    return {name if name in as_they_are else camel(name): name for name in names}


KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            UPDATE,
            CustomerUpdates,
            _columns(CustomerUpdates),
            keys=(KEY,),
            required=frozenset({KEY}),
            is_update=True,
        ),
        Kind(
            "customer-create",
            CustomerCreates,
            _columns(CustomerCreates),
            keys=("uniqueRefNo",),
            required=frozenset({"legalName", "name", "mobile"}),
        ),
        Kind(
            "invoice-create",
            InvoiceCreates,
            _columns(InvoiceCreates),
            keys=("externalId", "invoiceNumber"),
            required=frozenset({KEY, "baseAmount", "dueDate"}),
        ),
    )
}
"""The kinds of bulk files by name."""

FIELDS = tuple(field for field in KINDS[UPDATE].headers if field != KEY)
"""The headers of a ``customer-update`` file beside the key."""
