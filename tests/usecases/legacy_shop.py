"""A shop as the dashboard leaves it: every kind of customer id, telephone number, stored figure and order there is."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from google.cloud.firestore import Client

ORG = "org_a"
OTHER = "org_b"
NOW = datetime.now(UTC)
UID = "aB3dE5fG7hI9jK1lM3nO5pQ7rS9t"


def ago(days: float) -> datetime:
    """So many days before now, to the microsecond that Firestore keeps."""
    return NOW - timedelta(days=days)


# One document for each way in which ids are made, numbered as the dashboard's facts list them.
CUSTOMERS: Mapping[str, Mapping[str, Any]] = {
    # 1: a stub of the nightly job; names no org, and the tier with a capital letter
    f"{ORG}_1001": {"points": 120, "tier": "Gold", "pointsLastCalculated": ago(1), "loyaltyReconciled": False},
    # 2: the till's sync, ten digits; no createdAt
    f"{ORG}_phone_2015550102": {
        "orgId": ORG, "phone": "(201) 555-0102", "phoneLast4": "0102", "alleavesCustomerId": "cid_1002",
        "email": "two@example.com", "totalSpent": 80.5, "orderCount": 2, "lifetimeValue": 80.5, "points": 80,
        "firstOrderDate": ago(90), "lastOrderDate": ago(30), "tier": "gold", "updatedAt": ago(2),
    },
    # 3: the tablet, eleven digits; a placeholder address, visits
    f"{ORG}_phone_12015550103": {
        "orgId": ORG, "phone": "+12015550103", "email": "no-email@alleaves.local", "firstName": "Cy",
        "visitCount": 3, "smsConsent": True, "points": 15.75, "createdAt": ago(200),
    },
    # 4: the till's sync for somebody with an address only; dates as text
    f"{ORG}_alleaves_1004": {
        "orgId": ORG, "email": "four@example.com", "totalSpent": 40.0, "orderCount": 1, "points": "40",
        "firstOrderDate": ago(20).isoformat(), "lastOrderDate": ago(20).isoformat(), "alleaves_synced": True,
        "alleaves_synced_at": ago(3).isoformat(),
    },
    # 5: notes of the list page, under an id that names no org
    "alleaves_1005": {"orgId": ORG, "notes": "likes gummies", "customTags": ["vip"]},
    # 6: an import; eleven digits, a map nobody of ours knows, negative points
    "Zk3auto6": {
        "orgId": ORG, "email": "six@example.com", "phone": "12015550106", "points": -25, "createdAt": ago(400),
        "ecommerceIds": {"external": "shopify-6"}, "churnReasoning": {"nested": [1, "two", None, {"x": 2.5}]},
    },
    # 7: a shopper's own profile, which its owner can write
    UID: {"orgId": ORG, "email": "seven@example.com", "points": 1_000_000, "tier": "platinum"},
    # 8: the budtender's scan page
    f"{ORG}_{UID[::-1]}": {"orgId": ORG, "points": 8, "firstName": "Hal"},
    # 9: a lead of the platform
    "lead_nine_example_com": {"orgId": "org_bakedbot_platform", "email": "nine@example.com", "createdAt": 1714e9},
    # 10 is made in memory only: an order with an address and no document
    "plain": {"orgId": ORG, "firstName": "Plain"},
    "archived": {"orgId": ORG, "email": "old@example.com", "points": 70, "archived": True},
    "tester": {"orgId": ORG, "email": "test@example.com", "points": 5, "isTestAccount": True, "testNote": "ours"},
    f"{ORG}_1011": {"orgId": OTHER, "points": 11, "email": "theirs@example.com"},
    # The number of 2 again, printed another way, on somebody else
    "household": {
        "orgId": ORG, "phone": "201-555-0102", "alleavesCustomerId": "cid_1012", "points": 12, "totalSpent": "n/a",
    },
}  # fmt: skip

# Those above that are taken over, and the balance each of them had.
BALANCES: Mapping[str, int] = {
    f"{ORG}_1001": 120,
    f"{ORG}_phone_2015550102": 80,
    f"{ORG}_phone_12015550103": 15,
    f"{ORG}_alleaves_1004": 40,
    "Zk3auto6": 0,
    f"{ORG}_{UID[::-1]}": 8,
    "plain": 0,
    "household": 12,
}


def sale(total: float, days: float, **fields: Any) -> dict[str, Any]:
    """A completed order of so many dollars, so many days ago."""
    return {"status": "completed", "totals": {"total": total}, "createdAt": ago(days), **fields}


def at_till(pos_id: str, total: float, days: float, **customer: Any) -> dict[str, Any]:
    """An order as the till's sync writes it: the org in `brandId`, the location's number in `retailerId`."""
    names = {"brandId": ORG, "retailerId": "1000", "source": "alleaves", "userId": pos_id}
    return sale(total, days, **names, customer={"name": "Unknown", "email": "no-email@alleaves.local", **customer})


ORDERS: Mapping[str, Mapping[str, Any]] = {
    "alleaves_1": at_till("1001", 30.0, 50, phone="2015550101"),
    "alleaves_2": at_till("1001", 200.0, 3, phone="2015550101", email="one@example.com"),
    "alleaves_3": at_till("1002", 50.0, 90, email="two@example.com", phone="201.555.0102"),
    "alleaves_4": at_till("1002", 30.5, 30, email="two@example.com"),
    "alleaves_5": at_till("1002", 45.0, 5, email="two@example.com"),
    "tablet": sale(25.0, 8, retailerId="1000", customer={"name": "Cy Young", "phone": "1-201-555-0103"}),
    "alleaves_6": at_till("1004", 40.0, 20, email="Four@Example.com"),
    "web6": sale(60.0, 40, orgId=ORG, customer={"email": "six@example.com"}),
    "named": sale(9.99, 12, organizationId=ORG, customerId="plain"),
    "guest1": sale(70.0, 15, orgId=ORG, customer={"name": "Gus Guest", "email": "ten@example.com"}),
    "guest2": sale(35.0, 4, dispensaryId=ORG, customer={"name": "Gus Guest", "email": "ten@example.com"}),
    "walkin": sale(12.0, 6, orgId=ORG, source="alleaves", userId="alleaves_customer", customer={"name": "Unknown"}),
    "pending": {**sale(99.0, 1, orgId=ORG, customerId="plain"), "status": "pending"},
    "refunded": {**sale(55.0, 9, brandId=ORG, userId="1002", source="alleaves"), "status": "refunded"},
    "text_total": sale(1, 2, orgId=ORG, totals={"total": "12.50"}, userId="1002", source="alleaves"),
    "odd_status": {**sale(1, 2, orgId=ORG), "status": "laid_away"},
    "demo": sale(500.0, 2, orgId=ORG, customerId="plain", mode="demo"),
    "theirs": sale(80.0, 2, orgId=OTHER, userId="1002", source="alleaves"),
    "of_uid": sale(20.0, 2, orgId=ORG, customerId=UID),
    "household": at_till("1012", 18.0, 11, phone="201-555-0102"),
}

# Balances of those who have no document yet, when the orders decide.
GUESTS = {"guest1": 70, "guest2": 35}


def build(client: Client, *, only: str | None = None) -> None:
    """Writes the shop, or `only` this customer of it."""
    if only:
        client.document("customers", only).set(dict(CUSTOMERS[only]))
        return
    batch = client.batch()
    batch.set(client.document("brands", ORG), {"name": "A shop"})
    batch.set(client.document("locations", "loc1"), {"orgId": ORG, "posConfig": {"storeId": "1000"}})
    for customer_id, fields in CUSTOMERS.items():
        batch.set(client.document("customers", customer_id), dict(fields))
    for order_id, order in ORDERS.items():
        batch.set(client.document("orders", order_id), dict(order))
    batch.commit()


def documents(client: Client, collection: str) -> dict[str, dict[str, Any]]:
    """Every document of a collection, by id."""
    return {found.id: found.to_dict() or {} for found in client.collection(collection).stream()}
