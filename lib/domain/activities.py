"""Rows of a customer's timeline in the dashboard, one a change and never edited."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from lib.domain.customers import Customer
from lib.domain.ids import derived_id
from lib.domain.money import dollars
from lib.domain.orders import Order, Revision


class ActivityKind(StrEnum):
    """The dashboard's types that we write."""

    ORDER = "order"
    POINTS_EARNED = "points_earned"
    POINTS_REDEEMED = "points_redeemed"
    SEGMENT_CHANGE = "segment_change"


@dataclass(frozen=True, slots=True)
class Activity:
    """One row. Its id derives from what it tells, so that telling it twice meets the same document."""

    id: str
    customer_id: str
    kind: ActivityKind
    description: str
    metadata: Mapping[str, Any]
    created_at: datetime


def of_order(
    before: Customer | None, after: Customer, order: Order, revision: Revision, points: int, now: datetime
) -> Activity | None:
    """What one revision of an order did to a customer, in one row; `points` is the change of what the order grants.

    None when nothing is worth telling. Metadata has the dashboard's names. Whether an equity multiplier took part is
    not told: customers read their timeline.
    """
    standing = after.standing
    if standing is None:
        return None
    moves = _moves(before, after)
    kind = _kind(before, after, points, moves)
    if kind is None:
        return None
    metadata = {
        "orderId": order.id,
        "orderTotal": dollars(order.money.total_cents) if order.money else None,
        "pointsAwarded": points,
        "previousPoints": _points(before) if before else 0,
        "newPoints": after.account.balances.available,
        **moves,
    }
    return Activity(
        id=derived_id("activity", after.org_id, after.id, order.id, revision.text),
        customer_id=after.id,
        kind=kind,
        description=_words(order, points, moves),
        metadata=metadata,
        created_at=now,
    )


def of_drift(before: Customer, after: Customer, now: datetime) -> Activity | None:
    """Another segment or tier without an order: time has passed, or the rules have changed. None where none moved."""
    moves = _moves(before, after)
    if not moves or after.standing is None:
        return None
    told = (("Tier", "newTier"), ("Segment", "newSegment"))
    return Activity(
        id=derived_id("activity", after.org_id, after.id, "drift", now.isoformat()),
        customer_id=after.id,
        kind=ActivityKind.SEGMENT_CHANGE,
        description="; ".join(f"{name} is now {moves[key]}" for name, key in told if key in moves),
        metadata=moves,
        created_at=now,
    )


def _kind(
    before: Customer | None, after: Customer, points: int, moves: Mapping[str, str | None]
) -> ActivityKind | None:
    if points:
        return ActivityKind.POINTS_EARNED
    if "newSegment" in moves:
        return ActivityKind.SEGMENT_CHANGE
    changed = before is None or before.stats != after.stats
    return ActivityKind.ORDER if changed or moves else None


def _moves(before: Customer | None, after: Customer) -> dict[str, str | None]:
    standing = after.standing
    moves: dict[str, str | None] = {}
    if before and standing and before.segment != standing.segment:
        moves |= {"previousSegment": before.segment, "newSegment": standing.segment}
    if before and standing and (before.tier or "").lower() != standing.tier:
        moves |= {"previousTier": before.tier, "newTier": standing.tier}
    return moves


def _points(customer: Customer) -> int:
    return customer.account.balances.available if customer.opened else customer.opening.points


def _words(order: Order, points: int, moves: Mapping[str, str | None]) -> str:
    if points > 0:
        told = f"Earned {points} points on order {order.id}"
    elif points < 0:
        told = f"{-points} points of order {order.id} taken back ({order.status})"
    else:
        told = f"Order {order.id} {order.status}"
    if "newTier" in moves:
        told += f"; tier is now {moves['newTier']}"
    if "newSegment" in moves:
        told += f"; segment is now {moves['newSegment']}"
    return told
