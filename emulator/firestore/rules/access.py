"""Reading inside a value: properties, indexes and ranges."""

from emulator.firestore.rules.errors import EvaluationError
from emulator.firestore.rules.text import code_unit_slice
from emulator.firestore.rules.type_names import type_name
from emulator.firestore.rules.values import PartialMap, Path, Placeholder, Value


def member(target: Value, name: str) -> Value:
    """`target.name` and `target['name']`: a map's value or a path's binding."""
    if isinstance(target, dict):
        found: dict[str, Value] = target
    elif isinstance(target, PartialMap):
        found = target.known
    elif isinstance(target, Path):
        found = dict(target.bindings)
    elif target is None:
        raise EvaluationError("Null value error.")
    else:
        raise EvaluationError(f"Property {name} is undefined on object.")
    if name not in found:
        raise EvaluationError(f"Property {name} is undefined on object.")
    return found[name]


def index(target: Value, key: Value) -> Value:
    """`target[key]`: by position in a list, string or path, by name in a map or a path's bindings."""
    if isinstance(key, str):
        return member(target, key)
    if isinstance(key, bool) or not isinstance(key, int):
        raise EvaluationError(f"Unsupported operation error. Received: {type_name(target)}[{type_name(key)}].")
    if isinstance(target, list):
        _check_range(key, key + 1, len(target))
        return target[key]
    if isinstance(target, str):
        return code_unit_slice(target, key, key + 1)
    if isinstance(target, Path):
        _check_range(key, key + 1, len(target.segments))
        segment = target.segments[key]
        if isinstance(segment, Placeholder):
            raise EvaluationError(f"Path segment {segment.name} is not bound.")
        return segment
    raise EvaluationError(f"Unsupported operation error. Received: {type_name(target)}[int].")


def slice_of(target: Value, lower: Value, upper: Value) -> Value:
    """`target[lower:upper]` of a list or a string; the upper bound is exclusive, both must lie within."""
    for bound in (lower, upper):
        if isinstance(bound, bool) or not isinstance(bound, int):
            raise EvaluationError(f"Unsupported operation error. Received: range bound {type_name(bound)}.")
    assert isinstance(lower, int)
    assert isinstance(upper, int)
    if isinstance(target, list):
        _check_range(lower, upper, len(target))
        return target[lower:upper]
    if isinstance(target, str):
        return code_unit_slice(target, lower, upper)
    raise EvaluationError(f"Unsupported operation error. Received: {type_name(target)}[int:int].")


def _check_range(lower: int, upper: int, size: int) -> None:
    if not 0 <= lower <= upper <= size:
        raise EvaluationError("Index out of bounds.")
