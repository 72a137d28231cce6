"""Key contacts: taken from the customers found, or else asked for one customer at a time."""

import json
from typing import Any

import pytest
from wire.conftest import Seen, behind_log_in, envelope, http, profile_of

from arkit.client import Client
from arkit.errors import ApiError, ContractError, InferredWarning, UsageError
from arkit.resources import Contacts
from arkit.sandbox import Sandbox
from arkit.wire.calls import Calls

from .conftest import Altered, ClientOf, Json, Serve, assert_empty_like, assert_same, profile_in

MEMBERS = {
    "key_contact_person_id": "keyContactPersonId",
    "name": "name",
    "legal_name": "legalName",
    "email": "email",
    "mobile": "mobile",
    "mail_enabled": "mail_enabled",
    "sms_enabled": "sms_enabled",
    "whatsapp_enabled": "whatsapp_enabled",
    "via": "via",
    "deleted": "deleted",
}


def held(customers: list[Json]) -> list[Json]:
    """The people of these customers, by customer, then as the server lists them."""
    return [
        {**person, "customerId": customer["customerId"]}
        for customer in sorted(customers, key=lambda customer: customer["customerId"])
        for person in customer["customerKeyContacts"]
    ]


def assert_are(frame: Any, people: list[Json]) -> None:
    assert frame["customer_id"].tolist() == [person["customerId"] for person in people]
    for column, member in MEMBERS.items():
        for value, person in zip(frame[column], people, strict=True):
            assert_same(value, person[member])


def test_all_people_of_all_customers_come_with_all_they_have(
    client: Client, sandbox: Sandbox, customers: list[Json]
) -> None:
    before = len(sandbox.history())
    people = held(customers)
    assert len(people) > 20
    assert_are(client.contacts.fetch(), people)
    asked = {request["operation"] for request in sandbox.history()[before:]}
    assert asked == {"getAuthenticationToken", "searchCustomer"}


def test_the_people_of_some_customers_are_no_others(client: Client, customers: list[Json]) -> None:
    some = customers[3:30:5]
    ids = [customer["customerId"] for customer in some]
    assert_are(client.contacts.fetch([*ids, "KC00000000000000"]), held(some))


def test_nobody_is_a_frame_like_any_other(client: Client) -> None:
    found = client.contacts.fetch()
    assert_empty_like(client.contacts.fetch([]), found)
    assert_empty_like(client.contacts.fetch(["KC00000000000000"]), found)


def test_one_id_in_place_of_a_list_is_refused(client: Client) -> None:
    with pytest.raises(UsageError, match="list of ids"):
        client.contacts.fetch("KC00000000000000")


def test_the_operation_for_one_customer_says_the_same_and_is_doubted_once(
    client: Client, customers: list[Json]
) -> None:
    first, second = [customer for customer in customers if customer["customerKeyContacts"]][:2]
    with pytest.warns(InferredWarning, match="getCustomerContactDetails"):
        assert_are(client.contacts.of(first["customerId"]), held([first]))
    assert_are(client.contacts.of(second["customerId"]), held([second]))


@pytest.mark.filterwarnings("ignore::arkit.errors.InferredWarning")
def test_a_customer_that_nobody_knows_is_an_error_of_the_server(client: Client) -> None:
    with pytest.raises(ApiError) as caught:
        client.contacts.of("KC00000000000000")
    assert (caught.value.status, caught.value.error_type) == (404, "RECORD_NOT_FOUND")


@pytest.mark.parametrize("instead", [{}, {"customerKeyContacts": None}, {"customerKeyContacts": "two"}])
def test_customers_that_come_without_their_people_are_asked_for_them_one_by_one(
    sandbox: Sandbox, altered: Altered, customers: list[Json], instead: Json
) -> None:
    """Two of three come without; nobody is asked about the third."""
    three = sorted(customers[:3], key=lambda customer: customer["customerId"])
    bare = [{"customerId": customer["customerId"], **instead} for customer in three[:2]]

    class Bare(Altered):
        def read(self, request: Any, *, where: str, max_bytes: int = 10**8) -> Any:
            self.payload = (
                {"customers": [*bare, three[2]], "totalCount": 3} if "search" in request.url else None
            )
            return super().read(request, where=where, max_bytes=max_bytes)

    transport = Bare(10)
    with pytest.warns(InferredWarning, match="getCustomerContactDetails") as heard:
        frame = Contacts(Calls(profile_in(sandbox), transport)).fetch()
    transport.close()
    assert_are(frame, held(three))
    asked = [request.url.rpartition("/")[2] for request in transport.asked]
    assert [each for each in asked if each != "search"] == [each["customerId"] for each in bare]
    assert len(heard) == 1


def test_the_profile_s_own_path_is_asked_and_not_doubted(serve: Serve, client_of: ClientOf) -> None:
    server = serve(behind_log_in(lambda request: [envelope([{"name": "Asha"}])]))
    profile = profile_of(server.url, paths={"getCustomerContactDetails": "/v1/{customerId}/people"})
    frame = client_of(profile).contacts.of("K/1", parent_company_id="CEK000000A")
    assert server.lines()[-1] == "GET /v1/K%2F1/people?parentCompanyId=CEK000000A HTTP/1.1"
    assert (frame["customer_id"].tolist(), frame["name"].tolist()) == (["K/1"], ["Asha"])


@pytest.mark.parametrize("payload", [None, "two", {"a": [], "b": []}, [1, 2]])
def test_people_that_are_no_list_break_the_contract(serve: Serve, client_of: ClientOf, payload: Any) -> None:
    server = serve(behind_log_in(lambda request: [envelope(payload)]))
    paths = {"getCustomerContactDetails": "/people/{customerId}"}
    with pytest.raises(ContractError):
        client_of(profile_of(server.url, paths=paths)).contacts.of("K1")


def test_a_fetch_of_which_one_customer_cannot_be_read_is_no_fetch(serve: Serve, client_of: ClientOf) -> None:
    found = {"customers": [{"customerId": "K1"}, {"customerId": "K2"}], "totalCount": 2}

    def answer(request: Seen) -> list[Any]:
        if "/search" in request.line:
            return [envelope(found)]
        return [envelope([])] if "K1" in request.line else [http(json.dumps({}).encode(), 500)]

    paths = {"getCustomerContactDetails": "/people/{customerId}"}
    server = serve(behind_log_in(answer))
    with pytest.raises(ApiError) as caught:
        client_of(profile_of(server.url, paths=paths)).contacts.fetch()
    assert (caught.value.status, caught.value.where) == (500, "getCustomerContactDetails")
