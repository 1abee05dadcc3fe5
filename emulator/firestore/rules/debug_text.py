"""Values as text: the lines `debug()` writes and the JSON of coverage reports, named as the official emulator does."""

import base64
import json
import math

from emulator.firestore.rules.constraints import Constraint
from emulator.firestore.rules.conversions import to_string
from emulator.firestore.rules.type_names import type_name
from emulator.firestore.rules.values import (
    NANOS_PER_SECOND,
    Duration,
    LatLng,
    MapDiff,
    PartialMap,
    Path,
    RulesSet,
    Timestamp,
    Value,
)

_FIELDS = {
    "null": "null_value",
    "bool": "bool_value",
    "int": "int_value",
    "float": "float_value",
    "string": "string_value",
    "bytes": "bytes_value",
    "list": "list_value",
    "map": "map_value",
    "set": "set_value",
    "map_diff": "map_diff_value",
    "path": "path_value",
    "timestamp": "timestamp_value",
    "duration": "duration_value",
    "latlng": "latlng_value",
    "constraint": "constraint_value",
}


def debug_text(value: Value) -> str:
    """`string_value: "alice"`, and for containers one line an element, indented two spaces a level."""
    return "\n".join(_lines(value))


def _lines(value: Value) -> list[str]:
    name = _FIELDS[type_name(value)]
    match value:
        case list() | RulesSet():
            items = value.items() if isinstance(value, RulesSet) else value
            return _block(name, [_block("values", _lines(item)) for item in items])
        case dict() | PartialMap():
            entries = value.known if isinstance(value, PartialMap) else value
            return _block(name, [_block("fields", [f"key: {json.dumps(k)}", *_lines(v)]) for k, v in entries.items()])
        case MapDiff(after=after, before=before):
            return _block(name, [_block("after", _lines(after)), _block("before", _lines(before))])
        case Constraint(bounds=bounds):
            return _block(name, [_block("simple_constraints", [f"comparator: {b}", *_lines(v)]) for b, v in bounds])
        case _:
            return [f"{name}: {_scalar(value)}"]


def _block(name: str, inner: "list[str] | list[list[str]]") -> list[str]:
    lines = [f"{name} {{"]
    for part in inner:
        lines += [f"  {line}" for line in ([part] if isinstance(part, str) else part)]
    return [*lines, "}"]


def _scalar(value: Value) -> str:
    match value:
        case None:
            return "NULL_VALUE"
        case bytes():
            return json.dumps(base64.b64encode(value).decode())
        case Timestamp(nanos=nanos) | Duration(nanos=nanos):
            return f"{nanos // NANOS_PER_SECOND}.{nanos % NANOS_PER_SECOND:09d}"
        case LatLng(latitude=latitude, longitude=longitude):
            return f"{latitude},{longitude}"
        case Path():
            return json.dumps(str(value))
        case _:
            return json.dumps(value)


def value_to_json(kind: str, value: Value) -> dict[str, object]:
    """A value of a coverage report: scalars as they are (64-bit integers and NaN as strings), containers empty."""
    head, *tail = _FIELDS[kind].split("_")
    name = head + "".join(part.title() for part in tail)
    if isinstance(value, int) or (isinstance(value, float) and not math.isfinite(value)):
        return {name: to_string(value)}
    if value is None and kind != "null":
        return {name: {}}
    return {name: value}
