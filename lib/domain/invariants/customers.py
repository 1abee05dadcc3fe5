"""Checks the fields the dashboard reads on a customer document against the account they are derived from."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from lib.domain.invariants import shapes
from lib.domain.invariants.ageing import check_due_at, check_points_due, check_tier_due
from lib.domain.invariants.programme import Programme
from lib.domain.invariants.standing import earned_tier, qualifying_cents, segment_at, segment_instants
from lib.domain.invariants.violations import Document, Fact, Fields, Invariant, Violation, differing
from lib.domain.settings_model import LoyaltySettings, SegmentThresholds

_LOT = shapes.mapping(
    {
        "id": shapes.TEXT,
        "expiresAt": shapes.optional(shapes.INSTANT),
        "points": shapes.POSITIVE,
        "reserved": shapes.NATURAL,
    }
)
_PARCEL = shapes.mapping(
    {
        "id": shapes.TEXT,
        "releaseAt": shapes.INSTANT,
        "expiresAt": shapes.optional(shapes.INSTANT),
        "points": shapes.POSITIVE,
    }
)
_BALANCES = shapes.mapping(dict.fromkeys(("available", "pending", "reserved", "debt"), shapes.NATURAL))
_STATS: shapes.Shape = {
    "spendCents": shapes.NATURAL,
    "orderCount": shapes.NATURAL,
    "firstOrderAt": shapes.optional(shapes.INSTANT),
    "lastOrderAt": shapes.optional(shapes.INSTANT),
}
_ACCOUNT = shapes.mapping(
    {
        "seq": shapes.NATURAL,
        "headHash": shapes.DIGEST,
        "balances": _BALANCES,
        "lots": shapes.listing(_LOT),
        "parcels": shapes.optional(shapes.listing(_PARCEL)),
        "expiryWarnedTo": shapes.optional(shapes.INSTANT),
        "segment": shapes.optional(shapes.TEXT),
        **dict.fromkeys(("lapsedCents", "tierClaimCents"), shapes.optional(shapes.NATURAL)),
        **dict.fromkeys(("tierLapsedAt", "tierShortFrom", "tierWarnedOf"), shapes.optional(shapes.INSTANT)),
        "monthlySpend": shapes.optional(shapes.table(shapes.POSITIVE)),
        **_STATS,
        "orderPoints": shapes.NATURAL,
        "opening": shapes.mapping({"points": shapes.NATURAL, **_STATS}),
        "identities": shapes.listing(shapes.TEXT),
        "spendingKey": shapes.optional(shapes.TEXT),
        "tier": shapes.TEXT,
    }
)

CUSTOMER_SHAPE: shapes.Shape = {
    "id": shapes.TEXT,
    "orgId": shapes.TEXT,
    "loyalty": _ACCOUNT,
    **dict.fromkeys(("points", "loyaltyPoints", "orderCount", "pointsFromOrders"), shapes.INTEGER),
    **dict.fromkeys(("totalSpent", "lifetimeValue", "avgOrderValue", "tierThreshold", "tierProgress"), shapes.NUMBER),
    **dict.fromkeys(("tier", "segment"), shapes.TEXT),
    **dict.fromkeys(("pointsLastCalculated", "tierUpdatedAt", "updatedAt"), shapes.INSTANT),
    **dict.fromkeys(("dueSegmentAt", "duePointsAt", "dueTierAt", "dueAt"), shapes.optional(shapes.INSTANT)),
}

SPENDING_SHAPE: shapes.Shape = {
    **dict.fromkeys(("totalSpent", "avgOrderValue"), shapes.NUMBER),
    "orderCount": shapes.NATURAL,
    **dict.fromkeys(("firstOrderDate", "lastOrderDate"), shapes.optional(shapes.INSTANT)),
}


def check_customer(customer: Document, programme: Programme) -> Iterator[Violation]:
    """A customer document of the declared shape. Where it is not known under which settings its standing was worked
    out, what depends on settings is not checked."""
    fields, account = customer.fields, customer.fields["loyalty"]
    facts: list[Fact] = [
        ("id", customer.id, fields["id"]),
        ("loyaltyPoints", fields["points"], fields["loyaltyPoints"]),
        ("pointsFromOrders", account["orderPoints"], fields["pointsFromOrders"]),
        ("lifetimeValue", fields["totalSpent"], fields["lifetimeValue"]),
        ("tier", account["tier"], fields["tier"]),
        ("segment", account.get("segment") or fields["segment"], fields["segment"]),
        *_totals(account, fields),
    ]
    yield from differing(Invariant.CUSTOMER_FIGURES, customer.path, facts)
    versions = programme.versions_at(fields["pointsLastCalculated"])
    if versions:
        yield from _check_points(customer, versions)
        yield from _check_tier(customer, versions, exactly=_is_ours_since(customer, programme))
        yield from _check_segment(customer, versions)
        yield from check_points_due(customer, versions)
        yield from check_tier_due(customer, versions)
    yield from check_due_at(customer)


def check_spending(org_id: str, customer: Document, spending: Document | None) -> Iterator[Violation]:
    """The document of the customer's `spendingKey`, of its declared shape; None when there is none."""
    account = customer.fields["loyalty"]
    path = f"tenants/{org_id}/customer_spending/{account['spendingKey']}"
    if spending is None:
        yield Violation(Invariant.CUSTOMER_SPENDING, path, f"the totals of {customer.path}", "none")
        return
    facts = [*_totals(account, spending.fields)]
    yield from differing(Invariant.CUSTOMER_SPENDING, spending.path, facts)


