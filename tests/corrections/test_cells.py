"""What is wrong with single cells: what the check says of a column is what the kind's pandera model says."""

from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pandera.pandas as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arkit.corrections import repairs
from arkit.corrections.cells import OPEN_SHAPES, SHAPES
from arkit.corrections.checks import Check, check
from arkit.corrections.kinds import KINDS
from arkit.corrections.rules import RULES

from .tables import SPACES, write

KEYS = [f"KC{number:014}" for number in range(8)]
RIGHT: dict[str, dict[str, str]] = {
    "customer-update": {"customerId": ""},
    "customer-create": {"uniqueRefNo": "", "legalName": "Sai", "name": "Asha", "mobile": "9822012345"},
    "invoice-create": {"customerId": "", "baseAmount": "1.00", "dueDate": "2026-10-31", "externalId": ""},
}
FIELDS = [(kind.name, field) for kind in KINDS.values() for field in kind.headers]
# What makes a second complaint about the shape of the same cell idle.
ECLIPSING = {"stray_space", "hidden_character", "clear_word", "nothing_to_clear"}
DAMAGES = {
    "written_otherwise",
    "lookalike",
    "foreign_digits",
    "letter_o",
    "phone_prefix",
    "excel_tail",
    "excel_zero",
    "excel_scientific",
    "amount_written",
    "decimal_comma",
    "amount_decimals",
    "day_written",
    "day_ambiguous",
    "day_mixed",
    "day_serial",
    "flag_written",
}
SAMPLES = [
    *("27AAPFU0939F1ZV", "27AAPFU0939F1ZO", "93AAPFU0939F1ZW", "AAPFU0939F", "AAPXU0939F", "aapfu0939f"),
    *(
        "KC00002P0VOYQIRX",
        "kc00002p0voyqirx",
        "HDFC0001234",
        "HDFCO001234",
        "QQQQ0001234",
        "403001",
        "040300",
    ),
    *("501000123456", "50100012345678900", "1234-5678-9012", "9.19E+11", "5AAACG2115R1ZN", "५०१०००१२३४५६"),
    *("9822012345", "+91 9822012345", "098220 12345", "98220", "a@b.in", "a@b.in ", "=a@b.in", "+a@b.in"),
    *("1,234.50", "1234.5", "12.345", "1,5", "0.05", "2026-04-30", "30/04/2026", "04/05/2026", "45720"),
    *("TRUE", "false", "Yes", "INV/1", "-INV1", "INV 1", "<clear>", "<CLEAR>", "< clear >", "Goa", "Goaa"),
    *("=1+1", "@SUM", "-5", "＝1", " Goa", "Goa\u00a0", "New\nRoad", "New\u200bRoad", "CafÃ©", "\u202eGoa"),
]
VALUES = st.one_of(
    st.sampled_from(SAMPLES),
    st.sampled_from(SAMPLES).flatmap(
        lambda text: st.sampled_from([f"{text} ", f"\t{text}", f"{text}\u200b"])
    ),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8),
    st.just(""),
)


def checked(kind: str, field: str, values: list[str], folder: Path) -> Check:
    rows = [
        {**{name: right or KEYS[number] for name, right in RIGHT[kind].items()}, field: value}
        for number, value in enumerate(values)
    ]
    return check(write(folder, *rows), kind=kind)


def said_by_the_model(kind: str, field: str, values: list[str]) -> dict[int, set[str]]:
    """Rows to the checks of one column that pandera itself finds broken there."""
    names = KINDS[kind].columns
    cells = {
        names[name]: [right or KEYS[n] for n in range(len(values))] for name, right in RIGHT[kind].items()
    }
    cells[names[field]] = [value if value.strip(SPACES) else None for value in values]
    frame = pd.DataFrame({name: pd.Series(column, dtype="str") for name, column in cells.items()})
    frame.insert(0, "source_row", range(2, len(values) + 2))
    found: dict[int, set[str]] = {row: set() for row in range(2, len(values) + 2)}
    try:
        KINDS[kind].model.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as errors:
        cases = errors.failure_cases
        cases = cases[(cases["column"] == names[field]) & cases["check"].isin(RULES)]
        for index, rule in zip(cases["index"], cases["check"], strict=True):
            found[int(index) + 2].add(str(rule))
    return found


def said_by_the_check(checked: Check, field: str, model: set[str]) -> dict[int, set[str]]:
    """Rows to the rules that the cells of this column break by themselves."""
    assert checked.sheet is not None
    found: dict[int, set[str]] = {row: set() for row in checked.sheet.source_rows.tolist()}
    for problem in checked.problems.to_dict("records"):
        if problem["column"] == field and problem["rule"] in model | DAMAGES:
            found[problem["source_row"]].add(str(problem["rule"]))
    return found


