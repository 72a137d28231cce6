"""Every way to be refused, and the envelope that says so."""

import json
import re
import socket
from typing import Any

import pytest
import requests

from arkit.sandbox.routes import API

from .conftest import Api
from .contract import errors_against

UNKNOWN_CUSTOMER = "/api/v0/customer/KC00000000000000"


def refusal(answer: requests.Response) -> tuple[int, str]:
    """Status and error type of a refusal, after looking at the whole envelope."""
    body = answer.json()
    assert set(body) == {"errorResponse", "payload", "response_code", "response_message"}
    error = body["errorResponse"]
    assert set(error) == {"apiSubErrors", "errorMessage", "errorType", "requestId", "timestamp"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", error["timestamp"])
    assert body["payload"] is None
    assert body["response_code"] != 0
    assert error["errorMessage"]
    assert answer.headers["Content-Type"] == "application/json"
    return answer.status_code, error["errorType"]


def test_a_success_has_no_error_and_the_code_zero(still: Api) -> None:
    body = still.send("POST", "/api/v0/customer/search", json={}).json()
    assert (body["errorResponse"], body["response_code"]) == (None, 0)


@pytest.mark.parametrize("body", [b"", b"{", b'{"status": "\xff"}', b'{"legalName": NaN}', b"[" * 100_000])
def test_malformed_json_is_a_client_request_error(still: Api, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    answer = still.send("POST", "/api/v0/customer/search", data=body, headers=headers)
    assert refusal(answer)[0] == 400
    assert refusal(answer)[1] in {"CLIENT_REQUEST_ERROR", "VALIDATION_ERROR"}
    if body != b"[" * 100_000:
        assert refusal(answer)[1] == "CLIENT_REQUEST_ERROR"


def test_json_under_another_name_is_a_client_request_error(still: Api) -> None:
    answer = still.send("POST", "/api/v0/customer/search", data="{}", headers={"Content-Type": "text/plain"})
    assert refusal(answer) == (400, "CLIENT_REQUEST_ERROR")


@pytest.mark.parametrize("path", ["/api/v0/customer/search", "/api/v0/invoice/search"])
@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=5001", "limit"),
        ("limit=-1", "limit"),
        ("limit=", "limit"),
        ("limit=ten", "limit"),
        ("limit=1.0", "limit"),
        ("limit=%D9%A1", "limit"),
        ("offset=-1", "offset"),
        ("offset=2147483648", "offset"),
        ("direction=asc", "direction"),
        ("direction=", "direction"),
        ("orderBy=deleted", "orderBy"),
        ("orderBy=rowid", "orderBy"),
        ("orderBy=", "orderBy"),
        ("limit=5&limit=5", "limit"),
        ("ofset=5", "ofset"),
    ],
)
def test_a_query_parameter_against_the_contract_is_named(
    still: Api, path: str, query: str, field: str
) -> None:
    answer = still.send("POST", f"{path}?{query}", json={})
    assert refusal(answer) == (400, "VALIDATION_ERROR")
    assert [sub["field"] for sub in answer.json()["errorResponse"]["apiSubErrors"]] == [field]


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("customer", {"status": 1}, "status"),
        ("customer", {"accountNumber": None}, "accountNumber"),
        ("customer", {"customerIds": [1]}, "customerIds[0]"),
        ("customer", [], "body"),
        ("invoice", {"approvalStatuses": ["PAID"]}, "approvalStatuses[0]"),
        ("invoice", {"balanceAmountFrom": "1"}, "balanceAmountFrom"),
        ("invoice", {"dispatched": 1}, "dispatched"),
        ("invoice", None, "body"),
    ],
)
def test_a_filter_of_the_wrong_type_is_named(still: Api, path: str, body: Any, field: str) -> None:
    headers = {"Content-Type": "application/json"}
    answer = still.send("POST", f"/api/v0/{path}/search", data=json.dumps(body), headers=headers)
    assert refusal(answer) == (400, "VALIDATION_ERROR")
    assert [sub["field"] for sub in answer.json()["errorResponse"]["apiSubErrors"]] == [field]


def test_an_unknown_filter_is_passed_over_as_the_contract_allows(still: Api) -> None:
    assert still.customers({"noSuchFilter": {"deep": [1]}}, limit=0)["totalCount"] == 200


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("PATCH", UNKNOWN_CUSTOMER, "parentCompanyId"),
        ("POST", "/api/v0/customer/bulk/update", "parentCompanyId"),
        ("POST", "/api/v0/customer/bulk", "companyId"),
        ("GET", "/api/v0/customer-reminder/CRM1", "parentCompanyId"),
        ("POST", "/api/v0/invoice/bulk/create", "sellerId"),
        ("GET", "/api/v0/invoice/INV1", "sellerId"),
    ],
)
def test_a_company_is_its_own_or_forbidden_or_no_company_id(
    still: Api, method: str, path: str, name: str
) -> None:
    other = still.send(method, path, params={name: "CEK0000000"}, json={})
    assert refusal(other) == (403, "INVALID_ACCESS")
    none = still.send(method, path, params={name: "CEK1"}, json={})
    assert refusal(none) == (400, "VALIDATION_ERROR")
    own = still.send(method, path, params={name: still.sandbox.credentials.company_id}, json={})
    assert refusal(own) in {(404, "RECORD_NOT_FOUND"), (400, "CLIENT_REQUEST_ERROR")}


