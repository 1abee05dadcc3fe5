"""Syncing one customer on request: Alpine IQ is asked for this customer alone."""

from datetime import datetime, timedelta

from lib.domain.alerts import Alert, AlertKind
from lib.domain.alpine_contacts import Contacts
from lib.domain.answers import Answer, instant, refusal
from lib.domain.errors import NotFound
from lib.domain.identity import normalise_email, normalise_phone, phone_digits
from lib.domain.ledger import Actor
from lib.domain.reconciliation import Alpine, Member, NotAMember, State
from lib.domain.redemptions import Refusal
from lib.domain.settings import LoyaltySettings
from lib.platform import alerts, clock
from lib.store import alpine_links
from lib.store import settings as settings_store
from lib.store import transaction as transactions
from lib.store.alpine_links import Compared
from lib.store.org import OrgStore
from lib.store.transaction import Transaction
from lib.usecases.reconciliation.comparing import By, Outcome, Sync, compare
from lib.usecases.reconciliation.connection import Connection, connect, unknown
from lib.usecases.reconciliation.exporting import read_contact
from lib.vendors.errors import NotFound as NotThere
from lib.vendors.errors import VendorError

_ALERTED_AGAIN_AFTER = timedelta(hours=24)
_TOLD = (State.OPEN, State.OVERRIDDEN)


def sync_customer(org_id: str, customer_id: str, key: str, actor: Actor) -> Answer:
    """Compares one customer with what Alpine IQ says now, and does what the policy says.

    At most three requests. Refusal: `unknown_customer`. Raises SwitchedOff with the reason; where Alpine IQ does not
    answer, the answer says so (`state` unknown, `why`) and nothing has changed. `key` names it in what it writes.
    """
    org = OrgStore(org_id)
    connection, settings, now = connect(org), settings_store.load(org), clock.now()
    compared = _load(org, customer_id, settings)
    if compared is None:
        return refusal(Refusal.UNKNOWN_CUSTOMER.value)
    sync = Sync(org, connection.integration, settings, By(key, actor, now))
    outcome = compare(sync, compared.customer.id, asked(connection, org, settings, compared, now))
    if outcome is None:
        raise NotFound("no such customer", reason=Refusal.UNKNOWN_CUSTOMER.value)
    if outcome.judgement.state in _TOLD:
        _alert(sync, outcome)
    return answer_of(outcome, now)


def asked(
    connection: Connection, org: OrgStore, settings: LoyaltySettings, compared: Compared, now: datetime
) -> Alpine:
    """What Alpine IQ says of a customer: by its contact id, else by telephone number, else by e-mail address."""
    client = connection.client
    try:
        for contact_id in compared.contact_ids:
            try:
                return read_contact(org.org_id, settings, client.contact(contact_id), None).side(now)
            except NotThere:
                continue
        for text in _searches(compared, settings):
            found = [read_contact(org.org_id, settings, told, None) for told in client.search(text) if told.contact_id]
            # What a search finds is looked at again: a name may look like a number.
            if match := Contacts(found).find((), compared.keys):
                return match.contact.side(now)
    except VendorError as error:
        return unknown(error)
    return NotAMember()


def ask_once(connection: Connection, org: OrgStore, compared: Compared, now: datetime) -> Alpine:
    """The same by one request at most, for somebody who waits."""
    settings, client = settings_store.load(org), connection.client
    try:
        if compared.contact_ids:
            told = [client.contact(compared.contact_ids[0])]
        else:
            told = [each for text in _searches(compared, settings)[:1] for each in client.search(text)]
    except NotThere:
        return NotAMember()
    except VendorError as error:
        return unknown(error)
    found = Contacts(read_contact(org.org_id, settings, each, None) for each in told if each.contact_id)
    match = found.find(compared.contact_ids[:1], compared.keys)
    return match.contact.side(now) if match else NotAMember()


def answer_of(outcome: Outcome, now: datetime) -> Answer:
    """A comparison in figures, for callers."""
    judgement, alpine = outcome.judgement, outcome.alpine
    theirs = alpine if isinstance(alpine, Member) else None
    return {
        "ok": True,
        "customerId": outcome.customer_id,
        "state": judgement.state.value,
        "why": judgement.reason or None,
        "calculated": outcome.calculated,
        "alpine": {"points": theirs.points, "tier": theirs.tier, "asOf": instant(theirs.as_of)} if theirs else None,
        "difference": judgement.difference,
        "ratio": None if judgement.ratio is None else round(float(judgement.ratio), 4),
        "entered": judgement.entered,
        "stale": judgement.stale,
        "at": instant(now),
    }


def _load(org: OrgStore, customer_id: str, settings: LoyaltySettings) -> Compared | None:
    found = alpine_links.by_customer(org, [customer_id])
    return alpine_links.decode(org, found[0], settings) if found else None


def _searches(compared: Compared, settings: LoyaltySettings) -> list[str]:
    """What to search for, as they write it."""
    contact = compared.customer.contact
    phone, email = normalise_phone(contact.phone, settings.country), normalise_email(contact.email)
    texts = [phone_digits(phone)[-10:]] if phone else []
    return texts + ([f"email:{email}"] if email else [])


def _alert(sync: Sync, outcome: Outcome) -> None:
    """Once a customer and day. No ids: some hold telephone numbers."""

    def claim(_: Alert) -> bool:
        return transactions.run(lambda transaction: _claimed(transaction, sync, outcome.customer_id))

    theirs = outcome.alpine.points if isinstance(outcome.alpine, Member) else 0
    facts = {"calculated": outcome.calculated, "alpine": theirs, "difference": outcome.judgement.difference or 0}
    alerts.raise_alert(Alert(AlertKind.DISCREPANCY, sync.org.org_id, sync.at.date(), facts), claim)


def _claimed(transaction: Transaction, sync: Sync, customer_id: str) -> bool:
    reference = sync.org.customer(customer_id)
    last = (transaction.get([reference])[0].to_dict() or {}).get("lastDiscrepancyAlertAt")
    if isinstance(last, datetime) and sync.at - last < _ALERTED_AGAIN_AFTER:
        return False
    transaction.update(reference, {"lastDiscrepancyAlertAt": sync.at})
    return True
