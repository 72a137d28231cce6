"""Profiles: whole or refused by name, and never with a secret where it could be seen."""

import dataclasses
import pickle
import stat
from collections.abc import Mapping
from pathlib import Path

import pytest
import trustme

from arkit import settings
from arkit.errors import DiskError, UsageError

ENVIRONMENT = {
    "ARKIT_BASE_URL": "https://ar.example.com",
    "ARKIT_CLIENT_ID": "client",
    "ARKIT_CLIENT_SECRET": "s3cret",
    "ARKIT_USERNAME": "asha@example.com",
    "ARKIT_PASSWORD": "p4ssword",
    "ARKIT_COMPANY_ID": "CEKTEST0001",
}
MEMBERS = {name.removeprefix("ARKIT_").lower(): value for name, value in ENVIRONMENT.items()}

FILE = """
[production]
base_url = "https://ar.example.com"
client_id = "client"
username = "asha@example.com"
company_id = "CEKTEST0001"
password = "never read from here"
"""


@pytest.fixture(autouse=True)
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of settings, no ARKIT_* variables, and a keyring that knows nothing."""
    for name in [*ENVIRONMENT, "ARKIT_PROFILE", "ARKIT_DEADLINE_S", "ARKIT_QUIESCENCE_S"]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "arkit").mkdir()
    return tmp_path / "arkit" / "profiles.toml"


def give(monkeypatch: pytest.MonkeyPatch, values: Mapping[str, str]) -> None:
    for name, value in values.items():
        monkeypatch.setenv(name, value)


def test_the_environment_alone_makes_a_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, ENVIRONMENT)
    assert settings.profile_name() == "environment"
    profile = settings.profile("environment")
    assert {name: getattr(profile, name) for name in MEMBERS} == MEMBERS
    assert (profile.deadline_s, profile.quiescence_s) == (60, 900)


@pytest.mark.parametrize("missing", ENVIRONMENT)
@pytest.mark.parametrize("is_empty", [False, True])
def test_a_missing_setting_is_named(monkeypatch: pytest.MonkeyPatch, missing: str, is_empty: bool) -> None:
    give(monkeypatch, {name: value for name, value in ENVIRONMENT.items() if name != missing})
    if is_empty:
        monkeypatch.setenv(missing, "")
    with pytest.raises(UsageError) as caught:
        settings.profile("environment")
    assert f"Set {missing}." in str(caught.value)
    assert caught.value.exit_code == 2
    assert not any(secret in str(caught.value) for secret in ("s3cret", "p4ssword"))


def test_without_settings_the_sandbox_is_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings.profile_name() == "sandbox"
    give(monkeypatch, {"ARKIT_BASE_URL": "https://ar.example.com", "ARKIT_PROFILE": "production"})
    assert settings.profile_name() == "production"


def test_a_profile_of_the_file_takes_its_secrets_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, configuration: Path
) -> None:
    configuration.write_text(FILE, encoding="utf-8")
    with pytest.raises(UsageError, match=r"missing: client_secret, password\."):
        settings.profile("production")
    give(monkeypatch, {"ARKIT_CLIENT_SECRET": "s3cret", "ARKIT_PASSWORD": "p4ssword"})
    profile = settings.profile("production")
    assert {name: getattr(profile, name) for name in MEMBERS} == MEMBERS
    give(monkeypatch, {"ARKIT_COMPANY_ID": "CEKOTHER001"})
    assert settings.profile("production").company_id == "CEKOTHER001"


def test_where_each_setting_comes_from_can_be_asked_without_the_settings(
    monkeypatch: pytest.MonkeyPatch, configuration: Path
) -> None:
    configuration.write_text(FILE, encoding="utf-8")
    give(monkeypatch, {"ARKIT_PASSWORD": "p4ssword", "ARKIT_USERNAME": "dev@example.com"})
    sources = settings.sources("production")
    file, environment = "profiles.toml", "the environment"
    assert {name: sources.get(name) for name in MEMBERS} == {
        "base_url": file,
        "client_id": file,
        "client_secret": None,
        "username": environment,
        "password": environment,
        "company_id": file,
    }
    assert not set(sources.values()) - {file, environment}


def in_file(configuration: Path, monkeypatch: pytest.MonkeyPatch, more: str) -> settings.Profile:
    """The profile of a file with these lines more."""
    configuration.write_text(FILE + more, encoding="utf-8")
    give(monkeypatch, {"ARKIT_CLIENT_SECRET": "s3cret", "ARKIT_PASSWORD": "p4ssword"})
    return settings.profile("production")


def test_a_profile_of_the_file_may_name_the_way_and_the_paths_of_its_server(
    monkeypatch: pytest.MonkeyPatch, configuration: Path
) -> None:
    authority = configuration.with_name("authority.pem")
    trustme.CA().cert_pem.write_to_path(str(authority))
    profile = in_file(
        configuration,
        monkeypatch,
        f"""
