"""Where arkit works and as whom: profiles, environment, keyring. No secret appears in a repr.

A profile is a table of the file ``profiles.toml`` in the user's configuration folder:

    [production]
    base_url = "https://…"
    client_id = "…"
    username = "…"
    company_id = "CEK…"
    ca_file = "…"          # only if a private authority signed the server's certificate
    proxy = "http://…"     # only if there is no other way out
    [production.paths]     # only where the server has another address than arkit supposes
    deactivateCustomer = "/api/v0/customer/{customerId}/deactivate"

Its two secrets, ``client_secret`` and ``password``, come from the environment or from the keyring (service
``arkit:production``), never from the file.
"""

import hashlib
import os
import re
import ssl
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import platformdirs

from arkit import keyrings
from arkit.errors import DiskError, UsageError

SANDBOX = "sandbox"
QUIESCENCE_S = 900.0
SANDBOX_QUIESCENCE_S = 2.0
DEADLINE_S = 60.0
LONGEST_S = 86_400.0
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})

SECRETS = ("client_secret", "password")
FIELDS = ("base_url", "client_id", "username", "company_id", *SECRETS)


@dataclass(frozen=True)
class Profile:
    """A server and the account used there.

    Attributes:
        quiescence_s: seconds after which the server has finished or dropped a request whose answer was lost.
        deadline_s: seconds that one request may take as a whole.
        ca_file: a file with the certificate of a private authority; empty for the usual ones.
        proxy: the proxy that requests go through; those of the environment are not used.
        paths: the server's own paths by the operation's name in the contract.
    """

    name: str
    # It may name a user and a password, as any address may.
    base_url: str = field(repr=False)
    client_id: str
    username: str
    company_id: str
    client_secret: str = field(repr=False)
    password: str = field(repr=False)
    quiescence_s: float = QUIESCENCE_S
    deadline_s: float = DEADLINE_S
    ca_file: str = ""
    proxy: str = field(default="", repr=False)
    paths: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not _is_allowed(self.base_url):
            raise UsageError(
                "the address of the server must begin with https:// and be no more than a host and a path;"
                " plain http is for this machine alone.",
                code="base_url",
                where=f"profile {self.name}",
                next_step="Correct base_url, or ARKIT_BASE_URL.",
            )

    def __reduce__(self) -> str:
        raise TypeError("a profile holds secrets and stays in its process")

    @property
    def origin(self) -> str:
        """Scheme, host and port: what a plan and a token are bound to."""
        parts = urlsplit(self.base_url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"

    def address(self, operation: str, path: str) -> str:
        """The address of an operation whose usual path is this one."""
        return self.base_url.rstrip("/") + self.paths.get(operation, path)

    @property
    def account(self) -> str:
        """Fingerprint of server and company; a plan made for one account is never applied in another.

        On this machine a server may come back on another port, so there the company alone tells accounts
        apart.
        """
        is_loopback = urlsplit(self.base_url).hostname in LOOPBACK
        place = "loopback" if is_loopback else self.origin
        return hashlib.sha256(f"{place}\n{self.company_id}".encode()).hexdigest()


def profile_name() -> str:
    """The profile that the environment selects, else the sandbox."""
    if name := os.environ.get("ARKIT_PROFILE"):
        return name
    return "environment" if os.environ.get("ARKIT_BASE_URL") else SANDBOX


def profile(name: str) -> Profile:
    """The profile of that name; ``environment`` is made of ``ARKIT_*`` variables alone.

    Raises:
        UsageError: there is no such profile, or it is incomplete; the message names what is missing.
    """
    values = {field: value for found in _sources(name).values() for field, value in found.items()}
    missing = [field for field in FIELDS if not values.get(field)]
    if missing:
        raise UsageError(
            f"missing: {', '.join(missing)}.",
            code="profile_incomplete",
            where=f"profile {name}",
            next_step="Set " + ", ".join(f"ARKIT_{field.upper()}" for field in missing) + ".",
        )
    if unreadable := [field for field in FIELDS if not _is_text(values[field])]:
        raise UsageError(
            f"not in UTF-8: {', '.join(unreadable)}.",
            code="profile_text",
            where=f"profile {name}",
            next_step="Set " + ", ".join(f"ARKIT_{field.upper()}" for field in unreadable) + " anew.",
        )
    return _profile(name, values, QUIESCENCE_S)


def sources(name: str) -> dict[str, str]:
    """Where each value of a profile comes from: environment, file or keyring; without the values.

    Raises:
        UsageError: there is no such profile.
    """
    return {
        field: source for source, found in _sources(name).items() for field, value in found.items() if value
    }


def sandbox_profile(values: Mapping[str, Any]) -> Profile:
    """The profile of a sandbox that was just started; `values` holds all of `FIELDS`."""
    return _profile(SANDBOX, values, SANDBOX_QUIESCENCE_S)


def workspace() -> Path:
    """The folder of journal, results and sandbox: ``ARKIT_WORKSPACE``, else the user's data folder.

    Raises:
        DiskError: it cannot be made.
    """
    folder = Path(os.environ.get("ARKIT_WORKSPACE") or platformdirs.user_data_path("arkit"))
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise DiskError(
            f"the workspace cannot be made ({error.strerror}).",
            code="workspace",
            next_step="Point ARKIT_WORKSPACE at a folder that you may write to.",
        ) from error
    return folder


def _sources(name: str) -> dict[str, dict[str, Any]]:
    """The values of a profile by their source; a later source wins over an earlier one."""
    given = {field: value for field in FIELDS if (value := os.environ.get(f"ARKIT_{field.upper()}"))}
    if name == "environment":
        return {"the environment": given}
    from_file = _from_file(name)
    kept = {
        field: value for field in SECRETS if field not in given and (value := keyrings.secret(name, field))
    }
    return {"profiles.toml": from_file, "the keyring": kept, "the environment": given}


def _is_text(value: str) -> bool:
    """Whether it is whole characters; bytes of the environment that are none come as halves of pairs."""
    return not any("\ud800" <= character <= "\udfff" for character in value)


def _is_allowed(base_url: str) -> bool:
    """Whether it may be asked; a backslash or a space is read in one way here and in another on the way."""
    try:
        parts = urlsplit(base_url)
        has_place = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    return has_place and is_safe and not re.search(r"[\\?#{}\s\x00-\x1f]", base_url)


def _wrong_way(ca_file: str, proxy: str) -> str:
    """What is wrong with the way to the server, if anything; a proxy's password is not repeated."""
    try:
        if ca_file:
            ssl.create_default_context(cafile=ca_file)
    except (OSError, ValueError):
        return "ca_file is no file with certificates in PEM form."
    try:
        parts = urlsplit(proxy)
        is_proxy = parts.scheme == "http" and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_proxy = False
    return "" if is_proxy or not proxy else "proxy must have the form http://host:port."


def _profile(name: str, values: Mapping[str, Any], quiescence_s: float) -> Profile:
    return Profile(
        name,
        base_url=values["base_url"],
        client_id=values["client_id"],
        username=values["username"],
        company_id=values["company_id"],
        client_secret=values["client_secret"],
        password=values["password"],
        quiescence_s=_seconds("ARKIT_QUIESCENCE_S", quiescence_s),
        deadline_s=_seconds("ARKIT_DEADLINE_S", DEADLINE_S),
        ca_file=values.get("ca_file", ""),
        proxy=values.get("proxy", ""),
        paths=values.get("paths", {}),
    )


def _seconds(variable: str, default: float) -> float:
    text = os.environ.get(variable)
    if not text:
        return default
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 < seconds <= LONGEST_S:
        raise UsageError(
            f"{variable} must be a number of seconds above 0 and of a day at most.",
            code="environment",
            next_step=f"Correct {variable} or leave it out.",
        )
    return seconds


def _from_file(name: str) -> dict[str, Any]:
    path = Path(platformdirs.user_config_path("arkit")) / "profiles.toml"
    try:
        profiles = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        profiles = {}
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{path.name} cannot be read as TOML.",
            code="profiles_file",
            next_step=f"Correct {path}.",
        ) from error
    table = profiles.get(name)
    if not isinstance(table, dict):
        raise UsageError(
            f"there is no profile {name!r}; known: {', '.join([SANDBOX, *profiles])}.",
            code="profile_unknown",
            next_step=f"Add a table [{name}] to {path}.",
        )
    paths = table.get("paths", {})
    if not isinstance(paths, dict) or not all(str(at).startswith("/") for at in paths.values()):
        raise UsageError(
            "paths must be a table of paths that begin with a slash.",
            code="paths",
            where=f"profile {name}",
            next_step=f"Correct [{name}.paths] in {path}.",
        )
    given = {field: str(table[field]) for field in (*FIELDS, "ca_file", "proxy") if field in table}
    wrong = _wrong_way(given.get("ca_file", ""), given.get("proxy", ""))
    if wrong:
        raise UsageError(wrong, code="way", where=f"profile {name}", next_step=f"Correct [{name}] in {path}.")
    return {**{field: value for field, value in given.items() if field not in SECRETS}, "paths": paths}
