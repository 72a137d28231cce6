"""The rules: each can be broken, says so in one sentence, and shows nobody's data."""

import ast
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import openpyxl
import pandas as pd
import pyarrow as pa
import pytest
from openpyxl.workbook.external_link import ExternalLink
from openpyxl.worksheet.worksheet import Worksheet

import arkit
from arkit.corrections import rules
from arkit.corrections.checks import check
from arkit.corrections.kinds import KINDS
from arkit.corrections.rules import RULES

from .tables import write

ID, OTHER = "KC00000000000001", "KC00000000000002"
KNOWN = pd.DataFrame(
    {"customer_id": [ID, OTHER], "unique_ref_no": ["R-1", None], "state": ["Goa", "Kerala"]}, dtype="str"
)


class Example(NamedTuple):
    """A file of one kind that breaks a rule: the rows, and what is said of it."""

    kind: str
    rows: list[dict[str, Any]]
    options: dict[str, Any]


def update(*rows: Mapping[str, Any], **options: Any) -> Example:
    return Example("customer-update", [{"customerId": ID, **row} for row in rows], options)


def create(*rows: Mapping[str, Any], **options: Any) -> Example:
    right = {"uniqueRefNo": "R-9", "legalName": "Sai", "name": "Asha", "mobile": "9822012345"}
    return Example("customer-create", [{**right, **row} for row in rows], options)


def invoice(*rows: Mapping[str, Any], **options: Any) -> Example:
    right = {"customerId": ID, "baseAmount": "100.00", "dueDate": "2026-10-31", "invoiceNumber": "A1"}
    return Example("invoice-create", [{**right, **row} for row in rows], options)


EXAMPLES = {
    "customer_id": update({"customerId": "KC1", "state": "Goa"}),
    "pan_or_gstin": update({"panOrGstin": "AAPFU939F"}),
    "pan_holder": update({"panOrGstin": "AAPXU0939F"}),
    "gstin_state": update({"panOrGstin": "93AAPFU0939F1ZW"}),
    "gstin_check_digit": update({"panOrGstin": "27AAPFU0939F1ZO"}),
    "account_number": update({"accountNumber": "1234"}),
    "ifsc": update({"ifsc": "HDFC123"}),
    "ifsc_bank": update({"ifsc": "QQQQ0000001"}),
    "state_unknown": update({"state": "Karnatakaa"}),
    "pin_code": update({"pinCode": "056000"}),
    "contact_number": update({"contactNumber": "98220"}),
    "email": create({"email": "asha at example.com"}),
    "yes_or_no": create({"mail_enabled": "perhaps"}),
    "amount": invoice({"baseAmount": "1.234,56"}),
    "minimum": invoice({"baseAmount": "0.09"}),
    "day": invoice({"dueDate": "2026-02-30"}),
    "invoice_number": invoice({"invoiceNumber": "INV 1"}),
    "name_needed": update({"legalName": "<clear>"}),
    "clear_word": update({"address": "<Clear>"}),
    "nothing_to_clear": create({"address": "<clear>"}),
    "stray_space": update({"address": "12, New Road "}),
    "hidden_character": update({"address": "12,\u200b New Road"}),
    "formula_like": update({"address": "=12 New Road"}),
    "mojibake": update({"address": "CafÃ© Road"}),
    "key_blank": update({"customerId": "", "state": "Goa"}),
    "required": invoice({"dueDate": ""}),
    "written_otherwise": update({"panOrGstin": "aapfu0939f"}),
    "lookalike": update({"ifsc": "НDFC0001234"}),
    "foreign_digits": update({"pinCode": "४०३००१"}),
    "letter_o": update({"ifsc": "HDFCO001234"}),
    "phone_prefix": update({"contactNumber": "09822012345"}),
    "excel_tail": update({"accountNumber": "501000123456.0"}),
    "excel_zero": update({"panOrGstin": "5AAACG2115R1ZN"}),
    "excel_scientific": update({"accountNumber": "9.82E+11"}),
    "excel_rounded": update({"accountNumber": "50100012345678900"}),
    "amount_written": invoice({"baseAmount": "₹ 1,234"}),
    "decimal_comma": invoice({"baseAmount": "123,45"}),
    "amount_decimals": invoice({"baseAmount": "123.456"}),
    "day_written": invoice({"dueDate": "30 April 2026"}),
    "day_ambiguous": invoice({"dueDate": "03/04/2026"}),
    "day_mixed": invoice({"dueDate": "13/04/2026"}, {"dueDate": "04/13/2026", "invoiceNumber": "A2"}),
    "day_serial": invoice({"dueDate": "45720"}),
    "flag_written": create({"mail_enabled": "Yes", "email": "a@b.in"}),
    "customer_unknown": update({"customerId": "KC00000000009999", "state": "Goa"}),
    "customer_known": create({"uniqueRefNo": "R-1"}),
    "duplicate": update({"state": "Goa"}, {"state": "Goa"}),
    "duplicate_conflict": update({"address": "Road 1"}, {"address": "Road 2"}),
    "nothing_asked": update({"state": "Goa"}, {"customerId": OTHER, "state": ""}),
    "gstin_of_other_state": update({"panOrGstin": "27AAPFU0939F1ZV", "state": "Goa"}),
    "pin_of_other_state": update({"pinCode": "560001", "state": "Kerala"}),
    "no_channel": create(dict.fromkeys(("mail_enabled", "sms_enabled", "whatsapp_enabled"), "FALSE")),
    "mail_without_address": create({"mail_enabled": "true", "email": ""}),
    "gst_split": invoice({"cgst": "9.00", "sgst": "8.00"}),
    "gst_both": invoice({"cgst": "9.00", "sgst": "9.00", "igst": "18.00"}),
    "gst_place": invoice({"igst": "18.00"}, seller_state="30"),
    "net_amount": invoice({"netAmount": "150.00"}),
    "due_before_invoice": invoice({"invoiceDate": "2026-11-01"}),
    "expected_rows": invoice({}, expect_rows=2),
    "expected_total": invoice({}, {"invoiceNumber": "A2"}, expect_total="100.01"),
    "totals_row": invoice({}, {"customerId": "Total", "dueDate": "", "invoiceNumber": ""}),
    "header_repeated": update({"state": "Goa"}, {"customerId": "customerId", "state": "state"}),
    "key_missing": Example("customer-update", [{"state": "Goa"}], {}),
    "key_advised": Example(
        "invoice-create", [{"customerId": ID, "baseAmount": "1", "dueDate": "2026-10-31"}], {}
    ),
    "required_missing": Example("invoice-create", [{"customerId": ID, "invoiceNumber": "A1"}], {}),
    "no_field": Example("customer-update", [{"customerId": ID}], {}),
    "header_blank": update({"state": "Goa", "": "x"}),
    "header_twice": update({"pinCode": "403001", "PIN code": "403001"}),
    "column_unknown": update({"remarks": "x"}),
    "header_proposed": update({"Account No": "501000123456"}),
    "header_mapped": update({"PIN": "403001"}),
    "repaired": update({"address": "New Road "}, accept=["stray_space"]),
}
"""A file for every rule that a CSV can break; the others need a workbook or a row of another width."""


