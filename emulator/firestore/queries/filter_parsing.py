"""Filters as the wire has them, checked and turned into the engine's own."""

from __future__ import annotations

from emulator.firestore.errors import FirestoreError, invalid_argument
from emulator.firestore.field_paths import NAME, parse_field_path
from emulator.firestore.names import DatabaseId, parse_document
from emulator.firestore.ordering import NAN, NULL, encode, encode_name
from emulator.firestore.queries.filters import CompositeFilter, FieldFilter, Filter, Operator
from emulator.firestore.wire import StructuredQuery, Value

_LISTS_MAX = {Operator.IN: 30, Operator.ARRAY_CONTAINS_ANY: 30, Operator.NOT_IN: 10}
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


def name_key(value: Value, database: DatabaseId) -> bytes:
    """The key of a document that a query names by reference, as clients always do."""
    kind = value.WhichOneof("value_type")
    if kind != "reference_value":
        raise _not_a_key()
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
    path = parse_field_path(message.field.field_path)
    if path == NAME:
        raise _not_a_key()
    return FieldFilter(path, operator, (key,))


def _not_a_key() -> FirestoreError:
    return invalid_argument("__key__ filter value must be a Key")
