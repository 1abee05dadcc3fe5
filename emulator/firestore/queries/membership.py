"""Whether one document, in whatever state, belongs to what a query ranges over: its scope, filter and cursors."""

from __future__ import annotations

from emulator.firestore.field_paths import NAME, FieldPath
from emulator.firestore.names import collection_id_of, collection_of
from emulator.firestore.queries.filters import Predicate, field_filters, predicate
from emulator.firestore.queries.model import Query
from emulator.firestore.scopes import order_key
from emulator.firestore.wire import Fields


class Membership:
    """The test of one query, without its offset and limit; `matches` is its filter alone."""

    __slots__ = ("_prefix", "matches", "query")

    def __init__(self, query: Query) -> None:
        self.query = query
        self.matches: Predicate = predicate(query.filter)
        self._prefix = f"{query.parent}/" if query.parent else ""

    @property
    def fields(self) -> set[FieldPath]:
        """The fields whose values decide; the name is not among them."""
        compared = {leaf.path for leaf in field_filters(self.query.filter)}
        return (compared | {order.path for order in self.query.orders}) - {NAME}

    def in_scope(self, path: str) -> bool:
        """Whether the document's collection is one that is queried."""
        query = self.query
        if not query.all_descendants:
            return collection_of(path) == query.collection
        return path.startswith(self._prefix) and query.collection_id in ("", collection_id_of(path))

    def in_bounds(self, key: bytes) -> bool:
        """Whether a sort key is within the cursors."""
        start, end = self.query.start, self.query.end
        return (start is None or key >= start) and (end is None or key < end)

    def key(self, path: str, fields: Fields) -> bytes | None:
        """The sort key of a document of the scope with these fields, None when it does not belong."""
        if not self.matches(fields, path):
            return None
        key = order_key(fields, path, self.query.orders)
        return key if key is not None and self.in_bounds(key) else None
