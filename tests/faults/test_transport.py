"""A network that fails: before a byte has left, while a request is under way, and in the answer."""

import contextlib
import dataclasses
import gzip
import itertools
import json
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from command import Run
from wire.conftest import HangUp, Piece, Seen, behind_log_in, envelope, http

from arkit.corrections.plans import Plan, load
from arkit.errors import ArkitError, ContractError, NetworkError
from arkit.sandbox import Raw, Sandbox
from arkit.wire import dialing
from arkit.wire.calls import Calls
from arkit.wire.operations import SEARCH_CUSTOMERS, UPDATE_CUSTOMER, UPDATE_CUSTOMERS
from arkit.wire.transport import Request, Transport, multipart

from .conftest import (
    ClientOf,
    Diverted,
    Measure,
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
)
from .operations import PATHS, READS, WRITES

UPLOAD = b"POST /api/v0/customer/bulk/update"
SEARCH = b"POST /api/v0/customer/search"
QUIESCENCE_S = 0.15
MOST_MIB = 512


def road(number: int) -> str:
    """Addresses of one length, so that all uploads of so many rows are alike."""
    return f"{number:04} New Road"


def states(office: Office, plan: Plan) -> list[str]:
    """Where the journal has the rows of a plan."""
    found = load(plan.id, office.customers, office.calls, office.workspace)
    return [str(row.state) for row in found.rows]


def rows_sent(office: Office) -> list[int]:
    """How many rows each upload carried that the server could read, oldest first."""
    sent = [request["id"] for request in office.uploads()]
    changed = [change["request_id"] for change in office.sandbox.applied_rows()]
    return [changed.count(each) for each in sent]


def search(calls: Calls) -> Any:
    return calls.read(SEARCH_CUSTOMERS, query={"limit": "1"}, body={})


@pytest.fixture
def hasty(sandbox: Sandbox, tmp_path: Path) -> Iterator[Office]:
    """An office that soon gives up waiting for an answer."""
    office = office_at(sandbox, tmp_path, deadline_s=0.4, quiescence_s=QUIESCENCE_S)
    yield office
    office.close()


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


@UNREACHABLE
def test_a_command_that_reaches_nobody_says_so_in_one_block_and_in_time(
    run: Run, point: Point, tmp_path: Path, unreachable: str
) -> None:
    profile = profile_of(unreachable)
    point(profile, ARKIT_DEADLINE_S="2")
    started = time.monotonic()
    told = fetch(run, tmp_path / "customers.csv")
    assert time.monotonic() - started < 4
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
    places = [0, *ends_of_lines(body)[:-1], len(body) - 1]
    assert len(places) == 10
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
def test_rows_done_before_a_server_hangs_are_told_from_those_that_were_not(hasty: Office, done: int) -> None:
    plan = hasty.addresses(6)
    hasty.sandbox.faults.add(operation="bulkUpdate", answer="lost", applies=done, delay_s=30)
    started = time.monotonic()
    outcome = hasty.apply(plan)
    assert 0.4 < time.monotonic() - started < 10
    assert outcome.counts == {"verified": 6}
    assert rows_sent(hasty) == ([done, 6 - done] if done < 6 else [6])
    assert_kept(hasty, plan, outcome)
    at = [datetime.fromisoformat(request["at"]) for request in hasty.uploads()]
    assert all(later - sooner >= timedelta(seconds=0.5) for sooner, later in itertools.pairwise(at))


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
@pytest.mark.parametrize("done", ["all", 2])
def test_a_gateway_that_gives_up_says_nothing_of_the_server_behind_it(
    sandbox: Sandbox, tmp_path: Path, status: int, done: Any
) -> None:
    office = office_at(sandbox, tmp_path, quiescence_s=0.6)
    plan = office.addresses(4)
    page = Raw(b"<html><h1>Bad Gateway</h1></html>")
    html = {"Content-Type": "text/html"}
    sandbox.faults.add(
        operation="bulkUpdate", status=status, answer=page, headers=html, applies=done, landing_s=0.3
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


# An answer that is shorter than it should be


ROWS = [{"customerId": f"KC{n:014}", "legalName": "Asha Traders"} for n in range(7)]
WHOLE = http(json.dumps({"payload": ROWS, "response_code": 0}).encode())
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    + b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in (b'{"payload":', b" []", b"}" + b" " * 9))
    + b"0\r\n\r\n"
)
CLOSING = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n" + b'{"payload": []}'
)


