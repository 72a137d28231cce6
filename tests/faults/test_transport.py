"""A network that fails: before a byte has left, while a request is under way, and in the answer."""

import contextlib
import itertools
import socket
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from command import Run
from wire.conftest import HangUp, Piece, Seen, behind_log_in

from arkit.corrections.plans import Plan, load
from arkit.errors import NetworkError
from arkit.sandbox import Raw, Sandbox
from arkit.wire import dialing
from arkit.wire.calls import Calls
from arkit.wire.operations import SEARCH_CUSTOMERS, UPDATE_CUSTOMERS
from arkit.wire.transport import multipart

from .conftest import (
    QUIESCENCE_S,
    Clerk,
    ClientOf,
    Diverted,
    Office,
    Point,
    ProxyTo,
    Serve,
    TlsServer,
    assert_clear,
    assert_kept,
    fetch,
    new_authority,
    office_at,
    port_of,
    profile_at,
    profile_of,
    rows_sent,
)
from .operations import PATHS, WRITES

UPLOAD = b"POST /api/v0/customer/bulk/update"
SEARCH = b"POST /api/v0/customer/search"


def road(number: int) -> str:
    """Addresses of one length, so that all uploads of so many rows are alike."""
    return f"{number:04} New Road"


def states(office: Office, plan: Plan) -> list[str]:
    """Where the journal has the rows of a plan."""
    found = load(plan.id, office.customers, office.calls, office.workspace)
    return [str(row.state) for row in found.rows]


def search(calls: Calls) -> Any:
    return calls.read(SEARCH_CUSTOMERS, query={"limit": "1"}, body={})


@pytest.fixture
def hasty(shared: Sandbox, tmp_path: Path) -> Iterator[Clerk]:
    """Somebody who soon gives up waiting for an answer."""
    clerk = office_at(shared, tmp_path, deadline_s=0.25, quiescence_s=QUIESCENCE_S)
    yield clerk
    clerk.close()
    shared.faults.clear()


# Before a byte has left


@pytest.fixture
def unreachable(
    request: pytest.FixtureRequest, closed_port: str, tls_server: TlsServer, tmp_path: Path
) -> str:
    """An address at which nothing can be sent, of the kind that the test names."""
    kinds = {"nobody listens": closed_port, "nobody knows the name": "https://nowhere.invalid"}
    if request.param in kinds:
        return kinds[request.param]
    return tls_server(new_authority(tmp_path).ca.issue_cert("127.0.0.1")).url


UNREACHABLE = pytest.mark.parametrize(
    "unreachable", ["nobody listens", "nobody knows the name", "a stranger signed it"], indirect=True
)


@UNREACHABLE
def test_a_read_that_cannot_leave_is_tried_for_some_seconds_and_says_that_nothing_was_sent(
    sandbox: Sandbox, tmp_path: Path, unreachable: str
) -> None:
    transport = Diverted(5.0)
    calls = Calls(profile_at(sandbox), transport)
    calls.log_in()
    transport.instead = unreachable
    started = time.monotonic()
    with pytest.raises(NetworkError) as caught:
        search(calls)
    assert 0 < time.monotonic() - started < 6
    assert (caught.value.code, caught.value.server_state) == ("connection", "nothing_sent")
    assert (caught.value.where, transport.diverted) == ("searchCustomer", 4)
    assert caught.value.next_step
    calls.close()


@UNREACHABLE
def test_an_upload_that_cannot_leave_leaves_its_rows_planned_and_waits_for_nothing(
    sandbox: Sandbox, tmp_path: Path, unreachable: str
) -> None:
    transport = Diverted(5.0)
    office = office_at(sandbox, tmp_path, transport=transport, quiescence_s=60.0)
    plan = office.addresses(3)
    transport.instead, transport.diverts_reads = unreachable, False
    started = time.monotonic()
    with pytest.raises(NetworkError) as caught:
        office.apply(plan)
    assert time.monotonic() - started < 5
    assert (caught.value.where, caught.value.server_state) == ("bulkUpdate", "nothing_sent")
    assert states(office, plan) == ["planned"] * 3
    assert not office.uploads()
    transport.instead = ""
    outcome = office.apply(plan)
    assert outcome.counts == {"verified": 3}
    assert rows_sent(office) == [3]
    assert_kept(office, plan, outcome)
    office.close()


@pytest.mark.parametrize("address", ["http://127.0.0.1:1", "https://nowhere.invalid"])
def test_a_command_that_reaches_nobody_says_so_in_one_block_and_in_time(
    run: Run, point: Point, tmp_path: Path, address: str
) -> None:
    profile = profile_of(address)
    point(profile, ARKIT_DEADLINE_S="0.5")
    started = time.monotonic()
    told = fetch(run, tmp_path / "customers.csv")
    assert time.monotonic() - started < 6
    assert_clear(told, 9, profile, out=tmp_path / "customers.csv")


