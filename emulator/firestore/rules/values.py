"""The values of the rules language and what it means for two of them to be equal.

null, bool, int, float, string, bytes, list and map are Python's None, bool, int, float, str, bytes, list and dict; the
types Python lacks are here. A value is never changed after it was made.
"""

import math
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

Value: TypeAlias = object

NANOS_PER_SECOND = 1_000_000_000
INT_MIN, INT_MAX = -(2**63), 2**63 - 1


@dataclass(frozen=True, slots=True, order=True)
class Timestamp:
    """An instant in UTC as nanoseconds since 1970."""

    nanos: int


@dataclass(frozen=True, slots=True, order=True)
class Duration:
    """A signed span of time in nanoseconds."""

    nanos: int


@dataclass(frozen=True, slots=True)
class LatLng:
    """A point on Earth in degrees."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A segment of a path that `bind` has yet to fill."""

    name: str


@dataclass(frozen=True, slots=True)
class Path:
    """A resource's location: segments without slashes, and the values bound by name (they do not count in equality)."""

    segments: tuple[str | Placeholder, ...]
    bindings: dict[str, str] = field(default_factory=dict, compare=False)

    @staticmethod
    def parse(text: str) -> "Path":
        """`a/b` or `/a/b`; empty segments are dropped."""
        return Path(tuple(segment for segment in text.split("/") if segment))

    def text(self) -> str | None:
        """`a/b` without a leading slash, or None while a placeholder is open."""
        if any(isinstance(segment, Placeholder) for segment in self.segments):
            return None
        return "/".join(str(segment) for segment in self.segments)

    def __str__(self) -> str:
        return "".join(f"/$({s.name})" if isinstance(s, Placeholder) else f"/{s}" for s in self.segments)


class RulesSet:
    """A set of values of any type; equal numbers are one element whatever their type."""

    __slots__ = ("_elements",)

    def __init__(self, items: Iterable[Value]) -> None:
        elements: dict[Hashable, Value] = {}
        for item in items:
            elements.setdefault(canonical(item), item)
        self._elements = elements

    def __contains__(self, item: Value) -> bool:
        return canonical(item) in self._elements

    def __len__(self) -> int:
        return len(self._elements)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RulesSet) and self._elements.keys() == other._elements.keys()

    def items(self) -> list[Value]:
        """The elements in the order they were first seen."""
        return list(self._elements.values())

    def keys(self) -> frozenset[Hashable]:
        """The elements in the form in which sets compare them."""
        return frozenset(self._elements)


@dataclass(frozen=True, slots=True, eq=False)
class MapDiff:
    """The comparison of the map `after` (on which diff was called) with the map `before` (its argument)."""

    after: dict[str, Value]
    before: dict[str, Value]


@dataclass(frozen=True, slots=True, eq=False)
class PartialMap:
    """A map of which only some keys are known: what a query's constraints tell of any document it may return.

    A key that is not in `known` may or may not exist, so every question about it is an error, never an answer.
    """

    known: dict[str, Value]


class UnknownType:
    """The type of UNKNOWN: a wildcard of a query that no constraint pins to one value."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = UnknownType()


def canonical(value: Value) -> Hashable:
    """A hashable stand-in that is equal for values sets and map diffs treat as equal (numbers by value, any depth)."""
    if isinstance(value, bool):
        return ("bool", value)
    if isinstance(value, int | float):
        return ("number", value)
    if isinstance(value, list):
        return ("list", tuple(canonical(item) for item in value))
    if isinstance(value, dict):
        return ("map", frozenset((key, canonical(item)) for key, item in value.items()))
    if isinstance(value, RulesSet):
        return ("set", value.keys())
    return value if isinstance(value, Hashable) else ("identity", id(value))


def equal(left: Value, right: Value) -> bool:
    """`==`: values of different types differ, but an int equals a float of the same value (outside lists and maps)."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, int | float):
        return isinstance(right, int | float) and left == right
    return _equal_within(left, right)


def _equal_within(left: Value, right: Value) -> bool:
    if type(left) is not type(right):
        return False
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_equal_within, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_equal_within(item, right[key]) for key, item in left.items())
    return left == right


def is_nan(value: Value) -> bool:
    """Whether the value is the float that equals nothing."""
    return isinstance(value, float) and math.isnan(value)
