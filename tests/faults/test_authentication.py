"""Tokens that end at the wrong moment or that nobody takes, and log-ins that are answered with odd things."""

import base64
import json
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from command import Run, assert_fails, ended, start, write_bulk
from corrections.conftest import QUIESCENCE_S
from wire.conftest import Piece, Scripted, Seen, behind_log_in, envelope, http, is_log_in, token

from arkit.errors import AuthenticationError
from arkit.sandbox import Raw, Sandbox
from arkit.wire.calls import Calls
from arkit.wire.operations import SEARCH_CUSTOMERS

from .conftest import (
    ClientOf,
    Office,
    Point,
    Serve,
    assert_clear,
    assert_kept,
    fetch,
    profile_at,
    profile_of,
)
from .operations import PATHS, READS, WRITES

LOG_IN = "getAuthenticationToken"
SEARCHES = {
    "customers": "searchCustomer",
    "contacts": "searchCustomer",
    "reminders": "searchCustomer",
    "invoices": "searchCollectionInvoices",
}
ONE = json.dumps({"payload": {"customers": [{"customerId": "KC1"}], "totalCount": 1}}).encode()


@pytest.fixture
def paged(tmp_path: Path) -> Iterator[Sandbox]:
    """A company with invoices, whose server gives few records at a time."""
    with Sandbox(db=tmp_path / "paged.db", customers=12, invoices=40) as sandbox:
        page_by_few(sandbox)
        yield sandbox


def page_by_few(sandbox: Sandbox) -> None:
    sandbox.faults.paging("searchCustomer", caps_at=3)
    sandbox.faults.paging("searchCollectionInvoices", caps_at=9)


