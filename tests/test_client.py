"""connect chooses the server; a client closes what it opened."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import arkit
from arkit.client import Client, start_sandbox
from arkit.errors import AuthenticationError, NetworkError, UsageError
from arkit.sandbox import Sandbox

SECRETS = ("ARKIT_CLIENT_SECRET", "ARKIT_PASSWORD")


@pytest.fixture(autouse=True)
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace of the test's own and an environment without settings."""
    for field in ("PROFILE", "BASE_URL", "CLIENT_ID", "CLIENT_SECRET", "USERNAME", "PASSWORD", "COMPANY_ID"):
        monkeypatch.delenv(f"ARKIT_{field}", raising=False)
    monkeypatch.setenv("ARKIT_WORKSPACE", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    return tmp_path


@pytest.fixture
def sandbox(workspace: Path) -> Iterator[Sandbox]:
    """A server of its own, which `connect` did not start."""
    with Sandbox(db=workspace / "other.db", customers=3, invoices=2) as sandbox:
        yield sandbox


@pytest.fixture
def in_environment(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """That server, named in the environment."""
    login = sandbox.credentials
    monkeypatch.setenv("ARKIT_BASE_URL", sandbox.url)
    monkeypatch.setenv("ARKIT_CLIENT_ID", login.client_id)
    monkeypatch.setenv("ARKIT_CLIENT_SECRET", login.client_secret)
    monkeypatch.setenv("ARKIT_USERNAME", login.username)
    monkeypatch.setenv("ARKIT_PASSWORD", login.password)
    monkeypatch.setenv("ARKIT_COMPANY_ID", login.company_id)
    return sandbox


def test_without_settings_a_sandbox_is_started_and_keeps_its_company(workspace: Path) -> None:
    start_sandbox(workspace / "sandbox.db", customers=3, invoices=2).close()
    with arkit.connect() as client:
        assert client.is_sandbox
        first = client.customers.fetch()
    with arkit.connect("sandbox") as client:
        assert client.customers.fetch().equals(first)
    assert len(first) == 3


def test_the_environment_alone_selects_the_server(in_environment: Sandbox, workspace: Path) -> None:
    with arkit.connect() as client:
        assert not client.is_sandbox
        assert len(client.customers.fetch()) == 3
    assert "searchCustomer" in {request["operation"] for request in in_environment.history()}
    assert not (workspace / "sandbox.db").exists()


def test_connecting_sends_nothing(in_environment: Sandbox) -> None:
    arkit.connect().close()
    assert in_environment.history() == []


@pytest.mark.parametrize("missing", SECRETS)
def test_an_incomplete_environment_starts_no_sandbox_instead(
    in_environment: Sandbox, workspace: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.delenv(missing)
    with pytest.raises(UsageError, match=missing):
        arkit.connect()
    assert not (workspace / "sandbox.db").exists()


def test_a_wrong_password_is_tried_once(in_environment: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARKIT_PASSWORD", "wrong")
    with arkit.connect() as client, pytest.raises(AuthenticationError) as caught:
        client.customers.fetch()
    assert caught.value.exit_code == 7
    assert [request["operation"] for request in in_environment.history()] == ["getAuthenticationToken"]


def test_an_unknown_profile_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="no profile 'staging'"):
        arkit.connect("staging")


def test_a_sandbox_of_another_size_is_a_usage_error(workspace: Path) -> None:
    start_sandbox(workspace / "sandbox.db", customers=3, invoices=0).close()
    with pytest.raises(UsageError, match="cannot be started"):
        start_sandbox(workspace / "sandbox.db", customers=4)


def test_a_closed_client_has_closed_its_sandbox(workspace: Path) -> None:
    client = start_sandbox(workspace / "sandbox.db", customers=1, invoices=0)
    client.close()
    client.close()
    with pytest.raises(NetworkError, match="cannot be reached"):
        client.calls._tokens.token()


def test_a_closed_client_leaves_a_server_alone_that_it_did_not_start(in_environment: Sandbox) -> None:
    arkit.connect().close()
    with arkit.connect() as client:
        assert len(client.customers.fetch()) == 3


def test_a_client_names_its_server_and_no_secret(in_environment: Sandbox) -> None:
    client = arkit.connect()
    login = in_environment.credentials
    assert repr(client) == f"<arkit client · environment · {in_environment.url}>"
    assert not any(secret in f"{vars(client)}" for secret in (login.client_secret, login.password))
    assert isinstance(client, Client)
    client.close()
