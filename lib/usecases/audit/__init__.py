"""Checks every invariant of docs/INVARIANTS.md against the documents of one org or of all, as of one moment.

Customers come page by page and a page is let go before the next but few, so memory does not grow with the shop. Billed:
one read a document, two an accrual record, and a handful of counts.
"""

from datetime import timedelta

from lib.domain.invariants.menus import check_menu
from lib.domain.invariants.owners import check_account_owner
from lib.domain.invariants.programme import Programme
from lib.domain.invariants.receipts import RECEIPT_SHAPE, check_receipt, redemption_of
from lib.domain.invariants.redemptions import check_open_holds
from lib.domain.invariants.report import AuditReport, Findings
from lib.domain.menu import public_menu
from lib.store import audit as store
from lib.store.audit import AuditReader
from lib.store.org import OrgStore
from lib.usecases.audit.claims import check_claims
from lib.usecases.audit.consents import check_consents
from lib.usecases.audit.customers import CustomerAudit
from lib.usecases.audit.messages import MessageAudit
from lib.usecases.audit.orders import OrderAudit
from lib.usecases.audit.pages import Page, work_pages
from lib.usecases.audit.runs import RunAudit
from lib.usecases.audit.strays import StrayAudit

__all__ = ["AuditReport", "audit"]


def audit(org_id: str | None = None, *, settle: timedelta = timedelta()) -> AuditReport:
    """Audits one org, or every org that has documents and the customers of none.

    `settle`: orders written so shortly before are not compared yet, because their events may still be on the way.
    Nothing is written. Raises InvalidInput for what cannot be an org id.
    """
    at = store.server_time()
    org_ids = [org_id] if org_id else store.org_ids(at)
    findings = Findings()
    for each in org_ids:
        _audit_org(AuditReader(OrgStore(each), at), settle, findings)
    if org_id is None:
        for page in store.accounts(at):
            findings.found(violation for customer in page for violation in check_account_owner(customer))
    return AuditReport(at, tuple(org_ids), findings)


def _audit_org(reader: AuditReader, settle: timedelta, findings: Findings) -> None:
    own = Findings()
    programme = reader.programme()
    customers, orders = CustomerAudit(reader, programme), OrderAudit(reader, settle)
    work_pages(reader.customers(), customers.check, own)
    StrayAudit(reader).check(own)
    work_pages(reader.orders(), orders.check, own)
    work_pages(orders.unnamed(), orders.check, own)
    orders.check_orphaned(own)
    work_pages(reader.redemptions_in("held", "captured"), orders.check_returned, own)
    own.found(check_open_holds((hold for page in reader.redemptions_in("held") for hold in page), reader.at))
    work_pages(reader.all_of("receipts"), lambda page: _check_receipts(reader, page), own)
    work_pages(reader.messages(), MessageAudit(reader).check, own)
    work_pages(reader.all_of("runs"), RunAudit(reader).check, own)
    check_consents(reader, own)
    check_claims(reader, own)
    _check_menu(reader, programme, settle, own)
    findings.add(own)


def _check_receipts(reader: AuditReader, page: Page) -> Findings:
    findings = Findings()
    sound = findings.well_formed("receipts", page, RECEIPT_SHAPE)
    told = {redemption_id for receipt in sound if (redemption_id := redemption_of(receipt))}
    existing = reader.documents("redemptions", sorted(told))
    for receipt in sound:
        findings.found(check_receipt(receipt, existing))
    return findings


def _check_menu(reader: AuditReader, programme: Programme, settle: timedelta, findings: Findings) -> None:
    """The menu follows a settings document that others write by an event: it may be on its way."""
    if programme.changed_at is None or programme.changed_at > reader.at - settle:
        return
    findings.checked["menus"] += 1
    findings.found(check_menu(reader.menu_path, reader.menu(), public_menu(programme.settings)))
