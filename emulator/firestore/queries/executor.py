"""Runs a query on the newest versions or at a past time, and yields its documents in order.

Every alternative of the filter is one contiguous scan of one index, as in production: equality fields first, then the
sort order. Scans are merged by sort key. Unless the scanned range says all that the filter does, what an index yields
is tested against the whole filter; documents changed since the time that is read are looked at one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from heapq import merge
from itertools import islice
from operator import attrgetter

from emulator.firestore.field_paths import NAME
from emulator.firestore.ordering import ABOVE, descending
from emulator.firestore.queries.filters import (
    Conjunction,
    FieldFilter,
    Operator,
    disjunctions,
    key_range,
)
from emulator.firestore.queries.membership import Membership
from emulator.firestore.queries.model import Query
from emulator.firestore.scopes import Index, IndexKey, Order, Scope
from emulator.firestore.store import Database, Version
from emulator.firestore.wire import Document

_EMPTY: frozenset[str] = frozenset()


class Match:
    """A document that a query found, and its sort key in the query's order; read only when it is looked at."""

    __slots__ = ("_document", "key", "path", "version")

    def __init__(self, key: bytes, path: str, version: Version, document: Document | None) -> None:
        self.key = key
        self.path = path
        self.version = version
        self._document = document

    @property
    def document(self) -> Document:
        if self._document is None:
            self._document = self.version.document()
        return self._document


@dataclass(frozen=True, slots=True)
class Result:
    """What a query returned, in order, and how many documents its offset skipped."""

    matches: list[Match]
    skipped: int


def run(database: Database, query: Query, at: int | None = None) -> Result:
    """The documents a query returns now, or at a past time (microseconds UTC)."""
    found = matches(database, query, at)
    skipped = sum(1 for _ in islice(found, query.offset))
    return Result(list(islice(found, query.limit)), skipped)


def matches(database: Database, query: Query, at: int | None = None) -> Iterator[Match]:
    """All documents that match, in order and within the cursors, before offset and limit."""
    execution = _Execution(database, query, at)
    scans = execution.index_scans()
    if scans is None:
        return iter(execution.scan_all())
    corrections = sorted(execution.scan_changed(), key=attrgetter("key"))
    if corrections:
        scans.append(iter(corrections))
    if len(scans) == 1:
        return scans[0]
    return _distinct(merge(*scans, key=attrgetter("key")))


def matcher(database: Database, query: Query) -> Callable[[str], Match | None]:
    """Tells of a document by its path, as of whenever it is asked, whether the query matches it without its limit."""
    execution = _Execution(database, query, None)
    return execution.match


