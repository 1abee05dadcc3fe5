"""Tiers that lapse while settings change: thresholds, tiers, the policy itself, and a programme that is paused.

The default tiers: silver from $200, gold from $500, platinum from $1000.
"""

from datetime import UTC, datetime, timedelta

import pytest

from lib.domain.settings import DEFAULT_SETTINGS, LoyaltySettings, updated_settings
from lib.domain.settings_model import TierPolicy
from tests.domain.shopping import START, TICK, bought, with_policy

DAY = timedelta(days=1)
MAY = datetime(2026, 5, 1, 4, tzinfo=UTC)  # where months begin in New York
IDLE = TierPolicy(inactivity_days=180, grace_days=30)
WINDOW = TierPolicy(window_months=3, grace_days=30)


def with_tiers(settings: LoyaltySettings, **thresholds: int) -> LoyaltySettings:
    """The settings with other tiers: names and dollars."""
    tiers = [{"name": "Bronze", "threshold": 0}, *({"name": n, "threshold": d} for n, d in thresholds.items())]
    return updated_settings(settings, {"tiers": tiers})


def test_a_raised_threshold_takes_no_tier_away_while_the_old_one_is_reached() -> None:
    shopper = bought(WINDOW, 100_00)
    for days in (25, 50, 75, 100, 125):  # about $550 in any three months
        shopper.buys(240_00, START + days * DAY)
    assert shopper.tier == "gold"
    shopper.settings = with_tiers(shopper.settings, Silver=600, Gold=900)
    now = START + 126 * DAY
    assert shopper.looks(now) == "gold"
    for days in (150, 175, 200):
        shopper.buys(240_00, START + days * DAY)
        assert shopper.tier == "gold"

    # Once the old threshold is missed the tier lapses, and the one below is held by the rules of now.
    shopper.looks(START + 330 * DAY)
    assert shopper.lapses[0].to_tier.key == "silver"


def test_a_lowered_threshold_counts_for_holders_at_once() -> None:
    shopper = bought(WINDOW, 600_00)
    shopper.buys(250_00, MAY - 20 * DAY)  # in grace: gold is missed since 1 April
    shopper.settings = with_tiers(shopper.settings, Silver=100, Gold=250)

    assert shopper.looks(MAY) == "gold"
    assert shopper.lapses == []


def test_a_lowered_threshold_counts_before_anybody_has_looked() -> None:
    """The order comes before the recalculation that a change of settings starts."""
    shopper = bought(WINDOW, 600_00)
    shopper.buys(250_00, MAY - 20 * DAY)
    shopper.settings = with_tiers(shopper.settings, Silver=100, Gold=250)
    shopper.buys(1_00, MAY + DAY)

    assert shopper.tier == "gold"
    assert shopper.lapses == []


def test_a_lapse_gives_nothing_back_where_the_tier_below_has_become_dearer() -> None:
    """Silver at $900 is kept with $600 by who held it before: standing at its threshold would be a present."""
    shopper = bought(IDLE, 600_00)
    shopper.settings = with_tiers(shopper.settings, Silver=900, Gold=1200)

    assert shopper.looks(START + 210 * DAY) == "silver"
    assert shopper.holding.lapsed_cents == 0
    assert shopper.qualifying_cents(START + 210 * DAY) == 600_00


def test_a_tier_that_is_no_more_gives_way_to_what_is_earned() -> None:
    shopper = bought(WINDOW, 600_00)
    shopper.settings = with_tiers(shopper.settings, Silver=200, Diamond=700)

    assert shopper.looks(START + DAY) == "silver"
    assert shopper.lapses == []


@pytest.mark.parametrize("policy", [IDLE, WINDOW, TierPolicy(inactivity_days=1, grace_days=0)])
def test_a_new_policy_leaves_everybody_grace_and_notice(policy: TierPolicy) -> None:
    shopper = bought(TierPolicy(), 600_00)
    since = START + 700 * DAY
    shopper.settings, shopper.in_force_since = with_policy(policy), since
    later = shopper.copy()

    assert shopper.looks(since + timedelta(hours=1)) == "gold"
    shopper.looks(since + 90 * DAY)
    assert shopper.lapses[0].at >= since + max(policy.grace_days, policy.notice_days) * DAY
    # Whoever is looked at only then has lapsed at the same instants.
    later.looks(since + 90 * DAY)
    assert later.lapses == shopper.lapses
    assert later.holding == shopper.holding


def test_a_shorter_window_is_looked_at_anew() -> None:
    shopper = bought(TierPolicy(window_months=12), 600_00)
    changed_at = START + 20 * DAY
    shopper.settings, shopper.in_force_since = with_policy(WINDOW), changed_at
    shopper.looks(changed_at)

    assert shopper.looks(MAY - TICK) == "gold"
    assert shopper.looks(MAY) == "silver"


def test_when_the_policy_goes_nothing_lapses_and_nothing_comes_back() -> None:
    shopper = bought(IDLE, 600_00)
    shopper.looks(START + 210 * DAY)
    shopper.settings = DEFAULT_SETTINGS

    assert shopper.looks(START + 211 * DAY) == "silver"
    assert shopper.looks(START + 3650 * DAY) == "silver"
    assert shopper.due_at is None


def test_a_paused_programme_takes_nothing_and_leaves_grace_when_it_goes_on() -> None:
    shopper = bought(WINDOW, 600_00)
    shopper.settings = shopper.settings.model_copy(update={"paused": True})
    assert shopper.looks(START + 365 * DAY) == "gold"
    assert (shopper.due_at, shopper.to_keep(START + 365 * DAY)) == (None, None)

    resumed_at = START + 366 * DAY
    shopper.settings, shopper.in_force_since = with_policy(WINDOW), resumed_at
    assert shopper.looks(resumed_at + 30 * DAY - TICK) == "gold"
    assert shopper.looks(resumed_at + 30 * DAY) == "silver"
