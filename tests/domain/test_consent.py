"""Consent as a table (channel × kind × state × source × merge), and as a state that no order of events can bend."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.domain.consent import (
    Channel,
    ConsentEvent,
    ConsentKind,
    ConsentSource,
    ConsentState,
    Purpose,
    Recipient,
    Refusal,
    applied,
    consent_id,
    joined,
    refusal,
)
from lib.domain.ids import check_id

MONDAY = datetime(2026, 7, 13, 12, tzinfo=UTC)
SOMEBODY = Recipient("+14155552671")

GRANTED = ConsentKind.MARKETING_GRANTED
HOLDERS = [source for source in ConsentSource if source.is_holder]
OTHERS = [source for source in ConsentSource if not source.is_holder]


def event(
    kind: ConsentKind, source: ConsentSource = ConsentSource.REPLY, day: int = 0, *, recorded: int | None = None
) -> ConsentEvent:
    recorded_at = MONDAY + timedelta(days=day if recorded is None else recorded)
    return ConsentEvent(kind, source, MONDAY + timedelta(days=day), recorded_at)


def state_of(*events: ConsentEvent) -> ConsentState:
    state = ConsentState()
    for each in events:
        state = applied(state, each)
    return state


def why(state: ConsentState, purpose: Purpose) -> Refusal | None:
    return refusal(SOMEBODY, state, purpose)


# What stands, as the log that led there, with the answer for (marketing, transactional).
STATES = {
    "unknown": ([], Refusal.NO_CONSENT, None),
    "granted": ([event(GRANTED, ConsentSource.CHECK_IN)], None, None),
    "unsubscribed": ([event(ConsentKind.MARKETING_WITHDRAWN)], Refusal.OPTED_OUT, None),
    "granted, unsubscribed": (
        [event(GRANTED, ConsentSource.CHECK_IN, -1), event(ConsentKind.MARKETING_WITHDRAWN)],
        Refusal.OPTED_OUT,
        None,
    ),
    "stopped": ([event(ConsentKind.ALL_WITHDRAWN)], Refusal.STOPPED, Refusal.STOPPED),
    "granted by the holder, stopped": (
        [event(GRANTED, ConsentSource.REPLY, -1), event(ConsentKind.ALL_WITHDRAWN)],
        Refusal.STOPPED,
        Refusal.STOPPED,
    ),
    "complained": ([event(ConsentKind.COMPLAINED)], Refusal.COMPLAINED, Refusal.COMPLAINED),
    "bounced": ([event(ConsentKind.UNDELIVERABLE)], Refusal.UNDELIVERABLE, Refusal.UNDELIVERABLE),
}


@pytest.mark.parametrize("name", STATES)
def test_what_each_state_allows(name: str) -> None:
    log, marketing, transactional = STATES[name]

    assert why(state_of(*log), Purpose.MARKETING) == marketing
    assert why(state_of(*log), Purpose.TRANSACTIONAL) == transactional


@pytest.mark.parametrize(("name", "source"), [*itertools.product(STATES, OTHERS)], ids=str)
def test_nobody_but_the_holder_lifts_an_objection(name: str, source: ConsentSource) -> None:
    """Imports, APIs, merges, tills, staff and re-enrolment may grant, later or dated later; an objection stands."""
    log, marketing, transactional = STATES[name]
    objects = marketing not in (None, Refusal.NO_CONSENT)

    for grant in (event(GRANTED, source, 1), event(GRANTED, source, 400, recorded=1), event(GRANTED, source, -400)):
        state = state_of(*log, grant)
        assert why(state, Purpose.MARKETING) == (marketing if objects else None)
        assert why(state, Purpose.TRANSACTIONAL) == transactional


@pytest.mark.parametrize(("name", "source"), [*itertools.product(STATES, HOLDERS)], ids=str)
def test_the_holder_lifts_it_afterwards_and_only_afterwards(name: str, source: ConsentSource) -> None:
    log, marketing, transactional = STATES[name]
    objects = marketing not in (None, Refusal.NO_CONSENT)

    assert why(state_of(*log, event(GRANTED, source, 1)), Purpose.MARKETING) is None
    assert why(state_of(*log, event(GRANTED, source, 1)), Purpose.TRANSACTIONAL) is None
    for too_early in (event(GRANTED, source, 0), event(GRANTED, source, -1)):
        assert why(state_of(*log, too_early), Purpose.MARKETING) == (marketing if objects else None)
        assert why(state_of(*log, too_early), Purpose.TRANSACTIONAL) == transactional


@pytest.mark.parametrize(
    ("kind", "source"),
    [*itertools.product([ConsentKind.MARKETING_WITHDRAWN, ConsentKind.ALL_WITHDRAWN], ConsentSource)],
    ids=str,
)
def test_anybody_can_object_for_the_holder(kind: ConsentKind, source: ConsentSource) -> None:
    state = state_of(event(GRANTED, ConsentSource.REPLY, -1), event(kind, source))

    assert state.is_opted_out
    assert state.is_stopped == (kind is ConsentKind.ALL_WITHDRAWN)


@pytest.mark.parametrize(("one", "other"), [*itertools.product(STATES, STATES)], ids=str)
def test_merging_two_logs_keeps_the_objections_of_both(one: str, other: str) -> None:
    a, b = state_of(*STATES[one][0]), state_of(*STATES[other][0])
    objections = {
        name
        for name in ("is_stopped", "is_opted_out", "has_complained", "is_undeliverable")
        if getattr(a, name) or getattr(b, name)
    }
    merged = joined(a, b)

    # Either log may hold a later opt-in of the holder; none of these states does.
    assert {name for name in objections if getattr(merged, name)} == objections


@pytest.mark.parametrize("kind", [kind for kind in ConsentKind if kind is not GRANTED])
@pytest.mark.parametrize(("objected", "other"), [(Channel.SMS, Channel.EMAIL), (Channel.EMAIL, Channel.SMS)])
def test_an_objection_is_to_one_channel_and_one_address(kind: ConsentKind, objected: Channel, other: Channel) -> None:
    places = [(objected, "here"), (objected, "elsewhere"), (other, "here")]
    states = {consent_id("org", *place): state_of(event(GRANTED, ConsentSource.CHECK_IN, -1)) for place in places}
    hit = consent_id("org", objected, "here")
    states[hit] = applied(states[hit], event(kind))

    assert [why(states[consent_id("org", *place)], Purpose.MARKETING) is None for place in places] == [
        False,
        True,
        True,
    ]


@pytest.mark.parametrize(
    ("recipient", "reason"),
    [
        (Recipient(None, archived=True, test_account=True), Refusal.NO_ADDRESS),
        (Recipient("a", archived=True, test_account=True), Refusal.ARCHIVED),
        (Recipient("a", test_account=True), Refusal.TEST_ACCOUNT),
    ],
)
@pytest.mark.parametrize("purpose", Purpose)
def test_the_first_reason_in_order_is_told(recipient: Recipient, reason: Refusal, purpose: Purpose) -> None:
    every_objection = state_of(*(event(kind) for kind in ConsentKind if kind is not GRANTED))

    assert refusal(recipient, every_objection, purpose) == reason


def test_reasons_of_the_state_come_in_their_order() -> None:
    kinds = [ConsentKind.UNDELIVERABLE, ConsentKind.COMPLAINED, ConsentKind.ALL_WITHDRAWN]
    kinds.append(ConsentKind.MARKETING_WITHDRAWN)
    told = [why(state_of(*(event(kind) for kind in kinds[first:])), Purpose.MARKETING) for first in range(5)]

    assert told == [
        Refusal.UNDELIVERABLE,
        Refusal.COMPLAINED,
        Refusal.STOPPED,
        Refusal.OPTED_OUT,
        Refusal.NO_CONSENT,
    ]


def test_a_clock_that_is_ahead_does_not_lift_what_comes_after() -> None:
    """A grant dated next year, heard of on Monday, is of Monday: the STOP of Tuesday stands."""
    state = state_of(event(GRANTED, ConsentSource.REPLY, 365, recorded=0), event(ConsentKind.ALL_WITHDRAWN, day=1))

    assert why(state, Purpose.MARKETING) == Refusal.STOPPED


EVENTS = st.builds(event, st.sampled_from(ConsentKind), st.sampled_from(ConsentSource), st.integers(0, 5))


@given(st.lists(EVENTS, max_size=8), st.randoms(use_true_random=False), st.integers(0, 8))
def test_neither_order_nor_repetition_nor_the_place_of_recording_matters(
    log: list[ConsentEvent], chance: object, split: int
) -> None:
    shuffled = log * 2
    chance.shuffle(shuffled)  # type: ignore[attr-defined]

    assert state_of(*shuffled) == state_of(*log)
    assert joined(state_of(*log[:split]), state_of(*log[split:])) == state_of(*log)


@given(st.lists(EVENTS, max_size=8), st.sampled_from(OTHERS), st.integers(-5, 10))
def test_no_grant_of_others_ever_opens_what_was_closed_by_an_objection(
    log: list[ConsentEvent], source: ConsentSource, day: int
) -> None:
    before = state_of(*log)
    after = applied(before, event(GRANTED, source, day))

    for objection in ("is_stopped", "is_opted_out", "has_complained", "is_undeliverable"):
        assert getattr(after, objection) == getattr(before, objection)


def test_ids_tell_channels_addresses_and_orgs_apart_and_show_nobody() -> None:
    ids = {
        consent_id(org, channel, address)
        for org in ("a", "a_b")
        for channel in Channel
        for address in ("+14155552671", "ana@example.com")
    }

    assert len(ids) == 8
    for each in ids:
        check_id(each, pointer="")
        assert "ana" not in each
        assert "4155552671" not in each
    assert consent_id("a", Channel.SMS, "+14155552671").startswith("sms:")