def test_a_read_gets_through_to_a_server_that_comes_up_a_moment_later(
    sandbox: Sandbox, proxy_to: ProxyTo, client_of: ClientOf
) -> None:
    proxy = proxy_to(sandbox, is_down=True)
    client = client_of(profile_at(sandbox, proxy.url))
    with pytest.raises(NetworkError):
        client.calls.log_in()
    proxy.come_up()
    assert len(client.customers.fetch()) == 16


# Several addresses, some of them dead


def address(place: tuple[str, int], protocol: int = socket.IPPROTO_TCP) -> dialing.Address:
    return (socket.AF_INET, socket.SOCK_STREAM, protocol, "", place)


@pytest.fixture
def silent() -> Iterator[dialing.Address]:
    """A place where connections are neither taken nor refused: its queue is full."""
    with contextlib.ExitStack() as stack:
        listener, *fillers = [stack.enter_context(socket.socket()) for _ in range(4)]
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for each in fillers:
            each.setblocking(False)
            each.connect_ex(listener.getsockname())
        yield address(listener.getsockname())


@pytest.fixture
def alive() -> Iterator[dialing.Address]:
    """A place where connections are taken."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield address(listener.getsockname())


def test_a_dead_first_address_costs_a_moment(silent: dialing.Address, alive: dialing.Address) -> None:
    started = time.monotonic()
    with dialing.first([silent, silent, alive], within_s=5, options=[]) as connection:
        assert connection.getpeername() == alive[-1]
    assert time.monotonic() - started < 1.5


def test_addresses_that_are_all_dead_cost_no_more_than_the_time_to_connect(silent: dialing.Address) -> None:
    started = time.monotonic()
    with pytest.raises(TimeoutError):
        dialing.first([silent, silent], within_s=0.5, options=[])
    assert 0.4 < time.monotonic() - started < 1


def test_an_address_that_refuses_costs_nothing(closed_port: str, alive: dialing.Address) -> None:
    refusing = address(("127.0.0.1", port_of(closed_port)))
    unusable = address(("127.0.0.1", 9), socket.IPPROTO_UDP)
    started = time.monotonic()
    dialing.first([refusing, unusable, alive], within_s=5, options=[]).close()
    assert time.monotonic() - started < 0.2
    with pytest.raises(ConnectionRefusedError):
        dialing.first([refusing], within_s=5, options=[])


# A connection that ends while nothing is under way


def test_a_thousand_connections_closed_while_they_were_idle_cost_no_read(
    sandbox: Sandbox, client_of: ClientOf
) -> None:
    client = client_of(profile_at(sandbox))
    for after_ms in range(5):
        sandbox.faults.add(operation="searchCustomer", times=200, sent={"closes_after_s": after_ms / 1000})
    for _ in range(1000):
        assert search(client.calls)["totalCount"] == 16


def test_an_upload_never_meets_a_connection_that_was_idle(sandbox: Sandbox, client_of: ClientOf) -> None:
    client = client_of(profile_at(sandbox))
    key = client.customers.fetch()["customer_id"].iloc[0]
    for number in range(60):
        after_s = number % 6 / 1000
        sandbox.faults.add(operation="searchCustomer", sent={"closes_after_s": after_s})
        sandbox.faults.add(operation="updateCustomer", sent={"closes_after_s": after_s})
        search(client.calls)
        client.customers.update(key, address=road(number))
    operations = [request["operation"] for request in sandbox.history()]
    assert operations.count("updateCustomer") == 60


# A request that is cut, an answer that is lost


def test_an_upload_whose_answer_is_reset_at_its_first_byte_is_found_done(
    sandbox: Sandbox, tmp_path: Path, proxy_to: ProxyTo
) -> None:
    proxy = proxy_to(sandbox)
    office = office_at(sandbox, tmp_path, url=proxy.url, quiescence_s=QUIESCENCE_S)
    plan = office.addresses(5)
    proxy.add(UPLOAD, answer_bytes=0)
    outcome = office.apply(plan)
    assert (outcome.counts, proxy.struck) == ({"verified": 5}, 1)
    assert rows_sent(office) == [5]
    assert_kept(office, plan, outcome)
    office.close()


def test_a_read_whose_answer_is_reset_is_asked_again(
    sandbox: Sandbox, proxy_to: ProxyTo, client_of: ClientOf
) -> None:
    proxy = proxy_to(sandbox)
    client = client_of(profile_at(sandbox, proxy.url))
    proxy.add(SEARCH, answer_bytes=0)
    assert len(client.customers.fetch()) == 16
    assert proxy.struck == 1


def test_an_upload_cut_at_any_byte_of_its_body_is_not_known_and_not_done(
    sandbox: Sandbox, tmp_path: Path, proxy_to: ProxyTo
) -> None:
    proxy = proxy_to(sandbox)
    office = office_at(sandbox, tmp_path, url=proxy.url)
    rows = "".join(f"{key},{road(1)}\n" for key in office.ids[:2])
    body, kind = multipart("rows.csv", f"customerId,address\n{rows}".encode(), "text/csv")
    for place in range(len(body)):
        proxy.add(UPLOAD, body_bytes=place)
        with pytest.raises(NetworkError) as caught:
            office.calls.write(UPDATE_CUSTOMERS, attempt_id=str(place), content=body, content_type=kind)
        assert caught.value.server_state == "unknown", place
    assert proxy.struck == len(body)
    assert not office.applications()
    office.calls.write(UPDATE_CUSTOMERS, attempt_id="whole", content=body, content_type=kind)
    assert len(office.applications()) == 2
    office.close()


def ends_of_lines(body: bytes) -> list[int]:
    """Behind each line of the parts of a body."""
    return [place + 2 for place in range(len(body)) if body.startswith(b"\r\n", place)]


def test_an_upload_cut_in_its_body_is_sent_again_once(
    sandbox: Sandbox, tmp_path: Path, proxy_to: ProxyTo
) -> None:
    proxy, transport = proxy_to(sandbox), Diverted(5.0)
    office = office_at(sandbox, tmp_path, url=proxy.url, transport=transport, quiescence_s=0.03)
    keys = office.ids[:2]
    office.apply(office.plan({key: {"address": road(0)} for key in keys}))
    body = transport.written[-1].body or b""
    places = [0, *ends_of_lines(body)[1:-1:2], len(body) - 1]
    assert len(places) == 6
    for number, place in enumerate(places, 1):
        earlier = len(office.applications())
        plan = office.plan({key: {"address": road(number)} for key in keys})
        proxy.add(UPLOAD, body_bytes=place)
        outcome = office.apply(plan)
        assert outcome.counts == {"verified": 2}, f"cut at {place}"
        assert proxy.struck == number
        assert len(office.applications()) == earlier + 2
        assert_kept(office, plan, outcome, earlier=earlier)
    office.close()


@pytest.mark.parametrize("done", range(7))
def test_rows_done_before_a_server_hangs_are_told_from_those_that_were_not(hasty: Clerk, done: int) -> None:
    plan = hasty.fresh(6)
    hasty.sandbox.faults.add(operation="bulkUpdate", answer="lost", applies=done, delay_s=3)
    started = time.monotonic()
    outcome = hasty.apply(plan)
    assert 0.25 < time.monotonic() - started < 10
    assert outcome.counts == {"verified": 6}
    assert rows_sent(hasty) == ([done, 6 - done] if done < 6 else [6])
    assert_kept(hasty, plan, outcome)
    at = [datetime.fromisoformat(request["at"]) for request in hasty.uploads()]
    assert all(later - sooner >= timedelta(seconds=0.35) for sooner, later in itertools.pairwise(at))


@pytest.mark.parametrize(
    ("status", "done"),
    [(408, "all"), (500, "all"), (502, "all"), (502, 2), (503, "all"), (503, 2), (504, "all"), (504, 2)],
)
def test_a_gateway_that_gives_up_says_nothing_of_the_server_behind_it(
    shared: Sandbox, tmp_path: Path, status: int, done: Any
) -> None:
    office = office_at(shared, tmp_path, quiescence_s=0.3)
    plan = office.fresh(4)
    page = Raw(b"<html><h1>Bad Gateway</h1></html>")
    html = {"Content-Type": "text/html"}
    shared.faults.add(
        operation="bulkUpdate", status=status, answer=page, headers=html, applies=done, landing_s=0.15
    )
    outcome = office.apply(plan)
    assert outcome.counts == {"verified": 4}
    assert rows_sent(office) == ([4] if done == "all" else [2, 2])
    assert_kept(office, plan, outcome)
    office.close()


def test_an_upload_that_the_network_takes_too_slowly_ends_in_time_and_is_sent_again(
    sandbox: Sandbox, tmp_path: Path, proxy_to: ProxyTo
) -> None:
    proxy = proxy_to(sandbox)
    office = office_at(sandbox, tmp_path, url=proxy.url, deadline_s=0.5, quiescence_s=QUIESCENCE_S)
    plan = office.addresses(10, "Long Road, behind the old market and the second temple" * 2)
    proxy.add(UPLOAD, bytes_per_s=1000)
    started = time.monotonic()
    outcome = office.apply(plan)
    assert 0.5 < time.monotonic() - started < 4
    assert (outcome.counts, proxy.struck) == ({"verified": 10}, 1)
    assert len(office.applications()) == 10
    assert_kept(office, plan, outcome)
    office.close()


@pytest.mark.parametrize("name", WRITES)
def test_what_makes_or_changes_something_is_sent_once_even_if_nobody_hears_what_came_of_it(
    serve: Serve, client_of: ClientOf, name: str
) -> None:
    def lose(request: Seen) -> Iterator[Piece]:
        raise HangUp(reset=True)
        yield b""

    server = serve(behind_log_in(lose))
    with pytest.raises(NetworkError) as caught:
        WRITES[name](client_of(profile_of(server.url, paths=PATHS)))
    assert caught.value.server_state == "unknown"
    assert len(server.seen) == 2
