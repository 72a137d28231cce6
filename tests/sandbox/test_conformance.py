"""The server against the contract, as schemathesis reads it.

`CONFORMANCE_EXAMPLES` is how many random requests each operation gets; a long run asks for hundreds.
"""

import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import hypothesis.configuration
import pytest
import yaml

from arkit.sandbox import Sandbox
from arkit.sandbox.routes import API

from .conformance import BODY_LINKS, LINKS, METHODS, OPERATIONS, put_to, without_converter
from .conftest import Api
from .contract import CONTRACT, errors_against

EXAMPLES = int(os.environ.get("CONFORMANCE_EXAMPLES", "30"))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Api]:
    hypothesis.configuration.set_hypothesis_home_dir(tmp_path / "hypothesis")
    # Whoever tries passwords at random would soon be locked out.
    with Sandbox(db=tmp_path / "contract.db", customers=200, invoices=400, lockout_s=0) as sandbox:
        api = Api(sandbox)
        yield api
        api.session.close()
    hypothesis.configuration.set_hypothesis_home_dir(None)


def test_the_server_keeps_the_contract_in_every_operation(server: Api, tmp_path: Path) -> None:
    result = put_to(server, tmp_path, EXAMPLES)
    assert result.exit_code == 0, result.output
    asked = Counter((row["operation"], row["status"] == 200) for row in server.sandbox.history())
    for operation in OPERATIONS:
        assert asked[operation, True] >= 3, asked
        assert asked[operation, False] >= 10, asked
    followed = re.search(r"API Links: +(\d+) covered / (\d+) selected", result.output)
    assert followed, result.output
    assert int(followed[2]) == len(LINKS) + len(BODY_LINKS)
    assert int(followed[1]) >= 4


def test_a_fault_in_any_operation_is_found(server: Api, tmp_path: Path) -> None:
    for operation in OPERATIONS:
        server.sandbox.faults.add(operation=operation, status=500, after=3, times=10_000)
    result = put_to(server, tmp_path, max_examples=5, phases=("coverage",))
    assert result.exit_code == 1, result.output
    for route in API:
        assert f"_ {route.method} {without_converter(route.path)} _" in result.output
    assert result.output.count(" Server error\n") == len(API), result.output


def test_what_succeeds_has_the_shape_of_the_contract(server: Api) -> None:
    # Behind `anyOf` the contract lets any object pass as a list, so its records are looked at one by one.
    for kind, records in (
        ("Invoice", server.invoices()["invoices"]),
        ("CustomerRead", server.customers()["customers"]),
    ):
        assert [error for record in records for error in errors_against(kind, record)] == []


def test_the_server_has_every_operation_of_the_contract_and_no_other() -> None:
    document = yaml.safe_load(CONTRACT.read_text(encoding="utf-8"))
    named = {
        (method.upper(), path, operation["operationId"])
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if method in METHODS
    }
    assert {(route.method, without_converter(route.path), route.name) for route in API} == named
    assert len(named) == len(API)
