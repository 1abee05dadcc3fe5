"""The methods of every type of the rules language, found by the receiver's type and the method's name."""

import base64
import math
from collections.abc import Sequence

from emulator.firestore.rules import text
from emulator.firestore.rules.builtin import Builtin, builtin, check_arguments, function_not_found
from emulator.firestore.rules.collection_methods import LIST_METHODS, MAP_DIFF_METHODS, MAP_METHODS, SET_METHODS
from emulator.firestore.rules.constraints import Constraint, undecided
from emulator.firestore.rules.errors import EvaluationError
from emulator.firestore.rules.time_methods import DURATION_METHODS, TIMESTAMP_METHODS
from emulator.firestore.rules.values import (
    Duration,
    LatLng,
    MapDiff,
    PartialMap,
    Path,
    Placeholder,
    RulesSet,
    Timestamp,
    Value,
)

EARTH_RADIUS_METERS = 6_371_010.0

STRING_METHODS = {
    "lower": builtin(text.lower),
    "matches": builtin(text.matches, str),
    "replace": builtin(text.replace, str, str),
    "size": builtin(text.code_unit_count),
    "split": builtin(text.split, str),
    "toUtf8": builtin(text.utf8),
    "trim": builtin(text.trim),
    "upper": builtin(text.upper),
}

BYTES_METHODS = {
    "size": builtin(len),
    "toBase64": builtin(lambda data: base64.urlsafe_b64encode(data).decode()),
    "toHexString": builtin(lambda data: data.hex().upper()),
}


def _distance(one: LatLng, other: LatLng) -> float:
    """Great-circle distance in meters on a sphere (haversine)."""
    latitudes = math.radians(one.latitude), math.radians(other.latitude)
    half_height = math.sin((latitudes[1] - latitudes[0]) / 2)
    half_width = math.sin(math.radians(other.longitude - one.longitude) / 2)
    chord = half_height**2 + math.cos(latitudes[0]) * math.cos(latitudes[1]) * half_width**2
    return 2 * EARTH_RADIUS_METERS * math.asin(min(1.0, math.sqrt(chord)))


LATLNG_METHODS = {
    "distance": builtin(_distance, LatLng),
    "latitude": builtin(lambda point: point.latitude),
    "longitude": builtin(lambda point: point.longitude),
}


def _bind(path: Path, values: dict[str, Value]) -> Path:
    bindings = dict(path.bindings)
    segments: list[str | Placeholder] = []
    for segment in path.segments:
        if isinstance(segment, Placeholder) and segment.name in values:
            value = values[segment.name]
            if not isinstance(value, str):
                raise EvaluationError(f"Path segment {segment.name} must be a string.")
            bindings[segment.name] = value
            segments.append(value)
        else:
            segments.append(segment)
    return Path(tuple(segments), bindings)


def _known_or_error(partial: PartialMap, key: Value, _default: Value) -> Value:
    """`get` on a map of which only some keys are known: the default is no answer, the document may have the key."""
    value: Value = partial
    for name in key if isinstance(key, list) else [key]:
        if isinstance(value, PartialMap):
            value = value.known
        if not isinstance(value, dict) or name not in value:
            raise undecided()
        value = value[name]
    return value


def _constraint_has_any(constraint: Constraint, items: Value) -> bool:
    if not constraint.contains_any(items):
        raise undecided()
    return True


METHODS: dict[type, dict[str, Builtin]] = {
    str: STRING_METHODS,
    bytes: BYTES_METHODS,
    list: LIST_METHODS,
    dict: MAP_METHODS,
    RulesSet: SET_METHODS,
    MapDiff: MAP_DIFF_METHODS,
    Timestamp: TIMESTAMP_METHODS,
    Duration: DURATION_METHODS,
    LatLng: LATLNG_METHODS,
    Path: {"bind": builtin(_bind, dict)},
    PartialMap: {"get": builtin(_known_or_error, (str, list), ())},
    Constraint: {"hasAny": builtin(_constraint_has_any, (list, RulesSet))},
}
METHOD_NAMES = frozenset(name for methods in METHODS.values() for name in methods)


def call_method(target: Value, name: str, arguments: Sequence[Value]) -> Value:
    """`target.name(arguments)`; raises EvaluationError when the type has no such method or the arguments do not fit."""
    if target is None:
        raise EvaluationError("Null value error.")
    method = METHODS.get(type(target), {}).get(name)
    if method is None:
        raise function_not_found(name)
    check_arguments(name, method, arguments)
    return method.call(target, *arguments)
