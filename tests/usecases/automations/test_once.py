"""One of each, whatever happens: two runs at once, a process that dies, a clock that is moved, profiles that change."""

import contextlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lib.usecases import automations
from tests.usecases.automations.corner import MAIL, TEXT, Corner
from tests.usecases.runs.delivery import Killed

BOTH = {"bonusPoints": 50, **TEXT, **MAIL}
PARAMS = {"kind": "birthday", "first": "2027-05-16", "last": "2027-05-17", "since": "2027-05-01T00:00:00+00:00"}


@pytest.fixture
def shop(corner: Corner) -> Corner:
    """Answers birthdays since the beginning of May."""
    corner.at(2027, 5, 1, 12)
    corner.on(birthday=BOTH)
    return corner


def visit(shop: Corner, customer_id: str) -> Mapping[str, int]:
    return automations.visit(shop.enqueue, shop.org, PARAMS, customer_id)


def test_of_many_visits_at_once_one_counts(shop: Corner) -> None:
    shop.at(2027, 5, 17, 15)
    ann = shop.customer("ann", birthDate="1990-05-17")
    with ThreadPoolExecutor(6) as pool:
        counts = list(pool.map(lambda _: visit(shop, ann), range(6)))
    assert sorted(counts, key=len) == [{"had": 1}] * 5 + [{"occasions": 1, "messages": 2, "bonusPoints": 50}]
    assert (len(shop.queued()), len(shop.ledger(ann)), len(shop.sent)) == (2, 1, 2)
    assert shop.violations() == []


@pytest.mark.parametrize("writes", range(12))
def test_a_process_that_dies_anywhere_leaves_nothing_out_and_does_nothing_twice(shop: Corner, writes: int) -> None:
    people = [
        shop.customer(f"p{number}", number, birthDate="1990-05-17", birthdayMonthDay="05-17") for number in (0, 1)
    ]
    shop.at(2027, 5, 17, 15)
    shop.killer.arm(writes)
    with contextlib.suppress(Killed):
        shop.hour()
    shop.killer.arm(None)
    shop.time.advance(timedelta(minutes=20))
    shop.hour()
    assert [shop.ledger(person) for person in people] == [[("bonus", 50, "birthday:2027")]] * 2
    assert len(shop.queued()) == 4
    assert shop.violations() == []


@pytest.mark.parametrize(
    "dates",
    [
        ("05-17", "05-18", "12-31"),
        ("05-17", "06-30", "11-12"),
        ("12-31", "01-01", "06-01"),
        ("12-30", "01-15", "02-28"),
    ],
)
def test_a_birth_date_that_is_changed_brings_no_second_birthday(shop: Corner, dates: tuple[str, ...]) -> None:
    ann = shop.customer("ann")
    last = datetime(2027, 5, 1, 15, tzinfo=UTC)
    for month_day in dates:
        shop.edit(ann, birthDate=f"1990-{month_day}")
        month, day = map(int, month_day.split("-"))
        last = next(
            at for year in (2027, 2028) if (at := datetime(year, month, day, 16, tzinfo=UTC)) >= last or year == 2028
        )
        shop.at(last.year, last.month, last.day, 16)
        shop.hour()
    assert len(shop.ledger(ann)) == 1
    assert len(shop.texts()) == 1


def _merged(shop: Corner, ann: str) -> str:
    into = shop.customer("bea", 1, birthDate="1990-05-20")
    shop.edit(ann, archived=True, mergedInto=into)
    return into


def _merged_twice(shop: Corner, ann: str) -> str:
    middle = _merged(shop, ann)
    into = shop.customer("cid", 2, birthDate="1990-05-20")
    shop.edit(middle, archived=True, mergedInto=into)
    return into


def _made_anew(shop: Corner, ann: str) -> str:
    shop.client.document("customers", ann).delete()
    return shop.customer("new", 5, birthDate="1990-05-20", phone="(212) 200-0000")


def _kept_twice(shop: Corner, ann: str) -> str:
    return shop.customer("twin", 5, birthDate="1990-05-20", email="ANN@example.com ")


def _kept_by_the_till(shop: Corner, ann: str) -> str:
    return shop.customer("till", 5, birthDate="1990-05-20", alleavesCustomerId="cid_77")


@pytest.mark.parametrize("change", [_merged, _merged_twice, _made_anew, _kept_twice, _kept_by_the_till])
def test_another_profile_of_the_person_has_no_second_birthday(
    shop: Corner, change: Callable[[Corner, str], str]
) -> None:
    ann = shop.customer("ann", birthDate="1990-05-17", birthdayMonthDay="05-17", alleavesCustomerId="cid_77")
    shop.at(2027, 5, 17, 15)
    shop.hour()
    other = change(shop, ann)
    shop.edit(other, birthdayMonthDay="05-20")
    shop.at(2027, 5, 20, 15)
    shop.hour()
    assert shop.ledger(other) == []
    assert shop.texts() == [("ann", "birthday:2027")]
    shop.at(2028, 5, 20, 15)
    shop.hour()
    assert [key for _, _, key in shop.ledger(other)] == ["birthday:2028"]


