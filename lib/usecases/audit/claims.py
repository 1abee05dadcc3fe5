"""The audit of what campaigns claim: their claims one by one, with their recipients and the records of their orders."""

from lib.domain.invariants.claims import CLAIM_SHAPE, ClaimReader, check_claimant, check_claimed
from lib.domain.invariants.report import Findings
from lib.domain.invariants.violations import Document
from lib.store.audit import AuditReader
from lib.usecases.audit.pages import Page


def check_claims(reader: AuditReader, findings: Findings) -> None:
    """What is wrong with the claims of campaigns that are followed. Three reads a claim."""
    claims = ClaimReader()
    for campaign in reader.followed_campaigns():
        for page in reader.claims(campaign.id):
            sound = findings.well_formed("claims", page, CLAIM_SHAPE)
            for claim in sound:
                findings.found(claims.read(claim))
            _check_page(reader, campaign, sound, findings)


def _check_page(reader: AuditReader, campaign: Document, page: Page, findings: Findings) -> None:
    recipients = reader.recipients({(campaign.id, claim.fields["recipientId"]) for claim in page})
    records = reader.documents("accruals", {claim.id for claim in page})
    seen_until = (campaign.fields.get("followed") or {}).get("ordersUntil")
    for claim in page:
        findings.found(check_claimant(claim, recipients.get(claim.fields["recipientId"])))
        if seen_until:
            findings.found(check_claimed(claim, records.get(claim.id), seen_until))