class Asked:
    """What a sandbox is asked for from now on."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._earlier = len(sandbox.history())

    def operations(self) -> list[str]:
        return [request["operation"] for request in self._sandbox.history()[self._earlier :]]

    def of(self, operation: str) -> int:
        return self.operations().count(operation)

    @property
    def log_ins(self) -> int:
        return self.of(LOG_IN)


def search(calls: Calls) -> Any:
    return calls.read(SEARCH_CUSTOMERS, query={"limit": "1"}, body={})


# A token that ends


@pytest.mark.parametrize("noun", SEARCHES)
def test_a_token_that_ends_before_any_page_is_renewed_once_and_no_row_is_lost_or_doubled(
    paged: Sandbox, client_of: ClientOf, noun: str
) -> None:
    client, operation = client_of(profile_at(paged)), SEARCHES[noun]
    fetched = getattr(client, noun).fetch
    calm = fetched()
    asked = Asked(paged)
    fetched()
    pages = asked.of(operation)
    assert pages > 6
    for number in range(pages + 1):
        paged.faults.add(operation=operation, after=number, expire_tokens=True)
        asked = Asked(paged)
        assert fetched().equals(calm)
        assert asked.log_ins == (number < pages), number
        paged.faults.clear()
        page_by_few(paged)


def test_a_command_whose_token_ends_writes_the_same_file(
    paged: Sandbox, run: Run, point: Point, tmp_path: Path
) -> None:
    point(profile_at(paged))
    calm, out = tmp_path / "calm.csv", tmp_path / "customers.csv"
    assert fetch(run, calm).code == 0
    paged.faults.add(operation="searchCustomer", after=4, expire_tokens=True)
    asked = Asked(paged)
    told = fetch(run, out)
    assert (told.code, told.err, asked.log_ins) == (0, "", 2)
    assert out.read_bytes() == calm.read_bytes()


def test_a_token_that_ends_sooner_than_the_server_says_is_renewed_when_it_is_refused(
    tmp_path: Path, client_of: ClientOf
) -> None:
    with Sandbox(db=tmp_path / "brief.db", customers=4, invoices=0, token_lifetime_s=1) as sandbox:
        sandbox.faults.add(operation=LOG_IN, edit={"expires_in": 86_399}, times=99)
        client, asked = client_of(profile_at(sandbox)), Asked(sandbox)
        calm, ends_at = client.customers.fetch(), time.monotonic() + 2.3
        while time.monotonic() < ends_at:
            assert client.customers.fetch().equals(calm)
            time.sleep(0.05)
        refused = [request for request in sandbox.history() if request["status"] == 401]
        assert 2 <= len(refused) == asked.log_ins - 1


@pytest.mark.parametrize("life", [None, 0, -1, "3600", "five minutes", "", 10**12, 2**63, 0.5, True, [], {}])
def test_whatever_a_server_says_of_a_token_s_life_it_is_used_until_it_is_refused(
    sandbox: Sandbox, client_of: ClientOf, life: Any
) -> None:
    sandbox.faults.add(operation=LOG_IN, edit={"expires_in": life}, times=9)
    client, asked = client_of(profile_at(sandbox)), Asked(sandbox)
    calm = client.customers.fetch()
    assert all(client.customers.fetch().equals(calm) for _ in range(3))
    assert asked.log_ins == 1
    sandbox.faults.add(operation="searchCustomer", expire_tokens=True)
    assert client.customers.fetch().equals(calm)
    assert asked.log_ins == 2


# A token that ends while something is changed


UNAUTHORIZED: dict[str, dict[str, Any]] = {
    "a token that has ended": {"expire_tokens": True},
    "a refusal": {"status": 401, "error_type": "UNAUTHORIZED"},
    "a page": {
        "status": 401,
        "answer": Raw(b"<h1>Who are you?</h1>"),
        "applies": "none",
        "headers": {"Content-Type": "text/html"},
    },
}


@pytest.mark.parametrize("fault", UNAUTHORIZED)
@pytest.mark.parametrize(
    ("operation", "value"), [("bulkUpdate", "1 New Road"), ("updateCustomer", "<clear>")]
)
def test_an_upload_whose_token_is_not_taken_is_read_back_and_sent_once_more_with_another(
    office: Office, operation: str, value: str, fault: str
) -> None:
    plan = office.plan({office.ids[0]: {"address": value}})
    office.sandbox.faults.add(operation=operation, **UNAUTHORIZED[fault])
    asked = Asked(office.sandbox)
    outcome = office.apply(plan)
    assert outcome.counts == {"verified": 1}
    assert_kept(office, plan, outcome)
    operations = asked.operations()
    assert (operations.count(operation), asked.log_ins) == (2, 1)
    assert (
        "searchCustomer"
        in operations[operations.index(operation) + 1 : -1 - operations[::-1].index(operation)]
    )
    first, second = [datetime.fromisoformat(request["at"]) for request in office.uploads()]
    assert (second - first).total_seconds() >= QUIESCENCE_S


@pytest.mark.parametrize("done", ["all", 1, 2])
def test_a_server_that_does_not_know_us_and_does_it_all_the_same_is_found_out(
    office: Office, done: str | int
) -> None:
    plan = office.addresses(3)
    office.sandbox.faults.add(operation="bulkUpdate", status=401, answer="status", applies=done)
    outcome = office.apply(plan)
    assert outcome.counts == {"verified": 3}
    assert len(office.uploads()) == (1 if done == "all" else 2)
    assert_kept(office, plan, outcome)


def test_a_token_that_ends_at_any_read_of_an_upload_costs_nothing(office: Office) -> None:
    keys = office.ids
    office.apply(office.plan({key: {"address": "0 New Road"} for key in keys}))
    asked = Asked(office.sandbox)
    office.apply(office.plan({key: {"address": "1 New Road"} for key in keys}))
    reads = asked.of("searchCustomer")
    for number in range(reads):
        earlier, asked = len(office.applications()), Asked(office.sandbox)
        office.sandbox.faults.add(operation="searchCustomer", after=number, expire_tokens=True)
        plan = office.plan({key: {"address": f"{number + 2} New Road"} for key in keys})
        outcome = office.apply(plan)
        assert outcome.counts == {"verified": 16}
        assert (asked.log_ins, asked.of("bulkUpdate")) == (1, 2)
        assert_kept(office, plan, outcome, earlier=earlier)


# A token that nobody takes


def refusing(status: int = 401) -> Callable[[Seen], Iterable[Piece]]:
    return behind_log_in(lambda request: [http(b"{}", status)])


@pytest.mark.parametrize("name", READS)
def test_a_read_whose_token_is_never_taken_logs_in_once_more_asks_once_more_and_gives_up(
    serve: Serve, client_of: ClientOf, name: str
) -> None:
    server = serve(refusing())
    with pytest.raises(AuthenticationError) as caught:
        READS[name](client_of(profile_of(server.url, paths=PATHS)))
    assert (caught.value.exit_code, caught.value.code) == (7, "unauthorized")
    assert caught.value.next_step
    given = [request.headers["authorization"] for request in server.seen if not is_log_in(request)]
    assert given == ["Bearer token-1", "Bearer token-2"]
    assert len(server.seen) == 4


@pytest.mark.parametrize("name", WRITES)
def test_a_change_whose_token_is_not_taken_is_not_sent_again_and_the_next_one_has_another(
    serve: Serve, client_of: ClientOf, name: str
) -> None:
    server = serve(refusing())
    client = client_of(profile_of(server.url, paths=PATHS))
    for number in (1, 2):
        with pytest.raises(AuthenticationError) as caught:
            WRITES[name](client)
        assert (caught.value.code, caught.value.server_state) == ("unauthorized", "known")
        given = [request.headers["authorization"] for request in server.seen if not is_log_in(request)]
        assert given == [f"Bearer token-{each}" for each in range(1, number + 1)]


@pytest.mark.parametrize("name", {**READS, **WRITES})
def test_what_is_forbidden_is_asked_for_once(serve: Serve, client_of: ClientOf, name: str) -> None:
    server = serve(refusing(403))
    with pytest.raises(AuthenticationError) as caught:
        {**READS, **WRITES}[name](client_of(profile_of(server.url, paths=PATHS)))
    assert (caught.value.exit_code, caught.value.code) == (7, "forbidden")
    assert len(server.seen) == 2


COMMANDS = {
    "customers": ["fetch", "customers", "--out", "out.csv"],
    "contacts": ["fetch", "contacts", "--out", "out.csv"],
    "invoices": ["fetch", "invoices", "--out", "out.xlsx"],
    "reminders": ["fetch", "reminders", "--out", "out.csv", "--json"],
    "check": ["check", "bulk.csv", "--kind", "customer-update", "--json"],
    "plan": ["plan", "bulk.csv", "--kind", "customer-update"],
}


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_whose_token_is_not_taken_ends_with_7_in_one_block(
    serve: Serve,
    run: Run,
    point: Point,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    status: int,
) -> None:
    server = serve(refusing(status))
    point(profile_of(server.url))
    monkeypatch.chdir(tmp_path)
    write_bulk(tmp_path / "bulk.csv", {"KC00000000000001": {"address": "1 New Road"}})
    told = run(*COMMANDS[command])
    assert_clear(told, 7, profile_of(server.url), says=str(status), out=tmp_path / "out")
    assert "token-" not in told.err
    assert len(server.seen) == (4 if status == 401 else 2)


def test_rows_whose_server_takes_no_token_any_more_stay_and_are_settled_when_it_does(
    office: Office, run: Run, point: Point
) -> None:
    point(office.profile)
    faults = office.sandbox.faults
    for refused, code in [(("searchCustomer",), 7), (("searchCustomer", "bulkUpdate"), 5)]:
        plan = office.addresses(3, f"New Road {code}")
        earlier, asked = len(office.uploads()), Asked(office.sandbox)
        for operation in refused:
            # The first read of an apply shows that nobody changed the customers since the plan.
            after = 1 if code == 5 and operation == "searchCustomer" else 0
            faults.add(operation=operation, after=after, expire_tokens=True, times=99)
        told = run("apply", plan.id, "--confirm", plan.id[-6:])
        faults.clear()
        assert_fails(told, code, says="401")
        assert len(office.uploads()) - earlier == (code == 5)
        assert asked.log_ins <= 3
        (found,) = [each for each in run("status", "--json").document["plans"] if each["plan_id"] == plan.id]
        assert found["counts"] == {"planned" if code == 7 else "in_doubt": 3}
        resumed = (
            run("resume", "--json")
            if code == 5
            else run("apply", plan.id, "--confirm", plan.id[-6:], "--json")
        )
        assert (resumed.code, resumed.document["counts"]) == (0, {"verified": 3})


def test_an_upload_that_is_never_let_in_ends_without_a_storm_and_changes_nothing(office: Office) -> None:
    plan = office.addresses(12)
    office.sandbox.faults.add(operation="bulkUpdate", expire_tokens=True, times=99)
    asked = Asked(office.sandbox)
    outcome = office.apply(plan)
    assert outcome.exit_code in (4, 5)
    assert not office.applications()
    assert asked.of("bulkUpdate") <= 3
    assert asked.log_ins <= 3
    assert_kept(office, plan, outcome)


@pytest.mark.parametrize("field", ["client_id", "client_secret", "username", "password"])
def test_however_often_a_command_is_run_with_what_is_wrong_the_account_is_not_locked(
    sandbox: Sandbox, run: Run, point: Point, tmp_path: Path, field: str
) -> None:
    profile, out = profile_at(sandbox), tmp_path / "customers.csv"
    point(profile, **{f"ARKIT_{field.upper()}": "wr0ng-one"})
    asked = Asked(sandbox)
    for _ in range(4):
        told = fetch(run, out)
        assert_clear(told, 7, profile, says="log-in", out=out)
        assert "wr0ng-one" not in told.err
    assert asked.operations() == [LOG_IN] * 2
    point(profile)
    assert fetch(run, out).code == 0


@pytest.mark.parametrize("field", ["client_id", "client_secret", "username", "password", "company_id"])
def test_a_setting_that_is_no_text_is_named_and_nothing_is_sent(
    sandbox: Sandbox, run: Run, point: Point, tmp_path: Path, field: str
) -> None:
    """A password in another encoding comes as halves of surrogate pairs."""
    profile, variable = profile_at(sandbox), f"ARKIT_{field.upper()}"
    point(profile, **{variable: os.fsdecode("gehe\xefm".encode("latin-1"))})
    told = fetch(run, tmp_path / "customers.csv")
    assert_clear(told, 2, profile, says=variable, out=tmp_path / "customers.csv")
    assert "gehe" not in told.err
    assert run("doctor").code == 2
    assert sandbox.history() == []


def test_a_user_in_the_address_takes_the_place_neither_of_the_client_nor_of_the_token(
    serve: Serve, run: Run, point: Point, tmp_path: Path
) -> None:
    server = serve(behind_log_in(lambda request: [http(ONE)]))
    profile = profile_of(server.url)
    point(profile, ARKIT_BASE_URL=server.url.replace("//", "//somebody:else@"))
    told = fetch(run, tmp_path / "customers.csv")
    assert told.code == 0
    assert "somebody" not in told.out + told.err
    pair = base64.b64encode(f"{profile.client_id}:{profile.client_secret}".encode()).decode()
    assert [request.headers["authorization"] for request in server.seen] == [
        f"Basic {pair}",
        "Bearer token-1",
    ]


# Many who notice it together


def test_thirty_two_threads_whose_token_ends_together_log_in_once(serve: Serve, client_of: ClientOf) -> None:
    together = threading.Barrier(32)

    def answer(request: Seen) -> list[Piece]:
        if request.headers["authorization"] == "Bearer token-1":
            together.wait(20)
            return [http(b"{}", 401)]
        return [envelope([{"customerId": "KC1"}])]

    server = serve(behind_log_in(answer))
    calls = client_of(profile_of(server.url, deadline_s=20)).calls
    calls.log_in()
    came: list[Any] = []
    threads = [threading.Thread(target=lambda: came.append(search(calls))) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert came == [[{"customerId": "KC1"}]] * 32
    assert sum(is_log_in(request) for request in server.seen) == 2


def test_four_processes_whose_tokens_end_together_log_in_once_each(
    serve: Serve, point: Point, tmp_path: Path
) -> None:
    together = threading.Barrier(4)
    firsts = {f"Bearer token-{number}" for number in range(1, 5)}

    def answer(request: Seen) -> list[Piece]:
        if request.headers["authorization"] in firsts:
            together.wait(60)
            return [http(b"{}", 401)]
        return [http(ONE)]

    server = serve(behind_log_in(answer))
    point(profile_of(server.url), ARKIT_DEADLINE_S="60")
    told = [
        ended(process)
        for process in [start("fetch", "customers", "--out", tmp_path / f"{n}.csv") for n in range(4)]
    ]
    assert [(each.code, each.err) for each in told] == [(0, "")] * 4
    given = Counter(request.headers["authorization"] for request in server.seen if not is_log_in(request))
    # Whose token had ended never comes with it again, and each comes with a whole one of its own.
    assert sorted(given) == [f"Bearer token-{number}" for number in range(1, 9)]
    assert all(given[first] == 1 for first in firsts)
    assert sum(is_log_in(request) for request in server.seen) == 8


# A log-in that is answered with something else


NO_TOKENS: dict[str, Any] = {
    "a new line": "token-1\r\nX-Evil: yes",
    "a new line at the end": "token-1\n",
    "a space": "two words",
    "nothing": "",
    "other letters": "tökên",
    "a NUL": "token\x00",
    "a line separator": "token\u2028",
    "a megabyte": "x" * 2**20,
    "a number": 12345,
    "a list": ["token-1"],
    "null": None,
}


@pytest.mark.parametrize("text", NO_TOKENS)
def test_a_token_that_could_be_more_than_a_token_is_not_used(
    serve: Serve, run: Run, point: Point, tmp_path: Path, text: str
) -> None:
    body = json.dumps({"access_token": NO_TOKENS[text], "token_type": "bearer", "expires_in": 3600})
    assert_no_token(serve(lambda request: [http(body.encode())]), run, point, tmp_path)


@pytest.mark.parametrize("kind", ["mac", "Basic", "", "bearer x", None, 1, ["bearer"]])
def test_a_token_of_another_kind_is_not_used(
    serve: Serve, run: Run, point: Point, tmp_path: Path, kind: Any
) -> None:
    assert_no_token(serve(lambda request: [token(token_type=kind)]), run, point, tmp_path)


@pytest.mark.parametrize(
    "members",
    [
        [],
        {},
        "token-1",
        {"payload": {"access_token": "token-1"}},
        {"error": "invalid_grant"},
        {"accessToken": "t"},
    ],
)
def test_an_answer_without_a_token_is_none(
    serve: Serve, run: Run, point: Point, tmp_path: Path, members: Any
) -> None:
    server = serve(lambda request: [http(json.dumps(members).encode())])
    assert_no_token(server, run, point, tmp_path)


def assert_no_token(server: Scripted, run: Run, point: Point, folder: Path) -> None:
    """A fetch asks once, and says that the log-in is at fault without what it was given."""
    profile, out = profile_of(server.url), folder / "customers.csv"
    point(profile)
    told = fetch(run, out)
    assert_clear(told, 9, profile, says="log-in", out=out)
    assert "token-1" not in told.err
    assert len(told.err) < 500
    assert server.lines() == ["POST /oauth/token HTTP/1.1"]


@pytest.mark.parametrize("kind", ["bearer", "Bearer", "BEARER"])
def test_the_kind_of_a_token_may_be_written_large_or_small(
    serve: Serve, client_of: ClientOf, kind: str
) -> None:
    server = serve(lambda request: [token(token_type=kind) if is_log_in(request) else envelope([])])
    assert search(client_of(profile_of(server.url)).calls) == []
    assert server.seen[1].headers["authorization"] == "Bearer token-1"


@pytest.mark.parametrize("status", [404, 422, 429, 500, 502, 503])
def test_a_log_in_that_fails_otherwise_is_no_refusal_and_is_not_repeated(
    serve: Serve, run: Run, point: Point, tmp_path: Path, status: int
) -> None:
    server = serve(lambda request: [http(b"{}", status)])
    point(profile_of(server.url))
    for number in range(1, 5):
        out = tmp_path / "customers.csv"
        assert_clear(fetch(run, out), 9, profile_of(server.url), says=f"log-in: the server answered {status}")
        assert len(server.seen) == number


# A server that sends us elsewhere


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
def test_a_log_in_goes_nowhere_else(
    serve: Serve, run: Run, point: Point, tmp_path: Path, status: int
) -> None:
    other = serve(behind_log_in(lambda request: [envelope([])]))
    server = serve(lambda request: [http(b"", status, Location=f"{other.url}/oauth/token")])
    point(profile_of(server.url))
    out = tmp_path / "customers.csv"
    assert_clear(fetch(run, out), 9, profile_of(server.url), says=str(status), out=out)
    assert (len(server.seen), other.seen) == (1, [])


@pytest.mark.parametrize("status", [302, 303, 307, 308])
@pytest.mark.parametrize(("done", "state"), [("none", "failed"), ("all", "verified")])
def test_rows_that_a_server_wants_elsewhere_do_not_go_there(
    office: Office, serve: Serve, status: int, done: str, state: str
) -> None:
    other = serve(lambda request: [envelope([])])
    plan = office.addresses(3)
    headers = {"Location": f"{other.url}/api/v0/customer/bulk/update"}
    fault = {"status": status, "answer": Raw(b""), "headers": headers, "applies": done}
    office.sandbox.faults.add(operation="bulkUpdate", **fault)
    outcome = office.apply(plan)
    assert (outcome.counts, other.seen) == ({state: 3}, [])
    assert len(office.uploads()) == 1
    assert_kept(office, plan, outcome)
