"""Which log-ins were refused, so that arkit does not lock an account by asking again and again."""

import hashlib
import json
import os
import secrets
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from arkit.errors import AuthenticationError
from arkit.settings import Profile

REMEMBERED_S = 900.0
MOST_REFUSALS = 2
"""Accounts may lock after three refused log-ins; the last one is left to a person."""


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
        stored = self._read()
        moments = [entry["at"] for entry in stored["refused"] if _is_of(entry, profile, stored["salt"])]
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
        stored = self._read()
        entry = {
            "account": _account(profile),
            "credentials": _credentials(profile, stored["salt"]),
            "at": time.time(),
        }
        self._write({**stored, "refused": [*stored["refused"], entry]})

    def forget(self, profile: Profile) -> None:
        """The account works: what was refused before no longer counts."""
        stored = self._read()
        others = [entry for entry in stored["refused"] if entry["account"] != _account(profile)]
        if len(others) < len(stored["refused"]):
            self._write({**stored, "refused": others})

    def _read(self) -> dict[str, Any]:
        fresh = {"salt": secrets.token_hex(16), "refused": []}
        try:
            stored = json.loads(self._path.read_text(encoding="utf-8"))
            now = time.time()
            lately = [e for e in stored["refused"] if 0 <= now - float(e["at"]) < REMEMBERED_S]
            return {"salt": str(stored["salt"]), "refused": lately}
        except (OSError, ValueError, TypeError, KeyError):
            # Without memory, or with one that somebody spoiled, the next refusal begins a new one.
            return fresh

    def _write(self, stored: dict[str, Any]) -> None:
        part = self._path.with_suffix(f".{secrets.token_hex(4)}")
        with suppress(OSError):
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                json.dump(stored, file)
            part.replace(self._path)


def _is_of(entry: dict[str, Any], profile: Profile, salt: str) -> bool:
    if entry.get("account") != _account(profile):
        return False
    return bool(entry.get("credentials") == _credentials(profile, salt))


def _account(profile: Profile) -> str:
    return hashlib.sha256(f"{profile.origin}\n{profile.client_id}\n{profile.username}".encode()).hexdigest()


def _credentials(profile: Profile, salt: str) -> str:
    pair = f"{profile.client_secret}\n{profile.password}".encode()
    return hashlib.scrypt(pair, salt=salt.encode(), n=2**14, r=8, p=1, dklen=16).hex()