def in_sheet(sheet: Worksheet) -> None:
    sheet.append(["customerId", "accountNumber", "pinCode"])
    sheet.append([ID, 501000123456, "403001"])


def hidden_row(sheet: Worksheet) -> None:
    sheet.row_dimensions[2].hidden = True


def filtered_row(sheet: Worksheet) -> None:
    hidden_row(sheet)
    sheet.auto_filter.ref = "A1:C2"


def hidden_column(sheet: Worksheet) -> None:
    sheet.column_dimensions["C"].hidden = True


def cell(value: Any) -> Any:
    def put(sheet: Worksheet) -> None:
        sheet["B2"] = value
        if value == "#N/A":
            sheet["B2"].data_type = "e"

    return put


def other_sheet(sheet: Worksheet) -> None:
    assert sheet.parent is not None
    sheet.parent.create_sheet("Notes").append(["x"])


def link(sheet: Worksheet) -> None:
    assert sheet.parent is not None
    part = ExternalLink()
    part.file_link = openpyxl.packaging.relationship.Relationship(
        type="externalLinkPath", Target="file:///other.xlsx", TargetMode="External"
    )
    sheet.parent._external_links.append(part)


WORKBOOKS = {
    "excel_number": cell(501000123456),
    "excel_date": cell(pd.Timestamp("2026-04-01").to_pydatetime()),
    "excel_boolean": cell(True),
    "excel_formula": cell("=1+1"),
    "excel_error": cell("#N/A"),
    "row_hidden": hidden_row,
    "rows_filtered": filtered_row,
    "column_hidden": hidden_column,
    "sheet_ignored": other_sheet,
    "links_ignored": link,
}


