"""Checks which orders campaigns claim: each by one at most, as its recipient and the order's record have it.

Only of campaigns that are followed: what happens to an order afterwards changes no claim any more.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from lib.domain.invariants import shapes
from lib.domain.invariants.violations import Document, Fact, Invariant, Violation, differing

CLAIM_SHAPE: shapes.Shape = {
    **dict.fromkeys(("orgId", "orderId", "campaignId", "customerId", "recipientId"), shapes.TEXT),
    "orderCents": shapes.NATURAL,
    **dict.fromkeys(("orderCreatedAt", "attributedAt"), shapes.INSTANT),
}
# The longest window that a campaign can have.
_WINDOW_MAX = timedelta(days=30)
# A record is looked at again as long as it may have been committed after somebody has looked.
_ON_ITS_WAY = timedelta(minutes=2)


class ClaimReader:
    """Takes in the claims of one org's followed campaigns, one after the other; remembers which orders are claimed."""

    def __init__(self) -> None:
        self._claimed: dict[str, str] = {}

    def read(self, claim: Document) -> Iterator[Violation]:
        """A claim of the declared shape, beside all before it."""
        first = self._claimed.setdefault(claim.id, claim.path)
        facts: list[Fact] = [
            ("the only claim of its order:", first, claim.path),
            ("field orderId", claim.id, claim.fields["orderId"]),
            ("field campaignId", claim.path.split("/")[1], claim.fields["campaignId"]),
        ]
        yield from differing(Invariant.CLAIM_ONCE, claim.path, facts)


def check_claimant(claim: Document, recipient: Document | None) -> Iterator[Violation]:
    """A claim and the recipient document that has it."""
    fields = claim.fields
    known = recipient.fields if recipient else {}
    orders, sent_at = known.get("attributedOrders"), known.get("sentAt")
    facts: list[Fact] = [
        ("its recipient's customerId", fields["customerId"], known.get("customerId")),
        ("its recipient converted:", True, known.get("converted")),
        (
            "its recipient's cents",
            fields["orderCents"],
            orders.get(claim.id) if isinstance(orders, Mapping) else None,
        ),
    ]
    if isinstance(sent_at, datetime):
        is_after = sent_at <= fields["orderCreatedAt"] < sent_at + _WINDOW_MAX
        facts.append(("placed within thirty days of the message:", True, is_after))
    yield from differing(Invariant.CLAIM_CONVERTED, claim.path, facts)


def check_claimed(claim: Document, record: Document | None, seen_until: datetime) -> Iterator[Violation]:
    """A claim and the record of its order, unless that was written since somebody has looked (`seen_until`)."""
    fields, known = claim.fields, record.fields if record else {}
    written_at = known.get("updatedAt")
    if isinstance(written_at, datetime) and written_at >= seen_until - _ON_ITS_WAY:
        return
    facts: list[Fact] = [
        ("an order that counts:", True, known.get("counted")),
        ("customerId", known.get("customerId"), fields["customerId"]),
        ("orderCents", known.get("spendCents"), fields["orderCents"]),
        ("orderCreatedAt", known.get("orderedAt"), fields["orderCreatedAt"]),
    ]
    yield from differing(Invariant.CLAIM_TRUE, claim.path, facts)
