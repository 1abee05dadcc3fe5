"""The map `loyalty` of a customer document: the truth about the customer, which nobody but us writes.

Maps of earlier versions lack what has been added since; decoding gives it the value it had then.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lib.domain.customers import Customer, Opening, Standing
from lib.domain.segments import SpendStats
from lib.domain.tier_holding import Holding
from lib.store.ledger import encode_account


def encode(customer: Customer, standing: Standing) -> dict[str, Any]:
    """The map of a customer with this standing."""
    return {
        **encode_account(customer.account),
        "tier": standing.tier,
        "segment": standing.segment,
        "expiryWarnedTo": customer.expiry_warned_to,
        **_encode_holding(customer.holding),
        "monthlySpend": dict(customer.monthly_spend or {}),
        **_encode_stats(customer.stats),
        "orderPoints": customer.order_points,
        "opening": {"points": customer.opening.points, **_encode_stats(customer.opening.stats)},
        "identities": list(customer.identities),
        "spendingKey": customer.spending_key,
    }


def decode(customer: Customer, loyalty: Mapping[str, Any]) -> Customer:
    """The customer, whose account and contact are known, with all else that the map says."""
    opening = loyalty["opening"]
    return replace(
        customer,
        opened=True,
        tier=loyalty["tier"],
        segment=loyalty.get("segment", customer.segment),
        expiry_warned_to=loyalty.get("expiryWarnedTo"),
        holding=_decode_holding(loyalty),
        monthly_spend=loyalty.get("monthlySpend"),
        opening=Opening(opening["points"], _decode_stats(opening)),
        stats=_decode_stats(loyalty),
        order_points=loyalty["orderPoints"],
        identities=tuple(loyalty["identities"]),
        spending_key=loyalty["spendingKey"],
    )


def _encode_stats(stats: SpendStats) -> dict[str, Any]:
    return {
        "spendCents": stats.lifetime_cents,
        "orderCount": stats.order_count,
        "firstOrderAt": stats.first_order_at,
        "lastOrderAt": stats.last_order_at,
    }


def _decode_stats(fields: Mapping[str, Any]) -> SpendStats:
    return SpendStats(
        order_count=fields["orderCount"],
        lifetime_cents=fields["spendCents"],
        first_order_at=fields["firstOrderAt"],
        last_order_at=fields["lastOrderAt"],
    )


def _encode_holding(holding: Holding) -> dict[str, Any]:
    """What is remembered of the tier besides its name."""
    return {
        "tierClaimCents": holding.claim_cents,
        "lapsedCents": holding.lapsed_cents,
        "tierLapsedAt": holding.lapsed_at,
        "tierShortFrom": holding.short_from,
        "tierWarnedOf": holding.warned_of,
    }


def _decode_holding(fields: Mapping[str, Any]) -> Holding:
    return Holding(
        tier=fields["tier"],
        claim_cents=fields.get("tierClaimCents"),
        lapsed_cents=fields.get("lapsedCents", 0),
        lapsed_at=fields.get("tierLapsedAt"),
        short_from=fields.get("tierShortFrom"),
        warned_of=fields.get("tierWarnedOf"),
    )
