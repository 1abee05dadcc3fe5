"""Finding a customer, what it has, the ledger in words, and points moved by hand."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest
from google.cloud.firestore import Increment

from emulator.client import StackClient
from lib.domain.errors import InvalidInput
from lib.usecases import points, settings
from lib.usecases.points import Who
from tests.usecases.till import Answer, Till, same_key

PHONE = "+14155552671"


def check(till: Till, **who: str) -> Answer:
    return points.check(till.org_id, Who(**who))


def adjust(till: Till, customer_id: str, count_points: int, **request: Any) -> Answer:
    command = till.command("adjust_points", **request)
    return points.adjust(command, customer_id, count_points, "gift from the shop")


def history(till: Till, customer_id: str, *, limit: int = 20, cursor: str | None = None) -> Answer:
    return points.history(till.org_id, Who(customer_id=customer_id), cursor=cursor, limit=limit, names_staff=True)


class TestFinding:
    @pytest.mark.parametrize("stored", [PHONE, "14155552671", "4155552671", "(415) 555-2671", "415-555-2671"])
    def test_by_telephone_in_any_form_others_have_stored(self, till: Till, stored: str) -> None:
        till.client.document("customers", "org_a_1").set({"orgId": "org_a", "phone": stored, "points": 7})
        for asked in (PHONE, "415 555 2671"):
            assert check(till, phone=asked)["customerId"] == "org_a_1"

    def test_by_the_ids_others_derive_from_a_telephone(self, till: Till) -> None:
        till.client.document("customers", "org_a_phone_4155552671").set({"points": 7})
        assert check(till, phone=PHONE)["points"] == 7

    def test_by_email(self, till: Till) -> None:
        ann = till.customer("ann", 5)
        assert check(till, email=" ANN@example.com ")["customerId"] == ann

    def test_by_an_identity_on_record(self, till: Till) -> None:
        till.order("order-1", source="alleaves", userId="77", customer={"email": "bob@shop.com", "phone": PHONE})
        assert check(till, phone=PHONE)["customerId"] == check(till, email="bob@shop.com")["customerId"] == "org_a_77"

    def test_a_shopper_by_its_uid(self, till: Till) -> None:
        till.client.document("customers", "org_a_uid7").set({"orgId": "org_a", "points": 3})
        assert check(till, uid="uid7")["points"] == 3

    def test_says_when_several_share_it(self, till: Till) -> None:
        for name in ("org_a_1", "org_a_2"):
            till.client.document("customers", name).set({"orgId": "org_a", "phone": PHONE})
        answer = check(till, phone=PHONE)
        assert (answer["reason"], answer["customerIds"]) == ("several_customers", ["org_a_1", "org_a_2"])

    def test_follows_merges(self, till: Till) -> None:
        ann = till.customer("ann", 5)
        old = {"orgId": "org_a", "phone": PHONE, "archived": True, "mergedInto": ann}
        till.client.document("customers", "org_a_old").set(old)
        assert check(till, customer_id="org_a_old")["customerId"] == check(till, phone=PHONE)["customerId"] == ann

    @pytest.mark.parametrize(
        "who",
        [
            {"customer_id": "nobody"},
            {"customer_id": "org_b_1"},
            {"phone": PHONE},
            {"phone": "000"},
            {"email": "eve@shop.com"},
            {"email": "no-email@alleaves.local"},
            {"uid": "planted"},
        ],
    )
    def test_nobody_of_another_org_and_no_planted_document(self, till: Till, who: dict[str, str]) -> None:
        other = {"orgId": "org_b", "phone": PHONE, "email": "eve@shop.com", "points": 9}
        till.client.document("customers", "org_b_1").set(other)
        till.client.document("customers", "planted").set({"points": 1_000_000})
        assert check(till, **who) == {"ok": False, "reason": "unknown_customer"}


class TestCheck:
    def test_tells_balances_tier_and_the_way_to_the_next(self, till: Till) -> None:
        ann = till.customer("ann", 200)
        till.order("order-1", dollars=350, customerId=ann)
        till.held(ann, order_id="order-2")
        answer = check(till, customer_id=ann)
        assert (answer["points"], answer["available"], answer["reserved"]) == (450, 450, 100)
        assert (answer["tier"], answer["tierName"], answer["tierProgress"]) == ("silver", "Silver", 50)
        assert answer["nextTier"] == {"name": "Gold", "threshold": 500.0, "spendToNext": 150.0}
        assert (answer["source"], answer["alpine"], answer["ages"]["alpine"]) == ("calculated", None, None)
        assert answer["primary"]["lastVisit"]

    def test_shows_a_debt_the_way_the_org_chose(self, till: Till) -> None:
        ann = till.customer("ann")
        till.order("order-1", dollars=100, customerId=ann)
        till.capture(till.held(ann, order_id="order-2"))
        till.order("order-1", status="refunded", customerId=ann)
        assert (check(till, customer_id=ann)["points"], check(till, customer_id=ann)["debt"]) == (0, 100)
        settings.update(till.command("update_loyalty_settings"), {"clawback": "allow_negative"})
        assert check(till, customer_id=ann)["points"] == -100

    def test_is_billed_by_how_the_customer_is_found(self, till: Till, usage: StackClient) -> None:
        till.order("order-1", source="alleaves", userId="77", customer={"email": "bob@shop.com"})
        check(till, customer_id="org_a_77")
        usage.reset_usage()
        check(till, customer_id="org_a_77")
        assert usage.reset_usage()["reads"] == 1
        check(till, email="bob@shop.com")
        assert usage.reset_usage()["reads"] == 2


class TestHistory:
    def test_tells_how_a_customer_came_to_its_points(self, till: Till) -> None:
        ann = till.customer("ann")
        till.order("order-1", dollars=49.99, customerId=ann)
        adjust(till, ann, 60)
        till.capture(till.held(ann, order_id="order-2"))
        told = [entry["explanation"] for entry in history(till, ann)["entries"]]
        assert told[:3] == [
            "Redeemed 100 points for a reward (spent on order order-2)",
            "Set 100 points aside for a reward (held for order order-2)",
            "Added 60 points by hand (gift from the shop)",
        ]
        assert told[3] == "Earned 49 points on order order-1 ($49.99, completed)"

    def test_comes_in_pages_that_prove_each_other(self, till: Till) -> None:
        ann = till.customer("ann")
        for _ in range(7):
            adjust(till, ann, 1)
        seqs: list[int] = []
        cursor: str | None = None
        while True:
            page = history(till, ann, limit=3, cursor=cursor)
            assert page["chain"] == {"intact": True, "brokenAt": None}
            seqs += [entry["seq"] for entry in page["entries"]]
            cursor = page["nextCursor"]
            if cursor is None:
                break
            # What is added meanwhile does not shift the pages.
            adjust(till, ann, 1)
        assert seqs == [7, 6, 5, 4, 3, 2, 1]

    @pytest.mark.parametrize(
        ("change", "broken_at"), [({"points": Increment(5)}, 2), ({"reason": "nicer"}, 2), (None, 1)]
    )
    def test_notices_an_altered_or_missing_entry(
        self, till: Till, change: dict[str, Any] | None, broken_at: int
    ) -> None:
        ann = till.customer("ann")
        for _ in range(3):
            adjust(till, ann, 1)
        entry = till.client.document(f"customers/{ann}/ledger/0000000002")
        _ = entry.update(change) if change else entry.delete()
        first, second = history(till, ann, limit=1), None
        assert first["chain"]["intact"]
        second = history(till, ann, limit=2, cursor=first["nextCursor"])
        assert second["chain"] == {"intact": False, "brokenAt": broken_at}

    def test_of_a_customer_without_entries_is_empty(self, till: Till) -> None:
        answer = history(till, till.customer("ann"))
        assert (answer["entries"], answer["nextCursor"], answer["chain"]["intact"]) == ([], None, True)

    def test_of_nobody_is_refused(self, till: Till) -> None:
        assert history(till, "nobody")["reason"] == "unknown_customer"

    @pytest.mark.parametrize("cursor", ["x", "1", "-1.abc", "1e3.abc", "9" * 20 + ".abc"])
    def test_knows_its_own_cursors(self, till: Till, cursor: str) -> None:
        ann = till.customer("ann", 1)
        with pytest.raises(InvalidInput) as refusal:
            history(till, ann, cursor=cursor)
        assert refusal.value.pointer == "/cursor"


class TestAdjust:
    def test_adds_and_takes_with_a_reason(self, till: Till) -> None:
        ann = till.customer("ann")
        assert adjust(till, ann, 50)["points"] == 50
        answer = adjust(till, ann, -20)
        assert (answer["points"], answer["entry"]["explanation"]) == (
            30,
            "Removed 20 points by hand (gift from the shop)",
        )
        assert answer["entry"]["actor"] == {"type": "staff", "id": "cashier"}
        till.assert_sound()

    def test_takes_no_more_than_is_free(self, till: Till) -> None:
        ann = till.customer("ann", 150)
        till.held(ann)
        answer = adjust(till, ann, -51)
        assert (answer["reason"], answer["balances"]["available"]) == ("insufficient_points", 50)
        assert adjust(till, ann, -50)["points"] == 0
        till.assert_sound()

    def test_what_is_added_expires_as_if_earned_now(self, till: Till) -> None:
        settings.update(till.command("update_loyalty_settings"), {"pointsExpireMonths": 12})
        ann = till.customer("ann", 10)
        (lot,) = till.read(f"customers/{ann}")["loyalty"]["lots"]
        assert lot["expiresAt"].astimezone(ZoneInfo("America/New_York")).day == 1

    def test_opens_the_ledger_with_what_was_there(self, till: Till) -> None:
        till.client.document("customers", "org_a_old").set({"orgId": "org_a", "points": 70, "orderCount": 1})
        assert adjust(till, "org_a_old", 5)["points"] == 75
        assert till.kinds("org_a_old") == ["adjust", "adjust"]
        till.assert_sound()

    def test_happens_once_for_a_key(self, till: Till) -> None:
        ann = till.customer("ann")
        command = till.command("adjust_points")
        first = points.adjust(command, ann, 5, "sorry")
        assert points.adjust(same_key(command), ann, 5, "sorry") == first
        assert till.points(ann) == 5

    def test_nobodys_points_cannot_be_moved(self, till: Till) -> None:
        eve = Till(till.client, "org_b").customer("eve", 10)
        for customer_id in (eve, "nobody"):
            assert adjust(till, customer_id, 5)["reason"] == "unknown_customer"
