"""The main job from end to end on a sandbox of its own: a first look, and a check of the installation."""

import os
import re
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd

from arkit import client as clients
from arkit import outputs, settings
from arkit.charts import ageing as ageing_chart
from arkit.corrections import files
from arkit.corrections.checks import Check, check
from arkit.corrections.outcomes import Outcome
from arkit.corrections.plans import Plan
from arkit.errors import DiskError, InputRefused
from arkit.money import RUPEES, inr
from arkit.receivables.ageing import ageing
from arkit.reports import html
from arkit.sandbox import SEEDED_ON

CORRECTED = 24
LISTED = 12
LEFT_BEHIND = re.compile(r"(journal|sandbox)\.(db|lock)(-\w+)?|errors\.log")


@dataclass(frozen=True)
class Step:
    """A line, or a few, of what was done; `facts` holds the figures of all steps so far."""

    text: str
    facts: dict[str, Any] = field(default_factory=dict)


def run(out: Path) -> Iterator[Step]:
    """Do the job and tell of each step as it ends.

    Everything is written below `out`; what an earlier run left there is replaced.

    Raises:
        InputRefused: the folder holds other things.
        DiskError: the folder cannot be used.
        ArkitError: a step did not end as it must.
    """
    os.environ["ARKIT_WORKSPACE"] = str(_fresh(out / "workspace"))
    started_at = last = time.monotonic()
    facts: dict[str, Any] = {"out": str(out)}

    def step(number: int, text: str, details: str = "", **news: Any) -> Step:
        nonlocal last
        took_s, last = time.monotonic() - last, time.monotonic()
        facts.update(news)
        return Step(f"{number}  {text}  ({took_s:.1f} s){details}", dict(facts))

    with clients.start_sandbox(settings.workspace() / "sandbox.db") as client:
        yield step(1, f"sandbox started at {client.profile.origin}")
        customers, invoices = client.customers.fetch(), client.invoices.fetch()
        balance = _open(invoices)
        fetched = f"{len(customers)} customers and {len(invoices)} invoices fetched, {balance} open"
        yield step(2, fetched, customers=len(customers), invoices=len(invoices))

        bad_files = [_bad_csv(out, customers), _bad_workbook(out, customers)]
        bad = [check(path, known=customers) for path in bad_files]
        problems = pd.concat([found.problems.assign(file=found.path.name) for found in bad])
        text = f"{len(problems)} problems found in {' and '.join(path.name for path in bad_files)}"
        yield step(3, f"{text}; nothing of them was sent", _listed(problems), problems=len(problems))

        checked = check(_good_csv(out, customers), known=customers)
        plan = client.customers.plan(checked)
        planned = (
            f"{checked.rows} rows good: {len(plan.changes)} changes of {len(plan.rows)} customers planned"
        )
        yield step(4, planned, changes=len(plan.changes), plan_id=plan.id)

        outcome = plan.apply(confirm=plan.id[-6:])
        verified, failed = (outcome.counts.get(state, 0) for state in ("verified", "failed"))
        sent = f"corrections sent and read back: {verified} verified, {failed} failed"
        yield step(5, sent, verified=verified, failed=failed, counts=outcome.counts)

        report = out / "report.html"
        _write_report(report, invoices, bad, problems, plan, outcome)
        yield step(6, f"report written: {report}", report=str(report))
    took_s = time.monotonic() - started_at
    workspace = settings.workspace()
    yield Step(
        f"\nDone in {took_s:.0f} s. The files lie in {out}/:\n"
        f"  report.html                       open it in a browser\n"
        f"  {', '.join(path.name for path in bad_files)}    the files with mistakes\n"
        f"  {checked.path.name}                   the file that was applied\n"
        f"Go on: ARKIT_WORKSPACE={workspace} {sys.argv[0]} status, or make lab for the notebooks.",
        {**facts, "seconds": round(took_s, 1)},
    )


def _open(invoices: pd.DataFrame) -> str:
    total: Any = invoices["balance_amount"].sum()
    return inr(total)


def _fresh(workspace: Path) -> Path:
    """An empty folder; only what an earlier demo left there is removed."""
    try:
        if workspace.exists():
            names = {path.name for path in workspace.iterdir()}
            if names and ("sandbox.db" not in names or not all(map(LEFT_BEHIND.fullmatch, names))):
                raise InputRefused(
                    "the folder workspace in it holds other things than a demo leaves.",
                    code="not_empty",
                    where=str(workspace.parent),
                    next_step="Choose another one with --out.",
                )
            shutil.rmtree(workspace)
        workspace.mkdir(mode=0o700, parents=True)
    except OSError as error:
        raise DiskError(
            f"the folder cannot be used ({error.strerror}).",
            code="unwritable",
            where=str(workspace.parent),
            next_step="Choose another one with --out.",
        ) from error
    return workspace


