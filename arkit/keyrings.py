"""Secrets from the keyring of the system, if it is one that keeps them well."""

from typing import Any

SECURE = ("SecretService", "libsecret", "macOS", "Windows", "kwallet")
"""Back ends of the keyring package that encrypt; others keep plain text, or nothing."""


def secret(profile: str, name: str) -> str:
    """The secret of a profile; empty if there is no keyring worth the name, or nothing in it."""
    backend = _backend()
    if backend is None:
        return ""
    import keyring.errors  # noqa: PLC0415 - an extra that few machines need

    try:
        return backend.get_password(f"arkit:{profile}", name) or ""
    except keyring.errors.KeyringError:
        return ""


def backend_name() -> str:
    """The back end in use; empty if there is none that is secure."""
    backend = _backend()
    return "" if backend is None else type(backend).__module__


def _backend() -> Any:
    try:
        import keyring  # noqa: PLC0415
    except ImportError:
        return None
    found = keyring.get_keyring()
    candidates = getattr(found, "backends", None) or [found]
    return next((each for each in candidates if _is_secure(each)), None)


def _is_secure(backend: Any) -> bool:
    place, _, module = type(backend).__module__.rpartition(".")
    return place == "keyring.backends" and module in SECURE
