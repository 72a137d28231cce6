"""The way in: ``connect`` chooses a server, a ``Client`` has one property per noun."""

import atexit
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Self

from arkit import settings
from arkit.errors import UsageError
from arkit.resources import Contacts, Customers, Invoices, Network, Reminders
from arkit.wire.calls import Calls

if TYPE_CHECKING:
    from arkit.sandbox import Sandbox


class Client:
    """Calls to one server on behalf of one company; ends with `close` or as a context manager."""

    def __init__(self, profile: settings.Profile, *, sandbox: "Sandbox | None" = None) -> None:
        self.profile = profile
        self.workspace = settings.workspace()
        self.calls = Calls(profile)
        self.customers = Customers(self.calls, self.workspace)
        self.contacts = Contacts(self.calls)
        self.invoices = Invoices(self.calls)
        self.reminders = Reminders(self.calls)
        self.network = Network(self.calls)
        self._sandbox = sandbox

    @property
    def is_sandbox(self) -> bool:
        """Whether this is the sandbox that `connect` started, where nothing can be broken."""
        return self._sandbox is not None

    def close(self) -> None:
        """Close the connections, and the sandbox if `connect` started it."""
        self.calls.close()
        if self._sandbox is not None:
            self._sandbox.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<arkit client · {self.profile.name} · {self.profile.origin}>"


def connect(profile: str | None = None) -> Client:
    """A client of the named profile, of the one that the environment selects, or of the sandbox.

    Example:
        >>> client = arkit.connect()
        >>> client.customers.fetch().shape

    Nothing is sent until something is asked for. The sandbox is started for this process and keeps its
    company in the workspace.

    Args:
        profile: a name from ``profiles.toml``, or ``sandbox``; without it ``ARKIT_PROFILE`` counts, then
            ``ARKIT_BASE_URL`` with the credentials in the environment, then the sandbox.

    Raises:
        UsageError: there is no such profile, or it is incomplete.
    """
    name = profile or settings.profile_name()
    if name != settings.SANDBOX:
        return Client(settings.profile(name))
    return start_sandbox(settings.workspace() / "sandbox.db")


def start_sandbox(db: Path, *, customers: int | None = None, invoices: int | None = None) -> Client:
    """A client of a sandbox on that file, started for this process; see `arkit.sandbox.Sandbox`."""
    from arkit.sandbox import Sandbox  # noqa: PLC0415 - Flask is needed here alone

    try:
        sandbox = Sandbox(db=db, customers=customers, invoices=invoices).start()
    except (OSError, ValueError) as error:
        raise UsageError(
            f"the sandbox cannot be started: {error}.", code="sandbox", next_step="Check the workspace."
        ) from error
    atexit.register(sandbox.close)
    values = {"base_url": sandbox.url, **dataclasses.asdict(sandbox.credentials)}
    profile = settings.sandbox_profile(values)
    return Client(profile, sandbox=sandbox)
