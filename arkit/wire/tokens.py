"""Access tokens: fetched once, renewed a little before they end, shared by all threads."""

import base64
import re
import threading
import time
from typing import Any
from urllib.parse import urlencode

from arkit.errors import AuthenticationError, ContractError, NetworkError
from arkit.settings import Profile
from arkit.wire import envelopes
from arkit.wire.log_ins import RefusedLogIns
from arkit.wire.operations import GET_TOKEN
from arkit.wire.transport import Answer, Request, Transport

LEAD_S = 60.0
LEAD_SHARE = 0.1
LONGEST_LIFE_S = 10**9


class Tokens:
    """The token of one profile. Neither repr nor pickle shows it."""

    def __init__(self, profile: Profile, transport: Transport, refused: RefusedLogIns) -> None:
        self._profile = profile
        self._refused = refused
        self._transport = transport
        self._lock = threading.Lock()
        self._token = ""
        self._renew_at = 0.0

    def __reduce__(self) -> str:
        raise TypeError("tokens stay in their process")

    def token(self, *, instead_of: str = "") -> str:
        """A good token; ``instead_of`` names one that the server no longer takes.

        Raises:
            AuthenticationError: the server refuses the log-in.
            ContractError: its answer holds no usable token.
            NetworkError: no complete answer came.
        """
        with self._lock:
            if not self._token or self._token == instead_of or time.monotonic() >= self._renew_at:
                self._log_in()
            return self._token

    def drop(self, token: str) -> None:
        """Log in anew next time, if this token is still the one in use."""
        with self._lock:
            if self._token == token:
                self._token = ""

    def _log_in(self) -> None:
        profile = self._profile
        self._refused.check(profile)
        pair = base64.b64encode(f"{profile.client_id}:{profile.client_secret}".encode()).decode()
        form = {
            "username": profile.username,
            "password": profile.password,
            "grant_type": "password",
            "clientId": profile.company_id,
        }
        request = Request(
            GET_TOKEN.verb,
            profile.address(GET_TOKEN.name, GET_TOKEN.path),
            headers={
                "Authorization": f"Basic {pair}",
                "Content-Type": "application/x-www-form-urlencoded",
                "Accept": "application/json",
            },
            body=urlencode(form).encode(),
        )
        # A log-in is never repeated by itself: accounts may be locked after a few failed ones. A connection
        # of its own cannot break because it was idle.
        try:
            answer = self._transport.write(request, where="log-in")
        except NetworkError as error:
            if error.server_state != "nothing_sent":
                error.code = "log_in"
            raise
        if answer.status in (400, 401, 403):
            self._refused.note(profile)
        self._token, life_s = _parsed(answer)
        self._refused.forget(profile)
        self._renew_at = time.monotonic() + life_s - min(LEAD_S, life_s * LEAD_SHARE)


def _parsed(answer: Answer) -> tuple[str, float]:
    """Token and lifetime in seconds; a lifetime that makes no sense counts as endless, a 401 then renews."""
    if answer.status in (400, 401, 403):
        way = f" through the proxy {answer.proxy}" if answer.proxy else ""
        raise AuthenticationError(
            f"the server answered {answer.status} to the log-in{way}.",
            code="log_in",
            where="log-in",
            server_state="known",
            next_step="Check client id and secret, user name and password; wrong tries may lock the account.",
        )
    if answer.status != 200:
        raise envelopes.failure(answer, {}, where="log-in")
    body = envelopes.document(answer, where="log-in")
    members = body if isinstance(body, dict) else {}
    token: Any = members.get("access_token")
    kind = str(members.get("token_type", "bearer"))
    is_usable = isinstance(token, str) and re.fullmatch(r"[\x21-\x7e]{1,8192}", token)
    if kind.lower() != "bearer" or not is_usable:
        raise ContractError(
            "the answer holds no bearer token.",
            code="token",
            where="log-in",
            server_state="known",
            next_step="Check that the address is the one of the API.",
        )
    life = members.get("expires_in")
    if isinstance(life, int) and not isinstance(life, bool) and 0 < life < LONGEST_LIFE_S:
        return token, float(life)
    return token, float(LONGEST_LIFE_S)
