"""``arkit template``: a workbook to fill in, which the check takes as it is."""

from pathlib import Path

import openpyxl
import pytest
from command import Run, assert_fails

from arkit.corrections.kinds import KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_a_template_has_the_headers_of_its_kind_and_passes_empty(kind: str, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "empty.xlsx"
    assert run("template", kind, "--out", path).code == 0
    sheet = openpyxl.load_workbook(path).worksheets[0]
    assert [cell.value for cell in sheet[1]] == list(KINDS[kind].headers)
    told = run("check", path, "--kind", kind, "--json")
    assert (told.code, told.document["rows"], told.document["problems"]) == (0, 0, [])


def test_a_template_with_live_rows_asks_for_no_change(run: Run, ids: list[str], tmp_path: Path) -> None:
    path = tmp_path / "live.xlsx"
    told = run("template", "customer-update", "--live", "--out", path, "--json")
    assert told.document == {
        "schema": "arkit.template/1",
        "kind": "customer-update",
        "file": str(path),
        "rows": len(ids),
    }
    planned = run("plan", path, "--kind", "customer-update", "--json")
    assert (planned.code, planned.document["changes"]) == (0, [])
    assert planned.document["skipped_noop"] == len(ids)


def test_a_template_filled_in_is_a_bulk_file(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "new.xlsx"
    run("template", "customer-create", "--out", path)
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    place = {cell.value: cell.column for cell in sheet[1]}
    for header, text in {
        "uniqueRefNo": "REF-1",
        "legalName": "Sai Traders",
        "name": "Meera Iyer",
        "mobile": "9822012345",
        "accountNumber": "00123456789",
        "state": "Goa",
        "pinCode": "403001",
        "sms_enabled": "TRUE",
    }.items():
        sheet.cell(2, place[header]).value = text
    book.save(path)
    told = run("check", path, "--kind", "customer-create", "--json")
    assert (told.code, told.document["accepted"], told.document["problems"]) == (0, 1, [])


def test_live_rows_are_for_records_that_exist(run: Run, tmp_path: Path) -> None:
    assert_fails(run("template", "invoice-create", "--live"), 2, says="customer-update")
    assert_fails(run("template", "invoice-create", "--out", tmp_path / "x.csv"), 2, says=".xlsx")
