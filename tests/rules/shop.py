"""Two shops, green and blue: what is stored of green, and who asks for it."""

from collections.abc import Callable
from typing import Any, Final

from lib.domain.access import ORG_CLAIMS
from lib.domain.identity import IdentityKey, IdentityKind, identity_id

Fields = dict[str, Any]
Person = tuple[str, Fields] | None
"""uid and claims of a signed-in user; None is nobody."""

NOW: Final = "the time of the request"
"""Stands for a server timestamp in what is written."""

LATER: Final = "an hour after the request"

LINKED = f"tenants/green/identities/{identity_id('green', IdentityKey(IdentityKind.UID, 'kim'))}"
ENTRY = {"orgId": "green", "seq": 1, "points": 120, "hash": "cafe"}

DOCUMENTS: dict[str, Fields] = {
    # Kim's customer, the one the till has made of Kim, one from before there were orgs in ids, and somebody else.
    "customers/green_kim": {"orgId": "green", "firstName": "Kim", "points": 120, "tier": "silver", "smsConsent": True},
    "customers/green_5678": {"orgId": "green", "alleavesCustomerId": "cid_5678", "points": 7},
    "customers/kim": {"orgId": "green", "points": 1},
    "customers/green_lee": {"orgId": "green", "firstName": "Lee", "points": 9, "phoneLast4": "2671"},
    LINKED: {"kind": "uid", "customerId": "green_5678"},
    "customers/green_kim/ledger/0000000001": ENTRY,
    "customers/green_5678/ledger/0000000001": ENTRY,
    "customers/green_lee/ledger/0000000001": ENTRY,
    "customer_activities/row": {"orgId": "green", "customerId": "green_kim", "type": "points_earned"},
    "customer_communications/sms": {"orgId": "green", "channel": "sms", "preview": "Hello"},
    "orders/by_kim": {"orgId": "green", "userId": "kim", "status": "submitted", "totals": {"total": 49.99}},
    "orders/by_lee": {"retailerId": "green", "brandId": "leafy", "userId": "lee", "status": "ready"},
    "orders/legacy": {"dispensaryId": "green", "customer": {"uid": "kim"}, "status": "pending"},
    "orders/of_brand": {"orgId": "red", "brandId": "green", "userId": "lee", "customer": {"uid": "lee"}},
    "orders/of_chain": {"orgId": "red", "brandId": "leafy", "organizationId": "green", "userId": "lee"},
    "orders/elsewhere": {
        "orgId": "red",
        "brandId": "leafy",
        "organizationId": "red",
        "dispensaryId": "red",
        "retailerId": "red",
        "userId": "lee",
        "customer": {"uid": "lee"},
        "status": "completed",
    },
    "tenants/green": {"name": "Green", "smsRegistration": {"apiKey": "k"}, "ownerId": "olga"},
    "tenants/green/public/menu": {"pointsPerDollar": 1.0},
    "tenants/green/settings/loyalty": {"pointsPerDollar": 1, "equityMultiplier": 1.2},
    "tenants/green/settings/messaging": {"orgId": "green", "paused": False},
    "tenants/green/message_templates/t": {"orgId": "green", "channel": "sms", "body": "Hi {{firstName}}"},
    "tenants/green/campaign_plans/p": {"orgId": "green", "channels": ["sms"]},
    "tenants/green/recent_messages/sms:h": {"orgId": "green", "messages": {}},
    "tenants/green/message_batches/b": {"orgId": "green", "handedOver": True},
    "tenants/green/settings/email_warmup": {"day": 3},
    "tenants/green/settings_history/change": {"action": "update", "settings": {"equityMultiplier": 1.2}},
    "tenants/green/redemptions/by_kim": {"customerId": "green_kim", "state": "held", "points": 100},
    "tenants/green/redemptions/by_lee": {"customerId": "green_lee", "state": "captured", "points": 100},
    "tenants/green/accruals/by_kim": {"customerId": "green_kim", "rate": {"multiplier": "1.2"}},
    "tenants/green/notices/of_kim": {"customerId": "green_kim", "kind": "points_expiring", "state": "open"},
    "tenants/green/discrepancies/green_kim": {"status": "open"},
    "tenants/green/runs/sync": {"state": "running"},
    "tenants/green/runs/sync/shards/one": {"cursor": "c"},
    "tenants/green/customer_spending/kim@example.com": {"totalSpent": 49.99},
    "tenants/green/audits/2026-11-21": {"state": "violated", "violationCount": 1},
    "tenants/green/alerts/a": {"kind": "audit_violated"},
    "tenants/_system/sweeps/orders": {"through": None},
    "tenants/green/inbox/order:x": {"reason": "unknown_status"},
    "tenants/green/receipts/r": {"result": {"points": 5}},
    "tenants/green/consents/sms:h": {"state": "given"},
    "tenants/green/consents/sms:h/events/e": {"to": "given"},
    "tenants/green/integrations/pos": {"lastSyncAt": 0},
    "tenants/green/integrations/alpine_iq": {"accountId": "1", "policy": "alert_only"},
    "tenants/green/alpine_exports/e": {"contacts": 1},
    "tenants/green/alpine_exports/e/parts/p": {"rows": "[]"},
    "tenants/green/alpine_contacts/c": {"customerId": "green_kim"},
    "tenants/green/alpine_pushes/p": {"kind": "sale", "state": "sent", "subject": "alleaves_1"},
    "tenants/green/pos_pulls/main": {"state": "done", "failures": 0},
    "tenants/green/pos_pulls/main/pos_marks/m": {"marks": {"alleaves_1": "0123456789abcdef"}},
    "tenants/green/insights/i": {"severity": "high"},
    "loyalty_settings/green": {"pointsPerDollar": 1},
    "campaigns/spring": {"orgId": "green", "status": "sent", "performance": {"sent": 5}},
    "campaigns/spring/recipients/r": {"email": "kim@example.com", "status": "sent"},
    "campaigns/spring/attributions/by_kim": {"orderTotal": 49.99},
    "visit_sessions/visit": {"organizationId": "green", "status": "opened"},
    "organizations/green": {"name": "Green", "ownerId": "olga"},
    "locations/main": {"orgId": "green", "ownerId": "olga", "posConfig": {"password": "p"}},
    "dispensaries/green": {"name": "Green", "ownerId": "olga"},
    "users/kim": {"role": "customer", "displayName": "Kim"},
    "users/lee": {"role": "customer"},
    "analytics_events/seen": {"name": "page_view"},
    "points_ledger/ple_1": {"organizationId": "green", "points": 50},
    "api_keys/key": {"orgId": "green", "keyHash": "h"},
    "email_suppressions/kim@example.com": {"email": "kim@example.com"},
    "whatever/else": {"orgId": "green", "ownerId": "olga"},
}


