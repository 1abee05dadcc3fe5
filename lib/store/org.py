"""The handle through which everything of one organisation is read and written; paths are built nowhere else.

What lives below `tenants/{org}` is the org's by its path. Top-level documents (customers, orders, activities) are the
org's by their field `orgId`: it is checked on the way in and stamped on the way out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from google.cloud.firestore import Client, CollectionReference, DocumentReference, FieldFilter, Query

from lib.domain.ids import check_org_id
from lib.store.client import database

# Orders that name no org we know are kept under this name; it is no org and has no settings.
UNASSIGNED = "_unassigned"
# What concerns the whole deployment, such as how far a sweep has come, is kept under this name; it is no org either.
SYSTEM = "_system"


@dataclass(frozen=True, slots=True)
class OrgStore:
    """One org's documents. `org_id` comes from a verified token or a resolved order, never from a request's body.

    Raises InvalidInput for what cannot be an org id.
    """

    org_id: str
    client: Client = field(default_factory=database, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_org_id(self.org_id)

    def document(self, *path: str) -> DocumentReference:
        """`tenants/{org}/…path` as a document, e.g. ("accruals", order id)."""
        return self.client.document("tenants", self.org_id, *path)

    def collection(self, *path: str) -> CollectionReference:
        """`tenants/{org}/…path` as a collection, e.g. ("accruals",)."""
        return self.client.collection("tenants", self.org_id, *path)

    def customer(self, customer_id: str) -> DocumentReference:
        """`customers/{id}`; its reader checks the owner with `owns`."""
        return self.client.document("customers", customer_id)

    def customers(self) -> Query:
        """This org's customers."""
        return self._owned("customers")

    def customers_of_all(self) -> CollectionReference:
        """Customers whichever org they are of, to find those that name none; the caller checks whose each one is."""
        return self.client.collection("customers")

    def ledger(self, customer_id: str) -> CollectionReference:
        """`customers/{id}/ledger`: entries carry `orgId` too, and the customer's owner has been checked."""
        return self.client.collection("customers", customer_id, "ledger")

    def order(self, order_id: str) -> DocumentReference:
        """`orders/{id}`; an order may name its org in other fields than `orgId` (lib/store/orders.py)."""
        return self.client.document("orders", order_id)

    def orders(self, field_path: str = "orgId") -> Query:
        """The orders whose `field_path` is this org's id."""
        return self._owned("orders", field_path)

    def orders_of_all(self) -> CollectionReference:
        """Orders whichever org they are of, for finding those that name none; the caller checks whose each one is."""
        return self.client.collection("orders")

    def activity(self, activity_id: str) -> DocumentReference:
        """`customer_activities/{id}`."""
        return self.client.document("customer_activities", activity_id)

    def activities(self) -> Query:
        """This org's customers' activities."""
        return self._owned("customer_activities")

    def unsubscribe(self, row_id: str) -> DocumentReference:
        """`customer_unsubscribes/{id}`: an opt-out, as the dashboard keeps them."""
        return self.client.document("customer_unsubscribes", row_id)

    def unsubscribes(self) -> Query:
        """The opt-outs from this org's messages that the dashboard knows of."""
        return self._owned("customer_unsubscribes")

    def suppression(self, email: str) -> DocumentReference:
        """`email_suppressions/{email}`: an address that must not be mailed. Most rows name no org and hold for all."""
        return self.client.document("email_suppressions", email)

    def weekly_subscribers(self) -> Query:
        """Who gets this org's weekly mail of the dashboard."""
        return self._owned("weekly_campaign_subscribers")

    def message(self, message_id: str) -> DocumentReference:
        """`customer_communications/{id}`: a message to a customer, ours or the dashboard's."""
        return self.client.document("customer_communications", message_id)

    def messages(self) -> Query:
        """This org's messages to its customers."""
        return self._owned("customer_communications")

    def messages_of_all(self) -> CollectionReference:
        """Messages whichever org they are of, to find those that stand still; only ids leave the query's module."""
        return self.client.collection("customer_communications")

    def campaign(self, campaign_id: str) -> DocumentReference:
        """`campaigns/{id}`; its reader checks the owner with `owns`."""
        return self.client.document("campaigns", campaign_id)

    def campaigns(self) -> Query:
        """This org's campaigns."""
        return self._owned("campaigns")

    def campaigns_of_all(self) -> CollectionReference:
        """Campaigns whichever org they are of, to find those that are due; only ids leave the query's module."""
        return self.client.collection("campaigns")

    def legacy_settings(self) -> DocumentReference:
        """`loyalty_settings/{org}`: what the dashboard's loyalty page has saved; read where `settings/loyalty` says
        nothing."""
        return self.client.document("loyalty_settings", self.org_id)

    def owns(self, fields: Mapping[str, Any]) -> bool:
        """Whether a top-level document with these fields is this org's."""
        return fields.get("orgId") == self.org_id

    def stamped(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """The fields with this org's id, for a top-level document."""
        return {**fields, "orgId": self.org_id}

    def _owned(self, collection: str, field_path: str = "orgId") -> Query:
        return self.client.collection(collection).where(filter=FieldFilter(field_path, "==", self.org_id))
