"""The arithmetic of the rules language: 64-bit integers, IEEE 754 floats, timestamps and durations, range-checked."""

import math
from collections.abc import Callable

from emulator.firestore.rules.errors import EvaluationError
from emulator.firestore.rules.type_names import is_number, type_name, unsupported
from emulator.firestore.rules.values import INT_MAX, INT_MIN, Duration, Timestamp, Value

# The last instant a timestamp can be: 9999-12-31T23:59:59.999999999Z, and the first: 0001-01-01T00:00:00Z.
TIMESTAMP_MIN_NANOS, TIMESTAMP_MAX_NANOS = -62_135_596_800_000_000_000, 253_402_300_799_999_999_999
DURATION_MAX_NANOS = 315_576_000_000_999_999_999


def as_int(value: int) -> int:
    """The integer, if 64 bits hold it."""
    if not INT_MIN <= value <= INT_MAX:
        raise EvaluationError("Integer overflow.")
    return value


def as_timestamp(nanos: int) -> Timestamp:
    """The timestamp, if it lies in the years 1 to 9999."""
    if not TIMESTAMP_MIN_NANOS <= nanos <= TIMESTAMP_MAX_NANOS:
        raise EvaluationError("Timestamp out of range.")
    return Timestamp(nanos)


def as_duration(nanos: int) -> Duration:
    """The duration, if it is at most 10,000 years either way."""
    if abs(nanos) > DURATION_MAX_NANOS:
        raise EvaluationError("Duration out of range.")
    return Duration(nanos)


def add(left: Value, right: Value) -> Value:
    """`+`: numbers, strings, durations, a timestamp and a duration."""
    if is_number(left) and is_number(right):
        return _arithmetic(left, right, lambda a, b: a + b)
    if isinstance(left, str) and isinstance(right, str):
        return left + right
    if isinstance(left, Timestamp) and isinstance(right, Duration):
        return as_timestamp(left.nanos + right.nanos)
    if isinstance(left, Duration) and isinstance(right, Timestamp):
        return as_timestamp(left.nanos + right.nanos)
    if isinstance(left, Duration) and isinstance(right, Duration):
        return as_duration(left.nanos + right.nanos)
    raise unsupported("+", left, right)


def subtract(left: Value, right: Value) -> Value:
    """`-`: numbers, durations, a timestamp minus a duration or another timestamp."""
    if is_number(left) and is_number(right):
        return _arithmetic(left, right, lambda a, b: a - b)
    if isinstance(left, Timestamp) and isinstance(right, Duration):
        return as_timestamp(left.nanos - right.nanos)
    if isinstance(left, Timestamp) and isinstance(right, Timestamp):
        return as_duration(left.nanos - right.nanos)
    if isinstance(left, Duration) and isinstance(right, Duration):
        return as_duration(left.nanos - right.nanos)
    raise unsupported("-", left, right)


def multiply(left: Value, right: Value) -> Value:
    """`*` on numbers."""
    if is_number(left) and is_number(right):
        return _arithmetic(left, right, lambda a, b: a * b)
    raise unsupported("*", left, right)


def divide(left: Value, right: Value) -> Value:
    """`/` on numbers: integers divide towards zero and not by zero, floats as IEEE 754 says."""
    if not (is_number(left) and is_number(right)):
        raise unsupported("/", left, right)
    if isinstance(left, int) and isinstance(right, int):
        return as_int(_truncated_quotient(left, right))
    return _float_divide(_float(left), _float(right))


def modulo(left: Value, right: Value) -> Value:
    """`%` on numbers: the remainder has the sign of the dividend."""
    if not (is_number(left) and is_number(right)):
        raise unsupported("%", left, right)
    if isinstance(left, int) and isinstance(right, int):
        return left - right * _truncated_quotient(left, right)
    dividend, divisor = _float(left), _float(right)
    if divisor == 0 or math.isinf(dividend) or math.isnan(dividend) or math.isnan(divisor):
        return math.nan
    return math.fmod(dividend, divisor)


def negate(value: Value) -> Value:
    """Unary `-` on numbers."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise EvaluationError(f"Unsupported operation error. Received: -{type_name(value)}.")
    return as_int(-value) if isinstance(value, int) else -value


def _float(value: Value) -> float:
    assert isinstance(value, int | float), value
    return float(value)


def _arithmetic(left: Value, right: Value, operation: Callable[[float, float], float]) -> Value:
    if isinstance(left, int) and isinstance(right, int):
        return as_int(int(operation(left, right)))
    return operation(_float(left), _float(right))


def _truncated_quotient(dividend: int, divisor: int) -> int:
    if divisor == 0:
        raise EvaluationError("Divide by zero.")
    quotient = abs(dividend) // abs(divisor)
    return quotient if (dividend < 0) == (divisor < 0) else -quotient


def _float_divide(dividend: float, divisor: float) -> float:
    if divisor != 0:
        return dividend / divisor
    if dividend == 0 or math.isnan(dividend):
        return math.nan
    return math.copysign(math.inf, dividend) * math.copysign(1.0, divisor)
