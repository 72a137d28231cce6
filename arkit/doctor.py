"""What stands in the way: the installation, the workspace, the profile, the network and the server."""

import os
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from pathlib import Path

from arkit import client as clients
from arkit import keyrings, settings
from arkit.corrections.journal import Journal
from arkit.corrections.states import UNSETTLED
from arkit.errors import ArkitError
from arkit.wire import envelopes
from arkit.wire.operations import SEARCH_CUSTOMERS
from arkit.wire.records import listed

PACKAGES = ("pandas", "pandera", "pyarrow", "requests", "ipywidgets", "plotly")
IGNORED = {
    "to use a proxy, set proxy in the profile": ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"),
    "to trust other certificates, set ca_file in the profile": (
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
    ),
    "secrets come from ARKIT_* or the keyring": ("NETRC",),
}
"""What other programs take from the environment, and where arkit takes it from instead."""

MOST_SKEW = timedelta(minutes=2)
MOST_NAMED = 5


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `exit_code` is 0 unless it stands in the way."""

    name: str
    detail: str
    exit_code: int = 0
    is_doubtful: bool = False


def examine(profile: str | None = None) -> Iterator[Finding]:
    """Look at everything, one thing after the other; secrets are named and never shown.

    The server is asked for one page of one customer, after one log-in; not at all if there is no workspace
    or no whole profile.
    """
    name = profile or settings.profile_name()
    yield _installation()
    yield (workspace := _workspace())
    if not workspace.exit_code:
        yield _journal()
    yield (chosen := _profile(name))
    yield _keyring()
    yield from _environment()
    if not (workspace.exit_code or chosen.exit_code):
        yield from _server(name)


def _installation() -> Finding:
    versions = [f"{name} {found}" for name in PACKAGES if (found := _version(name))]
    python = f"Python {platform.python_version()}"
    return Finding("installation", ", ".join([f"arkit {_version('arkit')}", python, *versions]))


def _version(name: str) -> str:
    try:
        return version(name)
    except ModuleNotFoundError:
        return ""


def _workspace() -> Finding:
    try:
        folder = settings.workspace()
    except ArkitError as error:
        return Finding("workspace", str(error), error.exit_code)
    shared = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if _is_shared(path))
    if not shared:
        return Finding("workspace", str(folder))
    names = ", ".join(shared) if len(shared) <= MOST_NAMED else f"{len(shared)} of its files"
    return Finding("workspace", f"{folder}; others may read {names}", is_doubtful=True)


def _is_shared(path: Path) -> bool:
    """Whether others on this machine may read a file; what is gone by now no longer matters."""
    try:
        return os.name == "posix" and path.is_file() and bool(path.stat().st_mode & 0o077)
    except OSError:
        return False


def _journal() -> Finding:
    try:
        with Journal(settings.workspace()) as journal:
            plans = journal.plans()
            unsettled = sum(journal.counts(plan.id).get(state, 0) for plan in plans for state in UNSETTLED)
    except ArkitError as error:
        return Finding("journal", str(error), error.exit_code)
    doubt = f", rows in doubt: {unsettled}; arkit resume settles them" if unsettled else ""
    return Finding("journal", f"plans: {len(plans)}{doubt}", is_doubtful=unsettled > 0)


def _profile(name: str) -> Finding:
    if name == settings.SANDBOX:
        return Finding("profile", "sandbox: a server on this machine, started when it is needed")
    try:
        found = settings.sources(name)
        settings.profile(name)
    except ArkitError as error:
        return Finding("profile", str(error), error.exit_code)
    by_source = {source: [field for field in found if found[field] == source] for source in found.values()}
    origins = "; ".join(f"{', '.join(fields)} from {source}" for source, fields in by_source.items())
    return Finding("profile", f"{name}: {origins}")


def _keyring() -> Finding:
    names = ", ".join(keyrings.names())
    return Finding("keyring", names or "none that keeps secrets well; they come from the environment alone")


def _environment() -> Iterator[Finding]:
    for instead, variables in IGNORED.items():
        names = [name for name in variables if os.environ.get(name) or os.environ.get(name.lower())]
        if names:
            yield Finding("environment", f"{', '.join(names)} not heeded; {instead}", is_doubtful=True)
    # Path.home() raises where there is no home.
    if Path(os.path.expanduser("~/.netrc")).exists():
        yield Finding("environment", "~/.netrc not heeded", is_doubtful=True)


def _server(name: str) -> Iterator[Finding]:
    looked_at = "server"
    try:
        with clients.connect(name) as client:
            client.calls.log_in()
            yield Finding("server", f"log-in accepted by {client.profile.origin}")
            looked_at = "search"
            query = {"limit": "1", "offset": "0"}
            answer = client.calls.answer(SEARCH_CUSTOMERS, query=query, body={})
            yield _clock(answer.headers.get("Date", ""))
            payload = envelopes.payload(answer, where=SEARCH_CUSTOMERS.name)
            records, total = listed(payload, where=SEARCH_CUSTOMERS.name)
            came = f"asked for 1 customer, {len(records):,} came"
            counted = "names no total" if total is None else f"counts {total:,}"
            yield Finding("search", f"{came}; the server {counted}", is_doubtful=len(records) > 1)
    except ArkitError as error:
        yield Finding(looked_at, str(error), error.exit_code)


def _clock(date: str) -> Finding:
    try:
        skew = datetime.now(UTC) - parsedate_to_datetime(date)
    except (ValueError, TypeError):
        return Finding("clock", "the server does not say what time it is", is_doubtful=True)
    if abs(skew) <= MOST_SKEW:
        return Finding("clock", "agrees with the server's")
    minutes = round(abs(skew) / timedelta(minutes=1))
    side = "ahead of" if skew > timedelta() else "behind"
    return Finding("clock", f"{minutes:,} minutes {side} the server's; check it", is_doubtful=True)
