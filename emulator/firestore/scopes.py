"""What queries run over: the documents of a collection or a collection group, and the indexes kept on them.

An index is made when a query first needs it on a scope of more than INDEX_FROM documents, and kept up to date by every
write from then on. Indexes describe the newest versions only; a query in the past corrects them by what changed since.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sortedcontainers import SortedList

from emulator.firestore.field_paths import NAME, FieldPath, lookup
from emulator.firestore.ordering import descending, encode, encode_name
from emulator.firestore.wire import Document, Fields

INDEX_FROM = 64
"""Documents in a scope above which a query builds an index; below, reading them all is quicker."""

INDEXES_MAX = 48
"""Indexes kept on one scope; the one least recently used is dropped for a new one."""


@dataclass(frozen=True, slots=True)
class Order:
    """One component of a sort order."""

    path: FieldPath
    descending: bool = False


@dataclass(frozen=True, slots=True)
class IndexKey:
    """What identifies an index: fields compared for equality, at most one array searched, then the sort order.

    The first order is ascending by convention: an index serves a query and its reverse. The last is always the name.
    """

    equalities: tuple[FieldPath, ...]
    contains: FieldPath | None
    orders: tuple[Order, ...]


def order_key(fields: Fields, path: str, orders: tuple[Order, ...]) -> bytes | None:
    """The sort key of a document, or None when it lacks a field it would be sorted by."""
    parts = []
    for order in orders:
        if order.path == NAME:
            key = encode_name(path)
        else:
            value = lookup(fields, order.path)
            if value is None:
                return None
            key = encode(value)
        parts.append(descending(key) if order.descending else key)
    return b"".join(parts)


class Index:
    """Sorted entries (key, document path); the key is equalities, array element and orders, encoded and joined."""

    __slots__ = ("_entries", "key")

    def __init__(self, key: IndexKey) -> None:
        self.key = key
        self._entries: SortedList[tuple[bytes, str]] = SortedList()

    def fill(self, documents: Iterator[tuple[str, Document]]) -> None:
        entries = [(key, path) for path, document in documents for key in self._keys(path, document.fields)]
        self._entries = SortedList(entries)

    def replace(self, path: str, before: Document | None, after: Document | None) -> None:
        old = set(self._keys(path, before.fields)) if before is not None else set()
        new = set(self._keys(path, after.fields)) if after is not None else set()
        for key in old - new:
            self._entries.remove((key, path))
        for key in new - old:
            self._entries.add((key, path))

    def scan(self, low: bytes, high: bytes, *, reverse: bool) -> Iterator[tuple[bytes, str]]:
        """Entries with low <= key < high, in either direction."""
        return iter(self._entries.irange((low,), (high,), inclusive=(True, False), reverse=reverse))

    def _keys(self, path: str, fields: Fields) -> list[bytes]:
        prefix = b""
        for field in self.key.equalities:
            value = lookup(fields, field)
            if value is None:
                return []
            prefix += encode(value)
        suffix = order_key(fields, path, self.key.orders)
        if suffix is None:
            return []
        if self.key.contains is None:
            return [prefix + suffix]
        value = lookup(fields, self.key.contains)
        if value is None or not value.HasField("array_value"):
            return []
        return [prefix + element + suffix for element in {encode(item) for item in value.array_value.values}]


class Scope:
    """The live documents of a collection or a collection group."""

    __slots__ = ("_indexes", "_read", "paths")

    def __init__(self, read: Callable[[str], Document]) -> None:
        self.paths: set[str] = set()
        self._read = read
        self._indexes: dict[IndexKey, Index] = {}

    def replace(self, path: str, before: Document | None, after: Document | None) -> None:
        """Take note of a document that was created, changed or deleted."""
        if after is None:
            self.paths.discard(path)
        else:
            self.paths.add(path)
        for index in self._indexes.values():
            index.replace(path, before, after)

    def index(self, key: IndexKey) -> Index | None:
        """The index of that shape, made now if need be; None while the scope is too small to need one."""
        index = self._indexes.pop(key, None)
        if index is None:
            if len(self.paths) < INDEX_FROM:
                return None
            index = Index(key)
            index.fill((path, self._read(path)) for path in self.paths)
            while len(self._indexes) >= INDEXES_MAX:
                del self._indexes[next(iter(self._indexes))]
        self._indexes[key] = index
        return index