def test_records_and_addresses_that_do_not_exist_are_not_found(still: Api) -> None:
    assert refusal(still.send("PATCH", UNKNOWN_CUSTOMER, json={})) == (404, "RECORD_NOT_FOUND")
    for path in (
        "/api/v0/invoice/INV000",
        "/api/v0/no-such-thing",
        "/api/v0/invoice/search/",
        "/api/v0//invoice/search",
        "/api/v0/invoice/a%2Fb",
        "/elsewhere",
        "/files/unknown",
    ):
        assert refusal(still.send("GET", path)) == (404, "RECORD_NOT_FOUND"), path


def test_a_customer_id_against_its_pattern_is_a_validation_error(still: Api) -> None:
    answer = still.send("PATCH", "/api/v0/customer/kc1", json={})
    assert refusal(answer) == (400, "VALIDATION_ERROR")
    assert answer.json()["errorResponse"]["apiSubErrors"][0]["field"] == "customerId"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/api/v0/customer/search", "POST"),
        ("PATCH", "/api/v0/customer/search", "POST"),
        ("GET", "/api/v0/invoice/search", "POST"),
        ("OPTIONS", "/api/v0/customer/bulk/update", "POST"),
        ("PUT", UNKNOWN_CUSTOMER, "DELETE, PATCH"),
        ("TRACE", "/api/v0/invoice/INV1", "GET, HEAD, PATCH"),
        ("GET", "/oauth/token", "POST"),
    ],
)
def test_a_method_that_an_address_does_not_know_is_told_which_it_knows(
    still: Api, method: str, path: str, allowed: str
) -> None:
    login = still.sandbox.credentials
    auth = (login.client_id, login.client_secret) if path == "/oauth/token" else None
    answer = still.send(method, path, auth=auth)
    assert refusal(answer) == (405, "CLIENT_REQUEST_ERROR")
    assert answer.headers["Allow"] == allowed


@pytest.mark.parametrize(
    "header", [None, "Bearer", "Bearer x", "Basic eDp5", "Digest x", "Bearer \xe9", "Basic ???"]
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        *((route.method, re.sub("<.*>", "x", route.path)) for route in API if route.path != "/oauth/token"),
        ("POST", "/api/v0/invoice/search?limit=-5"),
        ("GET", "/api/v0/no-such-thing"),
        ("DELETE", "/api/v0/invoice/search"),
    ],
)
def test_without_a_good_token_nothing_else_is_looked_at(
    still: Api, method: str, path: str, header: str | None
) -> None:
    headers = {"Authorization": header.encode("latin-1") if header else None}
    answer = still.send(method, path, headers=headers, data="not even JSON")
    assert refusal(answer) == (401, "UNAUTHORIZED")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_body_that_ends_early_is_a_client_request_abort_and_changes_nothing(
    api: Api, ids: list[str]
) -> None:
    body = json.dumps({"pinCode": "560001"}).encode()
    port = int(api.sandbox.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(
            f"PATCH /api/v0/customer/{ids[0]} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            f"Authorization: {api.session.headers['Authorization']!s}\r\n"
            f"Content-Length: {len(body) + 1}\r\n\r\n".encode()
            + body
        )
        connection.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b'"CLIENT_REQUEST_ABORT"' in answer
    assert api.sandbox.applied_rows() == []


def test_a_body_over_64_mib_is_refused(api: Api) -> None:
    answer = api.upload(b"customerId,pinCode\n" + b"x" * 64 * 2**20)
    assert refusal(answer) == (400, "CLIENT_REQUEST_ERROR")
    assert "64 MiB" in answer.json()["errorResponse"]["errorMessage"]


@pytest.mark.parametrize(
    ("status", "error_type"),
    [
        (400, "CLIENT_REQUEST_ABORT"),
        (400, "CLIENT_REQUEST_ERROR"),
        (403, "INVALID_ACCESS"),
        (404, "RECORD_NOT_FOUND"),
        (500, "SYSTEM_ERROR"),
        (401, "UNAUTHORIZED"),
        (500, "UNKNOWN_ERROR"),
        (422, "UNPROCESSABLE_REQUEST"),
        (400, "VALIDATION_ERROR"),
    ],
)
def test_every_error_type_of_the_contract_comes_by_script(api: Api, status: int, error_type: str) -> None:
    api.sandbox.faults.add(operation="searchCustomer", status=status, error_type=error_type)
    answer = api.send("POST", "/api/v0/customer/search", json={})
    assert refusal(answer) == (status, error_type)
    assert errors_against("ErrorEnvelope", answer.json()) == []


def test_an_unexpected_fault_of_the_server_is_a_system_error_without_details(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    with api.sandbox._service.store.write() as connection:
        connection.execute("DROP TABLE invoice")
    answer = api.send("POST", "/api/v0/invoice/search", json={})
    assert refusal(answer) == (500, "SYSTEM_ERROR")
    assert "invoice" not in answer.text
    assert "no such table" in caplog.text
