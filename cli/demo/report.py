"""What a demo did, as one JSON object, and the same object printed for people."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from cli.demo.compare import Stored

Json = dict[str, Any]
_LISTED_MAX = 10


def percentile(values: Sequence[float], share: float) -> float | None:
    """The nearest-rank percentile; None of nothing."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)] if values else None


def durations(seconds: Sequence[float]) -> Json:
    """Count, p50, p95 and maximum in milliseconds, to a tenth."""
    figures = {"p50": percentile(seconds, 0.5), "p95": percentile(seconds, 0.95), "max": max(seconds, default=None)}
    return {"count": len(seconds)} | {
        f"{name}Ms": None if value is None else round(value * 1000, 1) for name, value in figures.items()
    }


def balances(stored: Stored, tiers: Sequence[str]) -> Json:
    """Sums over all customers; tiers in their order, segments by size, the inbox by reason."""
    customers = stored.customers.values()
    by_tier = Counter(customer.tier for customer in customers)
    return {
        "balances": {
            "customers": len(stored.customers),
            "ordersCounted": len(stored.owners),
            "spendCents": sum(customer.spend_cents for customer in customers),
            "pointsAvailable": sum(customer.points for customer in customers),
            "pointsReserved": sum(customer.reserved for customer in customers),
            "pointsPending": sum(customer.pending for customer in customers),
            "pointsOwed": sum(customer.debt for customer in customers),
        },
        "tiers": {tier: by_tier[tier] for tier in [*tiers, *sorted(by_tier.keys() - set(tiers))]},
        "segments": dict(Counter(customer.segment for customer in customers).most_common()),
        "inbox": dict(sorted(stored.inbox.items())),
    }


def redemptions(
    outcomes: Counter[str], redeemed: Counter[str], redeem_seconds: Sequence[float], call_seconds: Sequence[float]
) -> Json:
    """What happened at the till."""
    return {
        "redemptions": {
            "outcomes": dict(outcomes.most_common()),
            "pointsRedeemed": redeemed.total(),
            "redeem": durations(redeem_seconds),
            "calls": durations(call_seconds),
        }
    }


def billed(usage: Mapping[str, int], orders: int, own_reads: int, own_writes: int) -> Json:
    """What the functions alone would have been billed: the total less what the replay itself read and wrote."""
    reads, writes = usage["reads"] - own_reads, usage["writes"] - own_writes
    return {
        "reads": reads,
        "writes": writes,
        "deletes": usage["deletes"],
        "readsPerOrder": round(reads / orders, 2) if orders else None,
        "writesPerOrder": round(writes / orders, 2) if orders else None,
    }


def is_clean(report: Json) -> bool:
    """Whether something was audited, nothing was found by it or the comparison, no event was given up, and a campaign
    reached whom it must."""
    campaign = (report.get("winBack") or {}).get("differences", [])
    problems = report["audit"]["violations"] or report["expected"]["differences"] or report["failures"] or campaign
    return not problems and report["audit"]["documents"] > 0
