"""Taking over a shop: the decision, `tenants/{org}/takeover/decision`, and the lists of what there is to take over."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from google.api_core import exceptions
from google.cloud.firestore import And, CollectionReference, DocumentReference, FieldFilter, Or, Query

from lib.domain import orders as reading
from lib.domain.errors import FailedPrecondition
from lib.domain.identity import IdentityKey, IdentityKind, phone_variants
from lib.domain.ledger import Actor
from lib.domain.orders import MalformedOrder, Phase
from lib.domain.takeover import BalanceRule, Takeover
from lib.store import accruals, directory, orders
from lib.store.orders import StoredOrder
from lib.store.org import OrgStore
from lib.store.transaction import Snapshot, Transaction, run

_ORG_FIELDS = ("orgId", "brandId", "organizationId", "dispensaryId")
# Firestore takes at most this many in one query.
_ALTERNATIVES_MAX = 30
# Ids that begin so are derived from an org's; `;` follows the digits.
_DERIVED = (("0", ";"), ("alleaves_", "alleaves_;"), ("phone_", "phone_;"))


def decision(org: OrgStore, transaction: Transaction | None = None) -> Takeover | None:
    """What has been decided; None for a shop that nobody has begun to take over. One read."""
    reference = _decision(org)
    found = transaction.get([reference])[0] if transaction else reference.get()
    fields = found.to_dict() or {}
    return Takeover(fields["at"], BalanceRule(fields["balances"])) if fields else None


def begin(org: OrgStore, rule: BalanceRule, actor: Actor) -> Takeover:
    """Decides, as of now by the database's clock; once decided it stays, and repeating it writes nothing.

    Raises FailedPrecondition (`balances_decided`) for another rule than the one decided on.
    """

    def work(transaction: Transaction) -> Takeover:
        snapshot = transaction.get([_decision(org)])[0]
        fields = snapshot.to_dict()
        if fields is None:
            fields = {
                "at": snapshot.read_time,
                "balances": rule.value,
                "actor": {"type": actor.type, "id": actor.id},
            }
            transaction.create(_decision(org), fields)
        return Takeover(fields["at"], BalanceRule(fields["balances"]))

    decided = run(work)
    if decided.balances is not rule:
        raise FailedPrecondition(
            f"this shop was taken over with balances {decided.balances}", reason="balances_decided"
        )
    return decided


def server_time(org: OrgStore) -> datetime:
    """What the database takes for now. One read."""
    moment: datetime = _decision(org).get(field_paths=["at"]).read_time
    return moment


def customer_ids(org: OrgStore, after: str | None, limit: int) -> list[str]:
    """Ids, ascending, of the documents that name the org and of those whose id is derived from the org's, whomever they
    name: the dashboard's nightly job leaves stubs that name no org. A read a document, twice where both find it."""
    queries = [org.customers().select([])]
    everyone = org.customers_of_all()
    for first, end in _DERIVED:
        low, high = (org.customer(f"{org.org_id}_{part}") for part in (first, end))
        within = And([FieldFilter("__name__", ">=", low), FieldFilter("__name__", "<", high)])
        queries.append(everyone.where(filter=within).select([]))
    pages = [_page(query, org.customer(after) if after else None, limit) for query in queries]
    return sorted({snapshot.id for page in pages for snapshot in page})[:limit]


def order_ids(org: OrgStore, after: str | None, limit: int) -> list[str]:
    """Ids, ascending, of the org's orders that earn, or cannot be read, and have no accrual record. Fewer than `limit`
    only at the end. Two reads an order, and one more for each further field by which it names the org."""
    found: list[str] = []
    queries = [query.select(reading.FIELDS) for query in _orders_by_name(org)]
    while len(found) < limit:
        pages = [_page(query, org.order(after) if after else None, limit) for query in queries]
        page = sorted({snapshot.id: snapshot for each in pages for snapshot in each}.items())[:limit]
        earning = [snapshot.id for _, snapshot in page if _is_to_take_in(org, orders.decode(snapshot))]
        found += _without_record(org, earning)
        if len(page) < limit:
            break
        after = page[-1][0]
    return found[:limit]


