"""Prism (https://stoplight.io/open-source/prism): a server that judges requests by a contract."""

import json
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from arkit.settings import Profile
from arkit.wire.calls import Calls
from arkit.wire.operations import GET_TOKEN
from arkit.wire.transport import Answer, Request, Transport

from .strictness import QUERIES, strict

VERSION = "5.14.2"
FOLDER = Path(__file__).parents[2] / "build" / f"prism-{VERSION}"
INSTALL_S = 60
START_S = 30

# The server ends with the tests however they end: then nobody holds the other end of its standard input.
END_WITH_INPUT = "data:text/javascript,process.stdin.on('close',()=>process.exit()).resume()"


@pytest.fixture(scope="session")
def prism() -> list[str]:
    """The command that runs Prism, which is installed once into a folder that git ignores."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("Node and npm are not installed.")
    program = Path("node_modules", "@stoplight", "prism-cli", "dist", "index.js")
    if not (FOLDER / program).is_file():
        FOLDER.parent.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=FOLDER.parent) as part:
            _install(npm, part)
            # Somebody else may have been quicker.
            with suppress(OSError):
                Path(part, "prism").rename(FOLDER)
    return [node, "--import", END_WITH_INPUT, str(FOLDER / program)]


def _install(npm: str, part: str) -> None:
    command = [npm, "install", "--prefix", f"{part}/prism", "--engine-strict", "--ignore-scripts"]
    command += ["--no-audit", "--no-fund", "--loglevel=error", "--fetch-retries=0"]
    command += [f"@stoplight/prism-cli@{VERSION}"]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=INSTALL_S, stdin=subprocess.DEVNULL)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        said = (error.stderr or b"").decode(errors="replace").partition("\n")[0]
        pytest.skip(f"npm cannot install Prism ({said or 'it took too long'}).")


@pytest.fixture(scope="session")
def judge(prism: list[str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that Prism made of the contract."""
    folder = tmp_path_factory.mktemp("prism")
    contract, log = folder / "contract.json", folder / "log"
    contract.write_text(json.dumps(strict()), encoding="utf-8")
    command = [*prism, "mock", "--no-multiprocess", "--port", "0", str(contract)]
    with (
        log.open("wb") as out,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=out, stderr=out) as process,
    ):
        try:
            yield _address(process, log)
        finally:
            process.kill()


def _address(process: "subprocess.Popen[bytes]", log: Path) -> str:
    ends_at = time.monotonic() + START_S
    while process.poll() is None and time.monotonic() < ends_at:
        if found := re.search(r"listening on \S*(http://127\.0\.0\.1:\d+)", log.read_text(encoding="utf-8")):
            return found[1]
        time.sleep(0.05)
    raise AssertionError(f"Prism does not start:\n{log.read_text(encoding='utf-8')}")


@dataclass(frozen=True)
class Exchange:
    """A request as it went over the wire, and what came back."""

    operation: str
    request: Request
    answer: Answer

    @property
    def objections(self) -> list[str]:
        """What the contract has against the request.

        Prism answers a wrong request with the error that the contract provides, and the reasons in a header.
        Its own problem document comes only where the contract provides none. It takes any name in a query.
        """
        said = [self.answer.headers["sl-violations"]] if "sl-violations" in self.answer.headers else []
        if self.answer.headers.get("Content-Type") == "application/problem+json":
            said.append(self.answer.body.decode())
        unknown = self.request.query.keys() - QUERIES[self.operation]
        return [*said, *(f"no parameter is named {name}" for name in sorted(unknown))]


class Recording(Transport):
    """Keeps what went over the wire."""

    def __init__(self, deadline_s: float) -> None:
        super().__init__(deadline_s)
        self.exchanges: list[Exchange] = []

    def read(self, request: Request, *, where: str, max_bytes: int = 10**8) -> Answer:
        return self._kept(where, request, super().read(request, where=where, max_bytes=max_bytes))

    def write(self, request: Request, *, where: str) -> Answer:
        operation = GET_TOKEN.name if where == "log-in" else where
        return self._kept(operation, request, super().write(request, where=where))

    def _kept(self, operation: str, request: Request, answer: Answer) -> Answer:
        self.exchanges.append(Exchange(operation, request, answer))
        return answer


@pytest.fixture
def wire() -> Iterator[Recording]:
    transport = Recording(10)
    yield transport
    transport.close()


def account(url: str) -> Profile:
    """An account on that server, with the characters that forms and headers are apt to lose."""
    return Profile(
        "prism",
        url,
        client_id="client",
        username="asha+ar@example.com",
        company_id="CEK0000000",
        client_secret="s3cret of/the client?",
        password="p4ss & word=100% \N{INDIAN RUPEE SIGN}",
    )


@pytest.fixture
def calls(judge: str, wire: Recording) -> Calls:
    return Calls(account(judge), wire)
