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
IGNORED = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
MOST_SKEW = timedelta(minutes=2)


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `exit_code` is 0 unless it stands in the way."""

    name: str
    detail: str
    exit_code: int = 0
    is_doubtful: bool = False


def examine(profile: str | None = None) -> Iterator[Finding]:
    """Look at everything, one thing after the other; secrets are named and never shown.

    The server is asked for one page of one customer, after one log-in.
    """
    yield _installation()
    yield from _workspace()
    name = profile or settings.profile_name()
    chosen = _profile(name)
    yield chosen
    yield _keyring()
    yield from _environment()
    if not chosen.exit_code:
        yield from _server(profile)


def _installation() -> Finding:
    versions = [f"{name} {found}" for name in PACKAGES if (found := _version(name))]
    python = f"Python {platform.python_version()}"
    return Finding("installation", ", ".join([f"arkit {_version('arkit')}", python, *versions]))


def _version(name: str) -> str:
    try:
        return version(name)
    except ModuleNotFoundError:
        return ""


def _workspace() -> Iterator[Finding]:
    try:
        folder = settings.workspace()
        with Journal(folder) as journal:
            plans = journal.plans()
            unsettled = sum(row.state in UNSETTLED for plan in plans for row in journal.rows(plan.id))
    except ArkitError as error:
        yield Finding("workspace", str(error), error.exit_code)
        return
    files = [path for path in folder.iterdir() if path.is_file()]
    shared = [path.name for path in files if os.name == "posix" and path.stat().st_mode & 0o077]
    detail = f"{folder}; others may read: {', '.join(shared)}" if shared else str(folder)
    yield Finding("workspace", detail, is_doubtful=bool(shared))
    doubt = f", {unsettled} rows of which nobody knows yet what became: arkit resume" if unsettled else ""
    yield Finding("journal", f"{len(plans)} plans{doubt}", is_doubtful=unsettled > 0)


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
    name = keyrings.backend_name() or "none that keeps secrets well; give them in the environment"
    return Finding("keyring", name)


def _environment() -> Iterator[Finding]:
    names = [name for name in IGNORED if os.environ.get(name) or os.environ.get(name.lower())]
    if (Path.home() / ".netrc").exists():
        names.append("~/.netrc")
    if names:
        detail = f"not used by arkit: {', '.join(names)}; a proxy or certificates go into the profile"
        yield Finding("environment", detail, is_doubtful=True)


def _server(profile: str | None) -> Iterator[Finding]:
    try:
        with clients.connect(profile) as client:
            client.calls.log_in()
            yield Finding("server", f"log-in accepted by {client.profile.origin}")
            query = {"limit": "1", "offset": "0"}
            answer = client.calls.answer(SEARCH_CUSTOMERS, query=query, body={})
            yield _clock(answer.headers.get("Date", ""))
            payload = envelopes.payload(answer, where=SEARCH_CUSTOMERS.name)
            records, total = listed(payload, where=SEARCH_CUSTOMERS.name)
            counted = "names no total" if total is None else f"counts {total} customers"
            yield Finding("search", f"{len(records)} of 1 customers came, the server {counted}")
    except ArkitError as error:
        yield Finding("server", str(error), error.exit_code)


def _clock(date: str) -> Finding:
    try:
        skew = datetime.now(UTC) - parsedate_to_datetime(date)
    except (ValueError, TypeError):
        return Finding("clock", "the server does not say what time it is", is_doubtful=True)
    if abs(skew) <= MOST_SKEW:
        return Finding("clock", "agrees with the server's")
    return Finding("clock", f"differs from the server's by {skew}; check the clock", is_doubtful=True)
