"""The limits of delivery: how long an event is tried, how long a function may take, what happens at the end."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any

from emulator.firestore.changes import Change
from emulator.firestore.events.delivery import EventDelivery
from emulator.firestore.events.queue import Policy
from emulator.firestore.events.triggers import parse_trigger
from emulator.firestore.wire import Document, Timestamp
from tests.emulator.firestore.events.receiver import Receiver


def _run(receiver: Receiver, policy: Policy, scenario: Callable[[EventDelivery], Awaitable[Any]], retry: bool) -> Any:
    """Deliver one event of project "p" to the receiver and return what `scenario` makes of it."""

    async def run() -> Any:
        delivery = EventDelivery(policy)
        body = {
            "eventType": "google.cloud.firestore.document.v1.written",
            "document": {"value": "a/b"},
            "destination": {"httpEndpoint": {"uri": receiver.url()}},
            "retry": retry,
        }
        delivery.register(parse_trigger("p", "key", body, None))
        after = Document(name="projects/p/databases/(default)/documents/a/b")
        delivery.observe([Change("p", "(default)", "a/b", None, after, Timestamp(seconds=1))])
        try:
            return await scenario(delivery)
        finally:
            await delivery.close(grace_seconds=0)

    return asyncio.run(run())


async def _to_the_end(delivery: EventDelivery) -> dict[str, Any]:
    assert await delivery.drain("p", timeout_seconds=20)
    return delivery.status("p")


def test_an_event_is_given_up_when_it_is_too_old(receiver: Receiver) -> None:
    receiver.answer = lambda request: 500
    policy = Policy(backoff_first_seconds=0.01, backoff_max_seconds=0.02, age_max_seconds=0.1)
    status = _run(receiver, policy, _to_the_end, retry=True)
    assert (status["delivered"], status["failed"]) == (0, 1)
    assert status["failures"][0]["attempts"] == len(receiver.requests) == status["retried"] + 1 > 1


def test_a_function_that_does_not_answer_in_time_has_failed(receiver: Receiver) -> None:
    answered = threading.Event()
    receiver.answer = lambda request: 200 if answered.wait(20) else 500
    status = _run(receiver, Policy(ack_deadline_seconds=0.05), _to_the_end, retry=False)
    answered.set()
    assert (status["failed"], status["failures"][0]["error"]) == (1, "no answer within 0.05 s")


def test_drain_says_when_the_time_was_too_short(receiver: Receiver) -> None:
    receiver.answer = lambda request: 500

    async def scenario(delivery: EventDelivery) -> bool:
        return await delivery.drain("p", timeout_seconds=0.05)

    assert _run(receiver, Policy(backoff_first_seconds=60), scenario, retry=True) is False


def test_closing_cuts_off_what_takes_too_long_and_takes_nothing_new(receiver: Receiver) -> None:
    arrived, answered = threading.Event(), threading.Event()

    def answer(request: object) -> int:
        arrived.set()
        answered.wait(20)
        return 200

    receiver.answer = answer

    async def scenario(delivery: EventDelivery) -> dict[str, Any]:
        assert await asyncio.to_thread(arrived.wait, 20)
        await delivery.close(grace_seconds=0.01)
        late = Document(name="projects/p/databases/(default)/documents/a/b")
        delivery.observe([Change("p", "(default)", "a/b", None, late, Timestamp(seconds=2))])
        return await _to_the_end(delivery)

    status = _run(receiver, Policy(), scenario, retry=True)
    answered.set()
    assert (status["pending"], status["delivered"]) == (0, 0)
    assert len(receiver.requests) == 1


def test_back_off_doubles_up_to_its_limit_with_jitter() -> None:
    policy = Policy(backoff_first_seconds=1, backoff_max_seconds=10)
    for attempt, ceiling in [(1, 1), (2, 2), (3, 4), (4, 8), (5, 10), (50, 10)]:
        waits = {policy.backoff_seconds(attempt) for _ in range(20)}
        assert len(waits) > 1
        assert all(ceiling / 2 <= wait <= ceiling for wait in waits)


def test_what_is_in_flight_when_events_are_forgotten_is_not_tried_again(receiver: Receiver) -> None:
    arrived, answered = threading.Event(), threading.Event()

    def answer(request: object) -> int:
        arrived.set()
        answered.wait(20)
        return 500

    receiver.answer = answer

    async def scenario(delivery: EventDelivery) -> dict[str, Any]:
        assert await asyncio.to_thread(arrived.wait, 20)
        delivery.reset("p")
        answered.set()
        return await _to_the_end(delivery)

    status = _run(receiver, Policy(backoff_first_seconds=60), scenario, retry=True)
    assert (status["pending"], status["retried"], status["failed"]) == (0, 0, 0)
    assert len(receiver.requests) == 1
