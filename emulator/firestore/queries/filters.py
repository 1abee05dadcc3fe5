"""Filters of a query: tested on a document, and brought into the form index scans need.

Semantics follow https://firebase.google.com/docs/firestore/query-data/queries: a comparison matches only values of the
operand's own type; a missing field matches nothing; null matches only `== null` (and NaN only `== NaN`), never `in`,
`array-contains`, and never `!=` or `not-in`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from itertools import product
from typing import TypeAlias

from emulator.firestore.errors import invalid_argument
from emulator.firestore.field_paths import NAME, FieldPath, lookup
from emulator.firestore.ordering import ABOVE, NULL, encode, encode_name, is_null_or_nan
from emulator.firestore.wire import Fields

DISJUNCTIONS_MAX = 30
"""Most alternatives a filter may have once written as an OR of ANDs."""


class Operator(Enum):
    """Field operators, by their spelling in clients; unary ones are `==` and `!=` with null or NaN."""

    LESS_THAN = "<"
    LESS_THAN_OR_EQUAL = "<="
    GREATER_THAN = ">"
    GREATER_THAN_OR_EQUAL = ">="
    EQUAL = "=="
    NOT_EQUAL = "!="
    ARRAY_CONTAINS = "array-contains"
    IN = "in"
    ARRAY_CONTAINS_ANY = "array-contains-any"
    NOT_IN = "not-in"

    @property
    def is_inequality(self) -> bool:
        """Whether the field it is applied to becomes part of the sort order."""
        return self in _INEQUALITIES


_INEQUALITIES = frozenset(
    {
        Operator.LESS_THAN,
        Operator.LESS_THAN_OR_EQUAL,
        Operator.GREATER_THAN,
        Operator.GREATER_THAN_OR_EQUAL,
        Operator.NOT_EQUAL,
        Operator.NOT_IN,
    }
)
_RANGES = frozenset(
    {
        Operator.LESS_THAN,
        Operator.LESS_THAN_OR_EQUAL,
        Operator.GREATER_THAN,
        Operator.GREATER_THAN_OR_EQUAL,
        Operator.EQUAL,
    }
)


@dataclass(frozen=True, slots=True)
class FieldFilter:
    """One comparison; `keys` are the encoded operands: one, or a list's elements for in, not-in and contains-any."""

    path: FieldPath
    operator: Operator
    keys: tuple[bytes, ...]

    @property
    def is_range(self) -> bool:
        """Whether what matches is one range of values."""
        return self.operator in _RANGES


@dataclass(frozen=True, slots=True)
class CompositeFilter:
    """All (`AND`) or any (`OR`) of some filters."""

    any_of: bool
    filters: tuple[Filter, ...]


Filter: TypeAlias = FieldFilter | CompositeFilter
Conjunction: TypeAlias = tuple[FieldFilter, ...]
Predicate: TypeAlias = Callable[[Fields, str], bool]
"""Whether a document matches, given its fields and its path."""


def field_filters(root: Filter | None) -> list[FieldFilter]:
    """All comparisons of a filter tree, in the order they were given."""
    if root is None:
        return []
    if isinstance(root, FieldFilter):
        return [root]
    return [leaf for child in root.filters for leaf in field_filters(child)]


def predicate(root: Filter | None) -> Predicate:
    """A function that tests a document against a filter tree."""
    if root is None:
        return lambda fields, path: True
    if isinstance(root, FieldFilter):
        return _leaf_predicate(root)
    tests = [predicate(child) for child in root.filters]
    if root.any_of:
        return lambda fields, path: any(test(fields, path) for test in tests)
    return lambda fields, path: all(test(fields, path) for test in tests)


def disjunctions(root: Filter | None) -> list[Conjunction]:
    """The filter as an OR of ANDs of simple comparisons, `in` and `array-contains-any` taken apart.

    Alternatives that can match nothing, such as `in [null]`, are left out; there may be none.
    Raises INVALID_ARGUMENT above DISJUNCTIONS_MAX alternatives, as production does.
    """
    conjunctions = _expand(root)
    if len(conjunctions) > DISJUNCTIONS_MAX:
        raise invalid_argument(f"Query exceeds the maximum of {DISJUNCTIONS_MAX} disjunctions in normal form.")
    return conjunctions


