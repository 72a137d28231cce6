"""Calls against the sandbox and against servers that misbehave: tokens, retries, one try for each write."""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arkit import frames
from arkit.errors import (
    ApiError,
    ArkitError,
    AuthenticationError,
    ContractError,
    InferredWarning,
    NetworkError,
    UsageError,
)
from arkit.sandbox import Sandbox
from arkit.settings import Profile, sandbox_profile
from arkit.wire import pages
from arkit.wire.calls import BUSY_ATTEMPTS, Calls, Patience, retry_after_s
from arkit.wire.operations import (
    CREATE_INVOICE,
    DEACTIVATE_CUSTOMER,
    GET_INVOICE,
    LIST_REMINDERS,
    SEARCH_CUSTOMERS,
    UPDATE_CUSTOMER,
    UPDATE_CUSTOMERS,
    Operation,
)
from arkit.wire.records import Page, Reader
from arkit.wire.transport import Answer, Request, Transport

from .conftest import Handler, HangUp, Piece, Seen, Serve, behind_log_in, envelope, http, profile_of, token

CUSTOMERS = 30
CallsOf = Callable[[Profile], Calls]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    folder = tmp_path_factory.mktemp("calls")
    with Sandbox(db=folder / "sandbox.db", customers=CUSTOMERS, invoices=0) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Iterator[Sandbox]:
    yield running
    running.faults.clear()


@pytest.fixture
def calls_of() -> Iterator[CallsOf]:
    """Calls that are closed with the test."""
    opened: list[Calls] = []

    def calls(profile: Profile) -> Calls:
        opened.append(Calls(profile))
        return opened[-1]

    yield calls
    for each in opened:
        each.close()


@pytest.fixture
def calls(sandbox: Sandbox, calls_of: CallsOf) -> Calls:
    return calls_of(profile_in(sandbox))


def profile_in(sandbox: Sandbox, **changes: str) -> Profile:
    login = sandbox.credentials
    values = {
        "base_url": sandbox.url,
        "client_id": login.client_id,
        "client_secret": login.client_secret,
        "username": login.username,
        "password": login.password,
        "company_id": login.company_id,
    }
    return sandbox_profile({**values, **changes})


