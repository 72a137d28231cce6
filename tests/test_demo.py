"""The demo does the main job on any machine, any number of times, and leaves a report that stands alone."""

import re
import stat
from html.parser import HTMLParser
from pathlib import Path

import pytest
from command import Ended, Run, arkit, assert_fails

from arkit.corrections.checks import check

RESOURCES = ("src", "href", "srcset", "data", "action", "poster")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "demo-output"


@pytest.fixture(scope="module")
def runs(folder: Path) -> list[Ended]:
    """The demo, twice into one folder."""
    return [arkit("demo", "--out", folder) for _ in range(2)]


class Elements(HTMLParser):
    """The elements of a page and their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_it_ends_well_however_often_it_is_run(runs: list[Ended]) -> None:
    assert [(told.code, told.err) for told in runs] == [(0, "")] * 2
    first, second = (re.sub(r"\d+\.\d s|in \d+ s|127\.0\.0\.1:\d+", "…", told.out) for told in runs)
    assert first == second


def test_it_tells_what_it_fetched_found_and_did(runs: list[Ended]) -> None:
    out = runs[0].out
    assert re.search(r"200 customers and 1200 invoices fetched, ₹[\d,]+\.\d\d open", out)
    assert re.search(r"8 problems found in mistakes.csv and mistakes.xlsx; nothing of them was sent", out)
    assert re.search(r"24 verified, 0 failed", out)


def test_it_shows_each_problem_with_its_file_row_and_reason(runs: list[Ended]) -> None:
    listed = re.findall(r"^ +(mistakes\.\w+) row (\d+): (\S.+)$", runs[0].out, re.MULTILINE)
    assert [(name, int(row)) for name, row, _ in listed] == [
        *[("mistakes.csv", row) for row in range(3, 10)],
        ("mistakes.xlsx", 2),
    ]
    assert ("mistakes.csv", "8", "row 8 has 6 fields, the header 5") in listed


def test_the_files_that_it_names_lie_there_for_their_owner_only(runs: list[Ended], folder: Path) -> None:
    for name in ("report.html", "mistakes.csv", "mistakes.xlsx", "corrections.csv"):
        assert name in runs[0].out
        assert (folder / name).stat().st_size > 0
    assert str(folder) in runs[0].out
    private = [folder / "report.html", folder / "corrections.csv", *(folder / "workspace").iterdir()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in private} == {0o600}


def test_the_files_with_mistakes_have_them_and_the_other_has_none(runs: list[Ended], folder: Path) -> None:
    assert not check(folder / "mistakes.csv").ok
    assert check(folder / "mistakes.xlsx").counts == {"excel_number": 1}
    assert check(folder / "corrections.csv").ok


def test_the_status_goes_on_where_it_says(runs: list[Ended], folder: Path) -> None:
    command = re.search(r"ARKIT_WORKSPACE=(\S+) \S*arkit status", runs[1].out)
    assert command
    (plan,) = arkit("status", "--json", ARKIT_WORKSPACE=command[1]).document["plans"]
    assert plan["counts"] == {"verified": 24}


def test_the_report_stands_alone(runs: list[Ended], folder: Path) -> None:
    page = Elements((folder / "report.html").read_text(encoding="utf-8")).found
    assert {"h1", "table", "script"} <= {tag for tag, _ in page}
    assert not {"img", "link", "iframe", "base"} & {tag for tag, _ in page}
    assert [attributes for _, attributes in page if set(attributes) & set(RESOURCES)] == []


def test_the_report_tells_the_same_as_the_screen(runs: list[Ended], folder: Path) -> None:
    text = (folder / "report.html").read_text(encoding="utf-8")
    (balance,) = re.findall(r"₹[\d,]+\.\d\d", runs[1].out)
    facts = dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", text))
    assert facts == {
        "Open balance": balance,
        "Invoices": "1200",
        "Problems refused": "8",
        "Corrections verified": "24",
        "Corrections failed": "0",
    }
    assert re.search(rf'<td>Total</td>.*<td class="number">{re.escape(balance)}</td>', text)


def test_a_program_gets_the_figures_as_one_document(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever server is chosen, they are of a sandbox of the demo's own."""
    monkeypatch.setenv("ARKIT_BASE_URL", "http://127.0.0.1:9")
    told = run("demo", "--out", tmp_path / "out", "--json")
    assert (told.code, told.err) == (0, "")
    document = told.document
    assert document["schema"] == "arkit.demo/1"
    figures = ("customers", "invoices", "problems", "verified", "failed")
    assert [document[name] for name in figures] == [200, 1200, 8, 24, 0]
    assert Path(document["report"]).is_file()


@pytest.mark.parametrize("names", [["thesis.txt"], ["sandbox.db", "thesis.txt"], ["journal.db"]])
def test_a_workspace_that_is_no_demo_s_is_left_alone(run: Run, tmp_path: Path, names: list[str]) -> None:
    """Whoever runs the demo beside real work must not lose what is in doubt there."""
    folder = tmp_path / "workspace"
    folder.mkdir()
    for name in names:
        (folder / name).write_text("mine")
    assert_fails(run("demo", "--out", tmp_path), 3, says="Choose another one with --out")
    assert {path.name: path.read_text() for path in folder.iterdir()} == dict.fromkeys(names, "mine")


def test_a_folder_that_cannot_be_used_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("kept")
    told = run("demo", "--out", tmp_path / "file", "--json")
    assert_fails(told, 8, says="cannot be used")
    assert told.out == ""
