"""What a customer has, how it came about, and moving points by hand."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from lib.domain import answers, expiry, pushes, redemptions
from lib.domain.answers import Answer
from lib.domain.chain import Link
from lib.domain.commands import Command
from lib.domain.customers import Customer, journal_of
from lib.domain.errors import InvalidInput
from lib.domain.identity import IdentityKey, IdentityKind, normalise_email, normalise_phone
from lib.domain.ledger import CLOCK, Entry, EntryKind, Journal, Memo, Source
from lib.domain.redemptions import Act, Redemption, Refusal
from lib.domain.settings import LoyaltySettings
from lib.domain.standing import refreshed
from lib.platform import clock, secrets, tasks
from lib.store import alpine_pushes, journals, ledger, lookup, receipts
from lib.store import redemptions as redemption_store
from lib.store import settings as settings_store
from lib.store.org import OrgStore
from lib.store.transaction import Transaction

UNKNOWN_CUSTOMER = Refusal.UNKNOWN_CUSTOMER.value
INSUFFICIENT_POINTS = Refusal.INSUFFICIENT_POINTS.value


@dataclass(frozen=True, slots=True)
class Who:
    """Whom a caller asks about: exactly one of these. `uid` is the caller itself, from its token."""

    customer_id: str | None = None
    phone: str | None = None
    email: str | None = None
    uid: str | None = None


def check(org_id: str, who: Who) -> Answer:
    """The customer's points, balances, tier and way to the next tier; or the reason there is nothing to say.

    Refusals: `unknown_customer`; `several_customers` with their ids, when a telephone number or address is shared.
    Billed: one read by id, two by a recorded identity; one more for each hold, where points are set aside.
    """
    org = OrgStore(org_id)
    settings = settings_store.load(org)
    customer = _find(org, who, settings)
    if not isinstance(customer, Customer):
        return customer
    return answers.of_standing(_as_of(customer, redemption_store.held_by(org, customer), settings), settings)


def history(org_id: str, who: Who, *, cursor: str | None, limit: int, names_staff: bool) -> Answer:
    """A page of the customer's ledger, newest first, each entry in words, with the proof that none was altered.

    `cursor` is the `nextCursor` of the page before. Raises InvalidInput for any other text.
    Billed: what finding the customer costs, and one read an entry.
    """
    org = OrgStore(org_id)
    continued_at = _link(cursor) if cursor else None
    customer = _find(org, who, settings_store.load(org))
    if not isinstance(customer, Customer):
        return customer
    newest = continued_at or _head(customer)
    entries = ledger.page(org, customer.id, before_seq=newest.seq + 1, limit=limit) if newest else []
    page = answers.of_page(entries, newest, names_staff=names_staff)
    return {"customerId": customer.id, **page}


def adjust(command: Command, customer_id: str, points: int, reason: str) -> Answer:
    """Adds or, when negative, takes points by hand. What is added expires as if it had been earned now.

    Refusals: `unknown_customer`; `insufficient_points`, because what is held or spent cannot be taken away.
    Billed: 2 reads and 3 writes, and one read for each hold; one write more where Alpine IQ is to be told.
    """
    org = OrgStore(command.org_id)
    settings = settings_store.load(org)
    told = bool(secrets.alpine_iq_key(org.org_id)) and alpine_pushes.switches(org).adjustments
    adjustment_id = command.id_of("adjustment")

    def work(transaction: Transaction, org: OrgStore) -> Answer:
        customer = lookup.in_transaction(transaction, org, transaction.get([org.customer(customer_id)])[0])
        if customer is None:
            return answers.refusal(UNKNOWN_CUSTOMER)
        journal = journal_of(customer, settings, command.at)
        act = Act.under(settings, command.actor, command.at)
        closed = redemptions.close_timed_out(redemption_store.held_by(org, customer, transaction), journal, act)
        balances = journal.account.balances
        if balances.available + points < 0:
            return answers.refusal(INSUFFICIENT_POINTS, balances=answers.of_balances(balances))
        entry = _adjusted(journal, points, settings, _memo(command, settings, reason))
        after = journals.post(transaction, org, customer, journal, settings, command.at)
        redemption_store.write(transaction, org, closed)
        if told:
            push = pushes.adjustment(org.org_id, adjustment_id, customer.id, points, command.at)
            alpine_pushes.add(transaction, org, push)
        return {**answers.of_standing(after, settings), "entry": answers.of_entry(entry, names_staff=True)}

    answer = receipts.run_once(command, work)
    if told and answer["ok"]:
        push = pushes.adjustment(org.org_id, adjustment_id, customer_id, points, command.at)
        tasks.enqueue_or_leave(pushes.QUEUE, push.work, {"orgId": org.org_id, "pushId": push.id})
    return answer


def _adjusted(journal: Journal, points: int, settings: LoyaltySettings, memo: Memo) -> Entry:
    if points < 0:
        return journal.debit(EntryKind.ADJUST, -points, memo)
    expires_at = expiry.expires_at(memo.occurred_at, settings)
    return journal.credit(EntryKind.ADJUST, points, expires_at, memo)


def _memo(command: Command, settings: LoyaltySettings, reason: str) -> Memo:
    adjustment_id = command.id_of("adjustment")
    return Memo(
        source=Source("adjustment", adjustment_id),
        key=f"adjustment:{adjustment_id}",
        fingerprint=command.fingerprint,
        rule_version=settings.rule_version,
        reason=reason,
        actor=command.actor,
        occurred_at=command.at,
    )


def _find(org: OrgStore, who: Who, settings: LoyaltySettings) -> Customer | Answer:
    if who.customer_id:
        customer = lookup.by_id(org, who.customer_id)
        return customer or answers.refusal(UNKNOWN_CUSTOMER)
    key = _key(who, settings)
    found = lookup.by_key(org, key) if key else ()
    if len(found) > 1:
        return answers.refusal("several_customers", customerIds=[customer.id for customer in found])
    return found[0] if found else answers.refusal(UNKNOWN_CUSTOMER)


def _key(who: Who, settings: LoyaltySettings) -> IdentityKey | None:
    """What to look for, None for what can be nobody's telephone number or address."""
    if who.uid:
        return IdentityKey(IdentityKind.UID, who.uid)
    phone = normalise_phone(who.phone, settings.country)
    if phone:
        return IdentityKey(IdentityKind.PHONE, phone)
    email = normalise_email(who.email)
    return IdentityKey(IdentityKind.EMAIL, email) if email else None


def _as_of(customer: Customer, held: Iterable[Redemption], settings: LoyaltySettings) -> Customer:
    """The customer as the next change would find it now: points that the ledger has not taken over yet count, and so do
    those of holds that have timed out."""
    now = clock.now()
    journal = journal_of(customer, settings, now)
    redemptions.close_timed_out(held, journal, Act.under(settings, CLOCK, now))
    return refreshed(replace(customer, account=journal.account), settings, now, before=customer)


def _head(customer: Customer) -> Link | None:
    account = customer.account
    return Link(account.seq, account.head_hash) if account.seq else None


def _link(cursor: str) -> Link:
    seq, _, entry_hash = cursor.partition(".")
    if not (seq.isascii() and seq.isdigit() and len(seq) <= 15 and entry_hash):
        raise InvalidInput("is not a cursor of a page before", pointer="/cursor")
    return Link(int(seq), entry_hash)
