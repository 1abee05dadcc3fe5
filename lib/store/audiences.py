"""Who belongs to a campaign's audience now: queries on customers, in proportion to what they find.

Of what an audience says, one thing is asked of an index (tags, else segments, else tiers) and the rest of what is
found: that takes three indexes in place of eight, and the one thing is what narrows most.
"""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, TypeAlias

from google.cloud.firestore import DocumentReference, DocumentSnapshot, FieldFilter, Query

from lib.domain.audiences import VALUES_MAX, Audience, Kind, Traits
from lib.domain.loose_fields import text
from lib.store.org import OrgStore

_PAGE = 500
_TRAITS = ("orgId", "segment", "tier", "customTags")

Found: TypeAlias = "DocumentSnapshot[DocumentReference]"


def traits_of(fields: Mapping[str, Any]) -> Traits:
    """What of a customer document decides whether it belongs to an audience."""
    tags = fields.get("customTags")
    named = frozenset(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else frozenset()
    return Traits(text(fields.get("segment")) or "", text(fields.get("tier")) or "", named)


def size(org: OrgStore, audience: Audience) -> int:
    """How many customers belong to it now. By aggregation, a read for a thousand of them, where an index tells; else a
    read each."""
    if audience.is_nobody:
        return 0
    if audience.kind is Kind.CUSTOM or len(_said(audience)) > 1:
        return sum(1 for _ in _customers(org, audience, None, list(_TRAITS)))
    return _count(_query(org, audience))


def size_at_most(org: OrgStore, audience: Audience) -> int:
    """No fewer than belong to it, by aggregation or, of those named one by one, for nothing."""
    if audience.is_nobody or audience.kind is Kind.CUSTOM:
        return len(audience.customer_ids)
    return _count(_query(org, audience))


def ids(org: OrgStore, audience: Audience, after: str | None, limit: int) -> list[str]:
    """The next of its customers by id; of those named one by one all, also who is no customer. A read each that has to
    be looked for."""
    if audience.kind is Kind.CUSTOM:
        return list(islice(_named(audience, after), limit))
    fields = list(_TRAITS) if len(_said(audience)) > 1 else []
    return [found.id for found in islice(_customers(org, audience, after, fields), limit)]


def page(org: OrgStore, audience: Audience, limit: int) -> list[Found]:
    """The documents of its first customers by id. A read each, and one for each that only looked like one."""
    return list(islice(_customers(org, audience, None, None), limit))


def _customers(org: OrgStore, audience: Audience, after: str | None, fields: list[str] | None) -> Iterator[Found]:
    """`fields`: which of each document, None for all."""
    if audience.is_nobody:
        return
    found = _asked_for(org, audience, after) if audience.kind is Kind.CUSTOM else _found(org, audience, after, fields)
    narrows = audience.kind is Kind.CUSTOM or len(_said(audience)) > 1
    for snapshot in found:
        if not narrows or audience.includes(snapshot.id, traits_of(snapshot.to_dict() or {})):
            yield snapshot


def _asked_for(org: OrgStore, audience: Audience, after: str | None) -> Iterator[Found]:
    """Those of the customers named one by one that are this org's, in the order of their ids."""
    named = _named(audience, after)
    while chunk := list(islice(named, _PAGE)):
        found = org.client.get_all([org.customer(customer_id) for customer_id in chunk])
        mine = {each.id: each for each in found if each.exists and org.owns(each.to_dict() or {})}
        yield from (mine[customer_id] for customer_id in chunk if customer_id in mine)


def _found(org: OrgStore, audience: Audience, after: str | None, fields: list[str] | None) -> Iterator[Found]:
    ordered = _query(org, audience).order_by("__name__").limit(_PAGE)
    query = ordered if fields is None else ordered.select(fields)
    page = query.start_after({"__name__": org.customer(after)}) if after else query
    while True:
        found = list(page.stream())
        yield from found
        if len(found) < _PAGE:
            return
        page = query.start_after({"__name__": org.customer(found[-1].id)})


def _query(org: OrgStore, audience: Audience) -> Query:
    for field, operator, values in _said(audience):
        return org.customers().where(filter=FieldFilter(field, operator, list(values[:VALUES_MAX])))
    return org.customers()


def _said(audience: Audience) -> list[tuple[str, str, tuple[str, ...]]]:
    """What narrows it, as filters; the first is asked of an index."""
    filters = [
        ("customTags", "array_contains_any", audience.tags),
        ("segment", "in", audience.segments),
        ("tier", "in", audience.tiers),
    ]
    return [each for each in filters if each[2]]


def _count(query: Query) -> int:
    counting: Any = query.count()
    return int(counting.get()[0][0].value)


def _named(audience: Audience, after: str | None) -> Iterator[str]:
    # Firestore orders ids by their UTF-8 bytes, which is the order of their code points, as Python's is.
    return iter(sorted(each for each in audience.customer_ids if after is None or each > after))
