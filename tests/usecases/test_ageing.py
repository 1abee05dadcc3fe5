"""What time does to customers nobody touches: done once, whoever looks when, and by nobody who has nothing to do."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from google.cloud.firestore import Client

from emulator.client import StackClient
from emulator.clock import ClockFile
from lib.platform import clock
from lib.store import due
from lib.store.org import OrgStore
from lib.store.transaction import Transaction
from lib.usecases import ageing, customers, points, redemptions, settings
from lib.usecases.points import Who
from tests.usecases.counter import ANN, ORG, Counter, pos
from tests.usecases.till import Answer, Till

DAY = timedelta(days=1)
HALF_A_YEAR = {"pointsExpireMonths": 6, "expiryWarningDays": 14}


@pytest.fixture
def shop_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ClockFile:
    """The product's clock, to be moved; Firestore keeps real time."""
    moved = ClockFile(tmp_path / "clock")
    monkeypatch.setenv("PERENNIAL_CLOCK_FILE", str(moved.path))
    return moved


def change_settings(till: Till, **change: Any) -> None:
    answer = settings.update(till.command("update_loyalty_settings"), change)
    assert answer["ok"]


def sell(counter: Counter, order_id: str = "o1", **fields: Any) -> None:
    counter.sell(order_id, createdAt=clock.now(), **pos("77", email="ann@example.com"), **fields)


def sync(till: Till) -> Answer:
    return customers.sync(till.command("sync_customer"), ANN)


def visit(customer_id: str = ANN) -> Mapping[str, int]:
    return ageing.visit(OrgStore(ORG), {}, customer_id)


def due_now() -> list[str]:
    return [customer_id for _, _, ids in ageing.batches() for customer_id in ids]


def notices(counter: Counter) -> list[tuple[str, dict[str, Any]]]:
    stored = counter.client.collection("tenants", ORG, "notices").stream()
    return sorted((found.get("kind"), found.get("facts")) for found in stored)


class TestExpiry:
    def test_comes_with_its_warning_before_and_each_once(
        self, counter: Counter, till: Till, shop_clock: ClockFile
    ) -> None:
        change_settings(till, **HALF_A_YEAR)
        sell(counter)
        (lot,) = counter.customer(ANN)["loyalty"]["lots"]
        assert due_now() == []
        for ahead, kinds, counted in (
            (DAY * 10, ["earn"], {"notices": 1}),
            (timedelta(), ["earn", "expire"], {"expiredPoints": 50}),
        ):
            shop_clock.move(lot["expiresAt"] - ahead - clock.now() + timedelta(seconds=5))
            assert due_now() == [ANN]
            counts = visit()
            assert counted.items() <= counts.items() or "notices" in counted
            assert [kind for kind, _ in counter.ledger(ANN)] == kinds
            assert visit() == {}
            assert due_now() == []
        told = [facts for kind, facts in notices(counter) if kind == "points_expiring"]
        assert told == [{"points": 50, "expiresAt": lot["expiresAt"]}]
        assert counter.customer(ANN)["points"] == 0
        assert counter.customer(ANN)["dueAt"] is None

    def test_is_told_before_it_is_written(self, counter: Counter, till: Till, shop_clock: ClockFile) -> None:
        change_settings(till, **HALF_A_YEAR)
        sell(counter)
        shop_clock.move(300 * DAY)
        answer = points.check(ORG, Who(customer_id=ANN))
        assert (answer["points"], answer["available"]) == (0, 0)
        assert till.hold(ANN, 50)["reason"] in ("insufficient_points", "not_a_tier")
        assert counter.customer(ANN)["points"] == 50
        visit()

    def test_leaves_a_hold_alone_until_it_ends(self, counter: Counter, till: Till, shop_clock: ClockFile) -> None:
        change_settings(till, **HALF_A_YEAR, holdMinutes=1440)
        sell(counter, totals={"total": 150.0})
        (lot,) = counter.customer(ANN)["loyalty"]["lots"]
        shop_clock.move(lot["expiresAt"] - clock.now() - timedelta(hours=1))
        held = till.held(ANN, 100)
        shop_clock.move(timedelta(hours=2))
        assert visit()["expiredPoints"] == 50
        assert counter.customer(ANN)["loyalty"]["balances"]["reserved"] == 100
        assert till.capture(held, 60)["ok"]
        assert counter.ledger(ANN)[-2:] == [("capture", 40), ("expire", -40)]
        assert counter.customer(ANN)["loyalty"]["lots"] == []

    def test_stands_still_while_the_programme_is_paused(
        self, counter: Counter, till: Till, shop_clock: ClockFile
    ) -> None:
        change_settings(till, **HALF_A_YEAR)
        sell(counter)
        change_settings(till, paused=True)
        shop_clock.move(300 * DAY)
        assert "expiredPoints" not in visit()
        assert counter.customer(ANN)["duePointsAt"] is None
        assert points.check(ORG, Who(customer_id=ANN))["points"] == 50