class Asked:
    """How often each operation was asked for since this was made."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._before = len(sandbox.history())

    def __getitem__(self, operation: str) -> int:
        return Counter(request["operation"] for request in self._sandbox.history()[self._before :])[operation]

    @property
    def log_ins(self) -> int:
        return self["getAuthenticationToken"]

    @property
    def searches(self) -> int:
        return self["searchCustomer"]


def search(calls: Calls) -> Any:
    return calls.read(SEARCH_CUSTOMERS, query={"limit": "1"}, body={})


def all_customers(calls: Calls, page_size: int) -> list[str]:
    """The ids of all customers, by pages of that size."""
    grain, where = frames.grain(frames.Customers), "customers"
    reader = Reader(grain, id_column="customer_id", where=where)

    def page(limit: int, offset: int, *, descending: bool = False) -> Page:
        query = {"limit": str(limit), "offset": str(offset), "orderBy": "customerId"}
        return reader.page(calls.answer(SEARCH_CUSTOMERS, query=query, body={}))

    table = pages.collect(page, grain, id_column="customer_id", where=where, limit=page_size)
    ids: list[str] = table["customer_id"].to_pylist()
    return ids


def change(calls: Calls, customer_id: str = "KC00000000000000") -> Any:
    return calls.write(
        UPDATE_CUSTOMER,
        attempt_id="attempt-1",
        path={"customerId": customer_id},
        content=b'{"pinCode": "560001"}',
        content_type="application/json",
    )


def test_many_calls_log_in_once(sandbox: Sandbox, calls: Calls) -> None:
    asked = Asked(sandbox)
    for _ in range(5):
        search(calls)
    change(calls)
    assert (asked.log_ins, asked.searches) == (1, 5)


@pytest.mark.parametrize("page", range(9))
def test_a_token_that_ends_between_pages_is_renewed_once_and_no_row_comes_twice(
    sandbox: Sandbox, calls: Calls, page: int
) -> None:
    asked = Asked(sandbox)
    sandbox.faults.add(operation="searchCustomer", expire_tokens=True, after=page)
    ids = all_customers(calls, 10)
    # Four pages, each of which begins with the last record of the one before, are read twice.
    has_met_it = page < 8
    assert (len(ids), len(set(ids))) == (CUSTOMERS, CUSTOMERS)
    assert (asked.log_ins, asked.searches) == (1 + has_met_it, 8 + has_met_it)


def test_a_token_that_is_never_taken_is_renewed_once_and_then_given_up(
    sandbox: Sandbox, calls: Calls
) -> None:
    asked = Asked(sandbox)
    sandbox.faults.add(operation="searchCustomer", expire_tokens=True, times=100)
    with pytest.raises(AuthenticationError) as caught:
        search(calls)
    assert caught.value.exit_code == 7
    assert (asked.log_ins, asked.searches) == (2, 2)


@pytest.mark.parametrize("field", ["password", "username", "client_id", "client_secret"])
def test_wrong_credentials_are_tried_once(sandbox: Sandbox, calls_of: CallsOf, field: str) -> None:
    asked = Asked(sandbox)
    with pytest.raises(AuthenticationError) as caught:
        search(calls_of(profile_in(sandbox, **{field: "wrong"})))
    assert caught.value.exit_code == 7
    assert (asked.log_ins, asked.searches) == (1, 0)


def test_a_log_in_whose_answer_is_lost_is_tried_once(sandbox: Sandbox, calls: Calls) -> None:
    asked = Asked(sandbox)
    sandbox.faults.add(operation="getAuthenticationToken", answer="lost", times=10)
    with pytest.raises(NetworkError):
        search(calls)
    assert (asked.log_ins, asked.searches) == (1, 0)


def test_a_write_that_cannot_log_in_sent_nothing(sandbox: Sandbox, calls: Calls) -> None:
    asked = Asked(sandbox)
    sandbox.faults.add(operation="getAuthenticationToken", answer="lost")
    with pytest.raises(NetworkError) as caught:
        change(calls)
    assert caught.value.server_state == "nothing_sent"
    assert asked["updateCustomer"] == 0


def test_a_read_gets_through_when_the_server_was_busy_twice(sandbox: Sandbox, calls: Calls) -> None:
    asked = Asked(sandbox)
    sandbox.faults.add(operation="searchCustomer", status=503)
    sandbox.faults.add(operation="searchCustomer", answer="lost")
    assert search(calls)["totalCount"] == CUSTOMERS
    assert (asked.log_ins, asked.searches) == (1, 3)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_read_of_a_server_that_stays_busy_ends_with_its_last_answer(
    serve: Serve, calls_of: CallsOf, status: int
) -> None:
    server = serve(behind_log_in(lambda request: [http(b"{}", status, Retry_After="0")]))
    with pytest.raises(ApiError) as caught:
        search(calls_of(profile_of(server.url)))
    assert caught.value.status == status
    assert len(server.seen) == 1 + BUSY_ATTEMPTS


@pytest.mark.parametrize("status", [302, 400, 403, 404, 422, 500])
def test_an_answer_that_waiting_does_not_change_is_not_asked_for_again(
    serve: Serve, calls_of: CallsOf, status: int
) -> None:
    server = serve(behind_log_in(lambda request: [http(b"{}", status, Retry_After="0")]))
    with pytest.raises(ArkitError, match=str(status)):
        search(calls_of(profile_of(server.url)))
    assert len(server.seen) == 1 + 1


def test_a_read_waits_as_long_as_the_server_asks(serve: Serve, calls_of: CallsOf) -> None:
    def busy_once(request: Seen) -> list[Piece]:
        is_first = len(server.seen) == 2
        return [http(b"{}", 429, Retry_After="1") if is_first else envelope([])]

    server = serve(behind_log_in(busy_once))
    start = time.monotonic()
    assert search(calls_of(profile_of(server.url))) == []
    assert 1 <= time.monotonic() - start < 4


@pytest.mark.parametrize("asked", ["121", "999999999", "Fri, 31 Dec 2100 23:59:59 GMT"])
def test_a_read_does_not_begin_a_wait_that_is_too_long(serve: Serve, calls_of: CallsOf, asked: str) -> None:
    server = serve(behind_log_in(lambda request: [http(b"{}", 429, Retry_After=asked)]))
    start = time.monotonic()
    with pytest.raises(ApiError) as caught:
        search(calls_of(profile_of(server.url)))
    assert (caught.value.status, len(server.seen)) == (429, 2)
    assert time.monotonic() - start < 3


def every_other_time(request: bytes) -> Handler:
    """A server that answers every second request, and turns the others away in this way."""
    count = iter(range(1_000))
    return behind_log_in(lambda seen: [envelope([]) if next(count) % 2 else request])


def test_the_requests_of_one_task_share_their_patience(serve: Serve, calls_of: CallsOf) -> None:
    server = serve(every_other_time(http(b"{}", 429, Retry_After="1")))
    calls, patience = calls_of(profile_of(server.url)), Patience(2.5)
    start = time.monotonic()
    statuses = [calls.answer(SEARCH_CUSTOMERS, body={}, patience=patience).status for _ in range(3)]
    assert statuses == [200, 200, 429]
    assert 2 <= time.monotonic() - start < 5
    assert patience.left_s == 0.5


def test_requests_of_different_tasks_do_not(serve: Serve, calls_of: CallsOf) -> None:
    server = serve(every_other_time(http(b"{}", 429, Retry_After="1")))
    calls = calls_of(profile_of(server.url))
    assert [calls.answer(SEARCH_CUSTOMERS, body={}).status for _ in range(2)] == [200, 200]
    assert len(server.seen) == 1 + 4


def test_many_pages_are_read_through_a_storm_of_refusals(sandbox: Sandbox, calls: Calls) -> None:
    """Of every five requests three are turned away."""
    asked = Asked(sandbox)
    headers = {"Retry-After": "0"}
    sandbox.faults.add(operation="searchCustomer", status=429, share=(3, 5), times=1_000, headers=headers)
    assert len(all_customers(calls, 10)) == CUSTOMERS
    assert asked.searches > 2 * 8


class Counted(Transport):
    """Counts the reads that are tried."""

    tried = 0

    def read(self, request: Request, *, where: str, max_bytes: int = 10**8) -> Answer:
        self.tried += 1
        return super().read(request, where=where, max_bytes=max_bytes)


def test_a_server_that_is_gone_is_tried_four_times(serve: Serve) -> None:
    server, transport = serve(behind_log_in(lambda request: [envelope([])])), Counted(5)
    calls = Calls(profile_of(server.url), transport)
    calls.log_in()
    server.close()
    with pytest.raises(NetworkError, match="cannot be reached") as caught:
        search(calls)
    assert (transport.tried, caught.value.server_state) == (4, "nothing_sent")
    calls.close()


def test_a_read_that_ran_into_its_deadline_has_had_its_time(serve: Serve, calls_of: CallsOf) -> None:
    server = serve(behind_log_in(lambda request: [5.0]))
    with pytest.raises(NetworkError, match=r"0\.5 seconds"):
        search(calls_of(profile_of(server.url, deadline_s=0.5)))
    assert len(server.seen) == 2


@pytest.mark.parametrize("status", [401, 429, 500, 502, 503, 504])
def test_a_write_is_answered_as_it_is_and_never_sent_again(
    serve: Serve, calls_of: CallsOf, status: int
) -> None:
    server = serve(behind_log_in(lambda request: [http(b"said", status, Retry_After="0")]))
    answer = change(calls_of(profile_of(server.url)))
    assert (answer.status, answer.body) == (status, b"said")
    assert len(server.seen) == 2


@pytest.mark.parametrize("sent", [b"", b"HTTP/1.1 200", http(b"{", Content_Length="2")])
def test_a_write_whose_answer_is_lost_is_never_sent_again(
    serve: Serve, calls_of: CallsOf, sent: bytes
) -> None:
    def lose(request: Seen) -> Iterator[Piece]:
        yield sent
        raise HangUp(reset=not sent)

    server = serve(behind_log_in(lose))
    with pytest.raises(NetworkError) as caught:
        change(calls_of(profile_of(server.url)))
    assert (caught.value.server_state, caught.value.where) == ("unknown", "updateCustomer")
    assert len(server.seen) == 2


Send = Callable[[Calls], Any]


def a_change(calls: Calls) -> Any:
    return calls.change(CREATE_INVOICE, body={"baseAmount": Decimal("1180.50")})


def an_upload(calls: Calls) -> Any:
    return calls.upload(UPDATE_CUSTOMERS, query={}, name="a.csv", content=b"customerId\n", kind="text/csv")


@pytest.mark.parametrize("send", [a_change, an_upload])
@pytest.mark.parametrize(
    ("said", "error", "state"),
    [
        (http(b"{}", 400), ApiError, "known"),
        (http(b"{}", 401), AuthenticationError, "known"),
        (http(b"{}", 403), AuthenticationError, "known"),
        (http(b"{}", 422), ApiError, "known"),
        (http(b"{}", 429, Retry_After="0"), ApiError, "known"),
        (http(b"{}", 500), ApiError, "unknown"),
        (http(b"{}", 502, Retry_After="0"), ApiError, "unknown"),
        (http(b"{}", 503, Retry_After="0"), ApiError, "unknown"),
        (http(b"{}", 504, Retry_After="0"), ApiError, "unknown"),
        (http(b"{}", 302, Location="/elsewhere"), ApiError, "known"),
        (http(b'{"response_code": 1}'), ApiError, "known"),
        (http(b'{"errorResponse": {"errorType": "SYSTEM_ERROR"}}'), ApiError, "unknown"),
        (http(b"<html>", Content_Type="text/html"), ContractError, "unknown"),
        (http(b""), ContractError, "unknown"),
        (http(b"{}", 200, Content_Length="9"), NetworkError, "unknown"),
        (b"HTTP/1.1 200", NetworkError, "unknown"),
        (b"", NetworkError, "unknown"),
    ],
)
def test_a_change_is_sent_once_and_the_error_says_what_is_known(
    serve: Serve, calls_of: CallsOf, send: Send, said: bytes, error: type[ArkitError], state: str
) -> None:
    def answer(request: Seen) -> Iterator[Piece]:
        yield said
        raise HangUp(reset=not said)

    server = serve(behind_log_in(answer))
    with pytest.raises(error) as caught:
        send(calls_of(profile_of(server.url)))
    assert caught.value.server_state == state
    assert len(server.seen) == 2


@pytest.mark.parametrize("send", [a_change, an_upload])
def test_a_change_that_cannot_log_in_or_reach_the_server_sent_nothing(
    serve: Serve, calls_of: CallsOf, send: Send
) -> None:
    for handler in (lambda request: [http(b"{}", 401)], lambda request: [http(b"{}", 503)]):
        server = serve(handler)
        with pytest.raises(ArkitError) as caught:
            send(calls_of(profile_of(server.url)))
        assert (caught.value.server_state, len(server.seen)) == ("nothing_sent", 1)
    server = serve(behind_log_in(lambda request: [envelope(None)]))
    calls = calls_of(profile_of(server.url))
    calls.log_in()
    server.close()
    with pytest.raises(NetworkError) as caught:
        send(calls)
    assert (caught.value.server_state, len(server.seen)) == ("nothing_sent", 1)


@pytest.mark.parametrize("send", [a_change, an_upload])
def test_each_change_bears_a_mark_of_its_own(serve: Serve, calls_of: CallsOf, send: Send) -> None:
    server = serve(behind_log_in(lambda request: [envelope("done")]))
    calls = calls_of(profile_of(server.url))
    assert [send(calls), send(calls)] == ["done", "done"]
    marks = [request.headers["idempotency-key"] for request in server.seen[1:]]
    assert marks == [request.headers["x-request-id"] for request in server.seen[1:]]
    assert len(set(marks)) == 2


@pytest.mark.parametrize("send", [a_change, an_upload])
def test_a_change_has_a_connection_of_its_own(serve: Serve, calls_of: CallsOf, send: Send) -> None:
    """One that was idle may be dead, and then nobody could say whether the change had been read."""
    server = serve(behind_log_in(lambda request: [envelope([])]))
    calls = calls_of(profile_of(server.url))
    for each in (search, send, search):
        each(calls)
    _, first, change, second = (request.connection for request in server.seen)
    assert first == second != change


def test_amounts_go_out_as_they_are_written(serve: Serve, calls_of: CallsOf) -> None:
    server = serve(behind_log_in(lambda request: [envelope(None)]))
    a_change(calls_of(profile_of(server.url)))
    assert server.seen[-1].body == b'{"baseAmount":1180.50}'


def test_a_file_goes_out_as_it_is(serve: Serve, calls_of: CallsOf) -> None:
    server = serve(behind_log_in(lambda request: [envelope(None)]))
    an_upload(calls_of(profile_of(server.url)))
    sent = server.seen[-1]
    assert sent.headers["content-type"].startswith("multipart/form-data; boundary=")
    head, content = sent.body.split(b"\r\n\r\n", 1)
    assert b'name="file"; filename="a.csv"\r\nContent-Type: text/csv' in head
    assert content.startswith(b"customerId\n\r\n--")


GUESSES = [
    (DEACTIVATE_CUSTOMER, lambda calls, path: calls.change(DEACTIVATE_CUSTOMER, path=path)),
    (LIST_REMINDERS, lambda calls, path: calls.read(LIST_REMINDERS, query=path)),
]


@pytest.mark.parametrize(("operation", "send"), GUESSES)
def test_an_operation_that_is_deduced_is_doubted_once(
    serve: Serve, calls_of: CallsOf, operation: Operation, send: Any
) -> None:
    server = serve(behind_log_in(lambda request: [envelope([])]))
    calls = calls_of(profile_of(server.url))
    with pytest.warns(InferredWarning, match=f"^{operation.name}: {operation.verb} .* is deduced") as heard:
        send(calls, {"customerId": "KC1"})
    assert len(heard) == 1
    send(calls, {"customerId": "KC1"})
    assert len(server.seen) == 3


@pytest.mark.parametrize(("operation", "send"), GUESSES)
def test_a_path_of_the_profile_is_taken_and_not_doubted(
    serve: Serve, calls_of: CallsOf, operation: Operation, send: Any
) -> None:
    server = serve(behind_log_in(lambda request: [envelope([])]))
    place = "/v9/there/{customerId}" if "{" in operation.path else "/v9/there"
    send(calls_of(profile_of(server.url, paths={operation.name: place})), {"customerId": "K C/1"})
    wanted = "/v9/there/K%20C%2F1 " if "{" in operation.path else "/v9/there?customerId="
    assert server.lines()[-1].startswith(f"{operation.verb} {wanted}")


def test_a_documented_operation_may_have_another_path_too(serve: Serve, calls_of: CallsOf) -> None:
    server = serve(lambda request: [token() if "/enter" in request.line else envelope([])])
    paths = {"getAuthenticationToken": "/enter", "searchCustomer": "/find"}
    search(calls_of(profile_of(server.url, paths=paths)))
    assert server.lines() == ["POST /enter HTTP/1.1", "POST /find?limit=1 HTTP/1.1"]


@pytest.mark.parametrize(
    "paths",
    [
        {"searchCustomers": "/search"},
        {"": "/search"},
        {"deactivateCustomer": "/customer/off"},
        {"deactivateCustomer": "/customer/{id}/off"},
        {"deactivateCustomer": "/customer/{customerId}/{customerId}"},
        {"searchCustomer": "/customer/{customerId}"},
        {"searchCustomer": "/customer/{}"},
    ],
)
def test_a_path_of_no_operation_or_without_its_ids_is_refused(paths: dict[str, str]) -> None:
    with pytest.raises(UsageError, match=f"paths.{next(iter(paths))} names no operation") as caught:
        Calls(profile_of("http://127.0.0.1:1", paths=paths))
    assert (caught.value.code, caught.value.where) == ("paths", "profile test")


def test_a_refused_write_makes_the_next_call_log_in_anew(sandbox: Sandbox, calls: Calls) -> None:
    asked = Asked(sandbox)
    sandbox.faults.add(operation="updateCustomer", expire_tokens=True)
    assert [change(calls).status, change(calls).status] == [401, 404]
    assert (asked.log_ins, asked["updateCustomer"]) == (2, 2)


def test_a_write_carries_its_attempt_and_its_body_as_given(serve: Serve, calls_of: CallsOf) -> None:
    server = serve(behind_log_in(lambda request: [envelope(None)]))
    change(calls_of(profile_of(server.url)))
    log_in, sent = server.seen
    assert sent.headers["idempotency-key"] == sent.headers["x-request-id"] == "attempt-1"
    assert sent.headers["authorization"] == "Bearer token-1"
    assert sent.body == b'{"pinCode": "560001"}'
    assert sent.connection != log_in.connection


@pytest.mark.parametrize("invoice_id", ["a/b", "a?b=c", "a#b", "ä b", "..%2Fcustomer"])
def test_an_id_stays_one_segment_of_the_path(serve: Serve, calls_of: CallsOf, invoice_id: str) -> None:
    server = serve(behind_log_in(lambda request: [envelope({})]))
    calls_of(profile_of(server.url)).read(GET_INVOICE, path={"invoiceId": invoice_id})
    _, path, _ = server.seen[-1].line.split(" ")
    assert path.startswith("/api/v0/invoice/")
    assert path.count("/") == 4
    assert "?" not in path


def test_a_result_file_of_the_api_itself_is_fetched_with_a_token_that_is_taken(
    serve: Serve, calls_of: CallsOf
) -> None:
    def file(request: Seen) -> list[Piece]:
        is_new = request.headers.get("authorization") == "Bearer token-2"
        return [http(b"customerId\n") if is_new else http(status=401)]

    server = serve(behind_log_in(file))
    assert calls_of(profile_of(server.url)).result_file(f"{server.url}/files/1") == b"customerId\n"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "/files/1",
        "ftp://127.0.0.1/1",
        "file:///etc/passwd",
        "http://[::1",
        "http://user@{host}/files/1",
        "{foreign}/files/1",
    ],
)
def test_the_token_goes_to_no_other_address(serve: Serve, calls_of: CallsOf, address: str) -> None:
    foreign = serve(lambda request: [http(b"file")])
    server = serve(behind_log_in(lambda request: [http(b"file")]))
    place = address.format(host=server.url.removeprefix("http://"), foreign=foreign.url)
    with pytest.raises(NetworkError) as caught:
        calls_of(profile_of(server.url)).result_file(place)
    assert caught.value.server_state == "nothing_sent"
    assert server.seen + foreign.seen == []


class Elsewhere(Transport):
    """Answers for other hosts, and keeps what they would have been sent."""

    def __init__(self) -> None:
        super().__init__(5)
        self.sent: list[Request] = []

    def read(self, request: Request, *, where: str, max_bytes: int = 0) -> Answer:
        self.sent.append(request)
        return Answer(200, {}, b"customerId\n")


def test_a_result_file_on_another_host_is_fetched_without_the_token(serve: Serve) -> None:
    server, transport = serve(behind_log_in(lambda request: [envelope(None)])), Elsewhere()
    calls = Calls(profile_of(server.url), transport)
    assert calls.result_file("https://files.example.com/1?signature=x") == b"customerId\n"
    (request,) = transport.sent
    assert dict(request.headers) == {}
    assert server.seen == []
    calls.close()


def test_a_result_file_that_is_refused_is_an_error(serve: Serve, calls_of: CallsOf) -> None:
    server = serve(behind_log_in(lambda request: [http(b"gone", 404)]))
    with pytest.raises(ApiError, match="404"):
        calls_of(profile_of(server.url)).result_file(f"{server.url}/files/1")


NOW = datetime(2026, 9, 30, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("", None),
        ("0", 0),
        (" 2 ", 2),
        ("1000000000", None),
        ("999999999", 999_999_999),
        ("-1", None),
        ("1.5", None),
        ("1e9", None),
        ("soon", None),
        ("١", None),
        ("2, 3", None),
        ("Wed, 30 Sep 2026 12:00:30 GMT", 30),
        ("Wed, 30 Sep 2026 17:31:00 +0530", 60),
        ("Wednesday, 30-Sep-26 12:00:30 GMT", 30),
        ("Wed, 30 Sep 2026 11:00:00 GMT", 0),
        ("Wed, 30 Sep 2026 12:00:30", None),
        ("Wed, 31 Sep 2026 12:00:30 GMT", None),
    ],
)
def test_what_retry_after_asks_for(value: str | None, seconds: float | None) -> None:
    assert retry_after_s(value, now=NOW) == seconds


@given(moment=st.datetimes(datetime(1900, 1, 1), datetime(9999, 1, 1)))  # noqa: DTZ001
def test_a_date_in_retry_after_is_waited_for_and_a_past_one_is_not(moment: datetime) -> None:
    moment = moment.replace(microsecond=0, tzinfo=UTC)
    expected = max(timedelta(0), moment - NOW).total_seconds()
    assert retry_after_s(format_datetime(moment, usegmt=True), now=NOW) == expected


@given(value=st.text(max_size=40) | st.text("0123456789 :,+-GMTWedSep", max_size=40))
def test_nothing_in_retry_after_is_an_error(value: str) -> None:
    seconds = retry_after_s(value, now=NOW)
    assert seconds is None or seconds >= 0


def test_a_call_sends_json_and_asks_for_it(serve: Serve, calls_of: CallsOf) -> None:
    server = serve(behind_log_in(lambda request: [envelope([])]))
    calls = calls_of(profile_of(server.url))
    calls.read(SEARCH_CUSTOMERS, query={"limit": "1"}, body={"assignedAgent": "Kavita Rāo"})
    sent = server.seen[-1]
    assert sent.line == "POST /api/v0/customer/search?limit=1 HTTP/1.1"
    assert (sent.headers["content-type"], sent.headers["accept"]) == ("application/json",) * 2
    assert json.loads(sent.body) == {"assignedAgent": "Kavita Rāo"}


def test_the_base_of_the_address_may_have_a_path(serve: Serve, calls_of: CallsOf) -> None:
    server = serve(lambda request: [token() if "oauth" in request.line else envelope([])])
    search(calls_of(profile_of(server.url + "/base/")))
    assert server.lines() == [
        "POST /base/oauth/token HTTP/1.1",
        "POST /base/api/v0/customer/search?limit=1 HTTP/1.1",
    ]
