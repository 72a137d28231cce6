"""Reminder rules: read, made, changed, removed; all of it by operations that are not documented."""

import json
from typing import Any

import pytest
from wire.conftest import behind_log_in, envelope, profile_of

from arkit.client import Client
from arkit.errors import ApiError, InferredWarning, UsageError
from arkit.resources import LEAVE, Reminders
from arkit.sandbox import Sandbox
from arkit.wire.calls import Calls

from .conftest import (
    Altered,
    ClientOf,
    Json,
    Plain,
    Serve,
    assert_empty_like,
    assert_same,
    changes,
    profile_in,
)

VALUES = {
    "reminder_type": ("reminderType", "RECURRING"),
    "due_date_difference": ("dueDateDifference", -9),
    "reminder_interval": ("reminderInterval", 21),
    "reminder_time": ("reminderTime", "07:15"),
    "stage": ("stage", "ESCALATION"),
}
unheard = pytest.mark.filterwarnings("ignore::arkit.errors.InferredWarning")


def held(customers: list[Json]) -> list[Json]:
    """The rules of these customers, by customer, then as the server lists them."""
    return [
        rule
        for customer in sorted(customers, key=lambda customer: customer["customerId"])
        for rule in customer["customerReminders"]
    ]


def assert_are(frame: Any, rules: list[Json]) -> None:
    for column, member in {
        "customer_id": "customerId",
        "customer_reminder_id": "customerReminderId",
        **{name: member for name, (member, _) in VALUES.items()},
    }.items():
        for value, rule in zip(frame[column], rules, strict=True):
            assert_same(value, rule[member])


@pytest.fixture
def rule(plain: Plain) -> Json:
    """One that has a value in every field."""
    (found, *_) = [rule for rule in held(plain.all("customer")) if None not in rule.values()]
    return found


# Reading


def test_all_rules_of_all_customers_come_with_all_they_have(
    client: Client, sandbox: Sandbox, customers: list[Json]
) -> None:
    before = len(sandbox.history())
    rules = held(customers)
    assert len(rules) > 20
    assert_are(client.reminders.fetch(), rules)
    asked = {request["operation"] for request in sandbox.history()[before:]}
    assert asked == {"getAuthenticationToken", "searchCustomer"}


def test_the_rules_of_some_customers_are_no_others(client: Client, customers: list[Json]) -> None:
    some = customers[3:30:5]
    ids = [customer["customerId"] for customer in some]
    assert_are(client.reminders.fetch([*ids, "KC00000000000000"]), held(some))


def test_no_rules_are_a_frame_like_any_other(client: Client) -> None:
    assert_empty_like(client.reminders.fetch([]), client.reminders.fetch())


def test_one_id_in_place_of_a_list_is_refused(client: Client) -> None:
    with pytest.raises(UsageError, match="list of ids"):
        client.reminders.fetch("KC00000000000000")


def test_the_operations_for_one_customer_and_one_rule_say_the_same(
    client: Client, customers: list[Json]
) -> None:
    (customer, *_) = [each for each in customers if len(each["customerReminders"]) > 1]
    with pytest.warns(InferredWarning, match="getCustomerReminders"):
        frame = client.reminders.of(customer["customerId"])
    assert_are(frame, held([customer]))
    with pytest.warns(InferredWarning, match="getCustomerReminder:"):
        row = client.reminders.get(frame["customer_reminder_id"].iloc[1])
    present = frame.iloc[1].dropna()
    assert row[present.index].tolist() == present.tolist()


@unheard
def test_who_and_what_nobody_knows_is_an_error_of_the_server(client: Client) -> None:
    for call in (
        lambda: client.reminders.of("KC00000000000000"),
        lambda: client.reminders.get("R0"),
        lambda: client.reminders.update("R0", stage="X"),
        lambda: client.reminders.delete("R0"),
    ):
        with pytest.raises(ApiError) as caught:
            call()
        assert (caught.value.status, caught.value.error_type) == (404, "RECORD_NOT_FOUND")


def test_customers_that_come_without_their_rules_are_asked_for_them_one_by_one(
    sandbox: Sandbox, customers: list[Json]
) -> None:
    three = sorted(customers[:3], key=lambda customer: customer["customerId"])
    bare = [{"customerId": customer["customerId"]} for customer in three]

    class Bare(Altered):
        def read(self, request: Any, *, where: str, max_bytes: int = 10**8) -> Any:
            self.payload = {"customers": bare, "totalCount": 3} if "search" in request.url else None
            return super().read(request, where=where, max_bytes=max_bytes)

    transport = Bare(10)
    with pytest.warns(InferredWarning, match="getCustomerReminders") as heard:
        frame = Reminders(Calls(profile_in(sandbox), transport)).fetch()
    transport.close()
    assert_are(frame, held(three))
    asked = [request.query["customerId"] for request in transport.asked if "customerId" in request.query]
    assert asked == [customer["customerId"] for customer in bare]
    assert len(heard) == 1


