"""What callers are told, as plain JSON: camel-case names, money in cents and in dollars, times as ISO 8601 UTC."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, TypeAlias

from lib.domain import tiers
from lib.domain.chain import Link, before, first_break
from lib.domain.checkout import Option, Quote
from lib.domain.customers import Customer, Standing
from lib.domain.errors import InvariantBroken
from lib.domain.explain import explain
from lib.domain.ledger import Account, Balances, Entry
from lib.domain.money import dollars
from lib.domain.redemptions import Outcome, Redemption
from lib.domain.rewards import Reward
from lib.domain.runs import Run
from lib.domain.settings import LoyaltySettings

# Plain JSON, so that an answer that was stored is given again exactly.
Answer: TypeAlias = dict[str, Any]


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


def of_standing(customer: Customer, settings: LoyaltySettings) -> Answer:
    """What a refreshed customer has, and where the figure comes from.

    `alpine` is null as long as no Alpine IQ account is connected; then the calculated figure is the primary one and
    there is nothing to compare it with. Ages are in seconds: the calculated figure is worked out for this very answer.
    """
    standing = customer.standing
    if standing is None:
        raise InvariantBroken("only a refreshed customer has a standing")
    return {
        "ok": True,
        "customerId": customer.id,
        "points": standing.points,
        **of_balances(customer.account.balances),
        **_of_tier(standing, settings),
        "source": "calculated",
        "primary": {
            "points": standing.points,
            "tier": standing.tier,
            "source": "calculated",
            "lastVisit": instant(customer.stats.last_order_at),
        },
        "calculated": {"points": standing.points, "tier": standing.tier},
        "alpine": None,
        "discrepancy": None,
        "ages": {"calculated": 0, "alpine": None},
    }


def of_page(entries: Sequence[Entry], newest: Link | None, *, names_staff: bool) -> Answer:
    """Ledger entries, newest first, each in words, and whether they are what was written.

    `newest` is what is known of the first of them. `nextCursor` continues where they end; null: that was the first one.
    """
    broken_at = first_break(newest, entries) if newest else None
    following = before(entries[-1]) if entries else None
    return {
        "ok": True,
        "entries": [of_entry(entry, names_staff=names_staff) for entry in entries],
        "nextCursor": f"{following.seq}.{following.hash}" if following else None,
        "chain": {"intact": broken_at is None, "brokenAt": broken_at},
    }


def of_entry(entry: Entry, *, names_staff: bool) -> Answer:
    """One ledger entry. `names_staff`: whether the reader may learn which member of staff acted."""
    memo = entry.memo
    return {
        "seq": entry.seq,
        "kind": entry.kind.value,
        "points": entry.points,
        "reserved": entry.reserved,
        "pending": entry.pending,
        "debt": entry.debt,
        "balances": of_balances(entry.balances),
        "source": {"type": memo.source.type, "id": memo.source.id},
        "reason": memo.reason,
        "explanation": explain(entry),
        "actor": {"type": memo.actor.type, **({"id": memo.actor.id} if names_staff else {})},
        "occurredAt": instant(memo.occurred_at),
        "recordedAt": instant(entry.recorded_at),
    }


def of_reward(reward: Reward) -> Answer:
    """Points and what they buy."""
    return {
        "rewardTierId": reward.tier_id,
        "points": reward.points,
        "rewardValueCents": reward.value_cents,
        "rewardValue": dollars(reward.value_cents),
    }


def of_run(run: Run) -> Answer:
    """How far a run has come."""
    return {
        "id": run.id,
        "job": run.job,
        "state": run.state.value,
        "members": run.members,
        "shards": run.shards,
        "shardsDone": run.shards_done,
        "totals": dict(run.totals),
        "reason": run.reason,
        "createdAt": instant(run.created_at),
        "startedAt": instant(run.started_at),
        "finishedAt": instant(run.finished_at),
        "updatedAt": instant(run.updated_at),
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


def _of_tier(standing: Standing, settings: LoyaltySettings) -> Answer:
    held = tiers.tier_named(standing.tier, settings)
    way = tiers.progress(standing.qualifying_cents, settings, held=held)
    above = way.next_tier
    return {
        "tier": standing.tier,
        "tierName": held.name if held else standing.tier,
        "tierProgress": standing.tier_progress_percent,
        "nextTier": {
            "name": above.name,
            "threshold": dollars(above.threshold_cents),
            "spendToNext": dollars(way.cents_to_next),
        }
        if above
        else None,
    }


def _of_option(option: Option) -> Answer:
    return {
        **of_reward(option.reward),
        "description": option.description,
        "redeemable": option.refusal is None,
        "reason": option.refusal.value if option.refusal else None,
    }
