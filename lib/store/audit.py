"""Reads an org's documents for the audit: all as of one moment, page by page, as plain values.

Every read names the same read time, so that a shop that is open meanwhile cannot make the audit see half a transaction.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from google.cloud.firestore import CollectionReference, DocumentReference, FieldFilter, Query

from lib.domain.invariants.messages import MESSAGE_SHAPE
from lib.domain.invariants.programme import Programme
from lib.domain.invariants.violations import Document
from lib.domain.settings import effective_settings
from lib.store import attributions, recipients
from lib.store.client import database
from lib.store.org import SYSTEM, UNASSIGNED, OrgStore
from lib.store.settings import menu_document
from lib.store.transaction import Snapshot

# Firestore takes at most this many values in an `in` filter; a page of customers is one such filter.
PAGE_OF_CUSTOMERS = 30
PAGE_OF_DOCUMENTS = 300
# What decides what an order deserves and whose it is; its lines, by far the biggest part, are not read.
_ORDER_FIELDS = (
    "orgId", "brandId", "organizationId", "dispensaryId", "retailerId", "customerId",
    "status", "paymentStatus", "mode", "source", "isTestAccount", "totals", "total", "amount",
)  # fmt: skip
# What a message says is nobody's business here.
_MESSAGE_FIELDS = (*MESSAGE_SHAPE, "status", "customerEmail", "campaignId")


def server_time() -> datetime:
    """What the database takes for now. Our own clock may be ahead of it, and the future cannot be read."""
    moment: datetime = database().document("tenants", "_").get().read_time
    return moment


def org_ids(at: datetime) -> list[str]:
    """Every org that has a document below `tenants/{org}`; the tenant documents themselves need not exist."""
    tenants = database().collection("tenants").list_documents(read_time=at)
    return sorted({reference.id for reference in tenants} - {UNASSIGNED, SYSTEM})


def accounts(at: datetime) -> Iterator[list[Document]]:
    """Pages of every customer with an account, of whatever org: whose they say they are, and no more."""
    query = database().collection("customers").where(filter=FieldFilter("loyaltyEngine", ">", 0))
    return _pages(query.order_by("loyaltyEngine").select(["orgId"]), PAGE_OF_DOCUMENTS, at)


@dataclass(frozen=True, slots=True)
class AuditReader:
    """One org's documents as they were at `at`, which lies at most an hour back."""

    org: OrgStore
    at: datetime

    def customers(self) -> Iterator[list[Document]]:
        """Pages of the org's customers, by id."""
        return self._pages(self.org.customers(), PAGE_OF_CUSTOMERS)

    def ledger(self, customer_id: str) -> Iterator[Document]:
        """A customer's entries by ascending number."""
        for page in self._pages(self.org.ledger(customer_id).order_by("seq"), PAGE_OF_DOCUMENTS):
            yield from page

    def has_ledger(self, customer_id: str) -> bool:
        """Whether the customer has any entry."""
        return any(True for _ in self.org.ledger(customer_id).limit(1).stream(read_time=self.at))

    def of_customers(self, collection: str, customer_ids: Sequence[str]) -> dict[str, list[Document]]:
        """Documents of one of the org's collections by the customer they name; at most `PAGE_OF_CUSTOMERS` ids."""
        query = self.org.collection(collection).where(filter=FieldFilter("customerId", "in", list(customer_ids)))
        found: dict[str, list[Document]] = {customer_id: [] for customer_id in customer_ids}
        for page in self._pages(query, PAGE_OF_DOCUMENTS):
            for document in page:
                found[document.fields["customerId"]].append(document)
        return found

    def count_activities(self, customer_ids: Sequence[str]) -> int:
        """How many rows these customers' timelines have; at most `PAGE_OF_CUSTOMERS` ids."""
        return self._count(self.org.activities().where(filter=FieldFilter("customerId", "in", list(customer_ids))))

    def count_of(self, collection: str) -> int:
        """How many documents of one of the org's collections name a customer."""
        named = FieldFilter("customerId", ">", "")
        return self._count(self.org.collection(collection).where(filter=named))

    def count_where(self, collection: str, **equal: object) -> int:
        """How many documents of one of the org's collections have these fields."""
        return self._count(_where(self.org.collection(collection), equal))

    def pages_where(self, collection: str, **equal: object) -> Iterator[list[Document]]:
        """Pages of the documents of one of the org's collections that have these fields, by id."""
        return self._pages(_where(self.org.collection(collection), equal), PAGE_OF_DOCUMENTS)

    def count_all_activities(self) -> int:
        """How many rows the org's timelines have."""
        return self._count(self.org.activities())

    def activities(self) -> Iterator[list[Document]]:
        """Pages of the org's timelines, whose rows they are and no more."""
        return self._pages(self.org.activities().select(["orgId", "customerId"]), PAGE_OF_DOCUMENTS)

    def all_of(self, collection: str) -> Iterator[list[Document]]:
        """Pages of one of the org's collections, by id."""
        return self._pages(self.org.collection(collection), PAGE_OF_DOCUMENTS)

    def documents(self, collection: str, ids: Iterable[str]) -> dict[str, Document]:
        """Those of these documents of one of the org's collections that exist, by id."""
        return self._existing([self.org.document(collection, document_id) for document_id in ids])

    def redemptions_in(self, *states: str) -> Iterator[list[Document]]:
        """Pages of the org's redemptions in these states."""
        query = self.org.collection("redemptions").where(filter=FieldFilter("state", "in", list(states)))
        return self._pages(query, PAGE_OF_DOCUMENTS)

    def programme(self) -> Programme:
        """The settings in force and when they were written."""
        references = [self.org.document("settings", "loyalty"), self.org.legacy_settings()]
        found = {
            snapshot.reference.path: snapshot for snapshot in self.org.client.get_all(references, read_time=self.at)
        }
        stored = [found[reference.path] for reference in references]
        written = [snapshot for snapshot in stored if snapshot.exists]
        return Programme(
            settings=effective_settings(*(snapshot.to_dict() for snapshot in stored)),
            changed_at=max((snapshot.update_time for snapshot in written), default=None),
            is_first=all(snapshot.create_time == snapshot.update_time for snapshot in written),
        )

    def shards(self, run_id: str) -> Iterator[list[Document]]:
        """Pages of the shards of one of the org's runs."""
        return self._pages(self.org.collection("runs", run_id, "shards"), PAGE_OF_DOCUMENTS)

    def consent_paths(self) -> Iterator[list[str]]:
        """Pages of the paths of the org's consent logs, also of those that have events and no document any more."""
        references = self.org.collection("consents").list_documents(page_size=PAGE_OF_DOCUMENTS, read_time=self.at)
        page: list[str] = []
        for reference in references:
            page.append(reference.path)
            if len(page) == PAGE_OF_DOCUMENTS:
                yield page
                page = []
        if page:
            yield page

    def consent_events(self, log_id: str) -> Iterator[list[Document]]:
        """Pages of the events of one log."""
        return self._pages(self.org.collection("consents", log_id, "events"), PAGE_OF_DOCUMENTS)

    def messages(self) -> Iterator[list[Document]]:
        """Pages of the org's messages, without what they say."""
        return self._pages(self.org.messages().select(_MESSAGE_FIELDS), PAGE_OF_DOCUMENTS)

    def recipients(self, named: Iterable[tuple[str, str]]) -> dict[str, Document]:
        """Those of these recipients, named by campaign and id, that exist, by id."""
        return self._existing([recipients.reference(self.org, *name) for name in named])

    def followed_campaigns(self) -> list[Document]:
        """The org's campaigns whose orders are followed, and how far."""
        query = self.org.campaigns().where(filter=FieldFilter("following", "==", True)).select(["followed"])
        return [campaign for page in self._pages(query, PAGE_OF_DOCUMENTS) for campaign in page]

    def claims(self, campaign_id: str) -> Iterator[list[Document]]:
        """Pages of the orders that a campaign of the org claims."""
        return self._pages(attributions.of_campaign(self.org, campaign_id), PAGE_OF_DOCUMENTS)

    @property
    def menu_path(self) -> str:
        """The path of the public menu."""
        path: str = menu_document(self.org).path
        return path

    def menu(self) -> Document | None:
        """The public menu."""
        return self._existing([menu_document(self.org)]).get("menu")

    def customers_by_id(self, ids: Iterable[str]) -> dict[str, Document]:
        """Those of these customers that exist, by id, whichever org they are of."""
        return self._existing([self.org.customer(customer_id) for customer_id in ids])

    def orders_by_id(self, ids: Iterable[str]) -> dict[str, Document]:
        """Those of these orders that exist, by id, with the fields that decide."""
        return self._existing([self.org.order(order_id) for order_id in ids], _ORDER_FIELDS)

    def orders(self) -> Iterator[list[Document]]:
        """Pages of the orders whose `orgId` is this org, with the fields that decide."""
        return self._pages(self.org.orders().select(_ORDER_FIELDS), PAGE_OF_DOCUMENTS)

    def orders_without_org(self) -> Iterator[list[Document]]:
        """Pages of completed or paid orders that name the org by another field than `orgId` and lack that one.

        Recording an order writes `orgId`, and Firestore cannot be asked for what is absent: each kind of order is
        counted with and without the condition, and read only where the counts differ.
        """
        for query in self._queries_by_other_names():
            named = query.where(filter=FieldFilter("orgId", "==", self.org.org_id))
            if self._count(query) != self._count(named):
                for page in self._pages(query.select(_ORDER_FIELDS), PAGE_OF_DOCUMENTS):
                    yield [order for order in page if not order.fields.get("orgId")]

    def _queries_by_other_names(self) -> Iterator[Query]:
        locations = self.org.client.collection("locations").where(filter=FieldFilter("orgId", "==", self.org.org_id))
        retailers = {name for location in locations.stream(read_time=self.at) for name in _names_of(location)}
        owners = [self.org.orders(name) for name in ("brandId", "organizationId", "dispensaryId")]
        orders = self.org.client.collection("orders")
        owners += [orders.where(filter=FieldFilter("retailerId", "==", name)) for name in sorted(retailers)]
        for query in owners:
            yield query.where(filter=FieldFilter("status", "in", ["completed", "delivered"]))
            yield query.where(filter=FieldFilter("paymentStatus", "==", "paid"))

    def _count(self, query: Query) -> int:
        # The client library's annotations leave out that `get` is a method.
        counting: Any = query.count()
        return int(counting.get(read_time=self.at)[0][0].value)

    def _pages(self, query: Query | CollectionReference, size: int) -> Iterator[list[Document]]:
        return _pages(query, size, self.at)

    def _existing(
        self, references: list[DocumentReference], fields: Iterable[str] | None = None
    ) -> dict[str, Document]:
        if not references:
            return {}
        found = self.org.client.get_all(references, field_paths=fields, read_time=self.at)
        return {snapshot.id: _document(snapshot) for snapshot in found if snapshot.exists}


def _where(collection: CollectionReference, equal: Mapping[str, object]) -> Query:
    query = collection.order_by("__name__")
    for name, value in equal.items():
        query = query.where(filter=FieldFilter(name, "==", value))
    return query


def _names_of(location: Snapshot) -> Iterator[str]:
    """What an order's `retailerId` may call this location: the document, or the till's numbers for it."""
    yield location.id
    till = (location.to_dict() or {}).get("posConfig") or {}
    yield from (str(till[name]) for name in ("storeId", "locationId") if till.get(name))


def _document(snapshot: Snapshot) -> Document:
    # `to_dict` would copy every document once more, which took a quarter of the audit's time; nobody writes to these.
    fields: Mapping[str, Any] = snapshot._data or {}
    return Document(snapshot.reference.path, fields, snapshot.update_time)


def _pages(query: Query | CollectionReference, size: int, at: datetime) -> Iterator[list[Document]]:
    page_query = query.limit(size)
    while True:
        snapshots = list(page_query.stream(read_time=at))
        if snapshots:
            yield [_document(snapshot) for snapshot in snapshots]
        if len(snapshots) < size:
            return
        page_query = query.limit(size).start_after(snapshots[-1])
