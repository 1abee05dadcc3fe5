"""Pushes to Alpine IQ: told once, however things fail, and at no cost where nobody asked for it."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from google.cloud.firestore import Client

from emulator.client import StackClient
from emulator.launch import launched
from emulator.vendors.client import SandboxClient
from lib.domain import pushes as rules
from lib.domain.errors import Unavailable
from lib.platform import tasks
from lib.store import alpine_pushes
from lib.store.org import OrgStore
from lib.store.transaction import run
from lib.usecases import customers, inbox, points, pushes
from lib.vendors.alpine_iq.client import AlpineIq
from lib.vendors.limiter import Rate
from tests.usecases.counter import ANN, ORG, Counter, cost
from tests.usecases.counter import pos as of_customer
from tests.usecases.pos.shop import Enqueued
from tests.usecases.till import Till
from tests.vendors.alpine_iq.shop import QUICK
from tests.vendors.alpine_iq.shop import Shop as Account

CONTACT = {"contactID": "ann", "mobilePhone": "2015550123", "loyalty": True, "loyaltyPoints": 100}
WHO = {"email": "ann@example.com", "phone": "2015550123", "name": "Ann Lee"}


@pytest.fixture(scope="module")
def vendors() -> Iterator[str]:
    with launched("vendors") as started:
        yield started.address


@pytest.fixture
def later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """`later(minutes=11)` moves the product's clock to that long from now."""
    path = tmp_path / "clock.json"
    monkeypatch.setenv("PERENNIAL_CLOCK_FILE", str(path))

    def move(**by: float) -> None:
        path.write_text(json.dumps({"offsetSeconds": timedelta(**by).total_seconds()}))

    return move


