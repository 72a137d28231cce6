"""Every sample file gives the problems that are written beside it, all in one pass.

A case is a file and ``<file>.expected.json``; ``tests/files/README.md`` says what stands in it.
"""

import ast
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
FILES = ROOT / "tests" / "files"
ENDING = ".expected.json"
CASES = sorted(file for folder in ("data", "tests/files") for file in (ROOT / folder).glob(f"*{ENDING}"))
GOOD = [ROOT / "data" / f"corrections-good.{kind}" for kind in ("csv", "xlsx")]
FAULTS = [
    *(f"E{number:02}" for number in range(1, 17) if number != 3),
    *(f"F{number:02}" for number in range(1, 17) if number not in (2, 9)),
    *(f"G{number:02}" for number in range(1, 15) if number != 3),
]
"""The classes of faults that a file or a value in it may have."""


@pytest.fixture(scope="session")
def known(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pd.DataFrame]:
    """The customers of the sandbox in its default size."""
    with start_sandbox(tmp_path_factory.mktemp("default") / "sandbox.db") as client:
        yield client.customers.fetch()


def found(file: Path, known: pd.DataFrame, expected: dict[str, Any]) -> dict[str, Any]:
    """What the check of the file gives, in the words of the case."""
    asked = {name: expected[name] for name in ("kind",) if name in expected}
    checked = checks.check(file, known=known, **asked, **expected.get("options", {}))
    accepted = checked.accepted.astype(object).where(checked.accepted.notna(), None)
    details = {
        "source_rows": accepted["source_row"].tolist(),
        "kept": {column: accepted[column].tolist() for column in expected.get("kept", ())},
        "repairs": checked.repairs["repair"].tolist(),
        "blanks": dict(checked.blanks),
        "blank_rows": checked.blank_rows,
    }
    asked_of = {name: expected[name] for name in ("fault", "kind", "options") if name in expected}
    return {
        **asked_of,
        "accepted": checked.accepted_rows,
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
    files = {file for file in FILES.iterdir() if not file.name.startswith(".")}
    cases = {file for file in files if file.name.endswith(ENDING)}
    assert files - cases - {FILES / "README.md"} == {
        case.with_name(case.name.removesuffix(ENDING)) for case in cases
    }


def test_every_class_of_faults_has_a_case_or_a_test() -> None:
    """A class that no file can show is named in the README of the cases, with the test that shows it."""
    shown = {
        fault
        for case in FILES.glob(f"*{ENDING}")
        for fault in json.loads(case.read_text(encoding="utf-8")).get("fault", ())
    }
    named = dict(_named_tests())
    assert sorted(shown | named.keys()) == FAULTS
    for test in named.values():
        file, _, name = test.partition("::")
        functions = [node for node in ast.walk(ast.parse((ROOT / file).read_text())) if hasattr(node, "name")]
        assert name in {function.name for function in functions}, test


def _named_tests() -> Iterator[tuple[str, str]]:
    for line in (FILES / "README.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("| ") and "::" in line:
            _, fault, _, test, _ = (cell.strip().strip("`") for cell in line.split("|"))
            yield fault, test
