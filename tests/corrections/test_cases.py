"""Every sample file gives the problems that are written beside it, all in one pass.

A case is a file and ``<file>.expected.json``: the number of accepted rows and the problems by row and column;
a file that is no table has one problem. Where it matters it also holds ``source_rows`` and
``kept`` (columns, text by text) of the accepted rows, and the ``repairs`` that are proposed.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from arkit.client import start_sandbox
from arkit.corrections import checks, plans
from arkit.corrections.checks import Check
from arkit.corrections.states import State

ROOT = Path(__file__).parents[2]
ENDING = ".expected.json"
CASES = sorted(file for folder in ("data", "tests/files") for file in (ROOT / folder).glob(f"*{ENDING}"))
GOOD = [ROOT / "data" / f"corrections-good.{kind}" for kind in ("csv", "xlsx")]


@pytest.fixture(scope="session")
def known(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pd.DataFrame]:
    """The customers of the sandbox in its default size."""
    with start_sandbox(tmp_path_factory.mktemp("default") / "sandbox.db") as client:
        yield client.customers.fetch()


def found(file: Path, known: pd.DataFrame, expected: dict[str, Any]) -> dict[str, Any]:
    """What the check of the file gives, in the words of the case."""
    checked = checks.check(file, known=known)
    kept = {column: checked.accepted[column].tolist() for column in expected.get("kept", ())}
    details = {
        "source_rows": checked.accepted["source_row"].tolist(),
        "kept": kept,
        "repairs": checked.repairs["repair"].tolist(),
    }
    return {
        "accepted": len(checked.accepted),
        "problems": checked.problems[["source_row", "column", "rule", "severity"]].to_dict("records"),
        **{name: details[name] for name in details if name in expected},
    }


@pytest.mark.parametrize("case", CASES, ids=[case.name.removesuffix(ENDING) for case in CASES])
def test_a_sample_file_gives_the_problems_beside_it(case: Path, known: pd.DataFrame) -> None:
    expected = json.loads(case.read_text(encoding="utf-8"))
    file = case.with_name(case.name.removesuffix(ENDING))
    content = file.read_bytes()
    assert found(file, known, expected) == expected
    assert file.read_bytes() == content


@pytest.mark.parametrize("file", GOOD, ids=lambda file: file.name)
def test_every_row_of_a_good_sample_is_a_real_change(file: Path, known: Any) -> None:
    checked: Check = checks.check(file, known=known)
    rows = plans.draft(checked.accepted, known, where=file.name)
    assert {row.state for row in rows} == {State.PLANNED}


def test_the_good_samples_ask_for_the_same(known: pd.DataFrame) -> None:
    csv, workbook = (checks.check(file, known=known).accepted for file in GOOD)
    pd.testing.assert_frame_equal(csv, workbook)


def test_every_file_belongs_to_a_case() -> None:
    files = {file for file in (ROOT / "tests" / "files").iterdir() if not file.name.startswith(".")}
    cases = {file for file in files if file.name.endswith(ENDING)}
    assert files - cases == {case.with_name(case.name.removesuffix(ENDING)) for case in cases}
