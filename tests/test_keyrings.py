"""Secrets come from a keyring that encrypts, or from none."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import keyring
import keyring.backends.chainer
import keyring.backends.fail
import keyring.backends.null
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

from arkit import keyrings

SECURE = [
    "keyring.backends.SecretService",
    "keyring.backends.libsecret",
    "keyring.backends.macOS",
    "keyring.backends.Windows",
    "keyring.backends.kwallet",
]
OTHERS = [
    "keyrings.alt.file",
    "keyrings.alt.Windows",
    "keyrings.cryptfile.cryptfile",
    "keyring.backends.file",
    "keyring.backends.chainer",
    "SecretService",
    "evil.keyring.backends.SecretService",
]

Use = Callable[[Any], None]


class Fake(KeyringBackend):
    """A back end that keyring never chooses by itself."""

    priority = -1.0

    def get_password(self, service: str, username: str) -> str | None:
        return None

    def set_password(self, service: str, username: str, password: str) -> None:
        raise AssertionError("arkit writes no secrets")


@pytest.fixture
def use() -> Iterator[Use]:
    """Makes a back end the one of this process, until the end of the test."""
    before = keyring.get_keyring()
    yield keyring.set_keyring
    keyring.set_keyring(before)


def holding(module: str, **secrets: str) -> Any:
    """A back end as if it came from that module, with these secrets of the profile ``production``."""

    class Keyring(Fake):
        def get_password(self, service: str, username: str) -> str | None:
            return secrets.get(username) if service == "arkit:production" else None

    Keyring.__module__ = module
    return Keyring()


def chained(*chain: Any) -> Any:
    """The back end that asks several, one after the other."""

    class Chainer(keyring.backends.chainer.ChainerBackend):
        backends = chain

    Chainer.__module__ = "keyring.backends.chainer"
    return Chainer()


@pytest.mark.parametrize("module", SECURE)
def test_a_keyring_that_encrypts_is_asked(use: Use, module: str) -> None:
    use(holding(module, password="p4ssword"))
    assert keyrings.names() == [module]
    assert keyrings.secret("production", "password") == "p4ssword"


@pytest.mark.parametrize("module", OTHERS)
def test_a_keyring_that_nobody_vouches_for_is_not_asked(use: Use, module: str) -> None:
    use(holding(module, password="p4ssword"))
    assert keyrings.names() == []
    assert keyrings.secret("production", "password") == ""


@pytest.mark.parametrize("backend", [keyring.backends.null.Keyring, keyring.backends.fail.Keyring])
def test_without_a_keyring_there_are_no_secrets(use: Use, backend: Any) -> None:
    use(backend())
    assert keyrings.names() == []
    assert keyrings.secret("production", "password") == ""


def test_of_several_keyrings_only_those_that_encrypt_are_asked(use: Use) -> None:
    plain = holding("keyrings.alt.file", password="in plain text", client_secret="in plain text")
    first = holding("keyring.backends.kwallet", username="asha")
    second = holding("keyring.backends.SecretService", password="p4ssword")
    use(chained(plain, first, second))
    assert keyrings.names() == ["keyring.backends.kwallet", "keyring.backends.SecretService"]
    assert keyrings.secret("production", "password") == "p4ssword"
    assert keyrings.secret("production", "client_secret") == ""
    use(chained(plain))
    assert keyrings.names() == []
    assert keyrings.secret("production", "password") == ""


def test_another_profile_has_other_secrets(use: Use) -> None:
    use(holding(SECURE[0], password="p4ssword"))
    assert keyrings.secret("production", "client_secret") == ""
    assert keyrings.secret("uat", "password") == ""


class OfTheSystem(Exception):  # noqa: N818 - stands for whatever a library of the system raises
    pass


@pytest.mark.parametrize("fault", [KeyringLocked("locked"), OfTheSystem("no bus")])
def test_a_keyring_that_fails_counts_as_one_that_knows_nothing(use: Use, fault: Exception) -> None:
    class Locked(Fake):
        def get_password(self, service: str, username: str) -> str | None:
            raise fault

    Locked.__module__ = SECURE[0]
    use(Locked())
    assert keyrings.secret("production", "password") == ""
    use(chained(Locked(), holding(SECURE[1], password="p4ssword")))
    assert keyrings.secret("production", "password") == "p4ssword"


@pytest.mark.parametrize(
    "setting", ["no.such.Keyring", "keyring.backends.null.Nothing", "keyring.backends.null.Keyring", ""]
)
def test_a_setting_that_leads_nowhere_is_no_keyring_and_no_fault(setting: str) -> None:
    told = subprocess.run(
        [sys.executable, "-W", "error", "-c", "from arkit import keyrings; print(keyrings.secret('a', 'b'))"],
        env={**os.environ, "PYTHON_KEYRING_BACKEND": setting},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (told.returncode, told.stdout, told.stderr) == (0, "\n", "")
