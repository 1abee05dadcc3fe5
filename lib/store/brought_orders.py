"""The orders that a customer brings along when its shop is taken over: as they were then, and its own beyond doubt."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from lib.domain.customers import Contact, Customer, Introduction, contact_of
from lib.domain.identity import IdentityKey, IdentityKind, identity_id
from lib.domain.orders import Order, Phase
from lib.domain.settings import LoyaltySettings
from lib.domain.takeover import Brought, Takeover
from lib.store import accruals, directory, orders, takeover
from lib.store.orders import StoredOrder
from lib.store.org import OrgStore
from lib.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Found:
    """An order to take in. `unchanged`: its document still says what it said then, so that it can be told whose it
    is."""

    brought: Brought
    unchanged: bool


class BroughtOrders:
    """Finds the orders of one customer in a transaction, without a record, that earned when the shop was taken over.

    An order is its customer's if it names it, or if the strongest thing it says of its buyer leads there. All others
    are left to be looked at by themselves.
    """

    def __init__(self, transaction: Transaction, org: OrgStore, decided: Takeover, settings: LoyaltySettings) -> None:
        self._transaction = transaction
        self._org = org
        self._takeover = decided
        self._region = settings.country

    def of(self, customer: Customer, own: Introduction, named: StoredOrder | None) -> list[Found]:
        """Oldest first. `own`: what the customer's document says of it. `named`: an order, as it was then, that is
        known to be this customer's."""
        named_keys = self._keys(named.order) if named and isinstance(named.order, Order) else ()
        keys = (*own.keys, *named_keys)
        rows = [orders.decode(row) for row in takeover.orders_by(self._transaction, self._org, customer.id, keys)]
        new = self._without_record([row for row in rows if self._earns(row) and not (named and row.id == named.id)])
        present = {row.id: row for row in new}
        then = [row for row in takeover.as_of(self._org, new, self._takeover.at) if self._earns(row)]
        if named:
            present[named.id] = orders.decode(self._transaction.get([self._org.order(named.id)])[0])
            then.append(named)
        owners = self._owners(then)
        leading = {*customer.identities, *(self._identity(key) for key in own.new_keys)}
        leading |= {identity for identity, owner in owners.items() if owner == customer.id}
        # What is nobody's yet and the named order says of its customer will lead there.
        to_lead = leading | {name for key in named_keys if owners[name := self._identity(key)] is None}
        found = []
        for row in then:
            is_named = named is not None and row.id == named.id
            if isinstance(row.order, Order) and (is_named or self._is_own(row.order, customer, to_lead)):
                met = self._introduction(customer, row.order, owners, leading)
                found.append(self._found(row, row.order, present[row.id], met))
        return sorted(found, key=lambda one: (one.brought.order.ordered_at, one.brought.order.id))

    def _found(self, then: StoredOrder, order: Order, present: StoredOrder, met: Introduction) -> Found:
        # A document that was written anew and says the same is as good as the one of then, and its event is known.
        unchanged = present.order == order
        return Found(Brought(order, present.revision if unchanged else then.revision, met), unchanged)

    def _earns(self, row: StoredOrder) -> bool:
        order = row.order
        return isinstance(order, Order) and order.phase is Phase.EARNING and directory.org_of(order.org) == self._org

    def _without_record(self, rows: list[StoredOrder]) -> list[StoredOrder]:
        records = self._transaction.get([accruals.reference(self._org, row.id) for row in rows])
        return [row for row, record in zip(rows, records, strict=True) if not record.exists]

    def _owners(self, rows: Iterable[StoredOrder]) -> dict[str, str | None]:
        """To whom everything leads that these orders say of their buyers, by identity."""
        keys = {key: None for row in rows if isinstance(row.order, Order) for key in self._keys(row.order)}
        references = [self._org.document("identities", self._identity(key)) for key in keys]
        found = self._transaction.get(references)
        return {snapshot.id: (snapshot.to_dict() or {}).get("customerId") for snapshot in found}

    def _is_own(self, order: Order, customer: Customer, leading: Iterable[str]) -> bool:
        if order.buyer.customer_id is not None:
            return order.buyer.customer_id == customer.id
        strongest = next(iter(self._keys(order)), None)
        return strongest is not None and self._identity(strongest) in leading

    def _introduction(
        self, customer: Customer, order: Order, owners: Mapping[str, str | None], leading: Iterable[str]
    ) -> Introduction:
        """Links what is nobody's and tells the contact, as recording the order would."""
        by_name = order.buyer.customer_id == customer.id
        keys = self._keys(order)
        linked = tuple(key for key in keys if not (by_name and key.kind is IdentityKind.UID))
        new_keys = tuple(key for key in linked if owners[self._identity(key)] is None)
        others = {key.kind for key in linked if owners[self._identity(key)] not in (None, customer.id)}
        contact = Contact() if by_name and others else contact_of(order.buyer, self._region)
        if IdentityKind.EMAIL in others:
            contact = replace(contact, email=None)
        missing = tuple(key for key in new_keys if self._identity(key) not in leading)
        return Introduction(customer.id, contact, keys, missing)

    def _keys(self, order: Order) -> tuple[IdentityKey, ...]:
        return order.buyer.keys(from_pos=order.from_pos, region=self._region)

    def _identity(self, key: IdentityKey) -> str:
        return identity_id(self._org.org_id, key)
