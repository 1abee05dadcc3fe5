"""What customers have to do with Alpine IQ: the fields of their documents that say so, and whose each contact is.

`customers/{id}.alpine` is ours alone; beside it stand the fields that the dashboard reads.
`tenants/{org}/alpine_contacts/{id}` says which customer a contact is: two customers must not both be given its points.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from google.cloud.firestore import FieldFilter

from lib.domain.alpine_links import Link
from lib.domain.customers import Customer, known_keys
from lib.domain.entries import Balances, Entry
from lib.domain.identity import IdentityKind, identity_id, is_self_made
from lib.domain.ids import id_part
from lib.domain.ledger import Account
from lib.domain.reconciliation import State
from lib.domain.settings import LoyaltySettings
from lib.store import customers, ledger
from lib.store.org import OrgStore
from lib.store.transaction import Snapshot, Transaction

# What a comparison needs to know of a customer.
_COMPARED_FIELDS = (
    "orgId", "loyalty", "points", "orderCount", "totalSpent", "firstOrderDate", "lastOrderDate", "email", "phone",
    "alleavesCustomerId", "archived", "mergedInto", "alpine", "alpineUserId",
)  # fmt: skip
_JOINED_BY = (f"{IdentityKind.PHONE}:", f"{IdentityKind.EMAIL}:")
_ENTRIES_MAX = 1000


@dataclass(frozen=True, slots=True)
class Compared:
    """A customer as it is to be compared. `contact_ids` and `keys`: what its contact can be found by, the stronger ones
    first; `updated_at`: when its document was last written."""

    customer: Customer
    link: Link
    contact_ids: tuple[str, ...]
    keys: tuple[str, ...]
    stored_points: int | None
    updated_at: datetime | None

    @property
    def balances(self) -> Balances:
        """As the ledger has them; of a customer that it has not taken over, what the document brings along."""
        customer = self.customer
        return customer.account.balances if customer.opened else Balances(available=customer.opening.points)


def block(org: OrgStore, first: str | None, before: str | None, limit: int) -> Iterator[Snapshot]:
    """The org's customers from an id (None: from the first one) to before another (None: to the last), by id. One read
    each."""
    query = org.customers().order_by("__name__").select(_COMPARED_FIELDS)
    if first is not None:
        query = query.start_at({"__name__": org.customer(first)})
    if before is not None:
        query = query.end_before({"__name__": org.customer(before)})
    page = query.limit(limit)
    while True:
        found = list(page.stream())
        yield from found
        if len(found) < limit:
            return
        page = query.start_after(found[-1]).limit(limit)


def block_starts(org: OrgStore, size: int) -> tuple[list[str], int]:
    """Every `size`-th customer id, from the first one, and how many customers there are. One read a customer."""
    query = org.customers().order_by("__name__").select([]).limit(5000)
    page, starts, count = query, list[str](), 0
    while found := list(page.stream()):
        starts += [snapshot.id for number, snapshot in enumerate(found, count) if number % size == 0]
        count += len(found)
        page = query.start_after(found[-1])
    return starts, count


def count(org: OrgStore, **equal: object) -> int:
    """How many of the org's customers have these fields. A read a thousand."""
    query = org.customers()
    for name, value in equal.items():
        query = query.where(filter=FieldFilter(name, "==", value))
    # The client library's annotations leave out that `get` is a method.
    counting: Any = query.count()
    return int(counting.get()[0][0].value)


def decode(org: OrgStore, snapshot: Snapshot, settings: LoyaltySettings) -> Compared | None:
    """The customer to compare; None where the document is another org's, or that of one who was merged into another."""
    customer = customers.decode(org, snapshot)
    if customer is None or customer.merged_into is not None:
        return None
    fields = snapshot.to_dict() or {}
    link, user_id, points = _link(fields.get("alpine")), fields.get("alpineUserId"), fields.get("points")
    # Whoever a document is named after could once write all of it, and so name anybody's contact.
    named = (link.contact_id, str(user_id) if user_id and not is_self_made(customer.id) else None)
    return Compared(
        customer=customer,
        link=link,
        contact_ids=tuple(dict.fromkeys(filter(None, named))),
        keys=_keys(customer, settings),
        stored_points=points if isinstance(points, int) else None,
        updated_at=snapshot.update_time,
    )


