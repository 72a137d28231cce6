"""Checks: every problem in one pass, in its place, and nothing altered on the way."""

import csv
import hashlib
import io
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arkit import columns
from arkit.corrections import checks, findings
from arkit.corrections.checks import Check
from arkit.corrections.kinds import FIELDS, KEY, KINDS
from arkit.corrections.schemas import CLEAR, CustomerUpdates
from arkit.errors import InputRefused, UsageError

IDS = [f"KC{number:014}" for number in range(20)]
RIGHT = {
    "legalName": "Sai Logistics",
    "panOrGstin": "30AAPFU0939F1Z8",
    "accountNumber": "000012345678",
    "ifsc": "HDFC0001234",
    "address": "12, New Road",
    "state": "Goa",
    "pinCode": "403001",
    "contactNumber": "+91 9822012345",
    "assignedAgent": CLEAR,
    "branchCodes": "BOM01;GOI01",
    "uniqueRefNo": "007",
}
WRONG = {
    "legalName": CLEAR,
    "panOrGstin": "27AAPFU0939F1ZO",
    "accountNumber": "1234-5678",
    "ifsc": "HDFCO001234",
    "address": "12, New Road ",
    "state": "=Goa",
    "pinCode": "040300",
    "contactNumber": "98220",
    "assignedAgent": "<Clear>",
    "branchCodes": "BOM01\n",
    "uniqueRefNo": "00\u200b7",
}


def write(folder: Path, *rows: Mapping[str, str], header: list[str] | None = None) -> Path:
    path = folder / "corrections.csv"
    columns = header or list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def rules(checked: Check) -> list[tuple[int, str, str]]:
    found = checked.problems
    return list(zip(found["source_row"], found["column"], found["rule"], strict=True))


def customers(*ids: str) -> pd.DataFrame:
    return pd.DataFrame({"customer_id": pd.Series(list(ids), dtype="str")})


def test_a_right_row_is_accepted_as_it_was_written(tmp_path: Path) -> None:
    checked = checks.check(write(tmp_path, {KEY: IDS[0], **RIGHT}), known=customers(*IDS))
    assert checked.ok
    assert checked.problems.empty
    accepted = {columns.camel(str(name)): value for name, value in checked.accepted.iloc[0].items()}
    assert accepted == {"sourceRow": 2, KEY: IDS[0], **RIGHT}


@pytest.mark.parametrize("name", FIELDS)
def test_one_wrong_cell_keeps_its_row_out_and_no_other(name: str, tmp_path: Path) -> None:
    rows = [{KEY: key, **RIGHT} for key in IDS[:3]]
    rows[1][name] = WRONG[name]
    checked = checks.check(write(tmp_path, *rows))
    assert [(row, column) for row, column, _ in rules(checked)] == [(3, name)]
    assert checked.accepted["source_row"].tolist() == [2, 4]


def test_all_problems_of_a_row_come_at_once(tmp_path: Path) -> None:
    checked = checks.check(write(tmp_path, {KEY: "KC1", **WRONG}, {KEY: "", **WRONG}))
    assert set(checked.problems[checked.problems["source_row"] == 2]["column"]) == {KEY, *FIELDS}
    assert set(checked.problems[checked.problems["source_row"] == 3]["column"]) == {KEY, *FIELDS}
    assert sum(checked.counts.values()) == len(checked.problems) == checked.errors == 2 * (len(FIELDS) + 1)


def test_problems_stand_in_the_order_of_the_file(tmp_path: Path) -> None:
    rows = [{KEY: key, **WRONG} for key in IDS[:3]]
    header = [KEY, *random.Random(3).sample(FIELDS, len(FIELDS))]
    checked = checks.check(write(tmp_path, *rows, header=header))
    places = [(row, header.index(column)) for row, column, _ in rules(checked)]
    assert places == sorted(places)