def cut(whole: bytes, place: int) -> Iterator[Piece]:
    yield whole[:place]
    raise HangUp


# Once the last chunk has begun, which is empty, nothing of the body can be missing.
@pytest.mark.parametrize("whole", [WHOLE, CHUNKED[:-4]], ids=["with its length", "in chunks"])
@pytest.mark.parametrize("verb", ["read", "write"])
def test_an_answer_cut_at_any_byte_is_no_answer(serve: Serve, verb: str, whole: bytes) -> None:
    place = 0
    server = serve(lambda request: cut(whole, place))
    transport = Transport(5)
    request = Request("POST", server.url, body=b"{}")
    for place in range(len(whole)):
        with pytest.raises(NetworkError) as caught:
            getattr(transport, verb)(request, where="search")
        assert (caught.value.code, caught.value.server_state) == ("connection", "unknown"), place
    assert len(server.seen) == len(whole)
    transport.close()


def test_an_answer_that_ends_with_its_connection_is_taken_only_as_a_whole_document(
    serve: Serve, client_of: ClientOf
) -> None:
    place = 0
    server = serve(behind_log_in(lambda request: cut(CLOSING, place)))
    client = client_of(profile_of(server.url))
    for place in range(CLOSING.index(b"\r\n\r\n"), len(CLOSING)):
        with pytest.raises(ArkitError) as caught:
            client.calls.change(UPDATE_CUSTOMER, path={"customerId": "KC1"}, body={"address": "x"})
        assert caught.value.server_state == "unknown", place
    place = len(CLOSING)
    assert client.calls.read(SEARCH_CUSTOMERS, body={}) == []


@pytest.mark.parametrize("place", [0, 1, 20, 100, 180, 250, 300])
def test_an_upload_whose_answer_is_cut_is_found_done(
    sandbox: Sandbox, tmp_path: Path, proxy_to: ProxyTo, place: int
) -> None:
    proxy = proxy_to(sandbox)
    office = office_at(sandbox, tmp_path, url=proxy.url, quiescence_s=QUIESCENCE_S)
    plan = office.addresses(3)
    proxy.add(UPLOAD, answer_bytes=place)
    outcome = office.apply(plan)
    assert (outcome.counts, proxy.struck) == ({"verified": 3}, 1)
    assert rows_sent(office) == [3]
    office.close()


LENGTHS = ["0", "1", "9", "700", "99999999", "-1", "many", "1e3", ""]


@pytest.mark.parametrize("length", LENGTHS)
def test_a_wrong_length_makes_no_other_answer_of_it(office: Office, client_of: ClientOf, length: str) -> None:
    headers = {"Content-Length": length}
    office.sandbox.faults.add(operation="searchCustomer", headers=headers, times=4)
    client = client_of(dataclasses.replace(office.profile, deadline_s=1.0))
    try:
        found = client.customers.fetch()
    except (NetworkError, ContractError):
        pass
    else:
        assert len(found) == 16
    office.sandbox.faults.clear()
    plan = office.addresses(2)
    office.sandbox.faults.add(operation="bulkUpdate", headers=headers)
    assert office.apply(plan).counts == {"verified": 2}
    assert rows_sent(office) == [2]


# An answer that is too large


ENDLESS: dict[str, dict[str, Any]] = {
    "two gigabytes": {"answer": Raw(b"0" * 1024, repeat=2**21)},
    "chunks without end": {"answer": Raw(b"0" * 1024, repeat="endless"), "sent": {"chunked": True}},
    "no end and no length": {"answer": Raw(b"[" * 1024, repeat="endless")},
    "spaces": {"answer": Raw(b" " * 1024, repeat="endless")},
    "empty lists": {"answer": Raw(b"[]," * 1024, repeat="endless")},
    "a bomb": {
        "answer": Raw(gzip.compress(bytes(300 * 2**20), 9)),
        "headers": {"Content-Encoding": "gzip"},
    },
    "a bomb that does not say so": {"answer": Raw(gzip.compress(bytes(300 * 2**20), 9))},
}


