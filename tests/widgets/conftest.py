"""A small company on the sandbox, the screen on it, and a hand that presses buttons."""

import csv
import dataclasses
import datetime as dt
import io
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import ipywidgets as ipw
import pandas as pd
import pytest

from arkit import settings
from arkit.client import Client
from arkit.sandbox import Sandbox
from arkit.widgets import Correct

MakeScreen = Callable[..., Correct]


@pytest.fixture
def company(workspace: Path) -> Iterator[Sandbox]:
    with Sandbox(workspace / "sandbox.db", customers=40, invoices=0) as sandbox:
        yield sandbox


@pytest.fixture
def client(company: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """As `arkit.connect` makes it, but with little patience."""
    monkeypatch.setenv("ARKIT_QUIESCENCE_S", "0.3")
    with Client(profile_of(company), sandbox=company) as client:
        yield client


@pytest.fixture
def live_client(company: Sandbox, client: Client) -> Iterator[Client]:
    """The same server, of which the client does not know that it is a sandbox."""
    with Client(profile_of(company)) as live:
        yield live


@pytest.fixture
def make_screen(caplog: pytest.LogCaptureFixture) -> Iterator[MakeScreen]:
    """Makes strict screens; afterwards no exception may have been swallowed on its way out of a callback."""

    def make(client: Client) -> Correct:
        return Correct(client, strict=True, inline=True)

    yield make
    swallowed = [record.getMessage() for record in caplog.get_records("call") if record.exc_info]
    assert swallowed == []


@pytest.fixture
def screen(client: Client, make_screen: MakeScreen) -> Correct:
    return make_screen(client)


@pytest.fixture
def customers(client: Client) -> pd.DataFrame:
    return client.customers.fetch()


def profile_of(company: Sandbox) -> settings.Profile:
    return settings.sandbox_profile({"base_url": company.url, **dataclasses.asdict(company.credentials)})


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([header, *rows])
    return text.getvalue().encode()


def new_ifscs(customers: pd.DataFrame, count: int) -> bytes:
    """A good file: another bank for the first customers."""
    rows = [
        [key, f"HDFC0{number:06d}"] for number, key in enumerate(customers["customer_id"][:count], 700_000)
    ]
    return table(["customerId", "ifsc"], rows)


def choose(screen: Correct, name: str, content: bytes) -> None:
    """Hand over a file as a browser does."""
    screen.file_page.upload.value = (
        {
            "name": name,
            "type": "text/csv",
            "size": len(content),
            "content": memoryview(content),
            "last_modified": dt.datetime(2026, 9, 30, tzinfo=dt.UTC),
        },
    )


def press(button: ipw.Button) -> None:
    """Press a button as a person can: only one that is enabled and shown."""
    assert not button.disabled, f"{button.description!r} is disabled"
    assert button.layout.display != "none", f"{button.description!r} is not shown"
    button.click()


def check(screen: Correct, name: str, content: bytes) -> None:
    choose(screen, name, content)
    press(screen.file_page.go)


def review(screen: Correct, name: str, content: bytes) -> None:
    check(screen, name, content)
    press(screen.check_page.go)


def apply(screen: Correct, name: str, content: bytes) -> None:
    review(screen, name, content)
    screen.review_page.reviewed.value = True
    press(screen.review_page.go)


def shown(widget: ipw.Widget) -> str:
    """Every text that the screen gives to the page, hidden pages too."""
    texts = [str(getattr(widget, name, "")) for name in ("value", "description", "options")]
    return "\n".join([*texts, *(shown(child) for child in getattr(widget, "children", ()))])


def step(screen: Correct) -> str:
    """The name of the step that is shown."""
    page = ["File", "Check", "Review", "Apply", "Outcome"][screen.view.children[-1].selected_index]
    assert (
        f'aria-current="step">{["File", "Check", "Review", "Apply", "Outcome"].index(page) + 1} {page}<'
        in (screen.view.children[1].value)
    )
    return page