def test_a_space_is_the_only_complaint_about_its_cell(tmp_path: Path) -> None:
    checked = checks.check(write(tmp_path, {KEY: IDS[0], "ifsc": "HDFCO001234 ", "state": "\tGoa\r\n"}))
    assert rules(checked) == [(2, "ifsc", "stray_space"), (2, "state", "stray_space")]


def test_a_column_is_named_as_its_author_wrote_it(tmp_path: Path) -> None:
    checked = checks.check(
        write(tmp_path, {f" {KEY}": "", "pinCode ": "0"}, {f" {KEY}": IDS[0], "pinCode ": "1"})
    )
    assert rules(checked) == [
        (2, f" {KEY}", "key_blank"),
        (2, "pinCode ", "pin_code"),
        (3, "pinCode ", "pin_code"),
    ]


@pytest.mark.parametrize(
    ("field", "written", "proposal"),
    [
        (KEY, IDS[7].lower(), IDS[7]),
        ("panOrGstin", "aapfu 0939 f", "AAPFU0939F"),
        ("panOrGstin", "27-aapfu0939f-1zv", "27AAPFU0939F1ZV"),
        ("contactNumber", "098220 12345", "9822012345"),
        ("ifsc", "HDFCO001234", "HDFC0001234"),
        ("ifsc", "HDFC1001234", ""),
        ("pinCode", "403 001", "403001"),
        ("pinCode", "040300", ""),
        ("accountNumber", "1234-5678", ""),
        ("assignedAgent", "<CLEAR>", CLEAR),
        ("state", "\u00a0Goa", "Goa"),
    ],
)
def test_a_repair_is_proposed_and_never_made(field: str, written: str, proposal: str, tmp_path: Path) -> None:
    checked = checks.check(write(tmp_path, {KEY: IDS[0], "state": "Goa", **{field: written}}))
    assert checked.problems["value"].tolist() == [written]
    assert checked.problems["repair"].tolist() == [proposal]
    assert checked.repairs["repair"].tolist() == [proposal] * bool(proposal)
    assert checked.accepted.empty


@pytest.mark.parametrize(("written", "near"), [("KC00000000000O07", IDS[7]), ("KCABCDEFGHIJKLMN", "")])
def test_an_unknown_customer_is_told_from_a_slip(written: str, near: str, tmp_path: Path) -> None:
    known = customers(IDS[7], "KC00000000009999")
    checked = checks.check(write(tmp_path, {KEY: written, "state": "Goa"}), known=known)
    assert rules(checked) == [(2, KEY, "customer_unknown")]
    assert checked.problems["repair"].tolist() == [near]


def test_without_known_customers_every_id_of_the_right_shape_passes(tmp_path: Path) -> None:
    assert checks.check(write(tmp_path, {KEY: "KCABCDEFGHIJKLMN", "state": "Goa"})).ok


def test_a_customer_file_knows_its_ids_by_either_name(tmp_path: Path) -> None:
    path = write(tmp_path, {KEY: IDS[0], "state": "Goa"})
    assert checks.check(path, known=customers(IDS[0]).rename(columns={"customer_id": KEY})).ok
    with pytest.raises(UsageError):
        checks.check(path, known=pd.DataFrame({"id": IDS}))


ROWS = st.lists(
    st.tuples(st.sampled_from(IDS[:4]), st.sampled_from(["Goa", "Kerala", ""])), min_size=1, max_size=9
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS)
def test_a_customer_is_accepted_once_if_its_rows_agree_and_not_at_all_if_not(
    rows: list[tuple[str, str]], tmp_path: Path
) -> None:
    checked = checks.check(write(tmp_path, *({KEY: key, "state": state} for key, state in rows)))
    wanted = {key: {state for other, state in rows if other == key} for key, _ in rows}
    accepted = {key for key, states in wanted.items() if len(states) == 1 and states != {""}}
    assert sorted(checked.accepted["customer_id"]) == sorted(accepted)
    conflicts = checked.problems[checked.problems["rule"] == "duplicate_conflict"]
    assert conflicts["source_row"].tolist() == [
        number for number, (key, _) in enumerate(rows, 2) if len(wanted[key]) > 1
    ]


