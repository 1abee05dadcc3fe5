"""What a customer's standing tells beside itself: what has just become worth hearing of, and nothing twice."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from lib.domain.activities import ActivityKind, of_drift
from lib.domain.customers import Customer
from lib.domain.explain import explain
from lib.domain.ledger import Account, EntryKind, Journal
from lib.domain.notices import Addressee, Notice, NoticeKind
from lib.domain.segments import SpendStats
from lib.domain.settings_model import TierPolicy
from lib.domain.standing import refreshed
from tests.domain.accruing import NOW, ORG, PLAIN, State, World, history
from tests.domain.test_ledger import memo

DAY = timedelta(days=1)
KNOWN = Customer(Account(ORG, "c1"), opened=True, tier="silver", segment="new", stats=SpendStats(1, 250_00, NOW, NOW))


def told(customer: Customer, *, before: Customer | None = KNOWN, days: float = 0) -> list[tuple[NoticeKind, Any]]:
    standing = refreshed(customer, PLAIN, NOW + days * DAY, before=before).standing
    assert standing is not None
    return [(notice.kind, dict(notice.facts)) for notice in standing.notices]


def test_nothing_new_is_not_told() -> None:
    assert told(KNOWN) == []


def test_another_tier_and_another_segment_are() -> None:
    bought = replace(KNOWN, stats=SpendStats(8, 600_00, NOW - 40 * DAY, NOW))
    assert told(bought) == [
        (NoticeKind.TIER_CHANGED, {"previousTier": "silver", "newTier": "gold", "direction": "up"}),
        (NoticeKind.SEGMENT_ENTERED, {"previousSegment": "new", "newSegment": "vip"}),
    ]
    returned = replace(KNOWN, stats=SpendStats(1, 50_00, NOW, NOW))
    assert told(returned, before=replace(KNOWN, monthly_spend={"2026-04": 250_00})) == [
        (NoticeKind.TIER_CHANGED, {"previousTier": "silver", "newTier": "bronze", "direction": "down"})
    ]


@pytest.mark.parametrize("before", [None, replace(KNOWN, opened=False)], ids=["new", "not taken over before"])
def test_who_has_not_been_placed_before_is_told_nothing(before: Customer | None) -> None:
    assert told(replace(KNOWN, stats=SpendStats(8, 600_00, NOW - 40 * DAY, NOW)), before=before) == []


def test_a_tier_that_the_settings_do_not_know_any_more_is_no_loss() -> None:
    renamed = replace(KNOWN, tier="sterling")
    assert told(renamed, before=renamed) == []


def test_an_order_tells_of_the_tier_it_lifts_its_customer_to() -> None:
    world = World()
    world.deliver(history("o1", [State(dollars=150.0)])[0])
    assert world.notices == []
    world.deliver(history("o2", [State(dollars=50.0)])[0])
    assert [notice.kind for notice in world.notices] == [NoticeKind.TIER_CHANGED]


def test_an_order_heard_of_late_keeps_the_tier_that_was_held_when_it_was_placed() -> None:
    policy = TierPolicy(inactivity_days=30, grace_days=0, notice_days=0)
    late, lapsed = (World(PLAIN.model_copy(update={"tier_policy": policy})) for _ in range(2))
    for world, placed_days_ago in ((late, -20), (lapsed, -40)):
        world.deliver(history("o1", [State(dollars=250.0)])[0])
        world.now = NOW + 45 * DAY
        world.deliver(history("o2", [State(dollars=10.0, placed_days_ago=placed_days_ago)])[0])
    assert (late.customer("c1").tier, lapsed.customer("c1").tier) == ("silver", "bronze")


def test_points_are_announced_once_before_they_expire() -> None:
    journal = Journal(KNOWN.account, NOW)
    journal.credit(EntryKind.EARN, 70, NOW + 20 * DAY, memo())
    customer = replace(KNOWN, account=journal.account)
    assert told(customer) == []
    expiring = (NoticeKind.POINTS_EXPIRING, {"points": 70, "expiresAt": NOW + 20 * DAY})
    assert told(customer, days=6) == [expiring]
    warned = replace(refreshed(customer, PLAIN, NOW + 6 * DAY, before=KNOWN), standing=None)
    assert told(warned, days=7) == []


def test_a_notice_is_the_same_whoever_writes_it() -> None:
    def notices(customer_id: str, at: Any) -> list[Notice]:
        addressee = Addressee(ORG, customer_id, at)
        return [addressee.points_expiring(5, NOW), addressee.tier_lapsing("gold", NOW, "silver")]

    assert [notice.id for notice in notices("c1", NOW)] == [notice.id for notice in notices("c1", NOW + DAY)]
    ids = {notice.id for customer_id in ("c1", "c2") for notice in notices(customer_id, NOW)}
    assert len(ids) == 4


def test_what_time_has_moved_is_a_row_of_the_timeline() -> None:
    later = NOW + 61 * DAY
    row = of_drift(KNOWN, refreshed(KNOWN, PLAIN, later, before=KNOWN), later)
    assert row is not None
    assert (row.kind, row.description) == (ActivityKind.SEGMENT_CHANGE, "Segment is now at_risk")
    assert row.metadata == {"previousSegment": "new", "newSegment": "at_risk"}
    assert of_drift(KNOWN, refreshed(KNOWN, PLAIN, NOW, before=KNOWN), NOW) is None


def test_waiting_points_in_words() -> None:
    journal = Journal(Account(ORG, "c1"), NOW, NOW)
    earned = journal.credit_later(EntryKind.EARN, 49, NOW + 7 * DAY, NOW + 400 * DAY, memo())
    taken = journal.claw_back(9, memo("refund"), own_pending={"1": 9})
    later = Journal(journal.account, NOW + 8 * DAY, NOW + 8 * DAY)
    later.age("rules")
    gone = Journal(later.account, NOW + 500 * DAY, NOW + 500 * DAY)
    gone.age("rules")
    assert [explain(entry) for entry in (earned, taken, later.entries[0], gone.entries[0])] == [
        "Earned 49 points on order o1 (because), can be spent from 2026-04-22, valid until 2027-05-20",
        "Took back 9 points of order o1 (because)",
        "40 points earned before can be spent now, valid until 2027-05-20",
        "40 points expired (valid until 2027-05-20)",
    ]


class TestWhoseDoingItIs:
    """A move that a changed programme or old orders have brought about is known to be that."""

    LOYAL = replace(KNOWN, segment="loyal", stats=SpendStats(4, 250_00, NOW - 90 * DAY, NOW - 10 * DAY))

    def test_a_lower_threshold_lifts_whoever_has_bought_nothing(self) -> None:
        higher = refreshed(replace(self.LOYAL, tier="bronze"), PLAIN, NOW, before=replace(self.LOYAL, tier="bronze"))
        assert higher.standing is not None
        assert [notice.facts.get("because") for notice in higher.standing.notices] == ["settings"]

    def test_another_threshold_of_segments_moves_whoever_time_has_not(self) -> None:
        thresholds = PLAIN.segment_thresholds.model_copy(update={"slipping_min_days": 5, "at_risk_min_days": 8})
        settings = PLAIN.model_copy(update={"segment_thresholds": thresholds})
        before = replace(self.LOYAL, segment_due_at=NOW + 20 * DAY)

        def because(customer: Customer, now: datetime) -> list[object]:
            standing = refreshed(customer, settings, now, before=customer).standing
            assert standing is not None
            return [notice.facts.get("because") for notice in standing.notices]

        assert because(before, NOW) == ["settings"]
        assert because(replace(before, segment_due_at=NOW), NOW) == [None]

    @pytest.mark.parametrize(("placed_days_ago", "because"), [(1, None), (3, "history")])
    def test_orders_of_old_are_history(self, placed_days_ago: int, because: str | None) -> None:
        world = World()
        world.deliver(history("o1", [State(dollars=150.0, placed_days_ago=9)])[0])
        world.deliver(history("o2", [State(dollars=50.0, placed_days_ago=placed_days_ago)])[0])
        assert [notice.facts.get("because") for notice in world.notices] == [because]
