"""Field transforms: what the server computes from a field's present value when it applies a write.

Rules of https://cloud.google.com/firestore/docs/reference/rpc/google.firestore.v1#fieldtransform.
"""

from __future__ import annotations

import math

from emulator.firestore.errors import invalid_argument
from emulator.firestore.field_paths import assign, lookup, parse_field_path
from emulator.firestore.ordering import encode
from emulator.firestore.wire import ArrayValue, Fields, FieldTransform, Timestamp, Value

_INT64_MIN, _INT64_MAX = -(2**63), 2**63 - 1
_REQUEST_TIME = 1


def apply_transform(fields: Fields, transform: FieldTransform, request_time: Timestamp) -> Value:
    """Change the field in place and return what the client is told: the new value, or null for the array transforms."""
    path = parse_field_path(transform.field_path)
    current = lookup(fields, path)
    kind = transform.WhichOneof("transform_type")
    if kind == "set_to_server_value":
        if transform.set_to_server_value != _REQUEST_TIME:
            raise invalid_argument("The server value to set must be REQUEST_TIME.")
        result = _server_timestamp(request_time)
    elif kind == "increment":
        result = _increment(current, _numeric(transform.increment))
    elif kind in ("maximum", "minimum"):
        result = _extreme(current, _numeric(getattr(transform, kind)), largest=kind == "maximum")
    elif kind == "append_missing_elements":
        assign(fields, path, _union(current, transform.append_missing_elements))
        return Value(null_value=0)
    elif kind == "remove_all_from_array":
        assign(fields, path, _difference(current, transform.remove_all_from_array))
        return Value(null_value=0)
    else:
        raise invalid_argument("A field transform must have a type.")
    assign(fields, path, result)
    return result


def _server_timestamp(request_time: Timestamp) -> Value:
    # The server value has millisecond precision, unlike commit times.
    value = Value()
    value.timestamp_value.seconds = request_time.seconds
    value.timestamp_value.nanos = request_time.nanos // 1_000_000 * 1_000_000
    return value


def _numeric(operand: Value) -> Value:
    if operand.WhichOneof("value_type") not in ("integer_value", "double_value"):
        raise invalid_argument("The operand of a numeric transform must be an integer or a double.")
    return operand


def _number(value: Value | None) -> int | float | None:
    if value is None:
        return None
    kind = value.WhichOneof("value_type")
    if kind == "integer_value":
        return int(value.integer_value)
    return float(value.double_value) if kind == "double_value" else None


def _increment(current: Value | None, operand: Value) -> Value:
    base, step = _number(current), _number(operand)
    if base is None or step is None:
        return operand
    if isinstance(base, int) and isinstance(step, int):
        return Value(integer_value=max(_INT64_MIN, min(_INT64_MAX, base + step)))
    return Value(double_value=float(base) + float(step))


def _extreme(current: Value | None, operand: Value, *, largest: bool) -> Value:
    base, bound = _number(current), _number(operand)
    if current is None or base is None or bound is None:
        return operand
    if math.isnan(base) or math.isnan(bound):
        return Value(double_value=math.nan)
    # Of equal numbers the stored one stays, with its type.
    replaces = bound > base if largest else bound < base
    return operand if replaces else Value.FromString(current.SerializeToString())


def _elements(current: Value | None) -> list[Value]:
    if current is None or not current.HasField("array_value"):
        return []
    return list(current.array_value.values)


def _union(current: Value | None, operand: ArrayValue) -> Value:
    elements = _elements(current)
    present = {encode(element) for element in elements}
    for element in operand.values:
        key = encode(element)
        if key not in present:
            present.add(key)
            elements.append(element)
    return Value(array_value=ArrayValue(values=elements))


def _difference(current: Value | None, operand: ArrayValue) -> Value:
    unwanted = {encode(element) for element in operand.values}
    return Value(array_value=ArrayValue(values=[item for item in _elements(current) if encode(item) not in unwanted]))
