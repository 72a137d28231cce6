"""The common envelope, and every way to refuse."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from flask import Response

INDIA = ZoneInfo("Asia/Kolkata")

# Money is held as Decimal and leaves as a JSON number with its two decimals; no float stands between.
_encoder = msgspec.json.Encoder(decimal_format="number")


class ErrorType(StrEnum):
    """The nine words of the contract."""

    CLIENT_REQUEST_ABORT = "CLIENT_REQUEST_ABORT"
    CLIENT_REQUEST_ERROR = "CLIENT_REQUEST_ERROR"
    INVALID_ACCESS = "INVALID_ACCESS"
    RECORD_NOT_FOUND = "RECORD_NOT_FOUND"
    SYSTEM_ERROR = "SYSTEM_ERROR"
    UNAUTHORIZED = "UNAUTHORIZED"
    UNKNOWN_ERROR = "UNKNOWN_ERROR"
    UNPROCESSABLE_REQUEST = "UNPROCESSABLE_REQUEST"
    VALIDATION_ERROR = "VALIDATION_ERROR"


@dataclass(frozen=True)
class SubError:
    """One fault of one field."""

    field: str
    message: str


class Refusal(Exception):  # noqa: N818 - an answer, not a malfunction
    """A request that is answered with the error envelope."""

    def __init__(
        self,
        status: int,
        error_type: str,
        message: str,
        sub_errors: list[SubError] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.error_type = error_type
        self.message = message
        self.sub_errors = sub_errors or []
        self.headers = headers or {}


def malformed(message: str) -> Refusal:
    """400: the request cannot be read at all."""
    return Refusal(400, ErrorType.CLIENT_REQUEST_ERROR, message)


def invalid(*sub_errors: SubError) -> Refusal:
    """400: the request can be read and breaks the contract in the fields named."""
    message = "; ".join(f"{error.field} {error.message}" for error in sub_errors)
    return Refusal(400, ErrorType.VALIDATION_ERROR, message, list(sub_errors))


def unauthorized(scheme: str, message: str) -> Refusal:
    """401, with the scheme that would be accepted."""
    headers = {"WWW-Authenticate": f'{scheme} realm="sandbox"'}
    return Refusal(401, ErrorType.UNAUTHORIZED, message, headers=headers)


def forbidden(field: str) -> Refusal:
    """403: another company's data were asked for."""
    return Refusal(403, ErrorType.INVALID_ACCESS, f"{field} is not the company of this user")


def not_found(message: str) -> Refusal:
    """404: no such record or address."""
    return Refusal(404, ErrorType.RECORD_NOT_FOUND, message)


def unprocessable(message: str, *sub_errors: SubError) -> Refusal:
    """422: well formed, and cannot be done."""
    return Refusal(422, ErrorType.UNPROCESSABLE_REQUEST, message, list(sub_errors))


def encode(body: Any) -> bytes:
    """A body as JSON."""
    return _encoder.encode(body)


def json_response(body: Any, status: int = 200) -> Response:
    """A body as JSON, outside the envelope."""
    return Response(encode(body), status, mimetype="application/json")


def success(payload: Any) -> Response:
    """The envelope of a request that was carried out."""
    return json_response(
        {"errorResponse": None, "payload": payload, "response_code": 0, "response_message": "SUCCESS"}
    )


def failure(refusal: Refusal, request_id: str) -> Response:
    """The envelope of a request that was refused."""
    error = {
        "apiSubErrors": refusal.sub_errors,
        "errorMessage": refusal.message,
        "errorType": refusal.error_type,
        "requestId": request_id,
        "timestamp": datetime.now(INDIA).strftime("%Y-%m-%d %H:%M:%S"),
    }
    response = json_response(
        {
            "errorResponse": error,
            "payload": None,
            "response_code": refusal.status,
            "response_message": refusal.message,
        },
        refusal.status,
    )
    response.headers.update(refusal.headers)
    return response