def test_a_path_of_the_profile_may_hold_the_customer(serve: Serve, client_of: ClientOf) -> None:
    """Then the customer is not in the query too."""
    server = serve(behind_log_in(lambda request: [envelope({"rules": [{"stage": "X"}], "count": 1})]))
    profile = profile_of(server.url, paths={"getCustomerReminders": "/rules/of"})
    frame = client_of(profile).reminders.of("K1", parent_company_id="CEK000000A")
    assert server.lines()[-1] == "GET /rules/of?customerId=K1&parentCompanyId=CEK000000A HTTP/1.1"
    assert (frame["customer_id"].tolist(), frame["stage"].tolist()) == (["K1"], ["X"])


# Writing


def test_a_new_rule_has_what_it_was_given(writer: Client, plain: Plain) -> None:
    customer_id = plain.all("customer")[0]["customerId"]
    given: dict[str, Any] = {name: value for name, (_, value) in VALUES.items()}
    with pytest.warns(InferredWarning, match="createCustomerReminder"):
        rule_id = writer.reminders.create(customer_id, **given)
    made = plain.customer(customer_id)["customerReminders"][-1]
    assert made == {
        "customerReminderId": rule_id,
        "customerId": customer_id,
        **dict(VALUES.values()),
    }


@unheard
@pytest.mark.parametrize(
    ("payload", "identity"),
    [({"customerReminderId": "R1"}, "R1"), ("R1", "R1"), (None, None), ({}, None), (7, None)],
)
def test_the_id_is_what_the_answer_names_if_it_names_one(
    serve: Serve, client_of: ClientOf, payload: Any, identity: str | None
) -> None:
    server = serve(behind_log_in(lambda request: [envelope(payload)]))
    reminders = client_of(profile_of(server.url)).reminders
    assert reminders.create("K1", due_date_difference=0) == identity
    assert json.loads(server.seen[-1].body) == {"customerId": "K1", "dueDateDifference": 0}


@unheard
@pytest.mark.parametrize("name", VALUES)
def test_a_value_changes_one_field_and_none_clears_it(
    writer: Client, own: Sandbox, plain: Plain, rule: Json, name: str
) -> None:
    member, value = VALUES[name]
    if rule[member] == value:
        value = "ONCE"
    others = {other: LEAVE for other in VALUES if other != name}
    writer.reminders.update(rule["customerReminderId"], **{**others, name: value})
    assert changes(own) == {(rule["customerReminderId"], member, value)}
    writer.reminders.update(rule["customerReminderId"], **{name: None})
    (after,) = [
        each
        for each in plain.customer(rule["customerId"])["customerReminders"]
        if each["customerReminderId"] == rule["customerReminderId"]
    ]
    assert after == {**rule, member: None}


@unheard
def test_what_is_left_is_not_sent_and_what_is_cleared_is_sent_as_null(
    serve: Serve, client_of: ClientOf
) -> None:
    server = serve(behind_log_in(lambda request: [envelope(None)]))
    client_of(profile_of(server.url)).reminders.update("R 1", stage=None, due_date_difference=0)
    assert server.seen[-1].line == "PATCH /api/v0/customer-reminder/R%201 HTTP/1.1"
    assert json.loads(server.seen[-1].body) == {"dueDateDifference": 0, "stage": None}


def test_nothing_to_change_is_not_sent(writer: Client, own: Sandbox, rule: Json) -> None:
    before = len(own.history())
    with pytest.raises(UsageError, match="nothing is to be changed"):
        writer.reminders.update(rule["customerReminderId"], stage=LEAVE)
    assert len(own.history()) == before


def test_a_rule_that_is_removed_is_gone_and_the_others_stay(writer: Client, plain: Plain, rule: Json) -> None:
    before = held(plain.all("customer"))
    with pytest.warns(InferredWarning, match="deleteReminder"):
        writer.reminders.delete(rule["customerReminderId"])
    assert held(plain.all("customer")) == [each for each in before if each != rule]


@unheard
def test_what_the_server_refuses_is_not_made(writer: Client, own: Sandbox, rule: Json) -> None:
    with pytest.raises(ApiError) as caught:
        writer.reminders.create(rule["customerId"], reminder_time="25:00")
    assert (caught.value.status, caught.value.error_type) == (400, "VALIDATION_ERROR")
    assert own.applied_rows() == []
