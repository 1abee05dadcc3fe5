"""What a query's filters tell of one field when they do not give its value, and which comparisons that decides.

A comparison with a constraint is true when one of its bounds alone implies it; otherwise it is an error, never false,
because a document the query may return could make it either. The official emulator reasons the same way; where it would
guess (a number's type, whether a list holds nothing else) this module stays silent, so that no list is let through
whose documents a get would refuse.
"""

from dataclasses import dataclass
from enum import StrEnum

from emulator.firestore.rules.errors import EvaluationError
from emulator.firestore.rules.values import Duration, RulesSet, Timestamp, Value, equal, is_nan


class Bound(StrEnum):
    """How a filter bounds a field's value."""

    EQ = "EQ"
    NEQ = "NEQ"
    LT = "LT"
    LTE = "LTE"
    GT = "GT"
    GTE = "GTE"
    LIST_CONTAINS = "LIST_CONTAINS"


@dataclass(frozen=True, slots=True, eq=False)
class Constraint:
    """Bounds that every document of the query meets. EQ is kept for numbers only: 1 and 1.0 meet the same filter."""

    bounds: tuple[tuple[Bound, Value], ...]

    def implies(self, operator: str, value: Value) -> bool:
        """Whether some bound alone makes `field <operator> value` true; operator is one of == != < <= > >=."""
        return any(_implies(bound, limit, operator, value) for bound, limit in self.bounds)

    def is_one_of(self, container: Value) -> bool:
        """Whether the field certainly equals an element of this list or set."""
        return any(self.implies("==", value) for value in _elements(container))

    def contains(self, value: Value) -> bool:
        """Whether the field is certainly a list with this element."""
        return any(bound is Bound.LIST_CONTAINS and equal(item, value) for bound, item in self.bounds)

    def contains_any(self, items: Value) -> bool:
        """Whether the field is certainly a list with one of these elements."""
        return any(self.contains(value) for value in _elements(items))


def undecided() -> EvaluationError:
    """The error of a question that the query's constraints leave open."""
    return EvaluationError("The query's constraints do not decide this expression.")


def _elements(container: Value) -> list[Value]:
    if isinstance(container, RulesSet):
        return container.items()
    return container if isinstance(container, list) else []


def _implies(bound: Bound, limit: Value, operator: str, value: Value) -> bool:
    if operator == "!=" and value is None:
        return True  # a field that meets any bound exists and is not null
    if bound is Bound.LIST_CONTAINS:
        return False
    if bound is Bound.NEQ:
        return operator == "!=" and equal(limit, value)
    if not comparable(limit, value) or is_nan(limit) or is_nan(value):
        return operator == "!=" and _of_other_type(limit, value)  # a bound holds values of its own type only
    return _range_implies(bound, compare(limit, value), operator)


_IMPLIED_BY: dict[Bound, dict[str, tuple[int, ...]]] = {
    # bound -> operator -> the results of compare(limit, value) for which the bound implies the operator
    Bound.EQ: {"==": (0,), "!=": (-1, 1), "<": (-1,), "<=": (-1, 0), ">": (1,), ">=": (0, 1)},
    Bound.LT: {"<": (-1, 0), "<=": (-1, 0), "!=": (-1, 0)},
    Bound.LTE: {"<": (-1,), "<=": (-1, 0), "!=": (-1,)},
    Bound.GT: {">": (0, 1), ">=": (0, 1), "!=": (0, 1)},
    Bound.GTE: {">": (1,), ">=": (0, 1), "!=": (1,)},
}


def _of_other_type(limit: Value, value: Value) -> bool:
    numbers = (int, float)
    return type(limit) is not type(value) and not (type(limit) in numbers and type(value) in numbers)


def _range_implies(bound: Bound, order: int, operator: str) -> bool:
    return order in _IMPLIED_BY[bound].get(operator, ())


def comparable(left: Value, right: Value) -> bool:
    """Whether `<` is defined between the two: numbers, or two strings, timestamps or durations."""
    if isinstance(left, bool) or isinstance(right, bool):
        return False
    if isinstance(left, int | float):
        return isinstance(right, int | float)
    return isinstance(left, str | Timestamp | Duration) and type(left) is type(right)


def compare(left: Value, right: Value) -> int:
    """-1, 0 or 1 for comparable values; strings by code point, which is Firestore's own order of UTF-8 bytes."""
    if isinstance(left, int | float) and isinstance(right, int | float):
        return (left > right) - (left < right)
    if isinstance(left, str) and isinstance(right, str):
        return (left > right) - (left < right)
    if isinstance(left, Timestamp) and isinstance(right, Timestamp):
        return (left > right) - (left < right)
    assert isinstance(left, Duration), left
    assert isinstance(right, Duration), right
    return (left > right) - (left < right)
