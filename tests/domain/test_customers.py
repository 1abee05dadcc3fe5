"""Customers: gaps that are filled, balances that are carried over, the standing that follows from figures, repairs."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.domain import counting
from lib.domain.counting import Count, Extremes
from lib.domain.customers import (
    Contact,
    Customer,
    Introduction,
    Opening,
    contact_of,
    introduced,
    journal_of,
    known_keys,
    spending_key,
)
from lib.domain.errors import InvariantBroken
from lib.domain.grants import Accrual
from lib.domain.identity import IdentityKey, IdentityKind
from lib.domain.ledger import Account, Balances, EntryKind
from lib.domain.lots import Lot
from lib.domain.orders import Buyer
from lib.domain.repair import rebuilt
from lib.domain.segments import SpendStats
from lib.domain.standing import refreshed, shown_points
from tests.domain.accruing import NOW, ORG, PLAIN, State, World, history

POS = IdentityKey(IdentityKind.POS, "42")
EMAIL = IdentityKey(IdentityKind.EMAIL, "jo@example.com")
PHONE = IdentityKey(IdentityKind.PHONE, "+14155552671")
NOBODY = Customer(Account(ORG, "c1"))


class TestIntroductions:
    def test_gaps_are_filled_and_nothing_is_overwritten(self) -> None:
        known = replace(NOBODY, contact=Contact(email="old@example.com", first_name="Old"))
        told = Contact("new@example.com", PHONE.value, "New", "Name", "New Name")
        found = introduced(known, Introduction("c1", told, (POS, PHONE), (PHONE,)))
        assert found.contact == Contact("old@example.com", PHONE.value, "Old", None, None)
        assert found.pos_id == "42"
        assert len(found.identities) == 1

    def test_a_placeholder_is_a_gap_and_fills_one(self) -> None:
        nobody = introduced(NOBODY, Introduction("c1", Contact(), (POS,)))
        assert nobody.contact.email == "customer_42@alleaves.local"
        somebody = introduced(nobody, Introduction("c1", Contact(email="jo@example.com"), (POS,)))
        assert somebody.contact.email == "jo@example.com"

    def test_a_second_introduction_changes_nothing(self) -> None:
        introduction = Introduction("c1", Contact(EMAIL.value, PHONE.value), (POS, EMAIL, PHONE), (POS, EMAIL, PHONE))
        once = introduced(NOBODY, introduction)
        assert introduced(once, introduction) == once

    @pytest.mark.parametrize(
        ("name", "parts"),
        [
            ("Ann Lee", ("Ann", "Lee")),
            ("Ann Marie Lee", ("Ann Marie", "Lee")),
            ("Cher", ("Cher", None)),
            (None, (None, None)),
        ],
    )
    def test_the_last_word_of_a_name_is_the_family_name(
        self, name: str | None, parts: tuple[str | None, str | None]
    ) -> None:
        contact = contact_of(Buyer(name=name), "US")
        assert (contact.first_name, contact.last_name) == parts
        assert contact.display_name == name


class TestTheSpendingDocument:
    LINKED = introduced(NOBODY, Introduction("c1", Contact(email=EMAIL.value), (POS, EMAIL), (POS, EMAIL)))

    def test_goes_by_the_address_else_by_the_pos_id(self) -> None:
        assert spending_key(self.LINKED) == "jo@example.com"
        placeholder = replace(self.LINKED, contact=Contact(email="customer_42@alleaves.local"))
        assert spending_key(placeholder) == "cid_42"
        assert spending_key(NOBODY) is None

    def test_goes_by_nothing_that_leads_to_somebody_else(self) -> None:
        shared = introduced(NOBODY, Introduction("c1", Contact(email=EMAIL.value), (POS, EMAIL), (POS,)))
        assert spending_key(shared) == "cid_42"
        assert spending_key(replace(shared, identities=())) is None


def test_what_a_document_says_can_be_looked_for() -> None:
    customer = replace(NOBODY, pos_id="42", contact=Contact("Jo@Example.com", "(415) 555-2671"))
    assert known_keys(customer, "US") == (POS, EMAIL, PHONE)
    assert known_keys(replace(NOBODY, contact=Contact("no-email@alleaves.local", "none")), "US") == ()


class TestBalancesFromBefore:
    def test_come_first_as_one_entry(self) -> None:
        journal = journal_of(replace(NOBODY, opening=Opening(120)), PLAIN, NOW)
        assert [(entry.kind, entry.points, entry.memo.source.type) for entry in journal.entries] == [
            (EntryKind.ADJUST, 120, "opening")
        ]
        assert journal.account.lots == (Lot("1", None, 120),)

    @pytest.mark.parametrize("customer", [NOBODY, replace(NOBODY, opened=True, opening=Opening(120))])
    def test_come_once_and_only_if_there_are_any(self, customer: Customer) -> None:
        assert journal_of(customer, PLAIN, NOW).entries == []


class TestStanding:
    def test_follows_from_the_figures(self) -> None:
        stats = SpendStats(8, 700_00, NOW - timedelta(days=100), NOW - timedelta(days=2))
        standing = refreshed(replace(NOBODY, stats=stats), PLAIN, NOW).standing
        assert standing is not None
        assert (standing.tier, standing.tier_progress_percent, standing.segment) == ("gold", 40, "vip")
        assert standing.segment_due_at == NOW + timedelta(days=28)

    def test_tells_when_the_next_points_expire(self) -> None:
        lots = (Lot("2", NOW + timedelta(days=9), 5), Lot("1", None, 5))
        account = Account(ORG, "c1", balances=Balances(available=10), lots=lots)
        standing = refreshed(replace(NOBODY, account=account), PLAIN, NOW).standing
        assert standing is not None
        assert standing.points_due_at == NOW + timedelta(days=9)

    def test_a_tier_keeps_its_date_while_it_is_kept(self) -> None:
        since = datetime(2026, 1, 1, tzinfo=UTC)
        silver = replace(NOBODY, tier="Silver", tier_updated_at=since, stats=SpendStats(1, 250_00))
        for spend_cents, expected in ((250_00, since), (500_00, NOW)):
            customer = replace(silver, stats=SpendStats(1, spend_cents))
            standing = refreshed(customer, PLAIN, NOW).standing
            assert standing is not None
            assert standing.tier_updated_at == expected

    def test_a_debt_shows_only_where_the_org_chose_so(self) -> None:
        account = Account(ORG, "c1", balances=Balances(debt=30))
        assert shown_points(account, PLAIN) == 0
        assert shown_points(account, PLAIN.model_copy(update={"clawback": "allow_negative"})) == -30


counts = st.builds(Count, st.integers(0, 10_000), st.integers(0, 20).map(lambda days: NOW - timedelta(days=days)))


class TestCounting:
    @given(present=st.lists(counts, max_size=5), replaced=st.integers(0, 4), new=st.none() | counts)
    def test_by_differences_is_counting_all(self, present: list[Count], replaced: int, new: Count | None) -> None:
        old = present[replaced] if replaced < len(present) else None
        others = [count for position, count in enumerate(present) if position != replaced]
        dates = [count.ordered_at for count in others]
        extremes = Extremes(min(dates, default=None), max(dates, default=None))
        found = counting.recounted(_all(present), old, new, Opening(), extremes)
        assert found == _all([*others, *([new] if new else [])])

    def test_less_than_nothing_is_refused(self) -> None:
        with pytest.raises(InvariantBroken):
            counting.recounted(SpendStats(1, 50), Count(60, NOW), None, Opening(), None)
        with pytest.raises(InvariantBroken):
            counting.recounted(SpendStats(1, 50, NOW, NOW), Count(50, NOW), None, Opening(), None)


def _all(found: list[Count]) -> SpendStats:
    dates = [count.ordered_at for count in found]
    total = sum(count.spend_cents for count in found)
    return SpendStats(len(found), total, min(dates, default=None), max(dates, default=None))


class TestRebuilding:
    def _world(self) -> World:
        world = World()
        for number, dollars in enumerate((30.0, 50.0, 20.0)):
            world.deliver(history(f"o{number}", [State(dollars=dollars, placed_days_ago=number)])[0])
        world.deliver(history("o1", [State(dollars=50.0, placed_days_ago=1), State(status="refunded")])[1])
        return world

    def _records(self, world: World) -> list[Accrual]:
        return [accrual for accrual in world.accruals.values() if accrual.customer_id == "c1"]

    def test_a_right_customer_stays_as_it_is(self) -> None:
        world = self._world()
        assert rebuilt(
            world.customer("c1"), world.entries["c1"], self._records(world), PLAIN.time_zone, NOW
        ) == world.customer("c1")

    def test_wrong_figures_follow_from_the_records_again(self) -> None:
        world = self._world()
        right = world.customer("c1")
        wrong = replace(right, account=Account(ORG, "c1"), stats=SpendStats(9, 1), order_points=3)
        assert rebuilt(wrong, world.entries["c1"], self._records(world), PLAIN.time_zone, NOW) == right

    def test_a_lost_account_comes_back_with_what_is_left_of_its_opening(self) -> None:
        world = World()
        opening = Opening(120, SpendStats(2, 90_00, NOW - timedelta(days=9), NOW - timedelta(days=9)))
        world.customers["c1"] = replace(NOBODY, opening=opening, stats=opening.stats)
        for number, days in enumerate((10, 0)):
            world.deliver(history(f"o{number}", [State(dollars=30.0, placed_days_ago=days)])[0])
        found = rebuilt(NOBODY, world.entries["c1"], self._records(world), PLAIN.time_zone, NOW)
        assert (found.opened, found.opening) == (True, Opening(90))
        assert found.account == world.customer("c1").account
        assert found.stats == SpendStats(2, 60_00, NOW - timedelta(days=10), NOW)

    def test_a_customer_without_a_ledger_is_left_alone(self) -> None:
        legacy = replace(NOBODY, opening=Opening(5))
        assert rebuilt(legacy, [], [], PLAIN.time_zone, NOW) == legacy
