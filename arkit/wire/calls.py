"""A call of the API: address, token, retries of reads, and the payload of the answer."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlsplit

import tenacity

from arkit.errors import ArkitError, NetworkError
from arkit.settings import Profile
from arkit.wire import envelopes
from arkit.wire.operations import Effect, Operation
from arkit.wire.tokens import Tokens
from arkit.wire.transport import MAX_FILE_BYTES, Answer, Request, Transport

ATTEMPTS = 4
LONGEST_WAIT_S = 120.0
BUSY = frozenset({429, 502, 503, 504})


class Calls:
    """Calls on behalf of one profile."""

    def __init__(self, profile: Profile, transport: Transport | None = None) -> None:
        self.profile = profile
        self._transport = transport or Transport(profile.deadline_s)
        self._tokens = Tokens(profile, self._transport)

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
        assert operation.effect is Effect.READ
        content = None if body is None else json.dumps(body).encode()

        def send(token: str) -> Answer:
            request = self._request(
                operation, token, path=path, query=query, content=content, content_type="application/json"
            )
            return self._transport.read(request, where=operation.name)

        answer = _patiently(lambda: self._with_token(send))
        return envelopes.payload(answer, where=operation.name)

    def write(
        self,
        operation: Operation,
        *,
        attempt_id: str,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        content: bytes,
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
            return self._transport.read(request, where=where, max_bytes=MAX_FILE_BYTES)

        answer = _patiently(lambda: self._with_token(send) if is_own else send(""))
        if answer.status != 200:
            raise envelopes.failure(answer.status, {}, where=where)
        return answer.body

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
        content_type: str,
        marks: Mapping[str, str] | None = None,
    ) -> Request:
        place = operation.path.format(**{name: quote(value, safe="") for name, value in (path or {}).items()})
        headers = {"Accept": "application/json", "Authorization": f"Bearer {token}", **(marks or {})}
        if content is not None:
            headers["Content-Type"] = content_type
        url = self.profile.base_url.rstrip("/") + place
        return Request(operation.verb, url, headers=headers, query=query or {}, body=content)


def retry_after_s(value: str | None, *, now: datetime) -> float | None:
    """Seconds that a ``Retry-After`` header asks for (RFC 9110, 10.2.3); None if it says nothing usable."""
    text = (value or "").strip()
    if text.isascii() and text.isdigit() and len(text) <= 9:
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    return max(0.0, (moment - now).total_seconds())


def _patiently(send: Callable[[], Answer]) -> Answer:
    """Repeat a read that did not get through; what came last is the result."""
    retrying = tenacity.Retrying(
        stop=tenacity.stop_after_attempt(ATTEMPTS),
        wait=_wait_s,
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
        return backoff
    asked = retry_after_s(outcome.result().headers.get("Retry-After"), now=datetime.now(UTC))
    return min(LONGEST_WAIT_S, backoff if asked is None else asked)


def _last_outcome(state: tenacity.RetryCallState) -> Answer:
    assert state.outcome is not None
    answer: Answer = state.outcome.result()
    return answer
