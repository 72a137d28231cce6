"""A long fetch that breaks off, and the next one, which goes on there; a fetch of very much."""

import contextlib
import os
import re
import signal
import stat
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from command import Run, arkit, ended, start, until
from wire.conftest import Piece, Seen, behind_log_in, http

from arkit.client import Client
from arkit.errors import ApiError, ArkitError, ContractError, IncompleteWarning
from arkit.sandbox import Raw, Sandbox

from .conftest import ClientOf, Measure, Point, Serve, assert_clear, fetch, profile_at, profile_of

NOUNS = {"customers": ("searchCustomer", 3), "invoices": ("searchCollectionInvoices", 6)}
KEPT = "were read before an interruption"


@pytest.fixture
def large(tmp_path: Path) -> Iterator[Sandbox]:
    """A company whose searches take some forty requests each."""
    with Sandbox(db=tmp_path / "large.db", customers=80, invoices=150) as sandbox:
        mend(sandbox)
        yield sandbox


def mend(sandbox: Sandbox) -> None:
    """The server works again, and gives few records at a time."""
    sandbox.faults.clear()
    for operation, size in NOUNS.values():
        sandbox.faults.paging(operation, caps_at=size)


@pytest.fixture
def client(large: Sandbox, client_of: ClientOf) -> Client:
    client = client_of(profile_at(large))
    client.calls.log_in()
    return client


def break_off(client: Client, sandbox: Sandbox, *, after: int = 30, noun: str = "customers") -> None:
    """A fetch that ends in an error of the server's after so many pages, and the server works again."""
    sandbox.faults.add(operation=NOUNS[noun][0], after=after, status=500, times=99)
    with pytest.raises(ApiError):
        getattr(client, noun).fetch()
    mend(sandbox)


def asked(sandbox: Sandbox, fetched: Callable[[], pd.DataFrame]) -> tuple[pd.DataFrame, int, list[str]]:
    """What a fetch brings, how many requests it takes, and what it warns of."""
    earlier = len(sandbox.history())
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", IncompleteWarning)
        frame = fetched()
    return frame, len(sandbox.history()) - earlier, [str(each.message) for each in caught]


def is_whole(again: int, requests: int) -> bool:
    """Whether a fetch took as many requests as another; the page asked for ahead may come to nothing."""
    return abs(again - requests) <= 1


def rests(workspace: Path) -> list[Path]:
    """What is kept of fetches that broke off."""
    return [path for path in (workspace / "interrupted").rglob("*") if path.is_file()]


# Broken off, and gone on with


ENDS: dict[str, dict[str, Any]] = {
    "a connection that breaks each time": {"answer": "lost"},
    "an error of the server's": {"status": 500},
    "a server that is busy for long": {"status": 503, "headers": {"Retry-After": "900"}},
    "a token that is not taken any more": {"expire_tokens": True},
    "a permission that is gone": {"status": 403, "error_type": "INVALID_ACCESS"},
}


@pytest.mark.parametrize("noun", NOUNS)
@pytest.mark.parametrize("end", ENDS)
def test_a_long_fetch_that_breaks_off_is_gone_on_with_and_equals_the_whole(
    large: Sandbox, client: Client, workspace: Path, noun: str, end: str
) -> None:
    fetched = getattr(client, noun).fetch
    calm, requests, said = asked(large, fetched)
    assert (requests > 28, said) == (True, [])
    large.faults.add(operation=NOUNS[noun][0], after=24, times=99, **ENDS[end])
    with pytest.raises(ArkitError):
        fetched()
    (rest,) = rests(workspace)
    assert stat.S_IMODE(rest.stat().st_mode) == 0o600
    assert stat.S_IMODE(rest.parent.stat().st_mode) == 0o700
    mend(large)
    frame, again, said = asked(large, fetched)
    assert frame.equals(calm)
    assert again < requests - 12
    assert [re.sub(r"\d+", "N", text) for text in said] == [
        f"{NOUNS[noun][0]}: N records {KEPT} and are as they were then."
    ]
    assert rests(workspace) == []
    frame, again, said = asked(large, fetched)
    assert (frame.equals(calm), is_whole(again, requests), said) == (True, True, [])


def test_a_fetch_that_breaks_off_wherever_and_as_often_as_it_may_is_whole_in_the_end(
    large: Sandbox, client: Client
) -> None:
    calm, requests, _ = asked(large, client.customers.fetch)
    for first in range(19, requests, 4):
        for after in (first, 2):
            large.faults.add(operation="searchCustomer", after=after, status=500)
            with contextlib.suppress(ApiError):
                asked(large, client.customers.fetch)
            mend(large)
        frame, _, said = asked(large, client.customers.fetch)
        assert frame.equals(calm), first
        assert all(KEPT in text for text in said)


