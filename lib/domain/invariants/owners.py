"""Checks that what names a customer is of that customer's org, and that whoever has an account is of an org at all."""

from collections.abc import Iterator

from lib.domain.invariants.violations import Document, Invariant, Violation


def check_owner(org_id: str, document: Document, owner: Document | None) -> Iterator[Violation]:
    """A document of an org that names a customer, against that customer; None when there is no such customer."""
    if owner is None:
        yield Violation(
            Invariant.OWNER_KNOWN, document.path, f"a customer of {org_id}", "a customer who does not exist"
        )
    elif owner.fields.get("orgId") != org_id:
        yield Violation(Invariant.OWNER_KNOWN, document.path, f"a customer of {org_id}", "another org's customer")


def check_account_owner(customer: Document) -> Iterator[Violation]:
    """A customer document with an account, whichever org it says it is of."""
    org_id = customer.fields.get("orgId")
    if not isinstance(org_id, str) or not org_id:
        yield Violation(Invariant.OWNER_NAMED, customer.path, "an orgId beside the account", "none")
