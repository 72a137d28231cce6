"""A call of the API: address, token, retries of reads, and the payload of the answer."""

import re
import uuid
import warnings
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec
import tenacity

from arkit import settings
from arkit.errors import ArkitError, AuthenticationError, InferredWarning, NetworkError, UsageError
from arkit.settings import Profile
from arkit.wire import envelopes
from arkit.wire.log_ins import RefusedLogIns
from arkit.wire.operations import OPERATIONS, Operation
from arkit.wire.tokens import Tokens
from arkit.wire.transport import Answer, Request, Transport, multipart

BROKEN_ATTEMPTS = 4
BUSY_ATTEMPTS = 8
LONGEST_WAIT_S = 120.0
BUSY = frozenset({429, 502, 503, 504})

JSON = "application/json"
_encoder = msgspec.json.Encoder(decimal_format="number")


class Patience:
    """How long one task may wait for a busy server, over all of its requests together."""

    def __init__(self, longest_s: float = LONGEST_WAIT_S) -> None:
        self.left_s = longest_s


class Calls:
    """Calls on behalf of one profile.

    Raises:
        UsageError: the profile names paths of operations that there are not, or without their ids.
    """

    def __init__(self, profile: Profile, transport: Transport | None = None) -> None:
        _check_paths(profile)
        self.profile = profile
        self._transport = transport or Transport(
            profile.deadline_s, ca_file=profile.ca_file, proxy=profile.proxy
        )
        refused = RefusedLogIns(settings.workspace() / "log-ins.json")
        self._tokens = Tokens(profile, self._transport, refused)
        self._doubted = set(profile.paths)

    def read(
        self,
        operation: Operation,
        *,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Any:
        """The payload of an operation that changes nothing, tried again if the network or server is busy.

        Raises:
            NetworkError, AuthenticationError, ApiError, ContractError: as the last try had it.
        """
        answer = self.answer(operation, path=path, query=query, body=body)
        return envelopes.payload(answer, where=operation.name)

    def answer(
        self,
        operation: Operation,
        *,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        patience: Patience | None = None,
    ) -> Answer:
        """The answer to a read as it came, whatever its status; otherwise as `read`.

        Args:
            patience: shared by the requests of one task; without it the request has its own.
        """
        assert operation.is_repeatable
        content = None if body is None else _encoder.encode(body)

        def send(token: str) -> Answer:
            request = self._request(operation, token, path=path, query=query, content=content)
            return self._transport.read(request, where=operation.name)

        return _patiently(lambda: self._with_token(send), patience or Patience())

    def change(
        self,
        operation: Operation,
        *,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Any:
        """The payload of an operation that changes something; sent once, never again by itself.

        Raises:
            NetworkError: ``server_state`` says whether it can have been carried out.
            AuthenticationError: the server took neither the log-in nor the token; nothing was carried out.
            ApiError: the server refuses, or says that it failed.
            ContractError: the answer is none; whether it was carried out is not known.
        """
        content = None if body is None else _encoder.encode(body)
        answer = self.write(
            operation, attempt_id=uuid.uuid4().hex, path=path, query=query, content=content, content_type=JSON
        )
        return _payload_of_change(answer, operation)

    def upload(
        self, operation: Operation, *, query: Mapping[str, str], name: str, content: bytes, kind: str
    ) -> Any:
        """The payload of an operation that takes one file; sent once, with the errors of `change`."""
        body, content_type = multipart(name, content, kind)
        answer = self.write(
            operation, attempt_id=uuid.uuid4().hex, query=query, content=body, content_type=content_type
        )
        return _payload_of_change(answer, operation)

    def write(
        self,
        operation: Operation,
        *,
        attempt_id: str,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        content: bytes | None,
        content_type: str,
    ) -> Answer:
        """The raw answer of an operation that changes something; sent once, never again by itself.

        A 401 is answered like any other status, but makes the next call log in anew.

        Raises:
            NetworkError: ``server_state`` says whether a byte can have left.
            AuthenticationError, ContractError: no token could be had, so nothing was sent.
        """
        try:
            token = self._tokens.token()
        except ArkitError as error:
            error.server_state = "nothing_sent"
            raise
        marks = {"Idempotency-Key": attempt_id, "X-Request-Id": attempt_id}
        request = self._request(
            operation,
            token,
            path=path,
            query=query,
            content=content,
            content_type=content_type,
            marks=marks,
        )
        answer = self._transport.write(request, where=operation.name)
        if answer.status == 401:
            self._tokens.drop(token)
        return answer

    def result_file(self, address: str) -> bytes:
        """A result file of a bulk upload; the token goes with it only to the API's own origin.

        Raises:
            NetworkError, AuthenticationError, ApiError: it cannot be had.
        """
        where = "result file"
        try:
            parts = urlsplit(address)
            is_own = f"{parts.scheme}://{parts.netloc}" == self.profile.origin
            if not is_own and parts.scheme != "https":
                raise ValueError
        except ValueError as error:
            raise NetworkError(
                "its address is neither the API's nor https.", code="address", where=where
            ) from error

        def send(token: str) -> Answer:
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            request = Request("GET", address, headers=headers)
            return self._transport.read(request, where=where)

        answer = _patiently(lambda: self._with_token(send) if is_own else send(""), Patience())
        if answer.status != 200:
            raise envelopes.failure(answer, {}, where=where)
        return answer.body

    def log_in(self) -> None:
        """Fetch a token if there is none.

        Raises:
            AuthenticationError, ContractError, NetworkError: there is none to be had.
        """
        self._tokens.token()

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def _with_token(self, send: Callable[[str], Answer]) -> Answer:
        """Send with a token; one that the server no longer takes is renewed once."""
        token = self._tokens.token()
        answer = send(token)
        return send(self._tokens.token(instead_of=token)) if answer.status == 401 else answer

    def _request(
        self,
        operation: Operation,
        token: str,
        *,
        path: Mapping[str, str] | None,
        query: Mapping[str, str] | None,
        content: bytes | None,
        content_type: str = JSON,
        marks: Mapping[str, str] | None = None,
    ) -> Request:
        self._doubt(operation)
        ids = {name: quote(value, safe="") for name, value in (path or {}).items()}
        headers = {"Accept": JSON, "Authorization": f"Bearer {token}", **(marks or {})}
        if content is not None:
            headers["Content-Type"] = content_type
        address = self.profile.address(operation.name, operation.path).format(**ids)
        return Request(operation.verb, address, headers=headers, query=query or {}, body=content)

    def _doubt(self, operation: Operation) -> None:
        """Say once that an operation is a guess, unless the profile gives its path."""
        if operation.is_inferred and operation.name not in self._doubted:
            self._doubted.add(operation.name)
            text = (
                f"{operation.name}: {operation.verb} {operation.path} is deduced and not documented;"
                " if the server has another path, set it in the profile."
            )
            warnings.warn(InferredWarning(text), stacklevel=6)


def retry_after_s(value: str | None, *, now: datetime) -> float | None:
    """Seconds that a ``Retry-After`` header asks for (RFC 9110, 10.2.3); None if it says nothing usable."""
    text = (value or "").strip()
    if text.isascii() and text.isdigit() and len(text) <= 9:
        return float(text)
    moment = _moment(text)
    return None if moment is None else max(0.0, (moment - now).total_seconds())


def _moment(text: str) -> datetime | None:
    """A date of HTTP; None if it is none, or says not where it is so late."""
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return None if moment.tzinfo is None else moment


def _check_paths(profile: Profile) -> None:
    known = {operation.name: operation for operation in OPERATIONS}
    for name, path in profile.paths.items():
        fields = re.findall(r"\{(\w*)\}", str(path))
        if name not in known or fields != re.findall(r"\{(\w*)\}", known[name].path):
            raise UsageError(
                f"paths.{name} names no operation of the API, or not the ids of one.",
                code="paths",
                where=f"profile {profile.name}",
                next_step=f"Known are {', '.join(known)}; a path keeps its ids in braces.",
            )


def _payload_of_change(answer: Answer, operation: Operation) -> Any:
    try:
        return envelopes.payload(answer, where=operation.name)
    except AuthenticationError as error:
        if answer.status == 401:
            error.next_step = "Nothing was carried out; the next call logs in anew."
        raise


def _patiently(send: Callable[[], Answer], patience: Patience) -> Answer:
    """Repeat a read that did not get through; what came last is the result."""

    def is_enough(state: tenacity.RetryCallState) -> bool:
        assert state.outcome is not None
        most = BROKEN_ATTEMPTS if state.outcome.failed else BUSY_ATTEMPTS
        return state.attempt_number >= most or state.upcoming_sleep > patience.left_s

    def spend(state: tenacity.RetryCallState) -> None:
        patience.left_s -= state.upcoming_sleep

    retrying = tenacity.Retrying(
        stop=is_enough,
        wait=_wait_s,
        before_sleep=spend,
        retry=tenacity.retry_if_exception(_is_worth_another_try)
        | tenacity.retry_if_result(lambda answer: answer.status in BUSY),
        retry_error_callback=_last_outcome,
    )
    result: Answer = retrying(send)
    return result


def _is_worth_another_try(error: BaseException) -> bool:
    # A request that ran into its deadline has had its time already.
    return isinstance(error, NetworkError) and error.code == "connection"


def _wait_s(state: tenacity.RetryCallState) -> float:
    backoff = tenacity.wait_random_exponential(multiplier=0.5, max=5)(state)
    outcome = state.outcome
    if outcome is None or outcome.failed:
        # What broke first may have been a connection that the server had closed while it was idle.
        return 0.0 if state.attempt_number == 1 else backoff
    headers = outcome.result().headers
    # A date is one of the server's own clock, which may be hours from ours.
    now = _moment(headers.get("Date", "")) or datetime.now(UTC)
    asked = retry_after_s(headers.get("Retry-After"), now=now)
    return backoff if asked is None else asked


def _last_outcome(state: tenacity.RetryCallState) -> Answer:
    assert state.outcome is not None
    answer: Answer = state.outcome.result()
    return answer
