"""Taking over a shop: balances, figures, foreign fields, repeating, who is skipped, which orders wait for a person."""

import random
from collections import Counter as Tally
from datetime import datetime
from typing import Any

import pytest

from emulator.client import StackClient
from lib.domain.errors import FailedPrecondition, InvalidInput, Unavailable
from lib.domain.takeover import BalanceRule, Skip
from lib.store import settings, taking_over
from lib.store.org import OrgStore
from lib.store.transaction import Transaction
from lib.usecases import menu, migration
from lib.usecases.orders import record_order
from tests.usecases import legacy_shop as shop
from tests.usecases.counter import Counter

ORG = shop.ORG
GUEST_POINTS = 105

# Fields of a customer that the dashboard and we share; everything else is not ours to touch.
OURS = {
    *("id", "orgId", "points", "loyaltyPoints", "tier", "tierThreshold", "tierProgress", "tierSource", "tierUpdatedAt"),
    *("segment", "totalSpent", "lifetimeValue", "orderCount", "avgOrderValue", "firstOrderDate", "lastOrderDate"),
    *("daysSinceLastOrder", "pointsFromOrders", "pointsLastCalculated", "loyalty", "loyaltyEngine", "updatedAt"),
    *("loyaltyEnrolledAt", "dueSegmentAt", "duePointsAt", "dueTierAt", "dueAt"),
}
# Written where there was nothing, or a placeholder.
GAPS = {"email", "phone", "phoneDigits", "phoneLast4", "firstName", "lastName", "firstNameLower", "displayName"}
GAPS |= {"alleavesCustomerId"}


class Killed(BaseException):
    """The process is gone: nothing catches this."""


def members(limit: int = 7) -> list[str]:
    """All members, page by page, as a planner asks for them."""
    found: list[str] = []
    while True:
        page = migration.members(OrgStore(ORG), {}, found[-1] if found else None, limit)
        found += page
        if len(page) < limit:
            return found


def visit_all(limit: int = 7) -> Tally[str]:
    tally: Tally[str] = Tally()
    for member in members(limit):
        tally.update(migration.visit(OrgStore(ORG), {}, member))
    return tally


def take_over(rule: BalanceRule = BalanceRule.KEEP) -> Tally[str]:
    migration.begin(ORG, rule)
    return visit_all()


@pytest.fixture
def legacy(counter: Counter) -> Counter:
    """The counter of a shop that has been open for years. The other shop's order has been recorded by its event."""
    shop.build(counter.client)
    record_order(counter.told("theirs"))
    return counter


def set_up(legacy: Counter, **stored: Any) -> None:
    """The shop's settings."""
    legacy.client.document("tenants", ORG, "settings", "loyalty").set(stored)
    settings.forget(OrgStore(ORG))
    menu.publish(ORG)


def points(legacy: Counter) -> dict[str, Any]:
    found = shop.documents(legacy.client, "customers")
    return {name: fields.get("points") for name, fields in found.items() if fields.get("orgId") == ORG}


def created(legacy: Counter) -> dict[str, Any]:
    """Points of customers who had no document before."""
    return {name: balance for name, balance in points(legacy).items() if name not in shop.CUSTOMERS}


