"""Tiers that lapse, case by case: when to the microsecond, to which tier, what is announced.

The default tiers: silver from $200, gold from $500, platinum from $1000.
"""

from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest

from lib.domain.settings_model import TierPolicy
from lib.domain.tier_holding import Cause, Holding, Spend
from lib.domain.tier_policy import judged
from tests.domain.shopping import START, TICK, Shopper, bought, with_policy

DAY = timedelta(days=1)
MAY = datetime(2026, 5, 1, 4, tzinfo=UTC)  # where months begin in New York
IDLE = TierPolicy(inactivity_days=180, grace_days=30)
WINDOW = TierPolicy(window_months=3, grace_days=30)


@pytest.mark.parametrize("notice_days", [0, 14, 90])
@pytest.mark.parametrize("grace_days", [0, 1, 30, 365])
@pytest.mark.parametrize("lapse", ["one_down", "by_balance"])
@pytest.mark.parametrize(
    ("window_months", "inactivity_days"), [(None, None), (3, None), (None, 180), (3, 180), (12, 60)]
)
def test_when_what_lapses_and_what_is_due_before(
    window_months: int | None,
    inactivity_days: int | None,
    lapse: Literal["one_down", "by_balance"],
    grace_days: int,
    notice_days: int,
) -> None:
    policy = TierPolicy(
        window_months=window_months,
        inactivity_days=inactivity_days,
        grace_days=grace_days,
        notice_days=notice_days,
        lapse=lapse,
    )
    shopper = bought(policy, 600_00)
    leaves = {None: None, 3: datetime(2026, 4, 1, 4, tzinfo=UTC), 12: datetime(2027, 1, 1, 5, tzinfo=UTC)}[
        window_months
    ]
    idle = START + inactivity_days * DAY if inactivity_days and (lapse == "one_down" or not window_months) else None
    starts = [start for start in (leaves, idle) if start]
    if not starts:
        assert shopper.due_at is None
        assert shopper.looks(START + 36_500 * DAY) == "gold"
        return
    lapses_at = min(starts) + grace_days * DAY
    warned_at = max(lapses_at - notice_days * DAY, START)

    # An announcement that is due with the order itself is made with it, and the lapse is due next.
    assert shopper.due_at == (lapses_at if warned_at == START else warned_at)
    if notice_days:
        shopper.looks(warned_at)
    assert [warning.at for warning in shopper.warnings] == ([lapses_at] if notice_days else [])
    assert shopper.due_at == lapses_at
    assert shopper.looks(lapses_at - TICK) == "gold"
    assert shopper.looks(lapses_at) == ("silver" if lapse == "one_down" else "bronze")
    [first] = shopper.lapses
    assert (first.at, first.cause) == (lapses_at, Cause.WINDOW if min(starts) == leaves else Cause.INACTIVITY)


@pytest.mark.parametrize(("late", "tier"), [(-1, "gold"), (0, "silver"), (1, "silver")])
def test_who_comes_back_a_second_before_the_lapse_keeps_the_tier(late: int, tier: str) -> None:
    lapses_at = START + 210 * DAY
    shopper = bought(IDLE, 600_00)
    at = lapses_at + late * timedelta(seconds=1)
    shopper.buys(10_00, at, heard_at=lapses_at + timedelta(seconds=5))

    assert shopper.tier == tier
    assert len(shopper.lapses) == (tier == "silver")


def test_an_order_that_is_heard_of_after_the_lapse_was_seen_starts_anew() -> None:
    """What time has done is not undone: the order counts from the threshold on, like any other."""
    lapses_at = START + 210 * DAY
    shopper = bought(IDLE, 600_00)
    shopper.looks(lapses_at)
    shopper.buys(299_99, lapses_at - TICK, heard_at=lapses_at + DAY)
    assert shopper.tier == "silver"

    shopper.buys(1, lapses_at + 2 * DAY)
    assert shopper.tier == "gold"


