"""Chromium for tests: a notebook in JupyterLab, and a local page with the network cut off."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, WebSocketRoute, sync_playwright

PROJECT = Path(__file__).parents[2]
NOTEBOOK_TOOL = PROJECT.parent / "shared" / "tools" / "notebook_in_browser.py"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class NotebookRun:
    """What came of running a notebook in JupyterLab."""

    exit_status: int
    problems: list[str]
    log: str
    picture: Path


@dataclass
class OfflinePage:
    """A local page in Chromium, with what it wanted from the network and what its scripts raised."""

    page: Page
    wanted: list[str] = field(default_factory=list)
    raised: list[str] = field(default_factory=list)


RunNotebook = Callable[..., NotebookRun]
OpenOffline = Callable[[Path], OfflinePage]


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of Chromium; without it the test is skipped."""
    found = shutil.which("chromium")
    if found is None:
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium).")
    return found


@pytest.fixture
def run_notebook(chromium: str, tmp_path: Path) -> RunNotebook:
    """Runs all cells of a notebook in JupyterLab, then the steps, in a browser without network.

    The steps are the tool's own options in order, such as ``"--click", "Apply", "--wait-text", "Done"``.
    """
    if not NOTEBOOK_TOOL.is_file():
        pytest.skip("The tool that opens notebooks in a browser is not beside this project.")

    def run(notebook: Path, *steps: str, timeout_s: float = 240) -> NotebookRun:
        picture = tmp_path / f"{notebook.stem}.png"
        command = [sys.executable, str(NOTEBOOK_TOOL), str(notebook), "--browser", chromium]
        command += [*steps, "--screenshot", str(picture)]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=timeout_s, check=False, stdin=subprocess.DEVNULL
        )
        return NotebookRun(done.returncode, done.stderr.splitlines(), done.stdout, picture)

    return run


@pytest.fixture
def open_offline(chromium: str) -> Iterator[OpenOffline]:
    """Opens local HTML files; whatever they want beyond themselves is refused and written down."""
    # One browser a test: a running playwright keeps an event loop, which a later asyncio.run would trip over.
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        context = browser.new_context(offline=True, locale="en-IN", viewport={"width": 1280, "height": 900})

        def open_page(file: Path) -> OfflinePage:
            address = file.resolve().as_uri()
            opened = OfflinePage(context.new_page())

            def refuse(route: Route) -> None:
                if route.request.url.partition("#")[0] == address:
                    route.continue_()
                else:
                    opened.wanted.append(route.request.url)
                    route.abort()

            def refuse_socket(socket: WebSocketRoute) -> None:
                opened.wanted.append(socket.url)
                socket.close()

            opened.page.route("**/*", refuse)
            opened.page.route_web_socket("**/*", refuse_socket)
            opened.page.on("pageerror", lambda error: opened.raised.append(str(error)))
            opened.page.goto(address, wait_until="load")
            return opened

        yield open_page
        context.close()
        browser.close()
