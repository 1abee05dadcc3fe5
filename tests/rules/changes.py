"""Single changes, one a line: which are let through where a document may be changed, and attacks, none of which is."""

from dataclasses import dataclass
from typing import Any

from tests.rules.shop import LATER, LINKED, NOW, Fields, Person, order_of

KIM: Person = ("kim", {"role": "customer"})
SHOPPER_5678: Person = ("5678", {})
STAFF: Person = ("sue", {"role": "dispensary_staff", "dispensaryId": "green"})
TILL: Person = ("tom", {"role": "budtender", "locationId": "green"})
OWNER: Person = ("olga", {"role": "owner", "orgId": "green"})
BLUE_OWNER: Person = ("bo", {"role": "owner", "orgId": "blue", "currentOrgId": "blue"})
PENDING_KIM: Person = ("kim", {"approvalStatus": "pending"})
SUPER: Person = ("root", {"role": "super_admin"})
NOBODY: Person = None


@dataclass(frozen=True)
class Change:
    """One operation of one person; `fields` are created or changed."""

    person: Person
    operation: str
    path: str
    fields: Fields
    allowed: bool
    documents: dict[str, Fields] | None = None

    def __str__(self) -> str:
        who = self.person[0] if self.person else "nobody"
        return f"{who} {self.operation} {self.path} {str(self.fields)[:60]}"


def order(*without: str, **fields: Any) -> Fields:
    """Kim's order with other fields, or without some."""
    return {name: value for name, value in {**order_of("kim"), **fields}.items() if name not in without}


def _yes(person: Person, operation: str, path: str, **fields: Any) -> Change:
    return Change(person, operation, path, fields, allowed=True)


def _no(person: Person, operation: str, path: str, **fields: Any) -> Change:
    return Change(person, operation, path, fields, allowed=False)


def _dates(change: Fields, *, allowed: bool) -> Change:
    """Of settings whose pause has begun."""
    path = "tenants/green/settings/loyalty"
    return Change(OWNER, "update", path, change, allowed, {path: {"paused": True, "pausedAt": NOW}})


def _orders(allowed: bool, *orders: Fields) -> list[Change]:
    return [Change(KIM, "create", "orders/new", fields, allowed) for fields in orders]


def _reading(person: Person, path: str, stored: Fields, *, allowed: bool) -> Change:
    return Change(person, "get", path, {}, allowed, {path: stored})


_MINE, _LEES = "customers/green_kim", "customers/green_lee"

