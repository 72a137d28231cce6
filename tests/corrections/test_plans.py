"""What a plan says will change, what it is called, and who may apply it."""

from typing import Any

import pytest

from arkit.corrections import plans
from arkit.corrections.plans import is_same, is_same_to_the_server
from arkit.errors import InputRefused, UsageError

from .conftest import Office, states


def before_of(office: Office, key: str) -> dict[str, Any]:
    customers = office.customers.fetch().set_index("customer_id")
    return dict(customers.loc[key])


def test_a_plan_shows_each_field_that_will_change_and_sends_nothing(office: Office) -> None:
    one, two, three = office.ids[:3]
    was = before_of(office, one)
    plan = office.plan(
        {
            two: {"pinCode": "560001", "address": "2 New Road"},
            one: {"address": "1 New Road", "pinCode": was["pin_code"]},
            three: {"address": "3 New Road"},
        }
    )
    shown = plan.changes.to_dict("split")["data"]
    assert sorted(row[:3] for row in shown) == [
        [2, two, "address"],
        [2, two, "pinCode"],
        [3, one, "address"],
        [4, three, "address"],
    ]
    assert [3, one, "address", was["address"], "1 New Road"] in shown
    assert plan.totals == {"customers": 3, "fields": 4, "by_field": {"address": 3, "pinCode": 1}}
    assert not office.uploads()


def test_rows_that_would_change_nothing_are_counted_and_left_out(office: Office) -> None:
    one, two = office.ids[:2]
    was = before_of(office, one)
    plan = office.plan({one: {"address": was["address"]}, two: {"address": "2 New Road"}})
    assert plan.skipped_noop == 1
    assert list(plan.changes["key"]) == [two]
    assert states(office.apply(plan)) == ["skipped_noop", "verified"]
    assert {key for key, _ in office.applications()} == {two}


def test_a_plan_of_nothing_but_noops_sends_nothing(office: Office) -> None:
    plan = office.plan({key: {"address": before_of(office, key)["address"]} for key in office.ids[:2]})
    assert plan.changes.empty
    outcome = office.apply(plan)
    assert outcome.counts == {"skipped_noop": 2}
    assert outcome.exit_code == 0
    assert not office.uploads()


def test_branch_codes_are_a_list_whatever_spaces_stand_in_it(office: Office) -> None:
    key = office.ids[0]
    office.colleague(key, branchCodes=["DEL01", "MAA01"])
    codes = "DEL01; MAA01"
    assert office.plan({key: {"branchCodes": codes}}).skipped_noop == 1


def test_a_blank_cell_leaves_a_field_and_the_word_clears_it(office: Office) -> None:
    one, two = office.ids[:2]
    plan = office.plan({one: {"address": "1 New Road", "ifsc": ""}, two: {"address": "", "ifsc": "<clear>"}})
    assert [dict(row.target) for row in plan.rows] == [{"address": "1 New Road"}, {"ifsc": None}]
    assert plan.changes["after"].isna().tolist() == [False, True]


def test_a_field_that_is_empty_already_need_not_be_cleared(office: Office) -> None:
    key = office.ids[0]
    office.colleague(key, uniqueRefNo=None)
    assert office.plan({key: {"uniqueRefNo": "<clear>"}}).skipped_noop == 1


def test_the_same_corrections_are_the_same_plan_and_others_another(office: Office) -> None:
    plan = office.addresses(2)
    assert office.addresses(2).id == plan.id
    assert office.addresses(2, "Old Road").id != plan.id
    assert office.addresses(3).id != plan.id


def test_a_plan_against_other_values_at_the_server_is_another(office: Office) -> None:
    plan = office.addresses(2)
    office.colleague(plan.rows[0].key, address="Elsewhere")
    assert office.addresses(2).id != plan.id


