"""Schedules of automations: when an org looks for dates, on which days, and what a change of settings does to that."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.domain.automations import DATED, HEARD, Schedule, looked, scheduled, with_keys_by
from lib.domain.errors import InvalidInput
from lib.domain.frequency import MessageType, good_until
from lib.domain.messaging import MessagingSettings, validated_messaging
from lib.domain.notices import NoticeKind

ZONE = "America/New_York"
AT = datetime(2027, 5, 1, 12, tzinfo=UTC)
ON = {"enabled": True, "sms": {"body": "Hi"}}


def settings(*kinds: MessageType, **fields: Any) -> MessagingSettings:
    return validated_messaging({"automations": {kind.value: ON for kind in kinds}, **fields})


def days(schedule: Schedule, now: datetime) -> dict[str, tuple[date, date]]:
    """The first and the last day that each kind is looked for."""
    return {search.kind.value: (search.span.first, search.span.last) for search in looked(schedule, now, ZONE)[1]}


class TestSwitching:
    def test_what_is_switched_on_is_looked_for_from_then_on(self) -> None:
        schedule = scheduled(Schedule("a"), settings(MessageType.BIRTHDAY, MessageType.TIER_GAINED), AT)
        assert schedule.since == {MessageType.BIRTHDAY: AT, MessageType.TIER_GAINED: AT}
        assert (schedule.dated, schedule.heard) == ((MessageType.BIRTHDAY,), (NoticeKind.TIER_CHANGED,))
        assert (schedule.next_at, schedule.keys_for) == (AT, AT.isoformat())

    def test_what_is_on_stays_on_since_it_was(self) -> None:
        first = scheduled(Schedule("a"), settings(MessageType.BIRTHDAY), AT)
        later = scheduled(replace(first, keys_for="", done_to=AT.date()), settings(*DATED), AT + timedelta(days=9))
        assert later.since[MessageType.BIRTHDAY] == AT
        assert later.since[MessageType.WINBACK] == AT + timedelta(days=9)
        assert later.done_to == AT.date()

    def test_only_what_is_found_by_keys_asks_for_keys(self) -> None:
        assert scheduled(Schedule("a"), settings(MessageType.WELCOME, MessageType.WINBACK), AT).keys_for == ""
        known = scheduled(Schedule("a"), settings(MessageType.BIRTHDAY), AT)
        asked = scheduled(replace(known, keys_for=""), settings(MessageType.BIRTHDAY, MessageType.WELCOME), AT)
        assert asked.keys_for == ""

    def test_keys_made_by_another_place_are_asked_for_anew_and_named_the_same_until_the_next_look(self) -> None:
        keyed = replace(scheduled(Schedule("a"), settings(MessageType.BIRTHDAY), AT), keys_for="", keyed_by="US here")
        assert with_keys_by(keyed, "US here") == keyed
        asked = with_keys_by(keyed, "US there")
        assert (asked.keys_for, with_keys_by(asked, "NG far away")) == (AT.isoformat(), asked)
        later = with_keys_by(replace(keyed, next_at=AT + timedelta(days=1)), "US there")
        assert later.keys_for != asked.keys_for

    def test_who_finds_nobody_by_keys_needs_none_wherever_it_is(self) -> None:
        on = scheduled(Schedule("a"), settings(MessageType.BIRTHDAY), AT)
        off = scheduled(replace(on, keys_for="", keyed_by="US here"), settings(MessageType.WELCOME), AT)
        assert off.keyed_by == ""
        assert with_keys_by(off, "US there") == off

    def test_an_org_that_only_hears_looks_for_no_dates(self) -> None:
        schedule = scheduled(Schedule("a"), settings(MessageType.TIER_GAINED), AT)
        assert (schedule.next_at, schedule.keys_for, schedule.dated) == (None, "", ())

    def test_what_is_off_is_looked_for_never(self) -> None:
        on = scheduled(Schedule("a"), settings(*DATED, *HEARD.values()), AT)
        off = scheduled(replace(on, done_to=AT.date()), settings(), AT)
        assert off == Schedule("a", keys_for="")


class TestLooking:
    SCHEDULE = replace(scheduled(Schedule("a"), settings(*DATED), AT), keys_for="")

    def test_the_day_before_is_looked_at_again(self) -> None:
        found = days(replace(self.SCHEDULE, done_to=date(2027, 5, 16)), datetime(2027, 5, 17, 14, tzinfo=UTC))
        assert set(found.values()) == {(date(2027, 5, 16), date(2027, 5, 17))}

    def test_days_that_were_missed_are_looked_at_as_far_back_as_makes_sense(self) -> None:
        found = days(replace(self.SCHEDULE, done_to=date(2027, 5, 3)), datetime(2027, 5, 17, 14, tzinfo=UTC))
        firsts = {kind: first.day for kind, (first, _) in found.items()}
        assert firsts == {"birthday": 16, "anniversary": 15, "welcome": 14, "winback": 11}

    def test_nothing_is_looked_at_from_before_it_was_switched_on(self) -> None:
        found = days(self.SCHEDULE, datetime(2027, 5, 1, 15, tzinfo=UTC))
        assert set(found.values()) == {(date(2027, 5, 1), date(2027, 5, 1))}

    def test_before_the_hour_has_come_there_is_nothing_but_the_hour_to_wait_for(self) -> None:
        after, searches = looked(self.SCHEDULE, datetime(2027, 5, 17, 13, 59, tzinfo=UTC), ZONE)
        assert (after.next_at, after.done_to, searches) == (datetime(2027, 5, 17, 14, tzinfo=UTC), None, ())

    @pytest.mark.parametrize("kind", DATED)
    def test_a_day_is_not_looked_at_when_no_message_of_it_would_make_sense(self, kind: MessageType) -> None:
        """The earliest day: whatever began at its end is still worth a word at the org's hour."""
        now = datetime(2027, 5, 17, 14, tzinfo=UTC)
        first, _ = days(replace(self.SCHEDULE, done_to=date(2027, 1, 1)), now)[kind.value]
        end_of_first = datetime(first.year, first.month, first.day, 4, tzinfo=UTC) + timedelta(days=1)
        assert good_until(kind, end_of_first) > now

    @given(
        st.lists(st.integers(0, 60 * 24 * 20), min_size=1, max_size=20),
        st.sampled_from(["America/New_York", "America/Los_Angeles", "Africa/Lagos"]),
        st.integers(8, 20),
        st.dates(date(2026, 1, 1), date(2028, 12, 31)),
    )
    def test_every_day_is_looked_at_on_that_day_or_with_the_next_look(
        self, minutes: list[int], zone: str, hour: int, start: date
    ) -> None:
        """Whenever the schedule comes, no day within six is left out for winning back."""
        began = datetime(start.year, start.month, start.day, tzinfo=UTC)
        schedule = Schedule("a", since={MessageType.WINBACK: began - timedelta(days=40)}, hour=hour, next_at=began)
        seen: set[date] = set()
        looks = []
        for minute in sorted(minutes):
            now = began + timedelta(minutes=minute)
            if schedule.next_at and now >= schedule.next_at:
                schedule, searches = looked(schedule, now, zone)
                looks += [search.span for search in searches]
                seen |= {day for search in searches for day in search.span}
                assert schedule.next_at is not None
                assert schedule.next_at > now
        for earlier, later in pairwise(looks):
            gap = (later.last - earlier.last).days
            assert all(earlier.last + timedelta(days=number) in seen for number in range(max(1, gap - 6), gap + 1))


class TestSettings:
    @pytest.mark.parametrize(
        ("change", "pointer"),
        [
            ({"tier_gained": {**ON, "bonusPoints": 5}}, "/automations/tier_gained/bonusPoints"),
            ({"segment_entered": {**ON, "segments": ["rich"]}}, "/automations/segment_entered/segments/0"),
            ({"winback": {**ON, "afterDays": 3}}, "/automations/winback/afterDays"),
            ({"winback": {**ON, "cap": {"count": 0, "hours": 1}}}, "/automations/winback/cap/count"),
        ],
    )
    def test_what_makes_no_sense_is_refused(self, change: dict[str, Any], pointer: str) -> None:
        with pytest.raises(InvalidInput) as refusal:
            validated_messaging({"automations": change})
        assert refusal.value.pointer == pointer