class TestBalances:
    def test_nobodys_balance_moves(self, legacy: Counter) -> None:
        take_over()
        found = points(legacy)
        assert {name: found[name] for name in shop.BALANCES} == shop.BALANCES
        assert list(created(legacy).values()) == [0]
        for name in shop.BALANCES:
            assert legacy.customer(name)["loyaltyPoints"] == found[name]

    def test_the_orders_may_decide_and_nobody_loses(self, legacy: Counter) -> None:
        take_over(BalanceRule.FROM_ORDERS)
        wanted = {
            f"{ORG}_1001": 120 + 30 + 200,
            f"{ORG}_phone_2015550102": 80 + 45,
            f"{ORG}_phone_12015550103": 15 + 25,
            f"{ORG}_alleaves_1004": 40,
            "Zk3auto6": 60,
            f"{ORG}_{shop.UID[::-1]}": 8,
            "plain": 9,
            "household": 12 + 18,
        }
        found = points(legacy)
        assert {name: found[name] for name in wanted} == wanted
        assert list(created(legacy).values()) == [GUEST_POINTS]

    @pytest.mark.parametrize(
        "stored",
        [
            {"pointsExpireMonths": 1, "pointsPerDollar": 3},
            {"pointsExpireMonths": 12, "clawback": "allow_negative"},
            {"pendingDays": 30, "pointsPerDollar": 0.5},
            {"clawback": "within_balance", "earnBase": "total_before_tax"},
            # The shape that seed scripts leave behind.
            {"enabled": True, "programName": "Rewards", "pointsPerDollar": 1.5, "tierInactivityDays": 180,
             "tiers": [{"name": "Bronze", "requiredSpend": 0, "multiplier": 1},
                       {"name": "Gold", "requiredSpend": 1000, "multiplier": 1.5}], "createdAt": "2026-01-01"},
        ],
    )  # fmt: skip
    def test_whatever_the_settings_say(self, legacy: Counter, stored: dict[str, Any]) -> None:
        set_up(legacy, **stored)
        take_over()
        found = points(legacy)
        assert {name: found[name] for name in shop.BALANCES} == shop.BALANCES

    def test_settings_of_the_other_page_count_where_there_are_no_others(self, legacy: Counter) -> None:
        legacy.client.document("loyalty_settings", ORG).set({"pointsPerDollar": 2})
        settings.forget(OrgStore(ORG))
        menu.publish(ORG)
        take_over(BalanceRule.FROM_ORDERS)
        assert legacy.customer("household")["points"] == 12 + 36

    def test_what_was_taken_over_expires_never_and_what_comes_after_does(self, legacy: Counter) -> None:
        set_up(legacy, pointsExpireMonths=1)
        take_over()
        lots = legacy.customer(f"{ORG}_phone_2015550102")["loyalty"]["lots"]
        assert [(lot["points"], lot["expiresAt"]) for lot in lots] == [(80, None)]

    def test_a_refund_of_an_order_that_the_balance_stood_for_takes_its_points(self, legacy: Counter) -> None:
        take_over()
        for order_id, left in (("alleaves_4", 50), ("alleaves_5", 5)):
            record_order(legacy.write(order_id, status="refunded"))
            assert legacy.customer(f"{ORG}_phone_2015550102")["points"] == left

    def test_one_entry_opens_a_ledger_and_one_at_most_keeps_the_balance(self, legacy: Counter) -> None:
        take_over()
        assert legacy.ledger(f"{ORG}_phone_2015550102") == [("adjust", 80), ("earn", 45), ("adjust", -45)]
        assert legacy.ledger(f"{ORG}_alleaves_1004") == [("adjust", 40)]
        assert legacy.ledger("plain") == [("earn", 9), ("adjust", -9)]
        (guest,) = created(legacy)
        assert legacy.ledger(guest) == [("earn", 70), ("earn", 35), ("adjust", -105)]


class TestFigures:
    def test_spend_is_what_was_stored_and_what_its_orders_add(self, legacy: Counter) -> None:
        take_over()
        wanted = {
            f"{ORG}_1001": (230.0, 2),
            f"{ORG}_phone_2015550102": (125.5, 3),
            f"{ORG}_alleaves_1004": (40.0, 1),
            "household": (18.0, 1),
            f"{ORG}_{shop.UID[::-1]}": (0.0, 0),
        }
        found = {name: legacy.customer(name) for name in wanted}
        assert {name: (fields["totalSpent"], fields["orderCount"]) for name, fields in found.items()} == wanted
        assert isinstance(found[f"{ORG}_alleaves_1004"]["lastOrderDate"], datetime)

    def test_a_tier_that_was_held_stays_in_lower_case(self, legacy: Counter) -> None:
        take_over()
        assert legacy.customer(f"{ORG}_1001")["tier"] == "gold"
        assert legacy.customer(f"{ORG}_phone_2015550102")["tier"] == "gold"
        assert legacy.customer("plain")["tier"] == "bronze"

    def test_everybody_has_a_segment_and_can_be_listed(self, legacy: Counter) -> None:
        take_over()
        for name in (*shop.BALANCES, *created(legacy)):
            fields = legacy.customer(name)
            assert fields["segment"] and fields["orgId"] == ORG and fields["id"] == name
        assert legacy.customer(f"{ORG}_1001")["email"] == "one@example.com"
        assert legacy.customer(f"{ORG}_phone_12015550103")["email"] == "no-email@alleaves.local"

    def test_later_sales_find_whom_they_are_of(self, legacy: Counter) -> None:
        take_over()
        record_order(legacy.write("new1", org=ORG, customer={"phone": "+1 (201) 555-0103"}))
        record_order(legacy.write("new2", source="alleaves", userId="1004", customer={}))
        assert legacy.fields("orders", "new1")["customerId"] == f"{ORG}_phone_12015550103"
        assert legacy.fields("orders", "new2")["customerId"] == f"{ORG}_alleaves_1004"
        assert legacy.customer(f"{ORG}_alleaves_1004")["points"] == 90


