"""Events arrive at least once: retries, faults on request, bounded concurrency, and waiting for the end of it."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import requests

from emulator.client import StackClient
from tests.emulator.firestore.events.receiver import Received, Receiver

Register = Callable[..., None]


def _write(firestore: Any, count: int, collection: str = "orders") -> None:
    for number in range(count):
        firestore.document(f"{collection}/o{number}").set({"n": number})


def _fail_first(times: int, status: int) -> Callable[[Received], int]:
    """Answers each event with `status` that many times, then with 200."""
    seen: Counter[str] = Counter()

    def answer(request: Received) -> int:
        seen[request.id] += 1
        return status if seen[request.id] <= times else 200

    return answer


def test_an_error_is_retried_with_the_same_id_if_the_function_asks_for_it(
    firestore: Any, usage: StackClient, receiver: Receiver, register: Register
) -> None:
    receiver.answer = _fail_first(2, 500)
    register("written", "orders/{id}", retry=True)
    _write(firestore, 3)
    status = usage.drain()
    assert (status["delivered"], status["retried"], status["failed"]) == (3, 6, 0)
    assert sorted(Counter(request.id for request in receiver.requests).values()) == [3, 3, 3]
    assert len({(request.id, request.headers["ce-time"], request.body) for request in receiver.requests}) == 3


def test_an_error_ends_the_event_if_the_function_does_not_ask_for_retries(
    firestore: Any, usage: StackClient, receiver: Receiver, register: Register
) -> None:
    receiver.answer = _fail_first(1, 500)
    register("written", "orders/{id}")
    _write(firestore, 1)
    status = usage.drain()
    assert (status["delivered"], status["retried"], status["failed"]) == (0, 0, 1)
    (failure,) = status["failures"]
    assert (failure["trigger"], failure["document"], failure["attempts"]) == ("key", "orders/o0", 1)
    assert failure["error"].startswith("500")
    assert failure["id"] == receiver.requests[0].id


@pytest.mark.parametrize("code", [429, 503])
def test_an_event_whose_function_was_not_run_is_always_retried(
    code: int, firestore: Any, usage: StackClient, receiver: Receiver, register: Register
) -> None:
    receiver.answer = _fail_first(1, code)
    register("written", "orders/{id}")
    _write(firestore, 1)
    status = usage.drain()
    assert (status["delivered"], status["retried"], status["failed"]) == (1, 1, 0)


def test_an_unreachable_function_gets_its_events_when_it_is_back(
    firestore: Any, usage: StackClient, receiver: Receiver, register: Register
) -> None:
    absent = Receiver()
    absent.close()
    register("written", "orders/{id}", destination={"httpEndpoint": {"uri": absent.url()}})
    _write(firestore, 2)
    with pytest.raises(TimeoutError, match="2"):
        usage.drain(0.3)
    register("written", "orders/{id}")
    status = usage.drain()
    assert (status["delivered"], status["failed"], status["pending"]) == (2, 0, 0)
    assert status["retried"] >= 2


def test_connections_are_kept_and_eight_events_at_most_are_in_flight(
    firestore: Any, usage: StackClient, receiver: Receiver, register: Register
) -> None:
    together, now, most = threading.Barrier(8), [0], [0]
    lock = threading.Lock()

    def answer(request: Received) -> int:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        together.wait(timeout=20)
        with lock:
            now[0] -= 1
        return 200

    receiver.answer = answer
    register("written", "orders/{id}")
    batch = firestore.batch()
    for number in range(40):
        batch.set(firestore.document(f"orders/o{number}"), {"n": number})
    batch.commit()
    assert usage.drain()["delivered"] == 40
    assert most[0] == 8
    assert len({request.port for request in receiver.requests}) == 8


def test_duplicates_come_with_the_same_id(
    firestore: Any, usage: StackClient, receiver: Receiver, register: Register
) -> None:
    register("written", "orders/{id}")
    usage.set_faults(seed=1, duplicate=1, delay_seconds=0.1)
    _write(firestore, 5)
    status = usage.drain()
    assert (status["delivered"], status["duplicated"]) == (10, 5)
    assert sorted(Counter(request.id for request in receiver.requests).values()) == [2] * 5


def test_what_is_dropped_is_decided_by_the_seed(
    firestore: Any, usage: StackClient, receiver: Receiver, register: Register
) -> None:
    register("written", "{collection}/{id}")
    arrived = []
    for _ in range(2):
        usage.set_faults(seed=5, drop=0.5)
        _write(firestore, 20)
        usage.drain()
        arrived.append(sorted(request.document for request in receiver.requests))
        receiver.requests.clear()
        usage.clear()
    assert arrived[0] == arrived[1]
    assert 0 < len(arrived[0]) < 20
    assert usage.events()["dropped"] == 2 * (20 - len(arrived[0]))


def test_a_reordered_event_comes_after_the_later_one_of_its_document(
    firestore: Any, usage: StackClient, receiver: Receiver, register: Register
) -> None:
    register("written", "orders/{id}")
    usage.set_faults(reorder=1, delay_seconds=30)
    firestore.document("orders/o1").set({"n": 1})
    usage.clear_faults()
    firestore.document("orders/o1").set({"n": 2})
    status = usage.drain()
    assert [request.data.value.fields["n"].integer_value for request in receiver.requests] == [2, 1]
    assert status["reordered"] == 1


def test_a_reordered_event_with_no_later_one_is_only_late(
    firestore: Any, usage: StackClient, receiver: Receiver, register: Register
) -> None:
    register("written", "orders/{id}")
    usage.set_faults(reorder=1, delay_seconds=0.2)
    firestore.document("orders/o1").set({"n": 1})
    assert usage.events()["pending"] == 1
    assert usage.drain()["delivered"] == 1


def test_delayed_events_are_pending_until_they_arrive(
    firestore: Any, usage: StackClient, receiver: Receiver, register: Register
) -> None:
    register("written", "orders/{id}")
    usage.set_faults(delay=1, delay_seconds=0.3)
    _write(firestore, 5)
    status = usage.drain()
    assert (status["delayed"], status["delivered"]) == (5, 5)


def test_reset_forgets_what_waits_and_keeps_the_triggers(
    firestore: Any, usage: StackClient, receiver: Receiver, register: Register
) -> None:
    register("written", "orders/{id}")
    usage.set_faults(delay=1, delay_seconds=60)
    _write(firestore, 2)
    assert usage.events()["pending"] == 2
    usage.reset_events()
    status = usage.drain()
    assert (status["pending"], status["delayed"], status["faults"]["delay"]) == (0, 0, 0)
    firestore.document("orders/o1").set({"n": 9})
    assert usage.drain()["delivered"] == 1


def test_an_event_is_pending_as_soon_as_its_commit_is_acknowledged(
    firestore: Any, usage: StackClient, receiver: Receiver, register: Register
) -> None:
    register("written", "orders/{id}")
    for number in range(30):
        firestore.document("orders/o1").set({"n": number})
        assert usage.drain()["delivered"] == number + 1


def test_triggers_can_be_listed_replaced_and_removed(
    trigger_url: str, firestore: Any, usage: StackClient, receiver: Receiver, register: Register
) -> None:
    register("written", "orders/{id}")
    register("created", "customers/{id}", retry=True)
    (trigger,) = requests.get(trigger_url, timeout=10).json()["triggers"]
    assert trigger == {
        "eventarcTriggerId": "key",
        "eventType": "google.cloud.firestore.document.v1.created",
        "database": "(default)",
        "document": "customers/{id}",
        "destination": {"httpEndpoint": {"uri": receiver.url()}},
        "retry": True,
    }
    assert requests.delete(trigger_url, params={"eventarcTriggerId": "key"}, timeout=10).status_code == 200
    assert requests.delete(trigger_url, params={"eventarcTriggerId": "key"}, timeout=10).status_code == 404
    _write(firestore, 1, "customers")
    assert usage.drain()["delivered"] == 0


@pytest.mark.parametrize(
    ("key", "body", "message"),
    [
        ("", {}, "eventarcTriggerId is missing"),
        ("k", [], "must be a JSON object"),
        ("k", {}, "eventType must be a non-empty string"),
        ("k", {"eventType": "google.cloud.storage.object.v1.finalized"}, "not an event of a Firestore document"),
        ("k", {"eventType": "google.cloud.firestore.document.v1.written"}, "document must be"),
        ("k", {"document": {"value": "a/b", "matchType": "REGEX"}}, "neither EXACT nor PATH_PATTERN"),
        ("k", {"document": {"value": "a/{b", "matchType": "PATH_PATTERN"}}, "a capture must be a whole segment"),
        ("k", {"document": {"value": "a/b"}}, "started without --functions"),
        ("k", {"document": {"value": "a/b"}, "retry": "yes"}, "retry must be true or false"),
        ("k", {"document": {"value": "a/b"}, "namespace": "x"}, "namespace"),
        (
            "k",
            {"document": {"value": "a/b"}, "destination": {"httpEndpoint": {"uri": "ftp://x"}}},
            "an http:// address",
        ),
    ],
)
def test_a_registration_is_checked(trigger_url: str, key: str, body: Any, message: str) -> None:
    if isinstance(body, dict) and "document" in body:
        body = {"eventType": "google.cloud.firestore.document.v1.written", **body}
    answer = requests.post(trigger_url, params={"eventarcTriggerId": key}, json=body, timeout=10)
    assert answer.status_code == 400
    assert message in answer.json()["error"]["message"]


@pytest.mark.parametrize("plan", ['{"drop": 2}', "[1]", "{"])
def test_a_fault_plan_is_checked(plan: str, project: str, firestore_emulator: str) -> None:
    url = f"http://{firestore_emulator}/emulator/v1/projects/{project}/events/faults"
    answer = requests.put(url, data=plan, timeout=10)
    assert (answer.status_code, answer.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")