def test_a_customer_in_very_many_rows_makes_no_endless_message(tmp_path: Path) -> None:
    checked = checks.check(write(tmp_path, *({KEY: IDS[0], "address": f"S{n}"} for n in range(3_000))))
    assert checked.counts == {"duplicate_conflict": 3_000}
    assert checked.problems["message"].str.len().max() < 200


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=10)
CELLS = st.one_of(TEXTS, st.sampled_from([*RIGHT.values(), *WRONG.values(), "NA", "1E5", "007", ""]))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.fixed_dictionaries(dict.fromkeys(FIELDS, CELLS)), min_size=1, max_size=4))
def test_a_cell_is_named_by_a_problem_or_accepted_to_the_letter(
    rows: list[dict[str, str]], tmp_path: Path
) -> None:
    checked = checks.check(write(tmp_path, *({KEY: key, **row} for key, row in zip(IDS, rows, strict=False))))
    places = {(row, column) for row, column, _ in rules(checked)}
    accepted = checked.accepted.set_index("source_row")
    for number, row in enumerate(rows, 2):
        asked = {name: text for name, text in row.items() if text.strip()}
        if number in accepted.index:
            kept = accepted.loc[number].drop("customer_id").dropna()
            assert {columns.camel(str(name)): text for name, text in kept.items()} == asked
            assert not places & {(number, name) for name in FIELDS}
        else:
            assert not asked or any((number, name) in places for name in asked)


SECRETS = {
    "panOrGstin": "27QWERT1234Z1ZO",
    "accountNumber": "501000-987654",
    "ifsc": "QWERO009876",
    "contactNumber": "98989 7676",
    "pinCode": "098765",
    "legalName": "=Qwertyuiop",
}


def test_no_message_holds_the_value_of_a_cell(tmp_path: Path) -> None:
    """The message is shown and logged; the value stands in a column of its own, which can be masked."""
    rows = [{KEY: key, **SECRETS} for key in (IDS[0], IDS[0], IDS[1], "")]
    rows[1]["pinCode"] = "111111"
    checked = checks.check(write(tmp_path, *rows), known=customers(IDS[0]))
    assert len(checked.problems) > 4 * 5
    for message in checked.problems["message"]:
        assert not [text for text in (*SECRETS.values(), "111111") if text in message]
    assert not [text for text in SECRETS.values() if text in repr(checked)]


def test_no_message_of_a_file_without_a_header_holds_its_first_row(tmp_path: Path) -> None:
    path = tmp_path / "headless.csv"
    path.write_text(
        f"{SECRETS['panOrGstin']},,{SECRETS['accountNumber']},{SECRETS['accountNumber']}\nx,y,z,u\n"
    )
    checked = checks.check(path)
    with pytest.raises(InputRefused) as caught:
        checks.require_ok(checked)
    for message in (*checked.problems["message"], str(caught.value)):
        assert not [text for text in SECRETS.values() if text in message]