class _Execution:
    """One run of a query: what it reads, and the test each document must pass."""

    def __init__(self, database: Database, query: Query, at: int | None) -> None:
        self._database = database
        self._query = query
        self._at = at
        self._membership = Membership(query)
        self._alternatives = disjunctions(query.filter)
        self._changed = database.changed_since(at) if at is not None else _EMPTY
        self._prefix = f"{query.parent}/" if query.parent else ""

    def index_scans(self) -> list[Iterator[Match]] | None:
        """One scan for each alternative of the filter, or None when the scope is better read whole."""
        scope = self._scope()
        if scope is None:
            return None
        scans = []
        for alternative in self._alternatives:
            plan = _Plan(alternative, self._query)
            index = scope.index(plan.index_key)
            if index is None:
                return None
            scans.append(self._scan_index(index, plan))
        return scans

    def scan_all(self) -> list[Match]:
        """Every document of the scope tested and the matches sorted."""
        candidates: Iterable[str] = self._paths()
        if self._changed:
            candidates = set(candidates) | set(filter(self._membership.in_scope, self._changed))
        found = [match for path in candidates if (match := self._test(path)) is not None]
        found.sort(key=attrgetter("key"))
        return found

    def scan_changed(self) -> Iterator[Match]:
        """The matches among documents changed since the time that is read, as they were then."""
        for path in self._changed:
            if (match := self.match(path)) is not None:
                yield match

    def match(self, path: str) -> Match | None:
        """The one document, if it is in the scope and matches."""
        return self._test(path) if self._membership.in_scope(path) else None

    def _scope(self) -> Scope | None:
        query = self._query
        if not query.all_descendants:
            return self._database.collections.get(query.collection)
        return self._database.group(query.collection_id) if query.collection_id else None

    def _paths(self) -> Iterable[str]:
        if self._query.all_descendants and not self._query.collection_id:
            return self._database.documents_below(self._query.parent)
        scope = self._scope()
        if scope is None:
            return ()
        if self._query.all_descendants and self._prefix:
            return (path for path in scope.paths if path.startswith(self._prefix))
        return scope.paths

    def _scan_index(self, index: Index, plan: _Plan) -> Iterator[Match]:
        prefix_length = len(plan.prefix)
        below = self._prefix if self._query.all_descendants else ""
        for entry, path in index.scan(plan.low, plan.high, reverse=plan.reverse):
            if path in self._changed or not path.startswith(below):
                continue
            key = entry[prefix_length:]
            if plan.reverse:
                key = descending(key)
            if not self._membership.in_bounds(key):
                continue
            version = self._database.get(path)
            assert version is not None, f"the index names {path}, which does not exist"
            document = None if plan.exact else version.document()
            if document is None or self._membership.matches(document.fields, path):
                yield Match(key, path, version, document)

    def _test(self, path: str) -> Match | None:
        version = self._database.get(path, self._at)
        if version is None:
            return None
        document = version.document()
        key = self._membership.key(path, document.fields)
        return None if key is None else Match(key, path, version, document)


class _Plan:
    """How one alternative of a filter is read: the index, the fixed beginning of its keys, and the range to scan.

    `exact` means that every entry in the range matches: each comparison is expressed by it, and by it alone.
    """

    def __init__(self, alternative: Conjunction, query: Query) -> None:
        self.reverse = query.orders[0].descending
        equal = {leaf.path: leaf.keys[0] for leaf in alternative if _is_indexed_equality(leaf)}
        contains = next((leaf for leaf in alternative if leaf.operator is Operator.ARRAY_CONTAINS), None)
        self.index_key = IndexKey(
            equalities=tuple(sorted(equal)),
            contains=None if contains is None else contains.path,
            orders=tuple(Order(order.path, order.descending != self.reverse) for order in query.orders),
        )
        self.prefix = b"".join(equal[path] for path in self.index_key.equalities)
        if contains is not None:
            self.prefix += contains.keys[0]
        self.low, self.high = self.prefix, self.prefix + ABOVE
        self._apply_cursors(query)
        expressed = len(equal) + (contains is not None)
        for leaf in alternative:
            if leaf.path == query.orders[0].path and leaf.is_range:
                expressed += not _is_indexed_equality(leaf)
                low, high = key_range(leaf)
                self.low = max(self.low, self.prefix + low)
                self.high = min(self.high, self.prefix + high)
        self.exact = expressed == len(alternative)

    def _apply_cursors(self, query: Query) -> None:
        if self.reverse:
            # The index holds the complement of the query's keys. These bounds may be one key too wide.
            if query.start is not None:
                self.high = min(self.high, self.prefix + descending(query.start) + ABOVE)
            if query.end is not None:
                self.low = max(self.low, self.prefix + descending(query.end.removesuffix(ABOVE)))
        else:
            if query.start is not None:
                self.low = max(self.low, self.prefix + query.start)
            if query.end is not None:
                self.high = min(self.high, self.prefix + query.end)


def _is_indexed_equality(leaf: FieldFilter) -> bool:
    return leaf.operator is Operator.EQUAL and leaf.path != NAME


def _distinct(found: Iterator[Match]) -> Iterator[Match]:
    # Equal sort keys are the same document, since every key ends in the name.
    last = None
    for match in found:
        if match.key != last:
            last = match.key
            yield match
