"""Servers that are not who they should be, what the environment suggests, and plans of another company."""

import dataclasses
import ssl
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from command import Run
from wire.conftest import Scripted, behind_log_in, envelope, http, token

from arkit.errors import ArkitError, NetworkError
from arkit.sandbox import Sandbox
from arkit.wire.operations import GET_INVOICE
from arkit.wire.transport import Request, Transport

from .conftest import (
    Authority,
    ClientOf,
    Office,
    Point,
    Serve,
    TlsServer,
    WriteProfile,
    assert_clear,
    fetch,
    new_authority,
    port_of,
    profile_at,
    profile_of,
)
from .operations import PATHS, READS, WRITES

# Where a request goes


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_operation_follows_to_another_host(serve: Serve, client_of: ClientOf, status: int) -> None:
    other = serve(lambda request: [token(), envelope([])])
    moved = http(b"", status, Location=f"{other.url}/oauth/token")
    client = client_of(profile_of(serve(behind_log_in(lambda request: [moved])).url, paths=PATHS))
    for operation in (*READS.values(), *WRITES.values()):
        with pytest.raises(ArkitError, match=str(status)):
            operation(client)
    assert other.seen == []


@pytest.mark.parametrize(
    "address",
    [
        "http://ar.example.com",
        "http://127.0.0.1.example.com",
        "http://127.0.0.1@ar.example.com",
        # One reader takes what stands before the backslash for the host, another what stands behind it.
        "http://ar.example.com\\@127.0.0.1:{port}",
        "http://127.0.0.1:{port}\\@ar.example.com",
        "http://127.0.0.1:{port}/?to=",
        "http://127.0.0.1:{port}/#",
        "http://127.0.0.1:{port}/{{x}}",
        "http://127.0.0.1:{port}\r\nX-Evil: yes",
        "http://127.0.0.1:{port} ",
        "http://127.0.0.1:99999",
        "ftp://127.0.0.1",
    ],
)
def test_an_address_that_is_not_https_or_has_two_readings_is_refused(
    serve: Serve, run: Run, point: Point, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, address: str
) -> None:
    server = serve(behind_log_in(lambda request: [envelope([])]))
    profile = profile_of(server.url)
    point(profile)
    monkeypatch.setenv("ARKIT_BASE_URL", address.format(port=port_of(server.url)))
    assert_clear(fetch(run, tmp_path / "out.csv"), 2, profile, says="https://", out=tmp_path / "out.csv")
    assert server.seen == []


def test_a_user_in_the_address_takes_the_place_of_no_token_and_is_shown_nowhere(
    serve: Serve, run: Run, point: Point, tmp_path: Path
) -> None:
    server = serve(behind_log_in(lambda request: [envelope([])]))
    profile = profile_of(server.url.replace("//", "//eve:st0len@"))
    point(profile)
    told = fetch(run, tmp_path / "out.csv", "--json")
    assert told.code == 0
    log_in, search = (request.headers["authorization"] for request in server.seen)
    assert (log_in.startswith("Basic "), search) == (True, "Bearer token-1")
    assert "st0len" not in f"{told} {profile!r} {run('doctor')}"


# Who the server is


@dataclasses.dataclass(frozen=True)
class SelfSigned:
    """An authority that sets up as a server."""

    authority: Authority
    folder: Path

    def configure_cert(self, context: ssl.SSLContext) -> None:
        key = self.folder / "key.pem"
        self.authority.ca.private_key_pem.write_to_path(str(key))
        context.load_cert_chain(self.authority.file, key)


NOW = datetime.now(UTC)
DAY = timedelta(days=1)
STRANGERS: dict[str, tuple[dict[str, Any], str]] = {
    "another name": ({"name": "other.example.com"}, "another address"),
    "expired": ({"not_before": NOW - 9 * DAY, "not_after": NOW - DAY}, "has expired, by the clock"),
    "not yet valid": ({"not_before": NOW + DAY}, "not valid yet, by the clock"),
    "unknown authority": ({}, "no authority that this machine trusts"),
    "self-signed": ({}, "signed by itself"),
    "TLS 1.0": ({"version": ssl.TLSVersion.TLSv1}, "no secure connection"),
    "TLS 1.1": ({"version": ssl.TLSVersion.TLSv1_1}, "no secure connection"),
}


