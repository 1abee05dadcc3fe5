"""Filters of a query: parsed, tested on a document, and brought into the form index scans need.

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
from emulator.firestore.field_paths import NAME, FieldPath, lookup, parse_field_path
from emulator.firestore.names import DatabaseId, parse_document
from emulator.firestore.ordering import ABOVE, NAN, NULL, encode, encode_name, is_null_or_nan
from emulator.firestore.wire import Fields, StructuredQuery, Value

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
_LISTS_MAX = {Operator.IN: 30, Operator.ARRAY_CONTAINS_ANY: 30, Operator.NOT_IN: 10}


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


def parse_filter(message: StructuredQuery, database: DatabaseId) -> Filter:
    """A StructuredQuery.Filter as a tree of comparisons; raises INVALID_ARGUMENT when it is malformed."""
    kind = message.WhichOneof("filter_type")
    if kind == "composite_filter":
        return _parse_composite(message.composite_filter, database)
    if kind == "field_filter":
        return _parse_field(message.field_filter, database)
    if kind == "unary_filter":
        return _parse_unary(message.unary_filter)
    raise invalid_argument("A filter must be set.")


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


def name_key(value: Value, database: DatabaseId) -> bytes:
    """The key of a document that a query names by reference, as clients always do."""
    kind = value.WhichOneof("value_type")
    if kind != "reference_value":
        raise invalid_argument("__key__ filter value must be a Key")
    owner, path = parse_document(value.reference_value)
    if owner != database:
        raise invalid_argument(f"The query names {value.reference_value!r}, which is not in {database.name!r}.")
    return encode_name(path)


def _parse_composite(message: StructuredQuery, database: DatabaseId) -> Filter:
    if not message.filters:
        raise invalid_argument("A composite filter must have at least one filter.")
    names = {1: False, 2: True}
    if message.op not in names:
        raise invalid_argument("A composite filter must have an operator.")
    children = tuple(parse_filter(child, database) for child in message.filters)
    return children[0] if len(children) == 1 else CompositeFilter(names[message.op], children)


_FIELD_OPERATORS = {
    1: Operator.LESS_THAN,
    2: Operator.LESS_THAN_OR_EQUAL,
    3: Operator.GREATER_THAN,
    4: Operator.GREATER_THAN_OR_EQUAL,
    5: Operator.EQUAL,
    6: Operator.NOT_EQUAL,
    7: Operator.ARRAY_CONTAINS,
    8: Operator.IN,
    9: Operator.ARRAY_CONTAINS_ANY,
    10: Operator.NOT_IN,
}
_UNARY_OPERATORS = {
    2: (Operator.EQUAL, bytes([NAN])),
    3: (Operator.EQUAL, bytes([NULL])),
    4: (Operator.NOT_EQUAL, bytes([NAN])),
    5: (Operator.NOT_EQUAL, bytes([NULL])),
}


def _parse_field(message: StructuredQuery, database: DatabaseId) -> FieldFilter:
    operator = _FIELD_OPERATORS.get(message.op)
    if operator is None:
        raise invalid_argument("A field filter must have an operator.")
    path = parse_field_path(message.field.field_path)
    if operator in _LISTS_MAX:
        if not message.value.HasField("array_value"):
            raise invalid_argument(f"'{operator.name}' requires an ArrayValue.")
        operands = list(message.value.array_value.values)
        if not operands:
            raise invalid_argument(f"'{operator.name}' requires an non-empty ArrayValue.")
        if len(operands) > _LISTS_MAX[operator]:
            raise invalid_argument(f"'{operator.name}' supports up to {_LISTS_MAX[operator]} comparison values.")
    else:
        operands = [message.value]
    if path == NAME:
        return FieldFilter(path, operator, tuple(name_key(operand, database) for operand in operands))
    return FieldFilter(path, operator, tuple(encode(operand) for operand in operands))


def _parse_unary(message: StructuredQuery) -> FieldFilter:
    if message.op not in _UNARY_OPERATORS:
        raise invalid_argument("A unary filter must have an operator.")
    operator, key = _UNARY_OPERATORS[message.op]
    return FieldFilter(parse_field_path(message.field.field_path), operator, (key,))


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
