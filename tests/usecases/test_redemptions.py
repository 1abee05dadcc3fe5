"""Redeeming at checkout, from document to document; after every scenario all invariants hold."""

from collections.abc import Iterator

import pytest

from emulator.client import StackClient
from lib.domain.checkout import TillOrder, Wish
from lib.domain.errors import NotFound
from lib.domain.ledger import Actor
from lib.usecases import customers, points, redemptions, settings
from tests.usecases.till import Till

STAFF = Actor("staff", "cashier")


@pytest.fixture(autouse=True)
def _sound(till: Till) -> Iterator[None]:
    yield
    till.assert_sound()


class TestHold:
    def test_sets_points_aside(self, till: Till) -> None:
        ann = till.customer("ann", 150)
        answer = till.hold(ann, total_cents=49_99)
        assert answer["balances"] == {"available": 50, "pending": 0, "reserved": 100, "debt": 0}
        stored = till.redemption(answer["redemption"]["id"])
        expected = {
            "customerId": ann,
            "orderId": "order-1",
            "state": "held",
            "points": 100,
            "rewardTierId": "small",
            "rewardValueCents": 5_00,
            "rewardValue": 5.0,
            "capturedPoints": 0,
            "capturedAt": None,
            "seqs": [2],
            "actor": {"type": "staff", "id": "cashier"},
        }
        assert {name: stored[name] for name in expected} == expected
        assert (stored["expiresAt"] - stored["heldAt"]).total_seconds() == 30 * 60
        assert till.points(ann) == 50

    def test_one_point_too_few_is_refused_and_leaves_no_trace(self, till: Till) -> None:
        ann = till.customer("ann", 99)
        answer = till.hold(ann, 100)
        assert (answer["ok"], answer["reason"]) == (False, "insufficient_points")
        assert answer["balances"]["available"] == 99
        assert till.kinds(ann) == ["adjust"]

    def test_the_refusal_offers_what_fits(self, till: Till) -> None:
        answer = till.hold(till.customer("ann", 600), 500, total_cents=20_00)
        assert answer["reason"] == "exceeds_order_total"
        assert (answer["offer"]["rewardTierId"], answer["offer"]["rewardValue"]) == ("medium", 15.0)

    def test_a_second_hold_on_the_order_is_refused_whoever_asks(self, till: Till) -> None:
        till.held(till.customer("ann", 100))
        assert till.hold(till.customer("bob", 100))["reason"] == "order_already_has_hold"

    def test_a_hold_that_timed_out_makes_room_for_the_next(self, till: Till) -> None:
        ann = till.customer("ann", 100)
        first = till.held(ann)
        second = till.held(ann, command=till.command("hold_redemption", minutes=31))
        assert (till.redemption(first)["state"], till.redemption(second)["state"]) == ("expired", "held")
        assert till.kinds(ann) == ["adjust", "hold", "void", "hold"]

    def test_an_order_that_was_returned_takes_no_reward(self, till: Till) -> None:
        ann = till.customer("ann", 100)
        till.order("order-1", status="cancelled")
        assert till.hold(ann)["reason"] == "order_returned"

    def test_a_paid_order_that_is_smaller_than_the_till_says_counts(self, till: Till) -> None:
        ann = till.customer("ann", 500)
        till.order("order-1", dollars=20, customerId=ann)
        assert till.hold(ann, 500)["reason"] == "exceeds_order_total"

    def test_another_orgs_customer_is_unknown(self, till: Till) -> None:
        eve = Till(till.client, "org_b").customer("eve", 100)
        till.customer("ann", 100)
        for customer_id in (eve, "nobody"):
            assert till.hold(customer_id)["reason"] == "unknown_customer"

    def test_points_from_before_the_ledger_can_be_redeemed(self, till: Till) -> None:
        till.client.document("customers", "org_a_old").set({"orgId": "org_a", "points": 120, "orderCount": 2})
        till.held("org_a_old")
        assert till.kinds("org_a_old") == ["adjust", "hold"]
        assert till.points("org_a_old") == 20

    def test_a_paused_programme_honours_the_holds_it_has_granted(self, till: Till) -> None:
        ann = till.customer("ann", 200)
        redemption_id = till.held(ann)
        settings.set_paused(till.command("pause_loyalty"), paused=True)
        assert till.hold(ann, order_id="order-2")["reason"] == "paused"
        assert till.capture(redemption_id)["ok"]

    def test_a_merged_customer_is_followed(self, till: Till) -> None:
        ann = till.customer("ann", 100)
        till.client.document("customers", "org_a_twin").set({"orgId": "org_a", "archived": True, "mergedInto": ann})
        answer = till.hold("org_a_twin")
        assert answer["redemption"]["customerId"] == ann


