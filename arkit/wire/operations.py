"""The table of calls: verb, path, what doing one twice would mean, and whether the API documents it."""

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
    """One call of the API.

    Attributes:
        name: its name in the contract, and in the table of paths of a profile.
        is_inferred: path or shape are not documented but deduced from the neighbours.
    """

    name: str
    verb: str
    path: str
    effect: Effect
    is_inferred: bool = False

    @property
    def is_repeatable(self) -> bool:
        """Whether it may be sent again without a look at what the first time did."""
        return self.effect is Effect.READ


GET_TOKEN = Operation("getAuthenticationToken", "POST", "/oauth/token", Effect.READ)

SEARCH_CUSTOMERS = Operation("searchCustomer", "POST", "/api/v0/customer/search", Effect.READ)
CREATE_CUSTOMER = Operation("createCustomer", "POST", "/api/v0/customer", Effect.CREATE)
UPDATE_CUSTOMER = Operation("updateCustomer", "PATCH", "/api/v0/customer/{customerId}", Effect.CLEAR)
ACTIVATE_CUSTOMER = Operation("activateCustomer", "PUT", "/api/v0/customer/activate/{customerId}", Effect.SET)
DEACTIVATE_CUSTOMER = Operation(
    "deactivateCustomer", "PUT", "/api/v0/customer/deactivate/{customerId}", Effect.SET, is_inferred=True
)
DELETE_CUSTOMER = Operation(
    "deleteCustomerByCustomerId", "DELETE", "/api/v0/customer/{customerId}", Effect.CLEAR
)
CREATE_CUSTOMERS = Operation("createBulkCustomer", "POST", "/api/v0/customer/bulk", Effect.CREATE)
UPDATE_CUSTOMERS = Operation("bulkUpdate", "POST", "/api/v0/customer/bulk/update", Effect.SET)

GET_CONTACTS = Operation(
    "getCustomerContactDetails",
    "GET",
    "/api/v0/customer/contact-details/{customerId}",
    Effect.READ,
    is_inferred=True,
)

SEARCH_INVOICES = Operation("searchCollectionInvoices", "POST", "/api/v0/invoice/search", Effect.READ)
GET_INVOICE = Operation("getInvoice", "GET", "/api/v0/invoice/{invoiceId}", Effect.READ)
CREATE_INVOICE = Operation("createInvoice", "POST", "/api/v0/invoice", Effect.CREATE)
UPDATE_INVOICE = Operation("updateInvoice", "PATCH", "/api/v0/invoice/{invoiceId}", Effect.CLEAR)
DISPATCH_INVOICES = Operation(
    "dispatchInvoiceCollection", "POST", "/api/v0/invoice/bulk/dispatch", Effect.TRIGGER
)
DELETE_INVOICES = Operation(
    "deleteInvoiceCollection", "POST", "/api/v0/invoice/bulk/delete", Effect.CLEAR, is_inferred=True
)
CREATE_INVOICES = Operation("invoiceBulkUpload", "POST", "/api/v0/invoice/bulk/create", Effect.CREATE)

LIST_REMINDERS = Operation(
    "getCustomerReminders", "GET", "/api/v0/customer-reminder", Effect.READ, is_inferred=True
)
GET_REMINDER = Operation(
    "getCustomerReminder",
    "GET",
    "/api/v0/customer-reminder/{customerReminderId}",
    Effect.READ,
    is_inferred=True,
)
CREATE_REMINDER = Operation(
    "createCustomerReminder", "POST", "/api/v0/customer-reminder", Effect.CREATE, is_inferred=True
)
UPDATE_REMINDER = Operation(
    "updateCustomerReminder",
    "PATCH",
    "/api/v0/customer-reminder/{customerReminderId}",
    Effect.CLEAR,
    is_inferred=True,
)
DELETE_REMINDER = Operation(
    "deleteReminder",
    "DELETE",
    "/api/v0/customer-reminder/{customerReminderId}",
    Effect.CLEAR,
    is_inferred=True,
)

CONFIRM_PAYMENT = Operation(
    "paymentConfirmationRequest", "POST", "/api/v0/invoice/payment-confirmation", Effect.TRIGGER
)
CHANGE_STATUS = Operation(
    "changeInvoiceStatusRequest",
    "POST",
    "/api/v0/invoice/status-change",
    Effect.TRIGGER,
    is_inferred=True,
)

OPERATIONS = tuple(value for value in globals().values() if isinstance(value, Operation))
"""All of them, in the order above."""
