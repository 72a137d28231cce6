"""What holds for every method of every noun: sent once, doubted once, at the profile's own address."""

import json
import warnings
from contextlib import suppress
from typing import Any

import pytest
from faults.operations import READS, WRITES
from wire.conftest import behind_log_in, envelope, http, is_log_in, profile_of, token

from arkit.client import Client
from arkit.errors import ApiError, ArkitError, InferredWarning
from arkit.wire.operations import OPERATIONS

from .conftest import ClientOf, Serve

METHODS = {**READS, **WRITES}
GUESSES = {
    "customers.deactivate": "deactivateCustomer",
    "contacts.of": "getCustomerContactDetails",
    "invoices.delete": "deleteInvoiceCollection",
    "reminders.of": "getCustomerReminders",
    "reminders.get": "getCustomerReminder",
    "reminders.create": "createCustomerReminder",
    "reminders.update": "updateCustomerReminder",
    "reminders.delete": "deleteReminder",
    "network.change_status": "changeInvoiceStatusRequest",
}

each_method = pytest.mark.parametrize("name", METHODS)
each_write = pytest.mark.parametrize("name", WRITES)
unheard = pytest.mark.filterwarnings("ignore::arkit.errors.InferredWarning")


def call(client: Client, name: str) -> None:
    """Call it, whatever becomes of it."""
    with suppress(ArkitError):
        METHODS[name](client)


def test_every_operation_that_is_deduced_has_its_method() -> None:
    assert {*GUESSES.values()} == {operation.name for operation in OPERATIONS if operation.is_inferred}


SYSTEM_ERROR = json.dumps({"errorResponse": {"errorType": "SYSTEM_ERROR"}}).encode()
REFUSAL = json.dumps({"errorResponse": {"errorType": "VALIDATION_ERROR"}}).encode()


@unheard
@each_write
@pytest.mark.parametrize(
    ("said", "status", "state"),
    [
        (http(REFUSAL, 400), 400, "known"),
        (http(b"{}", 429, Retry_After="0"), 429, "known"),
        (http(SYSTEM_ERROR, 500), 500, "unknown"),
        (http(b"{}", 503, Retry_After="0"), 503, "unknown"),
        (http(SYSTEM_ERROR), 200, "unknown"),
        (http(REFUSAL), 200, "known"),
    ],
)
def test_a_write_is_sent_once_whatever_is_answered_and_says_what_is_known(
    serve: Serve, client_of: ClientOf, name: str, said: bytes, status: int, state: str
) -> None:
    server = serve(behind_log_in(lambda request: [said]))
    with pytest.raises(ApiError) as caught:
        WRITES[name](client_of(profile_of(server.url)))
    assert (caught.value.status, caught.value.server_state) == (status, state)
    assert len(server.seen) == 2


@each_method
def test_what_rests_on_a_guess_says_so_once_and_nothing_else_does(
    serve: Serve, client_of: ClientOf, name: str
) -> None:
    client = client_of(profile_of(serve(behind_log_in(lambda request: [envelope([])])).url))
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        call(client, name)
        call(client, name)
    assert [warning.category for warning in heard] == [InferredWarning] * (name in GUESSES)
    for warning in heard:
        assert str(warning.message).startswith(f"{GUESSES[name]}: ")


@each_method
def test_a_guess_that_the_profile_settles_is_not_doubted(
    serve: Serve, client_of: ClientOf, name: str
) -> None:
    server = serve(behind_log_in(lambda request: [envelope([])]))
    paths = {operation.name: operation.path for operation in OPERATIONS}
    call(client_of(profile_of(server.url, paths=paths)), name)


@each_method
def test_every_request_goes_where_the_profile_says(serve: Serve, client_of: ClientOf, name: str) -> None:
    def answer(request: Any) -> list[bytes]:
        return [token() if is_log_in(request) or "/oauth/token" in request.line else envelope([])]

    server = serve(answer)
    paths = {operation.name: f"/own{operation.path}/here" for operation in OPERATIONS}
    call(client_of(profile_of(server.url, paths=paths)), name)
    places = [line.split(" ")[1].partition("?")[0] for line in server.lines()]
    assert len(places) >= 2
    assert all(place.startswith("/own/") and place.endswith("/here") for place in places)
