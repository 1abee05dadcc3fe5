"""Who is in the campaign and what they have said."""

from typing import Any

from cli.demo.winback.people import EMAIL, SMS, Said, people, skipped


def _customers(number: int) -> dict[str, dict[str, Any]]:
    return {
        f"c{each:02}": {"phone": f"(201) 555-01{each:02}", "email": f"Customer{each}@example.com"}
        for each in range(number)
    }


def test_everything_is_said_by_somebody() -> None:
    found = people(_customers(10), most=60)
    for channel in (SMS, EMAIL):
        assert {person.said[channel] for person in found} == set(Said)
        assert sum(channel in person.channels for person in found) == 5
        assert skipped(found, channel) == {"no_consent": 3, "opted_out": 2}
    assert found[3].addresses == {SMS: "+12015550103", EMAIL: "customer3@example.com"}


def test_the_first_are_meant_and_who_is_archived_is_not() -> None:
    customers = _customers(5)
    customers["c01"]["archived"] = True
    assert [person.customer_id for person in people(customers, most=3)] == ["c00", "c02", "c03"]


def test_without_an_address_there_is_nothing_to_say() -> None:
    (person,) = people({"ann": {"email": "customer_7@alleaves.local"}}, most=1)
    assert (person.channels, person.why_not(SMS), person.why_not(EMAIL)) == ((), "no_address", "no_address")


def test_of_an_address_that_two_share_nobody_has_said_anything() -> None:
    customers = _customers(4)
    customers["c03"]["phone"] = "+12015550100"
    found = people(customers, most=4)
    assert [person.why_not(SMS) for person in found] == ["no_consent", "", "no_consent", "no_consent"]
    assert [person.why_not(EMAIL) for person in found] == ["", "no_consent", "", ""]
