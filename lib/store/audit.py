"""Reads an org's documents for the audit: all as of one moment, page by page, as plain values.

Every read names the same read time, so that a shop that is open meanwhile cannot make the audit see half a transaction.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from google.cloud.firestore import CollectionReference, DocumentReference, FieldFilter, Query

from lib.domain.invariants.violations import Document
from lib.store.client import database
from lib.store.org import OrgStore
from lib.store.transaction import Snapshot

# Firestore takes at most this many values in an `in` filter; a page of customers is one such filter.
PAGE_OF_CUSTOMERS = 30
PAGE_OF_DOCUMENTS = 300
# What decides what an order deserves and whose it is; its lines, by far the biggest part, are not read.
_ORDER_FIELDS = (
    "orgId", "brandId", "organizationId", "dispensaryId", "retailerId", "customerId",
    "status", "paymentStatus", "mode", "source", "isTestAccount", "totals", "total", "amount",
)  # fmt: skip


def server_time() -> datetime:
    """What the database takes for now. Our own clock may be ahead of it, and the future cannot be read."""
    moment: datetime = database().document("tenants", "_").get().read_time
    return moment


def org_ids(at: datetime) -> list[str]:
    """Every org that has a document below `tenants/{org}`; the tenant documents themselves need not exist."""
    tenants = database().collection("tenants").list_documents(read_time=at)
    return sorted(reference.id for reference in tenants)


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

    def of_customers(self, collection: str, customer_ids: Sequence[str]) -> dict[str, list[Document]]:
        """Documents of one of the org's collections by the customer they name; at most `PAGE_OF_CUSTOMERS` ids."""
        query = self.org.collection(collection).where(filter=FieldFilter("customerId", "in", list(customer_ids)))
        found: dict[str, list[Document]] = {customer_id: [] for customer_id in customer_ids}
        for page in self._pages(query, PAGE_OF_DOCUMENTS):
            for document in page:
                found[document.fields["customerId"]].append(document)
        return found

    def all_of(self, collection: str) -> Iterator[list[Document]]:
        """Pages of one of the org's collections, by id."""
        return self._pages(self.org.collection(collection), PAGE_OF_DOCUMENTS)

    def documents(self, collection: str, ids: Iterable[str]) -> dict[str, Document]:
        """Those of these documents of one of the org's collections that exist, by id."""
        return self._existing([self.org.document(collection, document_id) for document_id in ids])

    def customers_by_id(self, ids: Iterable[str]) -> dict[str, Document]:
        """Those of these customers that exist, by id, whichever org they are of."""
        return self._existing([self.org.customer(customer_id) for customer_id in ids])

    def orders_by_id(self, ids: Iterable[str]) -> dict[str, Document]:
        """Those of these orders that exist, by id, with the fields that decide."""
        return self._existing([self.org.order(order_id) for order_id in ids], _ORDER_FIELDS)

    def orders(self, field_path: str = "orgId") -> Iterator[list[Document]]:
        """Pages of the orders that name the org in this field, with the fields that decide."""
        return self._pages(self.org.orders(field_path).select(_ORDER_FIELDS), PAGE_OF_DOCUMENTS)

    def count(self, query: Query) -> int:
        """How many documents match; billed as one read a thousand."""
        # The client library's annotations leave out that `get` is a method.
        counting: Any = query.count()
        return int(counting.get(read_time=self.at)[0][0].value)

    def _pages(self, query: Query | CollectionReference, size: int) -> Iterator[list[Document]]:
        page_query = query.limit(size)
        while True:
            snapshots = list(page_query.stream(read_time=self.at))
            if snapshots:
                yield [_document(snapshot) for snapshot in snapshots]
            if len(snapshots) < size:
                return
            page_query = query.limit(size).start_after(snapshots[-1])

    def _existing(
        self, references: list[DocumentReference], fields: Iterable[str] | None = None
    ) -> dict[str, Document]:
        if not references:
            return {}
        found = self.org.client.get_all(references, field_paths=fields, read_time=self.at)
        return {snapshot.id: _document(snapshot) for snapshot in found if snapshot.exists}


def _document(snapshot: Snapshot) -> Document:
    fields: Mapping[str, Any] = snapshot.to_dict() or {}
    return Document(snapshot.reference.path, fields, snapshot.update_time)
