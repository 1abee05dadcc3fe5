"""Checks messages: one for each cause, in a state that its dates bear out, and none claimed after an objection."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from lib.domain.invariants import shapes
from lib.domain.invariants.violations import Document, Fact, Fields, Invariant, Violation, differing

# What a state is to the dashboard.
_STATUS = {
    **dict.fromkeys(("queued", "sending"), "scheduled"),
    **dict.fromkeys(("skipped", "unknown", "failed"), "failed"),
    **{state: state for state in ("sent", "delivered", "bounced", "opened", "clicked")},
}
_ARRIVED = frozenset({"sent", "delivered", "bounced", "opened", "clicked"})
_HANDED_OVER = _ARRIVED | {"sending", "unknown"}
# A claim ends after three minutes, and is looked for every five.
_ABANDONED = timedelta(hours=1)
# Clocks of instances differ, and an objection takes effect when it is committed, a little after its time.
_AT_ONCE = timedelta(minutes=1)
# Longer than any campaign sends, and than its orders count.
_LOOKED_FOR = timedelta(days=60)
_OBJECTIONS = {
    "marketing": frozenset({"marketing_withdrawn", "all_withdrawn", "complained"}),
    "transactional": frozenset({"all_withdrawn"}),
}
_HOLDERS = frozenset({"reply", "signed_link", "confirmation", "signed_in"})

MESSAGE_SHAPE: shapes.Shape = {
    **dict.fromkeys(("id", "dedupeKey", "orgId", "customerId", "templateId", "type", "messageType"), shapes.TEXT),
    "channel": shapes.one_of("sms", "email"),
    "direction": shapes.one_of("outbound"),
    "purpose": shapes.one_of(*_OBJECTIONS),
    "state": shapes.one_of(*_STATUS),
    "cause": shapes.mapping({"type": shapes.TEXT, "id": shapes.TEXT}),
    "attempts": shapes.NATURAL,
    **dict.fromkeys(("createdAt", "updatedAt", "sendAfter", "goodUntil"), shapes.INSTANT),
    **dict.fromkeys(("leaseUntil", "claimedAt", "sentAt"), shapes.optional(shapes.INSTANT)),
    **dict.fromkeys(("statusReason", "provider"), shapes.optional(shapes.TEXT)),
}


def check_message(org_id: str, message: Document, at: datetime) -> Iterator[Violation]:
    """A message of the declared shape, by itself, at the moment of the audit."""
    fields, state = message.fields, message.fields["state"]
    cause = fields["cause"]
    parts = ["message", org_id, cause["type"], cause["id"], fields["customerId"], fields["channel"]]
    named: list[Fact] = [
        ("id", _hashed(parts), message.id),
        ("field id", message.id, fields["id"]),
        ("dedupeKey", message.id, fields["dedupeKey"]),
    ]
    yield from differing(Invariant.MESSAGE_ONCE, message.path, named)
    lease = fields["leaseUntil"]
    is_claimed = fields["attempts"] > 0 and fields["claimedAt"] is not None and fields["provider"] is not None
    facts: list[Fact] = [
        ("status", _STATUS[state], fields.get("status")),
        ("a lease exactly while it is sending:", state == "sending", lease is not None),
        ("its worker heard of within an hour:", True, lease is None or lease > at - _ABANDONED),
    ]
    if state in _HANDED_OVER:
        facts.append(("claimed before it was handed over:", True, is_claimed))
    if state in _ARRIVED or state == "queued":
        facts.append(("sentAt exactly when it has gone:", state in _ARRIVED, fields["sentAt"] is not None))
    if state in ("skipped", "unknown"):
        facts.append(("a reason:", True, fields["statusReason"] is not None))
    yield from differing(Invariant.MESSAGE_STATE, message.path, facts)


def consent_of(org_id: str, message: Document) -> str | None:
    """The id of the consent log of whoever the message was handed over to; None if it never was."""
    fields = message.fields
    if fields["claimedAt"] is None or fields["state"] not in _HANDED_OVER or not fields.get("customerEmail"):
        return None
    address = f"+{fields['customerEmail']}" if fields["channel"] == "sms" else fields["customerEmail"]
    return f"{fields['channel']}:{_hashed(['consent', org_id, fields['channel'], address])}"


def check_consent(message: Document, events: Iterable[Document]) -> Iterator[Violation]:
    """A message that was handed over, and the log of its reader's consent."""
    claimed_at, kinds = message.fields["claimedAt"], _OBJECTIONS[message.fields["purpose"]]
    known = [event.fields for event in events if event.fields["recordedAt"] <= claimed_at + _AT_ONCE]
    lifted_at = max((_effective_at(event) for event in known if _is_lifting(event)), default=None)
    for event in known:
        objected_at = _effective_at(event)
        stands = lifted_at is None or objected_at >= lifted_at
        if event["kind"] in kinds and stands and event["recordedAt"] < claimed_at - _AT_ONCE:
            wanted = f"no claim after {event['kind']} of {event['recordedAt']}"
            yield Violation(Invariant.MESSAGE_CONSENTED, message.path, wanted, str(claimed_at))


def recipient_of(message: Document, at: datetime) -> tuple[str, str] | None:
    """Campaign and id of the recipient document that a campaign's message goes with; None for any other message, and
    for one of long before the audit."""
    fields, cause = message.fields, message.fields["cause"]
    if not fields.get("campaignId") or cause["type"] != "campaign" or fields["createdAt"] < at - _LOOKED_FOR:
        return None
    campaign_id, _, step = cause["id"].rpartition(":")
    return campaign_id, _hashed(["recipient", campaign_id, fields["customerId"], fields["channel"], step])


def check_recipient(message: Document, recipient: Document | None) -> Iterator[Violation]:
    """A campaign's message, and its customer's entry among those who were chosen."""
    known = recipient.fields if recipient else {}
    wanted = {"group": "treated", "messageId": message.id, "customerId": message.fields["customerId"]}
    facts: list[Fact] = [(f"its recipient's {name}", value, known.get(name)) for name, value in wanted.items()]
    yield from differing(Invariant.MESSAGE_CHOSEN, message.path, facts)


def _is_lifting(event: Fields) -> bool:
    return event["kind"] == "marketing_granted" and event["source"] in _HOLDERS


def _effective_at(event: Fields) -> datetime:
    occurred_at: datetime = event["occurredAt"]
    recorded_at: datetime = event["recordedAt"]
    return occurred_at if occurred_at < recorded_at else recorded_at


def _hashed(parts: list[str]) -> str:
    return hashlib.sha256(json.dumps(parts, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()[:32]
