"""Customer documents: `customers/{id}`, shared with the dashboard; only the fields named here are read or written.

The map `loyalty` is ours alone and is the truth. The dashboard's own fields beside it are a projection, written again
with every change of ours, so that what other writers did to them does not last.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from lib.domain import loose_fields
from lib.domain.customers import Contact, Customer, Opening, Standing
from lib.domain.errors import InvalidInput, InvariantBroken, NotFound
from lib.domain.identity import normalise_phone, normalise_pos_id, phone_digits, phone_last4
from lib.domain.money import cents_from_dollars, dollars
from lib.domain.segments import SpendStats
from lib.store import account_map, notices
from lib.store.ledger import decode_account, last
from lib.store.org import OrgStore
from lib.store.transaction import Snapshot, Transaction

# Marks documents written by us, and by which version of `loyalty`.
ENGINE_VERSION = 1

_DAY = timedelta(days=1)
_FIGURE_MAX = 10**12
_FIGURE_LENGTH_MAX = 20
_TIMES = frozenset({"updatedAt", "pointsLastCalculated", "daysSinceLastOrder"})
_CONTACT_FIELDS = {
    "email": "email",
    "phone": "phone",
    "first_name": "firstName",
    "last_name": "lastName",
    "display_name": "displayName",
}


def load(transaction: Transaction, org: OrgStore, customer_id: str, document: Snapshot | None = None) -> Customer:
    """The customer, ready to be changed; `document` if the transaction has read it already.

    Raises NotFound when this org has none of this id, whether or not another org has.
    """
    customer = decode(org, document or transaction.get([org.customer(customer_id)])[0])
    if customer is None:
        raise NotFound("no such customer", reason="unknown_customer")
    check_opening(transaction, org, customer)
    return customer


def check_opening(transaction: Transaction, org: OrgStore, customer: Customer) -> None:
    """Raises InvariantBroken when the ledger has entries although the document says it was never opened.

    Somebody has replaced the whole document; sync_customer restores it from the entries. One read, and only for
    documents that the ledger has not taken over.
    """
    if not customer.opened and last(transaction, org, customer.id):
        # Not which one: an id may hold a telephone number, and this text is logged.
        raise InvariantBroken("a customer has lost its account; sync_customer restores it")


def decode(org: OrgStore, snapshot: Snapshot, *, adopt: bool = False) -> Customer | None:
    """The customer of a document; None when there is none or it is another org's.

    `adopt` also takes a document that names no org: the nightly job of the dashboard leaves such stubs behind under
    ids that begin with the org's, and the caller has derived this id from an identity.
    """
    fields = snapshot.to_dict() or {}
    ours = org.owns(fields) or (adopt and fields.get("orgId") is None)
    if not snapshot.exists or not ours:
        return None
    loyalty = fields.get("loyalty")
    customer = Customer(
        account=decode_account(org.org_id, snapshot.id, loyalty or {}),
        contact=Contact(**{name: _text(fields.get(field)) for name, field in _CONTACT_FIELDS.items()}),
        pos_id=normalise_pos_id(fields.get("alleavesCustomerId")),
        equity=fields.get("equityStatus") is True,
        tier=_text(fields.get("tier")),
        tier_updated_at=_instant(fields.get("tierUpdatedAt")),
        segment=_text(fields.get("segment")),
        segment_due_at=_instant(fields.get("dueSegmentAt")),
        enrolled=loose_fields.instant(fields.get("loyaltyEnrolledAt")) is not None,
        merged_into=_text(fields.get("mergedInto")) if fields.get("archived") is True else None,
    )
    if not loyalty:
        legacy = _legacy_opening(fields)
        return replace(customer, opening=legacy, stats=legacy.stats)
    return account_map.decode(customer, loyalty)


def save(
    transaction: Transaction, org: OrgStore, customer: Customer, *, before: Customer | None, now: datetime
) -> None:
    """Writes what is ours and the projection, and what there is to tell of it; creates the document when there was none
    before.

    Raises InvariantBroken for a customer without a standing (lib/domain/standing.py `refreshed`).
    """
    fields = encode(org, customer, before=before, now=now)
    if before is None:
        transaction.create(org.customer(customer.id), fields)
    else:
        transaction.update(org.customer(customer.id), fields)
    if customer.standing:
        notices.add(transaction, org, customer.standing.notices, now)


def encode(org: OrgStore, customer: Customer, *, before: Customer | None, now: datetime) -> dict[str, Any]:
    """The fields to write, under the dashboard's names: dollars as floats, times as timestamps, never an undefined."""
    standing = customer.standing
    if standing is None or customer.org_id != org.org_id:
        raise InvariantBroken("only a refreshed customer of this org can be written")
    fields = {
        "id": customer.id,
        **_contact_changes(customer, before),
        **_spending(customer, now),
        **_standing(standing, before),
        "pointsFromOrders": customer.order_points,
        "pointsLastCalculated": now,
        "loyalty": account_map.encode(customer, standing),
        "loyaltyEngine": ENGINE_VERSION,
        "updatedAt": now,
    }
    if before is None:
        fields["createdAt"] = now
    if not customer.enrolled:
        fields["loyaltyEnrolledAt"] = now
    return org.stamped(fields)


