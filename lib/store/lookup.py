"""Finding a customer for somebody at the till or on a telephone: by id, telephone number, e-mail address or uid.

Plain reads that lock nothing, but where a transaction is named. Recognising the customer of an order, and creating it,
is lib/store/identities.py.
"""

from collections.abc import Callable, Iterable

from google.cloud.firestore import FieldFilter, Query

from lib.domain.customers import Customer
from lib.domain.identity import (
    IdentityKey,
    IdentityKind,
    customer_id_for,
    identity_id,
    is_self_made,
    legacy_customer_ids,
    phone_variants,
)
from lib.store import customers
from lib.store.org import OrgStore
from lib.store.transaction import Snapshot, Transaction

_MERGES_MAX = 5
# A number or address that more documents share is a catch-all; whoever asks is told that there are several.
_ROWS_MAX = 10


def by_id(org: OrgStore, customer_id: str) -> Customer | None:
    """The customer of this id, or whom it was merged into; None when this org has none. One read."""
    return followed(_read(org, customer_id), lambda other_id: _read(org, other_id))


def by_key(org: OrgStore, key: IdentityKey) -> tuple[Customer, ...]:
    """The customers with this identity: none, one, or several that share it.

    Two reads where the identity is on record. Else the ids and fields under which others keep their customers.
    """
    identity = org.document("identities", identity_id(org.org_id, key)).get()
    if identity.exists:
        return _present([by_id(org, identity.get("customerId"))])
    ids = dict.fromkeys((customer_id_for(org.org_id, [key]), *legacy_customer_ids(org.org_id, key)))
    # Stubs of the dashboard's nightly job name no org. Their id, which is derived from the org's here, says whose.
    own_prefix = f"{org.org_id}_"
    by_name = (customers.decode(org, stub, adopt=stub.id.startswith(own_prefix)) for stub in _documents(org, ids))
    rows = _rows(org, key)
    by_field = (customers.decode(org, row) for row in _vouched_for(rows)) if rows else ()
    found = sorted((customer for customer in (*by_name, *by_field) if customer), key=lambda customer: customer.id)
    return _present(followed(customer, lambda other_id: _read(org, other_id)) for customer in found)


def in_transaction(transaction: Transaction, org: OrgStore, document: Snapshot) -> Customer | None:
    """The customer of a document that a transaction has read, or whom it was merged into, ready to be changed."""
    customer = followed(
        customers.decode(org, document),
        lambda other_id: customers.decode(org, transaction.get([org.customer(other_id)])[0]),
    )
    if customer:
        customers.check_opening(transaction, org, customer)
    return customer


def followed(customer: Customer | None, read: Callable[[str], Customer | None]) -> Customer | None:
    """The customer at the end of its merges; `read` reads one by its id."""
    for _ in range(_MERGES_MAX):
        if customer is None or customer.merged_into is None:
            return customer
        customer = read(customer.merged_into)
    return customer


def _rows(org: OrgStore, key: IdentityKey) -> Query | None:
    if key.kind is IdentityKind.EMAIL:
        return org.customers().where(filter=FieldFilter("email", "==", key.value))
    if key.kind is IdentityKind.PHONE:
        return org.customers().where(filter=FieldFilter("phone", "in", list(phone_variants(key.value))))
    return None


def _vouched_for(rows: Query) -> Iterable[Snapshot]:
    return (row for row in rows.limit(_ROWS_MAX).stream() if not is_self_made(row.id))


def _present(found: Iterable[Customer | None]) -> tuple[Customer, ...]:
    return tuple({customer.id: customer for customer in found if customer}.values())


def _read(org: OrgStore, customer_id: str) -> Customer | None:
    return customers.decode(org, org.customer(customer_id).get())


def _documents(org: OrgStore, customer_ids: Iterable[str]) -> Iterable[Snapshot]:
    found: Iterable[Snapshot] = org.client.get_all([org.customer(customer_id) for customer_id in customer_ids])
    return found
