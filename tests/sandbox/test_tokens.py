"""Logging in and out."""

import time
from pathlib import Path

import pytest
import requests

from arkit.sandbox import Sandbox

from .conftest import Api


def test_the_right_secrets_get_a_token_outside_the_envelope(still: Api) -> None:
    answer = still.token()
    body = answer.json()
    assert answer.status_code == 200
    assert set(body) == {"access_token", "token_type", "refresh_token", "expires_in", "scope"}
    assert (body["token_type"], body["expires_in"], body["scope"]) == ("bearer", 86399, "read write trust")


@pytest.mark.parametrize("field", ["username", "password", "clientId"])
def test_a_wrong_user_is_unauthorized(still: Api, field: str) -> None:
    answer = still.token(**{field: "wröng"})
    assert answer.status_code == 401
    assert answer.json()["errorResponse"]["errorType"] == "UNAUTHORIZED"


@pytest.mark.parametrize("auth", [None, ("x", "y"), ("é", "ü")])
def test_a_wrong_client_is_unauthorized_before_the_form_is_read(
    still: Api, auth: tuple[str, str] | None
) -> None:
    headers = {} if auth else {"Authorization": None}
    answer = still.send("POST", "/oauth/token", auth=auth, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic")


def test_a_broken_form_is_a_client_request_error(still: Api) -> None:
    login = still.sandbox.credentials
    auth = (login.client_id, login.client_secret)
    answers = [
        still.token(grant_type="refresh_token"),
        still.send("POST", "/oauth/token", auth=auth, data={"username": login.username}),
        still.send("POST", "/oauth/token", auth=auth, json={"username": login.username}),
        still.send("POST", "/oauth/token", auth=auth, data="a=1&a=2"),
    ]
    assert [answer.status_code for answer in answers] == [400] * 4
    assert {answer.json()["errorResponse"]["errorType"] for answer in answers} == {"CLIENT_REQUEST_ERROR"}


def test_a_token_ends_with_its_lifetime(tmp_path: Path) -> None:
    with Sandbox(db=tmp_path / "short.db", customers=1, invoices=0, token_lifetime_s=1) as sandbox:
        api = Api(sandbox)
        assert api.token().json()["expires_in"] == 1
        assert api.customers()["totalCount"] == 1
        time.sleep(1.1)
        assert api.send("POST", "/api/v0/customer/search", json={}).status_code == 401
        api.log_in()
        assert api.customers()["totalCount"] == 1
        api.session.close()


def test_the_secrets_are_in_no_repr(still: Api) -> None:
    login = still.sandbox.credentials
    assert login.client_secret not in repr(login)
    assert login.password not in repr(login)


def test_the_token_itself_is_not_in_the_database(still: Api) -> None:
    token = still.token().json()["access_token"]
    assert token.encode() not in still.sandbox.db.read_bytes()


def test_the_scheme_of_the_header_is_read_in_any_case(still: Api) -> None:
    token = still.token().json()["access_token"]
    url = f"{still.sandbox.url}/api/v0/customer/search"
    answer = requests.post(url, json={}, headers={"Authorization": f"bearer {token}"}, timeout=10)
    assert answer.status_code == 200


def test_the_secrets_are_in_no_file_and_the_same_at_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.db"
    with Sandbox(db=path, customers=1, invoices=0) as sandbox:
        Api(sandbox).session.close()
        first = sandbox.credentials
    content = path.read_bytes()
    assert first.client_secret.encode() not in content
    assert first.password.encode() not in content
    with Sandbox(db=path) as again:
        assert again.credentials == first
    with Sandbox(db=tmp_path / "other.db", customers=1, invoices=0) as other:
        assert other.credentials.password != first.password


def message(answer: requests.Response) -> str:
    return str(answer.json()["errorResponse"]["errorMessage"])


def test_three_wrong_passwords_lock_the_user_out_for_a_while(tmp_path: Path) -> None:
    with Sandbox(db=tmp_path / "x.db", customers=1, invoices=0, lockout_s=1.5) as sandbox:
        api = Api(sandbox)
        wrong = [api.token(password="wrong") for _ in range(3)]
        locked = [api.token(), api.token(password="wrong"), api.token()]
        assert {answer.status_code for answer in [*wrong, *locked]} == {401}
        assert ["locked" in message(answer) for answer in [*wrong, *locked]] == [False] * 3 + [True] * 3
        assert api.customers()["totalCount"] == 1
        time.sleep(1.6)
        assert api.token().status_code == 200
        api.session.close()


def test_a_lock_outlives_the_server(tmp_path: Path) -> None:
    with Sandbox(db=tmp_path / "x.db", customers=1, invoices=0) as sandbox:
        api = Api(sandbox)
        for _ in range(3):
            api.token(password="wrong")
    with Sandbox(db=tmp_path / "x.db") as again:
        api.sandbox = again
        assert "locked" in message(api.token())
        api.session.close()


def test_only_wrong_passwords_of_the_user_in_a_row_count(api: Api) -> None:
    for _ in range(2):
        for _ in range(2):
            assert api.token(password="wrong").status_code == 401
        for field in ("username", "clientId"):
            assert api.token(**{field: "wrong"}).status_code == 401
            assert api.token(username="somebody else", password="wrong").status_code == 401
        assert api.token().status_code == 200
    assert api.token().status_code == 200
