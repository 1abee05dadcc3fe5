"""A pause: nothing is earned, redeemed or lost meanwhile; what was bought is made up for or not, as the shop says."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from lib.store import recording
from lib.store import settings as store
from lib.store.org import OrgStore
from lib.usecases import menu, redemptions
from lib.usecases.orders import OrderChange, record_order
from tests.usecases.counter import ANN, ORG, Counter, pos
from tests.usecases.programme import Programme
from tests.usecases.till import Till

BEFORE, PAUSE, MEANWHILE, RESUME, AFTER, LATER = 10, 20, 30, 40, 50, 60
"""Days of a test."""
MOMENT = timedelta(milliseconds=1)


@dataclass
class Sales:
    """Orders of Ann's, each of 50 dollars, placed on one day and heard of on another."""

    counter: Counter
    programme: Programme

    def change(self, *, placed: float | None = None, **fields: Any) -> OrderChange:
        date = {} if placed is None else {"createdAt": self.programme.time.on(placed)}
        return self.counter.write("order", **{**pos("77"), **date, **fields})

    def sell(self, **fields: Any) -> None:
        record_order(self.change(**fields))

    def pause(self, policy: str = "skip") -> None:
        self.programme.time.go_to(PAUSE)
        self.programme.write(paused=True, pausedOrders=policy)

    def resume(self) -> None:
        self.programme.time.go_to(RESUME)
        self.programme.write(paused=False)

    @property
    def points(self) -> int:
        shown: int = self.counter.customer(ANN).get("points", 0)
        return shown


@pytest.fixture
def sales(counter: Counter, programme: Programme) -> Sales:
    """A shop that earns a point a dollar."""
    programme.write(pointsPerDollar=1)
    return Sales(counter, programme)


@pytest.mark.parametrize("policy", ["skip", "accrue_on_resume"])
@pytest.mark.parametrize(
    ("placed", "heard", "earns"),
    [
        (BEFORE, BEFORE, "always"),
        (BEFORE, MEANWHILE, "always"),
        (BEFORE, AFTER, "always"),
        (PAUSE - 0.001, MEANWHILE, "always"),
        (PAUSE + 0.001, MEANWHILE, "if made up for"),
        (MEANWHILE, MEANWHILE, "if made up for"),
        (MEANWHILE, AFTER, "if made up for"),
        (RESUME - 0.001, AFTER, "if made up for"),
        (RESUME + 0.001, AFTER, "always"),
        (AFTER, AFTER, "always"),
    ],
)
def test_an_order_earns_by_when_it_was_placed(
    sales: Sales, policy: str, placed: float, heard: float, earns: str
) -> None:
    steps = sorted([(PAUSE, "pause"), (RESUME, "resume"), (heard, "hear")])
    change = None
    for day, step in steps:
        sales.programme.time.go_to(day)
        if step == "pause":
            sales.pause(policy)
        elif step == "resume":
            before = sales.points
            sales.resume()
            made_up_for = sales.points - before
        else:
            change = sales.change(placed=placed)
            record_order(change)
    expected = 50 if earns == "always" or policy == "accrue_on_resume" else 0
    assert sales.points == expected
    assert made_up_for == (50 if heard == MEANWHILE and earns != "always" and policy == "accrue_on_resume" else 0)
    # Whatever comes again changes nothing.
    assert change
    record_order(change)
    sales.programme.tell({**sales.programme.stored(), "paused": True})
    sales.programme.queue.deliver()
    assert sales.points == expected


EDIT, REFUND, BACK = {"totals": {"total": 80.0}}, {"status": "refunded"}, {"status": "completed"}


@pytest.mark.parametrize(
    ("meanwhile", "afterwards", "points"),
    [
        ([EDIT], [], {"skip": 0, "accrue_on_resume": 80}),
        ([], [EDIT], {"skip": 0, "accrue_on_resume": 80}),
        ([REFUND], [], {"skip": 0, "accrue_on_resume": 0}),
        ([], [REFUND], {"skip": 0, "accrue_on_resume": 0}),
        ([REFUND], [BACK], {"skip": 0, "accrue_on_resume": 50}),
        ([REFUND, BACK], [EDIT], {"skip": 0, "accrue_on_resume": 80}),
        ([], [REFUND, BACK], {"skip": 0, "accrue_on_resume": 50}),
    ],
)
@pytest.mark.parametrize("policy", ["skip", "accrue_on_resume"])
def test_edits_and_refunds_of_an_order_of_the_pause(
    sales: Sales,
    policy: str,
    meanwhile: list[dict[str, Any]],
    afterwards: list[dict[str, Any]],
    points: dict[str, int],
) -> None:
    sales.pause(policy)
    sales.programme.time.go_to(MEANWHILE)
    sales.sell(placed=MEANWHILE)
    for step in meanwhile:
        sales.sell(**step)
    assert sales.points == 0
    sales.resume()
    sales.programme.time.go_to(AFTER)
    for step in afterwards:
        sales.sell(**step)
    assert sales.points == points[policy]