def test_a_clock_that_is_moved_back_and_forth_brings_nothing_back(shop: Corner) -> None:
    ann = shop.customer("ann", birthDate="1990-05-17", birthdayMonthDay="05-17")
    for moment in [(2027, 5, 17, 15), (2027, 5, 16, 15), (2027, 5, 18, 15), (2028, 5, 17, 15), (2027, 5, 17, 20)]:
        shop.at(*moment)
        shop.hour()
        visit(shop, ann)
    assert [key for _, _, key in shop.ledger(ann)] == ["birthday:2027", "birthday:2028"]


def test_switching_it_off_and_on_again_brings_nothing_back(shop: Corner) -> None:
    ann = shop.customer("ann", birthDate="1990-05-17", birthdayMonthDay="05-17")
    shop.at(2027, 5, 17, 15)
    shop.hour()
    shop.change("off", {"automations": {"birthday": {"enabled": False}}})
    shop.change("on again", {"automations": {"birthday": {"enabled": True}}})
    shop.hour()
    shop.time.advance(timedelta(hours=1))
    shop.hour()
    assert (len(shop.ledger(ann)), len(shop.texts())) == (1, 1)


def test_an_occasion_with_a_cap_comes_no_more_often(corner: Corner) -> None:
    corner.at(2027, 5, 1, 12)
    corner.on(winback={"afterDays": 10, "cap": {"count": 1, "hours": 24 * 30}})
    ann = corner.customer("ann", lastOrderDate=datetime(2027, 5, 5, 16, tzinfo=UTC))
    answered = []
    for day, last in [(15, 5), (26, 16)]:
        corner.edit(ann, lastOrderDate=datetime(2027, 5, last, 16, tzinfo=UTC))
        corner.at(2027, 5, day, 15)
        corner.hour()
        answered.append(len(corner.sent))
    corner.edit(ann, lastOrderDate=datetime(2027, 6, 10, 16, tzinfo=UTC))
    corner.at(2027, 6, 20, 15)
    corner.hour()
    assert [*answered, len(corner.sent)] == [1, 1, 2]


class TestKeys:
    @pytest.mark.parametrize(
        ("fields", "key"),
        [
            ({"birthDate": "1990-05-17"}, "05-17"),
            ({"date_of_birth": "05/17/1990"}, "05-17"),
            ({"dateOfBirth": "5.17.90"}, "05-17"),
            ({"birthday": "05/17"}, "05-17"),
            ({"birthDate": "17 May", "date_of_birth": "1990-05-17"}, "05-17"),
            ({"birthDate": "17 May"}, None),
            ({"birthdayMonthDay": "05-17"}, "05-17"),
            ({}, None),
        ],
    )
    def test_customers_from_before_are_given_theirs(
        self, corner: Corner, fields: dict[str, Any], key: str | None
    ) -> None:
        corner.at(2027, 5, 1, 12)
        ann = corner.customer("ann", **fields)
        corner.on(birthday={})
        found = corner.client.document("customers", ann).get().to_dict() or {}
        assert (found.get("birthdayMonthDay"), found["signUpMonthDay"]) == (key, "02-01")

    def test_a_birth_date_taken_out_is_forgotten(self, shop: Corner) -> None:
        ann = shop.customer("ann", birthDate="1990-05-17", birthdayMonthDay="05-17")
        shop.edit(ann, birthDate="")
        assert shop.client.document("customers", ann).get().get("birthdayMonthDay") is None
        shop.at(2027, 5, 17, 15)
        shop.hour()
        assert shop.sent == []

    def test_one_taken_out_while_birthdays_are_off_is_forgotten_too(self, shop: Corner) -> None:
        ann = shop.customer("ann", birthDate="1990-05-17", birthdayMonthDay="05-17")
        shop.change("off", {"automations": {"birthday": {"enabled": False}}})
        shop.edit(ann, birthDate=None)
        shop.at(2027, 5, 17, 12)
        shop.on("on again", birthday={"bonusPoints": 50})
        shop.at(2027, 5, 17, 15)
        shop.hour()
        assert (shop.sent, shop.ledger(ann)) == ([], [])

    def test_the_country_says_which_of_the_two_is_the_day(self, shop: Corner) -> None:
        shop.loyalty(country="NG", timeZone="Africa/Lagos", currency="NGN")
        ann = shop.customer("ann", birthDate="05/06/1990")
        shop.edit(ann, notes="x", birthDate="05/06/1991")
        assert shop.client.document("customers", ann).get().get("birthdayMonthDay") == "06-05"
