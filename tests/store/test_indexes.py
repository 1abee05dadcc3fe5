"""firestore.indexes.json is in force on the stack: whatever the product's tests query has its index."""

from typing import Any

import pytest
from google.api_core.exceptions import FailedPrecondition
from google.cloud.firestore import FieldFilter


def test_a_query_without_its_index_is_refused_and_told_which(firestore: Any) -> None:
    query = firestore.collection("customers").where(filter=FieldFilter("orgId", "==", "a")).order_by("shoeSize")
    with pytest.raises(FailedPrecondition, match=r'requires an index.*"fieldPath": "shoeSize"'):
        query.get()
    with pytest.raises(FailedPrecondition, match="requires an index"):
        query.where(filter=FieldFilter("shoeSize", ">", 40)).count().get()


# The dashboard's queries that its own index file lacked: equality fields, then the order.
DASHBOARD = [
    ("orders", ["retailerId", "status"], "createdAt", "DESCENDING"),
    ("orders", ["dispensaryId", "status"], "createdAt", "DESCENDING"),
    ("orders", ["dispensaryId"], "createdAt", "DESCENDING"),
    ("orders", ["orgId"], "createdAt", "DESCENDING"),
    ("orders", ["orgId", "status"], "createdAt", "DESCENDING"),
    ("orders", ["userId"], "createdAt", "DESCENDING"),
    ("orders", ["userId", "status"], "createdAt", "DESCENDING"),
    ("orders", ["userId", "brandId"], "createdAt", "DESCENDING"),
    ("orders", ["userId", "retailerId", "status"], "createdAt", "DESCENDING"),
    ("orders", ["customer.email"], "createdAt", "DESCENDING"),
    ("orders", ["dispensaryId", "status"], "completedAt", "DESCENDING"),
    ("orders", ["customerId"], "createdAt", "ASCENDING"),
    ("customers", ["orgId"], "totalSpent", "DESCENDING"),
    ("customers", ["orgId"], "orderCount", "DESCENDING"),
    ("customers", ["orgId"], "lifetimeValue", "DESCENDING"),
    ("customers", ["orgId"], "createdAt", "DESCENDING"),
    ("customers", ["orgId"], "firstNameLower", "ASCENDING"),
    ("customers", ["orgId"], "alleaves_synced_at", "DESCENDING"),
    ("customers", ["orgId", "segment"], "lifetimeValue", "DESCENDING"),
    ("customers", ["orgId"], "lastOrderDate", "DESCENDING"),
    ("customer_communications", ["customerEmail", "orgId", "channel"], "createdAt", "DESCENDING"),
    ("customer_communications", ["orgId", "type", "customerId"], "sentAt", "ASCENDING"),
    ("customer_communications", ["orgId", "type", "customerEmail"], "sentAt", "ASCENDING"),
    ("customer_communications", ["customerId", "type"], "sentAt", "DESCENDING"),
    ("campaigns", ["orgId", "status"], "sentAt", "DESCENDING"),
    ("campaigns", ["status"], "sentAt", "ASCENDING"),
    ("recipients", ["status"], "sentAt", "DESCENDING"),
    ("visit_sessions", ["organizationId", "status"], "openedAt", "DESCENDING"),
    ("visit_sessions", ["organizationId", "status", "storeId"], "openedAt", "ASCENDING"),
    ("visit_sessions", ["organizationId", "storeId"], "openedAt", "ASCENDING"),
    ("visit_sessions", ["status"], "openedAt", "DESCENDING"),
    ("trigger_executions", ["organizationId"], "executedAt", "DESCENDING"),
    ("customer_activities", ["customerId", "orgId", "type"], "createdAt", "DESCENDING"),
]


@pytest.mark.parametrize(("collection", "equal", "order", "direction"), DASHBOARD)
def test_the_dashboards_queries_have_theirs(
    firestore: Any, collection: str, equal: list[str], order: str, direction: str
) -> None:
    query = firestore.collection(collection)
    for field in equal:
        query = query.where(filter=FieldFilter(field, "==", "x"))
    assert query.order_by(order, direction=direction).limit(1).get() == []


@pytest.mark.parametrize(
    ("collection", "field"),
    [
        ("customers", "pointsLastCalculated"),
        ("notices", "createdAt"),
        ("notices", "occurredAt"),
        ("notices", "expiresAt"),
    ],
)
def test_instants_that_only_grow_and_nobody_asks_for_are_not_indexed(
    firestore: Any, collection: str, field: str
) -> None:
    path = collection if collection == "customers" else f"tenants/org_a/{collection}"
    with pytest.raises(FailedPrecondition, match="index"):
        firestore.collection(path).order_by(field).get()


def test_a_message_is_found_by_the_providers_id_in_any_campaign(firestore: Any) -> None:
    recipients = firestore.collection_group("recipients")
    assert recipients.where(filter=FieldFilter("providerMessageId", "==", "x")).limit(1).get() == []