def test_what_is_made_up_for_is_priced_by_the_rates_of_the_resume(sales: Sales) -> None:
    sales.pause("accrue_on_resume")
    sales.programme.time.go_to(MEANWHILE)
    sales.sell(placed=MEANWHILE)
    sales.programme.time.go_to(RESUME)
    sales.programme.write(works=False, paused=False, pointsPerDollar=2, pointsExpireMonths=1)
    sales.programme.write(works=False, pointsPerDollar=9)
    sales.programme.queue.deliver()
    assert sales.points == 100
    record = sales.counter.tenant("accruals", "order")
    assert (record["rate"]["pointsPerDollar"], record["rate"]["paused"]) == ("2", False)
    # They live from the resume, not from an order that nobody could redeem points of.
    assert record["rate"]["expiresAt"] > sales.programme.time.on(RESUME + 28)
    (entry,) = sales.counter.client.collection("customers", ANN, "ledger").stream()
    assert entry.get("reason") == "placed while the programme was paused"


@pytest.mark.parametrize("heard", [MEANWHILE, AFTER])
def test_points_of_the_pause_live_from_the_resume_whenever_their_order_is_heard_of(sales: Sales, heard: float) -> None:
    sales.programme.write(pointsExpireMonths=1, expiryRounding="day_end")
    sales.pause("accrue_on_resume")
    for day in sorted([heard, RESUME]):
        sales.programme.time.go_to(day)
        if day == RESUME:
            sales.resume()
        else:
            sales.sell(placed=PAUSE + 1)
    assert sales.counter.tenant("accruals", "order")["rate"]["expiresAt"] > sales.programme.time.on(RESUME + 28)


def test_an_instance_that_has_not_heard_of_the_resume_takes_no_order_for_one_of_the_pause(sales: Sales) -> None:
    sales.pause()
    before = store.load(OrgStore(ORG))
    assert before.paused
    sales.programme.time.go_to(RESUME)
    document = sales.counter.client.document("tenants", ORG, "settings", "loyalty")
    document.update({"paused": False, "resumedAt": sales.programme.time.now()})
    assert store.load(OrgStore(ORG)) == before
    sales.sell(placed=RESUME + 0.001)
    assert sales.points == 50
    menu.publish(ORG)


def test_an_order_that_the_resume_overtakes_is_not_forgotten(sales: Sales, monkeypatch: pytest.MonkeyPatch) -> None:
    sales.pause("accrue_on_resume")
    sales.programme.time.go_to(MEANWHILE)
    change = sales.change(placed=MEANWHILE)
    read = recording.read

    def read_after_the_resume(*args: Any) -> Any:
        monkeypatch.setattr(recording, "read", read)
        sales.resume()
        return read(*args)

    monkeypatch.setattr(recording, "read", read_after_the_resume)
    record_order(change)
    # The run that makes up for orders was over before this one had a record.
    assert [run["members"] for run in sales.programme.runs("resume")] == [0]
    assert sales.points == 50
    assert not sales.counter.tenant("accruals", "order")["rate"]["paused"]


def test_orders_of_a_pause_that_was_to_be_skipped_stay_so_after_the_next(sales: Sales) -> None:
    sales.pause("skip")
    sales.programme.time.go_to(MEANWHILE)
    sales.sell(placed=MEANWHILE)
    sales.resume()
    sales.programme.time.go_to(AFTER)
    sales.programme.write(paused=True, pausedOrders="accrue_on_resume")
    sales.programme.time.go_to(LATER)
    sales.programme.write(paused=False)
    assert sales.points == 0
    (run,) = sales.programme.runs("resume")
    assert (run["members"], run["totals"]["visited"], "ordersMadeUpFor" in run["totals"]) == (1, 1, False)


