"""Which fields our documents must have and of which type: checked first, so that the other checks may trust them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias

from lib.domain.invariants.violations import Document, Invariant, Violation

Test: TypeAlias = "Callable[[object], bool]"
Shape: TypeAlias = "Mapping[str, Type]"


@dataclass(frozen=True, slots=True)
class Type:
    """What a field may hold, in words and as a test."""

    words: str
    accepts: Test


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_digest(value: object) -> bool:
    return isinstance(value, str) and len(value) == 64 and set(value) <= set("0123456789abcdef")


INTEGER = Type("an integer", _is_int)
NATURAL = Type("an integer of at least 0", lambda value: _is_int(value) and value >= 0)  # type: ignore[operator]
POSITIVE = Type("an integer above 0", lambda value: _is_int(value) and value > 0)  # type: ignore[operator]
NUMBER = Type("a number", lambda value: _is_int(value) or isinstance(value, float))
TEXT = Type("a non-empty string", lambda value: isinstance(value, str) and value != "")
DIGEST = Type("64 hexadecimal digits", _is_digest)
INSTANT = Type("a timestamp", lambda value: isinstance(value, datetime) and value.tzinfo is not None)
FLAG = Type("a boolean", lambda value: isinstance(value, bool))


def _is_decimal(value: object) -> bool:
    try:
        return isinstance(value, str) and Decimal(value).is_finite() and Decimal(value) >= 0
    except InvalidOperation:
        return False


DECIMAL = Type("a decimal of at least 0 as text", _is_decimal)


def optional(kind: Type) -> Type:
    """`kind`, or null, or no such field."""
    return Type(f"{kind.words} or null", lambda value: value is None or kind.accepts(value))


def one_of(*values: str) -> Type:
    """One of these strings."""
    return Type("one of " + ", ".join(values), lambda value: value in values)


def mapping(shape: Shape) -> Type:
    """A map with at least these fields."""
    return Type(
        "a map of " + ", ".join(shape), lambda value: isinstance(value, Mapping) and not any(_misfits(value, shape))
    )


def listing(kind: Type) -> Type:
    """A list of nothing but `kind`."""
    return Type(f"a list of {kind.words}", lambda value: isinstance(value, list) and all(map(kind.accepts, value)))


def table(kind: Type) -> Type:
    """A map of any names to nothing but `kind`."""
    return Type(
        f"a map to {kind.words}", lambda value: isinstance(value, Mapping) and all(map(kind.accepts, value.values()))
    )


def misshapen(document: Document, shape: Shape) -> list[Violation]:
    """D1 violations of a document, one a field; empty when the other checks may rely on its fields."""
    return [
        Violation(Invariant.SHAPE, document.path, f"{name} is {kind.words}", _shown(document.fields.get(name)))
        for name, kind in _misfits(document.fields, shape)
    ]


def _misfits(fields: Mapping[str, Any], shape: Shape) -> Iterator[tuple[str, Type]]:
    return ((name, kind) for name, kind in shape.items() if not kind.accepts(fields.get(name)))


def _shown(value: object) -> str:
    # Types only for containers and strings: a misplaced name or address must not travel into a report.
    if value is None or isinstance(value, bool | int | float | datetime):
        return str(value)
    return (
        f"a {type(value).__name__} of length {len(value)}" if isinstance(value, str | list | dict) else "another type"
    )