ATTACKS = [
    # Mint: an order that earns at once, or that others are charged for (existing_dashboard §3.4, 1).
    *_orders(
        False,
        *(order(status=status) for status in ("completed", "delivered", "ready", "Completed", " completed", None, 1)),
        order("status"),
        *(order(paymentStatus=status) for status in ("paid", "Paid", "refunded", None)),
        order(userId="lee"),
        order(userId=None),
        order("userId"),
        order(customer={"uid": "lee"}),
        *(order(**{name: "x"}) for name in ("customerId", "source", "equityStatus", "points", "loyaltyPoints", "tier")),
        *(
            order(**{name: "x"})
            for name in ("loyalty", "loyaltyEngine", "isTestAccount", "transactionId", "completedAt")
        ),
        order(createdAt="2020-01-01"),
        order(createdAt=LATER),
    ),
    Change(SHOPPER_5678, "create", "orders/new", order_of("5678"), allowed=False),
    Change(NOBODY, "create", "orders/new", order_of("nobody"), allowed=False),
    Change(PENDING_KIM, "create", "orders/new", order_of("kim"), allowed=False),
    *(
        _no(person, "update", path, **fields)
        for person in (KIM, TILL, STAFF, OWNER, SUPER)
        for path in ("orders/by_kim", "orders/by_lee")
        for fields in (
            {"status": "completed"},
            {"totals": {"total": 5000}},
            {"orgId": "blue"},
            {"customerId": "green_kim"},
            {"userId": "kim"},
            {"paymentStatus": "paid"},
        )
    ),
    # Raise one's own points, tier, segment or spending, or give consent for somebody (2).
    *(
        _no(person, "update", _MINE, **{field: value})
        for person in (KIM, TILL, STAFF, OWNER, SUPER)
        for field, value in (
            *(
                ("points", 9999),
                ("loyaltyPoints", 9999),
                ("tier", "platinum"),
                ("segment", "vip"),
                ("totalSpent", 9999),
            ),
            *(("lifetimeValue", 9999), ("loyalty", {}), ("equityStatus", True), ("birthDate", "2000-01-01")),
            *(("emailConsent", True), ("archived", True), ("mergedInto", "green_lee"), ("email", "lee@example.com")),
        )
    ),
    *(_no(person, "create", f"{_MINE}/ledger/0000000002", points=500) for person in (KIM, TILL, STAFF, OWNER, SUPER)),
    *(_no(person, "update", f"{_MINE}/ledger/0000000001", points=500) for person in (KIM, OWNER, SUPER)),
    *(_no(person, "delete", f"{_MINE}/ledger/0000000001") for person in (KIM, OWNER, SUPER)),
    *(
        _no(person, "create", f"tenants/green/{collection}/new", customerId="green_kim", points=500)
        for person in (KIM, TILL, STAFF, OWNER, SUPER)
        for collection in (
            *("accruals", "redemptions", "receipts", "identities", "consents", "discrepancies", "notices", "runs"),
        )
    ),
    _no(KIM, "update", "tenants/green/redemptions/by_kim", state="voided"),
    _no(OWNER, "update", "tenants/green/discrepancies/green_kim", status="resolved"),
    _no(OWNER, "update", "campaigns/spring", performance={"sent": 9}),
    _no(OWNER, "create", "campaigns/spring/attributions/x", orderTotal=9),
    _no(OWNER, "create", "tenants/green/public/menu", pointsPerDollar=9),
    # Plant a profile in another org, move one there, or become the owner of one by an identity (2).
    *(_no(KIM, "create", path, orgId="blue", points=500) for path in ("customers/kim", "customers/blue_kim")),
    *(_no(person, "update", _MINE, orgId="blue") for person in (KIM, STAFF, OWNER, SUPER)),
    _no(KIM, "update", LINKED, customerId="green_lee"),
    _no(KIM, "update", _LEES, firstName="Kim"),
    # Edit one's own role or org (3).
    *(
        _no(person, operation, "users/kim", **{field: "green"})
        for person in (KIM, PENDING_KIM)
        for operation in ("create", "update")
        for field in (
            *("role", "orgId", "currentOrgId", "brandId", "dispensaryId", "locationId", "tenantId", "approvalStatus"),
            *("organizationIds", "orgMemberships", "linkedDispensary", "email", "uid", "planId", "isTestAccount"),
        )
    ),
    _no(KIM, "update", "users/lee", displayName="x"),
    # Read a tenant's secrets (5); write its plan.
    *(_no(person, "get", "tenants/green") for person in (NOBODY, KIM, TILL, STAFF, BLUE_OWNER)),
    *(_no(person, "get", "locations/main") for person in (NOBODY, KIM, TILL, STAFF, BLUE_OWNER)),
    *(_no(person, "get", "tenants/green/integrations/pos") for person in (KIM, TILL, STAFF, OWNER, SUPER)),
    *(_no(person, "update", "tenants/green", subscriptionTier="gold") for person in (STAFF, OWNER, SUPER)),
    # The equity multiplier, where the till or a shopper could see it.
    *(
        _no(person, "get", f"tenants/green/{path}")
        for person in (NOBODY, KIM, TILL)
        for path in ("settings/loyalty", "settings_history/change", "accruals/by_kim")
    ),
    # Say since when the programme is paused, which decides what earns and what expires.
    *(
        _no(person, "update", "tenants/green/settings/loyalty", pointsPerDollar=1, **{name: LATER})
        for person in (OWNER, SUPER)
        for name in ("policySince", "pausedAt", "resumedAt")
    ),
    _dates({"pausedAt": LATER}, allowed=False),
    *(
        Change(OWNER, "create", "tenants/green/settings/loyalty", {"paused": False, name: LATER}, False, {})
        for name in ("pausedAt", "resumedAt")
    ),
]

