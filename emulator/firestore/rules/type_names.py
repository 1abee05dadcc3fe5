"""The names of the rules language's types, `is`, and the error of an operator on types it does not take."""

from emulator.firestore.rules.constraints import Constraint, undecided
from emulator.firestore.rules.errors import EvaluationError
from emulator.firestore.rules.values import Duration, LatLng, MapDiff, PartialMap, Path, RulesSet, Timestamp, Value

_TYPE_NAMES: dict[type, str] = {
    type(None): "null",
    bool: "bool",
    int: "int",
    float: "float",
    str: "string",
    bytes: "bytes",
    list: "list",
    dict: "map",
    PartialMap: "map",
    RulesSet: "set",
    MapDiff: "map_diff",
    Path: "path",
    Timestamp: "timestamp",
    Duration: "duration",
    LatLng: "latlng",
    Constraint: "constraint",
}
TYPE_TESTS = frozenset(_TYPE_NAMES.values()) - {"null"} | {"number"}


def type_name(value: Value) -> str:
    """The name that `is` and error messages use for the value's type."""
    return _TYPE_NAMES[type(value)]


def is_type(value: Value, name: str) -> bool:
    """`value is name`; a field known only by its constraints answers to `constraint` alone."""
    actual = type_name(value)
    if actual == "constraint" and name != "constraint":
        raise undecided()
    return actual in ("int", "float") if name == "number" else actual == name


def unsupported(operator: str, left: Value, right: Value) -> EvaluationError:
    """The error of an operator on types it does not take."""
    received = f"{type_name(left)} {operator} {type_name(right)}"
    return EvaluationError(f"Unsupported operation error. Received: {received}.")


def is_number(value: Value) -> bool:
    """Whether the value is an int or a float."""
    return isinstance(value, int | float) and not isinstance(value, bool)
