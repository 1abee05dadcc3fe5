"""Order documents, `orders/{id}`: others write them, we add `orgId` and say whose it is in `customerId`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from google.api_core.datetime_helpers import DatetimeWithNanoseconds
from google.cloud.firestore import And, FieldFilter, Or

from lib.domain.customers import Customer
from lib.domain.identity import normalise_email
from lib.domain.orders import MalformedOrder, Order, Revision, read
from lib.store.org import SYSTEM, OrgStore
from lib.store.transaction import Snapshot, Transaction

OF_CUSTOMER_MAX = 5_000
# Where an order may name its org by the org's own id.
_ORG_FIELDS = ("orgId", "brandId", "organizationId", "dispensaryId")


@dataclass(frozen=True, slots=True)
class StoredOrder:
    """An order document as it is now. `created_at`: when the document was."""

    id: str
    fields: Mapping[str, Any]
    order: Order | MalformedOrder
    revision: Revision
    created_at: datetime


def load(transaction: Transaction, org: OrgStore, order_id: str) -> StoredOrder | None:
    """The order as it is now, None when it was deleted; the caller checks whose it is."""
    snapshot = transaction.get([org.order(order_id)])[0]
    return decode(snapshot) if snapshot.exists else None


def present(order_id: str) -> Snapshot | None:
    """The order document as it is now, whichever org it is of and outside of a transaction; None when there is none."""
    snapshot = OrgStore(SYSTEM).order(order_id).get()
    return snapshot if snapshot.exists else None


def decode(snapshot: Snapshot) -> StoredOrder:
    """The order in an existing document."""
    fields = snapshot.to_dict() or {}
    order = read(snapshot.id, fields, snapshot.create_time)
    return StoredOrder(snapshot.id, fields, order, revision_of(snapshot.update_time), snapshot.create_time)


def revision_of(update_time: datetime) -> Revision:
    """The revision that an update time stands for, to the nanosecond where the client library tells it."""
    nanoseconds = getattr(update_time, "nanosecond", 0) or update_time.microsecond * 1000
    return Revision(f"{update_time:%Y-%m-%dT%H:%M:%S}.{nanoseconds:09d}Z", update_time)


def add_owner(
    transaction: Transaction, org: OrgStore, order: Order, customer_id: str | None, revision: Revision
) -> bool:
    """Adds `orgId` where it is missing, and `customerId` where it is missing or outdated; whether anything was.

    The commit fails when the order has changed since `revision`: what it says by now is not ours to overwrite.
    """
    fields = {}
    if order.org.org_id is None:
        fields["orgId"] = org.org_id
    if customer_id and order.buyer.customer_id != customer_id:
        fields["customerId"] = customer_id
    if fields:
        since = DatetimeWithNanoseconds.from_rfc3339(revision.text)
        transaction.update(org.order(order.id), fields, unchanged_since=since)
    return bool(fields)


def of_customer(org: OrgStore, customer: Customer) -> Iterator[StoredOrder]:
    """Orders that name the customer, its e-mail address or, for this org, its POS id, oldest first.

    Tills of all orgs count from 1, and many orders share a placeholder address: neither is searched for by itself.
    What is found may still be another org's or another customer's: that is decided when it is recorded.
    """
    filters: list[Any] = [FieldFilter("customerId", "==", customer.id)]
    if customer.pos_id:
        of_org = Or([FieldFilter(name, "==", org.org_id) for name in _ORG_FIELDS])
        filters.append(And([FieldFilter("userId", "==", customer.pos_id), of_org]))
    if email := normalise_email(customer.contact.email):
        filters.append(FieldFilter("customer.email", "==", email))
    matching = filters[0] if len(filters) == 1 else Or(filters)
    found = org.orders_of_all().where(filter=matching).limit(OF_CUSTOMER_MAX).stream()
    readable = [(stored.order, stored) for stored in map(decode, found) if isinstance(stored.order, Order)]
    for _, stored in sorted(readable, key=lambda pair: pair[0].ordered_at):
        yield stored
