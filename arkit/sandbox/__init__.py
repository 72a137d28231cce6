"""The API of the contract as a real server on loopback, with a seeded company behind it.

with Sandbox(db=Path("x.db"), customers=200, invoices=1200, seed=1) as sandbox:
    sandbox.url, sandbox.credentials
"""

import shutil
import sqlite3
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from . import company, history, seeded_rules, store
from .app import create_app
from .call import Service
from .company import SEEDED_ON
from .faults import Fault, Faults
from .mutations import Mutation
from .routes import API, BESIDE
from .sending import Raw, Sent
from .server import Server

__all__ = ["SEEDED_ON", "Credentials", "Fault", "Faults", "Mutation", "Raw", "Sandbox", "Sent"]

DEFAULTS = {"customers": 200, "invoices": 1_200, "seed": 1}


@dataclass(frozen=True)
class Credentials:
    """What a client needs to log in; the secrets stay out of the repr."""

    client_id: str
    client_secret: str = field(repr=False)
    username: str
    password: str = field(repr=False)
    company_id: str


class Sandbox:
    """A server on loopback; it runs in a daemon thread between `start` and `close`.

    A new file is seeded with so many customers and invoices; a file that exists keeps its company. Without a
    file the company lives in a temporary folder until `close`. Three wrong passwords in a row lock the user
    out for `lockout_s`. Raises ValueError if the figures differ from those of the file, or if another version
    made it; `start` raises OSError if the port is taken.
    """

    def __init__(
        self,
        db: Path | str | None = None,
        *,
        customers: int | None = None,
        invoices: int | None = None,
        seed: int | None = None,
        port: int = 0,
        token_lifetime_s: int = 86_399,
        lockout_s: float = 900,
    ) -> None:
        self._folder = None if db else Path(tempfile.mkdtemp(prefix="arkit-sandbox-"))
        self.db = Path(db) if db else Path(str(self._folder), "sandbox.db")
        wanted = {"customers": customers, "invoices": invoices, "seed": seed}
        file = store.Store(self.db)
        try:
            facts = _company_of(file, wanted)
        except (sqlite3.DatabaseError, KeyError) as error:
            raise ValueError(f"{self.db} holds no company of a sandbox, or a damaged one") from error
        faults = Faults([route.name for route in (*API, *BESIDE)])
        self._service = Service(file, facts, token_lifetime_s, lockout_s, faults)
        self._server: Server | None = None
        self._port = port

    @property
    def url(self) -> str:
        """The address, known once the server was started."""
        return self._service.url

    @property
    def faults(self) -> Faults:
        """The script of faults of this process."""
        return self._service.faults

    @property
    def credentials(self) -> Credentials:
        """What lets a client in; the same for one file at every start."""
        facts = self._service.facts
        return Credentials(
            facts["clientId"], facts["clientSecret"], facts["username"], facts["password"], facts["companyId"]
        )

    def history(self) -> list[dict[str, Any]]:
        """Every request to the API, oldest first, of all processes on this file."""
        return history.requests(self._service.store)

    def applied_rows(self) -> list[dict[str, Any]]:
        """Every field that a request changed, in the order of the changes.

        A record that was made is one row, whose `field` is "created" and whose `after` is what was given; one
        that was deleted is one row too. `kind` and `record_id` name the record, `customer_id` its customer.
        """
        return history.applied_rows(self._service.store)

    def messages(self) -> list[dict[str, Any]]:
        """Every message to a customer's people, in the order of sending."""
        return self._service.messages()

    def advance(self, *, days: int) -> str:
        """Let so many days of the company pass at once; its new time, in UTC."""
        return self._service.set_clock_forward(days)

    def start(self) -> Self:
        """Listen and answer in a thread."""
        if self._server is None:
            self._service.closing.clear()
            try:
                self._server = Server(create_app(self._service), self._port)
            except OSError:
                self.close()
                raise
            self._service.url = f"http://127.0.0.1:{self._server.port}"
            self._server.thread.start()
        return self

    def serve_forever(self) -> None:
        """Listen and answer until interrupted."""
        self.start()
        try:
            threading.Event().wait()
        finally:
            self.close()

    def close(self) -> None:
        """Hang up on everybody; what was still to land is dropped."""
        self._service.closing.set()
        if self._server is not None:
            self._server.close()
            self._server = None
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _company_of(file: store.Store, wanted: dict[str, int | None]) -> dict[str, str]:
    """The facts of the company in the file, which is seeded first if it is new."""
    with file.write() as connection:
        facts = store.facts(connection)
        if not facts:
            figures = {name: DEFAULTS[name] if value is None else value for name, value in wanted.items()}
            company.found(connection, figures["seed"], figures["customers"], figures["invoices"])
            seeded_rules.found(connection, figures["seed"])
            facts = store.facts(connection)
    if facts.get("version") != store.VERSION:
        raise ValueError(
            f"{file.path} was made by another version of the sandbox: choose another file, or remove it"
        )
    for name, value in wanted.items():
        if value is not None and value != int(facts[name]):
            raise ValueError(
                f"{file.path} holds a company seeded with {name}={facts[name]}, not {value}:"
                " leave the figure out, or choose another file"
            )
    return facts | company.secrets_of(facts)
