"""Run as a program: applies plans in processes that are killed, then resumes them; prints what it saw.

Every case gets a workspace of its own. The moments are numbered by what a process does that outlasts it:
each beginning and end of a transaction, and of an upload, before and after.
"""

import json
import os
import signal
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path
from types import FrameType
from typing import Any

from arkit import settings
from arkit.corrections import checks, plans, uploads
from arkit.corrections.journal import Journal
from arkit.resources import Customers
from arkit.wire.calls import Calls

SENDERS = {("transport.py", "write"), ("calls.py", "write")}


class Moments:
    """Counts the moments of this process and kills it at one of them."""

    def __init__(self, fatal: int) -> None:
        self.fatal = fatal
        self.count = 0

    def __call__(self, frame: FrameType, event: str, argument: Any) -> None:
        if frame.f_code.co_name not in ("_transaction", "write"):
            return
        place = (Path(frame.f_code.co_filename).name, frame.f_code.co_name)
        is_commit = (
            place == ("journal.py", "_transaction")
            and event in ("c_call", "c_return")
            and argument.__name__ == "execute"
        )
        if is_commit or (place in SENDERS and event in ("call", "return")):
            self.count += 1
            if self.count == self.fatal:
                os.kill(os.getpid(), signal.SIGKILL)


class Worker:
    def __init__(self, profile: dict[str, str], database: str, folder: Path) -> None:
        self.profile = settings.sandbox_profile(profile)
        self.database = database
        self.folder = folder
        folder.mkdir()

    def customers(self) -> tuple[Customers, Calls]:
        calls = Calls(self.profile)
        return Customers(calls, self.folder), calls

    def plan(self, rows: dict[str, dict[str, str]]) -> str:
        path = self.folder / "corrections.csv"
        fields = list(dict.fromkeys(name for row in rows.values() for name in row))
        lines = [",".join([key, *(row.get(name, "") for name in fields)]) for key, row in rows.items()]
        path.write_text("\n".join([",".join(["customerId", *fields]), *lines]))
        customers, calls = self.customers()
        plan_id = plans.plan(checks.check(path), customers, calls, self.folder).id
        calls.close()
        return plan_id

    def arrived(self) -> int:
        """How many uploads the server has begun to answer."""
        with closing(sqlite3.connect(self.database, timeout=10)) as database:
            (count,) = database.execute(
                "SELECT COUNT(*) FROM request WHERE operation = 'bulkUpdate'"
            ).fetchone()
        return int(count)

    def apply(self, plan_id: str, *, fatal: int = 0, dies_waiting: bool = False) -> int:
        """Apply in a child; the number of moments it had, or 0 if it was killed."""
        before = self.arrived()
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            customers, calls = self.customers()
            moments = Moments(fatal)
            sys.setprofile(moments)
            uploads.apply(plan_id, customers=customers, calls=calls, workspace=self.folder)
            sys.setprofile(None)
            os.write(writing, str(moments.count).encode())
            os._exit(0)
        os.close(writing)
        if dies_waiting:
            while self.arrived() == before:
                time.sleep(0.01)
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        with os.fdopen(reading) as pipe:
            return int(pipe.read() or 0)

    def states(self, plan_id: str) -> dict[str, str]:
        with Journal(self.folder) as journal:
            return {row.key: str(row.state) for row in journal.rows(plan_id)}

    def resume(self, plan_id: str) -> dict[str, str]:
        """The states after the plan was gone on with, as a person would who finds it unfinished."""
        customers, calls = self.customers()
        uploads.resume(customers=customers, calls=calls, workspace=self.folder)
        calls.close()
        return self.states(plan_id)


def main() -> None:
    order = json.loads(sys.stdin.read())
    for number, case in enumerate(order["cases"]):
        worker = Worker(order["profile"], order["database"], Path(order["folder"]) / str(number))
        plan_id = worker.plan(case["rows"])
        moments = worker.apply(
            plan_id, fatal=case.get("fatal", 0), dies_waiting=case.get("dies_waiting", False)
        )
        found = {"moments": moments, "killed": worker.states(plan_id), "resumed": worker.resume(plan_id)}
        print(json.dumps(found), flush=True)  # noqa: T201 - this is how it answers


if __name__ == "__main__":
    main()