def problems(rule: str, folder: Path) -> tuple[list[dict[str, Any]], list[str]]:
    """The problems of this rule that its example has, and the values of the example's cells."""
    if rule in WORKBOOKS:
        book = openpyxl.Workbook()
        assert isinstance(book.active, Worksheet)
        in_sheet(book.active)
        WORKBOOKS[rule](book.active)
        book.save(folder / "a.xlsx")
        found = check(folder / "a.xlsx", sheet=book.active.title if rule == "sheet_ignored" else None)
        values = [ID, "501000123456", "403001"]
    elif rule == "field_count":
        (folder / "a.csv").write_text(f"customerId,state\n{ID},Goa,501000123456\n")
        found, values = check(folder / "a.csv"), [ID, "Goa", "501000123456"]
    else:
        example = EXAMPLES[rule]
        path = write(folder, *example.rows)
        known = KNOWN if rule in ("customer_unknown", "customer_known", "gst_place") else None
        found = check(path, kind=example.kind, known=known, **example.options)
        values = [value for row in example.rows for value in row.values()]
    table = found.problems
    return table[table["rule"] == rule].astype(str).to_dict("records"), values


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_can_be_broken_and_says_so_in_one_sentence_without_the_value(
    rule: str, tmp_path: Path
) -> None:
    found, values = problems(rule, tmp_path)
    assert found
    for problem in found:
        message = problem["message"]
        assert "{" not in message
        assert "\n" not in message
        assert re.fullmatch(r"row \d+ has \d+ fields, the header \d+|[A-Za-z].*[^.?;:, ][.?]", message)
        assert not re.search(r"[.?!] [A-Z]", message), message
        # Where days stand in both orders, three of each are shown.
        shown = [value for value in values if len(value) > 3 and value in message]
        assert rule == "day_mixed" or not shown
        if problem["severity"] == "error" and rule not in ("field_count", "column_unknown"):
            assert "expected" in message, message


TOLD_BY_THE_CODE = {"field_count", "column_unknown", "customer_unknown"}


@pytest.mark.parametrize("rule", [name for name in RULES if RULES[name].severity == "error"])
def test_every_error_ends_with_what_to_do(rule: str) -> None:
    if rule not in TOLD_BY_THE_CODE:
        *_, advice = re.split("[:;] ", RULES[rule].says)
        assert re.match(
            "(accept|add|choose|compare|copy|correct|delete|fill|format|keep|leave|look|name|paste|"
            "round|say|send|show|type|update|write) ",
            advice,
        ), advice


def test_a_header_in_two_lines_makes_no_message_in_two(tmp_path: Path) -> None:
    found = check(write(tmp_path, {"customerId": ID, "PIN\nCode": "056001"})).problems
    row = found[found["rule"] == "pin_code"].iloc[0]
    assert row["column"] == "PIN\nCode"
    assert row["message"].startswith("PIN Code is not a PIN code")


JARGON = [
    "regex",
    "null",
    "NaN",
    "dtype",
    "string",
    "boolean",
    "parse",
    "schema",
    "pandera",
    "Unicode",
    "token",
]


def test_no_sentence_speaks_like_a_programmer() -> None:
    for rule in RULES.values():
        assert not [word for word in JARGON if re.search(rf"\b{word}\b", rule.says, re.IGNORECASE)]


def names_used() -> dict[str, set[str]]:
    """The names that modules of corrections give to functions which take a rule's, by module."""
    takers = {"Remark", "Finding", "finding", "_finding", "_damage", "_by_text", "Damage", "sentence"}
    found: dict[str, set[str]] = {}
    for file in (Path(arkit.__file__).parent / "corrections").glob("*.py"):
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and call.args:
                taker = (
                    call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
                )
                given = call.args[1] if taker == "_rule" and len(call.args) > 1 else call.args[0]
                if taker in takers | {"_rule"} and isinstance(given, ast.Constant):
                    found.setdefault(file.name, set()).add(str(given.value))
    return found


def test_no_module_speaks_of_a_rule_that_there_is_not() -> None:
    used = names_used()
    assert {"examinations.py", "schemas.py", "repairs.py", "headers.py", "spreadsheets.py"} <= used.keys()
    for module, names in used.items():
        assert names <= RULES.keys(), module


def test_the_checks_of_every_model_are_rules() -> None:
    for kind in KINDS.values():
        for column in kind.model.to_schema().columns.values():
            assert {str(check.name) for check in column.checks} <= RULES.keys()


@pytest.mark.parametrize(
    ("value", "description"),
    [
        ("1", "1 digit"),
        ("123", "3 digits"),
        ("x", "1 letter"),
        ("abc", "3 letters"),
        ("ab1", "3 letters and digits"),
        ("a-1", "3 characters"),
        ("नाम", "3 characters"),
        ("", "0 digits"),
    ],
)
def test_a_value_is_described_by_its_length_and_kind(value: str, description: str) -> None:
    codes, descriptions = rules.described(pa.array([value, "zz"], pa.large_string()))
    assert descriptions[codes[0]] == description


def test_values_that_look_the_same_share_a_description() -> None:
    codes, descriptions = rules.described(pa.array(["12", "34", "56789", "ab"], pa.large_string()))
    assert codes[0] == codes[1]
    assert sorted(descriptions) == ["2 digits", "2 letters", "5 digits"]