def test_a_command_that_breaks_off_leaves_no_file_and_the_next_one_says_what_it_took_over(
    large: Sandbox, run: Run, point: Point, tmp_path: Path, workspace: Path
) -> None:
    profile = profile_at(large)
    point(profile)
    calm, out = tmp_path / "calm.csv", tmp_path / "customers.csv"
    assert fetch(run, calm).code == 0
    large.faults.add(operation="searchCustomer", after=30, answer="lost", times=99)
    assert_clear(fetch(run, out), 9, profile, says="the connection broke", out=out)
    assert len(rests(workspace)) == 1
    mend(large)
    told = arkit("fetch", "customers", "--out", out)
    assert told.code == 0
    assert told.err.startswith("arkit: searchCustomer: ")
    assert told.err.count("\n") == 1
    assert KEPT in told.err
    assert out.read_bytes() == calm.read_bytes()
    assert rests(workspace) == []


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Commands started by the test heed Ctrl-C even if the tests themselves were started not to."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_a_command_that_is_interrupted_is_gone_on_with(
    interruptible: None, large: Sandbox, run: Run, point: Point, tmp_path: Path, workspace: Path
) -> None:
    point(profile_at(large))
    calm, out = tmp_path / "calm.csv", tmp_path / "customers.csv"
    assert fetch(run, calm).code == 0
    earlier = len(large.history())
    large.faults.add(operation="searchCustomer", after=25, delay_s=0.3, times=999)
    process = start("fetch", "customers", "--out", out)
    until(lambda: len(large.history()) - earlier > 28)
    process.send_signal(signal.SIGINT)
    told = ended(process)
    # The cursor stands behind the ^C that a terminal shows.
    assert (told.code, told.out, told.err) == (130, "", "\narkit: interrupted.\n")
    assert not list(tmp_path.glob("*customers.csv*"))
    assert len(rests(workspace)) == 1
    mend(large)
    assert KEPT in arkit("fetch", "customers", "--out", out).err
    assert out.read_bytes() == calm.read_bytes()


# What is not taken over


def test_a_short_fetch_that_breaks_off_leaves_nothing_behind(
    large: Sandbox, client: Client, workspace: Path
) -> None:
    break_off(client, large, after=15)
    assert rests(workspace) == []


def test_what_came_before_an_answer_that_is_none_is_not_trusted(
    large: Sandbox, client: Client, workspace: Path
) -> None:
    large.faults.add(operation="searchCustomer", after=30, answer=Raw(b"<html>"))
    with pytest.raises(ContractError):
        client.customers.fetch()
    assert rests(workspace) == []


@pytest.mark.parametrize("age_s", [901, 86_400, -60])
def test_what_has_grown_old_is_read_anew_and_goes_from_the_disk(
    large: Sandbox, client: Client, workspace: Path, age_s: float
) -> None:
    """Or what comes from the future, since then nobody knows how old it is."""
    _, requests, _ = asked(large, client.customers.fetch)
    for noun in NOUNS:
        break_off(client, large, after=24, noun=noun)
    for path in rests(workspace):
        os.utime(path, (time.time() - age_s,) * 2)
    _, again, said = asked(large, client.customers.fetch)
    assert (is_whole(again, requests), said) == (True, [])
    assert rests(workspace) == []


