"""The contract, put to a running server by schemathesis; nothing but HTTP between them."""

import json
import re
from collections.abc import Mapping
from contextlib import chdir
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml
from click.testing import CliRunner, Result
from schemathesis.cli import schemathesis

from arkit.sandbox.routes import API

from .conftest import Api
from .contract import CONTRACT

METHODS = {"get", "post", "put", "patch", "delete"}
OPERATIONS = {route.name for route in API}
PHASES = ("examples", "coverage", "fuzzing", "stateful")

# The contract shows no way from one operation to the next: here fields of a payload become parameters.
OF_CUSTOMER = {"customerId": "customerId", "parentCompanyId": "companyId"}
FIRST_CUSTOMER = {"customerId": "customers/0/customerId", "parentCompanyId": "customers/0/companyId"}
OF_INVOICE = {"invoiceId": "invoiceId", "sellerId": "sellerId"}
OF_REMINDER = {"customerReminderId": "customerReminderId"}
LINKS = {
    ("createCustomer", "activateCustomer"): OF_CUSTOMER,
    ("createCustomer", "deactivateCustomer"): OF_CUSTOMER,
    ("createCustomer", "getCustomerContactDetails"): OF_CUSTOMER,
    ("createCustomer", "deleteCustomerByCustomerId"): OF_CUSTOMER,
    ("searchCustomer", "updateCustomer"): FIRST_CUSTOMER,
    ("searchCustomer", "getCustomerReminders"): FIRST_CUSTOMER,
    ("updateCustomer", "bulkUpdate"): {"parentCompanyId": "companyId"},
    ("bulkUpdate", "searchCustomer"): {},
    ("createInvoice", "getInvoice"): OF_INVOICE,
    ("createInvoice", "updateInvoice"): OF_INVOICE,
    ("searchCollectionInvoices", "getInvoice"): {"invoiceId": "invoices/0/invoiceId"},
    ("createCustomerReminder", "getCustomerReminder"): OF_REMINDER,
    ("createCustomerReminder", "updateCustomerReminder"): OF_REMINDER,
    ("updateCustomerReminder", "deleteReminder"): OF_REMINDER,
}
# The same into members of a body.
BODY_LINKS = {
    ("searchCustomer", "createCustomer"): {"companyId": "customers/0/companyId"},
    ("searchCustomer", "createInvoice"): {"customerId": "customers/0/customerId"},
    ("searchCustomer", "createCustomerReminder"): {"customerId": "customers/0/customerId"},
}
# What a bulk file looks like is left open too.
FILES = {
    "bulkUpdate": [
        "customerId,pinCode\n{customer},560001\nKC00000000000000,560001\n",
        "customerId,address,branchCodes\n{customer},somewhere,BLR01;DEL01\n",
        "customerId,pinCode\n",
        "no table",
    ],
    "createBulkCustomer": [
        "legalName,name,mobile,uniqueRefNo\nExample Traders,A. Analyst,9000000000,R-1\n,,,R-2\n",
        "no table",
    ],
    "invoiceBulkUpload": [
        "customerId,baseAmount,dueDate,dispatchNow\n{customer},1000.50,2027-01-31,yes\nKC,0,x,perhaps\n",
        "no table",
    ],
}

# Good values stand among the random ones, or nearly every request would end at 400, 401, 403 or 404. Beside
# each word or id of the company (see `_good`): where it may stand.
PLACES = {
    "accounts": ["body.accountNumber"],
    "agents": ["body.assignedAgent"],
    "approvals": ["body.approvalStatus"],
    "companies": [
        *("query.companyId", "query.parentCompanyId", "query.sellerId"),
        *("body.companyId", "body.clientId"),
    ],
    "customers": ["query.customerId", "path.customerId", "body.customerId"],
    "days": ["body.dueDate", "body.invoiceDate"],
    "directions": ["query.direction"],
    "grants": ["body.grant_type"],
    "invoices": ["path.invoiceId", "body.invoiceIds[*]"],
    "limits": ["query.limit"],
    "moments": [
        f"body.{name}{end}" for name in ("createdOn", "dispatchedOn", "dueDate") for end in ("From", "To")
    ],
    "offsets": ["query.offset"],
    "orders": ["query.orderBy"],
    "passwords": ["body.password"],
    "payments": ["body.paymentId"],
    "pin_codes": ["body.pinCode"],
    "platforms": ["body.type"],
    "reminders": ["path.customerReminderId"],
    "responses": ["body.response"],
    "tax_numbers": ["body.panOrGstin"],
    "times": ["body.reminderTime"],
    "types": ["body.reminderType"],
    "users": ["body.username"],
}
# What is deleted at random is not what the other operations are tried on.
DOOMED = {
    "deleteCustomerByCustomerId": ("path.customerId", "doomed_customers"),
    "deleteInvoiceCollection": ("body.invoiceIds[*]", "doomed_invoices"),
    "deleteReminder": ("path.customerReminderId", "doomed_reminders"),
}

