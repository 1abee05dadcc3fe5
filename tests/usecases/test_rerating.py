"""History priced anew: what a preview says is what happens, once, by the order's own lots, debts and all."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from lib.domain.errors import FailedPrecondition, InvalidInput, NotFound
from lib.store import settings as store
from lib.store.org import OrgStore
from lib.store.transaction import Transaction
from lib.usecases import points, rerating, runs
from tests.usecases.counter import ORG, Counter
from tests.usecases.programme import ACTOR, Programme
from tests.usecases.runs.delivery import Killed, Killer
from tests.usecases.till import Till

ANN, BOB = f"{ORG}_ann", f"{ORG}_bob"


class Office:
    """Owners who re-rate the history of their shop."""

    def __init__(self, counter: Counter, programme: Programme) -> None:
        self.counter, self.programme = counter, programme
        for customer_id in (ANN, BOB):
            profile = {"orgId": ORG, "email": f"{customer_id}@example.com"}
            counter.client.document("customers", customer_id).set(profile)

    def sell(self, order_id: str, customer_id: str, dollars: float, *, day: float = 1, **fields: Any) -> None:
        placed = {"createdAt": self.programme.time.on(day), "totals": {"total": dollars}}
        self.counter.sell(order_id, customerId=customer_id, **{**placed, **fields})

    def day(self, day: int) -> date:
        return self.programme.time.on(day).date()

    def preview(self, since: int = -1, until: int | None = None, key: str = "k", **options: Any) -> tuple[str, str]:
        """Id and token of a preview that has come to its end."""
        last = None if until is None else self.day(until)
        wanted = rerating.proposal(ORG, self.day(since), last, key=key, **options)
        run = runs.start(ORG, wanted.job, wanted.key, wanted.params, ACTOR)
        self.programme.queue.deliver()
        run = runs.start(ORG, wanted.job, wanted.key, wanted.params, ACTOR)
        token = rerating.token_of(run)
        assert token
        return run.id, token

    def confirm(self, preview: tuple[str, str]) -> str:
        """Starts what the preview has found; the id of the run."""
        wanted = rerating.confirmed(ORG, *preview)
        return runs.start(ORG, wanted.job, wanted.key, wanted.params, ACTOR).id

    def rerate(self, *args: Any, **options: Any) -> dict[str, int]:
        """A preview, which must come true; what it has counted."""
        preview = self.preview(*args, **options)
        foreseen = self.totals(preview[0])
        run_id = self.confirm(preview)
        self.programme.queue.deliver()
        assert self.totals(run_id) == foreseen
        return foreseen

    def totals(self, run_id: str) -> dict[str, int]:
        """What a run has counted, without the engine's own counts."""
        run = self.counter.tenant("runs", run_id)
        assert run["state"] == "done"
        return {name: count for name, count in run["totals"].items() if name not in ("visited", "skipped", "failed")}

    def balances(self, customer_id: str) -> Mapping[str, int]:
        balances: Mapping[str, int] = self.counter.customer(customer_id)["loyalty"]["balances"]
        return {name: count for name, count in balances.items() if count}

    def accrual(self, order_id: str) -> dict[str, Any]:
        return self.counter.tenant("accruals", order_id)


@pytest.fixture
def office(counter: Counter, programme: Programme) -> Office:
    programme.write(pointsPerDollar=1)
    programme.time.go_to(5)
    return Office(counter, programme)


def test_higher_rates_give_the_difference_and_lower_ones_take_it(office: Office) -> None:
    office.sell("a", ANN, 50)
    office.sell("b", ANN, 30.5)
    office.sell("c", BOB, 10)
    office.programme.write(pointsPerDollar=2.5)
    assert (office.balances(ANN), office.balances(BOB)) == ({"available": 80}, {"available": 10})

    assert office.rerate() == {
        "ordersRerated": 3,
        "customersGaining": 2,
        "gainedPoints": (125 + 76 - 80) + 15,
    }
    assert (office.balances(ANN), office.balances(BOB)) == ({"available": 201}, {"available": 25})
    record = office.accrual("b")
    assert (record["points"], record["rate"]["pointsPerDollar"], len(record["lots"])) == (76, "2.5", 1)
    entries = list(office.counter.client.collection("customers", ANN, "ledger").order_by("seq").stream())
    (run_id,) = [run["id"] for run in office.programme.runs("rerating") if not run["params"]["preview"]]
    assert [entry.get("key") for entry in entries[2:]] == [f"order:{order}:rerate:{run_id}" for order in "ab"]
    assert entries[2].get("reason") == "priced anew at 2.5 points a dollar"

    office.programme.write(pointsPerDollar=0.5)
    assert office.rerate(key="down")["customersLosing"] == 2
    assert (office.balances(ANN), office.balances(BOB)) == ({"available": 40}, {"available": 5})
    # An order goes on at the rate it has now.
    office.sell("a", ANN, 100)
    assert office.balances(ANN) == {"available": 65}


