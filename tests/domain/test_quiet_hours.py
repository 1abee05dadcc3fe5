"""Hours over places, states and changes of clocks: when a message that is due now may go."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers.geodata import GEOCODE_DATA

from lib.domain.calling_hours import FEDERAL, STATE_LAWS, laws_for, state_of
from lib.domain.countries import COUNTRIES
from lib.domain.quiet_hours import Place, is_allowed, next_allowed, place_of

NEW_YORK = "+12125550123"
CALIFORNIA = "+14155550123"
HAWAII = "+18085550123"
ALASKA = "+19075550123"
ARIZONA = "+16025550123"
LAGOS = "+2348031234567"
TOLL_FREE = "+18005550123"
MIAMI = "+13055550123"
SEATTLE = "+12065550123"
TULSA = "+19185550123"
CONNECTICUT = "+12035550123"
RHODE_ISLAND = "+14015550123"
MISSISSIPPI = "+16015550123"
TEXAS = "+12145550123"

# 2026-07-15 is a Wednesday, 07-18 a Saturday, 07-19 a Sunday. Clocks change on 03-08 and 11-01.


def local(zone: str, text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("phone", "zone", "now", "may_go"),
    [
        (NEW_YORK, "America/New_York", "2026-07-15T07:59", "2026-07-15T08:00"),
        (NEW_YORK, "America/New_York", "2026-07-15T08:00", None),
        (NEW_YORK, "America/New_York", "2026-07-15T20:59:59", None),
        (NEW_YORK, "America/New_York", "2026-07-15T21:00", "2026-07-16T08:00"),
        (CALIFORNIA, "America/New_York", "2026-07-15T09:00", "2026-07-15T11:00"),
        (HAWAII, "Pacific/Honolulu", "2026-07-15T21:00", "2026-07-16T08:00"),
        # Two zones: it must be 8 in the Aleutians and not yet 21 in Anchorage, an hour ahead.
        (ALASKA, "America/Anchorage", "2026-07-15T08:30", "2026-07-15T09:00"),
        (ALASKA, "America/Anchorage", "2026-07-15T21:00", "2026-07-16T09:00"),
        (ARIZONA, "America/Phoenix", "2026-07-15T20:59", None),
        (LAGOS, "Africa/Lagos", "2026-07-15T06:00", "2026-07-15T08:00"),
        (LAGOS, "Africa/Lagos", "2026-07-15T20:00", None),
        # Stricter states.
        (MIAMI, "America/New_York", "2026-07-15T19:59", None),
        (MIAMI, "America/New_York", "2026-07-15T20:00", "2026-07-16T08:00"),
        (SEATTLE, "America/Los_Angeles", "2026-07-15T20:00", "2026-07-16T08:00"),
        (TULSA, "America/Chicago", "2026-07-15T20:00", "2026-07-16T08:00"),
        (CONNECTICUT, "America/New_York", "2026-07-15T08:30", "2026-07-15T09:00"),
        (MISSISSIPPI, "America/Chicago", "2026-07-18T20:00", "2026-07-20T08:00"),
        (RHODE_ISLAND, "America/New_York", "2026-07-18T09:00", "2026-07-18T10:00"),
        (RHODE_ISLAND, "America/New_York", "2026-07-18T17:00", "2026-07-20T09:00"),
        (TEXAS, "America/Chicago", "2026-07-19T09:00", "2026-07-19T12:00"),
        # Of no place, or no telephone at all: where the shop is, here in Denver.
        (TOLL_FREE, "America/Denver", "2026-07-15T21:00", "2026-07-16T08:00"),
        (None, "America/Denver", "2026-07-15T07:00", "2026-07-15T08:00"),
        ("not a number", "America/Denver", "2026-07-15T07:00", "2026-07-15T08:00"),
        # Spring: the night is an hour shorter; autumn: an hour longer. 8:00 is what the clock on the wall says.
        (NEW_YORK, "America/New_York", "2026-03-07T21:00", "2026-03-08T08:00"),
        (NEW_YORK, "America/New_York", "2026-10-31T21:00", "2026-11-01T08:00"),
        (ARIZONA, "America/Phoenix", "2026-03-07T21:00", "2026-03-08T08:00"),
        (LAGOS, "Africa/Lagos", "2026-03-28T21:00", "2026-03-29T08:00"),
    ],
)  # fmt: skip
def test_when_a_message_may_go(phone: str | None, zone: str, now: str, may_go: str | None) -> None:
    moment = local(zone, now)
    expected = moment if may_go is None else local(zone, may_go)
    place = place_of(phone, "America/Denver")

    assert next_allowed(moment, place) == expected
    assert is_allowed(moment, place) == (may_go is None)


@pytest.mark.parametrize(
    ("now", "hours"), [("2026-03-07T21:00", 10), ("2026-07-15T21:00", 11), ("2026-10-31T21:00", 12)]
)
def test_a_night_is_as_long_as_the_clocks_make_it(now: str, hours: int) -> None:
    moment = local("America/New_York", now).astimezone(UTC)

    assert next_allowed(moment, place_of(NEW_YORK, "America/New_York")) - moment == timedelta(hours=hours)


def test_the_shops_state_counts_for_customers_who_kept_another_number() -> None:
    moment = local("America/New_York", "2026-07-15T20:30")

    assert is_allowed(moment, place_of(NEW_YORK, "America/New_York"))
    assert not is_allowed(moment, place_of(NEW_YORK, "America/New_York", org_state="FL"))


def test_of_two_laws_the_stricter_end_counts_on_either_side() -> None:
    place = Place(("America/New_York",), laws_for(CONNECTICUT, "TX"))

    assert not is_allowed(local("America/New_York", "2026-07-15T08:30"), place)
    assert not is_allowed(local("America/New_York", "2026-07-15T20:00"), place)
    assert next_allowed(local("America/New_York", "2026-07-19T10:00"), place) == local(
        "America/New_York", "2026-07-19T12:00"
    )


def test_places_without_a_common_hour_are_refused() -> None:
    with pytest.raises(ValueError, match="no hour"):
        next_allowed(
            datetime(2026, 7, 15, tzinfo=UTC), Place(("Pacific/Kiritimati", "Africa/Johannesburg"), laws_for(MIAMI))
        )


@given(
    st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.sampled_from(sorted(COUNTRIES["US"].time_zones)),
    st.sampled_from([None, *sorted(STATE_LAWS)]),
)
def test_what_is_said_is_allowed_and_nothing_before_it(now: datetime, zone: str, state: str | None) -> None:
    place = Place((zone,), laws_for(None, *([state] if state else [])))
    may_go = next_allowed(now, place)
    wall = may_go.astimezone(ZoneInfo(zone))

    assert may_go >= now
    assert 8 <= wall.hour < 21
    assert next_allowed(may_go, place) == may_go
    if may_go > now:
        assert not is_allowed(may_go - timedelta(seconds=1), place)
        assert not is_allowed(now, place)


def test_no_state_allows_more_than_the_federal_law() -> None:
    for state, law in STATE_LAWS.items():
        assert len(law.week) == 7, state
        for hours, federal in zip(law.week, FEDERAL.week, strict=True):
            assert federal is not None
            assert hours is None or (federal[0] <= hours[0] < hours[1] <= federal[1]), state


@pytest.mark.parametrize("prefix", sorted(key for key in GEOCODE_DATA if len(key) == 4 and key.startswith("1")))
def test_area_codes_are_in_the_state_their_numbers_are_registered_in(prefix: str) -> None:
    """Against libphonenumber's own geography, which names a whole state for most area codes."""
    names = {"Washington State": "WA", "Connecticut": "CT", "Florida": "FL", "Kentucky": "KY", "Maryland": "MD"}
    names |= {"Massachusetts": "MA", "Mississippi": "MS", "Oklahoma": "OK", "Rhode Island": "RI", "Texas": "TX"}
    names |= {"Palm Beach, FL": "FL", "San Antonio, TX": "TX"}

    assert state_of(f"+{prefix}5550123") == names.get(GEOCODE_DATA[prefix]["en"])
