"""A company of the test's own and plans for it, as the commands need them."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from command import Company, Ended, Run, write_bulk

from arkit.sandbox import Sandbox

KIND = ("--kind", "customer-update")


@pytest.fixture
def company(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Company]:
    """A company of the test's own, selected through the environment."""
    with Sandbox(tmp_path / "company.db", customers=40, invoices=60) as sandbox:
        company = Company(sandbox)
        for name, value in company.environment.items():
            monkeypatch.setenv(name, value)
        yield company


@pytest.fixture
def ids(company: Company, run: Run, tmp_path: Path) -> list[str]:
    """The customer ids of that company."""
    assert run("fetch", "customers", "--out", tmp_path / "known.csv").code == 0
    return pd.read_csv(tmp_path / "known.csv", dtype=str)["customer_id"].tolist()


@pytest.fixture
def planned(run: Run, ids: list[str], tmp_path: Path) -> Callable[..., str]:
    """Plans a new address for so many customers; gives the id of the plan."""

    def planned(rows: int = 3, **fields: str) -> str:
        fields = fields or {"address": "7 New Road"}
        path = write_bulk(tmp_path / "corrections.csv", dict.fromkeys(ids[:rows], fields))
        plan_id = run("plan", path, *KIND, "--json").document["plan_id"]
        assert isinstance(plan_id, str)
        return plan_id

    return planned


def apply(run: Run, plan_id: str, *options: str) -> Ended:
    return run("apply", plan_id, "--confirm", plan_id[-6:], *options)


def rows_of(run: Run, plan_id: str) -> list[dict[str, Any]]:
    """The rows of a plan as the status shows them."""
    (plan,) = [plan for plan in run("status", "--json").document["plans"] if plan["plan_id"] == plan_id]
    rows: list[dict[str, Any]] = plan["rows"]
    assert plan["counts"] == {state: [row["state"] for row in rows].count(state) for state in plan["counts"]}
    assert sum(plan["counts"].values()) == len(rows)
    return rows


def states_of(run: Run, plan_id: str) -> set[str]:
    return {row["state"] for row in rows_of(run, plan_id)}


class Odd:
    """A server on loopback that gives every search the same answer, and tokens to everybody.

    It gives `details` to whoever asks for something by its id, and it may have another time.
    """

    def __init__(
        self,
        answer: bytes,
        kind: str = "application/json",
        *,
        details: bytes = b"",
        date: str | None = None,
    ) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                is_token = self.path.startswith("/oauth/") and kind == "application/json"
                token = b'{"access_token": "t", "token_type": "bearer", "expires_in": 900}'
                self.give(token if is_token else answer)

            def do_GET(self) -> None:
                self.give(details)

            def give(self, body: bytes) -> None:
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def date_time_string(self, timestamp: float | None = None) -> str:
                return super().date_time_string(timestamp) if date is None else date

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


BAD = """customerId,panOrGstin,pinCode,ifsc
{0},27AAPFU0939F1ZO,,
{1},,01101,
{1},,110011,
{2},,,HDFCO000001,surplus
KC0000000000ZZZZ,,110011,
"""


@pytest.fixture
def bad(ids: list[str], tmp_path: Path) -> Path:
    path = tmp_path / "bad.csv"
    path.write_text(BAD.format(*ids))
    return path
