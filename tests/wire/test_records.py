"""Answers read at once and value by value: the same table, or the same refusal, whatever is sent."""

import json
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import event, given, settings

from arkit import columns, frames
from arkit.errors import ApiError, ArkitError, ContractError
from arkit.wire import records
from arkit.wire.records import Page, Reader
from arkit.wire.transport import Answer

from .spellings import CUSTOMER, INVOICE, an_envelope, pages

INVOICES = frames.grain(frames.Invoices)
CUSTOMERS = frames.grain(frames.Customers)
PADDING = b' ,"response_message": "%s"}' % (b"x" * records.LARGE_BYTES)


def answer(body: bytes) -> Answer:
    return Answer(200, {"Content-Type": "application/json"}, body)


def large(body: bytes) -> bytes:
    """The same answer, with so much beside the payload that it is read at once."""
    return body.rstrip()[:-1] + PADDING


class Reading:
    """What a reader makes of a first page and another one."""

    def __init__(self, grain: columns.Grain, first: bytes) -> None:
        self.grain = grain
        self.reader = Reader(grain, id_column=next(iter(grain.kinds)), where="search")
        self.first = self.reader.page(answer(first))

    def joined(self, page: Page) -> pa.Table:
        return columns.concatenated([self.first.table, page.table], self.grain)


def outcome(read: Callable[[], Page]) -> Page | ArkitError:
    try:
        return read()
    except ArkitError as error:
        return error


def assert_both_ways_agree(grain: columns.Grain, first: bytes, body: bytes) -> str:
    """Read as a small answer and as a large one; what became of it."""
    one_by_one, at_once = Reading(grain, first), Reading(grain, first)
    slow = outcome(lambda: one_by_one.reader.page(answer(body)))
    fast = outcome(lambda: at_once.reader.page(answer(large(body))))
    if isinstance(slow, ArkitError) or isinstance(fast, ArkitError):
        assert isinstance(slow, ArkitError)
        assert isinstance(fast, ArkitError)
        assert (type(fast), fast.code, fast.where) == (type(slow), slow.code, slow.where)
        return f"refused: {slow.code}"
    assert (fast.ids, fast.total) == (slow.ids, slow.total)
    assert at_once.joined(fast).equals(one_by_one.joined(slow))
    return "read"


def typical(number: int, **others: Any) -> dict[str, Any]:
    return {
        "invoiceId": f"I{number:05d}",
        "customerLegalName": "Möbel & Söhne",
        "dueDate": "2026-09-30",
        "netAmount": 1180.5,
        "receivableStatus": {"label": "Paid", "name": "PAID"},
        "dispatched": True,
        "createdOn": "2026-08-24T14:15:22Z",
        "vip": True,
        **others,
    }


FIRST = an_envelope(json.dumps([typical(number, region="South") for number in range(3)]), 9)


def is_read_at_once(page: Page) -> bool:
    """By a mark that only arrow's own reader leaves: a member of the first page that this one lacks."""
    return "region" in page.table.column_names


def test_a_large_answer_is_read_at_once_and_a_small_one_value_by_value() -> None:
    """So that what follows compares two ways and not one with itself."""
    small = an_envelope(json.dumps([typical(7)]), 9)
    for body in (large(small), a_body(3_000), a_body(3_000, '{"invoiceId": "ODD"}')):
        assert is_read_at_once(Reading(INVOICES, FIRST).reader.page(answer(body)))
        fresh = Reader(INVOICES, id_column="invoice_id", where="search")
        assert not is_read_at_once(fresh.page(answer(body)))
    assert not is_read_at_once(Reading(INVOICES, FIRST).reader.page(answer(small)))


def is_readable(grain: columns.Grain, first: bytes) -> bool:
    try:
        Reading(grain, first)
    except ArkitError:
        return False
    return True


@settings(max_examples=300)
@given(both=pages(INVOICE, "invoiceId"))
def test_invoices_are_the_same_both_ways(both: tuple[bytes, bytes]) -> None:
    first, page = both if is_readable(INVOICES, both[0]) else (FIRST, both[1])
    event(assert_both_ways_agree(INVOICES, first, page))


