"""An unchecked frame is another type than a checked one: mypy refuses to upload it, before anything runs."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
# A line that must be refused says so; every other line must pass.
REFUSED = "# refused"
SNIPPET = f"""\
import pandas as pd

import arkit
from arkit.corrections import checks, plans

client = arkit.connect()
customers = client.customers.fetch()
checked = checks.check("x.csv", known=customers)
plan = client.customers.plan(checked)
plans.draft(checks.require_ok(checked), customers, where="x.csv")
plans.draft(checked.accepted, customers, where="x.csv")

unchecked = pd.read_csv("x.csv")
client.customers.plan(pd.read_csv("x.csv"))  {REFUSED}
client.customers.plan(checked.accepted)  {REFUSED}
plans.draft(unchecked, customers, where="x.csv")  {REFUSED}
plans.draft(checked.problems, customers, where="x.csv")  {REFUSED}
plans.draft(customers, customers, where="x.csv")  {REFUSED}
plans.draft(checked.accepted, unchecked, where="x.csv")  {REFUSED}
"""


def refusals(snippet: str, folder: Path) -> dict[int, str]:
    """Line to code of every error that mypy finds in the snippet and in all of arkit that it uses."""
    file = folder / "snippet.py"
    file.write_text(snippet)
    options = ["--strict", "--show-error-codes", "--no-error-summary", "--no-pretty", "--hide-error-context"]
    command = [sys.executable, "-m", "mypy", *options, "--config-file", "pyproject.toml", str(file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    errors = [line for line in done.stdout.splitlines() if " error: " in line]
    found = [re.fullmatch(r"(.*):(\d+): error: .*\[([\w-]+)\]", line) for line in errors]
    assert all(match and Path(match[1]).name == file.name for match in found), done.stdout
    return {int(match[2]): match[3] for match in found if match}


def test_mypy_refuses_every_unchecked_frame_and_nothing_else(tmp_path: Path) -> None:
    wanted = {n: "arg-type" for n, line in enumerate(SNIPPET.splitlines(), 1) if line.endswith(REFUSED)}
    assert wanted
    assert refusals(SNIPPET, tmp_path) == wanted