def _members(org: str, *roles: str) -> list[Person]:
    """Everybody with one of these roles at an org, whichever claim says so."""
    return [(f"{role}_{claim}", {"role": role, claim: org}) for role in roles for claim in ORG_CLAIMS]


ADMIN_ROLES = ("owner", "brand_admin", "brand", "dispensary_admin", "dispensary")
STAFF_ROLES = ("brand_member", "dispensary_staff")

# The columns of the table; everybody in a column may do the same.
COLUMNS: dict[str, list[Person]] = {
    "nobody": [
        None,
        ("new", {"role": "owner", "orgId": "green", "approvalStatus": "pending"}),
        ("out", {"role": "super_user", "approvalStatus": "rejected"}),
    ],
    "stranger": [
        ("sam", {}),
        ("sam", {"role": "customer", "orgId": "green"}),
        *((role or "none", {"role": role, "orgId": "green"}) for role in ("", "admin", "executive", "Owner", "intern")),
        ("list", {"role": ["owner"], "orgId": "green"}),
        ("nowhere", {"role": "owner"}),
        ("several", {"role": "owner", "orgId": ["green"], "organizationIds": ["green"]}),
    ],
    "outsider": [
        *_members("blue", "owner", "budtender"),
        *((role, {"role": role, "orgId": "blue"}) for role in (*ADMIN_ROLES, *STAFF_ROLES)),
        ("prefix", {"role": "owner", "orgId": "org_green"}),
    ],
    "self": [("kim", {}), ("kim", {"role": "customer"}), ("kim", {"role": None, "orgId": "blue"})],
    "named": [("olga", {})],
    "till": _members("green", "budtender"),
    "staff": _members("green", *STAFF_ROLES),
    "admin": [*_members("green", *ADMIN_ROLES), ("both", {"role": "owner", "orgId": "blue", "tenantId": "green"})],
    "super": [("root", {"role": "super_user"}), ("root", {"role": "super_admin", "orgId": "blue"})],
}


def order_of(uid: str) -> Fields:
    """What somebody who buys at green writes."""
    return {
        "userId": uid,
        "orgId": "green",
        "status": "submitted",
        "customer": {"name": "K", "uid": uid},
        "items": [{"productId": "p", "qty": 1, "price": 49.99}],
        "totals": {"subtotal": 45.0, "tax": 4.99, "total": 49.99},
        "paymentStatus": "pending_pickup",
        "createdAt": NOW,
    }


Write = Fields | Callable[[str], Fields]

# What the table's rows write: the whole of a document that is created, the changed fields of one that is updated.
WRITES: dict[str, Write] = {
    "anything": {"orgId": "green", "note": "x"},
    "own order": order_of,
    "notes": {"customTags": ["vip"], "notes": "Likes tea", "updatedAt": NOW},
    "profile": {"firstName": "Kimberly", "preferences": {"strainType": "none"}, "smsConsent": False, "updatedAt": NOW},
    "account": {"displayName": "Kimberly", "preferences": {"theme": "dark"}},
    "settings": {"pointsPerDollar": 2},
}


def fields_of(write: str | Write, person: Person) -> Fields:
    """The fields of a write by a person."""
    given = WRITES[write] if isinstance(write, str) else write
    return given(person[0] if person else "nobody") if callable(given) else given
