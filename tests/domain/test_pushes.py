"""Pushes as a state machine: every state at every age, and what may follow."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from lib.domain.pushes import LEASE, Push, PushKind, PushState, adjustment, claimed, opt_out, sale, settled

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
YOUNG, STALE, OLD = timedelta(minutes=1), LEASE, timedelta(hours=73)
LAST = (PushState.SENT, PushState.REFUSED, PushState.UNKNOWN)


def push_in(state: PushState, kind: PushKind = PushKind.SALE, age: timedelta = YOUNG) -> Push:
    made = Push("p", "org", kind, "customer", "order", NOW - age, NOW - age)
    return replace(made, state=state)


@pytest.mark.parametrize(
    ("state", "kind", "age", "after", "reason"),
    [
        (PushState.QUEUED, PushKind.SALE, YOUNG, PushState.SENDING, None),
        (PushState.QUEUED, PushKind.SALE, STALE, PushState.SENDING, None),
        (PushState.QUEUED, PushKind.SALE, OLD, PushState.REFUSED, "too_late"),
        (PushState.QUEUED, PushKind.OPT_OUT, OLD, PushState.REFUSED, "too_late"),
        (PushState.SENDING, PushKind.SALE, YOUNG, None, None),
        (PushState.SENDING, PushKind.OPT_OUT, YOUNG, None, None),
        (PushState.SENDING, PushKind.SALE, STALE, PushState.UNKNOWN, "interrupted"),
        (PushState.SENDING, PushKind.ADJUSTMENT, OLD, PushState.UNKNOWN, "interrupted"),
        (PushState.SENDING, PushKind.OPT_OUT, STALE, PushState.SENDING, None),
        (PushState.SENDING, PushKind.OPT_OUT, OLD, PushState.REFUSED, "too_late"),
        *((state, kind, age, None, None) for state in LAST for kind in PushKind for age in (YOUNG, STALE, OLD)),
    ],
)
def test_whoever_comes_finds(
    state: PushState, kind: PushKind, age: timedelta, after: PushState | None, reason: str | None
) -> None:
    found = claimed(push_in(state, kind, age), NOW)
    assert (found and found.state, found and found.reason) == (after, reason)
    assert found is None or found.updated_at == NOW


@pytest.mark.parametrize("state", [PushState.QUEUED, *LAST])
def test_only_what_is_being_sent_is_settled(state: PushState) -> None:
    with pytest.raises(ValueError, match="cannot become"):
        settled(push_in(state), PushState.SENT, None, NOW)
    after = settled(push_in(PushState.SENDING), state, "why", NOW)
    assert (after.state, after.reason, after.updated_at) == (state, "why", NOW)


def test_ids_tell_things_apart_and_the_same_thing_again() -> None:
    made = [
        sale("org", "o1", "c1", NOW),
        sale("org", "o2", "c1", NOW),
        adjustment("org", "o1", "c1", 5, NOW),
        opt_out("org", "c1", "sms", "first", NOW),
        opt_out("org", "c1", "email", "first", NOW),
        opt_out("org", "c1", "sms", "second", NOW),
        opt_out("org", "c2", "sms", "first", NOW),
    ]
    assert len({push.id for push in made}) == len(made)
    # Whose order it is may be corrected; it stays the same sale.
    assert sale("org", "o1", "c2", NOW + OLD).id == made[0].id
