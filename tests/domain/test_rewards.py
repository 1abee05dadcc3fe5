"""What points buy, compared with trying every amount."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.domain import rewards
from lib.domain.rewards import Reward
from lib.domain.settings import LoyaltySettings, RedemptionTier

EXACT = LoyaltySettings()
PRO_RATA = LoyaltySettings(redemption_mode="pro_rata")


@pytest.mark.parametrize(
    ("settings", "points", "value_cents"),
    [
        (EXACT, 99, None),
        (EXACT, 100, 5_00),
        (EXACT, 101, None),
        (EXACT, 250, 15_00),
        (EXACT, 500, 35_00),
        (EXACT, 1000, None),
        (PRO_RATA, 99, None),
        (PRO_RATA, 100, 5_00),
        (PRO_RATA, 101, 5_05),
        (PRO_RATA, 249, 12_45),
        (PRO_RATA, 250, 15_00),
        (PRO_RATA, 251, 15_06),
        (PRO_RATA, 1000, 70_00),
    ],
)
def test_points_buy(settings: LoyaltySettings, points: int, value_cents: int | None) -> None:
    reward = rewards.of_points(settings, points)
    assert (reward and reward.value_cents) == value_cents


def test_a_tier_is_named_by_its_id() -> None:
    assert rewards.of_tier(PRO_RATA, "medium") == Reward("medium", 250, 15_00)
    assert rewards.of_tier(PRO_RATA, "huge") is None


def test_a_part_is_worth_its_share_floored_to_the_cent() -> None:
    assert rewards.part_of(Reward("large", 500, 35_00), 333) == Reward("large", 333, 23_31)


@st.composite
def price_lists(draw: st.DrawFn) -> LoyaltySettings:
    """A few tiers so close together that rates go up, down and round differently."""
    costs = draw(st.sets(st.integers(1, 60), min_size=1, max_size=4))
    tiers = tuple(
        RedemptionTier(id=str(cost), points_cost=cost, reward_value_cents=draw(st.integers(1_00, 8_00)))
        for cost in costs
    )
    return LoyaltySettings(redemption_mode=draw(st.sampled_from(("exact", "pro_rata"))), redemption_tiers=tiers)


@given(settings=price_lists(), available=st.integers(0, 120), room_cents=st.integers(0, 20_00))
def test_the_best_fit_is_the_best_of_all_amounts(settings: LoyaltySettings, available: int, room_cents: int) -> None:
    every = [rewards.of_points(settings, points) for points in range(available + 1)]
    fitting = [reward for reward in every if reward and 0 < reward.value_cents <= room_cents]
    expected = max(fitting, key=lambda reward: (reward.value_cents, -reward.points), default=None)
    assert rewards.best_fit(settings, available, room_cents) == expected