def test_a_preview_writes_nothing_to_customers_or_orders(office: Office) -> None:
    office.sell("a", ANN, 50)
    office.programme.write(pointsPerDollar=2)
    before = (office.counter.customer(ANN), office.accrual("a"), office.counter.ledger(ANN))
    run_id, _ = office.preview()
    assert office.totals(run_id) == {"ordersRerated": 1, "customersGaining": 1, "gainedPoints": 50}
    assert (office.counter.customer(ANN), office.accrual("a"), office.counter.ledger(ANN)) == before


def test_what_has_been_spent_becomes_debt_and_is_foreseen(office: Office, till: Till) -> None:
    office.sell("a", ANN, 50)
    points.adjust(till.command("adjust_points"), ANN, -40, "spent")
    office.programme.write(pointsPerDollar=0)
    assert office.rerate() == {
        "ordersRerated": 1,
        "customersLosing": 1,
        "lostPoints": 50,
        "customersBelowZero": 1,
        "debtPoints": 40,
    }
    assert office.balances(ANN) == {"debt": 40}


def test_only_orders_of_the_range_that_count(office: Office) -> None:
    for day in range(5):
        office.sell(f"day{day}", ANN, 10, day=day)
    office.sell("refunded", ANN, 10, day=2)
    office.sell("refunded", ANN, 10, day=2, status="refunded")
    office.programme.write(pointsPerDollar=2)
    assert office.rerate(1, 4)["ordersRerated"] == 3
    rated = {day: office.accrual(f"day{day}")["points"] for day in range(5)}
    first = min(day for day, count in rated.items() if count == 20)
    # The shop's day begins some hours after the day of UTC.
    assert first in (1, 2)
    assert [day for day, count in rated.items() if count == 20] == [first, first + 1, first + 2]


def test_orders_that_are_left_as_they_are(office: Office) -> None:
    office.programme.write(pointsExpireMonths=1)
    office.sell("old", ANN, 10)
    office.programme.time.go_to(60)
    office.programme.write(paused=True, pointsExpireMonths=None)
    office.sell("paused", ANN, 10, day=61)
    office.programme.time.go_to(70)
    office.sell("paused", ANN, 10, day=65)
    office.programme.write(paused=False, pointsPerDollar=2)
    office.programme.time.go_to(120)
    office.sell("new", ANN, 10, day=100)
    office.programme.write(pointsPerDollar=3)
    totals = office.rerate()
    assert {name: count for name, count in totals.items() if name.startswith("orders")} == {
        "ordersRerated": 1,
        "ordersExpired": 1,
        "ordersPaused": 1,
    }


def test_what_had_expired_before_a_pause_is_not_taken_after_it(office: Office) -> None:
    office.programme.write(pointsExpireMonths=1)
    office.sell("old", ANN, 50)
    office.programme.let_time_pass(60)
    assert office.balances(ANN) == {}
    office.programme.write(paused=True)
    office.programme.time.go_to(70)
    # Nothing expires for thirty days.
    office.programme.write(paused=False, pointsPerDollar=0.5)
    office.programme.time.go_to(80)
    office.sell("new", ANN, 40, day=75)
    assert office.rerate()["ordersRerated"] == 1
    assert office.accrual("old")["points"] == 25
    assert office.balances(ANN) == {"available": 20}
    assert office.counter.ledger(ANN)[-2:] == [("unexpire", 25), ("clawback", -25)]


def test_pending_points_stay_pending(office: Office) -> None:
    office.programme.write(pendingDays=30)
    office.sell("a", ANN, 50)
    office.programme.write(pointsPerDollar=3)
    office.rerate()
    assert office.balances(ANN) == {"pending": 150}
    office.programme.write(pointsPerDollar=1)
    office.rerate(key="down")
    assert office.balances(ANN) == {"pending": 50}
    office.sell("a", ANN, 50, status="refunded")
    assert office.balances(ANN) == {}


def test_another_base_is_read_from_the_order(office: Office) -> None:
    office.sell("a", ANN, 50, totals={"total": 50.0, "subtotal": 40.0, "tax": 10.0})
    office.programme.write(earnBase="subtotal")
    assert office.rerate()["lostPoints"] == 10
    office.programme.write(earnBase="total_before_tax", pointsPerDollar=2)
    office.counter.delete("a")
    # Without the order nobody knows its parts.
    preview = office.preview(key="gone")
    assert office.totals(preview[0]) == {"ordersUnpriced": 1}
    office.sell("a", ANN, 50, totals={"total": 50.0, "subtotal": 40.0, "tax": 10.0})