class TestPendingPoints:
    def test_are_released_when_their_day_is_over(self, counter: Counter, till: Till, shop_clock: ClockFile) -> None:
        change_settings(till, pendingDays=7)
        sell(counter)
        balances = counter.customer(ANN)["loyalty"]["balances"]
        assert (balances["available"], balances["pending"]) == (0, 50)
        assert counter.customer(ANN)["duePointsAt"] == counter.customer(ANN)["loyalty"]["parcels"][0]["releaseAt"]
        shop_clock.move(8 * DAY)
        assert points.check(ORG, Who(customer_id=ANN))["points"] == 50
        assert due_now() == [ANN]
        assert visit()["releasedPoints"] == 50
        assert counter.ledger(ANN) == [("earn", 0), ("release", 50)]
        assert visit() == {}

    @pytest.mark.parametrize("days", [0, 8])
    def test_go_with_their_order(self, counter: Counter, till: Till, shop_clock: ClockFile, days: int) -> None:
        change_settings(till, pendingDays=7)
        sell(counter)
        shop_clock.move(days * DAY)
        counter.sell("o1", status="refunded")
        assert sum(counter.customer(ANN)["loyalty"]["balances"].values()) == 0
        assert counter.customer(ANN)["loyalty"]["parcels"] == []

    def test_survive_a_lost_account(self, counter: Counter, till: Till, shop_clock: ClockFile) -> None:
        change_settings(till, pendingDays=7)
        sell(counter)
        whole = counter.customer(ANN)["loyalty"]
        counter.client.document("customers", ANN).update({"loyalty.balances.pending": 0, "loyalty.parcels": []})
        shop_clock.move(8 * DAY)
        assert "loyalty" in sync(till)["repaired"]
        assert counter.customer(ANN)["loyalty"]["balances"] == {**whole["balances"], "available": 50, "pending": 0}
        assert sync(till)["repaired"] == []


class TestSegmentsAndTiers:
    def test_a_segment_drifts_with_a_row_and_a_notice(self, counter: Counter, shop_clock: ClockFile) -> None:
        sell(counter)
        shop_clock.move(61 * DAY)
        assert visit() == {"changed": 1, "segmentsChanged": 1, "notices": 1}
        assert notices(counter) == [("segment_entered", {"previousSegment": "new", "newSegment": "at_risk"})]
        rows = counter.client.collection("customer_activities").stream()
        moved = [row.get("metadata") for row in rows if row.get("type") == "segment_change"]
        assert moved == [{"previousSegment": "new", "newSegment": "at_risk"}]

    def test_a_tier_that_is_not_earned_any_more_is_announced_and_lapses(
        self, counter: Counter, till: Till, shop_clock: ClockFile
    ) -> None:
        policy = {"inactivityDays": 100, "graceDays": 20, "noticeDays": 10, "windowMonths": None, "lapse": "one_down"}
        change_settings(till, tierPolicy=policy)
        sell(counter, totals={"total": 600.0})
        assert counter.customer(ANN)["tier"] == "gold"
        assert counter.customer(ANN)["dueTierAt"] is not None
        shop_clock.move(112 * DAY)
        visit()
        shop_clock.move(9 * DAY)
        assert visit()["tiersChanged"] == 1
        kinds = [kind for kind, _ in notices(counter)]
        assert (kinds.count("tier_lapsing"), kinds.count("tier_changed")) == (1, 1)
        found = counter.customer(ANN)
        assert (found["tier"], found["tierProgress"]) == ("silver", 0)
        # It has to be earned again: what was spent before does not count for it any more.
        sell(counter, "o2", totals={"total": 299.0})
        assert counter.customer(ANN)["tier"] == "silver"
        sell(counter, "o3", totals={"total": 1.0})
        assert counter.customer(ANN)["tier"] == "gold"


