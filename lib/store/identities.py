"""Identities, `tenants/{org}/identities/{kind:hash}`: which customer a telephone number, address, POS id or uid means.

They are created in the transaction that creates or first recognises the customer, so two customers with the same
identity cannot be born, however many orders arrive at once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from google.cloud.firestore import FieldFilter, Or

from lib.domain.customers import IDENTITIES_MAX, Contact, Customer, Introduction, contact_of, known_keys
from lib.domain.grants import Accrual
from lib.domain.identity import (
    IdentityKey,
    IdentityKind,
    customer_id_for,
    identity_id,
    is_self_made,
    legacy_customer_ids,
    normalise_email,
    normalise_phone,
    phone_variants,
)
from lib.domain.ledger import Account
from lib.domain.orders import Flaw, Order
from lib.domain.settings import LoyaltySettings
from lib.store import lookup
from lib.store.customers import decode
from lib.store.org import OrgStore
from lib.store.transaction import Snapshot, Transaction

_LEGACY_FOUND_MAX = 20


@dataclass(frozen=True, slots=True)
class Recognised:
    """Whose order it is: a stored customer or, when nobody is known under any key, a new one."""

    customer: Customer
    stored: bool
    introduction: Introduction


def link(transaction: Transaction, org: OrgStore, introduction: Introduction, now: datetime) -> None:
    """Creates the identities that are new; one that exists by now fails the whole commit."""
    for key in introduction.new_keys:
        fields = {"kind": key.kind.value, "customerId": introduction.customer_id, "createdAt": now}
        transaction.create(org.document("identities", identity_id(org.org_id, key)), fields)


def of_customer(transaction: Transaction, org: OrgStore, customer_id: str) -> tuple[str, ...]:
    """Ids of the identities that lead to this customer."""
    query = org.collection("identities").where(filter=FieldFilter("customerId", "==", customer_id))
    return tuple(snapshot.id for snapshot in transaction.query(query.limit(IDENTITIES_MAX)))


class Recogniser:
    """Finds the customer of one order inside a transaction, by as few reads as the case allows.

    First whom the order names, then whom its keys lead to, strongest first; documents that others created are searched
    only when no identity leads anywhere. A telephone number alone never joins two customers of the till: households
    share one.
    """

    def __init__(self, transaction: Transaction, org: OrgStore, order: Order, settings: LoyaltySettings) -> None:
        self._transaction = transaction
        self._org = org
        self._region = settings.country
        self._buyer = order.buyer
        self._keys = order.buyer.keys(from_pos=order.from_pos, region=settings.country)
        self._new_id = customer_id_for(org.org_id, self._keys) if self._keys else None
        self._owners: dict[IdentityKey, str | None] = {}
        self._overruled_id: str | None = None

    @property
    def likely_id(self) -> str | None:
        """The document that most probably is the customer's, to be read along with what else is needed; None when the
        order says nothing of its customer."""
        return self._buyer.customer_id or self._new_id

    def recognise(self, likely: Snapshot, accrual: Accrual | None) -> Recognised | Flaw:
        """The customer, given the document of `likely_id` and what the order has granted so far."""
        if self._is_foreign(likely):
            return Flaw.CUSTOMER_OF_OTHER_ORG
        if self._buyer.customer_id:
            named = self._followed(decode(self._org, likely))
            if named and not self._is_outdated(named, accrual):
                return self._introduced(named, stored=True, by_name=True)
            self._overruled_id = self._buyer.customer_id if named else None
        if self._new_id is None:
            return Flaw.NO_CUSTOMER
        own = likely if likely.id == self._new_id else self._read([self._new_id])[0]
        if self._is_foreign(own):
            return Flaw.CUSTOMER_OF_OTHER_ORG
        found = self._by_keys(own) or self._followed(self._adopted(own))
        newcomer = Customer(Account(self._org.org_id, self._new_id))
        return self._introduced(found or newcomer, stored=found is not None, by_name=False)

    def _is_outdated(self, named: Customer, accrual: Accrual | None) -> bool:
        """Whether the order's `customerId` is what we wrote there for another buyer: a till that corrects whose sale it
        was changes its own id of the buyer and leaves our field as it is, and so do later states of the order until we
        have told it."""
        if accrual is None:
            return False
        corrected = accrual.customer_id == named.id and accrual.user_id not in (None, self._buyer.user_id)
        return corrected or accrual.overruled_id == self._buyer.customer_id

    def _by_keys(self, own: Snapshot) -> Customer | None:
        customer = decode(self._org, own)
        # A customer's list of identities mirrors the documents: the strongest key on it needs no reading.
        if customer and identity_id(self._org.org_id, self._keys[0]) in customer.identities:
            return self._followed(customer)
        self._read_owners(self._keys)
        for key in self._keys:
            owner_id = self._owners[key]
            if owner_id:
                owner = self._followed(decode(self._org, own if owner_id == own.id else self._read([owner_id])[0]))
                if owner and self._may_be(owner, key):
                    return owner
        return self._by_legacy(own)

    def _by_legacy(self, own: Snapshot) -> Customer | None:
        """Among documents that others created before us: by the ids they use, else by what the documents say."""
        unowned = [key for key in self._keys if self._owners[key] is None]
        ids = {legacy_id for key in unowned for legacy_id in legacy_customer_ids(self._org.org_id, key)} - {own.id}
        by_id = {snapshot.id: self._adopted(snapshot) for snapshot in (own, *self._read(sorted(ids)))}
        rows = [self._adopted(snapshot) for snapshot in self._legacy_rows(unowned)]
        for key in unowned:
            candidates = [by_id.get(legacy_id) for legacy_id in legacy_customer_ids(self._org.org_id, key)]
            candidates += [row for row in rows if row and _is_vouched_for(row) and self._names(row, key)]
            for candidate in candidates:
                followed = self._followed(candidate)
                if followed and self._may_be(followed, key):
                    return followed
        return None

    def _legacy_rows(self, keys: Sequence[IdentityKey]) -> list[Snapshot]:
        filters: list[Any] = []
        for key in keys:
            if key.kind is IdentityKind.POS:
                filters.append(FieldFilter("alleavesCustomerId", "==", f"cid_{key.value}"))
            elif key.kind is IdentityKind.EMAIL:
                filters.append(FieldFilter("email", "==", key.value))
            elif key.kind is IdentityKind.PHONE:
                filters.append(FieldFilter("phone", "in", list(phone_variants(key.value))))
        if not filters:
            return []
        matching = filters[0] if len(filters) == 1 else Or(filters)
        return self._transaction.query(self._org.customers().where(filter=matching).limit(_LEGACY_FOUND_MAX))

    def _names(self, customer: Customer, key: IdentityKey) -> bool:
        if key.kind is IdentityKind.POS:
            return customer.pos_id == key.value
        if key.kind is IdentityKind.EMAIL:
            return normalise_email(customer.contact.email) == key.value
        return key.kind is IdentityKind.PHONE and normalise_phone(customer.contact.phone, self._region) == key.value

    def _may_be(self, customer: Customer, key: IdentityKey) -> bool:
        pos_id = next((known.value for known in self._keys if known.kind is IdentityKind.POS), None)
        other_pos_customer = pos_id is not None and customer.pos_id not in (None, pos_id)
        return not (key.kind is IdentityKind.PHONE and other_pos_customer)

    def _introduced(self, customer: Customer, *, stored: bool, by_name: bool) -> Recognised:
        """Links what is nobody's yet, and tells the contact as far as it is this customer's.

        An address that leads to somebody else is not. Where the order names its customer and its keys lead to somebody
        else, nothing of the contact is: staff have moved the order.
        """
        keys = self._keys if customer.opened else (*self._keys, *known_keys(customer, self._region))
        if by_name:
            # Whoever names the customer says whose points these are, not who may sign in to see them.
            keys = tuple(key for key in keys if key.kind is not IdentityKind.UID)
        known = set(customer.identities)
        missing = [key for key in dict.fromkeys(keys) if identity_id(self._org.org_id, key) not in known]
        missing = missing[: max(0, IDENTITIES_MAX - len(known))]
        self._read_owners(missing)
        others = {key.kind for key in missing if self._owners[key] not in (None, customer.id)}
        contact = Contact() if by_name and others else contact_of(self._buyer, self._region)
        if IdentityKind.EMAIL in others:
            contact = replace(contact, email=None)
        new_keys = tuple(key for key in missing if self._owners[key] is None)
        introduction = Introduction(customer.id, contact, self._keys, new_keys, self._overruled_id)
        return Recognised(customer, stored, introduction)

    def _read_owners(self, keys: Iterable[IdentityKey]) -> None:
        unread = [key for key in keys if key not in self._owners]
        references = [self._org.document("identities", identity_id(self._org.org_id, key)) for key in unread]
        for key, snapshot in zip(unread, self._transaction.get(references), strict=True):
            self._owners[key] = (snapshot.to_dict() or {}).get("customerId")

    def _followed(self, customer: Customer | None) -> Customer | None:
        return lookup.followed(customer, lambda other_id: decode(self._org, self._read([other_id])[0]))

    def _read(self, customer_ids: Iterable[str]) -> list[Snapshot]:
        return self._transaction.get([self._org.customer(customer_id) for customer_id in customer_ids])

    def _adopted(self, snapshot: Snapshot) -> Customer | None:
        ours_by_id = snapshot.id.startswith(f"{self._org.org_id}_")
        return decode(self._org, snapshot, adopt=ours_by_id)

    def _is_foreign(self, snapshot: Snapshot) -> bool:
        try:
            owner = snapshot.get("orgId")
        except KeyError:
            return False
        return owner is not None and owner != self._org.org_id


def _is_vouched_for(customer: Customer) -> bool:
    """Whether somebody else than its owner wrote the address and number in a customer's document."""
    signed_in = any(name.startswith(f"{IdentityKind.UID}:") for name in customer.identities)
    return not signed_in and not is_self_made(customer.id)
