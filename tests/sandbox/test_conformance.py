"""The contract, read by schemathesis and put to the running server; nothing but HTTP between them."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path
from typing import Any

import hypothesis.configuration
import pytest
import yaml
from click.testing import CliRunner, Result
from schemathesis.cli import schemathesis

from arkit.sandbox import Sandbox
from arkit.sandbox.routes import API

from .conftest import Api
from .contract import CONTRACT, errors_against

METHODS = {"get", "post", "put", "patch", "delete"}
OPERATIONS = {route.name for route in API}
PHASES = ["examples", "coverage", "fuzzing", "stateful"]

# The contract shows no way from one operation to the next: here fields of a payload become parameters.
LINKS = {
    ("searchCustomer", "updateCustomer"): {
        "customerId": "customers/0/customerId",
        "parentCompanyId": "customers/0/companyId",
    },
    ("updateCustomer", "bulkUpdate"): {"parentCompanyId": "companyId"},
    ("bulkUpdate", "searchCustomer"): {},
}
# What a bulk file looks like is left open too.
FILES = [
    "customerId,pinCode\n{customer_id},560001\nKC00000000000000,560001\n",
    "customerId,address,branchCodes\n{customer_id},somewhere,BLR01;DEL01\n",
    "customerId,pinCode\n",
    "no table",
]

# Values that exist stand among the random ones, or nearly every request would end at 401, 403 or 404. Of the
# checks two are off: the contract prints no pattern for PATCH fields, no minimum for paging and no form of a
# bulk file, so the server refuses more than it says; and it shows no list of statuses for the token.
SETTINGS = """
base-url = {url}
continue-on-failure = true

[generation]
deterministic = true
database = "none"

[checks]
positive_data_acceptance.enabled = false

[auth.openapi.bearerToken]
bearer = {token}

[auth.openapi.clientBasic]
username = {client_id}
password = {client_secret}

[dictionaries]
companies.values = [{company_id}]
customers.values = [{customer_id}]
invoices.values = [{invoice_id}]
users.values = [{username}]
passwords.values = [{password}]
grants.values = ["password"]

[parameters]
"query.parentCompanyId" = {{ dictionary = "companies", probability = 0.8 }}
"query.sellerId" = {{ dictionary = "companies", probability = 0.8 }}
"path.customerId" = {{ dictionary = "customers", probability = 0.8 }}
"path.invoiceId" = {{ dictionary = "invoices", probability = 0.8 }}
"body.username" = {{ dictionary = "users", probability = 0.9 }}
"body.password" = {{ dictionary = "passwords", probability = 0.9 }}
"body.grant_type" = {{ dictionary = "grants", probability = 0.9 }}
"body.clientId" = {{ dictionary = "companies", probability = 0.9 }}

[[operations]]
include-operation-id = "getAuthenticationToken"
checks.status_code_conformance.enabled = false
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Api]:
    hypothesis.configuration.set_hypothesis_home_dir(tmp_path / "hypothesis")
    with Sandbox(db=tmp_path / "contract.db", customers=40, invoices=80) as sandbox:
        api = Api(sandbox)
        yield api
        api.session.close()
    hypothesis.configuration.set_hypothesis_home_dir(None)


def put_to(server: Api, folder: Path, max_examples: int, phases: list[str]) -> Result:
    """Run schemathesis against the server, on those operations of the contract that it has."""
    login = server.sandbox.credentials
    known = {
        "customer_id": server.customers()["customers"][0]["customerId"],
        "invoice_id": server.invoices()["invoices"][0]["invoiceId"],
        "company_id": login.company_id,
    }
    values = {
        **known,
        "url": server.sandbox.url,
        "token": str(server.session.headers["Authorization"]).removeprefix("Bearer "),
        "client_id": login.client_id,
        "client_secret": login.client_secret,
        "username": login.username,
        "password": login.password,
    }
    quoted = {name: json.dumps(value) for name, value in values.items()}
    (folder / "contract.json").write_text(json.dumps(completed_contract(known)), encoding="utf-8")
    (folder / "settings.toml").write_text(SETTINGS.format(**quoted), encoding="utf-8")
    options = [f"--max-examples={max_examples}", f"--phases={','.join(phases)}"]
    # schemathesis keeps what it found in the current folder.
    with chdir(folder):
        return CliRunner().invoke(
            schemathesis, ["--config-file", "settings.toml", "run", "contract.json", *options]
        )


def completed_contract(known: dict[str, str]) -> dict[str, Any]:
    """The operations of the contract that the server has, with links, ids that exist and bulk files."""
    document: dict[str, Any] = yaml.safe_load(CONTRACT.read_text(encoding="utf-8"))
    operations = {}
    for path, item in list(document["paths"].items()):
        for method in METHODS & set(item):
            name = item[method]["operationId"]
            if name in OPERATIONS:
                operations[name] = item[method]
            else:
                del item[method]
        if not METHODS & set(item):
            del document["paths"][path]
    parts = document["components"]
    for (source, target), fields in LINKS.items():
        responses = operations[source]["responses"]
        shared = responses["200"].get("$ref", "").rpartition("/")[2]
        parameters = {name: f"$response.body#/payload/{field}" for name, field in fields.items()}
        responses["200"] = {
            **parts["responses"].get(shared, responses["200"]),
            "links": {target: {"operationId": target, "parameters": parameters}},
        }
    parts["schemas"]["CompanyId"]["examples"] = [known["company_id"]]
    parts["schemas"]["CustomerId"]["examples"] = [known["customer_id"]]
    body = parts["requestBodies"]["BulkFile"]["content"]["multipart/form-data"]["schema"]
    body["required"] = ["file"]
    body["properties"]["file"]["enum"] = [file.format(**known) for file in FILES]
    return document


def test_the_server_keeps_the_contract_in_every_operation(server: Api, tmp_path: Path) -> None:
    result = put_to(server, tmp_path, max_examples=60, phases=PHASES)
    assert result.exit_code == 0, result.output
    asked = Counter((row["operation"], row["status"] == 200) for row in server.sandbox.history())
    for operation in OPERATIONS:
        assert asked[operation, True] >= 5, asked
        assert asked[operation, False] >= 20, asked
    assert f"{len(LINKS)} covered / {len(LINKS)} selected" in result.output, result.output


def test_a_fault_in_any_operation_is_found(server: Api, tmp_path: Path) -> None:
    for operation in OPERATIONS:
        server.sandbox.faults.add(operation=operation, status=500, after=3, times=10_000)
    result = put_to(server, tmp_path, max_examples=5, phases=["coverage"])
    assert result.exit_code == 1, result.output
    for route in API:
        assert f"_ {route.method} {without_converter(route.path)} _" in result.output
    assert result.output.count(" Server error\n") == len(API), result.output


def test_what_succeeds_has_the_shape_of_the_contract(server: Api) -> None:
    # Behind `anyOf` the contract lets any object pass as a list, so its records are looked at one by one.
    for kind, records in (
        ("Invoice", server.invoices()["invoices"]),
        ("CustomerRead", server.customers()["customers"]),
    ):
        assert [error for record in records for error in errors_against(kind, record)] == []


def test_every_operation_of_the_server_is_one_of_the_contract() -> None:
    document = yaml.safe_load(CONTRACT.read_text(encoding="utf-8"))
    named = {
        (method.upper(), path, operation["operationId"])
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if method in METHODS
    }
    served = {(route.method, without_converter(route.path), route.name) for route in API}
    assert served <= named


def without_converter(path: str) -> str:
    """A path of the routes as the contract writes it."""
    return re.sub(r"<(?:.*:)?(\w+)>", r"{\1}", path)