ca_file = "{authority}"
proxy = "http://asha:p4ssword@proxy.example.com:3128"
[production.paths]
deactivateCustomer = "/v9/customer/{{customerId}}/off"
""",
    )
    assert profile.ca_file == str(authority)
    assert profile.proxy == "http://asha:p4ssword@proxy.example.com:3128"
    assert profile.paths == {"deactivateCustomer": "/v9/customer/{customerId}/off"}
    assert "p4ssword" not in f"{profile!r}"


def test_without_them_nothing_stands_between(monkeypatch: pytest.MonkeyPatch, configuration: Path) -> None:
    profile = in_file(configuration, monkeypatch, "")
    assert (profile.ca_file, profile.proxy, profile.paths) == ("", "", {})


@pytest.mark.parametrize("base_url", ["https://ar.example.com/base", "https://ar.example.com/base/"])
def test_an_address_is_the_base_and_the_path_of_the_operation(base_url: str) -> None:
    paths = {"searchCustomer": "/find"}
    profile = settings.Profile("test", **{**MEMBERS, "base_url": base_url}, paths=paths)
    assert profile.address("searchCustomer", "/api/search") == "https://ar.example.com/base/find"
    assert profile.address("getInvoice", "/api/{invoiceId}") == "https://ar.example.com/base/api/{invoiceId}"


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ('paths = "/find"', "paths"),
        ("paths = 7", "paths"),
        ('paths = ["/find"]', "paths"),
        ('paths = {searchCustomer = "find"}', "paths"),
        ('paths = {searchCustomer = "https://elsewhere.example.com/find"}', "paths"),
        ('paths = {searchCustomer = ""}', "paths"),
        ("paths = {searchCustomer = 7}", "paths"),
        ('paths = {searchCustomer = ["/find"]}', "paths"),
        ('ca_file = "/no/such/file.pem"', "way"),
        ('ca_file = "/"', "way"),
        ('ca_file = "profiles.toml"', "way"),
        ('ca_file = "\\u0000"', "way"),
        ('proxy = "proxy.example.com:3128"', "way"),
        ('proxy = "https://proxy.example.com"', "way"),
        ('proxy = "socks5://asha:p4ssword@proxy.example.com"', "way"),
        ('proxy = "http://"', "way"),
        ('proxy = "http://asha:p4ssword@:3128"', "way"),
        ('proxy = "http://asha:p4ssword@proxy.example.com:0"', "way"),
        ('proxy = "http://asha:p4ssword@proxy.example.com:port"', "way"),
        ('proxy = "http://asha:p4ssword@[::1"', "way"),
    ],
)
def test_a_way_or_a_path_that_is_none_is_refused(
    monkeypatch: pytest.MonkeyPatch, configuration: Path, more: str, code: str
) -> None:
    monkeypatch.chdir(configuration.parent)
    with pytest.raises(UsageError) as caught:
        in_file(configuration, monkeypatch, more)
    assert (caught.value.code, caught.value.where) == (code, "profile production")
    assert "p4ssword" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "no profile 'staging'; known: sandbox"),
        (FILE, "no profile 'staging'; known: sandbox, production"),
        ('staging = "https://ar.example.com"', "no profile 'staging'"),
        ("[staging", "cannot be read as TOML"),
        ("[staging]\n\xff", "cannot be read as TOML"),
        ('[staging]\nbase_url = "https://ar.example.com"', "missing: client_id, username"),
    ],
)
def test_a_profile_that_is_not_there_whole_is_refused(
    configuration: Path, text: str | None, message: str
) -> None:
    if text is not None:
        configuration.write_text(text, encoding="latin-1")
    with pytest.raises(UsageError, match=message) as caught:
        settings.profile("staging")
    assert "never read from here" not in str(caught.value)


@pytest.mark.parametrize(
    "address",
    [
        "https://ar.example.com",
        "HTTPS://ar.example.com:8443/base",
        "http://127.0.0.1:8000",
        "http://localhost",
        "http://[::1]:8000/",
    ],
)
def test_https_anywhere_and_http_on_this_machine_are_allowed(address: str) -> None:
    assert settings.Profile("test", **{**MEMBERS, "base_url": address}).base_url == address


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ar.example.com",
        "http://ar.example.com",
        "http://127.0.0.1.example.com",
        "http://127.0.0.1@ar.example.com",
        "http://0.0.0.0",
        "http:///search",
        "ftp://127.0.0.1",
        "file:///etc/passwd",
        "https://",
        "https://[::1",
    ],
)
def test_any_other_address_is_refused(address: str) -> None:
    with pytest.raises(UsageError, match="must begin with https://"):
        settings.Profile("test", **{**MEMBERS, "base_url": address})


@pytest.mark.parametrize("variable", ["ARKIT_DEADLINE_S", "ARKIT_QUIESCENCE_S"])
@pytest.mark.parametrize("text", ["0", "-1", "soon", "nan", "inf", "1e300", "86401", "5 s", "1,5"])
def test_a_time_that_makes_no_sense_is_refused(
    monkeypatch: pytest.MonkeyPatch, variable: str, text: str
) -> None:
    give(monkeypatch, {**ENVIRONMENT, variable: text})
    with pytest.raises(UsageError, match=variable) as caught:
        settings.profile("environment")
    assert caught.value.exit_code == 2


def test_times_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, {**ENVIRONMENT, "ARKIT_DEADLINE_S": "2.5", "ARKIT_QUIESCENCE_S": "1"})
    profile = settings.profile("environment")
    assert (profile.deadline_s, profile.quiescence_s) == (2.5, 1)
    monkeypatch.delenv("ARKIT_QUIESCENCE_S")
    assert settings.sandbox_profile(MEMBERS).quiescence_s == 2


def account(**changes: str) -> str:
    return settings.Profile("test", **{**MEMBERS, **changes}).account


def test_an_account_is_a_company_on_a_server() -> None:
    same = [
        {},
        {"username": "dev@example.com"},
        {"password": "new"},
        {"base_url": "https://ar.example.com/v0"},
    ]
    assert len({account(**changes) for changes in same}) == 1
    other = [{}, {"company_id": "CEKOTHER001"}, {"base_url": "https://uat.example.com"}]
    other += [{"base_url": "https://ar.example.com:8443"}, {"base_url": "http://localhost"}]
    assert len({account(**changes) for changes in other}) == len(other)
    assert settings.SANDBOX not in account()


def test_a_server_on_this_machine_may_come_back_on_another_port() -> None:
    places = ["http://127.0.0.1:8000", "http://127.0.0.1:9000", "http://localhost:1"]
    assert len({account(base_url=place) for place in places}) == 1


def test_the_origin_names_no_user() -> None:
    address = "https://asha:p4ssword@ar.example.com:8443/base"
    profile = settings.Profile("test", **{**MEMBERS, "base_url": address})
    assert profile.origin == "https://ar.example.com:8443"


def test_a_profile_shows_and_pickles_no_secret() -> None:
    profile = settings.Profile("test", **MEMBERS)
    assert "client" in repr(profile)
    assert not any(secret in f"{profile} {profile!r}" for secret in ("s3cret", "p4ssword"))
    with pytest.raises(TypeError):
        pickle.dumps(profile)
    with pytest.raises(dataclasses.FrozenInstanceError):
        profile.base_url = "https://elsewhere.example.com"  # type: ignore[misc]


def test_a_workspace_is_made_for_its_owner_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARKIT_WORKSPACE", str(tmp_path / "a" / "b"))
    assert settings.workspace() == tmp_path / "a" / "b"
    assert stat.S_IMODE(settings.workspace().stat().st_mode) == 0o700


def test_a_workspace_that_cannot_be_made_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("ARKIT_WORKSPACE", str(tmp_path / "file" / "folder"))
    with pytest.raises(DiskError, match="workspace"):
        settings.workspace()