@settings(max_examples=150)
@given(both=pages(CUSTOMER, "customerId"))
def test_customers_are_the_same_both_ways(both: tuple[bytes, bytes]) -> None:
    fallback = an_envelope('[{"customerId": "K1", "legalName": "Asha", "branchCodes": ["A"]}]')
    first, page = both if is_readable(CUSTOMERS, both[0]) else (fallback, both[1])
    event(assert_both_ways_agree(CUSTOMERS, first, page))


def a_body(
    count: int, odd: str | None = None, *, beside: str = '"totalCount": 3', member: str = "records"
) -> bytes:
    """Many invoices or few, one in the middle of which is odd."""
    texts = [json.dumps(typical(number)) for number in range(count)]
    if odd is not None:
        texts[count // 2] = odd
    listed = f'"{member}": [{", ".join(texts)}]'
    return f'{{"payload": {{{listed}, {beside}}}}}'.encode()


def odd(text: str) -> Callable[[int], bytes]:
    """A body in which one record has this beside its id."""
    return lambda count: a_body(count, f'{{"invoiceId": "ODD", {text}}}')


def nested(depth: int, close: str = "]") -> str:
    return "[" * depth + close * depth


DEEP = 100_000
LAST = json.dumps(typical(2_999))
BROKEN: dict[str, Callable[[int], bytes]] = {
    "payload twice": lambda count: b'{"payload": [],' + a_body(count)[1:],
    "the same payload twice": lambda count: a_body(count)[:-1] + b", " + a_body(count)[1:],
    "records twice": lambda count: a_body(count, beside=f'"records": [{json.dumps(typical(1))}]'),
    "no records and records": lambda count: b'{"payload": {"records": [], ' + a_body(count)[13:],
    "total twice": lambda count: a_body(count, beside='"totalCount": 3, "totalCount": 4'),
    "response_code twice": lambda count: b'{"response_code": 1, "response_code": 0,' + a_body(count)[1:],
    "a member behind the records twice": lambda count: a_body(count, beside=f'"a": 1, "a": 2, "z": [{LAST}]'),
    "a member of a record twice": odd('"netAmount": 1, "netAmount": 1'),
    "an id twice": odd('"invoiceId": "OTHER"'),
    "an unknown member twice": odd('"vip": true, "vip": true'),
    "a member of a status twice": odd('"receivableStatus": {"label": "P", "name": "A", "name": "B"}'),
    "a member of a nested record twice": odd('"invoiceAttachments": [{"url": 1, "url": 2}]'),
    "NaN": odd('"netAmount": NaN'),
    "NaN in a nested record": odd('"invoiceAttachments": [{"size": NaN}]'),
    "NaN beside the records": lambda count: a_body(count, beside='"totalAmount": NaN'),
    "infinity": odd('"netAmount": -Infinity'),
    "1e999": odd('"netAmount": 1e999'),
    "1e999 in a new member": odd('"creditLimit": 1e999'),
    "1e999 in a nested record": odd('"invoiceAttachments": [{"size": 1e999}]'),
    "5,000 digits": odd(f'"netAmount": {"9" * 5_000}'),
    "5,000 digits in a new member": odd(f'"creditLimit": {"9" * 5_000}'),
    "5,000 digits beside the records": lambda count: a_body(count, beside=f'"totalCount": {"9" * 5_000}'),
    "5,000 digits behind the point": odd(f'"netAmount": 0.{"0" * 5_000}1'),
    "the first half of a pair": odd('"description": "\\ud83d"'),
    "the second half of a pair": odd('"description": "\\ude00"'),
    "half a pair in a nested record": odd('"invoiceAttachments": [{"url": "\\ud83d"}]'),
    "half a pair in a name": odd('"\\ud83d": 1'),
    "half a pair beside the records": lambda count: a_body(count, beside='"note": "\\ud83d"'),
    "half a pair as bytes": lambda count: a_body(count).replace(b"M", b"\xed\xa0\xbd"),
    "invalid UTF-8": lambda count: a_body(count).replace(b"M", b"\xff"),
    "Latin-1": lambda count: json.dumps({"payload": [typical(1)] * count}, ensure_ascii=False).encode(
        "latin-1"
    ),
    "UTF-16": lambda count: a_body(count).decode().encode("utf-16"),
    "nested lists": odd(f'"invoiceAttachments": {nested(DEEP)}'),
    "nested lists in a text": odd(f'"description": {nested(DEEP)}'),
    "nested lists without end": odd(f'"invoiceAttachments": {nested(DEEP, "")}'),
    "nested lists beside the records": lambda count: a_body(count, beside=f'"z": {nested(DEEP)}'),
    "byte order mark": lambda count: b"\xef\xbb\xbf" + a_body(count),
    "two arrays": lambda count: a_body(count, beside='"others": []'),
    "a text among the records": lambda count: a_body(count, '"I1"'),
    "a number among the records": lambda count: a_body(count, "7"),
    "null among the records": lambda count: a_body(count, "null"),
    "a list among the records": lambda count: a_body(count, "[]"),
    "lists as records": lambda count: json.dumps({"payload": [["I" * 99]] * count}).encode(),
    "more behind the end": lambda count: a_body(count) + b" {}",
    "two answers": lambda count: a_body(count) * 2,
    "cut off": lambda count: a_body(count)[:-40],
    "a comma too many": odd('"vip": true,'),
    "a comment": odd('"vip": /* true */ true'),
    "single quotes": odd("'vip': true"),
    "a control character": odd('"description": "a\x01b"'),
    "a leading zero": odd('"netAmount": 01180'),
    "nothing before the point": odd('"netAmount": .5'),
    "no envelope": lambda count: json.dumps([typical(number) for number in range(count)]).encode(),
    "a page of the web": lambda count: b"<html>" + b"sorry " * 200 * count,
    "nothing": lambda count: b" " * 200 * count,
}


@pytest.mark.parametrize("count", [3, 3_000])
@pytest.mark.parametrize("fault", BROKEN)
def test_an_answer_that_is_not_strict_json_of_records_breaks_the_contract_however_large(
    fault: str, count: int
) -> None:
    body = BROKEN[fault](count)
    assert count == 3 or len(body) > records.LARGE_BYTES
    with pytest.raises(ContractError) as caught:
        Reading(INVOICES, FIRST).reader.page(answer(body))
    assert caught.value.exit_code == 9
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("count", [3, 3_000])
@pytest.mark.parametrize(
    "identity",
    [
        "",
        '"invoiceId": null',
        '"invoiceId": 7',
        '"invoiceId": ""',
        '"invoiceId": "  "',
        '"invoiceId": " I7"',
        '"invoiceId": "I7\\u00a0"',
        '"invoiceId": ["I7"]',
        '"invoiceId": {"label": "I", "name": "I7"}',
    ],
)
def test_a_record_without_a_usable_id_is_named_by_its_place(identity: str, count: int) -> None:
    with pytest.raises(ContractError, match=f"record {count // 2} of a page has no usable invoiceId"):
        Reading(INVOICES, FIRST).reader.page(answer(a_body(count, f"{{{identity}}}")))


@pytest.mark.parametrize("count", [3, 3_000])
@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("netAmount", '"1180.50"'),
        ("netAmount", "1.005"),
        ("netAmount", "10000000000000000"),
        ("dueDate", '"30-09-2026"'),
        ("createdOn", "1790726400000"),
        ("dispatched", "1"),
        ("description", '["a", 1]'),
        ("receivableStatus", '{"label": "Paid", "name": 1}'),
    ],
)
def test_a_value_of_another_kind_is_named_by_its_place(member: str, value: str, count: int) -> None:
    with pytest.raises(ContractError, match=f"record {count // 2} does not hold") as caught:
        Reading(INVOICES, FIRST).reader.page(answer(odd(f'"{member}": {value}')(count)))
    assert caught.value.where == f"invoices.{member}"


