"""The table of calls, beside the contract that it was written from."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from arkit.wire.operations import OPERATIONS, Effect, Operation

CONTRACT = Path(__file__).parents[2] / "data" / "openapi.yaml"
VERBS = frozenset({"get", "post", "put", "patch", "delete"})

each_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)


@pytest.fixture(scope="module")
def paths() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(CONTRACT.read_text(encoding="utf-8"))["paths"]
    return found


def test_every_operation_of_the_contract_is_in_the_table_with_its_verb_and_path(
    paths: dict[str, Any],
) -> None:
    printed = {
        (item[verb]["operationId"], verb.upper(), path)
        for path, item in paths.items()
        for verb in VERBS & {*item}
    }
    assert len(printed) == len(OPERATIONS) == 24
    assert {(operation.name, operation.verb, operation.path) for operation in OPERATIONS} == printed


@each_operation
def test_an_operation_counts_as_inferred_exactly_where_it_or_its_path_was_not_read(
    paths: dict[str, Any], operation: Operation
) -> None:
    item = paths[operation.path]
    marks = (item.get("x-inferred", False), item[operation.verb.lower()].get("x-inferred", False))
    assert operation.is_inferred is any(marks)


@each_operation
def test_only_what_changes_nothing_may_be_sent_again_by_itself(operation: Operation) -> None:
    """A search is a read though it is a POST, and a log-in makes nothing but a token."""
    is_read = operation.verb == "GET" or operation.path.endswith(("/search", "/token"))
    assert operation.is_repeatable is is_read


@each_operation
def test_what_would_make_or_send_something_anew_is_never_sent_again(operation: Operation) -> None:
    makes = operation.name.startswith("create") or operation.name == "invoiceBulkUpload"
    sends = "dispatch" in operation.path or operation.path.endswith(
        ("/payment-confirmation", "/status-change")
    )
    assert (operation.effect in {Effect.CREATE, Effect.TRIGGER}) is (makes or sends)
