"""From an answer to its payload or its error, without a server."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arkit.errors import ApiError, ArkitError, AuthenticationError, ContractError
from arkit.wire import envelopes
from arkit.wire.transport import Answer

PLANTED = "Ramesh_9876543210"


def answer(body: bytes | dict[str, Any], status: int = 200, kind: str = "application/json") -> Answer:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status, {"Content-Type": kind}, content)


def error_of(given: Answer) -> ArkitError:
    with pytest.raises(ArkitError) as caught:
        envelopes.payload(given, where="searchCustomer")
    assert str(caught.value).startswith("searchCustomer: ")
    return caught.value


@pytest.mark.parametrize("status", [200, 201])
@pytest.mark.parametrize(
    "body",
    [
        {"payload": [1]},
        {"payload": [1], "response_code": 0, "response_message": "SUCCESS", "errorResponse": None},
        {"payload": [1], "response_code": None, "errorResponse": {}},
    ],
)
def test_a_call_that_went_well_gives_its_payload(body: dict[str, Any], status: int) -> None:
    assert envelopes.payload(answer(body, status), where="searchCustomer") == [1]


def test_a_payload_may_be_missing_from_an_envelope() -> None:
    assert envelopes.payload(answer({"response_code": 0}), where="activate") is None


@pytest.mark.parametrize(
    "body",
    [
        {"payload": [], "response_code": 1},
        {"payload": [], "response_code": -1},
        {"payload": [], "response_code": "0"},
        {"payload": [], "errorResponse": {"errorType": "VALIDATION_ERROR"}},
        {"payload": [], "response_code": 0, "errorResponse": {"errorMessage": "no"}},
        {"payload": [], "response_code": 0, "errorResponse": "no"},
    ],
)
def test_a_failure_under_200_is_a_failure(body: dict[str, Any]) -> None:
    error = error_of(answer(body))
    assert isinstance(error, ApiError)
    assert (error.status, error.exit_code) == (200, 9)


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 422, 500])
@pytest.mark.parametrize(
    ("error_type", "code", "is_known"),
    [
        ("CLIENT_REQUEST_ABORT", "server_error", False),
        ("CLIENT_REQUEST_ERROR", "refused", True),
        ("INVALID_ACCESS", "forbidden", True),
        ("RECORD_NOT_FOUND", "refused", True),
        ("SYSTEM_ERROR", "server_error", False),
        ("UNAUTHORIZED", "unauthorized", True),
        ("UNKNOWN_ERROR", "server_error", False),
        ("UNPROCESSABLE_REQUEST", "refused", True),
        ("VALIDATION_ERROR", "refused", True),
        ("A_NEW_WORD", "refused", True),
        (None, "refused", True),
    ],
)
def test_status_and_error_type_say_what_is_known(
    status: int, error_type: str | None, code: str, is_known: bool
) -> None:
    fault = {"errorType": error_type, "errorMessage": PLANTED}
    error = error_of(answer({"errorResponse": fault, "response_code": status}, status))
    is_about_access = status in (401, 403) or code in ("forbidden", "unauthorized")
    assert isinstance(error, AuthenticationError if is_about_access else ApiError)
    assert error.exit_code == (7 if is_about_access else 9)
    is_known = is_about_access or (is_known and status != 500)
    assert error.server_state == ("known" if is_known else "unknown")
    if isinstance(error, ApiError):
        assert error.code == ("refused" if is_known else "server_error")
        assert (error.status, error.error_type) == (status, error_type or "")
    assert str(status) in str(error)


@pytest.mark.parametrize("status", [502, 503, 504, 408])
def test_a_gateway_that_answers_in_html_leaves_the_state_unknown(status: int) -> None:
    error = error_of(answer(b"<html>Bad Gateway</html>", status, "text/html"))
    assert isinstance(error, ApiError)
    assert (error.server_state, error.status) == ("unknown", status)


@pytest.mark.parametrize("status", [400, 404, 422, 500])
def test_a_failing_status_around_an_envelope_of_success_leaves_the_state_unknown(status: int) -> None:
    error = error_of(answer({"response_code": 0, "payload": {"success_count": 1}}, status))
    assert isinstance(error, ContractError)
    assert error.server_state == "unknown"


BROKEN = {
    "empty": b"",
    "html": b"<!doctype html><title>Log in</title>",
    "cut": b'{"payload": [',
    "two documents": b"{} {}",
    "byte order mark": b'\xef\xbb\xbf{"payload": []}',
    "invalid UTF-8": b'{"payload": ["\xff"]}',
    "UTF-16": '{"payload": []}'.encode("utf-16"),
    "NUL": b'{"payload": []}\x00',
    "duplicate": b'{"payload": [], "payload": []}',
    "duplicate inside": b'{"payload": [{"a": 1, "a": 2}]}',
    "NaN": b'{"payload": [NaN]}',
    "Infinity": b'{"payload": [-Infinity]}',
    "too large": b'{"payload": [1e999]}',
    "too large for decimals": b'{"payload": [1e99999999999999999999]}',
    "too small": b'{"payload": [1e-999]}',
    "many digits": b'{"payload": [' + b"9" * 5_000 + b"]}",
    "deep": b'{"payload": ' + b"[" * 100_000,
    "deep objects": b'{"payload":' * 100_000,
    "high half": b'{"payload": ["\\ud83d"]}',
    "low half": b'{"payload": ["\\uDE00 text"]}',
    "halves swapped": b'{"payload": ["\\ude00\\ud83d"]}',
    "halves apart": b'{"payload": ["\\ud83d\\\\\\ude00"]}',
    "half in a name": b'{"payload": [{"\\ud83d": 1}]}',
    "a list": b"[]",
    "a text": b'"payload"',
    "null": b"null",
    "another object": b'{"customers": []}',
    "nothing": b"{}",
}


@pytest.mark.parametrize("body", BROKEN)
def test_what_is_not_the_envelope_breaks_the_contract(body: str) -> None:
    error = error_of(answer(BROKEN[body], kind="text/html; charset=utf-8"))
    assert isinstance(error, ContractError)
    assert (error.code, error.exit_code, error.server_state) == ("answer", 9, "unknown")
    assert f"Status 200, text/html, {len(BROKEN[body])} bytes" in str(error)


@pytest.mark.parametrize("body", BROKEN)
def test_what_is_not_the_envelope_under_an_error_status_is_an_error_of_the_server(body: str) -> None:
    error = error_of(answer(BROKEN[body], 500))
    assert isinstance(error, ApiError)
    assert error.status == 500


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1234567890123456.78", Decimal("1234567890123456.78")),
        ("0.1", Decimal("0.1")),
        ("-0.00", Decimal("-0.00")),
        ("1e5", Decimal(100000)),
        ("12345678901234567890", 12345678901234567890),
    ],
)
def test_numbers_are_exact(text: str, value: Any) -> None:
    read = envelopes.payload(answer(f'{{"payload": {text}}}'.encode()), where="x")
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("text", "value"), [(r"\ud83d\uDE00", "😀"), (r"\\ud83d", r"\ud83d"), (r"\\\ud83d\ude00\\", "\\😀\\")]
)
def test_whole_characters_are_read_however_they_are_written(text: str, value: str) -> None:
    assert envelopes.payload(answer(f'{{"payload": "{text}"}}'.encode()), where="x") == value


@pytest.mark.parametrize("status", [200, 400, 401, 500])
@pytest.mark.parametrize(
    "body",
    [
        {"response_code": 1, "response_message": PLANTED, "payload": PLANTED},
        {"errorResponse": {"errorMessage": PLANTED, "requestId": PLANTED, "apiSubErrors": [PLANTED]}},
        {"errorResponse": {"errorType": f"<b>{PLANTED}"}},
        {"errorResponse": {"errorType": [PLANTED]}},
        {"errorResponse": PLANTED},
        {PLANTED: PLANTED, "response_code": 1},
        PLANTED.encode(),
        f'{{"{PLANTED}": 1, "{PLANTED}": 1}}'.encode(),
        f'{{"payload": {PLANTED}}}'.encode(),
    ],
)
def test_no_message_repeats_what_the_server_wrote(body: bytes | dict[str, Any], status: int) -> None:
    error = error_of(answer(body, status, f"{PLANTED} \x1b[31m"))
    assert PLANTED not in str(error) + "".join(error._render_traceback_())
    assert "\x1b" not in str(error)


def test_a_long_content_type_does_not_make_a_long_message() -> None:
    assert len(str(error_of(answer(b"", kind="text/" + "x" * 10_000)))) < 500


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**40), 10**40)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("ab\\u\u0926"), inner, max_size=4),
    max_leaves=12,
)


@given(value=json_values, is_ascii=st.booleans())
def test_a_payload_arrives_as_it_was_sent(value: Any, is_ascii: bool) -> None:
    body = json.dumps({"payload": value}, ensure_ascii=is_ascii).encode()
    assert envelopes.payload(answer(body), where="x") == value


@given(
    body=st.binary(max_size=40) | st.text('{}[]":,\\ud8e0123.-+Epayload ', max_size=40).map(str.encode),
    status=st.integers(100, 599),
)
def test_whatever_comes_only_arkit_s_own_errors_arise(body: bytes, status: int) -> None:
    try:
        envelopes.payload(answer(body, status), where="x")
    except ArkitError:
        return
