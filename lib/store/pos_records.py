"""Orders and customers as a till tells them, written into the dashboard's documents: only what differs, and nothing
that others have put there is lost.

Billed for an order that is news to us: 1 read, and 1 write unless its document says so already. For a customer: 2 reads
when it is on record, up to 12 when it has to be looked for, and 1 write.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from lib.domain.countries import CountryCode
from lib.domain.customers import Contact
from lib.domain.identity import (
    IdentityKey,
    IdentityKind,
    birthday_month_day,
    is_placeholder_email,
    phone_digits,
    phone_last4,
    placeholder_email,
)
from lib.domain.orders import Buyer, Flaw, Order, OrgNames, Phase
from lib.domain.pos import PosCustomer, PosOrder, UnreadableOrder
from lib.domain.settings import LoyaltySettings
from lib.store.identities import Recogniser
from lib.store.org import OrgStore
from lib.store.transaction import Snapshot, Transaction

# Whoever named the shop first is not corrected: readers and rules go by these.
_NAMES_OF_SHOP = ("orgId", "brandId", "retailerId", "mode")
# Maps to which others add fields of their own.
_SHARED_MAPS = ("customer", "totals")


def write_orders(transaction: Transaction, org: OrgStore, orders: Sequence[PosOrder]) -> dict[str, int]:
    """Writes what differs; how many orders were `written`, and how many are `foreign`: another org's by that id."""
    counts = {"written": 0, "foreign": 0}
    found = transaction.get([org.order(order.id) for order in orders])
    for order, snapshot in zip(orders, found, strict=True):
        stored = snapshot.to_dict() or {}
        if not _is_ours(org, stored):
            counts["foreign"] += 1
        elif changed := _changed(order, stored):
            transaction.merge(org.order(order.id), changed)
            counts["written"] += 1
    return counts


def is_known_since(org: OrgStore, order_id: str, at: datetime) -> bool:
    """Whether the order's document is of a state that the till gave at this time or later. One read."""
    fields = org.order(order_id).get(field_paths=["posUpdatedAt"]).to_dict() or {}
    known = fields.get("posUpdatedAt")
    return isinstance(known, datetime) and known >= at


def keep_unreadable(transaction: Transaction, org: OrgStore, order: UnreadableOrder, now: datetime) -> None:
    """Keeps in the inbox that an order could not be read, and which fields of it; not what stood there."""
    reference = org.document("inbox", _item_id(order.id))
    fields = {
        "id": reference.id,
        "orgId": org.org_id,
        "kind": "alleaves_order",
        "orderId": order.id,
        "reason": "unreadable",
        "fields": list(order.wrong),
        "status": "open",
        "receivedAt": now,
        "replayedAt": None,
    }
    transaction.replace(reference, fields)


def close_unreadable(transaction: Transaction, org: OrgStore, order_ids: Iterable[str], now: datetime) -> None:
    """Marks as worked what waited because these orders could not be read."""
    references = [org.document("inbox", _item_id(order_id)) for order_id in order_ids]
    for snapshot in transaction.get(references):
        if (snapshot.to_dict() or {}).get("status") == "open":
            transaction.update(snapshot.reference, {"status": "replayed", "replayedAt": now})


def write_customer(
    transaction: Transaction, org: OrgStore, customer: PosCustomer, settings: LoyaltySettings, now: datetime
) -> bool | Flaw:
    """Writes what the till knows of a customer into its document, found as an order's customer is or made new; whether
    anything differed. Points, spend and tier are not the till's to say."""
    buyer = Buyer(user_id=customer.id, email=customer.email, phone=customer.phone, name=customer.name)
    sale = Order("", Phase.EARNING, "", OrgNames(), buyer, from_pos=True, ordered_at=now)
    recogniser = Recogniser(transaction, org, sale, settings)
    likely = transaction.get([org.customer(recogniser.likely_id or customer.id)])[0]
    recognised = recogniser.recognise(likely, None)
    if isinstance(recognised, Flaw):
        return recognised
    document = _document(transaction, org, recognised.customer.id, likely) if recognised.stored else None
    stored = (document.to_dict() or {}) if document else {}
    # As far as it is this customer's: an address that leads to somebody else is not.
    told = _told(org, customer, recognised.introduction.contact, stored, settings.country, now)
    changed = {name: value for name, value in told.items() if stored.get(name) != value}
    if not changed:
        return False
    stamps = {"updatedAt": now} if stored else {"id": recognised.customer.id, "createdAt": now, "updatedAt": now}
    transaction.merge(org.customer(recognised.customer.id), org.stamped({**changed, **stamps}))
    return True


def _document(transaction: Transaction, org: OrgStore, customer_id: str, likely: Snapshot) -> Snapshot:
    return likely if likely.id == customer_id else transaction.get([org.customer(customer_id)])[0]


def _is_ours(org: OrgStore, stored: Mapping[str, Any]) -> bool:
    """Tills of two shops may give two orders the same number, and their documents the same id."""
    owner = stored.get("orgId") or stored.get("brandId")
    return owner in (None, org.org_id)


def _changed(order: PosOrder, stored: Mapping[str, Any]) -> dict[str, Any]:
    known = stored.get("posUpdatedAt")
    if order.updated_at and isinstance(known, datetime) and known > order.updated_at:
        return {}
    fields = dict(order.fields)
    for name in _NAMES_OF_SHOP:
        if stored.get(name):
            del fields[name]
    for name in _SHARED_MAPS:
        if isinstance(stored.get(name), Mapping):
            fields[name] = {**stored[name], **fields[name]}
    return {name: value for name, value in fields.items() if name not in stored or stored[name] != value}


def _told(
    org: OrgStore,
    customer: PosCustomer,
    contact: Contact,
    stored: Mapping[str, Any],
    region: CountryCode,
    now: datetime,
) -> dict[str, Any]:
    """What the document is to say: the till's own fields as the till has them, of all others those that are missing."""
    pos_key = IdentityKey(IdentityKind.POS, customer.id)
    link = stored.get("alleavesCustomerId") or f"cid_{customer.id}"
    email = contact.email or placeholder_email(org.org_id, pos_key)
    gaps: dict[str, Any] = {
        "alleavesCustomerId": link,
        "phone": contact.phone or customer.phone,
        "birthDate": customer.birth_date,
        "birthdayMonthDay": birthday_month_day(customer.birth_date, region, now.date()),
        "source": "alleaves_sync",
        **_names(customer, stored),
    }
    told = {name: value for name, value in gaps.items() if value and not stored.get(name)}
    if not stored.get("email") or (is_placeholder_email(stored.get("email")) and not is_placeholder_email(email)):
        told["email"] = email
    if contact.phone and "phone" in told:
        told |= {"phoneDigits": phone_digits(contact.phone), "phoneLast4": phone_last4(contact.phone)}
    if link == f"cid_{customer.id}":
        # Of two customers of the till who share one document, the first one is whom it is about.
        own = {
            "dateOfBirth": customer.birth_date,
            "alleavesCustomerSince": customer.since,
            "alpineUserId": customer.alpine_user_id,
        }
        told |= {name: value for name, value in own.items() if value}
    return told


def _names(customer: PosCustomer, stored: Mapping[str, Any]) -> dict[str, Any]:
    """A name is one thing: taken whole or not at all."""
    if any(stored.get(name) for name in ("firstName", "lastName", "displayName")):
        return {}
    first = customer.first_name
    return {
        "firstName": first,
        "lastName": customer.last_name,
        "displayName": customer.name,
        "firstNameLower": first.lower() if first else None,
    }


def _item_id(order_id: str) -> str:
    return f"alleaves:order-{order_id}"
