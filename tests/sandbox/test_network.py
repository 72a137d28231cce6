"""The two operations of the Bharat Connect network."""

from typing import Any

import pytest
import requests

from .conftest import Api
from .contract import errors_against

CONFIRMATION = {
    "paymentId": "PMT00000000000000000000000000000001",
    "remarks": "received",
    "response": "ACCEPT",
    "type": "ONPLATFORM",
}


@pytest.fixture
def invoice_ids(api: Api) -> list[str]:
    return [invoice["invoiceId"] for invoice in api.invoices(limit=2)["invoices"]]


def confirm(api: Api, invoice_ids: Any, **changes: Any) -> requests.Response:
    body = {"invoiceIds": invoice_ids, **CONFIRMATION, **changes}
    return api.send(
        "POST",
        "/api/v0/invoice/payment-confirmation",
        json={name: value for name, value in body.items() if value is not None},
    )


def change_status(api: Api, body: dict[str, Any]) -> requests.Response:
    return api.send("POST", "/api/v0/invoice/status-change", json=body)


def refused(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["errorResponse"]["errorType"]


def test_a_confirmation_is_kept_and_answered(api: Api, invoice_ids: list[str]) -> None:
    answer = confirm(api, invoice_ids)
    assert errors_against("Envelope", answer.json()) == []
    kept = answer.json()["payload"]
    assert kept == {**kept, "invoiceIds": invoice_ids, **CONFIRMATION}
    assert kept["at"] > "2026-09-30T13:00"
    with api.sandbox._service.store.read() as connection:
        (row,) = connection.execute("SELECT id, paymentId FROM confirmation").fetchall()
    assert tuple(row) == (kept["id"], CONFIRMATION["paymentId"])


@pytest.mark.parametrize(
    "changes",
    [
        {"paymentId": None},
        {"remarks": None},
        {"remarks": ""},
        {"remarks": 'a "word"'},
        {"remarks": "x" * 101},
        {"response": None},
        {"response": "MAYBE"},
        {"type": None},
        {"type": "CASH"},
        {"invoiceIds": []},
    ],
)
def test_a_confirmation_needs_every_member(api: Api, invoice_ids: list[str], changes: dict[str, Any]) -> None:
    answer = confirm(api, invoice_ids, **changes)
    assert refused(answer) == (400, "VALIDATION_ERROR")
    assert [error["field"] for error in answer.json()["errorResponse"]["apiSubErrors"]] == list(changes)


def test_only_what_was_paid_off_the_platform_can_be_rejected(api: Api, invoice_ids: list[str]) -> None:
    rejected = confirm(api, invoice_ids, response="REJECT", type="OFFPLATFORM")
    assert rejected.status_code == 200
    assert refused(confirm(api, invoice_ids, response="REJECT")) == (422, "UNPROCESSABLE_REQUEST")


def test_invoices_get_the_status_that_is_asked_for(api: Api, invoice_ids: list[str]) -> None:
    body = {"invoiceIds": invoice_ids, "status": "RETURNED", "remarks": "wrong goods"}
    answer = change_status(api, body)
    assert answer.json()["payload"] == body
    for invoice in api.invoices(limit=2)["invoices"]:
        assert invoice["receivableStatus"] == {"label": "Returned", "name": "RETURNED"}
    rows = api.sandbox.applied_rows()
    assert [(row["record_id"], row["field"], row["after"]) for row in rows] == [
        (invoice_id, "receivableStatus", "RETURNED") for invoice_id in invoice_ids
    ]


@pytest.mark.parametrize("body", [{"status": "X"}, {"invoiceIds": ["INV0"]}, {"invoiceIds": "INV0"}])
def test_a_status_change_needs_invoices_and_a_status(api: Api, body: dict[str, Any]) -> None:
    assert refused(change_status(api, body)) == (400, "VALIDATION_ERROR")


def test_unknown_invoices_are_not_found(api: Api, invoice_ids: list[str]) -> None:
    assert refused(confirm(api, [*invoice_ids, "INV0"])) == (404, "RECORD_NOT_FOUND")
    unknown = {"invoiceIds": [*invoice_ids, "INV0"], "status": "RETURNED"}
    assert refused(change_status(api, unknown)) == (404, "RECORD_NOT_FOUND")
    assert api.sandbox.applied_rows() == []