def _is_ours_since(customer: Document, programme: Programme) -> bool:
    """Whether we created the customer, and under the settings in force: nobody has brought a tier along or kept one."""
    created_at = customer.fields.get("createdAt")
    if not isinstance(created_at, datetime) or created_at != customer.fields.get("loyaltyEnrolledAt"):
        return False
    return programme.unchanged_since(created_at)


def _check_points(customer: Document, versions: Sequence[LoyaltySettings]) -> Iterator[Violation]:
    shown = sorted({_shown_points(customer.fields["loyalty"], settings) for settings in versions})
    if customer.fields["points"] not in shown:
        wanted = f"points {' or '.join(map(str, shown))}"
        yield Violation(Invariant.CUSTOMER_POINTS, customer.path, wanted, str(customer.fields["points"]))


def _totals(account: Fields, shown: Fields) -> list[Fact]:
    count, cents = account["orderCount"], account["spendCents"]
    facts: list[Fact] = [
        ("totalSpent in cents", cents, round(shown["totalSpent"] * 100)),
        ("orderCount", count, shown["orderCount"]),
        ("firstOrderDate", account["firstOrderAt"], shown["firstOrderDate"]),
        ("lastOrderDate", account["lastOrderAt"], shown["lastOrderDate"]),
    ]
    # The average is rounded to the cent: twice its distance from the exact quotient is at most one cent.
    average_cents = round(shown["avgOrderValue"] * 100)
    if abs(2 * (average_cents * count - cents)) > count or (not count and average_cents):
        facts.append(("avgOrderValue", f"{cents} cents / {count}", shown["avgOrderValue"]))
    return facts


def _shown_points(account: Fields, settings: LoyaltySettings) -> int:
    balances = account["balances"]
    owed = balances["debt"] if settings.clawback == "allow_negative" else 0
    return int(balances["available"] - owed)


def _check_tier(customer: Document, versions: Sequence[LoyaltySettings], *, exactly: bool) -> Iterator[Violation]:
    """A tier is given at once and kept when thresholds rise: at least the earned one and, `exactly`, no other."""
    fields = customer.fields
    found = (fields["tier"], round(fields["tierThreshold"] * 100), fields["tierProgress"])
    possible = [_tier(fields, settings, exactly=exactly) for settings in versions]
    if found not in possible:
        wanted = " or ".join(f"tier, threshold in cents, progress {tier}" for tier in possible)
        yield Violation(Invariant.CUSTOMER_TIER, customer.path, wanted, f"{found}")


def _tier(fields: Fields, settings: LoyaltySettings, *, exactly: bool) -> tuple[str, int, int]:
    """Name, threshold in cents and progress in percent of the tier to hold: the stored one where it may be kept."""
    spend_cents = qualifying_cents(fields["loyalty"], settings, fields["pointsLastCalculated"])
    tier = earned_tier(spend_cents, settings)
    kept = next((held for held in settings.tiers if held.name.lower() == fields["tier"]), tier)
    # With a policy a tier outlasts what has earned it by the days of grace.
    policy = settings.tier_policy
    if (not exactly or policy.window_months or policy.inactivity_days) and kept.threshold_cents > tier.threshold_cents:
        tier = kept
    above = [other.threshold_cents for other in settings.tiers if other.threshold_cents > tier.threshold_cents]
    span_cents = min(above, default=tier.threshold_cents) - tier.threshold_cents
    percent = max(0, (spend_cents - tier.threshold_cents) * 100 // span_cents) if span_cents else 100
    return tier.name.lower(), tier.threshold_cents, percent


def _check_segment(customer: Document, versions: Sequence[LoyaltySettings]) -> Iterator[Violation]:
    fields, account = customer.fields, customer.fields["loyalty"]
    possible = [_segment(account, settings.segment_thresholds, fields["pointsLastCalculated"]) for settings in versions]
    found = (fields["segment"], fields["dueSegmentAt"])
    if found not in possible:
        wanted = " or ".join(f"{segment} until {due}" for segment, due in possible)
        yield Violation(Invariant.CUSTOMER_SEGMENT, customer.path, wanted, f"{found[0]} until {found[1]}")


def _segment(account: Fields, limits: SegmentThresholds, at: datetime) -> tuple[str, datetime | None]:
    """The segment at `at`, and until when it lasts if nothing happens."""
    segment = segment_at(account, limits, at)
    later = (instant for instant in segment_instants(account, limits) if instant > at)
    return segment, next((instant for instant in later if segment_at(account, limits, instant) != segment), None)