REFUSED = {
    "quote": 'customerId,accountNumber\n{key},"{secret}\n',
    "latin": "customerId,accountNumber\n{key},{secret}\xe9\n",
    "semicolon": "{secret};accountNumber\n{key};{secret}\n",
    "nul": "customerId,accountNumber\n{key},{secret}\0\n",
    "page": "<html>{secret}",
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_a_file_that_is_no_table_is_one_problem_without_the_value_of_a_cell(
    text: str, tmp_path: Path
) -> None:
    path = tmp_path / "refused.csv"
    path.write_bytes(text.format(key=IDS[0], secret="501000987654").encode("latin-1"))
    checked = checks.check(path)
    assert (checked.ok, checked.rows, len(checked.accepted), checked.errors) == (False, 0, 0, 1)
    assert checked.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(InputRefused) as caught:
        checks.require_ok(checked)
    for shown in (checked.problems.to_csv(), repr(checked), str(caught.value), repr(vars(caught.value))):
        assert "501000987654" not in shown


def test_a_frame_that_nobody_checked_is_refused() -> None:
    with pytest.raises(UsageError, match="checked"):
        checks.require_ok(cast("Any", pd.DataFrame({"customer_id": IDS[:1]})))


def test_a_file_with_errors_goes_into_no_plan(tmp_path: Path) -> None:
    rows = [{KEY: IDS[0], "state": "Goa"}, {KEY: IDS[1], "state": ""}, {KEY: IDS[2], "pinCode": "1"}]
    checked = checks.check(write(tmp_path, *rows))
    assert checked.problems["severity"].tolist() == ["warning", "error"]
    assert len(checked.accepted) == 1
    with pytest.raises(InputRefused) as caught:
        checks.require_ok(checked)
    error = caught.value
    assert (error.code, error.source_row, error.column) == ("problems", 4, "pinCode")


def test_a_file_with_warnings_alone_goes_into_a_plan(tmp_path: Path) -> None:
    checked = checks.check(write(tmp_path, {KEY: IDS[0], "state": "Goa"}, {KEY: IDS[1], "state": ""}))
    assert checked.ok
    assert checks.require_ok(checked)["customer_id"].tolist() == [IDS[0]]


def test_a_kind_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        checks.check(write(tmp_path, {KEY: IDS[0]}), kind="customer")


def test_an_empty_result_has_all_its_columns(tmp_path: Path) -> None:
    checked = checks.check(write(tmp_path, {KEY: IDS[0], "state": "Goa"}))
    assert checked.problems.columns.tolist() == findings.COLUMNS
    assert checked.problems.empty
    CustomerUpdates.validate(checks.check(write(tmp_path, header=[KEY, "state"])).accepted)


def test_a_number_of_excel_is_refused_with_a_repair_only_where_nothing_can_be_lost(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append([KEY, "accountNumber", "pinCode", "contactNumber"])
    book.active.append([IDS[0], 12345678901, 403001, 9822012345])
    book.active.append([IDS[1], "012345678901", 40301, 22012345])
    book.save(tmp_path / "numbers.xlsx")
    checked = checks.check(tmp_path / "numbers.xlsx")
    assert rules(checked) == [
        (2, "accountNumber", "excel_number"),
        (2, "pinCode", "excel_number"),
        (2, "contactNumber", "excel_number"),
        (3, "pinCode", "excel_number"),
        (3, "contactNumber", "excel_number"),
    ]
    assert checked.problems["repair"].tolist() == ["", "403001", "9822012345", "", ""]


def test_the_hash_is_that_of_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, {KEY: IDS[0], "state": "Goa"})
    assert checks.check(path).sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_rows_are_counted_without_header_and_blank_ones(tmp_path: Path) -> None:
    path = tmp_path / "blank.csv"
    text = io.StringIO()
    csv.writer(text).writerows([[], [KEY, "state"], [], [IDS[0], "Goa"], ["", " "], [IDS[1], "Goa"]])
    path.write_text(text.getvalue())
    checked = checks.check(path)
    assert (checked.rows, checked.blank_rows) == (2, 2)
    assert checked.accepted["source_row"].tolist() == [4, 6]


def test_a_check_tells_how_its_columns_are_read_and_which_cells_leave_a_field(tmp_path: Path) -> None:
    rows = [
        {KEY: key, "PIN": pin, "address": text}
        for key, pin, text in zip(IDS, ["403001", "", ""], "ab ", strict=False)
    ]
    checked = checks.check(write(tmp_path, *rows))
    assert checked.fields == {KEY: KEY, "pinCode": "PIN", "address": "address"}
    assert checked.blanks == {"pinCode": 2, "address": 1}
    assert checked.accepted_rows == len(checked.accepted) == 2


def test_a_repair_that_is_accepted_is_told_and_the_file_stays_as_it_was(tmp_path: Path) -> None:
    path = write(tmp_path, {KEY: IDS[0], "address": "New Road "}, {KEY: IDS[1], "address": "Old Road"})
    content = path.read_bytes()
    checked = checks.check(path)
    assert (checked.errors, checked.accepted_rows, checked.repairable_rows) == (1, 1, 1)
    taken = checked.accept("stray_space")
    assert taken.ok
    assert taken.accepted["address"].tolist() == ["New Road", "Old Road"]
    assert rules(taken) == [(2, "address", "repaired")]
    assert taken.problems[["value", "repair", "severity"]].to_numpy().tolist() == [
        ["New Road ", "New Road", "warning"]
    ]
    assert path.read_bytes() == content
    assert checked.errors == 1
    assert rules(checks.check(path, accept=["stray_space"])) == rules(taken)


def test_a_repair_that_uncovers_another_is_followed_by_it(tmp_path: Path) -> None:
    checked = checks.check(write(tmp_path, {KEY: IDS[0], "ifsc": " HDFCO001234"}))
    assert [rule for *_, rule in rules(checked.accept("stray_space"))] == ["letter_o", "repaired"]
    assert checked.accept("stray_space").accept("letter_o").ok
    assert checked.accept("stray_space", "letter_o").accepted["ifsc"].tolist() == ["HDFC0001234"]


def test_repairs_may_make_two_rows_one_and_then_that_is_said(tmp_path: Path) -> None:
    rows = [{KEY: IDS[7].lower(), "address": "a"}, {KEY: IDS[7], "address": "b"}]
    taken = checks.check(write(tmp_path, *rows), accept=["written_otherwise"])
    assert [rule for *_, rule in rules(taken)] == ["duplicate_conflict", "repaired", "duplicate_conflict"]
    assert taken.accepted.empty


def test_accepting_a_rule_without_a_proposal_changes_nothing(tmp_path: Path) -> None:
    checked = checks.check(write(tmp_path, {KEY: IDS[0], "pinCode": "040300"}))
    assert rules(checked.accept("pin_code")) == rules(checked) == [(2, "pinCode", "pin_code")]


@pytest.mark.parametrize(
    "options",
    [
        {"accept": ["no_such_rule"]},
        {"day_order": "ymd"},
        {"expect_total": "many"},
        {"seller_state": "Nowhere"},
        {"columns": {"Kiste": "pinCode"}},
        {"columns": {"state": "Kiste"}},
    ],
)
def test_what_cannot_be_asked_is_refused_before_anything_is_said_of_the_file(
    options: dict[str, Any], tmp_path: Path
) -> None:
    with pytest.raises(UsageError):
        checks.check(write(tmp_path, {KEY: IDS[0], "state": "Goa"}), **options)


def hidden(folder: Path) -> Path:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in ([KEY, "state"], [IDS[0], "Goa"], [IDS[1], "Kerala"]):
        book.active.append(row)
    book.active.row_dimensions[3].hidden = True
    book.save(folder / "hidden.xlsx")
    return folder / "hidden.xlsx"


def test_a_hidden_row_is_an_error_until_somebody_confirms_it(tmp_path: Path) -> None:
    checked = checks.check(hidden(tmp_path))
    assert rules(checked) == [(3, "", "row_hidden")]
    assert checked.problems["severity"].tolist() == ["error"]
    assert checked.accepted["source_row"].tolist() == [2]
    confirmed = checked.accept("row_hidden")
    assert confirmed.ok
    assert confirmed.problems["severity"].tolist() == ["warning"]
    assert confirmed.accepted["source_row"].tolist() == [2, 3]


def test_a_row_of_another_width_is_told_with_both_widths_and_no_row_is_trusted(tmp_path: Path) -> None:
    path = tmp_path / "ragged.csv"
    path.write_text(f"{KEY},state,address\n{IDS[0]},Goa,x\n{IDS[1]},Goa,x,y\n")
    checked = checks.check(path)
    assert checked.problems["message"].tolist() == ["row 3 has 4 fields, the header 3"]
    assert (checked.rows, checked.accepted_rows) == (2, 0)


def test_the_id_of_a_customer_is_never_a_guess(tmp_path: Path) -> None:
    known = customers(IDS[7])
    checked = checks.check(write(tmp_path, {KEY: "KC00000000000O07", "state": "Goa"}), known=known)
    assert checked.accepted.empty
    assert checked.problems["repair"].tolist() == [IDS[7]]
    assert checked.proposals == {}
    with pytest.raises(UsageError):
        checked.accept("customer_unknown")


@pytest.mark.parametrize("kind", ["customer-create", "invoice-create"])
def test_new_records_are_accepted_as_they_were_written(kind: str, tmp_path: Path) -> None:
    created = {
        "uniqueRefNo": "R1",
        "legalName": "Sai",
        "name": "Asha",
        "mobile": "9822012345",
        "email": "a@b.in",
    }
    invoice = {
        KEY: IDS[0],
        "baseAmount": "1000.10",
        "dueDate": "2026-10-31",
        "invoiceNumber": "A/1",
        "cgst": "",
    }
    row = created if kind == "customer-create" else invoice
    checked = checks.check(write(tmp_path, row), kind=kind)
    assert checked.ok, checked.problems
    accepted = {name: value for name, value in checked.accepted.iloc[0].items() if not pd.isna(value)}
    named = {columns.snake(name) if "_" not in name else name: text for name, text in row.items() if text}
    assert accepted == {"source_row": 2, **named}
    KINDS[kind].model.validate(checked.accepted)
    assert checked.blanks == {}


def test_a_total_is_exact_however_large_it_is(tmp_path: Path) -> None:
    path = tmp_path / "invoices.csv"
    rows = [f"{IDS[0]},9999999999999.99,2026-04-30,A{number}" for number in range(10_000)]
    path.write_text("\n".join(["customerId,baseAmount,dueDate,externalId", *rows]))
    options = {"kind": "invoice-create", "expect_rows": 10_000}
    assert checks.check(path, expect_total="99999999999999900", **options).ok
    checked = checks.check(path, expect_total="99999999999999900.01", **options)
    assert checked.problems["rule"].tolist() == ["expected_total"]


def test_the_state_of_the_seller_is_given_by_code_or_name_and_never_guessed(tmp_path: Path) -> None:
    path = tmp_path / "invoices.csv"
    path.write_text(f"customerId,baseAmount,dueDate,igst\n{IDS[0]},100,2026-04-30,18\n")
    known = customers(IDS[0]).assign(state="Karnataka")
    for state in ("29", "karnataka"):
        checked = checks.check(path, kind="invoice-create", known=known, seller_state=state)
        assert "gst_place" in checked.counts
    for state in ("99", "Carnatic", ""):
        with pytest.raises(UsageError):
            checks.check(path, kind="invoice-create", seller_state=state)


def test_a_total_that_no_spreadsheet_shows_is_still_added_up_exactly(tmp_path: Path) -> None:
    rows = [{KEY: IDS[0], "baseAmount": "9999999999999.99", "dueDate": "2026-10-31"}] * 9_300
    path = write(tmp_path, *({**row, "externalId": f"A{n}"} for n, row in enumerate(rows)))
    assert checks.check(path, kind="invoice-create", expect_total="92999999999999907.00").ok


@pytest.mark.parametrize("total", ["NaN", "Infinity", "1,000", ""])
def test_a_total_that_is_no_amount_is_refused(total: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        checks.check(write(tmp_path, {KEY: IDS[0]}), expect_total=total)
