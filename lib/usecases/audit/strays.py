"""Documents that name a customer whom the audit has not met: nobody's, or another org's.

What names a customer of the org is found and counted with that customer. Only where a collection holds more than that
is it read as a whole, to find out which documents they are.
"""

from lib.domain.invariants.identities import IDENTITY_SHAPE, check_identity, check_kind
from lib.domain.invariants.owners import check_owner
from lib.domain.invariants.report import Findings
from lib.domain.invariants.shapes import misshapen
from lib.domain.invariants.violations import Document
from lib.store.audit import AuditReader
from lib.usecases.audit.pages import Page, work_pages

_MERGES_MAX = 20


class StrayAudit:
    """Compares what has been met with what there is."""

    def __init__(self, reader: AuditReader) -> None:
        self._reader = reader
        self._org_id = reader.org.org_id

    def check(self, met: Findings) -> None:
        """Adds to `met`, the findings of all the org's customers, what those customers do not account for."""
        for collection in ("accruals", "redemptions", "notices", "discrepancies"):
            if self._reader.count_of(collection) != met.checked[collection]:
                work_pages(self._reader.all_of(collection), self._check_owned, met)
        if self._reader.count_of("identities") != met.checked["identities"]:
            work_pages(self._reader.all_of("identities"), self._check_identities, met)
        if self._reader.count_all_activities() != met.checked["activities"]:
            work_pages(self._reader.activities(), self._check_owned, met)

    def _check_owned(self, page: Page) -> Findings:
        findings = Findings()
        naming = [document for document in page if isinstance(document.fields.get("customerId"), str)]
        owners = self._reader.customers_by_id({document.fields["customerId"] for document in naming})
        for document in naming:
            findings.found(check_owner(self._org_id, document, owners.get(document.fields["customerId"])))
        return findings

    def _check_identities(self, page: Page) -> Findings:
        findings = Findings()
        sound = [identity for identity in page if not misshapen(identity, IDENTITY_SHAPE)]
        findings.checked["identities"] += len(sound)
        owners = self._reader.customers_by_id({identity.fields["customerId"] for identity in sound})
        for identity in sound:
            owner = self._at_the_end_of_merges(owners.get(identity.fields["customerId"]))
            findings.found(check_kind(identity))
            findings.found(check_identity(self._org_id, identity, owner))
        return findings

    def _at_the_end_of_merges(self, customer: Document | None) -> Document | None:
        for _ in range(_MERGES_MAX):
            into = customer.fields.get("mergedInto") if customer else None
            if not into:
                break
            customer = self._reader.customers_by_id([into]).get(into)
        return customer
