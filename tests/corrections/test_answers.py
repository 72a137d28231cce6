"""What the answer to an upload says of its rows, without a server."""

import json
import unicodedata
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from arkit.corrections import answers
from arkit.wire.transport import Answer

KEYS = ["KC00000000000001", "KC00000000000002", "KC00000000000003"]
COUNTS = {"success_count": 2, "failure_count": 1, "total_count": 3}
LINK = "https://files.example/failures"


def answer(payload: Any, status: int = 200, **envelope: Any) -> Answer:
    return raw(json.dumps({"payload": payload, "response_code": 0, **envelope}).encode(), status)


def raw(body: bytes, status: int = 200) -> Answer:
    return Answer(status, {"Content-Type": "application/json"}, body)


def refused(status: int, error_type: str) -> Answer:
    error = {"errorType": error_type, "errorMessage": "no"}
    return answer(None, status, errorResponse=error, response_code=status)


def summary(said: Answer) -> answers.Summary:
    return answers.summary(said, KEYS, where="bulkUpdate")


def test_counts_that_add_up_without_a_failure_leave_nothing_to_look_up() -> None:
    counts = {"success_count": 3, "failure_count": 0, "total_count": 3}
    assert summary(answer(counts)).verdict == answers.Verdict()


def test_a_counted_failure_is_looked_up_in_the_file_that_the_answer_names() -> None:
    found = summary(answer({**COUNTS, "failure_file_url": LINK}))
    assert (found.verdict, found.failures, found.failure_file_url) == (None, 1, LINK)


ODD_COUNTS = {
    "nothing": None,
    "no object": [1, 2],
    "all missing": {},
    "one missing": {"success_count": 3, "failure_count": 0},
    "negative": {"success_count": 4, "failure_count": -1, "total_count": 3},
    "booleans": {"success_count": 2, "failure_count": True, "total_count": 3},
    "texts": {"success_count": "3", "failure_count": "0", "total_count": "3"},
    "fractions": {"success_count": 3.0, "failure_count": 0.0, "total_count": 3.0},
    "sum too small": {"success_count": 2, "failure_count": 0, "total_count": 3},
    "sum too large": {"success_count": 3, "failure_count": 1, "total_count": 3},
    "more rows than were sent": {"success_count": 4, "failure_count": 0, "total_count": 4},
    "fewer rows than were sent": {"success_count": 2, "failure_count": 0, "total_count": 2},
    "no rows at all": {"success_count": 0, "failure_count": 0, "total_count": 0},
}


@pytest.mark.parametrize("payload", ODD_COUNTS.values(), ids=ODD_COUNTS)
def test_odd_counts_prove_nothing(payload: Any) -> None:
    found = summary(answer(payload)).verdict
    assert found
    assert found.doubt
    assert not found.refusals


ODD_BODIES = {
    "empty": b"",
    "page": b"<html>Bad gateway</html>",
    "cut off": b'{"payload": {"success_count": 3, "failu',
    "count twice": b'{"payload": {"total_count": 3, "total_count": 3}}',
    "not a number": b'{"payload": {"success_count": NaN, "failure_count": 0, "total_count": 3}}',
    "endless nest": b"[" * 100_000,
    "not UTF-8": b'{"payload": "\xff"}',
    "other object": b'{"success_count": 3, "failure_count": 0, "total_count": 3}',
}


@pytest.mark.parametrize("body", ODD_BODIES.values(), ids=ODD_BODIES)
def test_an_answer_that_cannot_be_read_leaves_every_row_in_doubt(body: bytes) -> None:
    found = summary(raw(body)).verdict
    assert found
    assert found.doubt


@pytest.mark.parametrize("status", [400, 404, 409, 413, 422])
def test_a_refusal_of_the_whole_file_is_one_of_each_row(status: int) -> None:
    found = summary(refused(status, "VALIDATION_ERROR")).verdict
    assert found
    assert set(found.refusals) == set(KEYS)
    assert str(status) in found.refusals[KEYS[0]]


def test_a_missing_permission_is_a_refusal_too() -> None:
    found = summary(refused(403, "INVALID_ACCESS")).verdict
    assert found
    assert set(found.refusals) == set(KEYS)


@pytest.mark.parametrize(
    ("status", "error_type"),
    [
        (401, "UNAUTHORIZED"),
        (408, "CLIENT_REQUEST_ABORT"),
        (429, "LIMIT_EXCEEDED"),
        (500, "SYSTEM_ERROR"),
        (502, ""),
        (503, "SERVICE_UNAVAILABLE"),
        (504, "VALIDATION_ERROR"),
        (400, "UNKNOWN_ERROR"),
        (400, "CLIENT_REQUEST_ABORT"),
    ],
)
def test_trouble_at_the_server_says_nothing_of_the_rows(status: int, error_type: str) -> None:
    found = summary(refused(status, error_type)).verdict
    assert found
    assert found.doubt
    assert not found.refusals


