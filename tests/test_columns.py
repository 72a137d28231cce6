"""Typed columns from JSON: exact, of one kind each, and by two ways that agree."""

import datetime as dt
import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from arkit import columns
from arkit.columns import (
    DATE,
    FLAG,
    INSTANT,
    JSON_TEXT,
    MONEY,
    PLAIN_TEXT,
    WHOLE_NUMBER,
    Grain,
    Kind,
    Record,
)
from arkit.errors import ContractError

KINDS = {
    "id": PLAIN_TEXT,
    "amount": MONEY,
    "is_paid": FLAG,
    "count": WHOLE_NUMBER,
    "due_on": DATE,
    "made_on": INSTANT,
}
GRAIN = Grain("things", KINDS, {name: columns.camel(name) for name in KINDS})
IST = dt.timezone(dt.timedelta(hours=5, minutes=30))


def table(*records: Record, grain: Grain = GRAIN) -> pa.Table:
    return columns.from_records(records, grain)


def values(column: str, *records: Record) -> list[Any]:
    found: list[Any] = table(*records)[column].to_pylist()
    return found


@pytest.mark.parametrize("records", [[], [{}], [{"id": None, "amount": None, "madeOn": None}]])
def test_every_declared_column_is_there_with_its_type(records: list[Record]) -> None:
    made = table(*records)
    assert made.column_names == list(KINDS)
    assert [field.type for field in made.schema] == [kind.type for kind in KINDS.values()]
    assert made.num_rows == len(records)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-08-24T14:15:22Z", dt.datetime(2026, 8, 24, 14, 15, 22, tzinfo=dt.UTC)),
        ("2026-08-24T14:15:22.123456Z", dt.datetime(2026, 8, 24, 14, 15, 22, 123456, tzinfo=dt.UTC)),
        ("2026-08-24T14:15:22+05:30", dt.datetime(2026, 8, 24, 14, 15, 22, tzinfo=IST)),
        ("2026-08-24T14:15:22-08:00", dt.datetime(2026, 8, 24, 22, 15, 22, tzinfo=dt.UTC)),
        ("2026-08-24 14:15:22", dt.datetime(2026, 8, 24, 14, 15, 22, tzinfo=IST)),
        ("2026-08-24", dt.datetime(2026, 8, 24, tzinfo=IST)),
        ("", None),
    ],
)
def test_an_instant_is_the_same_moment_whatever_its_zone_and_indian_without_one(
    text: str, instant: dt.datetime | None
) -> None:
    assert values("made_on", {"madeOn": text}) == [instant]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-09-30", dt.date(2026, 9, 30)),
        ("2026-09-30T18:29:59Z", dt.date(2026, 9, 30)),
        ("2026-09-30T18:30:00Z", dt.date(2026, 10, 1)),
        ("2026-09-30T23:59:59+05:30", dt.date(2026, 9, 30)),
        ("2026-09-30 23:59:59", dt.date(2026, 9, 30)),
        ("", None),
    ],
)
def test_a_date_that_comes_as_an_instant_is_the_day_in_india(text: str, day: dt.date | None) -> None:
    assert values("due_on", {"dueOn": text}) == [day]


@pytest.mark.parametrize(
    ("held", "kind", "plain"),
    [
        (["a", "b"], pa.large_string(), ["a", "b"]),
        ([True, None], pa.bool_(), [True, None]),
        ([1, 2**62], pa.int64(), [1, 2**62]),
        ([1, Decimal("0.000000001")], columns.FRACTION, [1, Decimal("0.000000001")]),
        ([{"label": "Big", "name": "BIG"}, None], pa.large_string(), ["BIG", None]),
        ([["a", "b"], []], pa.large_string(), ["a;b", ""]),
        ([2**70, 1], pa.large_string(), [str(2**70), "1"]),
        ([Decimal("1E-10"), 1], pa.large_string(), ["1E-10", "1"]),
        ([{"a": [1, {"b": Decimal("1.10")}]}], pa.large_string(), ['{"a":[1,{"b":1.10}]}']),
        (["a", 1, True, [1], Decimal("1.50")], pa.large_string(), ["a", "1", "true", "[1]", "1.50"]),
        ([None, None], pa.null(), [None, None]),
    ],
)
def test_a_member_nobody_declared_becomes_a_column_of_its_kind_or_else_of_json(
    held: list[Any], kind: pa.DataType, plain: list[Any]
) -> None:
    made = table(*({"someThing": value} for value in held))["some_thing"]
    assert (made.type, made.to_pylist()) == (kind, plain)


def test_members_that_nobody_declared_follow_in_the_order_in_which_they_came() -> None:
    made = table({"b": 1}, {"a": 1, "id": "1", "customerReminders": []}, {"b": 2, "c": 1})
    assert made.column_names == [*KINDS, "b", "a", "c"]


def test_a_closed_grain_leaves_them_out() -> None:
    grain = Grain("things", {"id": PLAIN_TEXT}, {"id": "id"}, is_open=False)
    assert table({"id": "1", "other": 2}, grain=grain).column_names == ["id"]


def test_nested_records_can_be_kept_as_the_json_that_they_are() -> None:
    grain = Grain("things", {"held": JSON_TEXT}, {"held": "held"}, is_open=False)
    made = table({"held": [{"a": Decimal("1.10")}]}, {"held": []}, {}, grain=grain)
    assert made["held"].to_pylist() == ['[{"a":1.10}]', "[]", None]


@pytest.mark.parametrize("members", [{"is_paid": True}, {"taxCode": "a", "tax_code": "b"}])
def test_two_members_for_one_column_are_refused(members: Record) -> None:
    with pytest.raises(ContractError, match="two members stand for one column"):
        table(members)


