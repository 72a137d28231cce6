"""From an answer to its payload, or to the error it is: decided without I/O."""

import json
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from arkit.errors import ApiError, AuthenticationError, ContractError
from arkit.wire.transport import Answer

SHOWN_CHARACTERS = 60
UNKNOWN_OUTCOMES = frozenset({"CLIENT_REQUEST_ABORT", "SYSTEM_ERROR", "UNKNOWN_ERROR"})
"""Words after which, whatever the status, nobody can say that nothing was carried out."""

HEAVY_BYTES = 8 * 2**20
MOST_VALUES = 2_000_000
"""Of a page of 5,000 records each could have 400."""

_HALF_CHARACTER = re.compile(
    r"\\ud[89ab][0-9a-f]{2}(?!\\ud[c-f])|(?<!\\ud[89ab][0-9a-f]{2})\\ud[c-f]", re.IGNORECASE
)


def payload(answer: Answer, *, where: str) -> Any:
    """The payload of the common envelope; numbers with a fraction are exact decimals.

    A call has failed if the status is not 2xx, if ``errorResponse`` is filled, or if ``response_code`` is
    present and not 0: all members of the envelope are optional.

    Raises:
        AuthenticationError: status 401 or 403.
        ApiError: the server says that it refuses or failed.
        ContractError: the body is not JSON, or not the envelope, or contradicts the status.
    """
    is_success = 200 <= answer.status < 300
    try:
        body = document(answer, where=where)
    except ContractError:
        if is_success:
            raise
        body = {}
    if not isinstance(body, dict):
        if is_success:
            raise _broken("the envelope is not an object.", answer, where)
        body = {}
    fault = body.get("errorResponse")
    code = body.get("response_code")
    if is_success and not fault and code in (None, 0):
        if not body.keys() & {"payload", "errorResponse", "response_code", "response_message"}:
            raise _broken("the answer has no member of the envelope.", answer, where)
        return body.get("payload")
    if not is_success and not fault and code == 0:
        raise _broken("the status says failure, and the envelope success.", answer, where)
    raise failure(answer, fault if isinstance(fault, dict) else {}, where=where)


def failure(answer: Answer, fault: Mapping[str, Any], *, where: str) -> ApiError | AuthenticationError:
    """The exception for an error of the server's own; its message is not repeated, it may name people."""
    status, word = answer.status, fault.get("errorType")
    error_type = word if isinstance(word, str) and word.isidentifier() else ""
    said = f"the server answered {status}" + (f" {error_type[:SHOWN_CHARACTERS]}" if error_type else "")
    said += f" through the proxy {answer.proxy}" if answer.proxy else ""
    if status in (401, 403) or error_type in ("UNAUTHORIZED", "INVALID_ACCESS"):
        return AuthenticationError(
            f"{said}.",
            code="forbidden" if status == 403 or error_type == "INVALID_ACCESS" else "unauthorized",
            where=where,
            server_state="known",
            next_step="Check the credentials and the company id of the profile.",
        )
    is_unknown = status >= 500 or status == 408 or error_type in UNKNOWN_OUTCOMES
    return ApiError(
        f"{said}.",
        code="server_error" if is_unknown else "refused",
        where=where,
        status=status,
        error_type=error_type,
        server_state="unknown" if is_unknown else "known",
        next_step="Try again later." if is_unknown else "Nothing of this request was carried out.",
    )


def document(answer: Answer, *, where: str) -> Any:
    """The body as JSON, strictly: no duplicate members, no NaN, no half of a surrogate pair.

    Numbers with a fraction are exact decimals.

    Raises:
        ContractError: it is anything else.
    """
    if is_heavy(answer.body):
        raise _broken(f"the body holds more than {MOST_VALUES:,} values.", answer, where)
    try:
        text = answer.body.decode("utf-8")
        _refuse_half_characters(text)
        return json.loads(
            text,
            parse_float=_decimal,
            parse_constant=_refuse_constant,
            object_pairs_hook=_unique_members,
        )
    except (ValueError, InvalidOperation, RecursionError) as error:
        raise _broken("the body is not well-formed JSON.", answer, where) from error


def is_heavy(body: bytes) -> bool:
    """Whether a body would fill the memory: three bytes of JSON can be a list of seventy."""
    return len(body) > HEAVY_BYTES and sum(body.count(mark) for mark in (b",", b"[", b"{")) > MOST_VALUES


def _decimal(text: str) -> Decimal:
    number = Decimal(text)
    if not -30 < number.adjusted() < 30:
        raise ValueError("a number out of all proportion")
    return number


def _refuse_constant(text: str) -> Any:
    raise ValueError(f"{text} is not JSON")


def _refuse_half_characters(text: str) -> None:
    """Half a surrogate pair is no character: no file, journal or frame could hold it."""
    if "\\u" in text and _HALF_CHARACTER.search(text.replace("\\\\", "  ")):
        raise ValueError("half a surrogate pair")


def _unique_members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a member stands twice")
    return members


def _broken(message: str, answer: Answer, where: str) -> ContractError:
    kind = re.match(r"[\w.+-]+/[\w.+-]+", answer.headers.get("Content-Type", ""), re.ASCII)
    said = kind[0][:SHOWN_CHARACTERS] if kind else "no content type"
    way = f", through the proxy {answer.proxy}" if answer.proxy else ""
    return ContractError(
        f"{message} Status {answer.status}, {said}, {len(answer.body)} bytes{way}.",
        code="answer",
        where=where,
        server_state="unknown",
        next_step="Check that the address is the one of the API and not of a proxy or a web page.",
    )
