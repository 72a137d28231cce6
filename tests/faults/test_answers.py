"""Answers that are cut, too large, or none."""

import dataclasses
import json
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from command import Run
from wire.conftest import HangUp, Piece, behind_log_in, http

from arkit.errors import ArkitError, ContractError, NetworkError
from arkit.sandbox import Raw, Sandbox
from arkit.wire.operations import SEARCH_CUSTOMERS, UPDATE_CUSTOMER
from arkit.wire.transport import Request, Transport

from .conftest import (
    QUIESCENCE_S,
    Clerk,
    ClientOf,
    Measure,
    Point,
    ProxyTo,
    Serve,
    assert_clear,
    assert_kept,
    fetch,
    office_at,
    profile_of,
    rows_sent,
)
from .operations import PATHS, READS, WRITES

UPLOAD = b"POST /api/v0/customer/bulk/update"
MOST_MIB = 512


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
    shared: Sandbox, tmp_path: Path, proxy_to: ProxyTo, place: int
) -> None:
    proxy = proxy_to(shared)
    clerk = office_at(shared, tmp_path, url=proxy.url, quiescence_s=QUIESCENCE_S)
    plan = clerk.fresh(3)
    proxy.add(UPLOAD, answer_bytes=place)
    outcome = clerk.apply(plan)
    assert (outcome.counts, proxy.struck) == ({"verified": 3}, 1)
    assert rows_sent(clerk) == [3]
    clerk.close()


LENGTHS = ["0", "1", "9", "700", "99999999", "-1", "many", "1e3", ""]


@pytest.mark.parametrize("length", LENGTHS)
def test_a_wrong_length_makes_no_other_answer_of_it(clerk: Clerk, client_of: ClientOf, length: str) -> None:
    headers = {"Content-Length": length}
    clerk.sandbox.faults.add(operation="searchCustomer", headers=headers, times=4)
    client = client_of(dataclasses.replace(clerk.profile, deadline_s=1.0))
    try:
        found = client.customers.fetch()
    except (NetworkError, ContractError):
        pass
    else:
        assert len(found) == 16
    clerk.sandbox.faults.clear()
    plan = clerk.fresh(2)
    clerk.sandbox.faults.add(operation="bulkUpdate", headers=headers)
    assert clerk.apply(plan).counts == {"verified": 2}
    assert rows_sent(clerk) == [2]


# An answer that takes its time


@pytest.mark.parametrize("operation", ["getAuthenticationToken", "searchCustomer"])
@pytest.mark.parametrize("fault", [{"sent": {"bytes_per_s": 20}}, {"delay_s": 5}], ids=str)
def test_a_command_ends_in_time_however_slowly_it_is_answered(
    shared: Sandbox, clerk: Clerk, run: Run, point: Point, tmp_path: Path, operation: str, fault: Any
) -> None:
    shared.faults.add(operation=operation, times=9, **fault)
    point(clerk.profile, ARKIT_DEADLINE_S="0.4")
    out = tmp_path / "customers.csv"
    started = time.monotonic()
    assert_clear(fetch(run, out), 9, clerk.profile, says="within 0.4 seconds", out=out)
    assert time.monotonic() - started < 2


def test_an_upload_that_is_answered_too_slowly_is_found_done(shared: Sandbox, tmp_path: Path) -> None:
    clerk = office_at(shared, tmp_path, deadline_s=0.4, quiescence_s=QUIESCENCE_S)
    plan = clerk.fresh(3)
    shared.faults.add(operation="bulkUpdate", sent={"bytes_per_s": 20})
    assert clerk.apply(plan).counts == {"verified": 3}
    assert rows_sent(clerk) == [3]
    clerk.close()


# An answer that is too large


def bomb(mebibytes: int) -> bytes:
    """So many of nothing, packed."""
    packer = zlib.compressobj(9, wbits=zlib.MAX_WBITS | 16)
    nothing = bytes(2**20)
    return b"".join([*(packer.compress(nothing) for _ in range(mebibytes)), packer.flush()])


