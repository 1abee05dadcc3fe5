"""The conversions between types that rules call as functions: bool(), int(), float(), string(), path()."""

import math
import re

from emulator.firestore.rules.arithmetic import as_int
from emulator.firestore.rules.errors import EvaluationError
from emulator.firestore.rules.type_names import type_name
from emulator.firestore.rules.values import Path, Value

_INTEGER = re.compile(r"[+-]?[0-9]{1,40}", re.ASCII)
_DECIMAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)


def _cannot(value: Value, target: str) -> EvaluationError:
    return EvaluationError(f"Cannot convert {type_name(value)} to {target}.")


def to_bool(value: Value) -> bool:
    """A bool as it is, the strings `true` and `false`."""
    if isinstance(value, bool):
        return value
    if value in ("true", "false"):
        return value == "true"
    raise _cannot(value, "bool")


def to_int(value: Value) -> int:
    """An int as it is, a finite float truncated towards zero, a string of decimal digits."""
    if isinstance(value, float) and math.isfinite(value):
        return as_int(int(value))
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        return as_int(int(value))
    raise _cannot(value, "int")


def to_float(value: Value) -> float:
    """A number as a float, a string in decimal notation."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        return float(value)
    raise _cannot(value, "float")


def to_string(value: Value) -> str:
    """null, bool and numbers as they are written in rules; a string as it is."""
    if isinstance(value, str):
        return value
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, int | float):
        return repr(value)
    raise _cannot(value, "string")


def to_path(value: Value) -> Path:
    """A path as it is, a string split at its slashes."""
    if isinstance(value, Path):
        return value
    if isinstance(value, str):
        return Path.parse(value)
    raise _cannot(value, "path")
