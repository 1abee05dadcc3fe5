"""Redeeming at checkout: what a customer may redeem on an order now, and holding it."""

from dataclasses import dataclass
from datetime import datetime

from lib.domain import redemptions, rewards
from lib.domain.ledger import Journal
from lib.domain.money import MAX_CENTS
from lib.domain.redemptions import Act, Outcome, Redemption, Refusal
from lib.domain.rewards import Reward
from lib.domain.settings_model import LoyaltySettings

_MISFIT = {"exact": Refusal.NOT_A_TIER, "pro_rata": Refusal.BELOW_MINIMUM}


@dataclass(frozen=True, slots=True)
class TillOrder:
    """The order as the till knows it; its document may not exist yet. `total_cents` is before rewards."""

    id: str
    total_cents: int


@dataclass(frozen=True, slots=True)
class Checkout:
    """The order to redeem on: its total before rewards, whether it is cancelled or refunded, its redemptions so far.

    held: the customer's holds that nobody has ended, on this order or another. Without an order to compare with, every
    reward has room.
    """

    order_id: str = ""
    total_cents: int = MAX_CENTS
    is_returned: bool = False
    redemptions: tuple[Redemption, ...] = ()
    held: tuple[Redemption, ...] = ()

    @property
    def room_cents(self) -> int:
        """What is left to pay after the rewards already captured: the most a further reward may be worth."""
        return max(0, self.total_cents - sum(redemption.counted_cents for redemption in self.redemptions))


@dataclass(frozen=True, slots=True)
class Wish:
    """What a caller asks to redeem: an amount of points, or a reward tier by its id."""

    points: int | None = None
    tier_id: str | None = None


@dataclass(frozen=True, slots=True)
class Option:
    """One reward tier at this checkout; `refusal` says why it cannot be had now."""

    reward: Reward
    description: str
    refusal: Refusal | None


@dataclass(frozen=True, slots=True)
class Quote:
    """What a customer may redeem now. `refusal`: nothing at all, for a reason that no other amount would change."""

    available_points: int = 0
    options: tuple[Option, ...] = ()
    best: Reward | None = None
    refusal: Refusal | None = None


def quote(checkout: Checkout, journal: Journal | None, settings: LoyaltySettings, act: Act) -> Quote:
    """What `hold` would answer now, for every reward tier. The journal is a scratch one: nothing of it is stored."""
    refusal = _blocked(checkout, settings, act.at)
    if refusal or journal is None:
        return Quote(refusal=refusal or Refusal.UNKNOWN_CUSTOMER)
    redemptions.close_timed_out(checkout.held, journal, act)
    available = journal.account.balances.available
    priced = [(rewards.whole(tier), tier.description) for tier in settings.redemption_tiers]
    return Quote(
        available_points=available,
        options=tuple(Option(reward, words, _too_much(reward, available, checkout)) for reward, words in priced),
        best=rewards.best_fit(settings, available, checkout.room_cents),
    )


def hold(
    redemption_id: str, wish: Wish, checkout: Checkout, journal: Journal | None, settings: LoyaltySettings, act: Act
) -> Outcome:
    """Sets points aside for an order, for the minutes the settings give. `journal` is None for an unknown customer.

    A reward worth more than what is left to pay is refused and never trimmed silently: the customer would pay points
    for nothing. The refusal offers the best reward that fits. This customer's timed-out holds are closed first,
    on whichever order: a hold that somebody forgot must not keep points from the next purchase.
    """
    refusal = _blocked(checkout, settings, act.at)
    if refusal or journal is None:
        return Outcome(refusal=refusal or Refusal.UNKNOWN_CUSTOMER)
    closed = redemptions.close_timed_out(checkout.held, journal, act)
    available = journal.account.balances.available
    decision = _granted(wish, available, checkout, settings)
    if isinstance(decision, Refusal):
        return Outcome(closed, decision, rewards.best_fit(settings, available, checkout.room_cents))
    minutes = settings.hold_minutes
    held = redemptions.open_hold(redemption_id, checkout.order_id, decision, journal, act, minutes=minutes)
    return Outcome((*closed, held))


def _blocked(checkout: Checkout, settings: LoyaltySettings, now: datetime) -> Refusal | None:
    if settings.paused:
        return Refusal.PAUSED
    if checkout.is_returned:
        return Refusal.ORDER_RETURNED
    if any(redemption.is_open(now) for redemption in checkout.redemptions):
        return Refusal.ORDER_ALREADY_HAS_HOLD
    return None


def _granted(wish: Wish, available_points: int, checkout: Checkout, settings: LoyaltySettings) -> Reward | Refusal:
    if wish.points is None:
        reward, misfit = rewards.of_tier(settings, wish.tier_id or ""), Refusal.NOT_A_TIER
    else:
        reward, misfit = rewards.of_points(settings, wish.points), _MISFIT[settings.redemption_mode]
    if reward is None:
        return misfit
    return _too_much(reward, available_points, checkout) or reward


def _too_much(reward: Reward, available_points: int, checkout: Checkout) -> Refusal | None:
    if reward.points > available_points:
        return Refusal.INSUFFICIENT_POINTS
    if reward.value_cents > checkout.room_cents:
        return Refusal.EXCEEDS_ORDER_TOTAL
    return None
