"""Comparing one customer with what Alpine IQ says, in one transaction: entry, customer, discrepancy, whose contact."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from lib.domain import alpine_links as link_rules
from lib.domain import discrepancies as discrepancy_rules
from lib.domain import expiry
from lib.domain.alpine_links import Link
from lib.domain.customers import journal_of
from lib.domain.discrepancies import Figures
from lib.domain.ids import fingerprint
from lib.domain.integrations import AlpineIntegration
from lib.domain.ledger import Actor, EntryKind, Journal, Memo, Source
from lib.domain.reconciliation import Alpine, Calculated, Judgement, Member, State, Unknown, judged
from lib.domain.settings import LoyaltySettings
from lib.store import alpine_links, customers, discrepancies, journals, ledger
from lib.store import transaction as transactions
from lib.store.alpine_links import Compared
from lib.store.org import OrgStore
from lib.store.transaction import Snapshot, Transaction

NIGHTLY = Actor("system", "sync")


@dataclass(frozen=True, slots=True)
class By:
    """What reconciles, by whom, and when: a run, or a request; `source_id` names it in what it writes."""

    source_id: str
    actor: Actor
    at: datetime


@dataclass(frozen=True, slots=True)
class Sync:
    """One sync of an org or a customer, and under which terms."""

    org: OrgStore
    integration: AlpineIntegration
    settings: LoyaltySettings
    by: By

    @property
    def at(self) -> datetime:
        """When it takes place."""
        return self.by.at


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a comparison: our points before, the judgement, and what is remembered of it."""

    customer_id: str
    alpine: Alpine
    calculated: int
    judgement: Judgement
    link: Link = field(default_factory=Link)

    @property
    def counts(self) -> Mapping[str, int]:
        """What a run counts of it."""
        entered = self.judgement.entered
        moved = {"pointsAdded": max(0, entered), "pointsTaken": max(0, -entered)}
        return {**self.counted(self.judgement.state), **moved}

    @staticmethod
    def counted(state: State) -> Mapping[str, int]:
        """What a run counts of a customer in this state."""
        if state is State.NOT_A_MEMBER:
            return {"notMembers": 1}
        return {state.value: 1} if state is State.UNKNOWN else {state.value: 1, "compared": 1}


def compare(sync: Sync, customer_id: str, alpine: Alpine) -> Outcome | None:
    """Compares a customer and does what follows; None for one that this org has not or that was merged into another.

    Doing it again finds the sides as they are then and enters nothing twice. Billed: two reads and one for a member's
    contact, one for the last entry where the sides differ; a write for the customer, and for an override one more, its
    entries and the discrepancy.
    """
    return transactions.run(lambda transaction: _compare(transaction, sync, customer_id, alpine))


def _compare(transaction: Transaction, sync: Sync, customer_id: str, alpine: Alpine) -> Outcome | None:
    org = sync.org
    contact_id = alpine.contact_id if isinstance(alpine, Member) else None
    references = [org.customer(customer_id), discrepancies.reference(org, customer_id)]
    references += [alpine_links.owner_reference(org, contact_id)] if contact_id else []
    document, known, *owners = transaction.get(references)
    compared = alpine_links.decode(org, document, sync.settings)
    if compared is None:
        return None
    customers.check_opening(transaction, org, compared.customer)
    if owners and not _may_be(transaction, sync, customer_id, owners[0]):
        alpine = Unknown("contact_of_another")
    journal = journal_of(compared.customer, sync.settings, sync.at)
    calculated = _calculated(transaction, sync, compared, journal, alpine)
    judgement = judged(calculated, alpine, sync.integration.terms, sync.at, accepted=compared.link.accepted)
    if judgement.state is State.UNKNOWN:
        return Outcome(customer_id, alpine, calculated.points, judgement, compared.link)
    if owners and contact_id and alpine_links.owner(owners[0]) != customer_id:
        alpine_links.claim(transaction, org, contact_id, customer_id, sync.at)
    if judgement.entered:
        enter(journal, judgement.entered, _reason(alpine, calculated), sync.settings, sync.by)
        journals.post(transaction, org, compared.customer, journal, sync.settings, sync.at)
    seq = journal.account.seq if judgement.entered else compared.customer.account.seq
    version = sync.integration.terms_version
    link = link_rules.linked(compared.link, alpine, calculated, judgement, version, seq, sync.at)
    transaction.update(org.customer(customer_id), alpine_links.fields(compared, link, sync.at))
    figures = figures_of(compared, calculated, alpine)
    discrepancy = discrepancy_rules.found(
        discrepancies.decode(known), customer_id, figures, judgement, sync.by.source_id, sync.by.actor, sync.at
    )
    if discrepancy:
        discrepancies.save(transaction, org, discrepancy)
    return Outcome(customer_id, alpine, calculated.points, judgement, link)


def enter(journal: Journal, points: int, reason: str, settings: LoyaltySettings, by: By) -> None:
    """Adds the points or, negative, takes them."""
    memo = Memo(
        source=Source("alpine_iq", by.source_id),
        # As long as the ledger has no other entry, no second one has this key.
        key=f"reconcile:{journal.account.seq}",
        fingerprint=fingerprint(["reconcile", points, reason]),
        rule_version=settings.rule_version,
        reason=reason,
        actor=by.actor,
        occurred_at=by.at,
    )
    if points < 0:
        journal.debit(EntryKind.RECONCILE, -points, memo)
    else:
        journal.credit(EntryKind.RECONCILE, points, expiry.expires_at(by.at, settings), memo)


def figures_of(compared: Compared, calculated: Calculated, alpine: Alpine) -> Figures:
    """The three sides, for the discrepancy."""
    theirs = alpine if isinstance(alpine, Member) else None
    return Figures(
        calculated=calculated.points,
        alpine=theirs.points if theirs else None,
        stored=compared.stored_points,
        calculated_as_of=calculated.as_of,
        alpine_as_of=theirs.as_of if theirs else None,
    )


def _calculated(
    transaction: Transaction, sync: Sync, compared: Compared, journal: Journal, alpine: Alpine
) -> Calculated:
    """Our side, with what a difference needs to be judged."""
    customer, balances = compared.customer, journal.account.balances
    calculated = Calculated(balances)
    if not isinstance(alpine, Member) or alpine.points == calculated.points or not customer.opened:
        return calculated
    last = ledger.last(transaction, sync.org, customer.id)
    as_of = last.memo.occurred_at if last and last.kind is not EntryKind.RECONCILE else None
    redeemed = 0
    if alpine.points > calculated.points:
        since = compared.link.agreed_seq
        redeemed = link_rules.redeemed_in(alpine_links.entries_since(transaction, sync.org, customer.account, since))
    waits_since = compared.link.since if compared.link.state is State.WAITING else None
    return Calculated(balances, as_of, redeemed, waits_since)


def _may_be(transaction: Transaction, sync: Sync, customer_id: str, found: Snapshot) -> bool:
    """Whether the contact is nobody else's: not yet anybody's, or that of somebody who is gone or was merged away."""
    owner_id = alpine_links.owner(found)
    if owner_id in (None, customer_id):
        return True
    owner = transaction.get([sync.org.customer(owner_id)])[0] if owner_id else None
    return owner is None or alpine_links.decode(sync.org, owner, sync.settings) is None


def _reason(alpine: Alpine, calculated: Calculated) -> str:
    theirs = alpine.points if isinstance(alpine, Member) else 0
    return f"Alpine IQ says {theirs}, calculated {calculated.points}"
