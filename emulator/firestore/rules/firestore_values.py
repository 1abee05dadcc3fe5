"""From Firestore's protobuf messages to rules values: Value, Document and StructuredQuery."""

import re
from collections.abc import Iterable
from typing import Any

from emulator.firestore.rules.evaluation import Document
from emulator.firestore.rules.query import AllOf, AnyOf, FieldFilter, Filter, Operator, Query
from emulator.firestore.rules.values import NANOS_PER_SECOND, LatLng, Path, Timestamp, Value

_PROJECT_PREFIX = re.compile(r"projects/[^/]+/")
_FIELD_NAME = re.compile(r"`((?:[^`\\]|\\.)*)`|([^.`]+)")
_OPERATORS = (
    None,  # OPERATOR_UNSPECIFIED
    Operator.LESS_THAN,
    Operator.LESS_THAN_OR_EQUAL,
    Operator.GREATER_THAN,
    Operator.GREATER_THAN_OR_EQUAL,
    Operator.EQUAL,
    Operator.NOT_EQUAL,
    Operator.ARRAY_CONTAINS,
    Operator.IN,
    Operator.ARRAY_CONTAINS_ANY,
    Operator.NOT_IN,
)
# UnaryFilter.Operator: what the filter says as a comparison.
_UNARY: dict[int, tuple[Operator, Value]] = {
    2: (Operator.EQUAL, float("nan")),
    3: (Operator.EQUAL, None),
    4: (Operator.NOT_EQUAL, float("nan")),
    5: (Operator.NOT_EQUAL, None),
}
_COMPOSITE_OR = 2
_DESCENDING = 2


def relative_path(name: str) -> str:
    """`databases/...` of a resource name `projects/{project}/databases/...`."""
    return _PROJECT_PREFIX.sub("", name, count=1)


def value_of(message: Any) -> Value:
    """The rules value of a google.firestore.v1.Value; references become paths without the project."""
    kind = message.WhichOneof("value_type")
    match kind:
        case "boolean_value" | "integer_value" | "double_value" | "string_value" | "bytes_value":
            value: Value = getattr(message, kind)
            return value
        case "timestamp_value":
            instant = message.timestamp_value
            return Timestamp(instant.seconds * NANOS_PER_SECOND + instant.nanos)
        case "reference_value":
            return Path.parse(relative_path(message.reference_value))
        case "geo_point_value":
            return LatLng(message.geo_point_value.latitude, message.geo_point_value.longitude)
        case "array_value":
            return [value_of(item) for item in message.array_value.values]
        case "map_value":
            return fields_of(message.map_value.fields)
        case _:
            return None


def fields_of(fields: Any) -> dict[str, Value]:
    """The rules map of a message's `fields`."""
    return {name: value_of(value) for name, value in fields.items()}


def document_of(message: Any) -> Document:
    """The rules document of a google.firestore.v1.Document."""
    return Document(relative_path(message.name), fields_of(message.fields))


def query_of(parent: str, message: Any) -> Query:
    """The rules query of a google.firestore.v1.StructuredQuery below `parent` (with or without its project)."""
    # The generated class escapes the field named `from`, a keyword.
    sources = getattr(message, "from_" if hasattr(message, "from_") else "from")
    source = sources[0] if len(sources) else None
    return Query(
        parent=relative_path(parent),
        collection_id=(source.collection_id or None) if source else None,
        all_descendants=source.all_descendants if source else True,
        where=_filter_of(message.where),
        limit=message.limit.value if message.HasField("limit") else None,
        offset=message.offset or None,
        order_by=_order_of(message.order_by),
    )


def _filter_of(message: Any) -> Filter:
    match message.WhichOneof("filter_type"):
        case "composite_filter":
            parts = tuple(_filter_of(part) for part in message.composite_filter.filters)
            return AnyOf(parts) if message.composite_filter.op == _COMPOSITE_OR else AllOf(parts)
        case "field_filter":
            operator = _OPERATORS[message.field_filter.op]
            field = field_names(message.field_filter.field.field_path)
            return FieldFilter(field, operator, value_of(message.field_filter.value)) if operator else AllOf(())
        case "unary_filter" if message.unary_filter.op in _UNARY:
            operator, value = _UNARY[message.unary_filter.op]
            return FieldFilter(field_names(message.unary_filter.field.field_path), operator, value)
        case _:
            return AllOf(())


def field_names(field_path: str) -> tuple[str, ...]:
    """The names of a field path: `a.b` and, quoted, `` `a.b` ``."""
    return tuple(
        re.sub(r"\\(.)", r"\1", quoted) if quoted or not plain else plain
        for quoted, plain in _FIELD_NAME.findall(field_path)
    )


def _order_of(orders: Iterable[Any]) -> str | None:
    parts = [f"{order.field.field_path} {'DESC' if order.direction == _DESCENDING else 'ASC'}" for order in orders]
    return ", ".join(parts) or None