class Shop:
    """A shop with an Alpine IQ account, whose pushes are worked by hand."""

    def __init__(self, client: Client, account: Account, enqueued: Enqueued) -> None:
        self.client = client
        self.account = account
        self.enqueued = enqueued
        self.counter = Counter(client)
        self.till = Till(client)

    def connect(self, **push: bool) -> None:
        document = {"accountId": self.account.uid, "push": push}
        self.client.document("tenants", ORG, "integrations", "alpine_iq").set(document)

    def sell(self, order_id: str = "o1", **fields: Any) -> None:
        self.counter.sell(order_id, **{**of_customer("77", **WHO), **fields})

    def pushes(self) -> list[dict[str, Any]]:
        return [found.to_dict() or {} for found in self.client.collection("tenants", ORG, "alpine_pushes").stream()]

    def states(self) -> list[tuple[str, str | None]]:
        return [(push["state"], push["reason"]) for push in self.pushes()]

    def work(self) -> list[str | None]:
        """Works every task that has been enqueued, twice."""
        ids = [task["pushId"] for task in self.enqueued.of(rules.QUEUE)]
        self.enqueued.tasks.clear()
        outcomes: list[str | None] = [pushes.push(ORG, push_id) for push_id in ids]
        assert [pushes.push(ORG, push_id) for push_id in ids] == [None] * len(ids)
        return outcomes

    def sales(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.account.sandbox.account(self.account.uid)["sales"]
        return found


@pytest.fixture
def shop(firestore: Client, vendors: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    sandbox = SandboxClient(vendors, "alpine_iq")
    account, enqueued = Account(sandbox), Enqueued()
    account.seed(CONTACT)
    monkeypatch.setattr(tasks, "enqueue", enqueued.enqueue)
    monkeypatch.setattr(pushes, "AlpineIq", functools.partial(AlpineIq, budget=QUICK, rate=Rate(10_000)))
    monkeypatch.setenv("ALPINE_IQ_BASE_URL", sandbox.base_url)
    monkeypatch.setenv("ALPINE_IQ_KEYS", json.dumps({ORG: account.config.api_key}))
    yield Shop(firestore, account, enqueued)
    sandbox.heal()
    sandbox.close()


class TestSales:
    def test_a_completed_sale_is_told_once(self, shop: Shop) -> None:
        shop.connect(sales=True)
        item = {"productId": "p1", "name": "Gummies", "category": "Edibles", "price": 12.5, "qty": 2}
        shop.sell("alleaves_9", items=[item], retailerId="1000", totals={"total": 25.0})
        assert shop.work() == ["sent"]
        (sale,) = shop.sales()
        visit = sale["visit"]
        assert sale["member"] == {
            "email": "ann@example.com",
            "mobilePhone": "2015550123",
            "firstName": "Ann",
            "lastName": "Lee",
        }
        assert (visit["pos_id"], visit["pos_type"], visit["location"]) == ("9", "alleaves", "1000")
        assert (visit["transaction_total"], visit["send_notification"]) == (25.0, False)
        (line,) = visit["visit_details_attributes"]
        assert line == {
            "sku": "p1",
            "category": "Edibles",
            "name": "Gummies",
            "price": 12.5,
            "discount": 0.0,
            "quantity": 2,
        }

    def test_edits_and_returns_and_being_completed_again_are_no_new_sale(self, shop: Shop) -> None:
        shop.connect(sales=True)
        shop.sell()
        shop.work()
        for change in ({"totals": {"total": 60.0}}, {"status": "refunded"}, {"status": "completed"}):
            shop.sell(**change)
        assert shop.work() == []
        assert len(shop.sales()) == 1

    def test_what_was_undone_before_it_was_told_is_not_told(self, shop: Shop) -> None:
        shop.connect(sales=True)
        shop.sell()
        shop.sell(status="refunded")
        assert shop.work() == ["refused"]
        assert (shop.states(), shop.sales()) == ([("refused", "no_longer_earning")], [])

    def test_history_is_not_told(self, shop: Shop) -> None:
        shop.connect(sales=True)
        shop.sell(createdAt=datetime.now(UTC) - timedelta(days=4))
        assert shop.pushes() == []

    def test_one_that_waited_in_the_inbox_is_told_by_the_sweep(self, shop: Shop, later: Callable[..., None]) -> None:
        shop.connect(sales=True)
        shop.sell(status="layaway")
        # Nobody hears of the correction.
        shop.counter.write("o1", status="completed")
        command = shop.till.command("replay_inbox")
        assert inbox.replay(command, "order:o1")["recorded"]
        assert [push["state"] for push in shop.pushes()] == ["queued"]
        later(minutes=11)
        pushes.sweep()
        assert shop.work() == ["sent"]

    def test_one_whose_event_was_lost_is_told_too(self, shop: Shop, later: Callable[..., None]) -> None:
        shop.connect(sales=True)
        shop.sell("o1")
        assert shop.work() == ["sent"]
        shop.counter.write("o2", **of_customer("77", **WHO), customerId=ANN)
        for _ in range(2):
            customers.sync(shop.till.command("sync_customer"), ANN)
        later(minutes=11)
        pushes.sweep()
        assert (shop.work(), len(shop.sales())) == (["sent"], 2)

    def test_nobody_to_tell_of(self, shop: Shop) -> None:
        shop.connect(sales=True)
        shop.counter.sell("o1", **of_customer("78"))
        assert shop.work() == ["refused"]
        assert shop.states() == [("refused", "no_address")]

    def test_cost(self, shop: Shop, usage: StackClient) -> None:
        shop.connect(sales=True)
        shop.sell("first")
        assert cost(usage, shop.counter.write("o2", **of_customer("77", **WHO))) == (3, 7)


class TestWhereNobodyAskedForIt:
    """Two reads and six writes: what a new order of a known customer costs anyhow."""

    def test_without_a_key_nothing_is_read_or_written(
        self, shop: Shop, usage: StackClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shop.connect(sales=True, adjustments=True)
        monkeypatch.delenv("ALPINE_IQ_KEYS")
        shop.sell("first")
        assert cost(usage, shop.counter.write("o2", **of_customer("77", **WHO))) == (2, 6)
        assert shop.pushes() == []

    def test_switched_off_it_costs_a_read_a_minute(self, shop: Shop, usage: StackClient) -> None:
        shop.connect()
        shop.sell("first")
        assert cost(usage, shop.counter.write("o2", **of_customer("77", **WHO))) == (2, 6)
        assert shop.pushes() == []

    def test_a_sweep_that_finds_nothing(self, shop: Shop, usage: StackClient) -> None:
        usage.reset_usage()
        assert pushes.sweep() == 0
        used = usage.reset_usage()
        assert (used["reads"], used["writes"]) == (1, 0)


def test_a_damaged_or_foreign_document_holds_nobody_up(
    shop: Shop, later: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    shop.connect(sales=True)
    shop.sell()
    (sound,) = shop.pushes()
    damaged = {"state": "queued", "updatedAt": sound["updatedAt"] - timedelta(hours=1)}
    shop.client.document("tenants", ORG, "alpine_pushes", "damaged").set(damaged)
    shop.client.document("tenants", ORG, "alpine_pushes", "moved").set({**sound, **damaged})
    shop.client.document("playbooks", "p", "alpine_pushes", sound["id"]).set({**sound, **damaged})
    shop.client.document("tenants", ORG, "old", "x", "alpine_pushes", sound["id"]).set({**sound, **damaged})
    shop.enqueued.tasks.clear()
    later(minutes=11)
    assert pushes.sweep() == 1
    assert capsys.readouterr().err.count("damaged push left alone") == 2
    assert shop.work() == ["sent"]


class TestAdjustments:
    def adjust(self, shop: Shop, count: int = 5) -> None:
        command = shop.till.command("adjust_points")
        for _ in range(2):
            assert points.adjust(command, ANN, count, "a gift")["ok"]

    def test_points_by_hand_are_told_once(self, shop: Shop) -> None:
        shop.connect(adjustments=True)
        shop.sell()
        self.adjust(shop)
        assert shop.work() == ["sent"]
        assert shop.account.points("ann") == 105
        (entry,) = shop.account.sandbox.account(shop.account.uid)["adjustments"]
        assert (entry["value"], entry["note"]) == (5, f"perennial {shop.pushes()[0]['id']}")

    def test_by_the_contact_id_that_is_known(self, shop: Shop) -> None:
        shop.connect(adjustments=True)
        shop.account.seed({"contactID": "other", "loyalty": True, "loyaltyPoints": 9})
        shop.sell()
        shop.client.document("customers", ANN).update({"alpineUserId": "other"})
        self.adjust(shop, -4)
        assert shop.work() == ["sent"]
        assert shop.account.points("other") == 5

    def test_of_somebody_who_is_no_member_there(self, shop: Shop) -> None:
        shop.connect(adjustments=True)
        shop.account.seed({**CONTACT, "loyalty": False})
        shop.sell()
        self.adjust(shop)
        assert shop.work() == ["refused"]
        assert shop.states() == [("refused", "not_a_member")]


class TestOptOuts:
    @pytest.mark.parametrize(("channel", "told"), [("sms", "text:2015550123"), ("email", "email:ann@example.com")])
    def test_are_told(self, shop: Shop, channel: str, told: str) -> None:
        shop.connect(opt_outs=True)
        shop.sell()
        push = rules.opt_out(ORG, ANN, channel, "stop-1", datetime.now(UTC))
        run(lambda transaction: alpine_pushes.add(transaction, OrgStore(ORG), push))
        assert pushes.push(ORG, push.id) == "sent"
        assert shop.account.sandbox.account(shop.account.uid)["opt_ins"] == {told: False}


class TestFailures:
    @pytest.mark.parametrize("fault", ["hang", "cut_body", "html"])
    def test_what_may_have_been_done_is_never_repeated(
        self, shop: Shop, fault: str, later: Callable[..., None]
    ) -> None:
        shop.connect(sales=True)
        shop.sell()
        shop.account.sandbox.fail(fault, path="/api/v1.1/createUpdateSale/.*", after_effect=True)
        assert shop.work() == ["unknown"]
        shop.account.sandbox.heal()
        later(hours=1)
        assert pushes.sweep() == 0
        assert len(shop.sales()) <= 1

    def test_a_server_error_may_have_come_after_the_effect(self, shop: Shop) -> None:
        shop.connect(sales=True)
        shop.sell()
        shop.account.sandbox.fail("status", status=500, path="/api/v1.1/createUpdateSale/.*", after_effect=True)
        assert shop.work() == ["unknown"]
        assert shop.states() == [("unknown", "server_error")]

    def test_what_was_certainly_not_done_is_tried_again(self, shop: Shop, later: Callable[..., None]) -> None:
        shop.connect(sales=True)
        shop.sell()
        shop.account.sandbox.fail("status", status=429, times=None)
        (task,) = shop.enqueued.of(rules.QUEUE)
        with pytest.raises(Exception, match="too many requests") as raised:
            pushes.push(ORG, task["pushId"])
        assert raised.value.retryable  # type: ignore[attr-defined]
        assert shop.states() == [("queued", "throttled")]
        shop.account.sandbox.heal()
        shop.enqueued.tasks.clear()
        later(minutes=11)
        assert pushes.sweep() == 1
        assert shop.work() == ["sent"]
        assert len(shop.sales()) == 1

    def test_a_refusal_is_the_end(self, shop: Shop) -> None:
        shop.connect(sales=True)
        shop.sell()
        shop.account.sandbox.fail("success_false")
        assert shop.work() == ["refused"]
        assert shop.sales() == []

    def test_with_a_wrong_key_it_waits_for_the_right_one(
        self, shop: Shop, monkeypatch: pytest.MonkeyPatch, later: Callable[..., None]
    ) -> None:
        shop.connect(sales=True)
        right = json.dumps({ORG: shop.account.config.api_key})
        monkeypatch.setenv("ALPINE_IQ_KEYS", json.dumps({ORG: "wrong"}))
        shop.sell()
        assert pushes.push(ORG, shop.enqueued.of(rules.QUEUE)[0]["pushId"]) == "queued"
        shop.enqueued.tasks.clear()
        monkeypatch.setenv("ALPINE_IQ_KEYS", right)
        later(minutes=11)
        pushes.sweep()
        assert shop.work() == ["sent"]

    def test_a_sender_that_died_leaves_it_unknown(self, shop: Shop, later: Callable[..., None]) -> None:
        shop.connect(sales=True)
        shop.sell()
        (task,) = shop.enqueued.of(rules.QUEUE)
        assert alpine_pushes.claim(OrgStore(ORG), task["pushId"], datetime.now(UTC)) is not None
        assert pushes.push(ORG, task["pushId"]) is None
        later(minutes=11)
        shop.enqueued.tasks.clear()
        assert pushes.sweep() == 1
        assert shop.work() == [None]
        assert (shop.states(), shop.sales()) == ([("unknown", "interrupted")], [])

    def test_a_queue_that_is_down_is_in_nobodys_way(
        self, shop: Shop, monkeypatch: pytest.MonkeyPatch, later: Callable[..., None]
    ) -> None:
        def down(*_: object) -> None:
            raise Unavailable("the task queue cannot be reached", reason="queue_unavailable")

        shop.connect(sales=True)
        with monkeypatch.context() as broken:
            broken.setattr(tasks, "enqueue", down)
            shop.sell()
        assert shop.counter.ledger(ANN) == [("earn", 50)]
        later(minutes=11)
        assert pushes.sweep() == 1
        assert shop.work() == ["sent"]

    def test_after_three_days_it_is_given_up(self, shop: Shop, later: Callable[..., None]) -> None:
        shop.connect(sales=True)
        shop.sell()
        shop.enqueued.tasks.clear()
        later(hours=73)
        pushes.sweep()
        assert shop.work() == [None]
        assert (shop.states(), shop.sales()) == ([("refused", "too_late")], [])