def test_a_programme_paused_from_before_dates_were_kept(sales: Sales) -> None:
    settings = sales.counter.client.document("tenants", ORG, "settings", "loyalty")
    settings.set({"paused": True, "pausedOrders": "accrue_on_resume"})
    store.forget(OrgStore(ORG))
    sales.programme.time.go_to(200)
    sales.sell()
    assert sales.points == 0
    sales.programme.write(paused=False)
    assert sales.points == 50


@pytest.mark.parametrize("change", ["pause", "resume"])
def test_until_the_date_of_a_change_is_noted_it_is_when_the_settings_were_last_written(
    sales: Sales, change: str
) -> None:
    settings = sales.counter.client.document("tenants", ORG, "settings", "loyalty")
    sales.programme.time.go_to(200)
    if change == "resume":
        settings.update({"paused": True, "pausedAt": sales.programme.time.on(PAUSE)})
    store.forget(OrgStore(ORG))
    stored = sales.programme.stored()
    settings.update({"paused": change == "pause"})
    written_at = settings.get().update_time
    earns = {"early": change == "pause", "late": change == "resume"}
    for order_id, placed_at in {"early": written_at - MOMENT, "late": written_at}.items():
        record_order(sales.counter.write(order_id, **{**pos("77"), "createdAt": placed_at}))
        assert sales.counter.tenant("accruals", order_id)["rate"]["paused"] is not earns[order_id]
    assert sales.points == 50
    sales.programme.tell(stored)
    sales.programme.queue.deliver()
    assert sales.points == 50


def test_nothing_is_lost_while_it_lasts_nor_for_thirty_days_after(sales: Sales) -> None:
    policy = {"inactivityDays": 15, "graceDays": 10, "noticeDays": 0}
    sales.programme.write(pointsExpireMonths=1, expiryRounding="day_end", tierPolicy=policy, expiryWarningDays=7)
    sales.sell(placed=0, totals={"total": 300.0})
    assert sales.counter.customer(ANN)["tier"] == "silver"
    sales.pause()
    sales.programme.let_time_pass(100)
    ann = sales.counter.customer(ANN)
    assert (ann["points"], ann["tier"], ann["duePointsAt"], ann["dueTierAt"]) == (300, "silver", None, None)

    sales.programme.time.go_to(100)
    sales.programme.write(paused=False)
    resumed_at = sales.programme.stored()["resumedAt"]
    ann = sales.counter.customer(ANN)
    assert round((ann["duePointsAt"] - resumed_at).total_seconds() / 86400) == 30 - 7
    assert round((ann["dueTierAt"] - resumed_at).total_seconds() / 86400) == 10

    sales.programme.let_time_pass(124)
    notices = [it.to_dict() or {} for it in sales.counter.client.collection("tenants", ORG, "notices").stream()]
    (warning,) = [it["facts"] for it in notices if it["kind"] == "points_expiring"]
    assert (warning["points"], round((warning["expiresAt"] - resumed_at).total_seconds() / 86400)) == (300, 30)
    assert (sales.points, sales.counter.customer(ANN)["tier"]) == (300, "bronze")
    sales.programme.let_time_pass(131)
    assert sales.points == 0


def test_between_the_dashboards_resume_and_our_hearing_of_it_nothing_expires(sales: Sales) -> None:
    sales.programme.write(pointsExpireMonths=1)
    sales.sell(placed=0)
    sales.pause()
    sales.programme.time.go_to(150)
    before = sales.programme.stored()
    sales.counter.client.document("tenants", ORG, "settings", "loyalty").update({"paused": False})
    store.forget(OrgStore(ORG))
    sales.programme.let_time_pass(150)
    assert sales.points == 50
    sales.programme.tell(before)
    sales.programme.queue.deliver()
    assert sales.points == 50


def test_holds_are_kept_and_can_be_taken_up_again(sales: Sales, till: Till) -> None:
    sales.sell(placed=0, totals={"total": 500.0})
    sales.programme.time.go_to(PAUSE)
    held = till.hold(ANN, 100, command=till.command("hold_redemption", minutes=(PAUSE - 200) * 24 * 60))
    assert held["ok"], held
    sales.pause()
    sales.programme.time.go_to(MEANWHILE)
    assert redemptions.end_due()["kept"] == 1
    assert sales.counter.customer(ANN)["loyalty"]["balances"]["reserved"] == 100
    refused = till.hold(ANN, 100, command=till.command("hold_redemption", minutes=(MEANWHILE - 200) * 24 * 60))
    assert refused["reason"] == "paused"
    sales.resume()
    sales.programme.time.go_to(AFTER)
    assert redemptions.end_due()["ended"] == 1
    assert sales.points == 500
