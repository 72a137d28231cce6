"""Servers that are busy, and say in many ways when to come again."""

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from command import Run
from wire.conftest import behind_log_in, envelope

from arkit.wire.calls import Calls
from arkit.wire.operations import SEARCH_CUSTOMERS

from .conftest import (
    Clerk,
    ClientOf,
    Point,
    Serve,
    assert_clear,
    assert_kept,
    fetch,
    profile_of,
    rows_sent,
)


def search(calls: Calls) -> Any:
    return calls.read(SEARCH_CUSTOMERS, query={"limit": "1"}, body={})


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


@pytest.mark.parametrize(
    ("headers", "status"), [*((name, 429) for name in SOON), ("0", 502), ("0", 503), ("0", 504)]
)
def test_a_read_waits_a_little_for_a_busy_server_whatever_it_writes(
    serve: Serve, client_of: ClientOf, headers: str, status: int
) -> None:
    answers = iter([busy(*SOON[headers], status=status), envelope([])])
    server = serve(behind_log_in(lambda request: [next(answers)]))
    started = time.monotonic()
    assert search(client_of(profile_of(server.url)).calls) == []
    is_asked = headers in ("1", "a date", "a clock a day ahead", "a clock a day behind")
    assert 0.9 * is_asked <= time.monotonic() - started < 3


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


@pytest.mark.parametrize(
    "headers", ["no header", "0", "1", "a word", "two that differ", "a day", "the year 9999"]
)
def test_an_upload_that_met_a_busy_server_is_read_back_and_sent_again(clerk: Clerk, headers: str) -> None:
    plan = clerk.fresh(3)
    given: dict[str, list[str]] = {}
    for header in [*SOON.get(headers, []), *LATE.get(headers, [])]:
        name, _, value = header.partition(":")
        given.setdefault(name, []).append(value.strip())
    clerk.sandbox.faults.add(operation="bulkUpdate", status=429, error_type="TOO_MANY", headers=given)
    started = time.monotonic()
    outcome = clerk.apply(plan)
    assert time.monotonic() - started < 5
    assert outcome.counts == {"verified": 3}
    assert rows_sent(clerk) == [0, 3]
    assert_kept(clerk, plan, outcome)


def test_a_storm_of_refusals_delays_a_fetch_and_changes_nothing_of_it(
    clerk: Clerk, client_of: ClientOf
) -> None:
    client = client_of(clerk.profile)
    calm = client.customers.fetch()
    clerk.sandbox.faults.paging("searchCustomer", caps_at=2)
    headers = {"Retry-After": "0"}
    clerk.sandbox.faults.add(operation="searchCustomer", status=429, headers=headers, share=(3, 5), times=999)
    before = len(clerk.sandbox.history())
    assert client.customers.fetch().equals(calm)
    assert len(clerk.sandbox.history()) - before > 60