def test_a_lapse_by_inactivity_leaves_the_customer_at_the_threshold_and_one_more_takes_another_period() -> None:
    shopper = bought(IDLE, 1200_00)

    assert shopper.looks(START + 210 * DAY) == "gold"
    assert shopper.qualifying_cents(START + 210 * DAY) == 500_00
    assert shopper.holding.lapsed_cents == 700_00
    assert shopper.looks(START + 420 * DAY - TICK) == "gold"
    assert shopper.looks(START + 420 * DAY) == "silver"
    assert shopper.looks(START + 36_500 * DAY) == "bronze"
    assert [lapse.at - START for lapse in shopper.lapses] == [210 * DAY, 420 * DAY, 630 * DAY]
    assert shopper.due_at is None


def test_by_balance_without_a_window_all_is_to_be_earned_again() -> None:
    shopper = bought(IDLE.model_copy(update={"lapse": "by_balance"}), 1200_00)

    assert shopper.looks(START + 210 * DAY) == "bronze"
    shopper.buys(199_99, START + 211 * DAY)
    assert shopper.tier == "bronze"
    shopper.buys(1, START + 211 * DAY)
    assert shopper.tier == "silver"


def test_down_a_window_step_by_step_with_grace_for_each() -> None:
    """$1200 in January, gone from a window of three months on 1 April."""
    shopper = bought(WINDOW, 1200_00)
    shopper.looks(START + 365 * DAY)

    assert [(lapse.at, lapse.to_tier.key) for lapse in shopper.lapses] == [
        (datetime(2026, 5, 1, 4, tzinfo=UTC), "gold"),  # 30 days after 1 April
        (datetime(2026, 7, 1, 4, tzinfo=UTC), "silver"),  # 30 days after 1 June, the first month begun with gold
        (datetime(2026, 8, 31, 4, tzinfo=UTC), "bronze"),  # 30 days after 1 August
    ]


def test_by_balance_the_window_decides() -> None:
    shopper = Shopper(with_policy(WINDOW.model_copy(update={"lapse": "by_balance"})))
    shopper.buys(1000_00, START)
    shopper.buys(250_00, START + 40 * DAY)  # 19 February, in the window until 1 May

    assert shopper.looks(MAY - TICK) == "platinum"
    # Grace ends at the instant at which the window loses February, too.
    assert shopper.looks(MAY) == "bronze"


def test_within_grace_enough_spend_saves_the_tier_and_too_little_does_not() -> None:
    for cents, tier in ((499_99, "silver"), (500_00, "gold")):
        shopper = bought(WINDOW, 600_00)
        shopper.buys(cents, MAY - TICK)
        assert shopper.looks(MAY) == tier
    assert shopper.due_at == datetime(2026, 7, 1, 4, tzinfo=UTC) + 30 * DAY - 14 * DAY


def test_a_refund_during_grace_lowers_at_once_what_it_crosses_and_moves_no_date() -> None:
    shopper = bought(WINDOW, 600_00)
    april = MAY - 20 * DAY
    shopper.buys(250_00, april)
    shopper.buys(100_00, april)
    assert shopper.qualifying_cents(april) == 350_00
    shopper.returns(april + DAY, 2)
    assert (shopper.tier, shopper.due_at) == ("gold", MAY - 14 * DAY)

    shopper.returns(april + 2 * DAY, 1)
    assert shopper.tier == "bronze"
    assert shopper.lapses == []


def test_a_refund_of_what_had_lapsed_is_not_missing_twice() -> None:
    shopper = bought(IDLE, 600_00)
    shopper.looks(START + 210 * DAY)
    shopper.returns(START + 211 * DAY)
    assert (shopper.tier, shopper.holding.lapsed_cents) == ("bronze", 0)

    shopper.buys(200_00, START + 212 * DAY)
    assert shopper.tier == "silver"