@pytest.fixture
def stranger(
    request: pytest.FixtureRequest, tls_server: TlsServer, authority: Authority, tmp_path: Path
) -> Scripted:
    """A server that is not to be trusted, for the reason that the test names."""
    facts, _ = STRANGERS[request.param]
    if request.param == "self-signed":
        return tls_server(SelfSigned(new_authority(tmp_path), tmp_path))
    signer = new_authority(tmp_path) if request.param == "unknown authority" else authority
    times = {name: facts[name] for name in ("not_before", "not_after") if name in facts}
    certificate = signer.ca.issue_cert(facts.get("name", "127.0.0.1"), **times)
    if "version" not in facts:
        return tls_server(certificate)
    with pytest.warns(DeprecationWarning, match="TLS"):
        return tls_server(certificate, minimum_version=ssl.TLSVersion.TLSv1, maximum_version=facts["version"])


@pytest.mark.parametrize("stranger", STRANGERS, indirect=True)
@pytest.mark.parametrize("call", ["read", "change"])
def test_a_server_that_is_not_to_be_trusted_is_sent_nothing(
    stranger: Scripted, authority: Authority, request: pytest.FixtureRequest, call: str
) -> None:
    says = STRANGERS[request.node.callspec.params["stranger"]][1]
    transport = Transport(5, ca_file=authority.file)
    send = {"read": transport.read, "change": transport.write}[call]
    with pytest.raises(NetworkError, match=says) as caught:
        send(Request("POST", f"{stranger.url}/x", body=b"{}"), where="upload")
    assert (caught.value.server_state, caught.value.exit_code) == ("nothing_sent", 9)
    assert stranger.seen == []
    transport.close()


@pytest.mark.parametrize("stranger", ["not yet valid"], indirect=True)
def test_a_command_says_what_is_wrong_with_a_certificate_and_what_the_clock_says(
    stranger: Scripted, authority: Authority, run: Run, write_profile: WriteProfile, tmp_path: Path
) -> None:
    profile = profile_of(stranger.url, ca_file=authority.file)
    write_profile(profile)
    told = fetch(run, tmp_path / "out.csv", "--profile", profile.name)
    says = f"not valid yet, by the clock of this machine: {datetime.now(UTC):%Y-%m-%d}"
    assert_clear(told, 9, profile, says=says, out=tmp_path / "out.csv")
    assert stranger.seen == []


def test_a_private_authority_is_trusted_if_the_profile_names_its_file(
    tls_server: TlsServer, authority: Authority, run: Run, write_profile: WriteProfile, tmp_path: Path
) -> None:
    server = tls_server(authority.ca.issue_cert("127.0.0.1"))
    write_profile(profile_of(server.url, ca_file=authority.file))
    assert fetch(run, tmp_path / "out.csv", "--profile", "test").code == 0
    assert len(server.seen) == 2


@pytest.mark.parametrize("content", [None, "no certificate", ""])
def test_a_file_of_certificates_that_is_none_is_refused_by_name(
    run: Run, write_profile: WriteProfile, tmp_path: Path, content: str | None
) -> None:
    file = tmp_path / "authority.pem"
    if content is not None:
        file.write_text(content)
    profile = profile_of("https://ar.example.com", ca_file=str(file))
    write_profile(profile)
    told = fetch(run, tmp_path / "out.csv", "--profile", profile.name)
    assert_clear(told, 2, profile, says="ca_file", out=tmp_path / "out.csv")


