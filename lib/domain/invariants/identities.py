"""Checks that everything a customer is recognised by leads to exactly that customer, in both directions."""

from collections.abc import Iterator, Mapping

from lib.domain.invariants import shapes
from lib.domain.invariants.violations import Document, Invariant, Violation

IDENTITY_SHAPE: shapes.Shape = {
    "kind": shapes.one_of("pos", "uid", "email", "phone"),
    "customerId": shapes.TEXT,
    "createdAt": shapes.INSTANT,
}


def check_identity(org_id: str, identity: Document, owner: Document | None) -> Iterator[Violation]:
    """An identity document against the customer it leads to, at the end of any merges; None when that is missing."""
    if owner is None or owner.fields.get("archived") is True or owner.fields.get("orgId") != org_id:
        state = "a missing customer" if owner is None else "an archived customer"
        if owner is not None and owner.fields.get("orgId") != org_id:
            state = "another org's customer"
        yield Violation(Invariant.IDENTITY_LEADS, identity.path, f"a present customer of {org_id}", state)
        return
    if identity.id not in (owner.fields.get("loyalty") or {}).get("identities", ()):
        yield Violation(Invariant.IDENTITY_LISTED, owner.path, f"loyalty.identities naming {identity.id}", "not there")


def check_kind(identity: Document) -> Iterator[Violation]:
    """An identity document of the declared shape: its id begins with its kind."""
    kind = identity.id.partition(":")[0]
    if kind != identity.fields["kind"]:
        yield Violation(Invariant.IDENTITY_KIND, identity.path, f"kind {kind}, as its id says", identity.fields["kind"])


def check_listed(org_id: str, customer: Document, found: Mapping[str, Document]) -> Iterator[Violation]:
    """A customer's list of identities against those documents; `found` holds the ones that exist, by id."""
    for identity_id in customer.fields["loyalty"]["identities"]:
        identity = found.get(identity_id)
        path = f"tenants/{org_id}/identities/{identity_id}"
        if identity is None:
            yield Violation(Invariant.IDENTITY_LISTED, path, f"the identity that {customer.path} lists", "none")
        elif identity.fields.get("customerId") != customer.id:
            wanted = f"customerId {customer.id}, who lists it"
            yield Violation(Invariant.IDENTITY_LISTED, path, wanted, str(identity.fields.get("customerId")))
