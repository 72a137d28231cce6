"""A sandbox for the tests that only read, a fresh one for those that write, and a plain HTTP client."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from arkit.sandbox import Sandbox


def wait_until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so, five seconds at most."""
    ends_at = time.monotonic() + 5
    while not is_so():
        assert time.monotonic() < ends_at
        time.sleep(0.02)


class Api:
    """requests with the token of one sandbox; it knows nothing of arkit's own client."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.session = requests.Session()
        self.session.trust_env = False
        self.log_in()

    def token(self, **changes: str) -> requests.Response:
        login = self.sandbox.credentials
        form = {
            "username": login.username,
            "password": login.password,
            "grant_type": "password",
            "clientId": login.company_id,
        }
        url = f"{self.sandbox.url}/oauth/token"
        auth = (login.client_id, login.client_secret)
        return self.session.post(url, data={**form, **changes}, auth=auth, timeout=10)

    def log_in(self) -> None:
        self.session.headers["Authorization"] = f"Bearer {self.token().json()['access_token']}"

    def send(self, method: str, path: str, **members: Any) -> requests.Response:
        return self.session.request(
            method, self.sandbox.url + path, timeout=10, allow_redirects=False, **members
        )

    def customers(self, filters: dict[str, Any] | None = None, **parameters: Any) -> dict[str, Any]:
        answer = self.send("POST", "/api/v0/customer/search", json=filters or {}, params=parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()["payload"]

    def customer(self, customer_id: str) -> dict[str, Any]:
        return self.customers({"customerId": customer_id})["customers"][0]

    def invoices(self, filters: dict[str, Any] | None = None, **parameters: Any) -> dict[str, Any]:
        parameters = {"limit": 5000, **parameters}
        answer = self.send("POST", "/api/v0/invoice/search", json=filters or {}, params=parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()["payload"]

    def change(self, customer_id: str, fields: Any) -> requests.Response:
        return self.send("PATCH", f"/api/v0/customer/{customer_id}", json=fields)

    def upload(self, content: bytes | str, name: str = "corrections.csv") -> requests.Response:
        return self.send("POST", "/api/v0/customer/bulk/update", files={"file": (name, content)})


@pytest.fixture(scope="package")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A company that no test changes."""
    with Sandbox(db=tmp_path_factory.mktemp("still") / "still.db", customers=200, invoices=1200) as sandbox:
        api = Api(sandbox)
        yield api
        api.session.close()


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    """A small company of the test's own."""
    with Sandbox(db=tmp_path / "sandbox.db", customers=8, invoices=20) as sandbox:
        api = Api(sandbox)
        yield api
        api.session.close()


@pytest.fixture
def ids(api: Api) -> list[str]:
    """The customer ids of that small company."""
    return [customer["customerId"] for customer in api.customers()["customers"]]
