"""Which log-ins were refused, so that arkit does not lock an account by asking again and again."""

import hashlib
import os
import secrets
import time
from contextlib import suppress
from pathlib import Path

import msgspec

from arkit.errors import AuthenticationError
from arkit.settings import Profile

REMEMBERED_S = 900.0
MOST_REFUSALS = 2
"""Accounts may lock after three refused log-ins; the last one is left to a person."""


class Refusal(msgspec.Struct, frozen=True):
    """One refused log-in: of whom, with what, at which second."""

    account: str
    credentials: str
    at: float


class Memory(msgspec.Struct, frozen=True):
    """What the file holds."""

    salt: str
    refused: list[Refusal]


class RefusedLogIns:
    """The refusals of the last quarter of an hour, of all processes on one workspace.

    The file holds neither names nor secrets: an account is a digest, and credentials that were refused are
    told apart by a slow salted one.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def check(self, profile: Profile) -> None:
        """Refuse credentials that the server has refused twice lately.

        Raises:
            AuthenticationError: nothing was sent; it says when they may be tried again.
        """
        memory = self._read()
        own = [refusal for refusal in memory.refused if refusal.account == _account(profile)]
        credentials = _credentials(profile, memory.salt) if own else ""
        moments = [refusal.at for refusal in own if refusal.credentials == credentials]
        if len(moments) < MOST_REFUSALS:
            return
        minutes = max(1, round((min(moments) + REMEMBERED_S - time.time()) / 60))
        raise AuthenticationError(
            f"these credentials were refused {len(moments)} times; once more might lock the account.",
            code="log_in",
            where="log-in",
            next_step=f"Correct them, or try again in {minutes} minutes.",
        )

    def note(self, profile: Profile) -> None:
        """Remember that the server refused the credentials of this profile."""
        memory = self._read()
        refusal = Refusal(_account(profile), _credentials(profile, memory.salt), time.time())
        self._write(Memory(memory.salt, [*memory.refused, refusal]))

    def forget(self, profile: Profile) -> None:
        """The account works: what was refused before no longer counts."""
        memory = self._read()
        others = [refusal for refusal in memory.refused if refusal.account != _account(profile)]
        if len(others) < len(memory.refused):
            self._write(Memory(memory.salt, others))

    def _read(self) -> Memory:
        try:
            memory = msgspec.json.decode(self._path.read_bytes(), type=Memory)
        except (OSError, ValueError, RecursionError):
            # Without memory, or with one that somebody spoiled, the next refusal begins a new one.
            return Memory(secrets.token_hex(16), [])
        now = time.time()
        lately = [refusal for refusal in memory.refused if 0 <= now - refusal.at < REMEMBERED_S]
        return Memory(memory.salt, lately)

    def _write(self, memory: Memory) -> None:
        part = self._path.with_suffix(f".{secrets.token_hex(4)}")
        with suppress(OSError):
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(msgspec.json.encode(memory))
            part.replace(self._path)


def _account(profile: Profile) -> str:
    return hashlib.sha256(f"{profile.origin}\n{profile.client_id}\n{profile.username}".encode()).hexdigest()


def _credentials(profile: Profile, salt: str) -> str:
    given = f"{profile.company_id}\n{profile.client_secret}\n{profile.password}".encode()
    return hashlib.scrypt(given, salt=salt.encode(), n=2**14, r=8, p=1, dklen=16).hex()