def _good_csv(out: Path, customers: pd.DataFrame) -> Path:
    """New agents and telephone numbers for some customers, as a person would type them."""
    path = out / "corrections.csv"
    ids = customers["customer_id"].head(CORRECTED).tolist()
    rows = [
        [customer_id, "Meera Iyer", f"98765{number:05d}", "<clear>" if number % 8 == 7 else ""]
        for number, customer_id in enumerate(ids)
    ]
    files.write_csv(path, [["customerId", "assignedAgent", "contactNumber", "branchCodes"], *rows])
    return path


def _bad_csv(out: Path, customers: pd.DataFrame) -> Path:
    """One mistake a row, of the kinds that people make."""
    path = out / "mistakes.csv"
    ids = customers["customer_id"].tolist()
    gstins = customers.loc[customers["pan_or_gstin"].str.len() == 15, "pan_or_gstin"].tolist()
    unknown = ids[0][:-1] + ("A" if ids[0][-1] != "A" else "B")
    mistyped = gstins[0][:-1] + ("1" if gstins[0][-1] != "1" else "2")
    files.write_csv(
        path,
        [
            ["customerId", "panOrGstin", "contactNumber", "pinCode", "ifsc"],
            [ids[1], gstins[1], "9876500001", "560001", "HDFC0000001"],
            [unknown, "", "9876500002", "560001", ""],
            [ids[2], mistyped, "", "", ""],
            [ids[3], "", "98765", "", ""],
            [ids[4], "", "", "560001", ""],
            [ids[4], "", "", "560002", ""],
            [ids[5], "", "", "560001", "", "one field too many"],
            [ids[6], "", "", "", "HDFCO000001"],
        ],
    )
    return path


def _bad_workbook(out: Path, customers: pd.DataFrame) -> Path:
    """An account number that Excel took for a number, so that its zeros are gone."""
    path = out / "mistakes.xlsx"
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in (
        ["customerId", "accountNumber"],
        [customers["customer_id"].iloc[7], 12345678901],
        [customers["customer_id"].iloc[8], "000012345678"],
    ):
        sheet.append(row)
    with outputs.whole(path) as part:
        book.save(part)
    return path


def _listed(problems: pd.DataFrame) -> str:
    lines = [
        f"\n     {problem.file} row {problem.source_row}: {problem.message}"
        for problem in problems.head(LISTED).itertuples()
    ]
    more = len(problems) - len(lines)
    return "".join(lines) + (f"\n     … {more} more in the report" if more else "")


def _with_total(table: pd.DataFrame) -> pd.DataFrame:
    """The ageing table as an accountant wants it: with its sum below."""
    total = ("Total", table["invoices"].sum(), table["balance_amount"].sum())
    rows = [*table.itertuples(index=False, name=None), total]
    return pd.DataFrame(rows, columns=["Age", "Invoices", "Balance"]).astype({"Balance": RUPEES})


def _write_report(
    path: Path,
    invoices: Any,
    bad: list[Check],
    problems: pd.DataFrame,
    plan: Plan,
    outcome: Outcome,
) -> None:
    as_of = SEEDED_ON
    table = ageing(invoices, as_of=as_of)
    done = outcome.rows.set_index("source_row")
    changes = plan.changes
    html.write(
        path,
        title="arkit demo",
        subtitle=f"Sandbox company, as of {as_of:%d %b %Y}; all data are synthetic.",
        facts={
            "Open balance": _open(invoices),
            "Invoices": f"{len(invoices)}",
            "Problems refused": f"{len(problems)}",
            "Corrections verified": f"{outcome.counts.get('verified', 0)}",
            "Corrections failed": f"{outcome.counts.get('failed', 0)}",
        },
        sections=[
            html.Section(
                "Open balances by age",
                "Days overdue on the day of the report; credit balances count negative.",
                table=_with_total(table),
                figure=ageing_chart(invoices, as_of=as_of),
            ),
            html.Section(
                "Mistakes found before anything was sent",
                f"{' and '.join(found.path.name for found in bad)} were refused as they are;"
                " each problem is named by its row and column.",
                table=problems[["file", "source_row", "column", "value", "message", "repair"]].rename(
                    columns={
                        "file": "File",
                        "source_row": "Row",
                        "column": "Column",
                        "value": "Found",
                        "message": "Problem",
                        "repair": "Proposed",
                    }
                ),
            ),
            html.Section(
                "Corrections sent and proved",
                f"Plan …{plan.id[-6:]} of {plan.file_name}. Verified means: read from the server after the"
                " upload, equal to the value asked for.",
                table=pd.DataFrame(
                    {
                        "Row": changes["source_row"],
                        "Customer": changes["key"],
                        "Field": changes["field"],
                        "Before": changes["before"].fillna("(empty)"),
                        "After": changes["after"].fillna("(cleared)"),
                        "State": changes["source_row"].map(done["state"]),
                    }
                ),
            ),
        ],
    )