def fields(compared: Compared, link: Link, now: datetime) -> dict[str, Any]:
    """The fields of the customer's document after a comparison. An `alpineUserId` that others have put there stays."""
    own = compared.link.contact_id
    user_ids = [each for each in compared.contact_ids if each != own]
    named = {} if user_ids or link.contact_id is None else {"alpineUserId": link.contact_id}
    return {
        **named,
        "alpine": _encode(link),
        "pointsFromAlpine": link.points,
        "alpineTier": link.tier,
        "loyaltyReconciled": link.is_reconciled,
        "loyaltyDiscrepancy": abs(link.difference) if link.difference is not None else None,
        "updatedAt": now,
    }


def owner_reference(org: OrgStore, contact_id: str) -> Any:
    """Where it is kept whose a contact is."""
    return org.document("alpine_contacts", id_part(contact_id))


def owner(found: Snapshot) -> str | None:
    """The customer whom a contact is, by the document that says so."""
    return (found.to_dict() or {}).get("customerId")


def claim(transaction: Transaction, org: OrgStore, contact_id: str, customer_id: str, now: datetime) -> None:
    """Takes down that a contact is this customer; the caller has seen that it is nobody else."""
    fields = {"contactId": contact_id, "customerId": customer_id, "createdAt": now}
    transaction.replace(owner_reference(org, contact_id), org.stamped(fields))


def entries_since(transaction: Transaction, org: OrgStore, account: Account, seq: int) -> list[Entry]:
    """The customer's entries after this one, the last thousand of them. A read each."""
    since = org.ledger(account.customer_id).where(filter=FieldFilter("seq", ">", max(seq, account.seq - _ENTRIES_MAX)))
    return [ledger.decode(found.to_dict() or {}) for found in transaction.query(since.order_by("seq"))]


def _keys(customer: Customer, settings: LoyaltySettings) -> tuple[str, ...]:
    """Identity ids by which a contact may be joined. Of a customer of the ledger those that lead to it and nobody else:
    a telephone number that a household shares is one customer's, and what somebody who signs in says of itself proves
    nothing. Who is known by nothing else is compared once an `alpineUserId` says who it is there."""
    if customer.opened:
        return tuple(each for prefix in _JOINED_BY for each in customer.identities if each.startswith(prefix))
    if is_self_made(customer.id):
        return ()
    own = known_keys(customer, settings.country)
    by_kind = {kind: [key for key in own if key.kind is kind] for kind in (IdentityKind.PHONE, IdentityKind.EMAIL)}
    return tuple(identity_id(customer.org_id, key) for keys in by_kind.values() for key in keys)


def _encode(link: Link) -> dict[str, Any]:
    return {
        "contactId": link.contact_id,
        "state": link.state.value if link.state else None,
        "points": link.points,
        "tier": link.tier,
        "calculated": link.calculated,
        "difference": link.difference,
        "accepted": link.accepted,
        "agreedSeq": link.agreed_seq,
        "terms": link.terms,
        "reason": link.reason,
        "since": link.since,
        "asOf": link.as_of,
        "comparedAt": link.compared_at,
    }


def _link(stored: object) -> Link:
    if not isinstance(stored, Mapping):
        return Link()
    return Link(
        contact_id=stored["contactId"],
        state=State(stored["state"]) if stored["state"] else None,
        points=stored["points"],
        tier=stored["tier"],
        calculated=stored["calculated"],
        difference=stored["difference"],
        accepted=stored["accepted"],
        agreed_seq=stored["agreedSeq"],
        terms=stored["terms"],
        reason=stored["reason"],
        since=stored["since"],
        as_of=stored["asOf"],
        compared_at=stored["comparedAt"],
    )


def by_customer(org: OrgStore, customer_ids: Sequence[str]) -> list[Snapshot]:
    """The documents of these customers. One read each."""
    return list(org.client.get_all([org.customer(each) for each in customer_ids], field_paths=_COMPARED_FIELDS))