def test_tier_and_equity_count_as_they_did_or_as_they_do(office: Office) -> None:
    office.sell("a", ANN, 50)
    office.counter.client.document("customers", ANN).update({"equityStatus": True})
    office.programme.write(pointsPerDollar=2)
    recorded = office.preview(key="recorded")
    today = office.preview(key="today", keeps_multiplier=False)
    multiplier = 1.2 if office.counter.customer(ANN).get("equityStatus") else 1
    assert office.totals(recorded[0])["gainedPoints"] == 50
    assert office.totals(today[0])["gainedPoints"] == int(100 * multiplier) - 50
    assert recorded[1] != today[1]


class TestConfirming:
    def test_happens_once_however_often_it_is_asked_for(self, office: Office) -> None:
        office.sell("a", ANN, 50)
        office.programme.write(pointsPerDollar=2)
        preview = office.preview()
        first = office.confirm(preview)
        office.programme.queue.deliver()
        office.programme.write(pointsPerDollar=9)
        assert office.confirm(preview) == first
        office.programme.queue.deliver()
        assert office.balances(ANN) == {"available": 100}

    @pytest.mark.parametrize("change", [{"pointsPerDollar": 3}, {"holdMinutes": 7}, {"paused": True}])
    def test_is_refused_under_other_settings(self, office: Office, change: dict[str, Any]) -> None:
        office.programme.write(pointsPerDollar=2)
        preview = office.preview()
        office.programme.write(**change)
        with pytest.raises(FailedPrecondition) as refusal:
            office.confirm(preview)
        assert refusal.value.reason == "settings_changed"

    def test_is_refused_a_day_after_the_preview(self, office: Office) -> None:
        office.sell("a", ANN, 50)
        office.programme.write(pointsPerDollar=2)
        confirmed, forgotten = office.preview(), office.preview(key="forgotten")
        office.programme.time.go_to(5.9)
        begun = office.confirm(confirmed)
        office.programme.time.go_to(6.1)
        with pytest.raises(FailedPrecondition) as refusal:
            office.confirm(forgotten)
        assert refusal.value.reason == "preview_too_old"
        assert office.confirm(confirmed) == begun

    def test_needs_the_previews_own_token_and_its_end(self, office: Office) -> None:
        office.sell("a", ANN, 50)
        office.programme.write(pointsPerDollar=2)
        whole, none = office.preview(), office.preview(-1, 0, key="none")
        wanted = rerating.proposal(ORG, office.day(-1), None, key="running")
        running = runs.start(ORG, wanted.job, wanted.key, wanted.params, ACTOR)
        reasons = []
        for run_id, token in [(whole[0], none[1]), (running.id, whole[1])]:
            with pytest.raises(FailedPrecondition) as refusal:
                rerating.confirmed(ORG, run_id, token)
            reasons.append(refusal.value.reason)
        assert reasons == ["wrong_token", "preview_not_done"]
        with pytest.raises(NotFound):
            rerating.confirmed(ORG, "none", whole[1])
        done = office.confirm(whole)
        office.programme.queue.deliver()
        with pytest.raises(FailedPrecondition):
            rerating.confirmed(ORG, done, whole[1])

    def test_a_range_needs_a_day_and_a_programme_that_runs(self, office: Office) -> None:
        with pytest.raises(InvalidInput):
            rerating.proposal(ORG, office.day(3), office.day(3))
        office.programme.write(paused=True)
        with pytest.raises(FailedPrecondition):
            rerating.proposal(ORG, office.day(0), office.day(3))


def test_it_dies_after_any_write_and_goes_on(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two customers with five orders each, two at a time: every order ends at its rate with one entry."""
    killer = Killer()
    monkeypatch.setattr(rerating, "_CHUNK", 2)
    monkeypatch.setattr(Transaction, "commit", lambda transaction: killer.commit(transaction))
    for number in range(5):
        office.sell(f"a{number}", ANN, 10)
        office.sell(f"b{number}", BOB, 20)
    office.programme.write(pointsPerDollar=2)
    params = {**rerating.proposal(ORG, office.day(-1), None).params, "preview": False}
    store.load(OrgStore(ORG))
    deaths = 0
    for customer_id in (ANN, BOB):
        for after in (1, 1, None):
            killer.arm(after)
            try:
                rerating.visit(OrgStore(ORG), params, customer_id)
            except Killed:
                deaths += 1
        killer.arm(None)
        assert rerating.visit(OrgStore(ORG), params, customer_id) == {}
    assert deaths == 4
    assert (office.balances(ANN), office.balances(BOB)) == ({"available": 100}, {"available": 200})
    assert [len(office.counter.ledger(customer_id)) for customer_id in (ANN, BOB)] == [10, 10]
