"""Messages to the Bharat Connect network."""

import json
from typing import Any

import pytest
from wire.conftest import behind_log_in, envelope, profile_of

from arkit.client import Client
from arkit.errors import ApiError, InferredWarning, UsageError
from arkit.sandbox import Sandbox

from .conftest import ClientOf, Plain, Serve

CONFIRMATION: dict[str, Any] = {
    "payment_id": "PMT00000000000000000000000000000001",
    "response": "ACCEPT",
    "type": "OFFPLATFORM",
    "remarks": "Received on 1 April",
}
unheard = pytest.mark.filterwarnings("ignore::arkit.errors.InferredWarning")


@pytest.fixture
def invoice_ids(plain: Plain) -> list[str]:
    return sorted(invoice["invoiceId"] for invoice in plain.all("invoice"))[:2]


def test_a_payment_is_confirmed_for_its_invoices(serve: Serve, client_of: ClientOf) -> None:
    server = serve(behind_log_in(lambda request: [envelope(None)]))
    client_of(profile_of(server.url)).network.confirm_payment(invoice_ids=("I2", "I1", "I2"), **CONFIRMATION)
    assert server.seen[-1].line == "POST /api/v0/invoice/payment-confirmation HTTP/1.1"
    assert json.loads(server.seen[-1].body) == {
        "paymentId": CONFIRMATION["payment_id"],
        "invoiceIds": ["I1", "I2"],
        "response": "ACCEPT",
        "type": "OFFPLATFORM",
        "remarks": "Received on 1 April",
    }


def test_a_confirmation_that_the_server_takes_is_no_error(writer: Client, invoice_ids: list[str]) -> None:
    writer.network.confirm_payment(invoice_ids=invoice_ids, **CONFIRMATION)
    writer.network.confirm_payment(invoice_ids=invoice_ids, **{**CONFIRMATION, "response": "REJECT"})


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"response": "MAYBE"}, 400),
        ({"remarks": 'a "word"'}, 400),
        ({"response": "REJECT", "type": "ONPLATFORM"}, 422),
        ({"invoice_ids": ["INV0"]}, 404),
    ],
)
def test_a_confirmation_that_the_server_refuses_is_its_error(
    writer: Client, invoice_ids: list[str], changed: dict[str, Any], status: int
) -> None:
    with pytest.raises(ApiError) as caught:
        writer.network.confirm_payment(**{"invoice_ids": invoice_ids, **CONFIRMATION, **changed})
    assert caught.value.status == status


def test_invoices_get_the_status_that_is_asked_for(
    writer: Client, plain: Plain, invoice_ids: list[str]
) -> None:
    with pytest.warns(InferredWarning, match="changeInvoiceStatusRequest"):
        writer.network.change_status(invoice_ids=invoice_ids, status="RETURNED", remarks="wrong goods")
    statuses = {each["invoiceId"]: each["receivableStatus"]["name"] for each in plain.all("invoice")}
    assert {each for each, status in statuses.items() if status == "RETURNED"} == {*invoice_ids}
    assert writer.invoices.fetch(status="RETURNED")["invoice_id"].tolist() == invoice_ids


@unheard
def test_a_status_of_an_invoice_that_nobody_knows_is_refused_as_a_whole(
    writer: Client, own: Sandbox, invoice_ids: list[str]
) -> None:
    with pytest.raises(ApiError) as caught:
        writer.network.change_status(invoice_ids=[*invoice_ids, "INV0"], status="RETURNED")
    assert (caught.value.status, caught.value.error_type) == (404, "RECORD_NOT_FOUND")
    assert own.applied_rows() == []


@pytest.mark.parametrize("ids", ["INV1", ["INV1", None], []])
def test_ids_that_are_none_are_refused_before_anything_is_sent(
    client: Client, sandbox: Sandbox, ids: Any
) -> None:
    before = len(sandbox.history())
    with pytest.raises(UsageError, match=r"^invoice_ids "):
        client.network.confirm_payment(invoice_ids=ids, **CONFIRMATION)
    with pytest.raises(UsageError, match=r"^invoice_ids "):
        client.network.change_status(invoice_ids=ids, status="RETURNED")
    assert len(sandbox.history()) == before
