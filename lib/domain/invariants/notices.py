"""Checks notices: each says something that can be so, under the id that follows from what it says."""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from lib.domain.invariants import shapes
from lib.domain.invariants.violations import Document, Fact, Fields, Invariant, Violation, differing

# What each kind tells, and which of it tells one notice of the kind from another.
_FACTS: dict[str, shapes.Shape] = {
    "points_expiring": {"points": shapes.POSITIVE, "expiresAt": shapes.INSTANT},
    "tier_lapsing": {"tier": shapes.TEXT, "lapsesAt": shapes.INSTANT, "toTier": shapes.TEXT},
    "tier_changed": {
        **dict.fromkeys(("previousTier", "newTier"), shapes.TEXT),
        "direction": shapes.one_of("up", "down"),
    },
    "segment_entered": dict.fromkeys(("previousSegment", "newSegment"), shapes.TEXT),
}
_NAMED_BY: dict[str, tuple[str, ...]] = {
    "points_expiring": ("expiresAt",),
    "tier_lapsing": ("tier", "lapsesAt"),
    "tier_changed": ("newTier",),
    "segment_entered": ("newSegment",),
}
_KEPT_FOR = timedelta(days=90)

NOTICE_SHAPE: shapes.Shape = {
    **dict.fromkeys(("id", "orgId", "customerId"), shapes.TEXT),
    "state": shapes.one_of("open", "told", "closed"),
    "kind": shapes.one_of(*_FACTS),
    "facts": shapes.mapping({}),
    **dict.fromkeys(("occurredAt", "createdAt"), shapes.INSTANT),
    # Earlier versions have written notices without an end.
    "expiresAt": shapes.optional(shapes.INSTANT),
}


def check_notice(org_id: str, customer: Document, notice: Document) -> Iterator[Violation]:
    """A notice of the declared shape, and the customer with an account whom it is for."""
    fields, facts = notice.fields, notice.fields["facts"]
    wrong = [name for name, kind in _FACTS[fields["kind"]].items() if not kind.accepts(facts.get(name))]
    if fields.get("expiresAt") not in (None, fields["occurredAt"] + _KEPT_FOR):
        wrong.append("expiresAt")
    if wrong or _moves_nowhere(fields):
        yield Violation(Invariant.NOTICE_SAYS, notice.path, f"the facts of {fields['kind']}", f"others: {wrong}")
        return
    named: list[Fact] = [("id", notice_id(org_id, fields), notice.id), ("field id", notice.id, fields["id"])]
    yield from differing(Invariant.NOTICE_NAMED, notice.path, named)
    if fields["kind"] == "points_expiring":
        told_to = customer.fields["loyalty"].get("expiryWarnedTo")
        if told_to is None or told_to < facts["expiresAt"]:
            wanted = f"an expiry up to loyalty.expiryWarnedTo {told_to} of {customer.path}"
            yield Violation(Invariant.NOTICE_WARNED, notice.path, wanted, str(facts["expiresAt"]))


def notice_id(org_id: str, fields: Fields) -> str:
    """The first 32 digits of the SHA-256 of what makes a notice this one."""
    facts, kind = fields["facts"], fields["kind"]
    what = [_shown(facts[name]) for name in _NAMED_BY[kind]]
    if kind in ("tier_changed", "segment_entered"):
        what.append(_shown(fields["occurredAt"]))
    parts = ["notice", org_id, fields["customerId"], kind, *what]
    return hashlib.sha256(json.dumps(parts, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()[:32]


def _moves_nowhere(fields: Fields) -> bool:
    facts = fields["facts"]
    pairs = {"tier_changed": ("previousTier", "newTier"), "segment_entered": ("previousSegment", "newSegment")}
    before, after = pairs.get(fields["kind"], ("", "state"))
    return bool(before) and facts.get(before) == facts.get(after)


def _shown(value: object) -> str:
    return value.astimezone(UTC).isoformat(timespec="microseconds") if isinstance(value, datetime) else str(value)