@pytest.mark.parametrize("fault", ENDLESS)
@pytest.mark.parametrize("operation", ["searchCustomer", "getAuthenticationToken"])
def test_a_command_that_is_sent_too_much_stops_with_9_and_stays_small(
    sandbox: Sandbox, measure: Measure, point: Point, tmp_path: Path, operation: str, fault: str
) -> None:
    sandbox.faults.add(operation=operation, times=9, **ENDLESS[fault])
    point(profile_at(sandbox), ARKIT_DEADLINE_S="20")
    out = tmp_path / "customers.csv"
    told, mib, seconds = measure("fetch", "customers", "--out", out)
    assert_clear(told, 9, profile_at(sandbox), out=out)
    assert mib < MOST_MIB
    assert seconds < 15


@pytest.mark.parametrize("fault", ENDLESS)
def test_an_upload_that_is_answered_with_too_much_is_found_done(office: Office, fault: str) -> None:
    plan = office.addresses(3)
    office.sandbox.faults.add(operation="bulkUpdate", applies="all", **ENDLESS[fault])
    outcome = office.apply(plan)
    assert outcome.counts == {"verified": 3}
    assert rows_sent(office) == [3]
    assert_kept(office, plan, outcome)


@pytest.mark.parametrize("fault", ["two gigabytes", "a bomb"])
def test_a_file_of_failed_rows_that_is_too_large_names_no_row(
    sandbox: Sandbox, measure: Measure, point: Point, tmp_path: Path, fault: str
) -> None:
    office = office_at(sandbox, tmp_path, quiescence_s=QUIESCENCE_S)
    plan = office.addresses(2)
    office.close()
    sandbox.faults.add(operation="bulkUpdate", lying_counts="failure")
    sandbox.faults.add(operation="downloadFile", times=9, **ENDLESS[fault])
    point(office.profile, ARKIT_DEADLINE_S="20")
    told, mib, _ = measure("apply", plan.id, "--confirm", plan.id[-6:], "--json")
    assert told.code == 0, told
    assert told.document["counts"] == {"verified": 2}
    assert mib < MOST_MIB


# An answer that is none


