"""Caps, quiet hours and the end of a message taken together: send, wait, or give up."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.domain.consent import Channel, Purpose
from lib.domain.frequency import (
    DEFAULT_CAPS,
    Cap,
    MessageType,
    Timing,
    Verdict,
    free_at,
    good_until,
    timing,
)
from lib.domain.quiet_hours import place_of

NOON = datetime(2026, 7, 15, 16, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
NEW_YORK = place_of("+12125550123", "America/New_York")
CAPS = (Cap(1, DAY), Cap(3, 7 * DAY))


@pytest.mark.parametrize(
    ("hours_ago", "wait_hours"),
    [
        ([], 0),
        ([25], 0),
        ([24], 0),
        ([23], 1),
        ([30, 60], 0),
        ([30, 60, 100], 68),
        ([1, 60, 100], 68),
        ([1, 30, 167.5], 23),
        ([30, 60, 100, 400], 68),
        # Sent after now (another worker's clock): it has not happened yet for this decision.
        ([-1], 0),
    ],
)
def test_when_one_more_keeps_every_cap(hours_ago: list[float], wait_hours: float) -> None:
    sent_at = [NOON - hours * HOUR for hours in hours_ago]

    assert free_at(NOON, sent_at, CAPS) == NOON + wait_hours * HOUR


@given(st.lists(st.integers(0, 800), max_size=12), st.permutations(CAPS))
def test_at_that_moment_every_cap_holds_and_at_none_before(hours_ago: list[int], caps: list[Cap]) -> None:
    sent_at = [NOON - hours * HOUR for hours in hours_ago]
    free = free_at(NOON, sent_at, caps)

    def room(moment: datetime) -> bool:
        return all(sum(moment - cap.window < each for each in sent_at) < cap.count for cap in caps)

    assert room(free)
    assert free == NOON or not room(free - timedelta(seconds=1))


def decide(
    kind: MessageType = MessageType.BIRTHDAY,
    *,
    now: datetime = NOON,
    until: timedelta = 2 * DAY,
    hours_ago: tuple[int, ...] = (),
    quiet: bool = True,
) -> Timing:
    sent_at = [now - hours * HOUR for hours in hours_ago]
    return timing(now, kind, until=now + until, sent_at=sent_at, caps=CAPS, place=NEW_YORK, quiet=quiet)


def test_a_message_that_nothing_holds_back_goes_now() -> None:
    assert decide() == Timing(Verdict.SEND, NOON)


def test_at_night_it_waits_for_the_morning() -> None:
    night = datetime(2026, 7, 16, 2, tzinfo=UTC)

    assert decide(now=night) == Timing(Verdict.WAIT, datetime(2026, 7, 16, 12, tzinfo=UTC))
    assert decide(now=night, quiet=False) == Timing(Verdict.SEND, night)


def test_caps_that_end_at_night_wait_for_the_morning_after() -> None:
    # The last one went 11 hours ago, so the cap ends at 1:00 in New York.
    assert decide(hours_ago=(11,)) == Timing(Verdict.WAIT, datetime(2026, 7, 16, 12, tzinfo=UTC))


@pytest.mark.parametrize("kind", [MessageType.CAMPAIGN, MessageType.STRATEGY])
def test_a_capped_campaign_is_dropped_where_a_birthday_waits(kind: MessageType) -> None:
    assert decide(kind, hours_ago=(1,)).verdict is Verdict.CAPPED
    assert decide(MessageType.BIRTHDAY, hours_ago=(1,)).verdict is Verdict.WAIT
    # At night, though, a campaign waits like everybody else.
    assert decide(kind, now=datetime(2026, 7, 16, 2, tzinfo=UTC)).verdict is Verdict.WAIT


def test_what_would_come_too_late_is_not_sent_at_all() -> None:
    night = datetime(2026, 7, 16, 2, tzinfo=UTC)

    assert decide(hours_ago=(1,), until=20 * HOUR).verdict is Verdict.CAPPED
    assert decide(now=night, until=8 * HOUR).verdict is Verdict.STALE
    assert decide(until=-HOUR).verdict is Verdict.STALE


def test_a_receipt_is_neither_capped_nor_quiet_but_can_be_too_late() -> None:
    night = datetime(2026, 7, 16, 2, tzinfo=UTC)

    assert decide(MessageType.ORDER_UPDATE, now=night, hours_ago=(1, 2, 3)) == Timing(Verdict.SEND, night)
    assert decide(MessageType.ORDER_UPDATE, until=-HOUR).verdict is Verdict.STALE


@pytest.mark.parametrize("kind", MessageType)
def test_every_message_ends_and_ends_with_its_cause(kind: MessageType) -> None:
    assert good_until(kind, NOON) > NOON
    assert good_until(kind, NOON, NOON + HOUR) == NOON + HOUR
    assert good_until(kind, NOON, NOON + 900 * DAY) == good_until(kind, NOON)


def test_only_answers_to_what_the_customer_did_are_transactional() -> None:
    transactional = {kind for kind in MessageType if kind.purpose is Purpose.TRANSACTIONAL}

    assert transactional == {MessageType.TRANSACTIONAL, MessageType.ORDER_UPDATE}


@pytest.mark.parametrize("state", ["Florida", "Oklahoma"])
def test_the_default_for_texts_is_within_what_the_strictest_states_allow(state: str) -> None:
    in_a_day = [cap.count for cap in DEFAULT_CAPS[Channel.SMS] if cap.window >= DAY]

    assert min(in_a_day) <= 3, state


@pytest.mark.parametrize(("count", "window"), [(0, DAY), (1, timedelta(0)), (1, -DAY)])
def test_a_cap_that_can_never_be_kept_is_refused(count: int, window: timedelta) -> None:
    with pytest.raises(ValueError, match="at least one message"):
        Cap(count, window)
