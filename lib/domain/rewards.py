"""What points buy: the configured reward tiers exactly, or any amount pro rata, and the best reward that still fits."""

from collections.abc import Iterator
from dataclasses import dataclass

from lib.domain.settings_model import LoyaltySettings, RedemptionTier


@dataclass(frozen=True, slots=True)
class Reward:
    """Points and the money off they buy. `tier_id` is the reward tier whose rate sets the price."""

    tier_id: str
    points: int
    value_cents: int


def of_tier(settings: LoyaltySettings, tier_id: str) -> Reward | None:
    """The reward of this tier, None when the org has no such tier."""
    return next((whole(tier) for tier in settings.redemption_tiers if tier.id == tier_id), None)


def of_points(settings: LoyaltySettings, points: int) -> Reward | None:
    """What exactly these points buy under the org's rule; None when they are not an amount that buys anything.

    Exact: the tier of this cost. Pro rata: the rate of the dearest tier that the points reach, floored to the cent;
    below the cheapest tier nothing.
    """
    reached = [tier for tier in settings.redemption_tiers if tier.points_cost <= points]
    if not reached or (settings.redemption_mode == "exact" and reached[-1].points_cost != points):
        return None
    return part_of(whole(reached[-1]), points)


def best_fit(settings: LoyaltySettings, available_points: int, room_cents: int) -> Reward | None:
    """The most valuable reward for at most these points and this much money; of equals the one that costs least."""
    fitting = _largest(settings, available_points, room_cents)
    return max(fitting, key=lambda reward: (reward.value_cents, -reward.points), default=None)


def part_of(reward: Reward, points: int) -> Reward:
    """The reward for spending only `points` of it: their share of its value, floored to the cent."""
    return Reward(reward.tier_id, points, reward.value_cents * points // reward.points)


def whole(tier: RedemptionTier) -> Reward:
    """The reward of a tier at its own cost."""
    return Reward(tier.id, tier.points_cost, tier.reward_value_cents)


def _largest(settings: LoyaltySettings, available_points: int, room_cents: int) -> Iterator[Reward]:
    """For each tier the largest reward at its rate within these limits, when there is one."""
    tiers = settings.redemption_tiers
    for tier, dearer in zip(tiers, (*tiers[1:], None), strict=True):
        last_points = tier.points_cost
        if settings.redemption_mode == "pro_rata":
            last_points = dearer.points_cost - 1 if dearer else available_points
        reward = _at_rate(tier, min(available_points, last_points), room_cents)
        if reward.points >= tier.points_cost:
            yield reward


def _at_rate(tier: RedemptionTier, most_points: int, room_cents: int) -> Reward:
    """The largest reward at this tier's rate within both limits, spending no point that buys nothing."""
    points_in_room = ((room_cents + 1) * tier.points_cost - 1) // tier.reward_value_cents
    value_cents = min(most_points, points_in_room) * tier.reward_value_cents // tier.points_cost
    return Reward(tier.id, -(-value_cents * tier.points_cost // tier.reward_value_cents), value_cents)
