"""Checks what is remembered of comparisons with Alpine IQ: customers' fields, discrepancies, whose each contact is."""

from collections.abc import Iterator

from lib.domain.invariants import shapes
from lib.domain.invariants.violations import Document, Fact, Invariant, Violation, differing

_SETTLED = ("agreed", "overridden", "kept")
_COMPARED = (*_SETTLED, "open")
_UNRESOLVED = ("open", "reviewed")
_BY_PEOPLE = ("accept_alpine", "keep_ours", "split")
_RESOLUTIONS = (*_BY_PEOPLE, "overridden", "agreed", "not_a_member")

LINK = shapes.mapping(
    {
        **dict.fromkeys(("contactId", "tier"), shapes.optional(shapes.TEXT)),
        "state": shapes.one_of(*_COMPARED, "waiting", "not_a_member"),
        "points": shapes.optional(shapes.NATURAL),
        **dict.fromkeys(("calculated", "difference"), shapes.optional(shapes.INTEGER)),
        "accepted": shapes.INTEGER,
        "agreedSeq": shapes.NATURAL,
        **dict.fromkeys(("since", "asOf"), shapes.optional(shapes.INSTANT)),
        "comparedAt": shapes.INSTANT,
    }
)
"""The map `alpine` of a customer."""

DISCREPANCY_SHAPE: shapes.Shape = {
    **dict.fromkeys(("customerId", "orgId", "runId"), shapes.TEXT),
    "state": shapes.one_of(*_UNRESOLVED, "resolved"),
    **dict.fromkeys(("calculated", "difference", "remaining"), shapes.INTEGER),
    "alpine": shapes.optional(shapes.NATURAL),
    "ratio": shapes.NUMBER,
    "stale": shapes.FLAG,
    **dict.fromkeys(("openedAt", "updatedAt"), shapes.INSTANT),
    "resolvedAt": shapes.optional(shapes.INSTANT),
}


def check_link(customer: Document, discrepancy: Document | None, owner: Document | None) -> Iterator[Violation]:
    """A customer with an account. `discrepancy`: its one, of the declared shape; `owner`: the document that says whose
    its contact is."""
    link = customer.fields.get("alpine")
    if link is None or customer.fields.get("mergedInto"):
        return
    if not LINK.accepts(link):
        yield Violation(Invariant.SHAPE, customer.path, f"alpine is {LINK.words}", "another map")
        return
    state, difference = link["state"], link["difference"]
    reconciled = state in _SETTLED if state in (*_COMPARED, "waiting") else None
    facts: list[Fact] = [
        ("pointsFromAlpine", link["points"], customer.fields.get("pointsFromAlpine")),
        ("loyaltyReconciled", reconciled, customer.fields.get("loyaltyReconciled")),
        ("loyaltyDiscrepancy", None if difference is None else abs(difference), _shown(customer)),
    ]
    if difference is not None:
        facts.append(("alpine.difference", link["points"] - link["calculated"], difference))
    yield from differing(Invariant.ALPINE_FIGURES, customer.path, facts)
    yield from _check_open(customer, discrepancy)
    if link["contactId"] and state in (*_COMPARED, "waiting"):
        found = owner.fields.get("customerId") if owner else None
        yield from differing(Invariant.ALPINE_CONTACT, customer.path, [("owner of the contact", customer.id, found)])


def check_discrepancy(discrepancy: Document) -> Iterator[Violation]:
    """A discrepancy of the declared shape."""
    fields = discrepancy.fields
    is_resolved = fields["state"] == "resolved"
    facts: list[Fact] = [
        ("customerId", discrepancy.id, fields["customerId"]),
        ("resolvedAt is set", is_resolved, fields["resolvedAt"] is not None),
        ("a resolution", is_resolved, fields.get("resolution") in _RESOLUTIONS),
    ]
    if fields.get("resolution") in _BY_PEOPLE and fields.get("by", {}).get("type") != "system":
        facts.append(("a reason", True, bool(fields.get("reason"))))
    yield from differing(Invariant.DISCREPANCY_SAYS, discrepancy.path, facts)


def _check_open(customer: Document, discrepancy: Document | None) -> Iterator[Violation]:
    """What is open at the customer is open in the queue, and the other way round."""
    link = customer.fields["alpine"]
    in_queue = discrepancy is not None and discrepancy.fields["state"] in _UNRESOLVED
    if link["state"] == "open":
        found = discrepancy.fields["remaining"] if discrepancy is not None and in_queue else None
        wanted: list[Fact] = [("remaining of an open discrepancy", link["difference"], found)]
        yield from differing(Invariant.DISCREPANCY_OPEN, customer.path, wanted)
    elif in_queue and link["state"] != "waiting":
        yield Violation(Invariant.DISCREPANCY_OPEN, customer.path, "no open discrepancy", "one")


def _shown(customer: Document) -> object:
    return customer.fields.get("loyaltyDiscrepancy")
