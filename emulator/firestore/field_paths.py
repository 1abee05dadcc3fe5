"""Field paths: `a.b` and `` `a.b`.c `` parsed into segments, and fields looked up, set and removed by them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import TypeAlias

from emulator.firestore.errors import invalid_argument
from emulator.firestore.limits import NAME_BYTES_MAX, is_too_long
from emulator.firestore.wire import Fields, Value

FieldPath: TypeAlias = tuple[str, ...]

NAME: FieldPath = ("__name__",)

_SIMPLE = re.compile(r"[A-Za-z_][A-Za-z_0-9]*")
_SEGMENT = re.compile(r"`((?:[^`\\]|\\.)+)`|([^`.]+)", re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


def parse_field_path(text: str) -> FieldPath:
    """Segments of a dotted path; a segment in backticks may hold anything, with `\\` before a backtick or a backslash.

    An unquoted segment is taken as it is: clients of old sent such paths unquoted, and production accepts them.
    """
    if is_too_long(text):
        raise invalid_argument(f"property path is longer than {NAME_BYTES_MAX} bytes.")
    segments: list[str] = []
    position = 0
    while True:
        match = _SEGMENT.match(text, position)
        if match is None:
            raise invalid_argument(f"Invalid property path {text!r}.")
        segments.append(_ESCAPE.sub(r"\1", match[1]) if match[1] is not None else match[2])
        position = match.end()
        if position == len(text):
            return tuple(segments)
        if text[position] != ".":
            raise invalid_argument(f"Invalid property path {text!r}.")
        position += 1


def format_field_path(path: FieldPath) -> str:
    """The text of a path, with backticks where a segment is not a plain identifier."""
    return ".".join(_quote(segment) for segment in path)


def lookup(fields: Fields, path: FieldPath) -> Value | None:
    """The value at `path`, or None when it, or a map on the way to it, does not exist."""
    for segment in path[:-1]:
        value = fields.get(segment)
        if value is None or not value.HasField("map_value"):
            return None
        fields = value.map_value.fields
    return fields.get(path[-1])


def assign(fields: Fields, path: FieldPath, value: Value) -> None:
    """Set the value at `path`; whatever stands in the way is replaced by a map."""
    for segment in path[:-1]:
        step = fields[segment]
        if not step.HasField("map_value"):
            step.map_value.SetInParent()
        fields = step.map_value.fields
    fields[path[-1]].CopyFrom(value)


def remove(fields: Fields, path: FieldPath) -> None:
    """Remove the value at `path`, if there is one; maps that become empty stay."""
    for segment in path[:-1]:
        value = fields.get(segment)
        if value is None or not value.HasField("map_value"):
            return
        fields = value.map_value.fields
    if path[-1] in fields:
        del fields[path[-1]]


def overlapping(paths: list[FieldPath]) -> Iterator[tuple[FieldPath, FieldPath]]:
    """Pairs of paths of which the first is equal to, or a parent of, the second."""
    ordered = sorted(paths)
    for first, second in pairwise(ordered):
        if second[: len(first)] == first:
            yield first, second


def _quote(segment: str) -> str:
    if _SIMPLE.fullmatch(segment):
        return segment
    return "`" + segment.replace("\\", "\\\\").replace("`", "\\`") + "`"
