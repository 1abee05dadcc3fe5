"""What the dashboard's browser code asks Firestore for today keeps working for those it is meant for.

The queries are those of the order pages, the tablet's visits, the settings page and the look-up of one's own shop.
"""

from typing import Any

import pytest

from emulator.firestore.rules import AllOf, FieldFilter, Operator, Query
from tests.rules.asking import ask, filtered
from tests.rules.shop import Person

BUDTENDER: Person = ("tom", {"role": "budtender", "orgId": "green", "dispensaryId": "green", "locationId": "green"})
STAFF: Person = ("sue", {"role": "dispensary_staff", "currentOrgId": "green", "locationId": "main"})
OWNER: Person = ("olga", {"role": "owner", "orgId": "green"})
BRAND: Person = ("ben", {"role": "brand", "orgId": "leafy", "brandId": "leafy"})
UNPROVISIONED: Person = ("olga", {"role": "owner"})
SHOPPER: Person = ("kim", {})
OUTSIDER: Person = ("bo", {"role": "owner", "orgId": "blue", "locationId": "blue"})
SUPER: Person = ("root", {"role": "super_user"})

LIVE = ("pending", "submitted", "confirmed", "preparing", "ready")


def where(collection: str, *conditions: tuple[str, Any], **more: Any) -> Query:
    """A query; a list of values is an `in`."""
    filters = [
        FieldFilter((name,), Operator.IN if isinstance(value, list) else Operator.EQUAL, value)
        for name, value in conditions
    ]
    return filtered(collection, AllOf(tuple(filters)), **more)


NEWEST = {"order_by": "createdAt DESC"}
LIVE_TABS = [where("orders", ("retailerId", "green"), ("status", status), **NEWEST) for status in LIVE]
HISTORY_TAB = where("orders", ("retailerId", "green"), ("status", ["completed", "cancelled"]), **NEWEST)
ORDERS_PAGE = where("orders", ("retailerId", "green"), limit=500, **NEWEST)
AT_LOCATION = [("status", ["confirmed", "preparing", "ready"])]
ORDERS_OF_LOCATION = where("orders", ("dispensaryId", "main"), *AT_LOCATION, limit=50, **NEWEST)
ORDERS_OF_ALL = where("orders", *AT_LOCATION, limit=50, **NEWEST)
VISITS = [("status", "opened")]
VISITS_OF_SHOP = where("visit_sessions", ("organizationId", "green"), *VISITS, limit=10, order_by="openedAt DESC")
VISITS_OF_ALL = where("visit_sessions", *VISITS, limit=20, order_by="openedAt DESC")

PAGES: list[tuple[str, list[Query], list[Person], list[Person]]] = [
    ("live orders", LIVE_TABS, [BUDTENDER, STAFF, OWNER, SUPER], [SHOPPER, OUTSIDER, BRAND, None]),
    ("order history", [HISTORY_TAB], [BUDTENDER, STAFF, OWNER, SUPER], [SHOPPER, OUTSIDER, BRAND, None]),
    ("all orders of a shop", [ORDERS_PAGE], [BUDTENDER, STAFF, OWNER, SUPER], [SHOPPER, OUTSIDER, None]),
    ("orders of a location", [ORDERS_OF_LOCATION], [STAFF, SUPER], [SHOPPER, OUTSIDER, OWNER, None]),
    ("orders of everybody", [ORDERS_OF_ALL], [SUPER], [BUDTENDER, STAFF, OWNER, SHOPPER, OUTSIDER, None]),
    ("visits", [VISITS_OF_SHOP], [BUDTENDER, STAFF, OWNER, SUPER], [SHOPPER, OUTSIDER, BRAND, None]),
    ("visits everywhere", [VISITS_OF_ALL], [SUPER], [BUDTENDER, STAFF, OWNER, OUTSIDER, None]),
    *(
        (
            f"own {collection}",
            [where(collection, ("ownerId", "olga"))],
            [OWNER, UNPROVISIONED, SUPER],
            [STAFF, None],
        )
        for collection in ("dispensaries", "locations", "organizations", "tenants")
    ),
]


@pytest.mark.parametrize(
    ("queries", "allowed", "denied"), [page[1:] for page in PAGES], ids=[page[0] for page in PAGES]
)
def test_who_may_run_a_pages_query(queries: list[Query], allowed: list[Person], denied: list[Person]) -> None:
    for query in queries:
        for person in (*allowed, *denied):
            decision = ask("list", "", person, query=query)
            assert decision.allowed is (person in allowed), (person, decision.trace())


@pytest.mark.parametrize(
    ("path", "allowed", "denied"),
    [
        ("orders/by_kim", [SHOPPER, BUDTENDER, OWNER, SUPER], [OUTSIDER, None]),
        ("dispensaries/green", [SHOPPER, BUDTENDER, OUTSIDER], [None]),
        ("tenants/green", [OWNER, SUPER], [SHOPPER, BUDTENDER, OUTSIDER, None]),
        ("users/kim", [SHOPPER], [STAFF, OWNER, OUTSIDER, None]),
    ],
)
def test_who_may_open_a_page_about_a_document(path: str, allowed: list[Person], denied: list[Person]) -> None:
    for person in (*allowed, *denied):
        decision = ask("get", path, person)
        assert decision.allowed is (person in allowed), (person, decision.trace())


def test_pages_count_how_they_are_used() -> None:
    assert ask("create", "analytics_events/new", SHOPPER, {"name": "page_view"}).allowed
    assert not ask("create", "analytics_events/new", None, {"name": "page_view"}).allowed
