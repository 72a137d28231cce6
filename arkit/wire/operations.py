"""The table of calls: verb, path, and what doing one twice would mean."""

from dataclasses import dataclass
from enum import Enum


class Effect(Enum):
    """What an operation does to the server, which decides when it may be sent again.

    ``READ`` at any time; ``SET`` and ``CLEAR`` after a read has shown that nothing was done; ``CREATE`` and
    ``TRIGGER`` never by themselves.
    """

    READ = "read"
    SET = "set"
    CLEAR = "clear"
    CREATE = "create"
    TRIGGER = "trigger"


@dataclass(frozen=True)
class Operation:
    """One call of the API."""

    name: str
    verb: str
    path: str
    effect: Effect


GET_TOKEN = Operation("getAuthenticationToken", "POST", "/oauth/token", Effect.READ)
SEARCH_CUSTOMERS = Operation("searchCustomer", "POST", "/api/v0/customer/search", Effect.READ)
UPDATE_CUSTOMER = Operation("updateCustomer", "PATCH", "/api/v0/customer/{customerId}", Effect.CLEAR)
UPDATE_CUSTOMERS = Operation("bulkUpdate", "POST", "/api/v0/customer/bulk/update", Effect.SET)
SEARCH_INVOICES = Operation("searchCollectionInvoices", "POST", "/api/v0/invoice/search", Effect.READ)
GET_INVOICE = Operation("getInvoice", "GET", "/api/v0/invoice/{invoiceId}", Effect.READ)
