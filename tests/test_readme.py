"""Every code block of the README runs, in its order."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the project's data in it, where the blocks may write."""
    (tmp_path / "data").symlink_to(ROOT / "data")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_block_is_of_a_language_that_is_run_here() -> None:
    assert {language for language, _ in BLOCKS} == {"python", "sh"}


def test_the_python_blocks_run(folder: Path) -> None:
    code = "\n".join(text for language, text in BLOCKS if language == "python")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "over 90 days" in done.stdout
    assert re.search(r"\{'verified': \d+\}", done.stdout), done.stdout


def test_the_shell_blocks_run_line_by_line_with_the_exit_code_they_name(folder: Path) -> None:
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    for line in "".join(text for language, text in BLOCKS if language == "sh").splitlines():
        expected = int(found[1]) if (found := re.search(r"# exit (\d)", line)) else 0
        done = subprocess.run(
            ["bash", "-c", line], env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == expected, (line, done.stdout, done.stderr)
        if plan := re.search(r"^plan ([0-9a-f]{64})$", done.stdout, re.MULTILINE):
            environment["PLAN"] = plan[1]
    assert "PLAN" in environment
    assert "verified" in done.stdout


def test_it_is_short_and_every_file_it_points_at_is_there() -> None:
    assert len(README.splitlines()) <= 120
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", README):
        assert (ROOT / target).exists(), target