class TestHoldsWhoseTimeIsOver:
    def test_end_and_give_back(self, till: Till, shop_clock: ClockFile) -> None:
        ann = till.customer("ann", 300)
        first = till.held(ann, 100)
        shop_clock.move(timedelta(minutes=31))
        second = till.held(till.customer("bob", 100), 100, order_id="order-2")
        assert redemptions.end_due() == {"ended": 1}
        assert till.redemption(first)["state"] == "expired"
        assert till.redemption(second)["state"] == "held"
        assert (till.points(ann), till.kinds(ann)[-1]) == (300, "void")
        assert redemptions.end_due() == {}
        till.assert_sound()

    def test_are_honoured_while_the_programme_is_paused(self, till: Till, shop_clock: ClockFile) -> None:
        held = till.held(till.customer("ann", 300), 100)
        change_settings(till, paused=True)
        shop_clock.move(3 * DAY)
        assert till.capture(held)["ok"]
        till.assert_sound()

    def test_are_moved_on_by_a_day_while_it_is_paused(self, till: Till, shop_clock: ClockFile) -> None:
        ann = till.customer("ann", 300)
        held = till.held(ann, 100)
        change_settings(till, paused=True)
        shop_clock.move(timedelta(days=3))
        assert redemptions.end_due() == {"kept": 1}
        assert till.redemption(held)["state"] == "held"
        assert abs(till.redemption(held)["expiresAt"] - clock.now() - DAY) < timedelta(minutes=1)
        assert redemptions.end_due() == {}
        change_settings(till, paused=False)
        shop_clock.move(2 * DAY)
        assert redemptions.end_due() == {"ended": 1}
        assert till.points(ann) == 300

    def test_one_that_cannot_be_ended_does_not_keep_the_others(self, till: Till, shop_clock: ClockFile) -> None:
        ann, bob = till.customer("ann", 100), till.customer("bob", 100)
        broken, sound = till.held(ann, 100), till.held(bob, 100, order_id="order-2")
        till.client.document("tenants", ORG, "redemptions", broken).update({"allocation": "none"})
        shop_clock.move(DAY)
        assert redemptions.end_due() == {"ended": 1, "failed": 1}
        assert till.redemption(sound)["state"] == "expired"

    @pytest.mark.parametrize("path", ["redemptions/r1", f"bundles/{ORG}/redemptions/r1"])
    def test_are_not_looked_for_in_collections_of_others(self, till: Till, shop_clock: ClockFile, path: str) -> None:
        till.client.document(path).set({"state": "held", "expiresAt": clock.now()})
        till.held(till.customer("ann", 100), 100)
        shop_clock.move(DAY)
        assert redemptions.end_due() == {"ended": 1}


class TestTwice:
    def test_two_visits_at_once_do_it_once(self, counter: Counter, till: Till, shop_clock: ClockFile) -> None:
        change_settings(till, **HALF_A_YEAR)
        sell(counter)
        shop_clock.move(300 * DAY)
        with ThreadPoolExecutor(4) as executor:
            done = list(executor.map(lambda _: visit(), range(4)))
        assert [counts["expiredPoints"] for counts in done if counts] == [50]
        assert [kind for kind, _ in counter.ledger(ANN)] == ["earn", "expire"]

    def test_a_visit_and_a_sale_at_once_both_count(self, counter: Counter, till: Till, shop_clock: ClockFile) -> None:
        change_settings(till, **HALF_A_YEAR)
        sell(counter)
        shop_clock.move(300 * DAY)
        with ThreadPoolExecutor(2) as executor:
            sale = executor.submit(sell, counter, "o2")
            executor.submit(visit).result()
            sale.result()
        assert sorted(counter.ledger(ANN)) == [("earn", 50), ("earn", 50), ("expire", -50)]
        assert counter.customer(ANN)["points"] == 50

    @pytest.mark.parametrize("dies", ["before", "after"])
    def test_a_visit_that_dies_around_its_commit_is_made_good_by_the_next(
        self, counter: Counter, till: Till, shop_clock: ClockFile, monkeypatch: pytest.MonkeyPatch, dies: str
    ) -> None:
        change_settings(till, **HALF_A_YEAR)
        sell(counter)
        shop_clock.move(300 * DAY)
        commit = Transaction.commit

        def die(transaction: Transaction) -> None:
            if dies == "after":
                commit(transaction)
            raise MemoryError

        with monkeypatch.context() as patch, pytest.raises(MemoryError):
            patch.setattr(Transaction, "commit", die)
            visit()
        assert (visit() == {}) is (dies == "after")
        assert [kind for kind, _ in counter.ledger(ANN)] == ["earn", "expire"]
        assert len([kind for kind, _ in notices(counter) if kind == "segment_entered"]) == 1

    def test_a_customer_of_another_org_or_of_none_is_left_alone(self, counter: Counter) -> None:
        counter.client.document("customers", "theirs").set({"orgId": "org_b", "dueAt": clock.now() - DAY})
        assert (visit("theirs"), visit("nobody")) == ({}, {})


