"""Match patterns against paths: of one document, or of all documents a query may return."""

from collections.abc import Iterator, Sequence
from enum import Enum
from typing import TypeAlias

from emulator.firestore.rules.syntax import Wildcard
from emulator.firestore.rules.values import UNKNOWN, Path, Value


class Open(Enum):
    """A part of a query's path that differs from document to document."""

    ONE = "one segment"
    MANY = "any number of segments"


Segment: TypeAlias = str | Open
Pattern: TypeAlias = tuple[str | Wildcard, ...]
Captures: TypeAlias = tuple[Value, ...]


def consume(
    pattern: Pattern, segments: Sequence[Segment], start: int, captures: Captures, recursive_min: int = 0
) -> Iterator[tuple[int, Captures]]:
    """Every way a pattern covers segments from `start` on: the position after it and the captures extended.

    Covering an open segment means matching all that may stand there. A recursive wildcard takes `recursive_min`
    (0 in version 2, 1 in version 1) or more segments; what a wildcard took is UNKNOWN when it is not the same for all.
    """
    if not pattern:
        yield start, captures
        return
    head, rest = pattern[0], pattern[1:]
    if isinstance(head, Wildcard) and head.recursive:
        for end in range(start + recursive_min, len(segments) + 1):
            yield from consume(rest, segments, end, (*captures, _path_of(segments[start:end])), recursive_min)
        return
    if start >= len(segments):
        return
    segment = segments[start]
    if isinstance(head, Wildcard):
        if segment is not Open.MANY:
            captured = UNKNOWN if segment is Open.ONE else segment
            yield from consume(rest, segments, start + 1, (*captures, captured), recursive_min)
    elif head == segment:
        yield from consume(rest, segments, start + 1, captures, recursive_min)


def _path_of(segments: Sequence[Segment]) -> Value:
    known = tuple(segment for segment in segments if isinstance(segment, str))
    return Path(known) if len(known) == len(segments) else UNKNOWN


def covers(segments: Sequence[Segment], name: Path) -> bool:
    """Whether a query's path may be that of this document."""
    if Open.MANY in segments:
        head = segments.index(Open.MANY)
        tail = len(segments) - head - 1
        if len(name.segments) < head + tail:
            return False
        parts = [*zip(segments[:head], name.segments, strict=False)]
        parts += [*zip(segments[head + 1 :], name.segments[-tail:], strict=True)]
    elif len(name.segments) != len(segments):
        return False
    else:
        parts = [*zip(segments, name.segments, strict=True)]
    return all(segment is Open.ONE or segment == part for segment, part in parts)


def pattern_text(pattern: Pattern) -> str:
    """The pattern as it is written."""
    return "".join(f"/{_segment_text(segment)}" for segment in pattern)


def _segment_text(segment: str | Wildcard) -> str:
    if isinstance(segment, str):
        return segment
    return f"{{{segment.name}=**}}" if segment.recursive else f"{{{segment.name}}}"
