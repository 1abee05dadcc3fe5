"""Who and what is due: queries on due dates alone, over all orgs, whose cost is that of what they find.

Only ids leave this module; whoever works on them goes through the handle of the org named with each.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from google.cloud.firestore import DocumentSnapshot, FieldFilter, Query

from lib.domain.ids import is_org_id
from lib.domain.redemptions import State
from lib.store.client import database
from lib.store.customers import ENGINE_VERSION
from lib.store.org import SYSTEM, OrgStore

_PAGE = 500


def customers(now: datetime) -> Iterator[tuple[str, str]]:
    """(org id, customer id) of every customer to whom time has something to do, the longest due first.

    One read a customer; one if there is none.
    """
    query = OrgStore(SYSTEM).customers_of_all().where(filter=FieldFilter("dueAt", "<=", now)).order_by("dueAt")
    for found in _all(query.select(["orgId", "dueAt"])):
        org_id = (found.to_dict() or {}).get("orgId")
        if is_org_id(org_id):
            yield org_id, found.id


def holds(now: datetime) -> Iterator[tuple[str, str]]:
    """(org id, redemption id) of every hold whose time is over, the longest over first. One read a hold."""
    held = database().collection_group("redemptions").where(filter=FieldFilter("state", "==", State.HELD.value))
    query = held.where(filter=FieldFilter("expiresAt", "<=", now)).order_by("expiresAt").select(["expiresAt"])
    for found in _all(query):
        # tenants/{org}/redemptions/{id}: the path says whose it is. Others have collections of that name too.
        path = found.reference.path.split("/")
        if len(path) == 4 and path[0] == "tenants":
            yield path[1], found.id


def customer_ids(org: OrgStore, after: str | None, limit: int) -> list[str]:
    """The next of the org's customers by id, whoever they are. One read an id."""
    query = org.customers().order_by("__name__").select([]).limit(limit)
    page = query.start_after({"__name__": org.customer(after)}) if after else query
    return [found.id for found in page.stream()]


def opened_ids(org: OrgStore, after: str | None, limit: int) -> list[str]:
    """The next of the org's customers that have an account, by id. One read an id."""
    opened = org.customers().where(filter=FieldFilter("loyaltyEngine", "==", ENGINE_VERSION))
    query = opened.order_by("__name__").select([]).limit(limit)
    page = query.start_after({"__name__": org.customer(after)}) if after else query
    return [found.id for found in page.stream()]


def _all(query: Query) -> Iterator[DocumentSnapshot[Any]]:
    page = query.limit(_PAGE)
    while True:
        found = list(page.stream())
        yield from found
        if len(found) < _PAGE:
            return
        page = query.limit(_PAGE).start_after(found[-1])