@pytest.mark.parametrize("count", [3, 3_000])
@pytest.mark.parametrize("beside", ['"response_code": 5', '"errorResponse": {"errorType": "SYSTEM_ERROR"}'])
def test_a_failure_that_comes_with_many_records_is_none_the_less_one(beside: str, count: int) -> None:
    """Also where records are repeated behind it, in a place that nobody reads."""
    for more in ("", f', "z": [{LAST}], "y": {LAST}'):
        body = a_body(count)[:-1] + f", {beside}{more}}}".encode()
        with pytest.raises(ApiError):
            Reading(INVOICES, FIRST).reader.page(answer(body))


@pytest.mark.parametrize("count", [0, 3, 3_000])
def test_what_stands_beside_the_records_is_read_with_few_and_many(count: int) -> None:
    page = Reading(INVOICES, FIRST).reader.page(
        answer(a_body(count, beside=f'"size": 7, "totalCount": {count}'))
    )
    assert (len(page.ids), page.total) == (count, count)


def test_a_large_answer_without_records_is_an_empty_page() -> None:
    page = Reading(INVOICES, FIRST).reader.page(answer(large(an_envelope("[]", 0))))
    assert (page.ids, page.total, page.table.num_rows) == ([], 0, 0)


@pytest.mark.parametrize("count", [3, 3_000])
def test_records_may_stand_in_the_payload_itself(count: int) -> None:
    first, body = ({"payload": [typical(number) for number in range(size)]} for size in (3, count))
    page = Reading(INVOICES, json.dumps(first).encode()).reader.page(answer(json.dumps(body).encode()))
    assert (len(page.ids), page.total) == (count, None)


