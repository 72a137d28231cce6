"""A million invoices from a sandbox into a frame, beside the same pages as bytes, checked row for row.

``python -m tests.bench.fetching`` is the child that fetches: its memory is its own.
"""

import contextlib
import json
import os
import resource
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import requests

import arkit
from arkit import columns
from arkit.money import to_paise

CUSTOMERS = 50_000
INVOICES = 1_000_000
PAGE = 5_000
MONEY = ("baseAmount", "cgst", "sgst", "igst", "tds", "netAmount", "totalReceived", "balanceAmount")
TEXTS = ("invoiceId", "invoiceNumber", "customerId", "description", "poNumber", "externalId")
STATUSES = ("receivableStatus", "approvalStatus", "payoutStatus")
FLAGS = ("dispatched", "partialPaymentAllowed")
INSTANTS = ("createdOn", "modifiedOn", "dispatchedOn")


def measure(folder: Path) -> dict[str, Any]:
    """Seconds of seeding, of the bytes alone and of the fetch; bytes of the frame and of the memory used."""
    db = folder / "large.db"
    started_at = time.perf_counter()
    with _served(db) as facts:
        seeded_s = time.perf_counter() - started_at
        environment = {f"ARKIT_{_variable(name)}": value for name, value in facts.items() if name != "schema"}
        child = subprocess.run(
            [sys.executable, "-m", "tests.bench.fetching", str(db)],
            env={**os.environ, **environment, "ARKIT_WORKSPACE": str(folder)},
            check=True,
            capture_output=True,
            text=True,
        )
    measured: dict[str, Any] = json.loads(child.stdout)
    return {"seeded_s": seeded_s, **measured}


def _variable(name: str) -> str:
    return "BASE_URL" if name == "url" else name.upper()


@contextlib.contextmanager
def _served(db: Path) -> Iterator[dict[str, str]]:
    size = ["--customers", str(CUSTOMERS), "--invoices", str(INVOICES)]
    arkit_command = str(Path(sys.executable).with_name("arkit"))
    command = [arkit_command, "sandbox", "--db", str(db), *size, "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield json.loads(server.stdout.readline())
        finally:
            server.terminate()


def _child(db: Path) -> dict[str, Any]:
    raw_s, raw_cpu_s = _timed(_bytes_alone)
    before = _peak_bytes()
    with arkit.connect() as client:
        frames: list[pd.DataFrame] = []
        fetch_s, fetch_cpu_s = _timed(lambda: frames.append(client.invoices.fetch()))
    peak = _peak_bytes() - before
    _assert_equal(frames[0], db)
    return {
        "raw_s": raw_s,
        "fetch_s": fetch_s,
        "own_cpu_s": fetch_cpu_s - raw_cpu_s,
        "frame_bytes": int(frames[0].memory_usage(deep=True).sum()),
        "memory_bytes": peak,
        "rows": len(frames[0]),
    }


def _timed(work: Any) -> tuple[float, float]:
    started_at, cpu_at = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - started_at, time.process_time() - cpu_at


def _peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _bytes_alone() -> None:
    facts = {name: os.environ[f"ARKIT_{name}"] for name in ("BASE_URL", "CLIENT_ID", "CLIENT_SECRET")}
    form = {
        "username": os.environ["ARKIT_USERNAME"],
        "password": os.environ["ARKIT_PASSWORD"],
        "grant_type": "password",
        "clientId": os.environ["ARKIT_COMPANY_ID"],
    }
    pair = (facts["CLIENT_ID"], facts["CLIENT_SECRET"])
    with requests.Session() as session:
        session.trust_env = False
        login = session.post(f"{facts['BASE_URL']}/oauth/token", data=form, auth=pair, timeout=60)
        session.headers["Authorization"] = f"Bearer {login.json()['access_token']}"
        for offset in range(0, INVOICES, PAGE):
            query = {"limit": str(PAGE), "offset": str(offset), "orderBy": "invoiceId", "direction": "ASC"}
            address = f"{facts['BASE_URL']}/api/v0/invoice/search"
            assert session.post(address, params=query, json={}, timeout=60).content


def _assert_equal(frame: pd.DataFrame, db: Path) -> None:
    """Each row of the frame is the row of the database, in every column that the database holds as such."""
    names = (*TEXTS, *MONEY, *STATUSES, *FLAGS, *INSTANTS, "dueDate")
    with contextlib.closing(sqlite3.connect(db)) as connection:
        rows = connection.execute(
            f"SELECT {', '.join(names)} FROM invoice WHERE deleted = 0 ORDER BY invoiceId"
        ).fetchall()
    assert len(frame) == len(rows)
    for name, values in zip(names, zip(*rows, strict=True), strict=True):
        column = frame[columns.snake(name)]
        if name in MONEY:
            assert (to_paise(column) == list(values)).all(), name
        elif name in INSTANTS:
            stored = pd.Series(pa.array(values).cast(pa.timestamp("us", "UTC")).to_pandas())
            assert ((column == stored) | (column.isna() & stored.isna())).all(), name
        elif name == "dueDate":
            assert column.astype("str").tolist() == list(values), name
        else:
            assert column.tolist() == (list(map(bool, values)) if name in FLAGS else list(values)), name


if __name__ == "__main__":
    json.dump(_child(Path(sys.argv[1])), sys.stdout)