def test_no_setting_switches_the_checks_off(
    tls_server: TlsServer,
    run: Run,
    write_profile: WriteProfile,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = tls_server(new_authority(tmp_path).ca.issue_cert("127.0.0.1"))
    file = write_profile(profile_of(server.url))
    more = ["verify = false", 'ssl_verify = "no"', "insecure = true", "tls = false"]
    file.write_text("\n".join([file.read_text(), *more]))
    for name in ("ARKIT_VERIFY", "ARKIT_SSL_VERIFY", "PYTHONHTTPSVERIFY"):
        monkeypatch.setenv(name, "0")
    told = fetch(run, tmp_path / "out.csv", "--profile", "test")
    assert_clear(told, 9, profile_of(server.url), says="no authority")
    assert server.seen == []


# What somebody else put into the environment


def test_log_ins_of_other_programs_are_not_used_and_doctor_names_them(
    serve: Serve, run: Run, point: Point, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    server = serve(behind_log_in(lambda request: [envelope([])]))
    home = tmp_path / "home"
    home.mkdir()
    for file in (home / ".netrc", tmp_path / "netrc"):
        file.write_text("machine 127.0.0.1 login eve password stolen\ndefault login eve password stolen\n")
        file.chmod(0o600)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    point(profile_of(server.url))
    assert fetch(run, tmp_path / "out.csv").code == 0
    log_in, search = (request.headers["authorization"] for request in server.seen)
    assert log_in.startswith("Basic ")
    assert search == "Bearer token-1"
    looked = run("doctor")
    assert ".netrc" in looked.out
    assert "NETRC" in looked.out
    assert "stolen" not in looked.out + looked.err


CERTIFICATES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")


def test_certificates_of_the_environment_are_not_trusted_and_doctor_names_them(
    tls_server: TlsServer,
    authority: Authority,
    run: Run,
    point: Point,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    server = tls_server(authority.ca.issue_cert("127.0.0.1"))
    for name in CERTIFICATES:
        monkeypatch.setenv(name, authority.file)
    monkeypatch.setenv("SSL_CERT_DIR", str(Path(authority.file).parent))
    point(profile_of(server.url))
    told = fetch(run, tmp_path / "out.csv")
    assert_clear(told, 9, profile_of(server.url), says="no authority that this machine trusts")
    assert server.seen == []
    looked = run("doctor")
    assert all(name in looked.out for name in CERTIFICATES)


def test_certificates_of_the_environment_do_not_take_the_place_of_the_profile_s(
    tls_server: TlsServer, authority: Authority, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = tls_server(authority.ca.issue_cert("127.0.0.1"))
    for name in CERTIFICATES:
        monkeypatch.setenv(name, "/nowhere/at/all")
    client = client_of(profile_of(server.url, ca_file=authority.file))
    assert client.calls.read(GET_INVOICE, path={"invoiceId": "1"}) == []


# Two companies on one machine


@pytest.fixture
def neighbour(tmp_path: Path) -> Iterator[Sandbox]:
    """Another company, on a server of its own."""
    with Sandbox(db=tmp_path / "neighbour.db", customers=16, invoices=0, seed=2) as sandbox:
        yield sandbox


def asked(*sandboxes: Sandbox) -> list[Counter[str]]:
    """What the sandboxes were asked for until now."""
    return [Counter(request["operation"] for request in each.history()) for each in sandboxes]


@pytest.mark.parametrize("has_own_server", [True, False])
def test_a_plan_of_one_company_is_not_sent_to_another(
    office: Office, neighbour: Sandbox, run: Run, point: Point, has_own_server: bool
) -> None:
    plan = office.addresses(3)
    other = profile_at(neighbour)
    if not has_own_server:
        other = dataclasses.replace(other, base_url=office.profile.base_url)
    point(other)
    before = asked(neighbour, office.sandbox)
    told = run("apply", plan.id, "--confirm", plan.id[-6:], "--json")
    assert_clear(told, 2, other, says="another server or company")
    assert run("resume", "--json").document["rows"] == []
    assert asked(neighbour, office.sandbox) == before
    point(office.profile)
    assert run("apply", plan.id, "--confirm", plan.id[-6:], "--json").document["counts"] == {"verified": 3}


def test_a_plan_in_doubt_is_not_resumed_by_another_company(
    office: Office, neighbour: Sandbox, run: Run, point: Point
) -> None:
    plan = office.addresses(3)
    office.sandbox.faults.add(operation="bulkUpdate", answer="lost", applies="none")
    outcome = office.apply(plan, should_stop=lambda: bool(office.uploads()))
    assert outcome.counts == {"in_doubt": 3}
    point(profile_at(neighbour))
    before = asked(neighbour)
    assert run("resume", "--json").document["rows"] == []
    assert asked(neighbour) == before
    point(office.profile)
    assert run("resume", "--json").document["counts"] == {"verified": 3}
