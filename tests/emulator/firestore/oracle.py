"""An independent reading of Firestore's query rules, in the plainest Python, that the server is held against.

Values are what the Python client stores: None, bool, int, float, str, bytes, datetime, list, dict.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cmp_to_key
from typing import Any

_MISSING = object()
_RANKS: list[tuple[type | tuple[type, ...], int]] = [
    (bool, 1),
    ((int, float), 3),
    (datetime.datetime, 4),
    (str, 5),
    (bytes, 6),
    (list, 9),
    (dict, 11),
]


@dataclass(frozen=True)
class Where:
    """A comparison, or with `field` "and"/"or" a combination of the filters in `value`."""

    field: str
    operator: str
    value: Any


def rank(value: Any) -> int:
    """The place of a value's type in the order of types."""
    if value is None:
        return 0
    if isinstance(value, float) and math.isnan(value):
        return 2
    return next(number for kinds, number in _RANKS if isinstance(value, kinds))


def compare(left: Any, right: Any) -> int:
    """Negative, zero or positive as `left` comes before, with or after `right`."""
    if rank(left) != rank(right):
        return rank(left) - rank(right)
    if isinstance(left, list):
        return _compare_sequences(left, right)
    if isinstance(left, dict):
        return _compare_sequences(_flat(left), _flat(right))
    if left is None or rank(left) == 2:
        return 0
    return int(left > right) - int(left < right)


def matches(document: dict[str, Any], where: Where | None) -> bool:
    if where is None:
        return True
    if where.field in ("and", "or"):
        return (all if where.field == "and" else any)(matches(document, part) for part in where.value)
    stored = get(document, where.field)
    return stored is not _MISSING and _holds(stored, where.operator, where.value)


def is_refused(where: Where | None) -> bool:
    """Whether these comparisons may not be made in one query."""
    operators = [leaf.operator for leaf in _leaves(where)]
    negations = operators.count("!=") + operators.count("not-in")
    not_in_and_or = "not-in" in operators and (_has_or(where) or "in" in operators or "array_contains_any" in operators)
    return negations > 1 or not_in_and_or or _arrays_at_once(where) > 1


def query(
    documents: dict[str, dict[str, Any]], where: Where | None, orders: list[tuple[str, int]], limit: int | None
) -> list[str]:
    """Ids of the documents in order; `orders` are (field, 1 or -1), to which the implied ones are added."""
    last = orders[-1][1] if orders else 1
    unequal = {leaf.field for leaf in _leaves(where) if leaf.operator in ("<", "<=", ">", ">=", "!=", "not-in")}
    complete = orders + [(field, last) for field in sorted(unequal - {field for field, _ in orders})]

    def compare_documents(left: tuple[str, dict[str, Any]], right: tuple[str, dict[str, Any]]) -> int:
        for field, sign in complete:
            outcome = compare(get(left[1], field), get(right[1], field)) * sign
            if outcome:
                return outcome
        return compare(left[0], right[0]) * last

    found = [
        (document_id, document)
        for document_id, document in documents.items()
        if matches(document, where) and all(get(document, field) is not _MISSING for field, _ in complete)
    ]
    return [document_id for document_id, _ in sorted(found, key=cmp_to_key(compare_documents))][:limit]


def get(document: dict[str, Any], field: str) -> Any:
    """The value at a dotted path, or a value of its own that means there is none."""
    value: Any = document
    for segment in field.split("."):
        if not isinstance(value, dict) or segment not in value:
            return _MISSING
        value = value[segment]
    return value


def _holds(stored: Any, operator: str, operand: Any) -> bool:
    same_type = rank(stored) == rank(operand)
    simple: dict[str, Callable[[], bool]] = {
        "==": lambda: compare(stored, operand) == 0,
        "<": lambda: same_type and compare(stored, operand) < 0,
        "<=": lambda: same_type and compare(stored, operand) <= 0,
        ">": lambda: same_type and compare(stored, operand) > 0,
        ">=": lambda: same_type and compare(stored, operand) >= 0,
        "!=": lambda: stored is not None and compare(stored, operand) != 0,
        "in": lambda: _among(stored, operand),
        "not-in": lambda: stored is not None and None not in operand and not _contains(operand, stored),
        "array_contains": lambda: isinstance(stored, list) and any(_among(item, [operand]) for item in stored),
        "array_contains_any": lambda: isinstance(stored, list) and any(_among(item, operand) for item in stored),
    }
    return simple[operator]()


def _among(value: Any, candidates: Iterable[Any]) -> bool:
    return rank(value) not in (0, 2) and _contains(candidates, value)


def _contains(candidates: Iterable[Any], value: Any) -> bool:
    return any(compare(value, candidate) == 0 for candidate in candidates)


def _compare_sequences(left: list[Any], right: list[Any]) -> int:
    for one, other in zip(left, right, strict=False):
        outcome = compare(one, other)
        if outcome:
            return outcome
    return len(left) - len(right)


def _flat(value: dict[str, Any]) -> list[Any]:
    return [part for key in sorted(value) for part in (key, value[key])]


def _leaves(where: Where | None) -> list[Where]:
    if where is None:
        return []
    return [leaf for part in where.value for leaf in _leaves(part)] if where.field in ("and", "or") else [where]


def _has_or(where: Where | None) -> bool:
    if where is None or where.field not in ("and", "or"):
        return False
    # An "or" of one filter is that filter.
    return (where.field == "or" and len(where.value) > 1) or any(_has_or(part) for part in where.value)


def _arrays_at_once(where: Where | None) -> int:
    if where is None:
        return 0
    if where.field == "and":
        return sum(_arrays_at_once(part) for part in where.value)
    if where.field == "or":
        return max(_arrays_at_once(part) for part in where.value)
    return int(where.operator.startswith("array"))
