"""Log-ins that were refused: never a third time with what was wrong twice, and no secret on the disk."""

import base64
import json
import os
import stat
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

from .conftest import Handler, Piece, Scripted, Seen, Serve, http, profile_of, token

RIGHT = "p4ssword-of-asha"


@pytest.fixture
def path(workspace: Path) -> Path:
    return workspace / "log-ins.json"


def a_server_with_a_password(request: Seen) -> list[Piece]:
    return [token(expires_in=3600) if f"password={RIGHT}&".encode() in request.body else http(b"{}", 401)]


def is_let_in(profile: Profile, path: Path) -> bool:
    """Log in as a process of its own would."""
    transport = Transport(5)
    try:
        Tokens(profile, transport, RefusedLogIns(path)).token()
    except AuthenticationError:
        return False
    finally:
        transport.close()
    return True


def wrong(server: Scripted, **changes: Any) -> Profile:
    return profile_of(server.url, **{"password": "wrong", **changes})


def right(server: Scripted, **changes: Any) -> Profile:
    return profile_of(server.url, **changes)


def age(path: Path, seconds: float) -> None:
    """Let what is remembered have happened so much earlier."""
    stored = json.loads(path.read_text(encoding="utf-8"))
    for entry in stored["refused"]:
        entry["at"] -= seconds
    path.write_text(json.dumps(stored), encoding="utf-8")


def test_what_was_refused_twice_is_not_sent_a_third_time(serve: Serve, path: Path) -> None:
    server = serve(a_server_with_a_password)
    assert [is_let_in(wrong(server), path) for _ in range(5)] == [False] * 5
    assert len(server.seen) == 2


@pytest.mark.parametrize("status", [400, 401, 403])
def test_every_refusal_of_a_log_in_counts(serve: Serve, path: Path, status: int) -> None:
    server = serve(lambda request: [http(b"{}", status)])
    for _ in range(4):
        is_let_in(wrong(server), path)
    assert len(server.seen) == 2


@pytest.mark.parametrize("status", [404, 429, 500, 503])
def test_a_log_in_that_failed_otherwise_does_not_count(serve: Serve, path: Path, status: int) -> None:
    server = serve(lambda request: [http(b"{}", status)])
    for _ in range(4):
        with pytest.raises(Exception, match=str(status)):
            is_let_in(right(server), path)
    assert len(server.seen) == 4
    assert not path.exists()


@pytest.mark.parametrize(
    "change", [{"password": "another"}, {"client_secret": "another"}, {"password": RIGHT}]
)
def test_corrected_credentials_are_sent(serve: Serve, path: Path, change: dict[str, str]) -> None:
    server = serve(a_server_with_a_password)
    for _ in range(3):
        is_let_in(wrong(server), path)
    assert is_let_in(wrong(server, **change), path) is (
        change["password"] == RIGHT if "password" in change else False
    )
    assert len(server.seen) == 3


@pytest.mark.parametrize("change", [{"username": "dev@example.com"}, {"client_id": "other"}])
def test_another_account_is_not_hindered(serve: Serve, path: Path, change: dict[str, str]) -> None:
    server = serve(a_server_with_a_password)
    for _ in range(3):
        is_let_in(wrong(server), path)
    assert is_let_in(right(server, **change), path)
    is_let_in(wrong(server, **change), path)
    assert len(server.seen) == 4


def test_another_server_is_not_hindered(serve: Serve, path: Path) -> None:
    one, other = serve(a_server_with_a_password), serve(a_server_with_a_password)
    for server in (one, other):
        for _ in range(3):
            is_let_in(wrong(server), path)
    assert (len(one.seen), len(other.seen)) == (2, 2)


def test_a_log_in_that_succeeds_wipes_out_what_was_refused_before(serve: Serve, path: Path) -> None:
    server = serve(a_server_with_a_password)
    outcomes = [
        is_let_in(profile, path) for profile in (wrong(server), right(server), wrong(server), wrong(server))
    ]
    assert outcomes == [False, True, False, False]
    assert len(server.seen) == 4
    assert not is_let_in(wrong(server), path)
    assert len(server.seen) == 4


def test_a_success_of_one_account_wipes_out_nothing_of_another(serve: Serve, path: Path) -> None:
    server = serve(a_server_with_a_password)
    for _ in range(2):
        is_let_in(wrong(server), path)
    assert is_let_in(right(server, username="dev@example.com"), path)
    is_let_in(wrong(server), path)
    assert len(server.seen) == 3


@pytest.mark.parametrize(("minutes", "requests"), [(14, 2), (16, 3), (-60, 3)])
def test_what_was_refused_is_forgotten_after_a_quarter_of_an_hour(
    serve: Serve, path: Path, minutes: int, requests: int
) -> None:
    """Or if the clock was set back: what lies in the future says nothing."""
    server = serve(a_server_with_a_password)
    for _ in range(2):
        is_let_in(wrong(server), path)
    age(path, 60 * minutes)
    is_let_in(wrong(server), path)
    assert len(server.seen) == requests


