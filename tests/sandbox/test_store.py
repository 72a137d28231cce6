"""One file: kept over restarts, shared by processes, private to its owner."""

import json
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from threading import Thread

import pytest

from arkit.sandbox import Sandbox

from .conftest import Api

OTHER_PROCESS = """
import json, sys
from arkit.sandbox import Sandbox
with Sandbox(db=sys.argv[1]) as sandbox:
    print(json.dumps(sandbox.url), flush=True)
    sys.stdin.readline()
"""


def test_the_company_and_its_tokens_outlive_the_server(tmp_path: Path) -> None:
    db = tmp_path / "made" / "on" / "demand" / "x.db"
    with Sandbox(db=db, customers=5, invoices=9, seed=3) as sandbox:
        api = Api(sandbox)
        login, before = sandbox.credentials, api.invoices()
        customer_id = api.customers()["customers"][0]["customerId"]
        api.change(customer_id, {"pinCode": "560001"})
    with Sandbox(db=db, customers=5, invoices=9, seed=3) as again:
        assert again.credentials == login
        api.sandbox = again
        assert api.invoices() == before
        assert api.customer(customer_id)["pinCode"] == "560001"
        assert [row["after"] for row in again.applied_rows()] == ["560001"]
        assert "updateCustomer" in [row["operation"] for row in again.history()]
        api.session.close()


@pytest.mark.parametrize("figure", ["customers", "invoices", "seed"])
def test_other_figures_than_those_of_the_file_are_refused(tmp_path: Path, figure: str) -> None:
    Sandbox(db=tmp_path / "x.db", customers=5, invoices=9, seed=3)
    with pytest.raises(ValueError, match=f"{figure}=[0-9]+, not 77"):
        Sandbox(db=tmp_path / "x.db", **{figure: 77})


def test_only_the_owner_may_read_the_file(tmp_path: Path) -> None:
    Sandbox(db=tmp_path / "x.db", customers=1, invoices=0)
    assert stat.S_IMODE((tmp_path / "x.db").stat().st_mode) == 0o600


def test_a_sandbox_without_a_file_leaves_nothing_behind() -> None:
    with Sandbox(customers=1, invoices=0) as sandbox:
        folder = sandbox.db.parent
        assert sandbox.db.exists()
    assert not folder.exists()


def test_two_processes_on_one_file_see_the_same_company(tmp_path: Path) -> None:
    db = tmp_path / "shared.db"
    with Sandbox(db=db, customers=8, invoices=4) as here:
        api = Api(here)
        ids = [customer["customerId"] for customer in api.customers()["customers"]]
        command = [sys.executable, "-c", OTHER_PROCESS, str(db)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            there = json.loads(process.stdout.readline())
            headers = dict(api.session.headers)

            def write(url: str, first: int) -> None:
                for number in range(25):
                    path = f"/api/v0/customer/{ids[number % 8]}"
                    body = {"pinCode": str(first + number)}
                    answer = api.session.patch(url + path, json=body, headers=headers, timeout=20)
                    assert answer.status_code == 200

            threads = [Thread(target=write, args=(url, 500_001 + place * 100)) for place, url in
                       enumerate([here.url, there, here.url, there])]  # fmt: skip
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            one = api.customers(limit=5000)
            other = api.session.post(f"{there}/api/v0/customer/search?limit=5000", json={}, timeout=10)
            assert other.json()["payload"] == one
            process.communicate("\n", timeout=10)
        api.session.close()
        rows = here.applied_rows()
        assert len(rows) == 100
        assert len({row["request_id"] for row in rows}) == 100
        # Each change started from what the one before it on that customer had left.
        for customer_id in ids:
            chain = [row for row in rows if row["customer_id"] == customer_id]
            assert all(a["after"] == b["before"] for a, b in pairwise(chain))


def test_two_processes_may_seed_one_file_at_once(tmp_path: Path) -> None:
    code = (
        "import sys; from arkit.sandbox import Sandbox\n"
        "print(Sandbox(db=sys.argv[1]).credentials.client_secret)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "new.db")]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    secrets = {process.communicate(timeout=30)[0] for process in processes}
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert len(secrets) == 1


@pytest.mark.parametrize("change", ["UPDATE fact SET value = '1'", "DELETE FROM fact"])
def test_a_file_of_another_version_is_refused(tmp_path: Path, change: str) -> None:
    path = tmp_path / "x.db"
    Sandbox(db=path, customers=1, invoices=0)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"{change} WHERE name = 'version'")
    with pytest.raises(ValueError, match=r"x\.db was made by another version .* remove it"):
        Sandbox(db=path)


@pytest.mark.parametrize("content", [b"no database", b"SQLite format 3\0" + bytes(4_000)])
def test_a_damaged_file_is_refused_and_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "sandbox.db"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="damaged"):
        Sandbox(db=path)
    assert path.read_bytes() == content