class TestCapture:
    def test_spends_the_hold_and_tells_the_timeline(self, till: Till) -> None:
        ann = till.customer("ann", 150)
        answer = till.capture(till.held(ann))
        assert answer["redemption"]["state"] == "captured"
        assert answer["balances"] == {"available": 50, "pending": 0, "reserved": 0, "debt": 0}
        rows = till.client.collection("customer_activities").stream()
        row = next(row for row in rows if row.get("type") == "points_redeemed")
        assert row.get("metadata") == {
            "orderId": "order-1",
            "pointsRedeemed": 100,
            "dollarValue": 5.0,
            "previousPoints": 150,
            "newPoints": 50,
            "redemptionId": answer["redemption"]["id"],
        }
        assert (row.get("orgId"), row.get("customerId")) == ("org_a", ann)

    def test_a_part_is_worth_its_share(self, till: Till) -> None:
        ann = till.customer("ann", 100)
        answer = till.capture(till.held(ann), 40)
        assert (answer["redemption"]["capturedPoints"], answer["redemption"]["capturedValue"]) == (40, 2.0)
        assert till.points(ann) == 60

    def test_more_than_is_held_is_refused(self, till: Till) -> None:
        ann = till.customer("ann", 500)
        assert till.capture(till.held(ann), 101)["reason"] == "exceeds_hold"

    def test_a_hold_whose_time_is_over_is_refused_and_its_points_return(self, till: Till) -> None:
        ann = till.customer("ann", 100)
        redemption_id = till.held(ann)
        for minutes in (30, 31):
            assert till.capture(redemption_id, minutes=minutes)["reason"] == "hold_expired"
        assert till.redemption(redemption_id)["state"] == "expired"
        assert till.points(ann) == 100
        assert till.kinds(ann) == ["adjust", "hold", "void"]

    def test_pays_a_debt_from_what_comes_back(self, till: Till) -> None:
        ann = till.customer("ann", 100)
        till.order("order-9", dollars=50, customerId=ann)
        redemption_id = till.held(ann)
        points.adjust(till.command("adjust_points"), ann, -50, "counted twice")
        till.order("order-9", status="refunded", customerId=ann)
        assert till.read(f"customers/{ann}")["loyalty"]["balances"]["debt"] == 50
        answer = till.capture(redemption_id, 30)
        assert answer["balances"] == {"available": 20, "pending": 0, "reserved": 0, "debt": 0}


class TestGivingBack:
    def test_a_void_returns_the_points_once(self, till: Till) -> None:
        ann = till.customer("ann", 100)
        redemption_id = till.held(ann)
        assert till.void(redemption_id)["redemption"]["state"] == "voided"
        assert till.void(redemption_id)["reason"] == "already_voided"
        assert till.capture(redemption_id)["reason"] == "already_voided"
        assert till.points(ann) == 100

    def test_a_captured_reward_goes_back_once(self, till: Till) -> None:
        ann = till.customer("ann", 100)
        redemption_id = till.held(ann)
        assert till.reinstate(redemption_id)["reason"] == "not_captured"
        till.capture(redemption_id)
        assert till.reinstate(redemption_id)["redemption"]["reinstatedAt"]
        assert till.reinstate(redemption_id)["reason"] == "already_reinstated"
        assert till.points(ann) == 100

    def test_a_cancelled_order_gives_everything_back_once(self, till: Till) -> None:
        ann, bob = till.customer("ann", 100), till.customer("bob", 100)
        till.order("order-1", customerId=ann, status="ready")
        captured = till.held(ann)
        till.capture(captured)
        held = till.held(bob)
        for status in ("cancelled", "refunded"):
            till.order("order-1", status=status, customerId=ann)
        assert (till.points(ann), till.points(bob)) == (100, 100)
        assert till.redemption(captured)["reinstatedAt"]
        assert till.redemption(held)["state"] == "voided"
        assert till.capture(held)["reason"] == "already_voided"
        assert till.reinstate(captured)["reason"] == "already_reinstated"

    def test_a_cancellation_that_was_missed_is_made_up_for(self, till: Till) -> None:
        ann = till.customer("ann", 100)
        till.capture(till.held(ann))
        till.client.document("orders/order-1").set({"orgId": "org_a", "status": "cancelled", "customerId": ann})
        for recorded in (1, 0):
            assert customers.sync(till.command("sync_customer"), ann)["ordersRecorded"] == recorded
            assert till.points(ann) == 100

    def test_an_order_that_moves_to_another_org_leaves_its_rewards_behind(self, till: Till) -> None:
        ann, bob = till.customer("ann", 100), till.customer("bob", 100)
        till.order("order-1", source="alleaves", userId="77")
        captured = till.held(ann)
        till.capture(captured)
        held = till.held(bob)
        till.order("order-1", orgId="org_b")
        assert (till.points(ann), till.points(bob)) == (100, 100)
        assert till.redemption(captured)["reinstatedAt"]
        assert till.redemption(held)["state"] == "voided"


