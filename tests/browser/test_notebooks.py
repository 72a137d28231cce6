"""The notebooks as a reader meets them: in JupyterLab, without network."""

import csv
from pathlib import Path

import pytest

from .conftest import PROJECT, RunNotebook

pytestmark = pytest.mark.browser

NOTEBOOKS = PROJECT / "notebooks"
DATA = PROJECT / "data"


def other_banks(folder: Path) -> Path:
    """Corrections that the notebook's own cells have not made: another bank for its customers."""
    with (DATA / "corrections-good.csv").open(encoding="utf-8", newline="") as file:
        keys = [row["customerId"] for row in csv.DictReader(file)]
    path = folder / "other-banks.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = [[key, f"HDFC0{number:06d}"] for number, key in enumerate(keys, 700_000)]
        csv.writer(file).writerows([["customerId", "ifsc"], *rows])
    return path


def test_the_first_notebook_runs_and_shows_its_plot(run_notebook: RunNotebook) -> None:
    done = run_notebook(
        NOTEBOOKS / "00_start.ipynb", "--wait-text", "Open balances by age, as of 30 Sep 2026"
    )
    assert (done.exit_status, done.problems) == (0, [])


def test_the_exploring_notebook_runs_and_shows_its_plots(run_notebook: RunNotebook) -> None:
    done = run_notebook(
        NOTEBOOKS / "01_explore.ipynb",
        *("--wait-text", "Invoices by month, as of 30 Sep 2026"),
        *("--wait-text", "Largest debtors, as of 30 Sep 2026"),
        *("--wait-text", "customers owe 80 % of what is open"),
        *("--wait-text", "Open balances by state, as of 30 Sep 2026"),
    )
    assert (done.exit_status, done.problems) == (0, [])


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_corrections_go_from_a_bad_file_over_a_good_one_to_verified_rows(
    run_notebook: RunNotebook, tmp_path: Path, theme: str
) -> None:
    good = other_banks(tmp_path)
    rows = len(good.read_text(encoding="utf-8").splitlines()) - 1
    done = run_notebook(
        NOTEBOOKS / "02_correct.ipynb",
        *("--theme", theme, "--cell", "5"),
        *("--upload", f"Choose file={DATA / 'corrections-bad.csv'}", "--click", "Check file"),
        *("--wait-text", "Mend these rows in your file and choose it again."),
        *("--wait-text", "an id from the list is expected; did you mean"),
        *("--screenshot", str(tmp_path / "check.png"), "--click", "Back: another file"),
        *("--upload", f"Choose file={good}", "--click", "Check file"),
        *("--wait-text", "Every row can go into a plan.", "--click", "Next: review the changes"),
        *("--wait-text", "Nothing was sent yet.", "--check", "I have reviewed the changes"),
        *("--press", f"Apply {rows} changes", "--wait-text", "Done: every row was read back from the server"),
    )
    assert (done.exit_status, done.problems) == (0, [])
    assert done.picture.stat().st_size > 0