def _leaf_predicate(leaf: FieldFilter) -> Predicate:
    path = leaf.path
    test = key_test(leaf)
    if path == NAME:
        return lambda fields, document: test(encode_name(document))
    if leaf.operator in (Operator.ARRAY_CONTAINS, Operator.ARRAY_CONTAINS_ANY):
        wanted = _comparable(leaf.keys)

        def contains(fields: Fields, document: str) -> bool:
            value = lookup(fields, path)
            if value is None or not value.HasField("array_value"):
                return False
            return any(encode(item) in wanted for item in value.array_value.values)

        return contains

    def compare(fields: Fields, document: str) -> bool:
        value = lookup(fields, path)
        return value is not None and test(encode(value))

    return compare


def key_test(leaf: FieldFilter) -> Callable[[bytes], bool]:
    """The comparison itself, on the encoded value of an existing field."""
    operand = leaf.keys[0]
    match leaf.operator:
        case Operator.EQUAL:
            return lambda key: key == operand
        case Operator.NOT_EQUAL:
            return lambda key: key != operand and key[0] != NULL
        case Operator.LESS_THAN | Operator.LESS_THAN_OR_EQUAL | Operator.GREATER_THAN | Operator.GREATER_THAN_OR_EQUAL:
            low, high = key_range(leaf)
            return lambda key: low <= key < high
        case Operator.IN:
            wanted = _comparable(leaf.keys)
            return lambda key: key in wanted
        case Operator.NOT_IN:
            if bytes([NULL]) in leaf.keys:
                return lambda key: False
            unwanted = frozenset(leaf.keys)
            return lambda key: key[0] != NULL and key not in unwanted
        case Operator.ARRAY_CONTAINS | Operator.ARRAY_CONTAINS_ANY:
            return lambda key: False


def key_range(leaf: FieldFilter) -> tuple[bytes, bytes]:
    """The range low <= key < high that a comparison allows; of names, or of values of the operand's own type."""
    operand = leaf.keys[0]
    low, high = (b"", ABOVE) if leaf.path == NAME else (operand[:1], bytes([operand[0] + 1]))
    match leaf.operator:
        case Operator.EQUAL:
            return operand, operand + ABOVE
        case Operator.LESS_THAN:
            return low, operand
        case Operator.LESS_THAN_OR_EQUAL:
            return low, operand + ABOVE
        case Operator.GREATER_THAN:
            return operand + ABOVE, high
        case Operator.GREATER_THAN_OR_EQUAL:
            return operand, high
        case _:
            return b"", ABOVE


def _comparable(keys: tuple[bytes, ...]) -> frozenset[bytes]:
    return frozenset(key for key in keys if not is_null_or_nan(key))


def _expand(root: Filter | None) -> list[Conjunction]:
    if root is None:
        return [()]
    if isinstance(root, FieldFilter):
        single = {Operator.IN: Operator.EQUAL, Operator.ARRAY_CONTAINS_ANY: Operator.ARRAY_CONTAINS}.get(root.operator)
        if root.operator is Operator.ARRAY_CONTAINS and is_null_or_nan(root.keys[0]):
            return []
        if single is None:
            return [(root,)]
        return [
            (FieldFilter(root.path, single, (key,)),) for key in dict.fromkeys(root.keys) if not is_null_or_nan(key)
        ]
    expanded = [_expand(child) for child in root.filters]
    if root.any_of:
        return [conjunction for alternatives in expanded for conjunction in alternatives]
    count = 1
    for alternatives in expanded:
        count *= len(alternatives)
    if count > DISJUNCTIONS_MAX:
        raise invalid_argument(f"Query exceeds the maximum of {DISJUNCTIONS_MAX} disjunctions in normal form.")
    return [sum(combination, ()) for combination in product(*expanded)]