class TestOthersDocuments:
    def test_foreign_fields_survive(self, legacy: Counter) -> None:
        before = shop.documents(legacy.client, "customers")
        take_over()
        after = shop.documents(legacy.client, "customers")
        assert before.keys() <= after.keys()
        for name, fields in before.items():
            untouched = {field: value for field, value in fields.items() if field not in OURS}
            kept = {field: after[name].get(field) for field in untouched}
            assert kept == untouched, name
            assert {field: type(value) for field, value in kept.items()} == {
                field: type(value) for field, value in untouched.items()
            }
            if name in shop.BALANCES:
                assert after[name].keys() - fields.keys() <= OURS | GAPS, name
            else:
                assert after[name] == fields, name

    def test_orders_are_only_told_whose_they_are(self, legacy: Counter) -> None:
        before = shop.documents(legacy.client, "orders")
        take_over()
        after = shop.documents(legacy.client, "orders")
        assert after.keys() == before.keys()
        for name, fields in before.items():
            added = after[name].keys() - fields.keys()
            assert added <= {"orgId", "customerId"} and after[name].items() >= fields.items(), name
        assert after["alleaves_5"]["customerId"] == f"{ORG}_phone_2015550102"
        assert (after["guest2"]["orgId"], after["pending"].get("customerId")) == (ORG, "plain")

    def test_nobody_is_lost(self, legacy: Counter) -> None:
        before = migration.counts(ORG)
        tally = take_over()
        after = migration.counts(ORG)
        assert after == {**before, "customers": before["customers"] + tally["created"]}

    def test_who_is_left_alone_and_why(self, legacy: Counter) -> None:
        tally = take_over()
        skipped = {name: count for name, count in tally.items() if name.startswith("skipped_")}
        assert skipped == dict.fromkeys(
            (f"skipped_{reason}" for reason in ("other_org", "shared_id", "self_made", "archived", "test_account")), 1
        )

    def test_leads_of_the_platform_are_not_customers(self, counter: Counter) -> None:
        shop.build(counter.client, only="lead_nine_example_com")
        platform = OrgStore("org_bakedbot_platform")
        migration.begin(platform.org_id, BalanceRule.KEEP)
        lead = "customer:lead_nine_example_com"
        assert migration.members(platform, {}, None, 5) == [lead]
        assert migration.visit(platform, {}, lead) == {"skipped_platform_lead": 1}

    def test_orders_that_cannot_be_decided_wait_for_a_person(self, legacy: Counter) -> None:
        take_over()
        waiting = {name: legacy.tenant("inbox", name)["reason"] for name in legacy.ids("tenants", ORG, "inbox")}
        assert waiting == {
            "order:walkin": "no_customer",
            "order:text_total": "not_a_number",
            "order:odd_status": "unknown_status",
            "order:of_uid": "invalid_customer",
        }


