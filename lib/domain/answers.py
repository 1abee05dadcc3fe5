"""What callers are told, as plain JSON: camel-case names, money in cents and in dollars, times as ISO 8601 UTC."""

from datetime import UTC, datetime
from typing import Any, TypeAlias

from lib.domain.checkout import Option, Quote
from lib.domain.ledger import Account, Balances
from lib.domain.money import dollars
from lib.domain.redemptions import Outcome, Redemption
from lib.domain.rewards import Reward

# Plain JSON, so that an answer that was stored is given again exactly.
Answer: TypeAlias = "dict[str, Any]"


def refusal(reason: str, **facts: Any) -> Answer:
    """A request that was understood and is refused: a reason of a closed list, and what helps to decide what next."""
    return {"ok": False, "reason": reason, **facts}


def of_outcome(outcome: Outcome, account: Account | None) -> Answer:
    """A redemption as it is now, or why it was refused and what could be had instead. No account: no such customer."""
    balances = of_balances(account.balances) if account else None
    if outcome.refusal:
        offer = of_reward(outcome.offer) if outcome.offer else None
        return refusal(outcome.refusal.value, offer=offer, balances=balances)
    return {"ok": True, "redemption": of_redemption(outcome.redemption), "balances": balances}


def of_quote(quote: Quote) -> Answer:
    """Every reward tier with whether it can be had now, and the best reward that can."""
    if quote.refusal:
        return refusal(quote.refusal.value)
    return {
        "ok": True,
        "available": quote.available_points,
        "options": [_of_option(option) for option in quote.options],
        "best": of_reward(quote.best) if quote.best else None,
    }


def of_redemption(redemption: Redemption) -> Answer:
    """One redemption."""
    captured = redemption.captured
    return {
        "id": redemption.id,
        "customerId": redemption.customer_id,
        "orderId": redemption.order_id,
        "state": redemption.state.value,
        **of_reward(redemption.reward),
        "capturedPoints": captured.points if captured else 0,
        "capturedValueCents": captured.value_cents if captured else 0,
        "capturedValue": dollars(captured.value_cents) if captured else 0.0,
        "heldAt": instant(redemption.held_at),
        "expiresAt": instant(redemption.expires_at),
        "capturedAt": instant(redemption.captured_at),
        "voidedAt": instant(redemption.voided_at),
        "reinstatedAt": instant(redemption.reinstated_at),
    }


def of_reward(reward: Reward) -> Answer:
    """Points and what they buy."""
    return {
        "rewardTierId": reward.tier_id,
        "points": reward.points,
        "rewardValueCents": reward.value_cents,
        "rewardValue": dollars(reward.value_cents),
    }


def of_balances(balances: Balances) -> Answer:
    """The four balances, in points."""
    return {
        "available": balances.available,
        "pending": balances.pending,
        "reserved": balances.reserved,
        "debt": balances.debt,
    }


def instant(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC, as JavaScript reads and writes it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if moment else None


def _of_option(option: Option) -> Answer:
    return {
        **of_reward(option.reward),
        "description": option.description,
        "redeemable": option.refusal is None,
        "reason": option.refusal.value if option.refusal else None,
    }
