"""The tills' webhook: a genuine event is stored once and answered; then what it is about is asked for and written.

An event is never believed: not what it says of an order, and not whose it is. The org is the one in the address, and
the event counts only if it is signed with that org's secret; what is fetched then comes from that org's own accounts.
So events that are forged, repeated, late or out of order change nothing that a pull would not.
"""

from datetime import timedelta

from lib.domain.errors import NotFound
from lib.domain.ids import is_org_id
from lib.domain.pos import PosCustomer, PosOrder, UnreadableOrder, order_document_id
from lib.domain.pulls import REREAD_DAYS
from lib.platform import clock, secrets, tasks
from lib.store import directory, pos_records, pos_webhooks
from lib.store import settings as settings_store
from lib.store import transaction as transactions
from lib.store.directory import Till
from lib.store.org import OrgStore
from lib.store.pos_webhooks import Hint
from lib.usecases.pos import WEBHOOK_QUEUE, mapping
from lib.usecases.pos.account import PROVIDER, open_account
from lib.vendors.alleaves import webhook
from lib.vendors.alleaves.webhook import Subject
from lib.vendors.errors import SwitchedOff

# An order that is changed now was most likely made today, in a time zone that nobody says.
_RECENT = timedelta(days=2)


def challenge(text: str) -> str:
    """What a till's question whether we are there is answered with. Raises InvalidInput."""
    return webhook.challenge_answer(text)


def receive(org_id: str, body: bytes, signature: str | None) -> str:
    """Stores a genuine event and has it worked; its name. A second delivery is answered the same and does nothing.

    Raises NotFound for an org without a secret, as for one that does not exist; Unauthenticated, InvalidInput;
    Unavailable when it could not be stored, or not be handed on: then it should be sent again.
    """
    secret = secrets.alleaves_webhook_secret(org_id) if is_org_id(org_id) else None
    if secret is None:
        raise NotFound("there is no such webhook", reason="unknown_webhook")
    event = webhook.read_event(body, signature, secret)
    data = event.data
    hint = Hint(event.key, event.name, event.subject.value, data.subject_id, data.location_id, event.at)
    if pos_webhooks.keep(OrgStore(org_id), hint, clock.now()):
        tasks.enqueue(WEBHOOK_QUEUE, ("webhook", org_id, event.key), {"orgId": org_id, "key": event.key})
    return event.name


def work(org_id: str, key: str) -> str | None:
    """Fetches what an event is about and writes it; what came of it, None when there is nothing left to do.

    Raises the errors of a vendor that cannot be asked now; another attempt may help, and the next pull will.
    """
    org = OrgStore(org_id)
    hint = pos_webhooks.load(org, key)
    if hint is None:
        return None
    outcome = _work(org, hint)
    pos_webhooks.close(org, key, outcome, clock.now())
    return outcome


def _work(org: OrgStore, hint: Hint) -> str:
    if hint.subject_id is None or hint.subject == Subject.OTHER:
        return "ignored"
    is_order = hint.subject == Subject.ORDER
    if is_order and hint.at and pos_records.is_known_since(org, order_document_id(hint.subject_id), hint.at):
        return "known"
    for till in _tills(org, hint.location_id):
        try:
            found = _order(till, hint) if is_order else _customer(till, hint)
        except SwitchedOff:
            continue
        if isinstance(found, UnreadableOrder):
            # The next pull keeps it, and tells of it once.
            return "unreadable"
        if found is not None:
            return "written" if _write(org, found) else "unchanged"
    # It may be older than what is asked for here, or not there yet: the next pull sees it or nobody.
    return "not_found"


def _tills(org: OrgStore, location_id: str | None) -> list[Till]:
    """The org's tills, one of each account, the one of the location first."""
    first: dict[str, Till] = {}
    for till in sorted(directory.tills_of(org, PROVIDER), key=lambda it: (it.number != location_id, it.location_id)):
        first.setdefault(till.account, till)
    return list(first.values())


def _order(till: Till, hint: Hint) -> PosOrder | UnreadableOrder | None:
    """The order, if it is among those of the last days."""
    now = clock.now()
    begin = max(min(hint.at or now, now) - _RECENT, now - timedelta(days=REREAD_DAYS))
    for page in open_account(till).orders(begin.date(), now.date() + timedelta(days=1)):
        for record in page:
            if record.order_id == hint.subject_id:
                return mapping.order_of(record, till.org_id, till.number)
    return None


def _customer(till: Till, hint: Hint) -> PosCustomer | None:
    """The customer: by reading the list until it comes, since nobody says how one is asked for."""
    for page in open_account(till).customers():
        for record in page:
            if record.customer_id == hint.subject_id:
                return mapping.customer_of(record)
    return None


def _write(org: OrgStore, found: PosOrder | PosCustomer) -> bool:
    if isinstance(found, PosOrder):
        return transactions.run(lambda transaction: pos_records.write_orders(transaction, org, [found]))["written"] > 0
    settings, now = settings_store.load(org), clock.now()
    return transactions.run(
        lambda transaction: pos_records.write_customer(transaction, org, found, settings, now) is True
    )