def shape_of(kind: str, field: str) -> tuple[set[str], set[str]]:
    """The rules of a column, and among them that of its shape."""
    column = KINDS[kind].model.to_schema().columns[KINDS[kind].columns[field]]
    names = {str(check.name) for check in column.checks}
    return names, names & {*SHAPES, *OPEN_SHAPES}


@pytest.mark.parametrize(("kind", "field"), FIELDS, ids=[f"{kind}-{field}" for kind, field in FIELDS])
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(VALUES, min_size=1, max_size=6))
def test_a_column_breaks_what_its_model_says_and_one_damage_stands_for_a_shape(
    kind: str, field: str, values: list[str], tmp_path: Path
) -> None:
    names, shapes = shape_of(kind, field)
    wanted = said_by_the_model(kind, field, values)
    found = said_by_the_check(checked(kind, field, values, tmp_path), field, names)
    is_closed = bool(shapes & {*SHAPES})
    for row, rules in wanted.items():
        if row not in found:
            # A row of nothing but blanks is none.
            assert not rules
            continue
        others = rules - shapes - ({"formula_like"} if is_closed else set())
        assert found[row] - shapes - DAMAGES == others
        misshapen = found[row] & (shapes | DAMAGES)
        if rules & shapes and not rules & ECLIPSING:
            assert len(misshapen) == 1
        else:
            assert not misshapen


def test_the_damages_are_those_that_repairs_know() -> None:
    source = Path(repairs.__file__).read_text(encoding="utf-8")
    assert {rule for rule in DAMAGES if f'"{rule}"' in source} == DAMAGES


def test_the_right_last_character_of_a_gstin_is_named_for_each_cell(tmp_path: Path) -> None:
    found = checked("customer-update", "panOrGstin", ["27AAPFU0939F1ZO", "24AAATT6829N1ZZ"], tmp_path)
    messages = found.problems["message"].astype(str).tolist()
    assert [message.split("expected to be ")[1][0] for message in messages] == ["V", "Y"]


def in_workbook(folder: Path, *rows: list[Any]) -> Check:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in rows:
        book.active.append(row)
    book.save(folder / "table.xlsx")
    kind = "invoice-create" if "baseAmount" in rows[0] else "customer-update"
    return check(folder / "table.xlsx", kind=kind)


@pytest.mark.parametrize(
    ("field", "number", "rule", "repair"),
    [
        ("accountNumber", 501000123456, "excel_number", ""),
        ("pinCode", 403001, "excel_number", "403001"),
        ("pinCode", 40300, "excel_number", ""),
        ("contactNumber", 9822012345, "excel_number", "9822012345"),
        ("contactNumber", 919822012345, "excel_number", ""),
        ("uniqueRefNo", 7, "excel_number", ""),
        ("address", True, "excel_boolean", ""),
        ("address", pd.Timestamp("2026-04-01").to_pydatetime(), "excel_date", ""),
    ],
)
def test_a_cell_of_a_workbook_that_is_no_text_is_named_and_nothing_else_is_said_of_it(
    field: str, number: Any, rule: str, repair: str, tmp_path: Path
) -> None:
    found = in_workbook(tmp_path, ["customerId", field], [KEYS[0], number])
    assert found.problems[["rule", "repair"]].astype(str).to_numpy().tolist() == [[rule, repair]]


@pytest.mark.parametrize(
    ("amount", "rules"),
    [
        (1234.5, []),
        (100, []),
        (0.1, []),
        (123456789012.34, []),
        (12345678901234.56, ["excel_number"]),
        (1234.567, ["amount_decimals"]),
        (-5, ["amount"]),
    ],
)
def test_an_amount_may_be_a_number_of_excel_as_long_as_no_paisa_is_lost(
    amount: float, rules: list[str], tmp_path: Path
) -> None:
    header = ["customerId", "baseAmount", "dueDate", "externalId"]
    found = in_workbook(tmp_path, header, [KEYS[0], amount, "2026-10-31", "A1"])
    assert found.problems["rule"].tolist() == rules


def test_a_day_may_be_a_date_of_excel_and_not_a_bare_number(tmp_path: Path) -> None:
    header = ["customerId", "baseAmount", "dueDate", "externalId"]
    day = pd.Timestamp("2026-04-30").to_pydatetime()
    found = in_workbook(tmp_path, header, [KEYS[0], 1, day, "A1"], [KEYS[0], 1, 46142, "A2"])
    assert found.problems[["source_row", "rule"]].astype(str).to_numpy().tolist() == [["3", "day_serial"]]
    assert found.accepted["due_date"].tolist() == ["2026-04-30"]
