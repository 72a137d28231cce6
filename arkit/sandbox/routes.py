"""The table of addresses: the operations of the contract, and those beside them."""

from collections.abc import Callable
from typing import NamedTuple

from flask import Request

from . import (
    control,
    customer_changes,
    customer_search,
    invoice_changes,
    invoice_search,
    network,
    reminders,
    tokens,
    uploads,
)
from .call import Service
from .views import Operation

Admission = Callable[[Service, Request], None]

CUSTOMER = "/api/v0/customer"
INVOICE = "/api/v0/invoice"
# A path that ends in an id is none of the fixed ones beside it.
ONE_CUSTOMER = f"{CUSTOMER}/<id_not('search', 'bulk'):customerId>"
ONE_INVOICE = f"{INVOICE}/<id_not('search', 'payment-confirmation', 'status-change'):invoiceId>"
REMINDER = "/api/v0/customer-reminder"
ONE_REMINDER = f"{REMINDER}/<customerReminderId>"


class Route(NamedTuple):
    """One operation: its name in the contract, its address, what it does, and who may call it."""

    name: str
    method: str
    path: str
    operation: Operation
    admission: Admission | None = tokens.check_bearer


API = [
    Route("getAuthenticationToken", "POST", "/oauth/token", tokens.issue, tokens.check_client),
    Route("createCustomer", "POST", CUSTOMER, customer_changes.create),
    Route("searchCustomer", "POST", f"{CUSTOMER}/search", customer_search.search),
    Route("createBulkCustomer", "POST", f"{CUSTOMER}/bulk", uploads.create_customers),
    Route("bulkUpdate", "POST", f"{CUSTOMER}/bulk/update", uploads.update_customers),
    Route("activateCustomer", "PUT", f"{CUSTOMER}/activate/<customerId>", customer_changes.activate),
    Route("deactivateCustomer", "PUT", f"{CUSTOMER}/deactivate/<customerId>", customer_changes.deactivate),
    Route(
        "getCustomerContactDetails",
        "GET",
        f"{CUSTOMER}/contact-details/<customerId>",
        customer_changes.contact_details,
    ),
    Route("updateCustomer", "PATCH", ONE_CUSTOMER, customer_changes.change),
    Route("deleteCustomerByCustomerId", "DELETE", ONE_CUSTOMER, customer_changes.delete),
    Route("searchCollectionInvoices", "POST", f"{INVOICE}/search", invoice_search.search),
    Route("createInvoice", "POST", INVOICE, invoice_changes.create),
    Route("invoiceBulkUpload", "POST", f"{INVOICE}/bulk/create", uploads.create_invoices),
    Route("dispatchInvoiceCollection", "POST", f"{INVOICE}/bulk/dispatch", invoice_changes.dispatch),
    Route("deleteInvoiceCollection", "POST", f"{INVOICE}/bulk/delete", invoice_changes.delete),
    Route("paymentConfirmationRequest", "POST", f"{INVOICE}/payment-confirmation", network.confirm_payment),
    Route("changeInvoiceStatusRequest", "POST", f"{INVOICE}/status-change", network.change_status),
    Route("getInvoice", "GET", ONE_INVOICE, invoice_changes.read),
    Route("updateInvoice", "PATCH", ONE_INVOICE, invoice_changes.change),
    Route("createCustomerReminder", "POST", REMINDER, reminders.create),
    Route("getCustomerReminders", "GET", REMINDER, reminders.of_customer),
    Route("getCustomerReminder", "GET", ONE_REMINDER, reminders.read),
    Route("updateCustomerReminder", "PATCH", ONE_REMINDER, reminders.change),
    Route("deleteReminder", "DELETE", ONE_REMINDER, reminders.delete),
]
# Addresses that the contract does not name; those of control stay out of the history.
BESIDE = [Route("downloadFile", "GET", "/files/<token>", uploads.download, None)]
CONTROL = [
    Route("addFault", "POST", "/sandbox/faults", control.add_fault, tokens.check_client),
    Route("setPaging", "POST", "/sandbox/paging", control.set_paging, tokens.check_client),
    Route("setLag", "POST", "/sandbox/lag", control.set_lag, tokens.check_client),
    Route("readHistory", "GET", "/sandbox/history", control.read_history, tokens.check_client),
    Route("setClockForward", "POST", "/sandbox/clock", control.set_clock_forward, tokens.check_client),
    Route("readMessages", "GET", "/sandbox/messages", control.read_messages, tokens.check_client),
    Route("readAppliedRows", "GET", "/sandbox/applied-rows", control.read_applied_rows, tokens.check_client),
]
