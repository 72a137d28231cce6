"""Secrets from the keyring of the system, if it is one that keeps them well."""

from typing import Any

SECURE = ("SecretService", "libsecret", "macOS", "Windows", "kwallet")
"""Back ends of the keyring package that encrypt; others keep plain text, or nothing."""


def secret(profile: str, name: str) -> str:
    """The secret of a profile; empty if there is no keyring worth the name, or nothing in it."""
    for backend in _secure():
        try:
            if found := backend.get_password(f"arkit:{profile}", name):
                return str(found)
        except Exception:  # noqa: S112 - each raises what its system does; another one may know
            continue
    return ""


def names() -> list[str]:
    """The back ends that are asked, the first one first; none if there is none that is secure."""
    return [_module(backend) for backend in _secure()]


def _secure() -> list[Any]:
    try:
        import keyring  # noqa: PLC0415 - an extra that few machines need

        found = keyring.get_keyring()
    except Exception:  # It is not installed, or somebody has set it to what there is not.
        return []
    candidates = getattr(found, "backends", None) or [found]
    return [each for each in candidates if _is_secure(each)]


def _is_secure(backend: Any) -> bool:
    place, _, module = _module(backend).rpartition(".")
    return place == "keyring.backends" and module in SECURE


def _module(backend: Any) -> str:
    return type(backend).__module__
