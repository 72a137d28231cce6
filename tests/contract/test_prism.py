"""What the client sends, judged by a server that others made of the contract.

Prism checks each request against the contract. It answers with an example of it, in which ``errorResponse``
is filled under status 200; the client reports that as the error it is.
"""

import inspect
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from arkit.client import Client
from arkit.errors import ApiError, ArkitError, UsageError
from arkit.resources import KeyContact, ReminderRule
from arkit.wire.calls import Calls
from arkit.wire.operations import GET_TOKEN
from arkit.wire.transport import Request

from .calls import CUSTOMER, METHODS, NOUNS, VALUES, calls_of, fewest, most, nouns, required
from .conftest import Exchange, Recording, account
from .strictness import QUERIES

each_method = pytest.mark.parametrize("name", METHODS)
APPLIED_HERE = {"customers.fetch": {"customer_ids", "status"}, "invoices.fetch": {"status"}}
"""Filters that the API does not document, so that they never leave the client."""

pytestmark = pytest.mark.filterwarnings("ignore::arkit.errors.InferredWarning")


class Methods:
    """The methods of a client that has logged in, by their names."""

    def __init__(self, calls: Calls, workspace: Path) -> None:
        calls.log_in()
        self._nouns = nouns(calls, workspace)

    def __getitem__(self, name: str) -> Any:
        noun, _, method = name.partition(".")
        return getattr(self._nouns[noun], method)


@pytest.fixture
def methods(calls: Calls, workspace: Path) -> Methods:
    return Methods(calls, workspace)


def sent(wire: Recording, method: Any, arguments: dict[str, Any]) -> list[Exchange]:
    """What a call puts on the wire, however it ends."""
    wire.exchanges.clear()
    with suppress(ArkitError):
        method(**arguments)
    return list(wire.exchanges)


def test_there_are_values_for_every_parameter_of_every_method() -> None:
    with Client(account("http://127.0.0.1")) as client:
        kinds = {kind for kind in map(type, vars(client).values()) if "arkit.resources" in kind.__module__}
    assert kinds == set(NOUNS.values())
    functions = [*METHODS.values(), KeyContact, ReminderRule]
    names = {name for function in functions for name in inspect.signature(function).parameters}
    assert names - {"self"} == VALUES.keys()


@each_method
def test_every_parameter_goes_out_as_the_contract_has_it(
    methods: Methods, wire: Recording, name: str
) -> None:
    refused = []
    for arguments in calls_of(METHODS[name]):
        exchanges = sent(wire, methods[name], arguments)
        objections = [objection for exchange in exchanges for objection in exchange.objections]
        if objections or not exchanges:
            refused.append(f"{arguments}: {objections or 'nothing was sent'}")
    assert not refused, "\n".join(refused)


@each_method
def test_no_parameter_is_left_out(methods: Methods, wire: Recording, name: str) -> None:
    few, all_of_them = fewest(METHODS[name]), most(METHODS[name])
    plain = requests(sent(wire, methods[name], few))
    silent = {
        parameter
        for parameter in all_of_them.keys() - few.keys()
        if requests(sent(wire, methods[name], {**few, parameter: all_of_them[parameter]})) == plain
    }
    assert silent == APPLIED_HERE.get(name, set())


def requests(exchanges: list[Exchange]) -> list[tuple[str, Any, bytes | None]]:
    """What tells requests apart; the bodies of uploads differ anyway."""
    return [
        (request.url, request.query, None if b"filename" in (request.body or b"") else request.body)
        for request in (exchange.request for exchange in exchanges)
    ]


@each_method
def test_whatever_goes_out_would_be_refused_otherwise(methods: Methods, wire: Recording, name: str) -> None:
    """A judge who takes anything would be no judge."""
    for exchange in sent(wire, methods[name], most(METHODS[name])):
        for spoilt in all_spoilt(exchange.request):
            wire.write(spoilt, where=exchange.operation)
            assert wire.exchanges[-1].objections, spoilt.query or spoilt.body


def all_spoilt(request: Request) -> Iterator[Request]:
    """The request with one part at a time misspelt, or of another kind."""
    if f"/{CUSTOMER}" in request.url:
        yield replace(request, url=request.url.replace(CUSTOMER, CUSTOMER.lower()))
    for query in spoilt_members(dict(request.query), wrong="?"):
        # These two take any text.
        if "?" not in (query.get("orderBy"), query.get("companyId")):
            yield replace(request, query=query)
    if request.headers.get("Content-Type") == "application/json":
        for body in spoilt_members(json.loads(request.body or b""), wrong={}):
            yield replace(request, body=json.dumps(body).encode())
    elif request.body:
        yield replace(request, body=request.body.replace(b'name="file"', b'name="File"'))


def spoilt_members(members: dict[str, Any], *, wrong: Any) -> Iterator[dict[str, Any]]:
    for name, value in members.items():
        others = {other: members[other] for other in members if other != name}
        yield {**others, f"{name}s": value}
        yield {**others, name: wrong}
        for record in value if isinstance(value, list) else []:
            if isinstance(record, dict):
                yield from ({**others, name: [spoilt]} for spoilt in spoilt_members(record, wrong=wrong))


def test_every_operation_of_the_contract_is_called(methods: Methods, wire: Recording) -> None:
    calls = [sent(wire, methods[name], fewest(method)) for name, method in METHODS.items()]
    called = {exchange.operation for exchanges in calls for exchange in exchanges}
    assert called | {GET_TOKEN.name} == QUERIES.keys()


def test_the_log_in_goes_out_as_the_contract_has_it(calls: Calls, wire: Recording) -> None:
    calls.log_in()
    (exchange,) = wire.exchanges
    assert (exchange.operation, exchange.objections) == (GET_TOKEN.name, [])
    form = exchange.request.body or b""
    for name in ("username", "password", "grant_type", "clientId"):
        wire.write(replace(exchange.request, body=form.replace(name.encode(), b"other")), where="log-in")
        assert wire.exchanges[-1].objections, name


def test_the_token_of_the_log_in_goes_with_the_calls(calls: Calls, wire: Recording, methods: Methods) -> None:
    token = json.loads(wire.exchanges[0].answer.body)["access_token"]
    (exchange,) = sent(wire, methods["customers.activate"], {"customer_id": CUSTOMER})
    assert exchange.request.headers["Authorization"] == f"Bearer {token}"
    wire.write(replace(exchange.request, headers={}), where=exchange.operation)
    assert "security" in wire.exchanges[-1].objections[0]


@each_method
def test_an_error_under_a_status_of_success_is_reported_as_one(
    methods: Methods, wire: Recording, name: str
) -> None:
    with pytest.raises(ApiError) as caught:
        methods[name](**fewest(METHODS[name]))
    answer = wire.exchanges[-1].answer
    said = json.loads(answer.body)["errorResponse"]["errorType"]
    assert (caught.value.status, caught.value.error_type) == (200, said)


@pytest.mark.parametrize("name", [name for name in METHODS if name.endswith(".update")])
def test_an_update_without_a_change_is_not_sent(methods: Methods, wire: Recording, name: str) -> None:
    wire.exchanges.clear()
    with pytest.raises(UsageError, match="nothing is to be changed"):
        methods[name](**required(METHODS[name]))
    assert wire.exchanges == []