def test_success_and_failure_in_one_answer_is_no_success() -> None:
    payload = {"success_count": 3, "failure_count": 0, "total_count": 3}
    for said in (
        answer(payload, errorResponse={"errorType": "SYSTEM_ERROR"}),
        answer(payload, response_code=17),
        answer(payload, status=500),
    ):
        assert summary(said).verdict != answers.Verdict()


def table(*lines: str) -> bytes:
    return "\n".join(lines).encode()


FAILURE_FILES = {
    "as documented": table("customerId,address,error", f"{KEYS[1]},Road,bad address"),
    "columns in another order": table("error,address,customerId", f"bad address,Road,{KEYS[1]}"),
    "extra columns": table("line,customerId,error,address,at", f"2,{KEYS[1]},bad address,Road,2026-01-01"),
    "reason under another name": table("customerId,Remarks", f"{KEYS[1]},bad address"),
    "spaces around names and keys": table(" customerId , error", f" {KEYS[1]} ,bad address"),
    "byte order mark": b"\xef\xbb\xbf" + table("customerId,error", f"{KEYS[1]},bad address"),
    "rows that nobody asked about": table(
        "customerId,error", "KC99999999999999,no such row", f"{KEYS[1]},bad address"
    ),
}


@pytest.mark.parametrize("content", FAILURE_FILES.values(), ids=FAILURE_FILES)
def test_refused_rows_are_found_by_their_key_with_the_reason_given(content: bytes) -> None:
    found = answers.of_failures(content, 1, KEYS)
    assert not found.doubt
    assert set(found.refusals) == {KEYS[1]}
    assert "bad address" in found.refusals[KEYS[1]]


def test_a_row_refused_without_a_reason_is_refused_all_the_same() -> None:
    for content in (table("customerId,error", f"{KEYS[1]},"), table("customerId", KEYS[1])):
        assert answers.of_failures(content, 1, KEYS).refusals[KEYS[1]]


UNUSABLE_FILES = {
    "empty": b"",
    "no key": table("customer,error", f"{KEYS[1]},bad address"),
    "fewer rows than counted": table("customerId,error"),
    "more rows than counted": table("customerId,error", f"{KEYS[0]},bad", f"{KEYS[1]},bad"),
    "the same row twice for two": table("customerId,error", *[f"{KEYS[1]},bad"] * 2),
    "keys formatted": table("customerId,error", f"{KEYS[1].lower()},bad"),
    "strange keys": table("customerId,error", "KC99999999999999,bad"),
    "rows of another width": table("customerId,error", f"{KEYS[1]},bad,worse"),
    "page": b"<html>Log in</html>",
    "PDF": b"%PDF-1.7",
    "old workbook": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    "no workbook": b"PK\x03\x04 and so on",
    "bytes": bytes(range(256)),
    "open quote": table("customerId,error", f'{KEYS[1]},"bad'),
    "Latin-1": "customerId,error\nKC1,größer".encode("latin-1"),
}


@pytest.mark.parametrize("content", UNUSABLE_FILES.values(), ids=UNUSABLE_FILES)
def test_a_file_that_does_not_name_the_refused_rows_leaves_them_in_doubt(content: bytes) -> None:
    failures = 2 if content == UNUSABLE_FILES["the same row twice for two"] else 1
    found = answers.of_failures(content, failures, KEYS)
    assert found.doubt
    assert not found.refusals


def test_an_operation_on_one_record_is_done_or_refused_or_in_doubt() -> None:
    def verdict(said: Answer) -> answers.Verdict:
        return answers.of_single(said, KEYS[0], where="updateCustomer")

    assert verdict(answer({"customerId": KEYS[0]})) == answers.Verdict()
    assert set(verdict(refused(400, "VALIDATION_ERROR")).refusals) == {KEYS[0]}
    assert verdict(refused(500, "SYSTEM_ERROR")).doubt
    assert verdict(raw(b"{")).doubt


@given(st.text(max_size=600))
@example("\x1b[31mred\x1b[0m\x07\x00")
@example("x" * 1_000_000)
@example("left \u202eright\u2066 \u200b\ufeff tag \U000e0041")
@example("a\r\n\tb\u2028c\x85d")
@example("\ud800")
def test_the_words_of_a_server_are_one_short_line_that_acts_on_no_screen(text: str) -> None:
    shown = answers.plain(text)
    assert len(shown) <= 200
    assert shown == shown.strip()
    assert not [c for c in shown if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")]


def test_values_of_the_row_are_hidden_wherever_and_however_the_server_quotes_them() -> None:
    hidden = ["27ABCDE1234F1Z5", "ABCDE1234F", "12 MG  Road", None, "", "Goa"]
    said = "27abcde1234f1z5 at 12 MG Road, Goa; PAN ABCDE1234F " + "x" * 90 + " 27ABCDE1234F1Z5" * 20
    shown = answers.plain(said, hidden=hidden)
    assert shown.startswith("… at …, Goa; PAN … xxx")
    assert not any(part in shown.upper() for part in ("ABCD", "1234", "ROAD"))


def test_plain_words_stay_as_they_are() -> None:
    assert answers.plain("pinCode must be six digits; ₹ नाम") == "pinCode must be six digits; ₹ नाम"
