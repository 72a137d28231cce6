"""Findings become a frame of problems: in the order of the file, with the same columns whatever was found."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arkit.corrections import findings
from arkit.corrections.findings import COLUMNS, Finding, Messages
from arkit.corrections.rules import RULES

from .tables import column

HEADER = ["customerId", "state", "pinCode"]


def rows(*numbers: int) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    return np.array(numbers, dtype=np.int64)


def finding(rule: str, place: int, *numbers: int, **members: object) -> Finding:
    values = None if place < 0 else column(*(f"v{number}" for number in numbers))
    return Finding(rule, place, rows(*numbers), f"{rule}.", values)._replace(**members)


def test_problems_stand_by_row_and_column_and_in_the_order_in_which_they_were_found() -> None:
    found = [
        finding("pin_code", 2, 3, 2),
        finding("stray_space", 1, 2),
        finding("nothing_asked", -1, 3),
        finding("mojibake", 1, 2),
    ]
    frame = findings.to_frame(found, HEADER)
    assert frame[["source_row", "column", "rule"]].astype(str).to_numpy().tolist() == [
        ["2", "state", "stray_space"],
        ["2", "state", "mojibake"],
        ["2", "pinCode", "pin_code"],
        ["3", "", "nothing_asked"],
        ["3", "pinCode", "pin_code"],
    ]
    assert frame["value"].tolist() == ["v2", "v2", "v2", "", "v3"]


@pytest.mark.parametrize(
    "found", [[], [finding("pin_code", 2)], [finding("pin_code", 2, 2)], [finding("nothing_asked", -1, 2)]]
)
def test_a_frame_has_the_same_columns_and_types_whatever_was_found(found: list[Finding]) -> None:
    frame = findings.to_frame(found, HEADER)
    assert frame.columns.tolist() == COLUMNS
    assert frame["source_row"].dtype == "int64"
    assert {str(frame[name].dtype) for name in COLUMNS[1:]} == {"str"}
    assert not frame.isna().any(axis=None)
    assert frame.index.equals(pd.RangeIndex(len(frame)))


def test_each_cell_may_have_a_message_and_a_repair_of_its_own() -> None:
    told = Messages(rows(1, 0, 1), ["First.", "Second."])
    repairs = pa.array(["a", None, "c"], pa.large_string())
    frame = findings.to_frame(
        [finding("ifsc", 1, 2, 3, 4, messages=told, repairs=repairs), finding("pin_code", 2, 2)], HEADER
    )
    assert frame["message"].astype(str).tolist() == ["Second.", "pin_code.", "First.", "Second."]
    assert frame["repair"].tolist() == ["a", "", "", "c"]


def test_a_finding_is_as_grave_as_its_rule_unless_it_says_otherwise() -> None:
    grave, light = finding("row_hidden", -1, 2), finding("row_hidden", -1, 3, severity="warning")
    assert [findings.is_error(one) for one in (grave, light)] == [True, False]
    assert findings.to_frame([grave, light], HEADER)["severity"].astype(str).tolist() == ["error", "warning"]


def test_columns_of_one_name_are_told_apart_by_their_place() -> None:
    frame = findings.to_frame([finding("ifsc", 1, 2), finding("ifsc", 0, 2)], ["twice", "twice"])
    assert frame["column"].astype(str).tolist() == ["twice", "twice"]
    assert frame["value"].tolist() == ["v2", "v2"]


FOUND = st.tuples(
    st.sampled_from(["pin_code", "ifsc", "nothing_asked", "row_hidden", "mojibake"]),
    st.integers(-1, 2),
    st.lists(st.integers(1, 9), unique=True, max_size=4),
)


@given(st.lists(FOUND, max_size=6))
def test_every_cell_that_was_found_stands_in_the_frame_once(drawn: list[tuple[str, int, list[int]]]) -> None:
    found = [finding(rule, place, *numbers) for rule, place, numbers in drawn]
    frame = findings.to_frame(found, HEADER)
    wanted = [
        (number, place, order, rule)
        for order, (rule, place, numbers) in enumerate(drawn)
        for number in numbers
    ]
    wanted.sort(key=lambda one: one[:3])
    names = frame["column"].astype(str)
    assert list(zip(frame["source_row"], names, frame["rule"].astype(str), strict=True)) == [
        (number, HEADER[place] if place >= 0 else "", rule) for number, place, _, rule in wanted
    ]
    assert frame["severity"].astype(str).tolist() == [RULES[rule].severity for *_, rule in wanted]
    assert frame["message"].astype(str).tolist() == [f"{rule}." for *_, rule in wanted]