class TestWhatItCosts:
    DUE = 5

    @pytest.mark.parametrize("others", [50, 500])
    def test_depends_on_who_is_due_and_not_on_who_there_is(
        self, firestore: Client, usage: StackClient, shop_clock: ClockFile, others: int
    ) -> None:
        counter = Counter(firestore)
        sell(counter)
        like_ann = counter.customer(ANN)
        fill(counter, others, lambda number: {**like_ann, "id": f"other{number}", "dueAt": clock.now() + 400 * DAY})
        fill(counter, self.DUE, lambda number: {**like_ann, "id": f"due{number}", "dueAt": clock.now() + DAY})
        shop_clock.move(40 * DAY)
        counter.client.document("customers", ANN).update({"dueAt": None})
        usage.reset_usage()
        for org_id, _, ids in ageing.batches():
            assert (org_id, len(ids)) == (ORG, self.DUE)
            for customer_id in ids:
                assert visit(customer_id)["segmentsChanged"] == 1
        used = usage.reset_usage()
        # To find one, to visit it; and the customer, the notice and the row of its timeline.
        assert (used["reads"], used["writes"]) == (2 * self.DUE, 3 * self.DUE)

    def test_those_who_are_due_at_one_moment_are_found_page_by_page(
        self, firestore: Client, usage: StackClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(due, "_PAGE", 3)
        monkeypatch.setattr(ageing, "_BATCH", 4)
        at = clock.now() - DAY
        for number in range(7):
            org_id = "org_b" if number == 5 else ORG
            firestore.document("customers", f"c{number}").set({"orgId": org_id, "dueAt": at})
        firestore.document("customers", "nobodys").set({"dueAt": at})
        firestore.document("customers", "not_yet").set({"orgId": ORG, "dueAt": clock.now() + DAY})
        usage.reset_usage()
        batches = [(org_id, ids) for org_id, _, ids in ageing.batches()]
        assert batches == [(ORG, ["c0", "c1", "c2", "c3"]), (ORG, ["c4", "c6"]), ("org_b", ["c5"])]
        assert usage.reset_usage()["reads"] == 8
        assert [key for _, key, _ in ageing.batches()] == [key for _, key, _ in ageing.batches()]

    def test_a_few_of_an_org_do_not_wait_for_all_others(
        self, firestore: Client, usage: StackClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(due, "_PAGE", 2)
        monkeypatch.setattr(ageing, "_FOUND_MAX", 4)
        at = clock.now() - DAY
        for number in range(9):
            org_id = "org_b" if number in (1, 5) else ORG
            firestore.document("customers", f"c{number}").set({"orgId": org_id, "dueAt": at})
        usage.reset_usage()
        batches = ageing.batches()
        first = [next(batches), next(batches)]
        assert [(org_id, ids) for org_id, _, ids in first] == [(ORG, ["c0", "c2", "c3"]), ("org_b", ["c1"])]
        assert usage.reset_usage()["reads"] == 4
        rest = list(batches)
        assert [ids for _, _, ids in rest] == [["c4", "c6", "c7"], ["c5"], ["c8"]]
        keys = [key for _, key, _ in (*first, *rest)]
        assert len(set(keys)) == 5
        assert [key for _, key, _ in ageing.batches()] == keys

    def test_nobody_due_costs_one_read(self, counter: Counter, usage: StackClient) -> None:
        sell(counter)
        usage.reset_usage()
        assert due_now() == []
        assert usage.reset_usage()["reads"] == 1


def fill(counter: Counter, count: int, fields_of: Callable[[int], dict[str, Any]]) -> None:
    """Writes so many customers, whose ledgers nobody reads."""
    batch = counter.client.batch()
    for number in range(count):
        fields = fields_of(number)
        batch.set(counter.client.document("customers", fields["id"]), fields)
    batch.commit()
