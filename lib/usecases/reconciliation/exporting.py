"""Fetching all contacts of an account, once for a sync, and laying out the blocks of customers to compare with them."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from lib.domain.alpine_contacts import Contact
from lib.domain.identity import IdentityKey, IdentityKind, identity_id, normalise_email, normalise_phone
from lib.domain.settings import LoyaltySettings
from lib.platform import clock
from lib.store import alpine_exports, alpine_links, integrations
from lib.store import settings as settings_store
from lib.store.alpine_exports import Export
from lib.store.org import OrgStore
from lib.usecases.reconciliation.connection import connect
from lib.vendors.alpine_iq.client import AlpineIq
from lib.vendors.alpine_iq.wire import BalanceChange
from lib.vendors.alpine_iq.wire import Contact as WireContact
from lib.vendors.errors import Refused

BLOCK_CUSTOMERS = 200
"""Customers compared by one visit: few enough that a worker records its progress in time, many enough for a query."""

# Some of what they tell arrives late: a second look at what was told in the last hours costs nothing.
_OVERLAP = timedelta(hours=6)
_FIRST_LOOK = timedelta(days=2)
_LAYOUT_GROWTH_MAX = 1.5


def exported(org: OrgStore, export_id: str) -> Export:
    """The export of this id, fetched if nobody has yet.

    Requests: one for every 2,000 contacts, one that shows that nobody follows, and two for what changed balances.
    A fetch that dies begins anew, because half a list is of no use. Raises VendorError, SwitchedOff among them.
    """
    return alpine_exports.find(org, export_id) or _fetched(org, export_id)


def read_contact(org_id: str, settings: LoyaltySettings, told: WireContact, changed_at: datetime | None) -> Contact:
    """A contact as they tell it, without its telephone number and address. `changed_at`: by their lists of changes."""
    phone = normalise_phone(told.mobile_phone, settings.country)
    email = normalise_email(told.email)
    found = ((IdentityKind.PHONE, phone), (IdentityKind.EMAIL, email))
    moments = [moment for moment in (told.last_purchase, changed_at) if moment]
    return Contact(
        id=told.contact_id or "",
        points=told.loyalty_points,
        is_member=told.loyalty,
        tier=told.loyalty_tier,
        changed_at=max(moments, default=None),
        keys=tuple(identity_id(org_id, IdentityKey(kind, value)) for kind, value in found if value),
    )


def _fetched(org: OrgStore, export_id: str) -> Export:
    client, settings = connect(org).client, settings_store.load(org)
    state, fetched_at = integrations.sync_state(org), clock.now()
    since = state.synced_at - _OVERLAP if state.synced_at else fetched_at - _FIRST_LOOK
    changed = _changed(client, since, fetched_at)
    contacts = [
        read_contact(org.org_id, settings, told, changed.get(told.contact_id))
        for page in client.contacts()
        for told in page
        if told.contact_id
    ]
    return alpine_exports.save(org, export_id, contacts, _layout(org, state), fetched_at)


def _changed(client: AlpineIq, begin: datetime, end: datetime) -> dict[str, datetime]:
    """When the balance of each contact last changed, as far as they tell."""
    latest: dict[str, datetime] = {}
    for change in _changes(client, begin, end):
        if change.contact_id and change.at:
            latest[change.contact_id] = max(change.at, latest.get(change.contact_id, change.at))
    return latest


def _changes(client: AlpineIq, begin: datetime, end: datetime) -> Iterable[BalanceChange]:
    for ask in (client.adjustments, client.redemptions):
        try:
            yield from ask(begin, end)
        except Refused:
            # An account without these lists can be compared all the same: a figure is then from when it was fetched.
            continue


def _layout(org: OrgStore, state: integrations.SyncState) -> Sequence[str]:
    """Where blocks begin: as last time, or anew when there are far more or fewer customers than then. A read a thousand
    customers, and anew one a customer."""
    customers = alpine_links.count(org)
    known = state.customers
    if state.blocks and known / _LAYOUT_GROWTH_MAX <= customers <= known * _LAYOUT_GROWTH_MAX:
        return state.blocks
    blocks, counted = alpine_links.block_starts(org, BLOCK_CUSTOMERS)
    integrations.remember(org, {"blocks": blocks, "customers": counted})
    return blocks
