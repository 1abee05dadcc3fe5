"""The audit's biggest part: every customer with its ledger, accrual records, redemptions, identities and totals."""

from dataclasses import dataclass

from lib.domain.ids import id_part
from lib.domain.invariants.accruals import ACCRUAL_SHAPE, check_accruals
from lib.domain.invariants.ageing import check_aged
from lib.domain.invariants.customers import CUSTOMER_SHAPE, SPENDING_SHAPE, check_customer, check_spending
from lib.domain.invariants.identities import IDENTITY_SHAPE, check_kind, check_listed
from lib.domain.invariants.ledger import LedgerReader
from lib.domain.invariants.months import check_months
from lib.domain.invariants.notices import NOTICE_SHAPE, check_notice
from lib.domain.invariants.occasions import OCCASION_SHAPE, check_occasions, record_ids
from lib.domain.invariants.programme import Programme
from lib.domain.invariants.reconciliation import DISCREPANCY_SHAPE, check_discrepancy, check_link
from lib.domain.invariants.redemptions import REDEMPTION_SHAPE, check_redemptions
from lib.domain.invariants.report import Findings
from lib.domain.invariants.shapes import Shape
from lib.domain.invariants.takeovers import check_takeovers
from lib.domain.invariants.violations import Document, Invariant, Violation
from lib.store.audit import AuditReader
from lib.usecases.audit.pages import Page


@dataclass(frozen=True, slots=True)
class _Rows:
    """Documents of one collection by customer; those of customers in `incomplete` are not all of the declared shape."""

    by_customer: dict[str, list[Document]]
    incomplete: frozenset[str]


class CustomerAudit:
    """Checks one page of an org's customers at a time; safe for several threads."""

    def __init__(self, reader: AuditReader, programme: Programme) -> None:
        self._reader = reader
        self._programme = programme
        self._org_id = reader.org.org_id

    def check(self, page: Page) -> Findings:
        """What is wrong with these customers and with what names them."""
        findings = Findings()
        accruals = self._rows(page, "accruals", ACCRUAL_SHAPE, findings)
        redemptions = self._rows(page, "redemptions", REDEMPTION_SHAPE, findings)
        notices = self._rows(page, "notices", NOTICE_SHAPE, findings)
        findings.checked["activities"] += self._reader.count_activities([customer.id for customer in page])
        opened = [customer for customer in page if customer.fields.get("loyalty")]
        sound = findings.well_formed("customers", opened, CUSTOMER_SHAPE)
        self._check_identities(sound, findings)
        self._check_reconciliation(page, sound, findings)
        self._check_spending(sound, findings)
        for customer in sound:
            ledger = self._read_ledger(customer, findings)
            self._check_standing(customer, findings)
            if customer.id not in accruals.incomplete:
                rows = accruals.by_customer[customer.id]
                findings.found(check_accruals(self._org_id, customer, ledger, rows))
                findings.found(check_months(customer, rows, self._programme))
            findings.found(check_takeovers(customer, ledger))
            self._check_occasions(customer, ledger, findings)
            if customer.id not in redemptions.incomplete:
                rows = redemptions.by_customer[customer.id]
                findings.found(check_redemptions(self._org_id, customer, ledger, rows))
            for notice in notices.by_customer[customer.id]:
                findings.found(check_notice(self._org_id, customer, notice))
        for customer in page:
            if not customer.fields.get("loyalty"):
                self._check_unopened(customer, findings)
        return findings

    def _rows(self, page: Page, collection: str, shape: Shape, findings: Findings) -> _Rows:
        found = self._reader.of_customers(collection, [customer.id for customer in page])
        sound = {owner: findings.well_formed(collection, documents, shape) for owner, documents in found.items()}
        incomplete = (owner for owner, documents in found.items() if len(sound[owner]) < len(documents))
        return _Rows(sound, frozenset(incomplete))

    def _read_ledger(self, customer: Document, findings: Findings) -> LedgerReader:
        ledger = LedgerReader(self._org_id, customer.id)
        for entry in self._reader.ledger(customer.id):
            findings.checked["ledger entries"] += 1
            findings.found(ledger.read(entry))
        findings.found(ledger.close(customer))
        return ledger

    def _check_occasions(self, customer: Document, ledger: LedgerReader, findings: Findings) -> None:
        """One read for each kind of occasion that the customer has been given points for."""
        stored = self._reader.documents("occasions", sorted(record_ids(self._org_id, customer, ledger)))
        sound = findings.well_formed("occasions", stored.values(), OCCASION_SHAPE)
        if len(sound) == len(stored):
            records = {record.id: record for record in sound}
            findings.found(check_occasions(self._org_id, customer, ledger, records))

    def _check_standing(self, customer: Document, findings: Findings) -> None:
        if not self._programme.versions_at(customer.fields["pointsLastCalculated"]):
            findings.left_out["standings older than the settings"] += 1
        findings.found(check_customer(customer, self._programme))
        findings.found(check_aged(customer, self._programme, self._reader.at))

    def _check_identities(self, customers: Page, findings: Findings) -> None:
        listed = {identity for customer in customers for identity in customer.fields["loyalty"]["identities"]}
        found = self._reader.documents("identities", sorted(listed))
        for identity in findings.well_formed("identities", found.values(), IDENTITY_SHAPE):
            findings.found(check_kind(identity))
        for customer in customers:
            findings.found(check_listed(self._org_id, customer, found))

    def _check_reconciliation(self, page: Page, sound: list[Document], findings: Findings) -> None:
        """Of shops that are connected to Alpine IQ: one query a page, and a read for each customer with a contact."""
        discrepancies = self._rows(page, "discrepancies", DISCREPANCY_SHAPE, findings)
        for rows in discrepancies.by_customer.values():
            for discrepancy in rows:
                findings.found(check_discrepancy(discrepancy))
        contacts = {customer.id: contact_id for customer in sound if (contact_id := _contact_id(customer))}
        owners = self._reader.documents("alpine_contacts", sorted({*contacts.values()}))
        for customer in sound:
            if customer.id not in discrepancies.incomplete:
                found = next(iter(discrepancies.by_customer[customer.id]), None)
                findings.found(check_link(customer, found, owners.get(contacts.get(customer.id, ""))))

    def _check_spending(self, customers: Page, findings: Findings) -> None:
        keys = {customer.id: customer.fields["loyalty"]["spendingKey"] for customer in customers}
        found = self._reader.documents("customer_spending", sorted(filter(None, keys.values())))
        sound = {document.id for document in findings.well_formed("spending", found.values(), SPENDING_SHAPE)}
        for customer in customers:
            key = keys[customer.id]
            if key in sound or (key and key not in found):
                findings.found(check_spending(self._org_id, customer, found.get(key)))

    def _check_unopened(self, customer: Document, findings: Findings) -> None:
        findings.left_out["customers without an account"] += 1
        if self._reader.has_ledger(customer.id):
            violation = Violation(Invariant.LEDGER_ACCOUNT, customer.path, "the account of its ledger entries", "none")
            findings.found([violation])


def _contact_id(customer: Document) -> str | None:
    """The id of the document that says whose the customer's contact at Alpine IQ is."""
    link = customer.fields.get("alpine")
    found = link.get("contactId") if isinstance(link, dict) else None
    return id_part(found) if isinstance(found, str) and found else None
