"""Refused log-ins are remembered, so that an account is not locked by asking again and again."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from arkit.errors import AuthenticationError
from arkit.settings import Profile
from arkit.wire.log_ins import RefusedLogIns
from arkit.wire.tokens import Tokens
from arkit.wire.transport import Transport

from .conftest import Piece, Scripted, Seen, Serve, http, profile_of, token

RIGHT = "p4ssword-of-asha"
LogIn = Callable[..., str]


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    return tmp_path / "log-ins.json"


@pytest.fixture
def server(serve: Serve) -> Scripted:
    """A server that lets in whoever has the password of Asha."""

    def answer(request: Seen) -> list[Piece]:
        return [token() if RIGHT.encode() in request.body else http(b"{}", 401)]

    return serve(answer)


@pytest.fixture
def log_in(server: Scripted, memory: Path) -> LogIn:
    """Log in as a new process would, with a password and what else may differ in the profile."""

    def log_in(password: str, **changes: str) -> str:
        transport = Transport(5)
        profile = profile_of(server.url, password=password, **changes)
        try:
            return Tokens(profile, transport, RefusedLogIns(memory)).token()
        finally:
            transport.close()

    return log_in


def refused(log_in: LogIn, password: str = "wrong-1", **changes: str) -> str:
    """What is said of a log-in that ends without a token."""
    with pytest.raises(AuthenticationError) as caught:
        log_in(password, **changes)
    assert caught.value.exit_code == 7
    return str(caught.value)


def refused_twice(log_in: LogIn, password: str = "wrong-1", **changes: str) -> None:
    for _ in range(2):
        assert "401" in refused(log_in, password, **changes)


def age(memory: Path, seconds: float) -> None:
    """Let what stands in the file have happened so much earlier."""
    stored = json.loads(memory.read_text())
    for refusal in stored["refused"]:
        refusal["at"] -= seconds
    memory.write_text(json.dumps(stored))


def test_credentials_that_were_refused_twice_are_not_sent_a_third_time(
    server: Scripted, log_in: LogIn
) -> None:
    refused_twice(log_in)
    for _ in range(3):
        said = refused(log_in)
        assert "refused 2 times" in said
        assert "try again in 15 minutes" in said
    assert len(server.seen) == 2


@pytest.mark.parametrize("status", [400, 401, 403])
def test_every_way_to_refuse_counts(serve: Serve, memory: Path, status: int) -> None:
    server = serve(lambda request: [http(b"{}", status)])
    transport = Transport(5)
    tokens = Tokens(profile_of(server.url), transport, RefusedLogIns(memory))
    for _ in range(4):
        with pytest.raises(AuthenticationError):
            tokens.token()
    transport.close()
    assert len(server.seen) == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"password": "wrong-2"},
        {"client_secret": "another-secret"},
        {"client_id": "another-client"},
        {"username": "ravi@example.com"},
    ],
)
def test_other_credentials_are_sent(server: Scripted, log_in: LogIn, changes: dict[str, str]) -> None:
    refused_twice(log_in)
    assert "401" in refused(log_in, **{"password": "wrong-1", **changes})
    assert len(server.seen) == 3


def test_the_same_credentials_are_sent_to_another_server(serve: Serve, log_in: LogIn, memory: Path) -> None:
    refused_twice(log_in)
    other = serve(lambda request: [token()])
    transport = Transport(5)
    profile = profile_of(other.url, password="wrong-1")
    assert Tokens(profile, transport, RefusedLogIns(memory)).token() == "token-1"
    transport.close()


def test_a_success_ends_what_was_remembered_of_its_account_alone(server: Scripted, log_in: LogIn) -> None:
    refused_twice(log_in)
    refused_twice(log_in, username="ravi@example.com")
    assert log_in(RIGHT) == "token-1"
    assert "401" in refused(log_in)
    assert "refused 2 times" in refused(log_in, username="ravi@example.com")
    assert len(server.seen) == 6


@pytest.mark.parametrize(("passed_s", "said"), [(840, "in 1 minutes"), (890, "in 1 minutes"), (901, "401")])
def test_a_refusal_counts_for_a_quarter_of_an_hour(
    log_in: LogIn, memory: Path, passed_s: float, said: str
) -> None:
    refused_twice(log_in)
    age(memory, passed_s)
    assert said in refused(log_in)


def test_the_wait_ends_when_the_first_of_the_refusals_is_forgotten(
    server: Scripted, log_in: LogIn, memory: Path
) -> None:
    refused(log_in)
    age(memory, 600)
    refused(log_in)
    assert "try again in 5 minutes" in refused(log_in)
    age(memory, 301)
    assert "401" in refused(log_in)
    assert "refused 2 times" in refused(log_in)
    assert len(server.seen) == 3


def test_what_was_forgotten_leaves_the_file(log_in: LogIn, memory: Path) -> None:
    refused_twice(log_in)
    age(memory, 901)
    refused(log_in)
    assert len(json.loads(memory.read_text())["refused"]) == 1


def test_a_clock_that_was_set_back_does_not_lock_anybody_out(log_in: LogIn, memory: Path) -> None:
    refused_twice(log_in)
    age(memory, -86_400)
    assert "401" in refused(log_in)


def test_only_its_owner_may_read_it_and_it_names_nobody(log_in: LogIn, memory: Path) -> None:
    refused_twice(log_in)
    assert memory.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in memory.parent.iterdir()] == [memory.name]
    content = memory.read_text()
    for told in ("wrong-1", "s3cret-of-the-client", "client", "asha@example.com", "CEKTEST0001"):
        assert told not in content


def test_the_same_credentials_leave_another_trace_in_each_workspace(tmp_path: Path) -> None:
    """A trace that were the same everywhere could be looked up in a list made once for all."""
    profile = profile_of("http://127.0.0.1:1")
    traces = set()
    for name in ("one", "two"):
        RefusedLogIns(tmp_path / name).note(profile)
        traces.add(json.loads((tmp_path / name).read_text())["refused"][0]["credentials"])
    assert len(traces) == 2


def refusal(**changes: Any) -> dict[str, Any]:
    return {"account": "a", "credentials": "b", "at": time.time(), **changes}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\xff\xfe",
        b"[]",
        b"[" * 100_000,
        b'{"salt": "\\ud800", "refused": []}',
        b'{"salt": "a", "refused": [{"account": "a", "credentials": "b", "at": 1' + b"0" * 400 + b"}]}",
        *(
            json.dumps(stored).encode()
            for stored in [
                {"salt": None, "refused": []},
                {"refused": []},
                {"salt": "a", "refused": {}},
                {"salt": "a", "refused": [refusal(at=str(time.time()))]},
                {"salt": "a", "refused": [refusal(account=None)]},
                {"salt": "a", "refused": [{"at": time.time()}]},
            ]
        ),
    ],
)
def test_a_spoiled_file_does_no_harm_and_is_begun_anew(log_in: LogIn, memory: Path, content: bytes) -> None:
    memory.write_bytes(content)
    assert log_in(RIGHT) == "token-1"
    refused_twice(log_in)
    assert "refused 2 times" in refused(log_in)


@pytest.mark.parametrize("place", ["no/such/folder/log-ins.json", "."])
def test_a_place_that_cannot_be_written_to_is_no_reason_to_fail(
    server: Scripted, tmp_path: Path, place: str
) -> None:
    transport = Transport(5)

    def tokens(profile: Profile) -> Tokens:
        return Tokens(profile, transport, RefusedLogIns(tmp_path / place))

    with pytest.raises(AuthenticationError, match="401"):
        tokens(profile_of(server.url, password="wrong-1")).token()
    assert tokens(profile_of(server.url)).token() == "token-1"
    transport.close()
