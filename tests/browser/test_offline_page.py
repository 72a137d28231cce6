"""The fixture that other tests lean on: it must see everything a page asks for."""

from pathlib import Path

import pytest

from .conftest import OpenOffline

pytestmark = pytest.mark.browser


def page(folder: Path, body: str) -> Path:
    file = folder / "page.html"
    file.write_text(f"<!doctype html><meta charset=utf-8><title>t</title>{body}", encoding="utf-8")
    return file


def test_a_page_that_is_complete_in_itself_wants_nothing(open_offline: OpenOffline, tmp_path: Path) -> None:
    body = (
        "<p>before</p><img src='data:image/gif;base64,R0lGODlhAQABAAAAACw='>"
        "<script>document.querySelector('p').textContent = '₹1,00,000'</script>"
    )
    opened = open_offline(page(tmp_path, body))
    assert opened.page.locator("p").inner_text() == "₹1,00,000"
    assert (opened.wanted, opened.raised) == ([], [])


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("<script src='https://cdn.example/a.js'></script>", "https://cdn.example/a.js"),
        ("<img src='http://127.0.0.1:9/a.png'>", "http://127.0.0.1:9/a.png"),
        ("<style>@import 'https://cdn.example/a.css';</style>", "https://cdn.example/a.css"),
        ("<script>fetch('https://cdn.example/a.json').catch(() => 0)</script>", "https://cdn.example/a.json"),
        ("<script>new WebSocket('wss://cdn.example/live')</script>", "wss://cdn.example/live"),
        ("<iframe src='https://cdn.example/frame'></iframe>", "https://cdn.example/frame"),
    ],
    ids=["script", "picture", "style", "fetch", "socket", "frame"],
)
def test_what_a_page_wants_from_elsewhere_is_written_down(
    open_offline: OpenOffline, tmp_path: Path, body: str, wanted: str
) -> None:
    opened = open_offline(page(tmp_path, body))
    opened.page.wait_for_timeout(200)
    assert opened.wanted == [wanted]


def test_what_a_script_raises_is_written_down(open_offline: OpenOffline, tmp_path: Path) -> None:
    opened = open_offline(page(tmp_path, "<script>throw new Error('no such column')</script>"))
    assert opened.raised == ["no such column"]
