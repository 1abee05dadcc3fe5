"""Nights: who is compared with whom, what becomes of a difference, and that a quiet night writes nothing."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from emulator.client import StackClient
from lib.platform import clock
from lib.store.org import OrgStore
from lib.usecases import points, reconciliation
from lib.usecases.reconciliation import syncing
from tests.usecases.reconciliation.shop import Shop
from tests.usecases.reconciliation.shop import number as shop_number

Open = Callable[..., Shop]


class TestWhatANightDoes:
    def test_sides_that_agree_are_taken_down(self, shop: Shop) -> None:
        ada = shop.both("ada", 100, 100, loyaltyTier="Gold")
        assert shop.night() == {"customers": 1, "matched": 1, "agreed": 1, "compared": 1}
        assert shop.shown(ada) == {
            "points": 100,
            "pointsFromAlpine": 100,
            "alpineTier": "Gold",
            "loyaltyReconciled": True,
            "loyaltyDiscrepancy": 0,
            "alpineUserId": "ada",
        }
        assert shop.till.read(f"customers/{ada}")["tierSource"] == "calculated"
        assert shop.discrepancy(ada) is None

    def test_above_the_threshold_their_figure_becomes_ours_by_an_entry(self, shop: Shop) -> None:
        ada, ben = shop.both("ada", 100, 250), shop.both("ben", 250, 100)
        counts = shop.night()
        assert (counts["overridden"], counts["pointsAdded"], counts["pointsTaken"]) == (2, 150, 150)
        assert (shop.till.points(ada), shop.till.points(ben)) == (250, 100)
        entry = shop.client.document(f"customers/{ada}/ledger/0000000002").get().to_dict() or {}
        assert (entry["kind"], entry["reason"]) == ("reconcile", "Alpine IQ says 250, calculated 100")
        found = shop.discrepancy(ada) or {}
        assert (found["state"], found["resolution"], found["difference"], found["remaining"]) == (
            "resolved", "overridden", 150, 0
        )  # fmt: skip
        assert (found["calculated"], found["alpine"], found["stored"]) == (100, 250, 100)
        assert shop.shown(ada)["loyaltyReconciled"] is True

    def test_their_zero_is_a_figure_and_theirs(self, shop: Shop) -> None:
        ada = shop.both("ada", 420, 0)
        assert shop.night()["overridden"] == 1
        assert shop.till.points(ada) == 0

    @pytest.mark.parametrize(
        ("theirs", "counted"), [({"loyalty": False}, "notMembers"), ({"loyaltyPoints": None}, "unknown")]
    )
    def test_no_member_and_no_figure_change_nothing(self, shop: Shop, theirs: dict[str, Any], counted: str) -> None:
        ada = shop.customer("ada", 100)
        shop.contact("ada", 50)
        shop.sandbox.put(shop.uid, "contacts", [{"contactID": "ada", **theirs}])
        assert shop.night()[counted] == 1
        assert shop.till.points(ada) == 100
        assert shop.shown(ada)["pointsFromAlpine"] is None

    def test_a_difference_under_another_policy_is_opened(self, open_shop: Open) -> None:
        shop = open_shop(policy="alert_only")
        ada = shop.both("ada", 100, 250)
        assert shop.night()["open"] == 1
        assert shop.till.points(ada) == 100
        assert shop.shown(ada)["loyaltyReconciled"] is False
        assert shop.shown(ada)["loyaltyDiscrepancy"] == 150
        assert (shop.discrepancy(ada) or {})["state"] == "open"
        assert shop.night()["unchanged"] == 1
        shop.contact("ada", 105)
        assert shop.night()["agreed"] == 1
        assert (shop.discrepancy(ada) or {})["resolution"] == "agreed"
        assert len((shop.discrepancy(ada) or {})["history"]) == 2

    def test_other_terms_have_everybody_compared_again(self, open_shop: Open) -> None:
        shop = open_shop(policy="alert_only")
        ada = shop.both("ada", 100, 250)
        shop.night()
        shop.connect(policy="alpine_wins")
        assert shop.night()["overridden"] == 1
        assert shop.till.points(ada) == 250

    def test_points_redeemed_here_do_not_come_back(self, shop: Shop) -> None:
        ada = shop.both("ada", 500, 500)
        shop.night()
        shop.till.capture(shop.till.held(ada, 100))
        shop.time.pass_(days=3)
        assert shop.night()["open"] == 1
        assert shop.till.points(ada) == 400
        found = shop.discrepancy(ada) or {}
        assert (found["hindrance"], found["remaining"]) == ("redeemed_here", 100)

    def test_points_set_aside_are_not_taken(self, shop: Shop) -> None:
        ada = shop.both("ada", 300, 50)
        hold = shop.till.held(ada, 100)
        shop.night()
        assert shop.state(ada) == "open"
        assert (shop.till.points(ada), (shop.discrepancy(ada) or {})["hindrance"]) == (0, "reserved")
        shop.till.void(hold)
        shop.night()
        assert (shop.state(ada), shop.till.points(ada)) == ("overridden", 50)


class TestWaiting:
    def test_a_figure_that_cannot_show_our_last_entry_is_waited_for(self, open_shop: Open) -> None:
        shop = open_shop(lagHours=6)
        ada = shop.both("ada", 100, 50)
        assert shop.night()["waiting"] == 1
        assert shop.shown(ada)["loyaltyReconciled"] is False
        assert shop.till.read(f"customers/{ada}")["alpine"]["since"] is not None
        shop.time.pass_(hours=7)
        assert shop.night()["overridden"] == 1

    def test_but_no_longer_than_a_stated_time(self, open_shop: Open) -> None:
        shop = open_shop(freshnessHours=24)
        ada = shop.both("ada", 100, 50, lastPurchase="2026-01-01T00:00:00Z")
        shop.night()
        assert shop.state(ada) == "waiting"
        shop.time.pass_(hours=25)
        shop.night()
        assert (shop.state(ada), (shop.discrepancy(ada) or {})["stale"]) == ("overridden", True)

    def test_who_buys_every_day_is_shown_to_a_person_in_the_end(self, open_shop: Open) -> None:
        shop = open_shop(freshnessHours=24)
        ada = shop.both("ada", 100, 50, lastPurchase="2026-01-01T00:00:00Z")
        states = []
        for _ in range(4):
            shop.night()
            states.append(shop.state(ada))
            shop.time.pass_(hours=13)
            points.adjust(shop.till.command("adjust_points"), ada, 1, "bought again")
        assert states == ["waiting", "waiting", "open", "waiting"]
        assert ((shop.discrepancy(ada) or {})["state"], shop.till.points(ada)) == ("open", 104)

    def test_what_their_list_of_changes_tells_counts(self, shop: Shop) -> None:
        ada = shop.both("ada", 100, 100, lastPurchase="2026-01-01T00:00:00Z")
        shop.sandbox.ask("POST", f"/accounts/{shop.uid}/redemptions", {"contactID": "ada", "points": 60})
        assert shop.night()["overridden"] == 1
        assert shop.till.points(ada) == 40


class TestWhen:
    @pytest.mark.parametrize(
        ("day", "hour"),
        [("2027-01-15", 2), ("2027-03-14", 3), ("2027-11-07", 2)],
        ids=["any night", "no such hour", "one o'clock twice"],
    )
    def test_every_night_has_one(self, shop: Shop, monkeypatch: pytest.MonkeyPatch, day: str, hour: int) -> None:
        zone, begun = ZoneInfo("America/New_York"), []
        midnight = datetime.fromisoformat(f"{day}T00:41").replace(tzinfo=zone).astimezone(UTC)
        for hours in range(23):
            now = midnight + timedelta(hours=hours)
            monkeypatch.setattr(clock, "now", lambda now=now: now)
            begun += [(now.astimezone(zone).hour, key) for _, key, _ in reconciliation.due()]
        assert begun == [(hour, f"nightly:{day}")]


class TestWhoIsWho:
    def test_by_contact_id_then_telephone_then_address(self, shop: Shop) -> None:
        by_id = shop.customer("ada", 10, alpineUserId="c9")
        by_phone, by_email = shop.customer("ben", 10), shop.customer("cem", 10)
        shop.contact("c9", 11, mobilePhone=None, email=None)
        shop.contact("b1", 10, mobilePhone=shop_number("ben"), email="other@example.com")
        shop.contact("c1", 10, mobilePhone=None, email="CEM@example.com")
        assert shop.night()["matched"] == 3
        ids = [shop.till.read(f"customers/{each}")["alpine"]["contactId"] for each in (by_id, by_phone, by_email)]
        assert ids == ["c9", "b1", "c1"]

    def test_of_duplicate_contacts_the_member_who_changed_last_wins(self, shop: Shop) -> None:
        ada = shop.customer("ada", 70)
        for contact_id, figure, member, last in (("a1", 500, False, 30), ("a2", 0, True, 10), ("a3", 70, True, 20)):
            phone, visit = shop_number("ada"), f"2026-01-{last}T00:00:00Z"
            shop.contact(contact_id, figure, mobilePhone=phone, email=None, loyalty=member, lastPurchase=visit)
        assert shop.night()["duplicates"] == 2
        assert shop.till.read(f"customers/{ada}")["alpine"]["contactId"] == "a3"

    def test_a_contact_is_one_customers_only(self, shop: Shop) -> None:
        ada, ben = shop.both("ada", 10, 500), shop.customer("ben", 10, alpineUserId="ada")
        counts = shop.night()
        assert (counts["overridden"], counts["unknown"]) == (1, 1)
        assert sorted([shop.till.points(ada), shop.till.points(ben)]) == [10, 500]

    def test_whoever_is_not_on_the_list_any_more_is_asked_for(self, shop: Shop) -> None:
        ada = shop.both("ada", 100, 100)
        shop.contact("zoe", 5)
        shop.night()
        shop.sandbox.ask("POST", f"/accounts/{shop.uid}/merges", {"kept": "zoe", "gone": "ada"})
        assert shop.night()["notMembers"] == 1
        assert (shop.shown(ada)["pointsFromAlpine"], shop.till.points(ada)) == (None, 100)

    def test_customers_whom_the_ledger_has_not_taken_over_are_compared_too(self, shop: Shop) -> None:
        shop.contact("ada", 300)
        fields = {"orgId": shop.org_id, "phone": shop_number("ada"), "points": 100, "orderCount": 1}
        shop.client.document(f"customers/{shop.org_id}_ada").set(fields)
        assert shop.night()["overridden"] == 1
        assert shop.till.points(f"{shop.org_id}_ada") == 300

    @pytest.mark.parametrize("names", ["alpineUserId", "phone"])
    def test_what_somebody_says_of_itself_is_not_believed(self, shop: Shop, names: str) -> None:
        """A document that is named after a Firebase uid could once be written by that user, all of it."""
        shop.contact("ada", 300)
        said = {"alpineUserId": "ada", "phone": shop_number("ada")}
        customer_id = "u" * 28
        shop.client.document(f"customers/{customer_id}").set({"orgId": shop.org_id, "points": 1, names: said[names]})
        assert shop.night()["notMembers"] == 1
        assert shop.till.read(f"customers/{customer_id}")["points"] == 1


class TestWhatItCosts:
    def test_a_night_in_which_nothing_changed_reads_each_customer_once_and_writes_none(
        self, shop: Shop, usage: StackClient
    ) -> None:
        for name in ("ada", "ben", "cem", "dan", "eve"):
            shop.both(name, 100, 100)
        shop.customer("fay", 3)
        shop.night()
        shop.asked  # noqa: B018  # counts anew
        usage.reset_usage()
        counts = shop.night()
        used = usage.reset_usage()
        assert (counts["customers"], counts["unchanged"]) == (6, 6)
        # For the org: connection and state, export, parts, settings; for each of three blocks export and connection.
        assert used["reads"] <= 6 + 12 + 3 * 3
        # The run's own: that it has begun, the export and its one part.
        assert used["writes"] == 3
        assert shop.asked == 4


class TestAgain:
    def test_a_block_that_is_visited_twice_is_done_once(self, shop: Shop) -> None:
        ada, ben = shop.both("ada", 100, 300), shop.both("ben", 100, 100)
        params = reconciliation.begin(shop.org_id, "tonight")
        org = OrgStore(shop.org_id)
        (block,) = reconciliation.members(org, params, None, 10)
        first = reconciliation.visit(org, params, block)
        before = [shop.till.read(f"customers/{each}") for each in (ada, ben)]
        again = reconciliation.visit(org, params, block)
        assert (first["overridden"], again["unchanged"], again.get("pointsAdded", 0)) == (1, 2, 0)
        assert [shop.till.read(f"customers/{each}") for each in (ada, ben)] == before

    def test_customers_who_come_after_the_layout_are_in_a_block(self, shop: Shop) -> None:
        for name in ("ben", "cem", "dan", "eve"):
            shop.both(name, 100, 100)
        shop.night()
        shop.both("ada", 100, 300)
        shop.both("zoe", 100, 300)
        assert shop.night()["overridden"] == 2

    def test_a_run_that_is_resumed_a_day_later_compares_nothing(self, shop: Shop) -> None:
        ada = shop.both("ada", 100, 300)
        params = reconciliation.begin(shop.org_id, "tonight")
        org = OrgStore(shop.org_id)
        (block,) = reconciliation.members(org, params, None, 10)
        shop.time.pass_(days=1)
        assert reconciliation.visit(org, params, block) == {"outdatedBlocks": 1}
        assert shop.till.points(ada) == 100

    def test_whoever_buys_while_the_night_is_at_work_keeps_what_was_earned(
        self, shop: Shop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ada = shop.both("ada", 100, 100)
        commit = syncing._Block._commit

        def bought_meanwhile(self: Any, *arguments: Any) -> Any:
            monkeypatch.setattr(syncing._Block, "_commit", commit)
            points.adjust(shop.till.command("adjust_points"), ada, 5, "bought meanwhile")
            return commit(self, *arguments)

        monkeypatch.setattr(syncing._Block, "_commit", bought_meanwhile)
        assert shop.night()["agreed"] == 1
        assert shop.till.points(ada) == 105
        assert shop.shown(ada)["loyaltyDiscrepancy"] == 5