@pytest.mark.parametrize(
    ("zone", "start"),
    [
        ("America/New_York", datetime(2026, 11, 1, 4, tzinfo=UTC)),  # summer time ends some hours later
        ("America/Adak", datetime(2026, 11, 1, 9, tzinfo=UTC)),
        ("Pacific/Honolulu", datetime(2026, 11, 1, 10, tzinfo=UTC)),
    ],
)
def test_a_month_leaves_when_it_is_over_where_the_shop_is(zone: str, start: datetime) -> None:
    policy = TierPolicy(window_months=1, grace_days=0)
    shopper = Shopper(with_policy(policy).model_copy(update={"time_zone": zone}))
    shopper.buys(600_00, start - TICK)
    assert shopper.due_at == start
    assert shopper.looks(start) == "silver"

    shopper.buys(600_00, start)
    assert shopper.tier == "gold"
    assert shopper.due_at is not None
    assert shopper.due_at > start + 20 * DAY - 14 * DAY


def test_a_leap_day_counts_in_february() -> None:
    shopper = bought(
        TierPolicy(window_months=12, grace_days=0, notice_days=0), 600_00, at=datetime(2028, 2, 29, 20, tzinfo=UTC)
    )

    assert shopper.due_at == datetime(2029, 2, 1, 5, tzinfo=UTC)
    idle = bought(
        TierPolicy(inactivity_days=365, grace_days=1, notice_days=0), 600_00, at=datetime(2028, 2, 29, 20, tzinfo=UTC)
    )
    assert idle.due_at == datetime(2029, 3, 1, 20, tzinfo=UTC)


def test_each_lapse_is_announced_once_and_a_new_date_again() -> None:
    shopper = bought(IDLE, 600_00)
    for day in (195, 196, 197, 209):
        shopper.looks(START + day * DAY)
    [warning] = shopper.warnings
    assert (warning.at, warning.tier.key, warning.to_tier.key) == (START + 210 * DAY, "gold", "silver")

    shopper.buys(1_00, START + 209 * DAY)
    shopper.looks(START + (209 + 210) * DAY)
    assert [lapse.at for lapse in shopper.lapses] == [START + 419 * DAY]
    # Nobody came by before that lapse; the next is announced in its turn.
    shopper.looks(START + (419 + 196) * DAY)
    assert [warning.at - START for warning in shopper.warnings] == [210 * DAY, (419 + 210) * DAY]


def test_who_holds_a_tier_without_a_date_is_not_idle() -> None:
    """Figures of before may lack the date of the last order."""
    found = judged(Holding(), Spend(600_00), with_policy(IDLE), START)

    assert (found.tier.key, found.due_at) == ("gold", None)


def test_what_keeps_a_tier() -> None:
    shopper = bought(WINDOW, 600_00)
    shopper.buys(150_00, START + 40 * DAY)
    now = START + 41 * DAY
    wanted = shopper.to_keep(now)
    assert wanted is not None
    assert (wanted.tier.key, wanted.to_tier.key, wanted.cents) == ("gold", "silver", 350_00)
    assert (wanted.counts_from, wanted.until) == (now, MAY)

    idle = bought(IDLE, 600_00).to_keep(START)
    assert idle is not None
    assert (idle.cents, idle.until) == (0, START + 210 * DAY)
    assert bought(WINDOW, 100_00).to_keep(START) is None


def test_during_grace_it_takes_what_other_months_have_taken_away_too() -> None:
    shopper = bought(WINDOW.model_copy(update={"grace_days": 60}), 600_00)
    shopper.buys(150_00, START + 40 * DAY)
    shopper.looks(MAY)

    for now, cents in ((MAY - TICK, 350_00), (MAY, 500_00)):
        wanted = shopper.to_keep(now)
        assert wanted is not None
        assert (wanted.cents, wanted.counts_from, wanted.until) == (cents, now, datetime(2026, 5, 31, 4, tzinfo=UTC))


def test_spend_too_early_for_the_window_does_not_keep_a_tier() -> None:
    wanted = bought(WINDOW, 600_00).to_keep(START)

    assert wanted is not None
    assert (wanted.cents, wanted.counts_from) == (500_00, datetime(2026, 2, 1, 5, tzinfo=UTC))