# Two checks are off: the contract prints no pattern for PATCH fields, no minimum for paging and no form of a
# bulk file, so the server refuses more than it says; and it shows no list of statuses for the token.
SETTINGS = """
base-url = {url}
continue-on-failure = true

[generation]
deterministic = true
database = "none"
dictionaries.number = {{ dictionary = "amounts", probability = 0.98 }}

[checks]
positive_data_acceptance.enabled = false

[phases.stateful.inference]
algorithms = []

[auth.openapi.bearerToken]
bearer = {token}

[auth.openapi.clientBasic]
username = {client_id}
password = {client_secret}

[dictionaries]
{dictionaries}

[parameters]
{parameters}

[[operations]]
include-operation-id = "getAuthenticationToken"
checks.status_code_conformance.enabled = false

{doomed}
"""

# Ids that stood in answers are kept away from the operations that delete.
DOOMED_SETTINGS = """
[[operations]]
include-operation-id = "{operation}"
parameters.{line}
phases.examples.extra-data-sources.responses = false
phases.coverage.extra-data-sources.responses = false
phases.fuzzing.extra-data-sources.responses = false
"""


def put_to(server: Api, folder: Path, max_examples: int, phases: tuple[str, ...] = PHASES) -> Result:
    """Run schemathesis against the server; the folder takes its files."""
    good = _good(server)
    (folder / "contract.json").write_text(json.dumps(completed_contract(good)), encoding="utf-8")
    (folder / "settings.toml").write_text(_settings(server, good), encoding="utf-8")
    options = [f"--max-examples={max_examples}", f"--phases={','.join(phases)}"]
    # schemathesis keeps what it found in the current folder.
    with chdir(folder):
        return CliRunner().invoke(
            schemathesis, ["--config-file", "settings.toml", "run", "contract.json", *options]
        )


def _good(server: Api) -> dict[str, list[Any]]:
    """Values that the server takes."""
    login = server.sandbox.credentials
    customers = server.customers(limit=5000)["customers"]
    customer_ids = [customer["customerId"] for customer in customers]
    invoice_ids = [invoice["invoiceId"] for invoice in server.invoices()["invoices"]]
    reminder_ids = [
        reminder["customerReminderId"]
        for customer in customers[:100]
        for reminder in customer["customerReminders"]
    ]
    return {
        "accounts": [customers[0]["accountNumber"]],
        "agents": [customers[0]["assignedAgent"]],
        "amounts": [0.1, 1, 1000.5, 99999.99],
        "approvals": ["MAKER_APPROVED", "BANK_APPROVED"],
        "companies": [login.company_id],
        "customers": customer_ids[:100],
        "days": ["2026-09-30", "2026-10-31"],
        "directions": ["ASC", "DESC"],
        "doomed_customers": customer_ids[100:],
        "doomed_invoices": invoice_ids[100:],
        "doomed_reminders": reminder_ids[30:],
        "grants": ["password"],
        "invoices": invoice_ids[:100],
        "limits": [5, 50],
        "moments": ["2026-01-01 00:00:00", "2026-12-31 23:59:59"],
        "offsets": [0, 1],
        "orders": ["customerId"],
        "passwords": [login.password],
        "payments": ["PMT00000000000000000000000000000001"],
        "pin_codes": ["411001"],
        "platforms": ["ONPLATFORM", "OFFPLATFORM"],
        "reminders": reminder_ids[:30],
        "responses": ["ACCEPT"],
        "tax_numbers": ["AAPFU0939F", "27AAPFU0939F1ZV"],
        "times": ["10:00"],
        "types": ["ONCE", "RECURRING"],
        "users": [login.username],
    }


