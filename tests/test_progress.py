"""A line for whoever waits at a terminal; nothing for who does not wait, or does not look."""

import os
import subprocess
import sys

import pytest

PTY = pytest.importorskip("pty", reason="this system has no terminals of this kind")

FETCH = """
import sys, time
from arkit.progress import counter

with counter("customers") as progress:
    for received, total in [(1_000, {total}), (2_000, {total}), ({again}, {total})]:
        progress(received, total)
        time.sleep({gap_s})
    {ends}
"""


def fetch(*, gap_s: float, total: int | None = 4_000, again: int = 3_000, ends: str = "") -> list[str]:
    return [
        sys.executable,
        "-W",
        "error",
        "-c",
        FETCH.format(gap_s=gap_s, total=total, again=again, ends=ends),
    ]


def at_a_terminal(command: list[str]) -> str:
    """What a command writes to a terminal that it has for its errors."""
    import termios

    ours, theirs = PTY.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    process = subprocess.Popen(command, stderr=theirs)
    os.close(theirs)
    written = b""
    try:
        while piece := os.read(ours, 4_096):
            written += piece
    except OSError:
        # What Linux says when nobody holds the other end any more.
        pass
    finally:
        os.close(ours)
    assert process.wait(60) == 0, written
    return written.decode("utf-8")


def left_on_screen(written: str) -> str:
    """What is to be read in the line after all of it, each return going over what was there."""
    line: list[str] = []
    for overwrite in written.split("\r"):
        line[: len(overwrite)] = overwrite
    return "".join(line).strip()


def test_who_waits_is_told_how_far_it_is_and_nothing_is_left_of_it() -> None:
    written = at_a_terminal(fetch(gap_s=0.7))
    assert "customers:  75%" in written
    assert "3.00k/4.00k" in written
    assert left_on_screen(written) == ""
    assert "\n" not in written


def test_a_short_fetch_says_nothing() -> None:
    assert at_a_terminal(fetch(gap_s=0.05)) == ""


def test_a_server_that_names_no_total_gives_a_count_alone() -> None:
    written = at_a_terminal(fetch(gap_s=0.7, total=None))
    assert "customers: 3.00k" in written
    assert "%" not in written
    assert left_on_screen(written) == ""


def test_a_second_reading_counts_from_the_start_again() -> None:
    written = at_a_terminal(fetch(gap_s=0.7, again=500))
    assert "500/4.00k" in written
    assert left_on_screen(written) == ""


def test_a_pipe_gets_none_of_it() -> None:
    told = subprocess.run(fetch(gap_s=0.7), capture_output=True, text=True, check=True)
    assert (told.stdout, told.stderr) == ("", "")


def test_a_fetch_that_breaks_off_takes_its_line_with_it() -> None:
    written = at_a_terminal(fetch(gap_s=0.7, ends="sys.exit()"))
    assert "customers:  75%" in written
    assert left_on_screen(written) == ""
