"""The queue of discrepancies: staff list them, look at them, and decide."""

from collections.abc import Mapping

from lib.domain import alpine_links as link_rules
from lib.domain import discrepancies as rules
from lib.domain.answers import Answer, instant, refusal
from lib.domain.commands import Command
from lib.domain.customers import journal_of
from lib.domain.discrepancies import Decision, Discrepancy, Resolution, Standing
from lib.domain.ledger import Journal
from lib.domain.reconciliation import Calculated, credited
from lib.domain.redemptions import Refusal
from lib.domain.settings import LoyaltySettings
from lib.store import alpine_links, discrepancies, journals, receipts
from lib.store import settings as settings_store
from lib.store.alpine_links import Compared
from lib.store.org import OrgStore
from lib.store.transaction import Transaction
from lib.usecases.reconciliation.comparing import By, enter

NO_OPEN_DISCREPANCY = "no_open_discrepancy"
_WORDS: Mapping[Resolution, str] = {
    Resolution.ACCEPT_ALPINE: "Alpine IQ's figure accepted",
    Resolution.SPLIT: "a figure agreed on",
}


def listing(org_id: str, standing: Standing | None, cursor: str | None, limit: int) -> Answer:
    """A page of discrepancies, the one that changed last first. `cursor`: the `nextCursor` of the page before."""
    found = discrepancies.page(OrgStore(org_id), standing, cursor, limit)
    following = found[-1].customer_id if len(found) == limit else None
    return {"ok": True, "discrepancies": [answer_of(each) for each in found], "nextCursor": following}


def resolve(command: Command, customer_id: str, decision: Decision) -> Answer:
    """Decides an open discrepancy.

    Accepting and splitting enter the points that are missing; what a hold has set aside is not taken. What is left of
    the difference then is no discrepancy any more, as long as both sides move alike. Refusals: `no_open_discrepancy`,
    `unknown_customer`. Billed: 3 reads; a write each for receipt, discrepancy and customer, and two for an entry.
    """
    settings = settings_store.load(OrgStore(command.org_id))

    def work(transaction: Transaction, org: OrgStore) -> Answer:
        document, known = transaction.get([org.customer(customer_id), discrepancies.reference(org, customer_id)])
        compared, before = alpine_links.decode(org, document, settings), discrepancies.decode(known)
        if compared is None:
            return refusal(Refusal.UNKNOWN_CUSTOMER.value)
        if before is None or before.is_closed:
            return refusal(NO_OPEN_DISCREPANCY)
        if decision.resolution is None:
            after = rules.reviewed(before, command.actor, decision.note, command.at)
        else:
            left = _carry_out(transaction, org, compared, before, decision, settings, command)
            after = rules.resolved(before, decision.resolution, left, command.actor, decision.note, command.at)
        discrepancies.save(transaction, org, after)
        return {"ok": True, "discrepancy": answer_of(after)}

    return receipts.run_once(command, work)


def answer_of(discrepancy: Discrepancy) -> Answer:
    """A discrepancy as callers are told of it."""
    figures = discrepancy.figures
    return {
        "customerId": discrepancy.customer_id,
        "state": discrepancy.standing.value,
        "resolution": discrepancy.resolution.value if discrepancy.resolution else None,
        "calculated": figures.calculated,
        "alpine": figures.alpine,
        "stored": figures.stored,
        "calculatedAsOf": instant(figures.calculated_as_of),
        "alpineAsOf": instant(figures.alpine_as_of),
        "difference": discrepancy.difference,
        "remaining": discrepancy.remaining,
        "ratio": discrepancy.ratio,
        "stale": discrepancy.stale,
        "hindrance": discrepancy.hindrance or None,
        "by": {"type": discrepancy.actor.type, "id": discrepancy.actor.id},
        "reason": discrepancy.note or None,
        "runId": discrepancy.run_id,
        "openedAt": instant(discrepancy.opened_at),
        "updatedAt": instant(discrepancy.updated_at),
    }


def _carry_out(
    transaction: Transaction,
    org: OrgStore,
    compared: Compared,
    before: Discrepancy,
    decision: Decision,
    settings: LoyaltySettings,
    command: Command,
) -> int:
    """Enters what the decision asks for and takes it down at the customer; the difference that is left."""
    link = compared.link
    # Both sides may have moved alike since it was found.
    alpine = link.points if link.points is not None else before.figures.alpine or 0
    journal = journal_of(compared.customer, settings, command.at)
    wanted = decision.wanted(alpine)
    if wanted is not None and decision.resolution:
        reason = f"{_WORDS[decision.resolution]}: {wanted}, calculated {_calculated(journal)} ({decision.note})"
        entered = credited(wanted, journal.account.balances)
        if entered:
            enter(journal, entered, reason, settings, By(command.id_of("resolution"), command.actor, command.at))
            journals.post(transaction, org, compared.customer, journal, settings, command.at)
    calculated, seq = _calculated(journal), journal.account.seq
    after = link_rules.decided(link, alpine - calculated, calculated, seq, command.at)
    transaction.update(org.customer(compared.customer.id), alpine_links.fields(compared, after, command.at))
    return alpine - calculated


def _calculated(journal: Journal) -> int:
    return Calculated(journal.account.balances).points