# Everything else that checkouts write about an order.
_DETAILS: Fields = {
    **dict.fromkeys(
        ("id", "customerEmail", "customerPhone", "customerName", "phoneLast4", "coupon", "couponCode"), "x"
    ),
    **dict.fromkeys(("subtotal", "tax", "discount", "fees", "total", "amount", "deliveryFee"), 1.5),
    **dict.fromkeys(
        ("brandId", "organizationId", "dispensaryId", "retailerId", "pickupLocationId", "bundleId"), "green"
    ),
    **{name: {"city": "Lagos"} for name in ("billingAddress", "shippingAddress", "deliveryWindow")},
    **dict.fromkeys(("paymentMethod", "purchaseModel", "fulfillmentType", "deliveryInstructions", "notes"), "x"),
    "mode": "live",
    "updatedAt": NOW,
}

EDITS = [
    *_orders(
        True,
        order(),
        order(**_DETAILS),
        order(status="pending", paymentStatus="pending"),
        *(order(paymentStatus=status) for status in ("pay_at_pickup", "pending_cannpay")),
        order("orgId", "paymentStatus", "customer", "createdAt", retailerId="green", mode="live", total=49.99),
    ),
    # A shopper's own profile.
    _yes(KIM, "update", _MINE, displayName="Kim K."),
    _yes(KIM, "update", _MINE, firstName=None, lastName="K"),
    _yes(KIM, "update", _MINE, emailConsent=False),
    _no(KIM, "update", _MINE, smsConsent="no"),
    _no(KIM, "update", _MINE, firstName="x" * 201),
    _no(KIM, "update", _MINE, lastName="x" * 201),
    _no(KIM, "update", _MINE, displayName=["Kim"]),
    _no(KIM, "update", _MINE, preferences="none"),
    _no(KIM, "update", _MINE, preferences={str(number): 1 for number in range(51)}),
    _no(KIM, "update", _MINE, updatedAt=0),
    _no(KIM, "update", _MINE, notes="Be nice to Kim"),
    _no(PENDING_KIM, "update", _MINE, firstName="Kim"),
    # Notes and tags of customers.
    *(_yes(person, "update", _LEES, customTags=["vip"]) for person in (STAFF, OWNER, SUPER)),
    _yes(STAFF, "update", _LEES, notes=None, updatedAt=NOW),
    _no(STAFF, "update", _LEES, notes="x" * 10_001),
    _no(STAFF, "update", _LEES, customTags="vip"),
    _no(STAFF, "update", _LEES, customTags=["vip"] * 101),
    _no(STAFF, "update", _LEES, notes="x", updatedAt=0),
    _no(STAFF, "update", _LEES, firstName="Leo"),
    _no(TILL, "update", _LEES, notes="x"),
    _no(BLUE_OWNER, "update", _LEES, notes="x"),
    # One's own user document, also while waiting for approval.
    _yes(KIM, "get", "users/kim"),
    _yes(PENDING_KIM, "get", "users/kim"),
    _yes(KIM, "update", "users/kim", displayName="Kim", photoURL="https://example.com/kim.png"),
    _yes(KIM, "update", "users/kim", firstName="K", lastName="M", phone="1", phoneNumber="1", updatedAt=NOW),
    _no(NOBODY, "get", "users/kim"),
    # A uid of digits is nobody's customer number, and one that looks like part of an id is no part of it.
    _reading(SHOPPER_5678, "orders/till", {"userId": "5678", "source": "alleaves"}, allowed=False),
    _reading(SHOPPER_5678, "customers/green_5678", {"orgId": "green"}, allowed=False),
    _reading(("phone_14155552671", {}), "customers/green_phone_14155552671", {"orgId": "green"}, allowed=False),
    # What names no org, or something that cannot be one, is nobody's but a super user's.
    *(
        _reading(("odd", {"role": "owner", "orgId": org}), "customers/odd", {"orgId": org}, allowed=False)
        for org in ("", "a/b", "x" * 129, 5, None)
    ),
    _reading(("odd", {"role": "owner"}), "customers/odd", {"orgId": None}, allowed=False),
    _reading(("odd", {"role": "owner", "orgId": "green"}), "customers/odd", {}, allowed=False),
    *(_reading(SUPER, "customers/odd", fields, allowed=True) for fields in ({}, {"orgId": ""}, {"orgId": "a/b"})),
]

CHANGES = [*ATTACKS, *EDITS]
