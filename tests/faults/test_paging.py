"""Lists that change while they are read, servers that page as they like, records that are odd."""

import json
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from command import Run, write_bulk
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from wire.conftest import Piece, Seen, behind_log_in, http

from arkit.client import Client
from arkit.columns import camel
from arkit.errors import ContractError, IncompleteWarning
from arkit.sandbox import Sandbox

from .conftest import (
    ClientOf,
    Office,
    Point,
    Serve,
    assert_clear,
    assert_kept,
    fetch,
    profile_at,
    profile_of,
)

NOUNS = {"customers": "searchCustomer", "invoices": "searchCollectionInvoices"}
CUSTOMERS, INVOICES = 16, 24


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A company that no test changes."""
    folder = tmp_path_factory.mktemp("paging")
    with Sandbox(db=folder / "company.db", customers=CUSTOMERS, invoices=INVOICES) as sandbox:
        yield sandbox


@pytest.fixture
def paged(company: Sandbox) -> Iterator[Sandbox]:
    """The same; a test may script how it pages."""
    yield company
    company.faults.clear()


def fetched(client: Client, noun: str) -> pd.DataFrame:
    frame: pd.DataFrame = getattr(client, noun).fetch()
    return frame


# A list that changes while it is read


CHANGES: dict[str, dict[str, Any]] = {
    "inserted at the front": {"do": "insert", "record": 0},
    "inserted in the middle": {"do": "insert", "record": 7},
    "deleted at the front": {"do": "delete", "record": 0},
    "deleted in the middle": {"do": "delete", "record": 5},
    "deleted near the end": {"do": "delete", "record": 12},
    "changed at the front": {"do": "change", "record": 0},
    "changed in the middle": {"do": "change", "record": 8},
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_between_any_two_pages_is_in_the_frame_as_a_whole_or_not_at_all(
    tmp_path: Path, client_of: ClientOf, change: str
) -> None:
    with Sandbox(db=tmp_path / "changing.db", customers=22, invoices=0) as sandbox:
        client = client_of(profile_at(sandbox))
        before = client.customers.fetch()
        for page in range(0, 10, 2):
            values = {"legalName": f"Renamed {page}"} if "deleted" not in change else {}
            sandbox.faults.paging("searchCustomer", caps_at=5)
            sandbox.faults.add(
                operation="searchCustomer", after=page, mutate=[{**CHANGES[change], "values": values}]
            )
            found = client.customers.fetch()
            sandbox.faults.clear()
            after = client.customers.fetch()
            assert not after.equals(before)
            assert found.equals(after) or found.equals(before), page
            before = after


# Servers that page as they like


@pytest.mark.parametrize(("noun", "total"), [("customers", "absent"), ("invoices", "right")])
@pytest.mark.parametrize(
    "ways",
    [
        *({"caps_at": size} for size in (1, 2, 3, 5, 8, 15, 16, 17, 24)),
        *({"page_size": size} for size in (3, 12)),
        *({"caps_at": size, "excess": 1} for size in (1, 8)),
        *({"caps_at": size, "repeats_last_page": True} for size in (3, 5, 8)),
        {"caps_at": 3, "shape": "array"},
        {"caps_at": 3, "shape": "spring"},
        {"caps_at": 3, "ignores_order": True},
    ],
    ids=str,
)
def test_whatever_a_server_makes_of_limit_and_end_all_come_once_and_nothing_is_doubted(
    paged: Sandbox, client_of: ClientOf, noun: str, total: str, ways: dict[str, Any]
) -> None:
    client = client_of(profile_at(paged))
    calm = fetched(client, noun)
    paged.faults.paging(NOUNS[noun], total=total, **ways)
    assert fetched(client, noun).equals(calm)


ODD_WAYS: dict[str, tuple[dict[str, Any], str]] = {
    "offset counts pages": ({"caps_at": 3, "offset_counts": "pages"}, "offset counts pages"),
    "offset counts pages of all sizes": ({"page_size": 5, "offset_counts": "pages"}, "offset counts pages"),
    "counts more than there are": ({"caps_at": 3, "total": 99}, "the server counts 99"),
    "counts one more than there are": ({"total": 25}, "the server counts 25"),
    "two lists": ({"caps_at": 3, "shape": "two arrays"}, "2 arrays came"),
    "one at a time for ever": ({"caps_at": 1, "repeats_last_page": True, "total": "absent"}, "may be more"),
}


@pytest.mark.parametrize("noun", NOUNS)
@pytest.mark.parametrize("way", ODD_WAYS)
def test_a_list_that_is_not_proved_whole_ends_the_command_with_9_and_makes_no_file(
    paged: Sandbox, run: Run, point: Point, tmp_path: Path, noun: str, way: str
) -> None:
    ways, says = ODD_WAYS[way]
    paged.faults.paging(NOUNS[noun], **ways)
    point(profile_at(paged))
    out = tmp_path / "out.csv"
    assert_clear(fetch(run, out, "--json", noun=noun), 9, profile_at(paged), says=says, out=out)


def searched(request: Seen) -> tuple[int, int]:
    """Limit and offset of a request."""
    limit, offset = (int(re.findall(rf"{name}=(\d+)", request.line)[0]) for name in ("limit", "offset"))
    return limit, offset


def customer(number: int, **members: Any) -> dict[str, Any]:
    return {"customerId": f"KC{number:014}", "legalName": f"Trader {number}", **members}


def page_of(records: list[dict[str, Any]], **beside: Any) -> bytes:
    return http(json.dumps({"payload": {"customers": records, **beside}, "response_code": 0}).encode())


# One id, two contents


def test_of_a_record_changed_between_two_pages_the_newest_content_is_kept(
    tmp_path: Path, client_of: ClientOf
) -> None:
    with Sandbox(db=tmp_path / "changing.db", customers=14, invoices=30) as sandbox:
        client = client_of(profile_at(sandbox))
        ids = {noun: fetched(client, noun).iloc[:, 0].tolist() for noun in NOUNS}
        for noun, field, column in (
            ("customers", "address", "address"),
            ("invoices", "description", "description"),
        ):
            for place in range(0, 12, 2):
                sandbox.faults.paging(NOUNS[noun], caps_at=4)
                change = {
                    "do": "change",
                    "kind": noun[:-1],
                    "record": place,
                    "values": {field: f"New {place}"},
                }
                sandbox.faults.add(operation=NOUNS[noun], after=1 + place // 3, mutate=[change])
                found = fetched(client, noun)
                sandbox.faults.clear()
                assert found.iloc[:, 0].tolist() == ids[noun]
                assert found[column].iloc[place] == f"New {place}"


@pytest.mark.parametrize("moment", range(1, 9))
def test_a_record_that_shows_both_contents_at_the_seam_of_two_pages_is_read_again_without_doubt(
    serve: Serve, client_of: ClientOf, moment: int
) -> None:
    known = [customer(number, modifiedOn="2026-09-01T10:00:00Z") for number in range(9)]
    count = iter(range(1, 1_000))

    def answer(request: Seen) -> list[Piece]:
        if next(count) == moment:
            known[4] |= {"legalName": "New", "modifiedOn": "2026-09-30T10:00:00Z"}
        limit, offset = searched(request)
        return [page_of(known[offset : offset + min(limit, 3)], totalCount=9)]

    found = client_of(profile_of(serve(behind_log_in(answer)).url)).customers.fetch()
    assert found["legal_name"].iloc[4] in ("New", "Trader 4")
    assert (found["legal_name"].iloc[4] == "New") == found["modified_on"].iloc[4].startswith("2026-09-30")


TWICE: dict[str, tuple[dict[str, Any], str]] = {
    "newer": ({"legalName": "B", "modifiedOn": "2026-09-30T12:00:00Z"}, "B"),
    "older": ({"legalName": "B", "modifiedOn": "2026-09-30T08:00:00Z"}, "A"),
    "as new": ({"legalName": "B", "modifiedOn": "2026-09-30T10:00:00Z"}, ""),
    "of no known age": ({"legalName": "B"}, ""),
    "alike": ({"legalName": "A", "modifiedOn": "2026-09-30T10:00:00Z"}, "A"),
}


@pytest.mark.parametrize("has_total", [True, False])
@pytest.mark.parametrize("cap", [2, 3, 5_000])
@pytest.mark.parametrize("place", [4, 8])
@pytest.mark.parametrize("second", TWICE)
def test_a_record_that_stands_in_a_list_twice_is_reported_and_only_the_newest_is_ever_kept(
    serve: Serve, client_of: ClientOf, second: str, place: int, cap: int, has_total: bool
) -> None:
    again, kept = TWICE[second]
    known = [customer(number, modifiedOn="2026-09-01T10:00:00Z") for number in range(8)]
    known[3] |= {"legalName": "A", "modifiedOn": "2026-09-30T10:00:00Z"}
    known.insert(place, {"customerId": known[3]["customerId"], **again})

    def answer(request: Seen) -> list[Piece]:
        limit, offset = searched(request)
        found = known[::-1] if "direction=DESC" in request.line else known
        return [page_of(found[offset : offset + min(limit, cap)], **({"totalCount": 9} if has_total else {}))]

    client = client_of(profile_of(serve(behind_log_in(answer)).url))
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            found = client.customers.fetch()
        except ContractError:
            return
    assert any(issubclass(each.category, IncompleteWarning) for each in told)
    assert found["customer_id"].is_unique
    assert found["legal_name"].iloc[3] == kept


# Records without an id that is one


NO_IDS: dict[str, dict[str, Any]] = {
    "none": {"lacks": ["{}"]},
    **{
        str(value): {"sets": {"{}": value}}
        for value in (None, "", 12345, 1.5, True, [], ["KC1"], {"name": "KC1"}, {"label": "a", "name": "KC1"})
    },
    **{
        repr(text): {"sets": {"{}": text}}
        for text in (" KC1", "KC1 ", "KC 1", "KC1\n", "\u00a0KC1", "KC\u200b1")
    },
}


@pytest.mark.parametrize(("noun", "place"), [("customers", 6), ("invoices", 0)])
@pytest.mark.parametrize("odd", NO_IDS)
def test_a_record_without_a_usable_id_ends_the_command_with_9_and_its_place(
    paged: Sandbox, run: Run, point: Point, tmp_path: Path, noun: str, odd: str, place: int
) -> None:
    member = f"{noun[:-1]}Id"
    script = json.loads(json.dumps(NO_IDS[odd]).replace("{}", member))
    paged.faults.paging(NOUNS[noun], odd=[{"place": place, **script}])
    point(profile_at(paged))
    out = tmp_path / "out.csv"
    says = f"record {place} of a page has no usable {member}"
    assert_clear(fetch(run, out, noun=noun), 9, profile_at(paged), says=says, out=out)


# Records of another shape


DRIFTS: list[dict[str, Any]] = [
    {"sets": {"loyaltyTier": "GOLD", "score": 7, "flags": ["a", "b"], "geo": {"lat": 1.5, "lon": None}}},
    {"sets": {"status": "HIBERNATING"}},
    {"sets": {"status": {"label": "Active", "name": "ACTIVE"}}},
    {"sets": {"status": None, "state": None, "branchCodes": None, "companyId": None}},
    {"lacks": ["status", "address", "ifsc", "branchCodes", "companyId", "createdOn", "modifiedOn"]},
    {"lacks": ["customerKeyContacts", "customerReminders"]},
]


@pytest.mark.parametrize("drift", DRIFTS, ids=str)
@pytest.mark.parametrize("place", [None, 3])
def test_members_that_are_new_missing_empty_or_renamed_are_tolerated(
    paged: Sandbox, run: Run, point: Point, tmp_path: Path, drift: dict[str, Any], place: int | None
) -> None:
    point(profile_at(paged))
    calm = fetch(run, tmp_path / "calm.csv", "--json").document
    paged.faults.paging("searchCustomer", caps_at=5, odd=[{"place": place, **drift}])
    told = fetch(run, tmp_path / "out.csv", "--json")
    assert told.code == 0, told
    assert told.document["rows"] == calm["rows"]
    found = pd.read_csv(tmp_path / "out.csv", dtype=str)
    declared = [name for name in calm["columns"] if name not in ("created_on", "modified_on")]
    assert list(found)[: len(declared)] == declared
    news = [re.sub("(?=[A-Z])", "_", name).lower() for name in drift.get("sets", {})]
    assert set(news) <= set(found)
    assert found["customer_id"].is_unique


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.text(st.characters(codec="utf-8"), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=2), inner, max_size=3),
    max_leaves=5,
)
STRANGE = st.dictionaries(st.sampled_from(["newField", "other", "x", "naïve"]), ANYTHING, max_size=3)


def test_whatever_unknown_members_hold_no_record_is_lost(serve: Serve, client_of: ClientOf) -> None:
    known: list[dict[str, Any]] = []

    def answer(request: Seen) -> list[Piece]:
        limit, offset = searched(request)
        return [page_of(known[offset : offset + min(limit, 3)], totalCount=len(known))]

    client = client_of(profile_of(serve(behind_log_in(answer)).url))

    @settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
    @given(members=st.lists(STRANGE, min_size=1, max_size=6))
    def holds(members: list[dict[str, Any]]) -> None:
        known[:] = [customer(number, **more) for number, more in enumerate(members)]
        found = client.customers.fetch()
        assert found["legal_name"].tolist() == [record["legalName"] for record in known]
        assert {name for more in members for name in more} <= {*found.columns, *map(camel, found.columns)}

    holds()


@pytest.mark.parametrize("value", [5, -5, 1.5, 10**30, True, False, "5", ["a"], [], {"a": 1}, None], ids=str)
def test_a_value_at_the_seam_of_two_pages_is_one_value_beside_whatever_stands_on_each_of_them(
    serve: Serve, client_of: ClientOf, value: Any
) -> None:
    values = [value, value, value, "text", value]
    known = [customer(number, newField=each) for number, each in enumerate(values)]

    def answer(request: Seen) -> list[Piece]:
        limit, offset = searched(request)
        return [page_of(known[offset : offset + min(limit, 3)], totalCount=5)]

    found = client_of(profile_of(serve(behind_log_in(answer)).url)).customers.fetch()
    assert found["legal_name"].tolist() == [record["legalName"] for record in known]
    assert found["new_field"].iloc[3] == "text"


WRONG_KINDS: list[Any] = [5, 1.5, True, {"line1": "New Road"}, [1], [["New Road"]]]


@pytest.mark.parametrize("value", WRONG_KINDS, ids=str)
def test_a_plan_does_not_rest_on_a_field_of_another_kind(
    sandbox: Sandbox, office: Office, run: Run, point: Point, tmp_path: Path, value: Any
) -> None:
    file = write_bulk(tmp_path / "bulk.csv", {office.ids[0]: {"address": "1 New Road"}})
    sandbox.faults.paging("searchCustomer", odd=[{"place": 0, "sets": {"address": value}}])
    point(office.profile)
    told = run("plan", file, "--kind", "customer-update", "--json")
    assert_clear(told, 9, office.profile, says="customers.address: record 0")
    assert run("status", "--json").document["plans"] == []


def test_a_plan_does_not_rest_on_a_field_that_the_server_does_not_show(
    sandbox: Sandbox, office: Office, run: Run, point: Point, tmp_path: Path
) -> None:
    """A server that leaves out what is empty shows the field of somebody else."""
    one, two = office.ids[:2]
    file = write_bulk(tmp_path / "bulk.csv", {one: {"address": "1 New Road"}})
    point(office.profile)
    sandbox.faults.paging("searchCustomer", odd=[{"lacks": ["address", "ifsc"]}])
    told = run("plan", file, "--kind", "customer-update", "--json")
    assert_clear(told, 9, office.profile, says="shows no address of any customer")
    assert run("status", "--json").document["plans"] == []
    assert not office.uploads()
    sandbox.faults.paging("searchCustomer", odd=[{"place": 0, "lacks": ["address", "ifsc"]}])
    told = run("plan", file, "--kind", "customer-update", "--json")
    assert told.code == 0
    assert [change["before"] for change in told.document["changes"]] == [None]
    sandbox.faults.paging("searchCustomer", odd=[{"lacks": ["ifsc"]}])
    file = write_bulk(tmp_path / "bulk.csv", {two: {"address": "2 New Road", "ifsc": ""}})
    assert run("plan", file, "--kind", "customer-update", "--json").code == 0


def test_a_field_that_is_no_longer_shown_when_a_plan_is_applied_is_left_alone(
    sandbox: Sandbox, office: Office
) -> None:
    plan = office.addresses(3)
    sandbox.faults.paging("searchCustomer", odd=[{"lacks": ["address"]}])
    outcome = office.apply(plan)
    assert outcome.counts == {"stale": 3}
    assert not office.uploads()
    assert_kept(office, plan, outcome)
