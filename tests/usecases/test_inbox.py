"""Replaying orders that could not be decided."""

from datetime import UTC, datetime
from typing import Any

import pytest

from lib.domain.commands import Command
from lib.domain.errors import FailedPrecondition, NotFound
from lib.domain.ids import fingerprint
from lib.domain.ledger import Actor
from lib.store.org import UNASSIGNED
from lib.usecases import inbox
from lib.usecases.orders import record_order
from tests.usecases.counter import ANN, ORG, Counter, pos


def replay(item_id: str = "order:o1", *, org_id: str = ORG, key: str = "key") -> dict[str, Any]:
    content = fingerprint([item_id])
    command = Command("replay_inbox", org_id, Actor("staff", "u1"), key, content, datetime.now(UTC))
    return inbox.replay(command, item_id)


def test_an_order_that_was_put_right_without_our_noticing(counter: Counter) -> None:
    counter.sell("o1", totals={"total": "50"}, **pos("77"))
    counter.write("o1", totals={"total": 50.0})
    assert replay() == {"ok": True, "orderId": "o1", "recorded": True, "points": 50}
    assert counter.customer(ANN)["points"] == 50
    assert counter.tenant("inbox", "order:o1")["status"] == "replayed"
    assert counter.fields("orders", "o1")["customerId"] == ANN


def test_the_same_request_again_is_answered_the_same_without_another_effect(counter: Counter) -> None:
    counter.sell("o1", totals={"total": "50"}, **pos("77"))
    counter.write("o1", totals={"total": 50.0})
    assert replay() == replay()
    assert counter.ledger(ANN) == [("earn", 50)]
    with pytest.raises(FailedPrecondition):
        replay("order:o2")
    with pytest.raises(NotFound):
        replay(key="another key")


def test_a_customer_who_has_come_into_being_since(counter: Counter) -> None:
    counter.sell("o1", customerId="known_later")
    assert replay() == {"ok": False, "reason": "no_customer"}
    counter.client.document("customers/known_later").set({"orgId": ORG, "email": "ann@example.com"})
    assert replay()["ok"]
    assert counter.customer("known_later")["points"] == 50


@pytest.mark.parametrize(
    ("fields", "answer"),
    [
        ({}, {"ok": False, "reason": "not_a_number", "pointer": "/totals/total"}),
        ({"totals": {"total": 50.0}, "orgId": "org_b"}, {"ok": False, "reason": "order_of_other_org"}),
        ({"totals": {"total": 50.0}, "orgId": None}, {"ok": False, "reason": "unknown_org"}),
    ],
)
def test_what_still_cannot_be_decided_is_refused_and_stays(
    counter: Counter, fields: dict[str, Any], answer: dict[str, Any]
) -> None:
    counter.sell("o1", totals={"total": "50"}, **pos("77"))
    counter.write("o1", **fields)
    assert replay() == answer
    assert counter.tenant("inbox", "order:o1")["status"] == "open"
    assert not counter.ids("customers")
    record_order(counter.told("o1"))


def test_a_deleted_order_cannot_be_replayed(counter: Counter) -> None:
    counter.sell("o1", totals={"total": "50"}, **pos("77"))
    counter.delete("o1")
    assert replay() == {"ok": False, "reason": "order_deleted"}


def test_an_order_of_no_org_is_replayed_into_the_one_it_names_by_now(counter: Counter) -> None:
    counter.org_id = None
    counter.sell("o1", brandId=ORG, **pos("77"))
    assert replay(org_id=UNASSIGNED) == {"ok": False, "reason": "unknown_org"}
    counter.client.document("brands", ORG).set({"name": "A"})
    assert replay(org_id=UNASSIGNED)["points"] == 50
    assert counter.customer(ANN)["points"] == 50
    assert counter.fields("tenants", UNASSIGNED, "inbox", "order:o1")["status"] == "replayed"


@pytest.mark.parametrize("item_id", ["order:never", "order:", "order:.", "webhook:1", "o1"])
def test_what_is_not_in_the_inbox_is_not_found(counter: Counter, item_id: str) -> None:
    counter.write("never", status="pending")
    with pytest.raises(NotFound):
        replay(item_id)