def test_a_server_that_names_its_list_otherwise_on_the_next_page_is_understood() -> None:
    body = a_body(3_000, member="rows")
    assert len(Reading(INVOICES, FIRST).reader.page(answer(body)).ids) == 3_000


def test_records_on_many_lines_are_read_as_those_on_one() -> None:
    body = json.dumps(json.loads(a_body(3_000)), indent=2).encode()
    reading = Reading(INVOICES, FIRST)
    assert reading.reader.page(answer(body)).table.equals(reading.reader.page(answer(a_body(3_000))).table)


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (None, "a NoneType came"),
        ("R1", "a str came"),
        (7, "a int came"),
        ({}, "0 arrays came"),
        ({"customers": None}, "0 arrays came"),
        ({"customers": [], "errors": []}, "2 arrays came"),
        ({"page": {"customers": []}}, "0 arrays came"),
        ([["R1"]], "a list came"),
        ([{"invoiceId": "R1"}, None], "a list came"),
    ],
)
def test_any_other_shape_breaks_the_contract(payload: Any, message: str) -> None:
    reader = Reader(INVOICES, id_column="invoice_id", where="search")
    with pytest.raises(ContractError, match=message) as caught:
        reader.page(answer(json.dumps({"payload": payload}).encode()))
    assert (caught.value.code, caught.value.where, caught.value.server_state) == ("page", "search", "known")


@pytest.mark.parametrize(
    ("beside", "total"),
    [
        ({}, None),
        ({"total": 3}, 3),
        ({"totalCount": 3}, 3),
        ({"total_count": 3}, 3),
        ({"totalElements": 3, "totalPages": 1}, 3),
        ({"totalPages": 1}, None),
        ({"totalAmount": 118_000}, None),
        ({"total": 3, "totalCount": 3}, None),
        ({"totalCount": -1}, None),
        ({"totalCount": "3"}, None),
        ({"totalCount": True}, None),
        ({"size": 3, "number": 0}, None),
    ],
)
def test_only_a_count_of_records_is_a_total(beside: dict[str, Any], total: int | None) -> None:
    known = [{"invoiceId": "I1"}]
    assert records.listed({"invoices": known, **beside}, where="search") == (known, total)