class TestTimeOut:
    def test_a_forgotten_hold_does_not_keep_points_from_the_next_order(self, till: Till) -> None:
        ann = till.customer("ann", 100)
        forgotten = till.held(ann, order_id="left-standing")
        assert till.hold(ann, order_id="order-2")["reason"] == "insufficient_points"
        later = till.command("hold_redemption", minutes=31)
        assert till.hold(ann, order_id="order-2", command=later)["ok"]
        assert till.redemption(forgotten)["state"] == "expired"
        assert till.kinds(ann) == ["adjust", "hold", "void", "hold"]

    def test_points_of_a_forgotten_hold_can_be_taken_away_by_hand(self, till: Till) -> None:
        ann = till.customer("ann", 100)
        forgotten = till.held(ann)
        early, late = (till.command("adjust_points", minutes=minutes) for minutes in (29, 30))
        assert points.adjust(early, ann, -100, "counted twice")["reason"] == "insufficient_points"
        assert points.adjust(late, ann, -100, "counted twice")["points"] == 0
        assert till.redemption(forgotten)["state"] == "expired"

    def test_what_is_shown_counts_forgotten_points_as_free(self, till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
        ann = till.customer("ann", 100)
        till.held(ann)
        assert points.check("org_a", points.Who(customer_id=ann))["points"] == 0
        assert redemptions.quote("org_a", STAFF, ann, None)["available"] == 0
        later = till.command(minutes=31).at
        monkeypatch.setattr("lib.platform.clock.now", lambda: later)
        assert points.check("org_a", points.Who(customer_id=ann))["points"] == 100
        assert redemptions.quote("org_a", STAFF, ann, None)["best"]["points"] == 100
        assert till.kinds(ann) == ["adjust", "hold"]


def test_another_orgs_redemption_does_not_exist(till: Till) -> None:
    ann = till.customer("ann", 200)
    held, other = till.held(ann), Till(till.client, "org_b")
    for step in (other.capture, other.void, other.reinstate):
        with pytest.raises(NotFound):
            step(held)
    assert till.redemption(held)["state"] == "held"


class TestQuote:
    def test_says_what_can_be_had_on_an_order(self, till: Till) -> None:
        ann = till.customer("ann", 300)
        answer = redemptions.quote("org_a", STAFF, ann, TillOrder("order-1", 14_99))
        assert [(option["rewardTierId"], option["reason"]) for option in answer["options"]] == [
            ("small", None),
            ("medium", "exceeds_order_total"),
            ("large", "insufficient_points"),
        ]
        assert answer["best"]["rewardTierId"] == "small"

    def test_without_an_order_says_what_could_be_had_on_any(self, till: Till) -> None:
        ann = till.customer("ann", 300)
        till.held(ann, 100)
        answer = redemptions.quote("org_a", STAFF, ann, None)
        assert (answer["available"], answer["best"]["points"]) == (200, 100)

    def test_writes_nothing(self, till: Till) -> None:
        ann = till.customer("ann", 100)
        redemptions.quote("org_a", STAFF, ann, TillOrder("order-1", 14_99))
        assert till.kinds(ann) == ["adjust"]


def test_what_each_call_is_billed(till: Till, usage: StackClient) -> None:
    ann = till.customer("ann", 300)
    order, wish = TillOrder("order-1", 50_00), Wish(100)
    hold, capture = till.command("hold_redemption"), till.command("capture_redemption")
    reinstate = till.command("reinstate_redemption")

    def billed(call: object) -> tuple[int, int]:
        assert callable(call)
        usage.reset_usage()
        assert call()["ok"]
        spent = usage.usage()
        return spent["reads"], spent["writes"]

    assert billed(lambda: redemptions.quote("org_a", STAFF, ann, order)) == (3, 0)
    assert billed(lambda: redemptions.hold(hold, ann, order, wish)) == (4, 4)
    assert billed(lambda: redemptions.hold(hold, ann, order, wish)) == (1, 0)
    assert billed(lambda: redemptions.capture(capture, hold.id_of("redemption"), None)) == (3, 5)
    assert billed(lambda: redemptions.capture(capture, hold.id_of("redemption"), None)) == (1, 0)
    assert billed(lambda: redemptions.reinstate(reinstate, hold.id_of("redemption"), "x")) == (3, 4)
    assert billed(lambda: points.check("org_a", points.Who(customer_id=ann))) == (1, 0)
    open_hold = till.held(ann, order_id="order-2")
    assert billed(lambda: points.check("org_a", points.Who(customer_id=ann))) == (2, 0)
    assert billed(lambda: redemptions.quote("org_a", STAFF, ann, order)) == (4, 0)
    assert billed(lambda: till.void(open_hold)) == (3, 4)
    assert billed(lambda: points.adjust(till.command("adjust_points"), ann, 5, "sorry")) == (2, 3)
