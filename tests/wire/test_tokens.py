"""Log-in: as rarely as possible, and without a trace of the secrets."""

import base64
import json
import pickle
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from arkit.client import Client
from arkit.errors import ArkitError, AuthenticationError, ContractError
from arkit.wire.log_ins import RefusedLogIns
from arkit.wire.tokens import Tokens
from arkit.wire.transport import Transport

from .conftest import HangUp, Piece, Seen, Serve, http, profile_of, token


@pytest.fixture
def tokens_at(workspace: Path) -> Iterator[Callable[[str], Tokens]]:
    """Tokens of an account on the server with that address."""
    transport, refused = Transport(5), RefusedLogIns(workspace / "log-ins.json")
    yield lambda url: Tokens(profile_of(url), transport, refused)
    transport.close()


TokensAt = Callable[[str], Tokens]


def numbered(**members: Any) -> Callable[[Seen], list[Piece]]:
    """A server that gives each log-in a token of its own."""
    count = iter(range(1, 1_000))
    return lambda request: [token(f"token-{next(count)}", **members)]


def test_a_log_in_sends_the_documented_form(serve: Serve, tokens_at: TokensAt) -> None:
    server = serve(numbered(expires_in=3600))
    assert tokens_at(server.url + "/").token() == "token-1"
    (seen,) = server.seen
    assert seen.line == "POST /oauth/token HTTP/1.1"
    assert seen.headers["content-type"] == "application/x-www-form-urlencoded"
    pair = base64.b64decode(seen.headers["authorization"].removeprefix("Basic "))
    assert pair == b"client:s3cret-of-the-client"
    form = b"username=asha%40example.com&password=p4ssword-of-asha&grant_type=password&clientId=CEKTEST0001"
    assert seen.body == form


@pytest.mark.parametrize(
    "members",
    [
        {},
        *({"expires_in": odd} for odd in [0, -5, 86399, "3600", "five minutes", 10**12, 1.5, True, None, []]),
    ],
)
def test_a_token_is_kept_whatever_its_lifetime_is_said_to_be(
    serve: Serve, tokens_at: TokensAt, members: dict[str, Any]
) -> None:
    server = serve(numbered(**members))
    tokens = tokens_at(server.url)
    assert {tokens.token() for _ in range(3)} == {"token-1"}
    assert len(server.seen) == 1


def test_a_token_is_renewed_a_little_before_it_ends(serve: Serve, tokens_at: TokensAt) -> None:
    tokens = tokens_at(serve(numbered(expires_in=1)).url)
    start = time.monotonic()
    assert tokens.token() == "token-1"
    while tokens.token() == "token-1":
        assert time.monotonic() < start + 1.8
        time.sleep(0.02)
    assert time.monotonic() > start + 0.5


def test_a_token_that_is_no_longer_taken_is_renewed_once(serve: Serve, tokens_at: TokensAt) -> None:
    server = serve(numbered(expires_in=3600))
    tokens = tokens_at(server.url)
    tokens.token()
    # Two threads had the old one refused; the second finds it replaced already.
    assert [tokens.token(instead_of="token-1") for _ in range(2)] == ["token-2", "token-2"]
    tokens.drop("token-1")
    assert tokens.token() == "token-2"
    tokens.drop("token-2")
    assert tokens.token() == "token-3"
    # A connection that was idle for the life of a token may be dead; nobody would know who was asked.
    assert [request.connection for request in server.seen] == [0, 1, 2]


def test_many_threads_share_one_log_in(serve: Serve, tokens_at: TokensAt) -> None:
    server = serve(lambda request: [0.1, token(f"token-{len(server.seen)}", expires_in=3600)])
    tokens = tokens_at(server.url)
    for old, new in [("", "token-1"), ("token-1", "token-2")]:
        got: list[str] = []
        threads = [
            threading.Thread(target=lambda old=old, got=got: got.append(tokens.token(instead_of=old)))
            for _ in range(32)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert got == [new] * 32
    assert len(server.seen) == 2


def said(**members: Any) -> bytes:
    return http(json.dumps(members).encode())


@pytest.mark.parametrize(
    "sent",
    [
        http(b"<html>Log in</html>", Content_Type="text/html"),
        http(b"[]"),
        said(token_type="bearer"),
        said(access_token=None),
        said(access_token=12345),
        said(access_token=["token-1"]),
        said(access_token=""),
        said(access_token="token-1\r\nX-Evil: yes"),
        said(access_token="two words"),
        said(access_token="tökên"),
        said(access_token="x" * 1_000_000),
        said(access_token="token-1", token_type="mac"),
        said(payload={"access_token": "token-1"}),
    ],
)
def test_an_answer_without_a_usable_token_breaks_the_contract(
    serve: Serve, tokens_at: TokensAt, sent: bytes
) -> None:
    server = serve(lambda request: [sent])
    with pytest.raises(ContractError) as caught:
        tokens_at(server.url).token()
    assert caught.value.exit_code == 9
    assert len(server.seen) == 1
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_refused_log_in_is_no_second_try(serve: Serve, tokens_at: TokensAt, status: int) -> None:
    server = serve(lambda request: [http(b"{}", status)])
    with pytest.raises(AuthenticationError) as caught:
        tokens_at(server.url).token()
    assert (caught.value.exit_code, caught.value.where, len(server.seen)) == (7, "log-in", 1)


def test_a_redirected_log_in_does_not_carry_the_password_elsewhere(serve: Serve, tokens_at: TokensAt) -> None:
    other = serve(numbered())
    server = serve(lambda request: [http(b"", 307, Location=f"{other.url}/oauth/token")])
    with pytest.raises(ArkitError, match="307"):
        tokens_at(server.url).token()
    assert (len(server.seen), len(other.seen)) == (1, 0)


def as_it_is(text: str) -> bytes:
    return text.encode()


def in_base64(text: str) -> bytes:
    return base64.b64encode(text.encode())


def failing(request: Seen) -> Iterator[Piece]:
    raise HangUp
    yield b""


@pytest.mark.parametrize("handler", [numbered(), lambda request: [http(b"{}", 401)], failing])
def test_no_secret_is_in_a_repr_a_pickle_or_an_exception(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, handler: Callable[[Seen], Any]
) -> None:
    monkeypatch.setenv("ARKIT_WORKSPACE", str(tmp_path))
    profile = profile_of(serve(handler).url)
    client = Client(profile)
    traces = [repr(client), str(client), repr(profile), f"{vars(client)}", f"{vars(client.calls)}"]
    try:
        client.customers.fetch()
    except ArkitError as error:
        traces += [repr(error), *traceback.format_exception(error), *error._render_traceback_()]
        traces += [f"{vars(error)}", repr(pickle.dumps(error))]
    tokens = client.calls._tokens
    traces += [repr(tokens), f"{tokens}"]
    for holder in (profile, client, client.calls, tokens):
        with pytest.raises(TypeError):
            pickle.dumps(holder)
    client.close()
    pair = f"{profile.client_id}:{profile.client_secret}"
    everything = "\n".join(traces).encode()
    for secret in (profile.client_secret, profile.password, pair, "token-1"):
        assert as_it_is(secret) not in everything
        assert in_base64(secret) not in everything