def test_a_plan_whose_rows_are_all_in_doubt_is_the_same_when_it_is_planned_again(office: Office) -> None:
    plan = office.addresses(2)
    office.sandbox.faults.add(operation="bulkUpdate", answer="lost", applies="none")
    stop = iter([False])
    outcome = office.apply(plan, should_stop=lambda: next(stop, True))
    assert states(outcome) == ["in_doubt", "in_doubt"]
    again = office.addresses(2)
    assert again.id == plan.id
    assert states(office.apply(again)) == ["verified", "verified"]


def test_corrections_wanted_again_after_somebody_undid_them_are_a_new_plan(office: Office) -> None:
    key = office.ids[0]
    was = office.value(key, "address")
    ids = []
    for _ in range(3):
        plan = office.addresses(1)
        ids.append(plan.id)
        assert states(office.apply(plan)) == ["verified"]
        office.colleague(key, address=was)
    assert len(set(ids)) == 3
    assert office.applications() == [(key, "address")] * 3


@pytest.mark.parametrize("wrong", ["", "000000", "id", "ID[-6:]", "id[-5:]", "id[:6]", " id[-6:]", "id[-7:]"])
def test_a_wrong_confirmation_sends_nothing(office: Office, wrong: str) -> None:
    plan = office.addresses(2, "Park Lane")
    typed = {
        "id": plan.id,
        "ID[-6:]": plan.id[-6:].upper() if plan.id[-6:].upper() != plan.id[-6:] else "A",
        "id[-5:]": plan.id[-5:],
        "id[:6]": plan.id[:6],
        " id[-6:]": f" {plan.id[-6:]}",
        "id[-7:]": plan.id[-7:],
    }.get(wrong, wrong)
    with pytest.raises(UsageError) as refused:
        plan.apply(confirm=typed)
    assert refused.value.server_state == "nothing_sent"
    assert plan.id[-6:] not in str(refused.value)
    assert not office.uploads()
    assert states(office.apply(plan)) == ["verified"] * 2


def test_a_file_with_errors_becomes_no_plan(office: Office) -> None:
    checked = office.check({office.ids[0]: {"pinCode": "0"}})
    with pytest.raises(InputRefused) as refused:
        office.plan_of(checked)
    assert refused.value.source_row == 2
    assert not office.uploads()


def test_a_customer_that_the_server_does_not_know_is_refused_with_its_row(office: Office) -> None:
    one, two = office.ids[:2]
    office.remove(two)
    with pytest.raises(InputRefused) as refused:
        office.plan({one: {"address": "1"}, two: {"address": "2"}, "KC99999999999999": {"address": "3"}})
    assert "3, 4" in refused.value.message
    assert refused.value.source_row == 3


def test_a_plan_comes_back_by_its_id(office: Office) -> None:
    plan = office.addresses(2)
    loaded = plans.load(plan.id[:8], office.customers, office.calls, office.workspace)
    assert loaded.id == plan.id
    assert loaded.rows == plan.rows
    assert states(office.apply(loaded)) == ["verified"] * 2


def test_a_plan_is_not_applied_in_another_company(office: Office) -> None:
    plan = office.addresses(2)
    other = Office(office.sandbox, office.folder, company_id="CEK0000000")
    borrowed = plans.load(plan.id, other.customers, other.calls, office.workspace)
    with pytest.raises(UsageError) as refused:
        other.apply(borrowed)
    assert refused.value.code == "account"
    assert other.resume() is None
    assert not office.uploads()
    other.close()


def test_a_plan_shows_no_customers_data_where_it_is_only_named(office: Office) -> None:
    plan = office.addresses(1, "Secret Street")
    assert "Secret" not in repr(plan)
    assert "Secret" not in repr(plan.rows[0])


def test_a_server_that_tidies_values_is_recognised_and_one_that_changes_them_is_not() -> None:
    assert is_same_to_the_server("panOrGstin", "ABCDE1234F", "abcde1234f ")
    assert is_same_to_the_server("contactNumber", "9812345678", "+91 9812345678")
    assert not is_same_to_the_server("legalName", "ACME", "Acme")
    assert not is_same_to_the_server("address", "12 MG", "12 MG Road")
    assert not is_same("legalName", "Acme", "Acme ")
    assert is_same("address", None, "")