class TestAgain:
    def test_a_second_time_nothing_is_written(self, legacy: Counter, usage: StackClient) -> None:
        take_over()
        usage.reset_usage()
        assert not take_over().keys() - {f"skipped_{reason}" for reason in Skip}
        used = usage.reset_usage()
        assert (used["writes"], used["deletes"]) == (0, 0)

    @pytest.mark.parametrize("commits", [1, 2, 6, 10, 13])
    def test_one_that_died_after_any_commit_is_gone_on_with(
        self, legacy: Counter, monkeypatch: pytest.MonkeyPatch, commits: int
    ) -> None:
        left = commits
        commit = Transaction.commit

        def deadly(transaction: Transaction) -> None:
            nonlocal left
            commit(transaction)
            left -= bool(transaction._writes)
            if not left:
                raise Killed

        monkeypatch.setattr(Transaction, "commit", deadly)
        with pytest.raises(Killed):
            take_over()
        monkeypatch.setattr(Transaction, "commit", commit)
        take_over()
        found = points(legacy)
        assert {name: found[name] for name in shop.BALANCES} == shop.BALANCES
        assert list(created(legacy).values()) == [0]

    @pytest.mark.parametrize("seed", [1, 2])
    def test_members_may_be_visited_in_any_order(self, legacy: Counter, seed: int) -> None:
        """The workers of a run do: orders may come before their customers."""
        migration.begin(ORG, BalanceRule.KEEP)
        everybody = members()
        random.Random(seed).shuffle(everybody)
        tally: Tally[str] = Tally()
        for member in everybody:
            tally.update(migration.visit(OrgStore(ORG), {}, member))
        found = points(legacy)
        assert {name: found[name] for name in shop.BALANCES} == shop.BALANCES
        assert (tally["orders"], tally["created"], tally["opened"]) == (12, 1, len(shop.BALANCES))

    def test_an_address_in_capitals_is_found_once_its_customer_was_visited(self, legacy: Counter) -> None:
        legacy.client.document("customers", "Zk3auto6").update({"email": "Six@Example.COM"})
        take_over()
        assert legacy.fields("orders", "web6")["customerId"] == "Zk3auto6"
        assert legacy.customer("Zk3auto6")["email"] == "Six@Example.COM"

    def test_an_order_that_says_quite_other_things_than_its_customer(self, legacy: Counter) -> None:
        """More ways to find orders than one query takes."""
        till = shop.at_till("9999", 8.0, 70, email="four@example.com", phone="2015550144")
        legacy.client.document("orders", "else").set(till)
        legacy.client.document("customers", f"{ORG}_alleaves_1004").update({"phone": "2015550154"})
        take_over()
        assert legacy.fields("orders", "else")["customerId"] == f"{ORG}_alleaves_1004"

    def test_more_orders_than_one_transaction_takes(self, legacy: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(taking_over, "ORDERS_MAX", 1)
        assert take_over()["orders"] == 12
        found = points(legacy)
        assert {name: found[name] for name in shop.BALANCES} == shop.BALANCES

    def test_what_was_decided_stays(self, legacy: Counter) -> None:
        first = migration.begin(ORG, BalanceRule.KEEP)
        assert migration.begin(ORG, BalanceRule.KEEP) == first
        for ask in (migration.begin, migration.preview):
            with pytest.raises(FailedPrecondition) as refusal:
                ask(ORG, BalanceRule.FROM_ORDERS)
            assert refusal.value.reason == "balances_decided"
        visit_all()

    def test_nothing_is_taken_over_undecided_or_paused(self, legacy: Counter) -> None:
        with pytest.raises(FailedPrecondition) as refusal:
            migration.visit(OrgStore(ORG), {}, "customer:plain")
        assert refusal.value.reason == "not_begun"
        set_up(legacy, paused=True)
        for ask in (migration.begin, migration.preview):
            with pytest.raises(FailedPrecondition) as refusal:
                ask(ORG, BalanceRule.KEEP)
            assert refusal.value.reason == "paused"
        set_up(legacy)
        migration.begin(ORG, BalanceRule.KEEP)
        set_up(legacy, paused=True)
        with pytest.raises(Unavailable):
            migration.visit(OrgStore(ORG), {}, "customer:plain")
        set_up(legacy)
        take_over()

    def test_a_misspelt_org_is_not_begun_with(self, counter: Counter) -> None:
        with pytest.raises(FailedPrecondition) as refusal:
            migration.begin("org_x", BalanceRule.KEEP)
        assert refusal.value.reason == "nothing_to_take_over"

    def test_only_members_are_visited(self, legacy: Counter) -> None:
        take_over()
        with pytest.raises(InvalidInput):
            migration.visit(OrgStore(ORG), {}, "plain")
        assert migration.visit(OrgStore(ORG), {}, "customer:gone") == {}
        assert migration.visit(OrgStore(ORG), {}, "order:gone") == {}

    @pytest.mark.parametrize("limit", [1, 3, 100])
    def test_members_ascend_whatever_the_page(self, legacy: Counter, limit: int) -> None:
        found = members(limit)
        assert found == sorted(set(found)) == members()
        take_over()
