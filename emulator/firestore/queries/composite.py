"""Which composite index a query needs, and whether `firestore.indexes.json` has it.

Rules of https://firebase.google.com/docs/firestore/query-data/index-overview: every field has an ascending, a
descending and an array-contains index for its own collection unless it is exempted; equality comparisons merge any of
them; a sort order, or an inequality, beside anything else needs a composite index whose fields are the compared ones
followed by exactly the sort order. Several indexes with one sort order merge to cover more comparisons. A collection
group has no automatic indexes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emulator.firestore.errors import failed_precondition
from emulator.firestore.field_paths import NAME, FieldPath, format_field_path, parse_field_path
from emulator.firestore.queries.filters import Conjunction, Operator, disjunctions
from emulator.firestore.queries.model import Query

ASCENDING = "ASCENDING"
DESCENDING = "DESCENDING"
CONTAINS = "CONTAINS"


@dataclass(frozen=True, slots=True)
class IndexField:
    """One field of an index: ASCENDING, DESCENDING or CONTAINS."""

    path: FieldPath
    mode: str

    def to_json(self) -> dict[str, str]:
        key = "arrayConfig" if self.mode == CONTAINS else "order"
        return {"fieldPath": format_field_path(self.path), key: self.mode}


@dataclass(frozen=True, slots=True)
class CompositeIndex:
    """An index over several fields, or over one field of a collection group. The trailing name is left implicit."""

    collection_id: str
    group: bool
    fields: tuple[IndexField, ...]

    def to_json(self) -> dict[str, Any]:
        """The entry to add under `indexes` in firestore.indexes.json."""
        return {
            "collectionGroup": self.collection_id,
            "queryScope": "COLLECTION_GROUP" if self.group else "COLLECTION",
            "fields": [field.to_json() for field in self.fields],
        }


class IndexCatalog:
    """The indexes of one `firestore.indexes.json`."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._composites = [_composite_from_json(item) for item in document.get("indexes", ())]
        self._overrides = {
            (item["collectionGroup"], parse_field_path(item["fieldPath"])): frozenset(
                (index.get("queryScope", "COLLECTION") == "COLLECTION_GROUP", _mode(index))
                for index in item.get("indexes", ())
            )
            for item in document.get("fieldOverrides", ())
        }

    @classmethod
    def from_file(cls, path: Path) -> IndexCatalog:
        return cls(json.loads(path.read_text()))

    def missing(self, query: Query) -> CompositeIndex | None:
        """The first index that production would ask for, or None."""
        for conjunction in disjunctions(query.filter):
            wanted = self._missing_for(query, conjunction)
            if wanted is not None:
                return wanted
        return None

    def _missing_for(self, query: Query, conjunction: Conjunction) -> CompositeIndex | None:
        equal = {leaf.path for leaf in conjunction if leaf.operator is Operator.EQUAL and leaf.path != NAME}
        contains = {leaf.path for leaf in conjunction if leaf.operator is Operator.ARRAY_CONTAINS}
        tail = _sort_tail(query, equal)
        heads = [IndexField(path, ASCENDING) for path in sorted(equal)]
        heads += [IndexField(path, CONTAINS) for path in sorted(contains)]
        if not heads and not tail:
            return None
        needed = (*heads, *tail)
        singles = self._singles_suffice(query, heads, tail)
        if singles or self._merged(query, frozenset(heads), tuple(tail)):
            return None
        return CompositeIndex(query.collection_id, query.all_descendants, needed)

    def _singles_suffice(self, query: Query, heads: Sequence[IndexField], tail: Sequence[IndexField]) -> bool:
        alone = len(tail) <= 1 and not heads
        merged = not tail
        return (alone or merged) and all(
            self._has_single(query.collection_id, query.all_descendants, field) for field in (*heads, *tail)
        )

    def _has_single(self, collection_id: str, group: bool, field: IndexField) -> bool:
        if field.path == NAME:
            return field.mode == ASCENDING
        # An exemption of a map covers what is inside it; the longest one that applies decides.
        for length in range(len(field.path), 0, -1):
            override = self._overrides.get((collection_id, field.path[:length]))
            if override is not None:
                return (group, field.mode) in override
        return not group

    def _merged(self, query: Query, heads: frozenset[IndexField], tail: tuple[IndexField, ...]) -> bool:
        # An index helps when, behind comparisons the query makes, it is sorted exactly as the query is.
        covered: set[FieldPath] = set()
        usable = False
        for index in self._composites:
            if (index.collection_id, index.group) != (query.collection_id, query.all_descendants):
                continue
            split = len(index.fields) - len(tail)
            if split < 0 or not _same(index.fields[split:], tail):
                continue
            head = index.fields[:split]
            if all(_compares(field, heads) for field in head):
                usable = True
                covered |= {field.path for field in head}
        wanted = {field.path for field in heads}
        if not tail:
            # Without a sort order single-field indexes take part in the merge too.
            covered |= {
                field.path for field in heads if self._has_single(query.collection_id, query.all_descendants, field)
            }
        return usable and wanted <= covered


def require_index(catalog: IndexCatalog | None, query: Query) -> None:
    """Raise FAILED_PRECONDITION, naming the index to add, when the query lacks one; without a catalog none does."""
    index = catalog.missing(query) if catalog else None
    if index is not None:
        raise failed_precondition(
            f"The query requires an index. Add it to firestore.indexes.json: {json.dumps(index.to_json())}"
        )


def _sort_tail(query: Query, equal: set[FieldPath]) -> list[IndexField]:
    """The sort order an index must end in: without fields fixed by equality and without the implicit trailing name."""
    orders = [order for order in query.orders if order.path not in equal]
    tail = [IndexField(order.path, DESCENDING if order.descending else ASCENDING) for order in orders]
    before_name = tail[-2].mode if len(tail) > 1 else ASCENDING
    if tail and tail[-1].path == NAME and tail[-1].mode == before_name:
        tail.pop()
    return tail


def _same(fields: Sequence[IndexField], tail: Sequence[IndexField]) -> bool:
    return tuple(fields) == tuple(tail)


def _compares(field: IndexField, heads: frozenset[IndexField]) -> bool:
    # The direction of a field compared for equality does not matter; whether it is an array does.
    return any(field.path == head.path and (field.mode == CONTAINS) == (head.mode == CONTAINS) for head in heads)


def _composite_from_json(item: Mapping[str, Any]) -> CompositeIndex:
    fields = [IndexField(parse_field_path(field["fieldPath"]), _mode(field)) for field in item["fields"]]
    # A trailing name in the direction of the field before it is what every index has anyway.
    if len(fields) > 1 and fields[-1].path == NAME and fields[-1].mode in (fields[-2].mode, CONTAINS):
        fields.pop()
    group = item.get("queryScope", "COLLECTION") == "COLLECTION_GROUP"
    return CompositeIndex(item["collectionGroup"], group, tuple(fields))


def _mode(field: Mapping[str, Any]) -> str:
    return CONTAINS if "arrayConfig" in field else str(field.get("order", ASCENDING))
