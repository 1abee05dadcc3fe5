"""The till's webhook: what is genuine is stored once and fetched, and nothing else does anything."""

import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any

import pytest

from lib.domain.errors import InvalidInput, NotFound, Unauthenticated, Unavailable
from lib.platform import tasks
from lib.usecases import pos
from tests.usecases.pos.shop import NOW, ORG, Shop

SECRET = "s3cret"


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLEAVES_WEBHOOK_SECRETS", json.dumps({ORG: SECRET, "org_b": "another", "org_c": " "}))


def body_of(event: str = "order.updated", **data: Any) -> bytes:
    return json.dumps({"event": event, "data": {"id": 1, **data}, "timestamp": NOW.isoformat()}).encode()


def signed(body: bytes, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def receive(body: bytes, org_id: str = ORG) -> str:
    return pos.receive(org_id, body, signed(body))


def work(shop: Shop) -> list[str | None]:
    """Works every task there is, and once more: what came of it."""
    keys = [task["key"] for task in shop.enqueued.of(pos.WEBHOOK_QUEUE)]
    outcomes = [pos.work(ORG, key) for key in keys]
    assert [pos.work(ORG, key) for key in keys] == [None] * len(keys)
    return outcomes


def test_an_event_is_stored_once_and_what_it_is_about_is_fetched(shop: Shop) -> None:
    shop.sell(1)
    body = body_of(status="voided", email="ann@example.com")
    assert receive(body) == receive(body) == "order.updated"
    (item,) = shop.inbox().values()
    assert (item["status"], item["subject"], item["subjectId"]) == ("open", "order", "1")
    # Nobody believes it, so nothing of what it says of people or money is kept.
    assert "ann" not in str(item)
    assert work(shop) == ["written"]
    assert shop.order(1)["status"] == "completed"
    assert receive(body) == "order.updated"
    assert [item["status"] for item in shop.inbox().values()] == ["worked"]


def test_events_out_of_order_end_in_the_present_state(shop: Shop) -> None:
    shop.sell(1, status="refunded")
    for event in ("order.updated", "order.created"):
        receive(body_of(event))
    work(shop)
    shop.record(1)
    assert (shop.order(1)["status"], shop.ledger()) == ("cancelled", [])


def test_an_order_that_is_up_to_date_is_not_asked_for(shop: Shop) -> None:
    shop.sell(1, date_updated=(NOW + timedelta(minutes=1)).isoformat())
    shop.pull()
    asked = shop.sandbox.requests()["total"]
    receive(body_of())
    assert work(shop) == ["known"]
    assert shop.sandbox.requests()["total"] == asked


def test_a_customer(shop: Shop) -> None:
    shop.enrol(77, name_first="Ann")
    receive(body_of("customer.created", id=77))
    assert work(shop) == ["written"]
    assert shop.customer(f"{ORG}_77")["firstName"] == "Ann"


@pytest.mark.parametrize(
    ("event", "outcome"),
    [("order.updated", "not_found"), ("customer.updated", "not_found"), ("inventory.updated", "ignored")],
)
def test_what_is_not_there_or_nothing_to_us(shop: Shop, event: str, outcome: str) -> None:
    receive(body_of(event, id=404))
    assert work(shop) == [outcome]
    assert shop.customer_ids() == set()


@pytest.mark.parametrize("org_id", ["org_d", "org_c", "", "a/b", "x" * 200])
def test_off_without_a_secret(shop: Shop, org_id: str) -> None:
    with pytest.raises(NotFound):
        pos.receive(org_id, body_of(), signed(body_of(), ""))
    assert shop.inbox() == {}


@pytest.mark.parametrize("signature", [None, "", "0" * 64, "no hex", "another's"])
def test_forged_ones_leave_nothing_behind(shop: Shop, signature: str | None) -> None:
    with pytest.raises(Unauthenticated):
        pos.receive(ORG, body_of(), signed(body_of(), "another") if signature == "another's" else signature)
    assert (shop.inbox(), shop.enqueued.tasks) == ({}, {})


def test_the_address_says_whose_it_is_and_not_the_event(shop: Shop) -> None:
    shop.sell(1)
    body = body_of(orgId=ORG, locationId="main")
    pos.receive("org_b", body, signed(body, "another"))
    assert shop.inbox() == {}
    (task,) = shop.enqueued.of(pos.WEBHOOK_QUEUE)
    assert pos.work("org_b", task["key"]) == "not_found"
    assert shop.order(1) == {}


def test_signed_and_no_event(shop: Shop) -> None:
    with pytest.raises(InvalidInput):
        receive(b"[]")
    assert shop.inbox() == {}


def test_when_the_queue_is_down_it_is_to_be_sent_again(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_: object) -> None:
        raise Unavailable("the task queue cannot be reached", reason="queue_unavailable")

    with monkeypatch.context() as broken:
        broken.setattr(tasks, "enqueue", down)
        with pytest.raises(Unavailable):
            receive(body_of())
    assert shop.enqueued.tasks == {}
    receive(body_of())
    assert len(shop.enqueued.of(pos.WEBHOOK_QUEUE)) == 1


def test_events_that_nobody_worked_are_closed_by_the_next_pull(shop: Shop) -> None:
    receive(body_of())
    assert shop.pull()
    assert [(item["status"], item["outcome"]) for item in shop.inbox().values()] == [("worked", "pulled")]


def test_while_the_till_is_down_the_event_stays_open(shop: Shop) -> None:
    receive(body_of())
    shop.sandbox.fail("status", status=500, times=None)
    (task,) = shop.enqueued.of(pos.WEBHOOK_QUEUE)
    with pytest.raises(Exception, match="alleaves") as refused:
        pos.work(ORG, task["key"])
    assert refused.value.retryable  # type: ignore[attr-defined]
    assert [item["status"] for item in shop.inbox().values()] == ["open"]
    shop.sandbox.heal()
    shop.sell(1)
    assert work(shop) == ["written"]
