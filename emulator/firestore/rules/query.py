"""A query as rules see it: its filters taken apart into ways a document can meet them, and what each way tells.

Rules are not filters: a list is allowed only if every document the query could ever return would be. So each way is
decided on what it proves of any such document (`evidence`), not on the documents that happen to exist today.
"""

from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from typing import TypeAlias

from emulator.firestore.rules.constraints import Bound, Constraint
from emulator.firestore.rules.values import PartialMap, Path, Value, is_nan

WAYS_MAX = 100
DOCUMENT_NAME = ("__name__",)


class Operator(StrEnum):
    """The filter operators, named as in StructuredQuery."""

    EQUAL = "EQUAL"
    NOT_EQUAL = "NOT_EQUAL"
    LESS_THAN = "LESS_THAN"
    LESS_THAN_OR_EQUAL = "LESS_THAN_OR_EQUAL"
    GREATER_THAN = "GREATER_THAN"
    GREATER_THAN_OR_EQUAL = "GREATER_THAN_OR_EQUAL"
    IN = "IN"
    NOT_IN = "NOT_IN"
    ARRAY_CONTAINS = "ARRAY_CONTAINS"
    ARRAY_CONTAINS_ANY = "ARRAY_CONTAINS_ANY"


@dataclass(frozen=True, slots=True)
class FieldFilter:
    """One comparison of a field (a path of names) with a rules value, for the *_IN and *_ANY operators a list."""

    field: tuple[str, ...]
    operator: Operator
    value: Value


@dataclass(frozen=True, slots=True)
class AllOf:
    """Filters that must all hold."""

    filters: tuple["Filter", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Filters of which one must hold."""

    filters: tuple["Filter", ...]


Filter: TypeAlias = FieldFilter | AllOf | AnyOf
Way: TypeAlias = tuple[FieldFilter, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """A query over the documents of one collection id below `parent` (`databases/{database}/documents[/...]`).

    `all_descendants` makes it a collection group; `collection_id` None means every collection.
    """

    parent: str
    collection_id: str | None
    all_descendants: bool = False
    where: Filter = AllOf(())
    limit: int | None = None
    offset: int | None = None
    order_by: str | None = None

    @property
    def spans_collections(self) -> bool:
        """Whether it looks into more than one collection."""
        return self.all_descendants or self.collection_id is None

    def to_value(self) -> dict[str, Value]:
        """`request.query`: limit, offset and orderBy as far as the query has them."""
        given: dict[str, Value] = {"limit": self.limit, "offset": self.offset, "orderBy": self.order_by}
        return {name: value for name, value in given.items() if value is not None}

    def ways(self) -> list[Way]:
        """The alternatives a document can match the filters by, at least one; raises TooManyWaysError."""
        return _ways(self.where) or [()]


class TooManyWaysError(Exception):
    """The filters allow more alternatives than production accepts (30 disjunctions); such a list is denied."""


def _ways(node: Filter) -> list[Way]:
    match node:
        case FieldFilter(field=field, operator=Operator.IN, value=list() as values):
            return [(FieldFilter(field, Operator.EQUAL, value),) for value in values]
        case FieldFilter(field=field, operator=Operator.ARRAY_CONTAINS_ANY, value=list() as values):
            return [(FieldFilter(field, Operator.ARRAY_CONTAINS, value),) for value in values]
        case FieldFilter():
            return [(node,)]
        case AnyOf(filters=filters):
            return _bounded([way for part in filters for way in _ways(part)])
        case AllOf(filters=filters):
            combined: list[Way] = [()]
            for part in filters:
                combined = _bounded([one + other for one, other in product(combined, _ways(part))])
            return combined


def _bounded(ways: list[Way]) -> list[Way]:
    if len(ways) > WAYS_MAX:
        raise TooManyWaysError
    return ways


def document_named(way: Way) -> Path | None:
    """The one document a way is about, when it fixes the document's name."""
    for condition in way:
        if condition.field == DOCUMENT_NAME and condition.operator is Operator.EQUAL:
            return condition.value if isinstance(condition.value, Path) else None
    return None


def evidence(way: Way) -> PartialMap:
    """`resource` as one way proves it: the filtered fields' values or constraints, everything else unknown."""
    by_field: dict[tuple[str, ...], list[FieldFilter]] = {}
    for condition in way:
        if condition.field != DOCUMENT_NAME:
            by_field.setdefault(condition.field, []).append(condition)
    data = PartialMap({})
    for field in sorted(by_field, key=len):
        _place(data, field, _known(by_field[field]))
    return PartialMap({"data": data})


def _place(data: PartialMap, field: tuple[str, ...], value: Value) -> None:
    target = data
    for name in field[:-1]:
        inner = target.known.setdefault(name, PartialMap({}))
        if not isinstance(inner, PartialMap):
            return  # the map itself is filtered on, which tells more
        target = inner
    target.known.setdefault(field[-1], value)


_BOUNDS = {
    Operator.NOT_EQUAL: Bound.NEQ,
    Operator.LESS_THAN: Bound.LT,
    Operator.LESS_THAN_OR_EQUAL: Bound.LTE,
    Operator.GREATER_THAN: Bound.GT,
    Operator.GREATER_THAN_OR_EQUAL: Bound.GTE,
    Operator.ARRAY_CONTAINS: Bound.LIST_CONTAINS,
}


def _known(conditions: list[FieldFilter]) -> Value:
    """What the filters on one field tell: its value, or its bounds.

    An equal number may be stored as an int or a float, so it is a bound too; a number inside a list or map leaves the
    value unknown, since rules tell [1] from [1.0] and queries do not.
    """
    bounds: list[tuple[Bound, Value]] = [(Bound.NEQ, None)]
    for condition in conditions:
        value = condition.value
        if condition.operator is Operator.EQUAL:
            if _is_exact(value):
                return value
            if not isinstance(value, list | dict):
                bounds.append((Bound.EQ, value))
        elif condition.operator is Operator.NOT_IN and isinstance(value, list):
            bounds += [(Bound.NEQ, item) for item in value]
        elif condition.operator in _BOUNDS and not _holds_number(value, inside=False):
            bounds.append((_BOUNDS[condition.operator], value))
    return Constraint(tuple(bounds))


def _is_exact(value: Value) -> bool:
    return is_nan(value) or not _holds_number(value, inside=True)


def _holds_number(value: Value, inside: bool) -> bool:
    if isinstance(value, list):
        return any(_holds_number(item, inside=True) for item in value)
    if isinstance(value, dict):
        return any(_holds_number(item, inside=True) for item in value.values())
    return inside and isinstance(value, int | float) and not isinstance(value, bool)
