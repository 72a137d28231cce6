"""Committed notebooks: small, executed, and with nothing in them of the machine that ran them."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import arkit

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
LARGEST_BYTES = 200_000
LARGEST_PICTURE_BYTES = 150_000
# Addresses, ports and folders of a machine; secrets come with their names.
FOREIGN = re.compile(
    r"https?://|wss?://|127\.0\.0\.1|localhost|/(?:home|root|tmp|work|Users|var)/|[A-Z]:\\\\"
    r"|client_secret|password|Bearer ",
    re.IGNORECASE,
)
IDS = re.compile(r"\bKC[A-Z0-9]{14}\b|\bINV[A-Z0-9]{10,}\b|\bCEK[A-Z0-9]{7}\b")

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def read(path: Path) -> dict[str, Any]:
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return notebook


def faults(text: str, known_ids: set[str]) -> Iterator[str]:
    """What a committed notebook may not hold, in the text of its file."""
    notebook = json.loads(text)
    if len(text.encode()) > LARGEST_BYTES:
        yield "too large"
    if "widgets" in notebook["metadata"]:
        yield "widget state"
    if notebook["metadata"]["kernelspec"]["name"] != "python3":
        yield "kernel"
    if found := FOREIGN.search(text):
        yield f"of a machine: {found[0]}"
    if unknown := set(IDS.findall(text)) - known_ids:
        yield f"ids of another company: {', '.join(sorted(unknown))}"
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code" and cell["execution_count"] is None:
            yield f"{cell['id']} was not executed"
        kinds = {output.get("name", output["output_type"]) for output in cell.get("outputs", [])}
        if kinds & {"error", "stderr"}:
            yield f"{cell['id']} complains"
    counts = [cell["execution_count"] for cell in notebook["cells"] if cell["cell_type"] == "code"]
    if counts != list(range(1, len(counts) + 1)):
        yield "not run once in order"


@pytest.fixture
def known_ids() -> set[str]:
    """Ids of the seeded sandbox, and those that a file of data is allowed to get wrong."""
    with arkit.connect() as client:
        customers, invoices = client.customers.fetch(), client.invoices.fetch()
        ids = {client.profile.company_id, *customers["customer_id"], *invoices["invoice_id"]}
    wrong = Path(__file__).parents[1] / "data" / "corrections-bad.csv"
    return ids | set(IDS.findall(wrong.read_text(encoding="utf-8")))


def test_there_are_notebooks() -> None:
    assert {"00_start", "01_explore", "02_correct"} <= {path.stem for path in NOTEBOOKS}


@each_notebook
def test_a_committed_notebook_is_clean(path: Path, known_ids: set[str]) -> None:
    assert list(faults(path.read_text(encoding="utf-8"), known_ids)) == []


@each_notebook
def test_a_notebook_begins_with_what_it_is_and_what_it_needs(path: Path) -> None:
    first = read(path)["cells"][0]
    assert first["cell_type"] == "markdown"
    head = "".join(first["source"])
    assert head.startswith("# ")
    assert "**What you need:**" in head


def test_pictures_are_small() -> None:
    pictures = list((NOTEBOOKS[0].parent / "pictures").iterdir())
    assert pictures
    assert [path.name for path in pictures if path.stat().st_size > LARGEST_PICTURE_BYTES] == []


DIRT = [
    ("widget state", lambda book: book["metadata"].update(widgets={})),
    ("too large", lambda book: book["metadata"].update(more="x" * LARGEST_BYTES)),
    ("kernel", lambda book: book["metadata"]["kernelspec"].update(name="my-venv")),
    ("of a machine", lambda book: say(book, "<arkit client · http://127.0.0.1:4711>")),
    ("of a machine", lambda book: say(book, "FileNotFoundError: /home/asha/corrections.csv")),
    ("ids of another company", lambda book: say(book, "KC9999ZZZZ9999ZZ")),
    ("complains", lambda book: book["cells"][1]["outputs"].append({"output_type": "error"})),
    ("complains", lambda book: say(book, "UserWarning", name="stderr")),
    ("was not executed", lambda book: book["cells"][1].update(execution_count=None)),
    ("not run once in order", lambda book: book["cells"][1].update(execution_count=7)),
]


def say(notebook: dict[str, Any], text: str, *, name: str = "stdout") -> None:
    notebook["cells"][1]["outputs"].append({"output_type": "stream", "name": name, "text": text})


@pytest.mark.parametrize(("fault", "soil"), DIRT, ids=[f"{n}-{fault}" for n, (fault, _) in enumerate(DIRT)])
def test_dirt_in_a_notebook_is_seen(fault: str, soil: Any, known_ids: set[str]) -> None:
    notebook = read(NOTEBOOKS[0])
    soil(notebook)
    assert fault in " ".join(faults(json.dumps(notebook, ensure_ascii=False), known_ids))