@pytest.mark.parametrize(
    ("pages", "kind", "held"),
    [
        ([[1], ["a"]], pa.large_string(), ["1", "a"]),
        ([[1], [True]], pa.large_string(), ["1", "true"]),
        ([[None], [True]], pa.bool_(), [None, True]),
        ([[], [Decimal("0.5")]], columns.FRACTION, [Decimal("0.5")]),
    ],
)
def test_pages_in_which_a_member_is_of_two_kinds_have_one_column_of_text(
    pages: list[list[Any]], kind: pa.DataType, held: list[Any]
) -> None:
    tables = [table(*({"id": "1", "extra": value} for value in page)) for page in pages]
    joined = columns.concatenated(tables, GRAIN)
    assert (joined["extra"].type, joined["extra"].to_pylist()) == (kind, held)
    assert joined.schema.names == [*KINDS, "extra"]


def test_whole_numbers_and_fractions_of_two_pages_stay_exact() -> None:
    whole, fraction = 2**62 + 1, Decimal("0.000000001")
    joined = columns.concatenated([table({"extra": whole}), table({"extra": fraction})], GRAIN)
    assert joined["extra"].to_pylist() == [whole, fraction]


def test_a_member_of_two_kinds_leaves_the_other_columns_as_they_are() -> None:
    first, second = table({"extra": 1, "vip": True}), table({"extra": "a", "vip": False})
    joined = columns.concatenated([first, second], GRAIN)
    assert joined["vip"].to_pylist() == [True, False]


TYPICAL = {
    "id": "T1",
    "amount": Decimal("10.50"),
    "isPaid": True,
    "count": 7,
    "dueOn": "2026-09-30",
    "madeOn": "2026-08-24T14:15:22Z",
    "segment": {"label": "Big", "name": "BIG"},
    "tags": ["a", "b"],
    "limit": 5,
    "share": Decimal("0.5"),
    "vip": None,
}


def at_once(first: Sequence[Record], *lines: str) -> pa.Table:
    schema = columns.raw_schema(first, GRAIN)
    assert schema is not None
    return columns.from_lines("\n".join(lines).encode(), schema, GRAIN)


def line(**members: Any) -> str:
    return json.dumps({**TYPICAL, **members}, default=float)


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"amount": None, "madeOn": None, "segment": None, "tags": None},
        {"amount": 10, "count": -1, "limit": -(2**62), "share": 3},
        {"dueOn": "2026-08-24T20:15:22Z"},
        {"madeOn": "2026-08-24T14:15:22.5+05:30"},
        {"id": 'ü\u0000\U0001f600\n"\\', "tags": []},
        {"customerKeyContacts": [{"name": "Asha", "mobile": None}]},
    ],
)
def test_records_like_those_that_were_seen_go_the_fast_way_to_the_same_table(members: dict[str, Any]) -> None:
    first, slow = table(TYPICAL), table(*[{**TYPICAL, **members}] * 2)
    fast = at_once([TYPICAL], *[line(**members)] * 2)
    joined = columns.concatenated([first, fast], GRAIN)
    assert joined.equals(columns.concatenated([first, slow], GRAIN))


@pytest.mark.parametrize(
    "members",
    [
        {"amount": 1.005},
        {"amount": 10**16},
        {"amount": True},
        {"isPaid": "true"},
        {"isPaid": 1},
        {"count": 1.5},
        {"count": 2**31},
        {"dueOn": "30-09-2026"},
        {"dueOn": "2026-09-31"},
        {"madeOn": "2026-08-24 14:15:22"},
        {"madeOn": "2026-08-24T14:15:22.1234567Z"},
        {"madeOn": "2026-02-30T14:15:22Z"},
        {"madeOn": ""},
        {"id": 7},
        {"id": {"label": "A", "name": "B"}},
        {"segment": "BIG"},
        {"segment": {"label": "Big", "name": "BIG", "code": 1}},
        {"tags": ["a", 1]},
        {"limit": 2**70},
        {"limit": 0.5},
        {"vip": True},
        {"new": 1},
    ],
)
def test_the_fast_way_takes_nothing_that_needs_a_closer_look(members: dict[str, Any]) -> None:
    with pytest.raises(pa.ArrowInvalid):
        at_once([TYPICAL], line(), line(**members))


@pytest.mark.parametrize("value", [{"a": 1}, [1], ["a", 1], {"label": "A"}])
def test_records_that_hold_what_arrow_cannot_take_show_no_fast_way(value: Any) -> None:
    assert columns.raw_schema([{**TYPICAL, "odd": value}], GRAIN) is None


@pytest.mark.parametrize(("member", "name"), [("pinCode", "pin_code"), ("id", "id"), ("isPaid", "is_paid")])
def test_a_member_and_its_column_have_each_other_s_names(member: str, name: str) -> None:
    assert (columns.snake(member), columns.camel(name)) == (name, member)


@pytest.mark.parametrize(
    ("kind", "value"),
    [(PLAIN_TEXT, 1), (FLAG, 1), (WHOLE_NUMBER, True), (MONEY, 1.5), (MONEY, True), (DATE, 7), (INSTANT, 7)],
)
def test_a_value_of_another_kind_is_named_by_record_and_member_and_not_repeated(
    kind: Kind, value: Any
) -> None:
    grain = Grain("things", {"held": kind}, {"held": "heldMember"})
    with pytest.raises(ContractError, match="record 2 does not hold") as caught:
        table({}, {"heldMember": None}, {"heldMember": value}, grain=grain)
    assert (caught.value.where, caught.value.code) == ("things.heldMember", "member_type")
