"""Telling Alpine IQ of sales, adjustments and opt-outs: each by a task, once as far as their API allows.

A push is claimed before it is sent and settled after it, so that of whatever happens in between it is known that nobody
knows. What could not be done for certain is tried again for three days. Billed for a sale: 4 reads and 2 writes, its
record's own 1 read and 1 write apart.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeAlias

from lib.domain import pushes
from lib.domain.pushes import Push, PushKind, PushState
from lib.platform import clock, logs, secrets, tasks
from lib.store import alpine_pushes, integrations, pushed
from lib.store.org import OrgStore
from lib.store.pushed import Addressee
from lib.vendors.alpine_iq.client import AlpineIq
from lib.vendors.alpine_iq.config import VENDOR, AlpineIqConfig
from lib.vendors.alpine_iq.wire import Member, Sale, SaleLine
from lib.vendors.errors import Ambiguous, Malformed, NotFound, Refused, SwitchedOff, Unavailable

Send: TypeAlias = Callable[[], None]

# By which their data names what we have told: an outcome that is not known can be looked up there.
_CAMPAIGN = "perennial"
# Tasks of pushes younger than this are on their way.
_STALLED_AFTER = timedelta(minutes=10)
# A wrong key is mended by people, and then what waited is told.
_MENDED_BY_PEOPLE = frozenset({"credentials", "redirected"})


class _Unneeded(Exception):
    """There is nothing to tell, or nobody to tell it of: `reason`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def push(org_id: str, push_id: str) -> PushState | None:
    """Sends a push, if it waits for that; what came of it, None when there was nothing to do.

    Raises Unavailable when it was certainly not done and another attempt may help.
    """
    org = OrgStore(org_id)
    claimed = alpine_pushes.claim(org, push_id, clock.now())
    if claimed is None:
        return None
    state, reason, again = _attempt(org, claimed)
    alpine_pushes.settle(org, claimed, state, reason, clock.now())
    logs.pushed(org_id, claimed.kind.value, state.value, reason)
    if again is not None:
        raise again
    return state


def sweep() -> int:
    """Enqueues pushes again whose tasks were lost or given up by the queue, and settles those whose senders died; how
    many. One read where there are none."""
    found = 0
    for stalled in alpine_pushes.stalled(clock.now() - _STALLED_AFTER, logs.push_damaged):
        occasion = (*stalled.work, stalled.updated_at.isoformat())
        tasks.enqueue(pushes.QUEUE, occasion, {"orgId": stalled.org_id, "pushId": stalled.id})
        found += 1
    return found


def _attempt(org: OrgStore, claimed: Push) -> tuple[PushState, str | None, Exception | None]:
    """What became of it, why, and what the queue is to be told so that it tries again."""
    try:
        _prepared(org, _client(org), claimed)()
    except _Unneeded as unneeded:
        return PushState.REFUSED, unneeded.reason, None
    except SwitchedOff as error:
        return PushState.REFUSED, error.reason, None
    except NotFound:
        return PushState.REFUSED, "not_a_member", None
    except Ambiguous as error:
        return PushState.UNKNOWN, error.reason, None
    except Refused as error:
        if error.reason in _MENDED_BY_PEOPLE:
            return PushState.QUEUED, error.reason, None
        return PushState.REFUSED, error.code or error.reason, None
    except Malformed as error:
        # Of a question that came before: the push itself ends as ambiguous then.
        return PushState.QUEUED, error.reason, None
    except Unavailable as error:
        return PushState.QUEUED, error.reason, error
    return PushState.SENT, None, None


def _client(org: OrgStore) -> AlpineIq:
    integration, key = integrations.alpine_iq(org), secrets.alpine_iq_key(org.org_id)
    if isinstance(integration, str):
        raise SwitchedOff(VENDOR, "switched off for this org", reason=integration)
    if key is None:
        raise SwitchedOff(VENDOR, "switched off: no key for this org", reason="no_key")
    document = {"apiKey": key, "uid": integration.account_id, "baseUrl": secrets.alpine_iq_base_url()}
    return AlpineIq(AlpineIqConfig.from_document(document))


def _prepared(org: OrgStore, client: AlpineIq, claimed: Push) -> Send:
    """The one request that does it; what it needs to know is asked before."""
    addressee = pushed.addressee(org, claimed.customer_id)
    if addressee is None:
        raise _Unneeded("no_customer")
    if claimed.kind is PushKind.SALE:
        sale = _sale(org, claimed, addressee)
        return lambda: client.push_sale(sale)
    if claimed.kind is PushKind.ADJUSTMENT:
        contact_id, note = _contact_id(client, addressee), f"{_CAMPAIGN} {claimed.id}"
        return lambda: client.adjust(
            contact_id, claimed.points, note=note, campaign_id=_CAMPAIGN, at=claimed.created_at
        )
    address = addressee.phone if claimed.subject == "sms" else addressee.email
    if not address:
        raise _Unneeded("no_address")
    opt = client.opt_in_text if claimed.subject == "sms" else client.opt_in_email
    return lambda: opt(address, False)


def _contact_id(client: AlpineIq, addressee: Addressee) -> str:
    """Who it is there: as a sync or the till has told, else by telephone number and address."""
    if addressee.contact_id:
        return addressee.contact_id
    for address in filter(None, (addressee.phone, addressee.email)):
        try:
            contact_id = client.lookup(address).contact.contact_id
        except NotFound:
            continue
        if contact_id:
            return contact_id
    raise _Unneeded("not_a_member")


def _sale(org: OrgStore, claimed: Push, addressee: Addressee) -> Sale:
    if not (addressee.email or addressee.phone):
        raise _Unneeded("no_address")
    sold = pushed.sale(org, claimed.subject)
    if sold is None:
        raise _Unneeded("no_longer_earning")
    member = Member(addressee.email or "", addressee.phone or "", addressee.first_name, addressee.last_name)
    return Sale(
        pos_id=sold.pos_id,
        member=member,
        at=sold.at,
        total_cents=sold.total_cents,
        lines=[SaleLine(it.sku, it.name, it.category, it.price_cents, it.quantity) for it in sold.lines],
        location=sold.location,
        pos_type=sold.pos_type,
    )