def test_the_refusal_says_what_to_do_and_when(serve: Serve, path: Path) -> None:
    server = serve(a_server_with_a_password)
    for _ in range(2):
        is_let_in(wrong(server), path)
    age(path, 300)
    with pytest.raises(AuthenticationError, match="refused 2 times") as caught:
        RefusedLogIns(path).check(wrong(server))
    assert (caught.value.code, caught.value.server_state, caught.value.exit_code) == (
        "log_in",
        "nothing_sent",
        7,
    )
    assert caught.value.next_step == "Correct them, or try again in 10 minutes."


def test_the_wait_ends_when_the_first_of_the_refusals_is_forgotten(serve: Serve, path: Path) -> None:
    server = serve(a_server_with_a_password)
    is_let_in(wrong(server), path)
    age(path, 600)
    is_let_in(wrong(server), path)
    with pytest.raises(AuthenticationError, match="try again in 5 minutes"):
        RefusedLogIns(path).check(wrong(server))
    age(path, 301)
    assert not is_let_in(wrong(server), path)
    assert len(server.seen) == 3


def test_what_was_forgotten_leaves_the_file(serve: Serve, path: Path) -> None:
    server = serve(a_server_with_a_password)
    is_let_in(wrong(server), path)
    age(path, 901)
    is_let_in(wrong(server), path)
    assert len(json.loads(path.read_text(encoding="utf-8"))["refused"]) == 1


def in_base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def test_the_file_is_for_its_owner_alone_and_holds_no_secret_and_no_name(serve: Serve, path: Path) -> None:
    umask = os.umask(0)
    try:
        server = serve(a_server_with_a_password)
        profile = wrong(server)
        is_let_in(profile, path)
    finally:
        os.umask(umask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]
    text = path.read_text(encoding="utf-8")
    for secret in (profile.password, profile.client_secret, profile.client_id, profile.username, server.url):
        assert secret not in text
        assert in_base64(secret) not in text


def test_the_same_password_leaves_another_trace_on_each_workspace(serve: Serve, tmp_path: Path) -> None:
    """So that no table made once finds a password in the files of many."""
    server = serve(a_server_with_a_password)
    traces = set()
    for name in ("a", "b"):
        is_let_in(wrong(server), tmp_path / name)
        traces.add(json.loads((tmp_path / name).read_text(encoding="utf-8"))["refused"][0]["credentials"])
    assert len(traces) == 2


def entry(**members: Any) -> dict[str, Any]:
    return {"account": "a", "credentials": "c", "at": time.time(), **members}


SPOILED: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "no JSON": lambda: b"{",
    "no text": lambda: b"\xff\xfe\x00",
    "a number": lambda: b"7",
    "a list": lambda: b"[]",
    "no members": lambda: b"{}",
    "null": lambda: b'{"salt": null, "refused": null}',
    "text for entries": lambda: b'{"salt": "s", "refused": "abc"}',
    "entries that are none": lambda: b'{"salt": "s", "refused": [null, 7]}',
    "an entry without a time": lambda: b'{"salt": "s", "refused": [{}]}',
    "a time that is none": lambda: json.dumps({"salt": "s", "refused": [entry(at="now")]}).encode(),
    "a time without end": lambda: b'{"salt": "s", "refused": [{"at": NaN}, {"at": Infinity}]}',
    "an entry with a time alone": lambda: json.dumps(
        {"salt": "s", "refused": [{"at": time.time()}]}
    ).encode(),
    "no salt": lambda: json.dumps({"salt": None, "refused": [entry()]}).encode(),
    "deep lists": lambda: b'{"other": ' + b"[" * 100_000,
    "a number of 5,000 digits": lambda: b'{"salt": "s", "refused": [{"at": %s}]}' % (b"9" * 5_000),
}


@pytest.mark.parametrize("what", SPOILED)
@pytest.mark.parametrize("profile_on", [right, wrong])
def test_a_file_that_somebody_spoiled_does_no_harm(
    serve: Serve, path: Path, what: str, profile_on: Callable[[Scripted], Profile]
) -> None:
    server = serve(a_server_with_a_password)
    path.write_bytes(SPOILED[what]())
    assert is_let_in(profile_on(server), path) is (profile_on is right)
    for _ in range(3):
        is_let_in(wrong(server), path)
    assert len(server.seen) == (3 if profile_on is right else 2)


def a_folder(path: Path) -> Path:
    path.mkdir()
    return path


def below_a_file(path: Path) -> Path:
    path.touch()
    return path / "log-ins.json"


@pytest.mark.parametrize("place", [a_folder, below_a_file])
def test_a_file_that_cannot_be_written_hinders_nobody(
    serve: Serve, path: Path, place: Callable[[Path], Path]
) -> None:
    server = serve(a_server_with_a_password)
    somewhere = place(path)
    assert not is_let_in(wrong(server), somewhere)
    assert is_let_in(right(server), somewhere)


def test_a_server_that_locks_after_three_wrong_passwords_never_sees_the_third(
    serve: Serve, path: Path
) -> None:
    count = 0

    def locking(request: Seen) -> list[Piece]:
        nonlocal count
        is_right = f"password={RIGHT}&".encode() in request.body
        count += not is_right
        return [token() if is_right and count < 3 else http(b"{}", 401)]

    handler: Handler = locking
    server = serve(handler)
    for _ in range(5):
        is_let_in(wrong(server), path)
    assert is_let_in(right(server), path)