def _settings(server: Api, good: Mapping[str, list[Any]]) -> str:
    login = server.sandbox.credentials
    token = str(server.session.headers["Authorization"]).removeprefix("Bearer ")
    return SETTINGS.format(
        url=json.dumps(server.sandbox.url),
        token=json.dumps(token),
        client_id=json.dumps(login.client_id),
        client_secret=json.dumps(login.client_secret),
        dictionaries="\n".join(f"{name}.values = {json.dumps(values)}" for name, values in good.items()),
        parameters="\n".join(_line(place, name) for name, places in PLACES.items() for place in places),
        doomed="\n".join(
            DOOMED_SETTINGS.format(operation=operation, line=_line(place, name))
            for operation, (place, name) in DOOMED.items()
        ),
    )


def _line(place: str, dictionary: str) -> str:
    return f'"{place}" = {{ dictionary = "{dictionary}", probability = 0.9 }}'


def completed_contract(good: Mapping[str, list[Any]]) -> dict[str, Any]:
    """The contract with links, ids that exist and bulk files."""
    document: dict[str, Any] = yaml.safe_load(CONTRACT.read_text(encoding="utf-8"))
    operations = {
        operation["operationId"]: operation
        for item in document["paths"].values()
        for method, operation in item.items()
        if method in METHODS
    }
    parts = document["components"]
    for member, links in (("parameters", LINKS), ("requestBody", BODY_LINKS)):
        for (source, target), fields in links.items():
            values = {name: f"$response.body#/payload/{field}" for name, field in fields.items()}
            _link(parts, operations[source], target, {member: values})
    parts["schemas"]["CompanyId"]["examples"] = good["companies"]
    parts["schemas"]["CustomerId"]["examples"] = good["customers"][:1]
    body = operations["createInvoice"]["requestBody"]["content"]["application/json"]
    body["examples"]["sample"]["value"]["customerId"] = good["customers"][0]
    _spare_the_example(document["paths"]["/api/v0/customer/{customerId}"], parts, good)
    status_change = operations["changeInvoiceStatusRequest"]["requestBody"]["content"]["application/json"]
    _sharpen(parts["schemas"], status_change["schema"])
    upload = parts["requestBodies"]["BulkFile"]
    upload["content"]["multipart/form-data"]["schema"]["required"] = ["file"]
    for name, files in FILES.items():
        body = operations[name]["requestBody"] = deepcopy(upload)
        file = body["content"]["multipart/form-data"]["schema"]["properties"]["file"]
        file["enum"] = [text.format(customer=good["customers"][0]) for text in files]
    return document


def _spare_the_example(item: dict[str, Any], parts: dict[str, Any], good: Mapping[str, list[Any]]) -> None:
    """Delete another customer than the one that is the example everywhere else."""
    customer_id, company_id = item.pop("parameters")
    item["patch"]["parameters"] = [customer_id, company_id]
    schema = {**parts["schemas"]["CustomerId"], "examples": good["doomed_customers"][:1]}
    item["delete"]["parameters"] = [{**parts["parameters"]["CustomerIdPath"], "schema": schema}, company_id]


def _sharpen(schemas: dict[str, Any], status_change: dict[str, Any]) -> None:
    """Say what the server insists on where the contract leaves it open."""
    schemas["CustomerCreate"]["required"].append("legalName")
    schemas["CustomerReminderWrite"]["allOf"].append({"required": ["customerId"]})
    status_change["required"] = ["invoiceIds", "status"]
    for schema in (status_change, schemas["PaymentConfirmation"]):
        schema["properties"]["invoiceIds"]["minItems"] = 1


def _link(parts: dict[str, Any], source: dict[str, Any], target: str, link: dict[str, Any]) -> None:
    """Add a link to the answer 200 of an operation, which it may share with others."""
    answer = source["responses"]["200"]
    shared = answer.get("$ref", "").rpartition("/")[2]
    answer = {"links": {}, **parts["responses"].get(shared, answer)}
    answer["links"] = {**answer["links"], target: {"operationId": target, **link}}
    source["responses"]["200"] = answer


def without_converter(path: str) -> str:
    """A path of the routes as the contract writes it."""
    return re.sub(r"<(?:[^>]*:)?(\w+)>", r"{\1}", path)
