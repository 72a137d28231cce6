"""Bodies of requests, for every value that a caller may give."""

import datetime as dt
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arkit.errors import UsageError
from arkit.resources import bodies
from arkit.resources.bodies import LEAVE, KeyContact, ReminderRule

paise = st.integers(-(10**15), 10**15)
days = st.dates(dt.date(1900, 1, 1), dt.date(2999, 12, 31))


@given(paise)
def test_an_amount_is_the_same_number_of_paise_however_it_is_written(number: int) -> None:
    rupees = Decimal(number).scaleb(-2)
    for written in (rupees, f"{rupees:f}", f" {rupees:f} ", f"{rupees:E}", rupees.normalize()):
        found = bodies.amount("tds", written)
        assert found is not None
        assert (found * 100, found.as_tuple().exponent) == (number, -2)


@given(st.integers(-(10**13), 10**13))
def test_a_whole_number_is_that_many_rupees(number: int) -> None:
    assert bodies.amount("tds", number) == number


@given(st.floats() | st.booleans())
def test_a_float_is_never_an_amount_whatever_it_holds(value: Any) -> None:
    with pytest.raises(UsageError, match="tds is no float"):
        bodies.amount("tds", value)


@given(paise, st.integers(3, 12))
def test_a_part_of_a_paisa_is_never_rounded_away(number: int, places: int) -> None:
    with pytest.raises(UsageError, match="two decimals at most"):
        bodies.amount("tds", Decimal(number).scaleb(-2) + Decimal(1).scaleb(-places))


@pytest.mark.parametrize("value", ["", "ten", "1,000", "NaN", "sNaN", "Infinity", "1e400", [], {}, b"1"])
def test_what_is_no_number_is_no_amount(value: Any) -> None:
    with pytest.raises(UsageError, match="tds must be an exact amount"):
        bodies.amount("tds", value)


@given(days)
def test_a_day_goes_out_as_the_calendar_has_it_however_it_is_written(day: dt.date) -> None:
    for written in (day, day.isoformat(), dt.datetime.combine(day, dt.time(23, 59))):
        assert bodies.day("due_date", written) == day.isoformat()


@given(days, st.times())
def test_a_span_holds_its_days_as_a_whole_and_its_moments_to_the_second(day: dt.date, time: dt.time) -> None:
    found = bodies.moments("due", day, day)
    assert found == {"From": f"{day} 00:00:00", "To": f"{day} 23:59:59"}
    moment = dt.datetime.combine(day, time)
    assert bodies.moments("due", moment, None) == {"From": f"{moment:%Y-%m-%d %H:%M:%S}"}


@pytest.mark.parametrize(
    ("moment", "in_india"),
    [
        (dt.datetime(2026, 3, 31, 18, 30, tzinfo=dt.UTC), "2026-04-01 00:00:00"),
        (dt.datetime(2026, 3, 31, 18, 29, 59, tzinfo=dt.UTC), "2026-03-31 23:59:59"),
        (dt.datetime(2026, 4, 1, tzinfo=dt.timezone(dt.timedelta(hours=14))), "2026-03-31 15:30:00"),
    ],
)
def test_a_moment_elsewhere_is_sent_as_it_is_in_india(moment: dt.datetime, in_india: str) -> None:
    assert bodies.moments("created", moment, moment) == {"From": in_india, "To": in_india}


def test_only_what_is_given_goes_out_and_no_name_of_python_s_does() -> None:
    body = bodies.given(pin_code="122001", pan_or_gstin=None, external_source=False, branch_codes=[])
    assert body == {"pinCode": "122001", "externalSource": False, "branchCodes": []}


def test_a_change_tells_leaving_from_clearing() -> None:
    assert bodies.changed(ifsc=LEAVE, state=None, pin_code="") == {"state": None, "pinCode": ""}
    assert bodies.changed_amount("tds", LEAVE) is bodies.changed_day("due_date", LEAVE) is LEAVE
    assert bodies.changed_amount("tds", None) is bodies.changed_day("due_date", None) is None


def test_people_and_rules_go_out_under_the_api_s_names() -> None:
    person = KeyContact(
        name="Asha", mobile="9", legal_name="Asha", mail_enabled=True, key_contact_person_id="P1"
    )
    rule = ReminderRule(reminder_type="ONCE", due_date_difference=0)
    assert bodies.changed(customer_key_contacts=[person], customer_reminders=(rule,)) == {
        "customerKeyContacts": [
            {
                "name": "Asha",
                "mobile": "9",
                "legalName": "Asha",
                "mail_enabled": True,
                "keyContactPersonId": "P1",
                "deleted": False,
            }
        ],
        "customerReminders": [{"reminderType": "ONCE", "dueDateDifference": 0}],
    }


@given(st.lists(st.text(), max_size=20))
def test_ids_go_out_each_once_and_always_in_the_same_order(values: list[str]) -> None:
    assert bodies.ids("ids", values) == bodies.ids("ids", iter(values[::-1])) == sorted({*values})


@given(st.lists(st.text() | st.none() | st.integers() | st.floats(), min_size=1))
def test_a_list_with_anything_but_text_is_no_list_of_ids(values: list[Any]) -> None:
    if all(isinstance(value, str) for value in values):
        values = [*values, None]
    with pytest.raises(UsageError, match="list of ids"):
        bodies.ids("ids", values)


@given(paise)
def test_an_amount_is_a_number_on_the_wire_and_not_an_approximation(number: int) -> None:
    amount = bodies.amount("tds", Decimal(number).scaleb(-2))
    sent = msgspec.json.Encoder(decimal_format="number").encode({"tds": amount})
    assert sent == b'{"tds":%s}' % str(amount).encode()
