"""The guard around callbacks: nothing that goes wrong may vanish."""

import threading
from collections.abc import Callable

import ipywidgets as ipw
import pytest

from arkit.client import Client
from arkit.errors import UsageError
from arkit.widgets.screens import Screen

Raises = Callable[..., None]


def unexpected(*_: object) -> None:
    raise ZeroDivisionError("no <b>such</b> number")


def expected(*_: object) -> None:
    raise UsageError("the <b>sheet</b> is missing.", code="sheet", next_step="Add it.")


def test_an_unexpected_exception_of_a_callback_is_shown_with_its_details(client: Client) -> None:
    screen = Screen(client)
    button = ipw.Button()
    button.on_click(screen.guarded(unexpected))
    button.click()
    assert screen.errors.view.layout.display == ""
    assert "Unexpected: ZeroDivisionError" in screen.errors.text
    assert "test_screens.py" in screen.errors.text
    assert "no &lt;b&gt;such&lt;/b&gt; number" in screen.errors.text


def test_an_error_of_arkit_is_its_own_sentence(client: Client) -> None:
    screen = Screen(client, strict=True)
    screen.guarded(expected)()
    assert "the &lt;b&gt;sheet&lt;/b&gt; is missing. Add it." in screen.errors.text
    assert "Traceback" not in screen.errors.text


def test_a_strict_screen_shows_what_is_unexpected_and_raises_it(client: Client) -> None:
    screen = Screen(client, strict=True)
    with pytest.raises(ZeroDivisionError):
        screen.guarded(unexpected)()
    assert "Unexpected: ZeroDivisionError" in screen.errors.text


@pytest.mark.parametrize("work", [unexpected, expected])
def test_a_job_that_fails_says_so_and_makes_room_for_the_next(client: Client, work: Raises) -> None:
    screen = Screen(client)
    before = threading.active_count()
    screen.start("Working.", work, lambda _: None)
    for thread in threading.enumerate():
        if thread.name == "arkit-job":
            thread.join(10)
    assert 'role="alert"' in screen.errors.text
    assert not screen.is_busy
    assert threading.active_count() <= before
    results: list[int] = []
    Screen(client, inline=True).start("Working.", lambda _: 7, results.append)
    assert results == [7]


def test_a_second_click_while_a_job_runs_does_nothing(client: Client) -> None:
    screen = Screen(client, inline=True)
    runs: list[str] = []

    def work(_: object) -> None:
        runs.append("first")
        screen.start("Again.", lambda _: runs.append("second"), lambda _: None)

    screen.start("Working.", work, lambda _: None)
    assert runs == ["first"]


def test_the_status_says_what_is_going_on_and_stops_saying_it(client: Client) -> None:
    screen = Screen(client, inline=True)
    heard: list[str] = []
    screen.status.observe(lambda change: heard.append(change["new"]), "value")
    screen.start("Working <hard>.", lambda _: None, lambda _: None)
    assert 'role="status" aria-live="polite">Working &lt;hard&gt;.<' in heard[0]
    assert "Working" not in heard[-1]