def orders_by(transaction: Transaction, org: OrgStore, customer_id: str, keys: Iterable[IdentityKey]) -> list[Snapshot]:
    """Orders that name this customer or one of these keys, of whatever org and state."""
    of_org = Or([FieldFilter(name, "==", org.org_id) for name in _ORG_FIELDS])
    filters: list[tuple[int, Any]] = [(1, FieldFilter("customerId", "==", customer_id))]
    for key in dict.fromkeys(keys):
        if key.kind is IdentityKind.POS:
            filters.append((len(_ORG_FIELDS), And([FieldFilter("userId", "==", key.value), of_org])))
        elif key.kind is IdentityKind.EMAIL:
            filters += [(1, FieldFilter(name, "==", key.value)) for name in ("customer.email", "customerEmail")]
        elif key.kind is IdentityKind.PHONE:
            forms = list(phone_variants(key.value))
            filters.append((len(forms), FieldFilter("customer.phone", "in", forms)))
    found: dict[str, Snapshot] = {}
    for together in _groups(filters):
        query = org.orders_of_all().where(filter=together[0] if len(together) == 1 else Or(together))
        found |= {snapshot.id: snapshot for snapshot in transaction.query(query.limit(orders.OF_CUSTOMER_MAX))}
    return list(found.values())


def as_of(org: OrgStore, stored: Sequence[StoredOrder], at: datetime) -> list[StoredOrder]:
    """Those of these orders that existed at `at`, as they were then.

    Firestore tells the past for an hour, or a week where it is told to. What was written since and can no longer be
    seen as it was, is taken as it is: the till writes its orders anew every half hour without changing them.
    """
    changed = [order for order in stored if order.revision.at > at and order.created_at <= at]
    try:
        past = {snapshot.id: orders.decode(snapshot) for snapshot in _past(org, changed, at)}
    except (exceptions.FailedPrecondition, exceptions.InvalidArgument):
        past = {}
    return [past.get(order.id, order) for order in stored if order.created_at <= at]


def counts(org: OrgStore) -> dict[str, int]:
    """How many documents there are, of all orgs: customers and orders. A read a thousand."""
    queries: dict[str, Any] = {"customers": org.customers_of_all(), "orders": org.orders_of_all()}
    return {name: int(query.count().get()[0][0].value) for name, query in queries.items()}


def _groups(filters: Iterable[tuple[int, Any]]) -> list[list[Any]]:
    """The filters by query: one takes so many alternatives, and each filter counts for the number that it has."""
    groups: list[list[Any]] = []
    room = 0
    for alternatives, each in filters:
        if alternatives > room:
            groups.append([])
            room = _ALTERNATIVES_MAX
        groups[-1].append(each)
        room -= alternatives
    return groups


def _past(org: OrgStore, stored: Sequence[StoredOrder], at: datetime) -> list[Snapshot]:
    references = [org.order(order.id) for order in stored]
    found = org.client.get_all(references, read_time=at) if references else ()
    return [snapshot for snapshot in found if snapshot.exists]


def _is_to_take_in(org: OrgStore, stored: StoredOrder) -> bool:
    order = stored.order
    earning = isinstance(order, MalformedOrder) or order.phase is Phase.EARNING
    return earning and directory.org_of(order.org) == org


def _without_record(org: OrgStore, order_ids: Sequence[str]) -> list[str]:
    references = [accruals.reference(org, order_id) for order_id in order_ids]
    found = org.client.get_all(references, field_paths=["orderId"]) if references else ()
    recorded = {snapshot.id for snapshot in found if snapshot.exists}
    return [order_id for order_id in order_ids if order_id not in recorded]


def _orders_by_name(org: OrgStore) -> Iterator[Query]:
    """The org's orders by every field that may name it; by `retailerId` where that is one of its locations."""
    for name in _ORG_FIELDS:
        yield org.orders(name)
    for retailer in sorted(directory.retailers_of(org)):
        yield org.orders_of_all().where(filter=FieldFilter("retailerId", "==", retailer))


def _page(query: Query | CollectionReference, after: DocumentReference | None, limit: int) -> list[Snapshot]:
    query = query.order_by("__name__").limit(limit)
    return list((query.start_after({"__name__": after}) if after else query).stream())


def _decision(org: OrgStore) -> DocumentReference:
    return org.document("takeover", "decision")
