"""A query as the engine runs it: scope, filter, complete sort order, cursors, limits, projection."""

from __future__ import annotations

from dataclasses import dataclass

from emulator.firestore.errors import invalid_argument, unimplemented
from emulator.firestore.field_paths import NAME, FieldPath, parse_field_path
from emulator.firestore.names import DatabaseId, check_collection_id, collection_path
from emulator.firestore.ordering import ABOVE, descending, encode
from emulator.firestore.queries.combinations import check_filter, check_orders, check_without_collection
from emulator.firestore.queries.filter_parsing import name_key, parse_filter
from emulator.firestore.queries.filters import Filter, field_filters
from emulator.firestore.scopes import Order
from emulator.firestore.wire import StructuredQuery, Value


@dataclass(frozen=True, slots=True)
class Query:
    """One query over one database.

    `collection_id` empty means documents of every collection below `parent`. `orders` is complete: it ends in the name.
    `start` and `end` bound the sort key (see ordering.py): start <= key < end, None for no bound; so for `limit`.
    """

    parent: str
    collection_id: str
    all_descendants: bool
    filter: Filter | None
    orders: tuple[Order, ...]
    start: bytes | None = None
    end: bytes | None = None
    offset: int = 0
    limit: int | None = None
    projection: tuple[FieldPath, ...] | None = None

    @property
    def collection(self) -> str:
        """The path of the queried collection; only of use when `all_descendants` is false."""
        return collection_path(self.parent, self.collection_id)


def parse_query(
    message: StructuredQuery, database: DatabaseId, parent: str, aggregated: frozenset[FieldPath] = frozenset()
) -> Query:
    """A StructuredQuery below `parent`; raises INVALID_ARGUMENT for what no index could make sense of.

    `aggregated` are the fields an aggregation sums up: it runs on an index that is sorted by them too.
    """
    if message.HasField("find_nearest"):
        raise unimplemented("find_nearest is not supported by the local Firestore.")
    collection_id, all_descendants = _parse_from(message)
    where = None
    if message.HasField("where"):
        where = parse_filter(message.where, database)
        check_filter(where)
    explicit = parse_orders(message)
    if not collection_id:
        check_without_collection(where, explicit)
    orders = complete_orders(explicit, where, aggregated)
    if message.offset < 0:
        raise invalid_argument("offset must not be negative.")
    limit = message.limit.value if message.HasField("limit") else None
    if limit is not None and limit < 0:
        raise invalid_argument("limit must not be negative.")
    projection = None
    if message.HasField("select"):
        projection = tuple(parse_field_path(field.field_path) for field in message.select.fields)
    return Query(
        parent=parent,
        collection_id=collection_id,
        all_descendants=all_descendants,
        filter=where,
        orders=orders,
        start=_bound(message.start_at, explicit, database) if message.HasField("start_at") else None,
        end=_bound(message.end_at, explicit, database) if message.HasField("end_at") else None,
        offset=message.offset,
        limit=limit,
        projection=projection,
    )


def complete_orders(
    explicit: tuple[Order, ...], where: Filter | None, aggregated: frozenset[FieldPath] = frozenset()
) -> tuple[Order, ...]:
    """The sort order with what StructuredQuery.order_by says is implied.

    Fields with an inequality that are not ordered by come next, alphabetically, then aggregated fields, then the name;
    each in the direction of the last explicit order. Raises INVALID_ARGUMENT for an order that makes no sense.
    """
    last_descending = explicit[-1].descending if explicit else False
    ordered = {order.path for order in explicit}
    unequal = {leaf.path for leaf in field_filters(where) if leaf.operator.is_inequality} - ordered - {NAME}
    implied = sorted(unequal) + sorted(aggregated - ordered - unequal)
    orders = explicit + tuple(Order(path, last_descending) for path in implied)
    if NAME not in ordered:
        orders += (Order(NAME, last_descending),)
    check_orders(explicit, orders)
    return orders


def parse_orders(message: StructuredQuery) -> tuple[Order, ...]:
    return tuple(Order(parse_field_path(order.field.field_path), order.direction == 2) for order in message.order_by)


def order_prefix(values: list[Value] | tuple[Value, ...], orders: tuple[Order, ...], database: DatabaseId) -> bytes:
    """The encoded beginning of the sort keys of documents whose first sorted values are these."""
    parts = []
    for value, order in zip(values, orders, strict=False):
        key = name_key(value, database) if order.path == NAME else encode(value)
        parts.append(descending(key) if order.descending else key)
    return b"".join(parts)


def _parse_from(message: StructuredQuery) -> tuple[str, bool]:
    # proto-plus renames the field; see wire.py.
    selectors = message.from_
    if len(selectors) != 1:
        raise invalid_argument("A query must have exactly one collection selector.")
    selector = selectors[0]
    if selector.collection_id:
        check_collection_id(selector.collection_id)
    elif not selector.all_descendants:
        raise invalid_argument("collection_id is required unless all_descendants is set.")
    return selector.collection_id, selector.all_descendants


def _bound(cursor: StructuredQuery, explicit: tuple[Order, ...], database: DatabaseId) -> bytes:
    # `before` puts the position just before the values: inclusive for a start, exclusive for an end.
    if len(cursor.values) > len(explicit):
        raise invalid_argument("Cursor has too many values.")
    prefix = order_prefix(list(cursor.values), explicit, database)
    return prefix if cursor.before else prefix + ABOVE