def differing(document: Snapshot, fields: Mapping[str, Any]) -> list[str]:
    """Which of these fields say something else than the document, leaving out those that only tell the time."""
    stored = document.to_dict() or {}
    return sorted(name for name, value in fields.items() if name not in _TIMES and stored.get(name) != value)


def _standing(standing: Standing, before: Customer | None) -> dict[str, Any]:
    fields = {
        "points": standing.points,
        "loyaltyPoints": standing.points,
        "tier": standing.tier,
        "tierThreshold": dollars(standing.tier_threshold_cents),
        "tierProgress": standing.tier_progress_percent,
        "tierSource": "calculated",
        "segment": standing.segment,
        "dueSegmentAt": standing.segment_due_at,
        "duePointsAt": standing.points_due_at,
        "dueTierAt": standing.tier_due_at,
        "dueAt": standing.due_at,
    }
    if before is None or before.tier_updated_at != standing.tier_updated_at:
        fields["tierUpdatedAt"] = standing.tier_updated_at
    return fields


def _spending(customer: Customer, now: datetime) -> dict[str, Any]:
    stats = customer.stats
    fields = {**spending_fields(stats), "lifetimeValue": dollars(stats.lifetime_cents)}
    if stats.last_order_at:
        # The segment's due date keeps this figure on the right side of every threshold until it is written again.
        fields["daysSinceLastOrder"] = max(0, (now - stats.last_order_at) // _DAY)
    return fields


def spending_fields(stats: SpendStats) -> dict[str, Any]:
    """Totals under the names that customer and customer_spending documents share; money in dollars."""
    average = round(stats.lifetime_cents / stats.order_count) if stats.order_count else 0
    return {
        "totalSpent": dollars(stats.lifetime_cents),
        "orderCount": stats.order_count,
        "avgOrderValue": dollars(average),
        "firstOrderDate": stats.first_order_at,
        "lastOrderDate": stats.last_order_at,
    }


def _contact_changes(customer: Customer, before: Customer | None) -> dict[str, Any]:
    """Contact fields that have been filled in since `before`, and the forms of them that readers query."""
    old = before.contact if before else Contact()
    new = customer.contact
    values = {name: getattr(new, name) for name in _CONTACT_FIELDS}
    fields = {_CONTACT_FIELDS[name]: value for name, value in values.items() if value and value != getattr(old, name)}
    if e164 := normalise_phone(new.phone):
        fields |= {"phoneDigits": phone_digits(e164), "phoneLast4": phone_last4(e164)}
    if new.first_name:
        fields["firstNameLower"] = new.first_name.lower()
    if customer.pos_id and (before is None or before.pos_id is None):
        fields["alleavesCustomerId"] = f"cid_{customer.pos_id}"
    return fields


def _legacy_opening(fields: Mapping[str, Any]) -> Opening:
    return Opening(
        points=_natural(fields.get("points")),
        stats=SpendStats(
            order_count=_natural(fields.get("orderCount")),
            lifetime_cents=_legacy_cents(fields),
            # The POS customer sync has stored these as text; without them every old order would be counted twice.
            first_order_at=loose_fields.instant(fields.get("firstOrderDate")),
            last_order_at=loose_fields.instant(fields.get("lastOrderDate")),
        ),
    )


def _legacy_cents(fields: Mapping[str, Any]) -> int:
    try:
        return max(0, cents_from_dollars(fields.get("totalSpent", 0)))
    except InvalidInput:
        return 0


def _natural(value: object) -> int:
    """A stored figure, also as text, as a whole number of at least 0; what is no sane number is 0."""
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit():
        value = float(value[:_FIGURE_LENGTH_MAX])
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0
    return int(value) if 0 < value < _FIGURE_MAX else 0


def _instant(value: object) -> datetime | None:
    return value if isinstance(value, datetime) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
