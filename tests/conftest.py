"""What every test may rely on: a workspace of its own, and no settings from outside."""

import functools
import os
from pathlib import Path

import hypothesis
import pytest
from command import Run, run_here

# A shared machine is slow at times, which is no fault of what is tested.
hypothesis.settings.register_profile("arkit", deadline=None)
hypothesis.settings.load_profile("arkit")


@pytest.fixture(autouse=True)
def workspace(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The test's own ``ARKIT_WORKSPACE``; every other ``ARKIT_*`` variable is gone."""
    for name in [name for name in os.environ if name.startswith("ARKIT_")]:
        monkeypatch.delenv(name)
    folder = tmp_path_factory.mktemp("workspace")
    monkeypatch.setenv("ARKIT_WORKSPACE", str(folder))
    return folder


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command in the test's own process."""
    return functools.partial(run_here, monkeypatch, capsys)
