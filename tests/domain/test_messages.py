"""What may become of a message: every state by everything that can happen to it, and events in whatever order."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.domain import messages
from lib.domain.consent import Channel
from lib.domain.errors import InvariantBroken
from lib.domain.messages import ATTEMPTS_MAX, LEASE, Cause, Draft, Message, State, message_id
from tests.domain.writing import NOW, message, sending

MINUTE = timedelta(minutes=1)
REPORTS = (State.SENT, State.DELIVERED, State.FAILED, State.BOUNCED, State.OPENED, State.CLICKED)
HAPPENINGS: dict[str, Callable[[Message], Message]] = {
    "claimed": lambda it: messages.claimed(it, Draft("+14155552671", "Hello"), "blackleaf", NOW),
    "waiting": lambda it: messages.waiting(it, NOW + MINUTE, "waits"),
    "skipped": lambda it: messages.skipped(it, "opted_out"),
    "unwritable": lambda it: messages.unwritable(it, "template_empty"),
    "accepted": lambda it: messages.accepted(it, "m1", NOW),
    "refused": lambda it: messages.refused(it, "rejected"),
    "unknown": lambda it: messages.unknown(it, "timeout"),
    "deferred": lambda it: messages.deferred(it, "throttled", NOW),
    "returned": lambda it: messages.returned(it, "worker_lost", NOW),
    "delivered": lambda it: messages.reported(it, State.DELIVERED, NOW),
    "opened": lambda it: messages.reported(it, State.OPENED, NOW),
    "bounced": lambda it: messages.reported(it, State.BOUNCED, NOW, "hard"),
}
# A dash: refused as a mistake of ours. What stays as it is, stays on purpose: what is known is never unlearnt.
TABLE = """
              queued   sending   skipped unknown   sent      delivered failed    bounced  opened  clicked
claimed       sending  -         -       -         -         -         -         -        -       -
waiting       queued   -         -       -         -         -         -         -        -       -
skipped       skipped  -         -       -         -         -         -         -        -       -
unwritable    failed   -         -       -         -         -         -         -        -       -
accepted      queued   sent      skipped sent      sent      delivered failed    bounced  opened  clicked
refused       queued   failed    skipped failed    sent      delivered failed    bounced  opened  clicked
unknown       queued   unknown   skipped unknown   sent      delivered failed    bounced  opened  clicked
deferred      queued   queued    skipped unknown   sent      delivered failed    bounced  opened  clicked
returned      -        queued    -       -         -         -         -         -        -       -
delivered     delivered delivered skipped delivered delivered delivered failed   bounced  opened  clicked
opened        opened   opened    skipped opened    opened    opened    opened    opened   opened  clicked
bounced       bounced  bounced   skipped bounced   bounced   bounced   bounced   bounced  opened  clicked
"""


def rows() -> list[tuple[str, State, str]]:
    head, *lines = [line.split() for line in TABLE.strip().splitlines()]
    return [(name, State(state), cell) for name, *cells in lines for state, cell in zip(head, cells, strict=True)]


def test_the_table_is_complete() -> None:
    assert {(name, state) for name, state, _ in rows()} == {(name, state) for name in HAPPENINGS for state in State}


@pytest.mark.parametrize(("happening", "state", "expected"), rows())
def test_what_may_follow(happening: str, state: State, expected: str) -> None:
    before = replace(sending(), state=state)
    if expected == "-":
        with pytest.raises(InvariantBroken):
            HAPPENINGS[happening](before)
    else:
        assert HAPPENINGS[happening](before).state == expected


def test_what_was_never_handed_over_cannot_have_arrived() -> None:
    assert messages.reported(message(), State.CLICKED, NOW) == message()


def test_one_message_a_cause_customer_and_channel() -> None:
    ids = {
        message_id(org, Cause(kind, cause), customer, channel)
        for org in ("a", "b")
        for kind in ("campaign", "notice")
        for cause in ("1", "2")
        for customer in ("ann", "bob")
        for channel in Channel
    }
    assert len(ids) == 32
    assert message().id == message(send_after=NOW + MINUTE, template_id="other").id


def test_a_claim_ends_when_its_worker_must_be_gone() -> None:
    claim = sending()
    assert not messages.is_abandoned(claim, NOW + LEASE - MINUTE)
    assert messages.is_abandoned(claim, NOW + LEASE)
    assert not messages.is_abandoned(messages.accepted(claim, "m1", NOW), NOW + LEASE)


def test_a_vendor_that_wants_to_be_left_alone_is() -> None:
    assert messages.deferred(sending(), "throttled", NOW, timedelta(hours=3)).send_after == NOW + timedelta(hours=3)


def test_pauses_grow_to_an_hour_and_then_it_is_given_up() -> None:
    pauses = [messages.backoff(replace(sending(), attempts=attempts)) for attempts in range(1, ATTEMPTS_MAX)]
    assert pauses == sorted(pauses)
    assert timedelta(seconds=30) <= pauses[0] <= timedelta(seconds=38)
    assert timedelta(hours=1) <= pauses[-1] <= timedelta(minutes=75)
    for again in (messages.deferred, messages.returned):
        last = again(replace(sending(), attempts=ATTEMPTS_MAX), "server_error", NOW)
        assert (last.state, last.reason) == (State.FAILED, "server_error")


def test_the_dashboard_knows_every_state() -> None:
    known = {"sent", "delivered", "opened", "clicked", "bounced", "failed", "scheduled"}
    assert {state.status for state in State} == known
    assert {state for state in State if state.status == "scheduled"} == {State.QUEUED, State.SENDING}
    assert {State.UNKNOWN.status, State.SKIPPED.status} == {"failed"}


def test_the_preview_is_one_line_of_two_hundred_signs() -> None:
    preview = Draft("a@example.com", "one\n\ntwo " + "x" * 300).preview
    assert preview.startswith("one two x")
    assert len(preview) == 200


EVENTS = st.lists(st.tuples(st.sampled_from(REPORTS), st.integers(0, 5)), max_size=6)


def told(events: list[tuple[State, int]]) -> Message:
    it = sending()
    for state, minutes in events:
        it = messages.reported(it, state, NOW + minutes * MINUTE)
    return it


@given(EVENTS, st.randoms())
def test_events_say_the_same_in_any_order_and_however_often(events: list[tuple[State, int]], chance: object) -> None:
    mixed = [*events, *events[:2]]
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    assert (told(mixed).state, told(mixed).reported) == (told(events).state, told(events).reported)


def test_the_answer_may_come_before_or_after_the_events() -> None:
    steps = (HAPPENINGS["accepted"], HAPPENINGS["opened"], HAPPENINGS["delivered"])
    for order in permutations(steps):
        it = sending()
        for step in order:
            it = step(it)
        assert (it.state, it.provider_id, it.sent_at) == (State.OPENED, "m1", NOW)