SPOILED: dict[str, Callable[[bytes], bytes]] = {
    "a byte at the end": lambda content: content[:-1] + bytes([content[-1] ^ 1]),
    "a byte in the middle": lambda content: content[:5_000] + b"\xff" + content[5_001:],
    "a half": lambda content: content[: len(content) // 2],
    "nothing": lambda content: b"",
    "something else": lambda content: b"customer_id\n" * 1_000,
}


@pytest.mark.parametrize("spoiled", SPOILED)
def test_what_was_spoiled_on_the_disk_is_read_anew(
    large: Sandbox, client: Client, workspace: Path, spoiled: str
) -> None:
    calm, requests, _ = asked(large, client.customers.fetch)
    break_off(client, large)
    (rest,) = rests(workspace)
    rest.write_bytes(SPOILED[spoiled](rest.read_bytes()))
    frame, again, said = asked(large, client.customers.fetch)
    assert (frame.equals(calm), is_whole(again, requests), said) == (True, True, [])
    assert rests(workspace) == []


def test_nobody_else_sees_what_was_kept(
    large: Sandbox, client: Client, client_of: ClientOf, tmp_path: Path, workspace: Path
) -> None:
    calm = client.customers.fetch()
    agent = calm["assigned_agent"].dropna().iloc[0]
    break_off(client, large)
    with Sandbox(db=tmp_path / "other.db", customers=5, invoices=0, seed=7) as sandbox:
        other = client_of(profile_at(sandbox))
        frame, _, said = asked(sandbox, other.customers.fetch)
        assert (len(frame), said) == (5, [])
    for fetched in (
        lambda: client.customers.fetch(assigned_agent=agent),
        lambda: client.customers.snapshot(calm["customer_id"]),
        client.contacts.fetch,
        client.invoices.fetch,
    ):
        _, _, said = asked(large, fetched)
        assert said == []
    assert len(rests(workspace)) == 1
    frame, _, (text,) = asked(large, client.customers.fetch)
    assert frame.equals(calm)
    assert KEPT in text


def test_a_fetch_says_why_it_broke_off_though_there_is_no_room_to_keep_anything(
    large: Sandbox, client: Client, workspace: Path
) -> None:
    calm, requests, _ = asked(large, client.customers.fetch)
    (workspace / "interrupted").write_text("a file where the folder should be")
    break_off(client, large)
    frame, again, said = asked(large, client.customers.fetch)
    assert (frame.equals(calm), is_whole(again, requests), said) == (True, True, [])


# What changes between the two


CHANGES: dict[str, dict[str, Any]] = {
    "one comes before": {"do": "insert", "record": 10},
    "one comes behind": {"do": "insert", "record": 75},
    "one goes before": {"do": "delete", "record": 10},
    "one goes behind": {"do": "delete", "record": 75},
    "one changes before": {"do": "change", "record": 10, "values": {"address": "9 New Road"}},
    "one changes behind": {"do": "change", "record": 75, "values": {"address": "9 New Road"}},
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_changes_meanwhile_makes_nothing_else_slip_through(
    large: Sandbox, client: Client, change: str
) -> None:
    before = client.customers.fetch().set_index("customer_id")
    break_off(client, large)
    large.faults.add(operation="searchCustomer", mutate=[CHANGES[change]])
    frame, _, said = asked(large, client.customers.fetch)
    frame = frame.set_index("customer_id")
    assert frame.index.is_unique
    assert frame.index.is_monotonic_increasing
    after = client.customers.fetch().set_index("customer_id")
    # A list that moved is read anew, and then nothing is left of what was kept.
    assert any(KEPT in text for text in said) or frame.equals(after)
    throughout = before.index.intersection(after.index)
    assert throughout.isin(frame.index).all()
    # Each record is as it was then or as it is now, and those that were still to come are as they are now.
    read = before.index[:60]
    for key in frame.index:
        now = key in after.index and frame.loc[key].equals(after.loc[key])
        then = key in before.index and frame.loc[key].equals(before.loc[key])
        assert now or (then and key in read), key


# Very much


MANY = 300_000
MOST_MIB = 512
RECORD = (
    '{{"customerId":"KC{0:014}","legalName":"Asha Traders {0}","status":"ACTIVE","uniqueRefNo":"REF-{0}",'
    '"address":"{0} New Road, Pune","state":"MAHARASHTRA","pinCode":"411001","contactNumber":"9812345678",'
    '"createdOn":"2026-01-02T03:04:05Z","modifiedOn":"2026-02-03T04:05:06Z"}}'
)


def very_many(breaks_at: int) -> Callable[[Seen], list[Piece]]:
    """A server of very many customers, which fails once at that offset."""
    places = iter([breaks_at])

    def answer(request: Seen) -> list[Piece]:
        query = dict(pair.split("=") for pair in request.line.split(" ")[1].partition("?")[2].split("&"))
        offset, limit = int(query["offset"]), int(query["limit"])
        if offset >= breaks_at and next(places, None):
            return [http(b"{}", 500)]
        numbers = list(range(MANY)[offset : offset + limit])
        if query["direction"] == "DESC":
            numbers = list(range(MANY)[::-1][offset : offset + limit])
        records = ",".join(RECORD.format(number) for number in numbers)
        body = '{"payload":{"customers":[' + records + f'],"totalCount":{MANY}}},"response_code":0}}'
        return [http(body.encode())]

    return behind_log_in(answer)


def test_very_many_records_take_little_memory_also_in_two_goes(
    serve: Serve, measure: Measure, point: Point, tmp_path: Path, workspace: Path
) -> None:
    server = serve(very_many(breaks_at=200_000))
    profile, out = profile_of(server.url, deadline_s=30.0), tmp_path / "customers.parquet"
    point(profile, ARKIT_DEADLINE_S="30")
    told, mib, _ = measure("fetch", "customers", "--out", out)
    assert_clear(told, 9, profile, says="500", out=out)
    assert mib < MOST_MIB
    earlier = len(server.seen)
    told, mib, _ = measure("fetch", "customers", "--out", out)
    assert told.code == 0, told
    assert KEPT in told.err
    assert len(server.seen) - earlier < 30
    assert mib < MOST_MIB
    ids = pq.read_table(out, columns=["customer_id"])["customer_id"]
    assert (ids[0].as_py(), ids[-1].as_py()) == ("KC00000000000000", f"KC{MANY - 1:014}")
    assert len(ids) == len(ids.unique()) == MANY
    assert rests(workspace) == []