TEXTS: dict[str, tuple[bytes, str]] = {
    "invalid UTF-8": (b'{"payload": [], "response_message": "\xff"}', "application/json"),
    "a byte order mark": (b'\xef\xbb\xbf{"payload": []}', "application/json"),
    "a NUL": (b'{"payload": []}\x00', "application/json"),
    "an error page": (b"<!doctype html><title>Sorry</title>", "text/html"),
    "a log-in page": (b"<html><form action='/login'><input type='password'></form></html>", "text/html"),
    "plain text": (b"OK", "text/plain"),
    "nothing": (b"", "application/json"),
    "nothing of no kind": (b"", ""),
}
VALUES: dict[str, tuple[bytes, str]] = {
    name: (body, "application/json")
    for name, body in {
        "a member twice": b'{"payload": {"success_count": 3, "success_count": 0}, "response_code": 0}',
        "the payload twice": b'{"payload": [], "payload": []}',
        "NaN": b'{"payload": [], "response_code": NaN}',
        "infinity": b'{"payload": [{"customerId": "KC1", "x": 1e999}]}',
        "minus infinity": b'{"payload": -Infinity}',
        "5,000 digits": b'{"payload": [' + b"9" * 5_000 + b"]}",
        "5,000 digits and a fraction": b'{"payload": [0.' + b"9" * 5_000 + b"e-4000]}",
        "100,000 lists": b'{"payload": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        "100,000 objects": b'{"payload": ' + b'{"a":' * 100_000 + b"1" + b"}" * 100_001,
        "half a character": b'{"payload": [{"customerId": "KC1\\ud83d"}]}',
    }.items()
}
NONE = {**TEXTS, **VALUES}


def test_the_table_of_operations_is_whole(client_of: ClientOf) -> None:
    client = client_of(profile_of("http://127.0.0.1:9"))
    nouns = ("customers", "contacts", "invoices", "reminders", "network")
    methods = {
        f"{noun}.{name}" for noun in nouns for name in dir(getattr(client, noun)) if not name.startswith("_")
    }
    assert methods - {"customers.plan"} == {name.partition(" ")[0] for name in {**READS, **WRITES}}


@pytest.mark.parametrize("text", NONE)
def test_every_operation_names_status_and_kind_of_an_answer_that_is_none(
    serve: Serve, client_of: ClientOf, text: str
) -> None:
    body, kind = NONE[text]
    server = serve(behind_log_in(lambda request: [http(body, Content_Type=kind)]))
    client = client_of(profile_of(server.url, paths=PATHS))
    client.calls.log_in()
    for name, operation in {**READS, **WRITES}.items():
        asked = len(server.seen)
        with pytest.raises(ContractError) as caught:
            operation(client)
        assert caught.value.exit_code == 9
        assert len(server.seen) == asked + 1, name
        assert f"Status 200, {kind or 'no content type'}, {len(body)} bytes" in str(caught.value), name
        assert len(str(caught.value)) < 500
        assert caught.value.server_state == "unknown", name


@pytest.mark.parametrize("text", NONE)
def test_a_log_in_that_is_answered_with_anything_else_breaks_the_contract(
    serve: Serve, run: Run, point: Point, tmp_path: Path, text: str
) -> None:
    body, kind = NONE[text]
    server = serve(lambda request: [http(body, Content_Type=kind)])
    point(profile_of(server.url))
    out = tmp_path / "customers.csv"
    assert_clear(fetch(run, out), 9, profile_of(server.url), says="log-in", out=out)
    assert len(server.seen) == 1


@pytest.mark.parametrize("text", NONE)
def test_an_upload_that_is_answered_with_anything_else_is_found_done(office: Office, text: str) -> None:
    body, kind = NONE[text]
    plan = office.addresses(3)
    headers = {"Content-Type": kind or []}
    office.sandbox.faults.add(operation="bulkUpdate", answer=Raw(body), headers=headers, applies="all")
    outcome = office.apply(plan)
    assert outcome.counts == {"verified": 3}
    assert rows_sent(office) == [3]
    assert_kept(office, plan, outcome)


COMMANDS = {
    "customers": ["fetch", "customers", "--out", "out.csv"],
    "contacts": ["fetch", "contacts", "--out", "out.xlsx"],
    "invoices": ["fetch", "invoices", "--out", "out.parquet"],
    "reminders": ["fetch", "reminders", "--out", "out.csv", "--json"],
    "check": ["check", "bulk.csv", "--kind", "customer-update", "--json"],
    "plan": ["plan", "bulk.csv", "--kind", "customer-update", "--json"],
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("text", [*TEXTS, "a member twice", "100,000 lists"])
def test_every_command_ends_with_9_without_a_file_if_the_answer_is_none(
    serve: Serve,
    run: Run,
    point: Point,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    command: str,
) -> None:
    body, kind = NONE[text]
    server = serve(behind_log_in(lambda request: [http(body, Content_Type=kind)]))
    point(profile_of(server.url))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bulk.csv").write_text("customerId,address\nKC00000000000001,1 New Road\n")
    assert_clear(run(*COMMANDS[command]), 9, profile_of(server.url), says="Status 200")
    assert [path.name for path in tmp_path.iterdir()] == ["bulk.csv"]


# A server that is busy


NOW = datetime.now(UTC)


def busy(*headers: str, status: int = 429) -> bytes:
    lines = [f"HTTP/1.1 {status} Busy", *headers, "Content-Length: 0", "", ""]
    return "\r\n".join(lines).encode("latin-1")


def dated(seconds: float, *, clock: timedelta = timedelta(0)) -> list[str]:
    """The headers of a server that asks for so many seconds by its own clock."""
    theirs = datetime.now(UTC) + clock
    asked = format_datetime(theirs + timedelta(seconds=seconds), usegmt=True)
    return [f"Retry-After: {asked}", f"Date: {format_datetime(theirs, usegmt=True)}"]


SOON: dict[str, Any] = {
    "no header": [],
    "0": ["Retry-After: 0"],
    "1": ["Retry-After: 1"],
    "a negative number": ["Retry-After: -1"],
    "a word": ["Retry-After: soon"],
    "an exponent": ["Retry-After: 1e9"],
    "a fraction": ["Retry-After: 1.5"],
    "too many digits": ["Retry-After: 1000000000"],
    "nothing": ["Retry-After:"],
    "two alike": ["Retry-After: 1", "Retry-After: 1"],
    "two that differ": ["Retry-After: 2", "Retry-After: soon"],
    "a date": dated(1),
    "a date that has passed": dated(-3600),
    "a clock a day ahead": dated(1, clock=timedelta(days=1)),
    "a clock a day behind": dated(1, clock=-timedelta(days=1)),
    "a date of a clock that is not told": dated(-86_400)[:1],
}
LATE: dict[str, Any] = {
    "minutes": ["Retry-After: 121"],
    "a day": ["Retry-After: 86400"],
    "the largest number": ["Retry-After: 999999999"],
    "a date tomorrow": dated(86_400),
    "the year 9999": ["Retry-After: Fri, 31 Dec 9999 23:59:59 GMT"],
    "a day ahead of a clock that is not told": dated(86_400)[:1],
}


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("headers", SOON)
def test_a_read_waits_a_little_for_a_busy_server_whatever_it_writes(
    serve: Serve, client_of: ClientOf, headers: str, status: int
) -> None:
    answers = iter([busy(*SOON[headers], status=status), envelope([])])
    server = serve(behind_log_in(lambda request: [next(answers)]))
    started = time.monotonic()
    assert search(client_of(profile_of(server.url)).calls) == []
    asked_s = 0.9 if SOON[headers] in (["Retry-After: 1"],) or "clock a day" in headers else 0
    assert asked_s <= time.monotonic() - started < 3


@pytest.mark.parametrize("headers", LATE)
def test_a_read_does_not_wait_for_a_server_that_asks_for_too_much(
    serve: Serve, run: Run, point: Point, tmp_path: Path, headers: str
) -> None:
    server = serve(behind_log_in(lambda request: [busy(*LATE[headers])]))
    point(profile_of(server.url))
    out = tmp_path / "customers.csv"
    started = time.monotonic()
    assert_clear(fetch(run, out), 9, profile_of(server.url), says="429", out=out)
    assert time.monotonic() - started < 3
    assert len(server.seen) == 2


@pytest.mark.parametrize("headers", [*SOON, *LATE])
def test_an_upload_that_met_a_busy_server_is_read_back_and_sent_again(office: Office, headers: str) -> None:
    plan = office.addresses(3)
    given: dict[str, list[str]] = {}
    for header in [*SOON.get(headers, []), *LATE.get(headers, [])]:
        name, _, value = header.partition(":")
        given.setdefault(name, []).append(value.strip())
    office.sandbox.faults.add(operation="bulkUpdate", status=429, headers=given)
    started = time.monotonic()
    outcome = office.apply(plan)
    assert time.monotonic() - started < 5
    assert outcome.counts == {"verified": 3}
    assert rows_sent(office) == [0, 3]
    assert_kept(office, plan, outcome)


def test_a_storm_of_refusals_delays_a_fetch_and_changes_nothing_of_it(
    sandbox: Sandbox, client_of: ClientOf
) -> None:
    client = client_of(profile_at(sandbox))
    calm = client.customers.fetch()
    sandbox.faults.paging("searchCustomer", caps_at=2)
    headers = {"Retry-After": "0"}
    sandbox.faults.add(operation="searchCustomer", status=429, headers=headers, share=(3, 5), times=999)
    before = len(sandbox.history())
    assert client.customers.fetch().equals(calm)
    assert len(sandbox.history()) - before > 60