BOMB = Raw(bomb(300))
ENDLESS: dict[str, dict[str, Any]] = {
    "two gigabytes": {"answer": Raw(b"0" * 1024, repeat=2**21)},
    "chunks without end": {"answer": Raw(b"0" * 1024, repeat="endless"), "sent": {"chunked": True}},
    "no end and no length": {"answer": Raw(b"[" * 1024, repeat="endless")},
    "spaces": {"answer": Raw(b" " * 1024, repeat="endless")},
    "sixty megabytes of empty lists": {"answer": Raw(b'{"payload": [' + b"[]," * 20_000_000 + b"[]]}")},
    "a bomb": {"answer": BOMB, "headers": {"Content-Encoding": "gzip"}},
    "a bomb that does not say so": {"answer": BOMB},
}


@pytest.mark.parametrize(
    "fault", ["two gigabytes", "chunks without end", "sixty megabytes of empty lists", "a bomb"]
)
def test_a_command_that_is_sent_too_much_stops_with_9_and_stays_small(
    shared: Sandbox, clerk: Clerk, measure: Measure, point: Point, tmp_path: Path, fault: str
) -> None:
    shared.faults.add(operation="searchCustomer", times=9, **ENDLESS[fault])
    point(clerk.profile, ARKIT_DEADLINE_S="20")
    out = tmp_path / "customers.csv"
    told, mib, seconds = measure("fetch", "customers", "--out", out)
    assert_clear(told, 9, clerk.profile, out=out)
    assert mib < MOST_MIB
    assert seconds < 15


@pytest.mark.parametrize("fault", ENDLESS)
def test_a_log_in_that_is_answered_with_too_much_stops_with_9(
    shared: Sandbox, clerk: Clerk, run: Run, point: Point, tmp_path: Path, fault: str
) -> None:
    shared.faults.add(operation="getAuthenticationToken", times=9, **ENDLESS[fault])
    point(clerk.profile)
    out = tmp_path / "customers.csv"
    assert_clear(fetch(run, out), 9, clerk.profile, says="log-in", out=out)


@pytest.mark.parametrize("fault", ENDLESS)
def test_an_upload_that_is_answered_with_too_much_is_found_done(clerk: Clerk, fault: str) -> None:
    plan = clerk.fresh(3)
    clerk.sandbox.faults.add(operation="bulkUpdate", applies="all", **ENDLESS[fault])
    outcome = clerk.apply(plan)
    assert outcome.counts == {"verified": 3}
    assert rows_sent(clerk) == [3]
    assert_kept(clerk, plan, outcome)


@pytest.mark.parametrize("fault", ["two gigabytes"])
def test_a_file_of_failed_rows_that_is_too_large_names_no_row(
    shared: Sandbox, clerk: Clerk, measure: Measure, point: Point, fault: str
) -> None:
    plan = clerk.fresh(2)
    shared.faults.add(operation="bulkUpdate", lying_counts="failure")
    shared.faults.add(operation="downloadFile", times=9, **ENDLESS[fault])
    point(clerk.profile, ARKIT_DEADLINE_S="20")
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
def test_an_upload_that_is_answered_with_anything_else_is_found_done(clerk: Clerk, text: str) -> None:
    body, kind = NONE[text]
    plan = clerk.fresh(3)
    headers = {"Content-Type": kind or []}
    clerk.sandbox.faults.add(operation="bulkUpdate", answer=Raw(body), headers=headers, applies="all")
    outcome = clerk.apply(plan)
    assert outcome.counts == {"verified": 3}
    assert rows_sent(clerk) == [3]
    assert_kept(clerk, plan, outcome)


COMMANDS = {
    "customers": ["fetch", "customers", "--out", "out.csv"],
    "contacts": ["fetch", "contacts", "--out", "out.xlsx"],
    "invoices": ["fetch", "invoices", "--out", "out.parquet"],
    "reminders": ["fetch", "reminders", "--out", "out.csv", "--json"],
    "check": ["check", "bulk.csv", "--kind", "customer-update", "--json"],
    "plan": ["plan", "bulk.csv", "--kind", "customer-update", "--json"],
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    "text", ["invalid UTF-8", "an error page", "nothing", "a member twice", "100,000 lists"]
)
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
