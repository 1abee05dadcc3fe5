"""Eventarc path patterns: which documents a trigger listens to.

A pattern matches a whole path. `*` stands for any text within one segment, `{name}` and `{name=*}` for one segment,
`**` and `{name=**}` for any number of segments, none included; a pattern holds at most one of the latter.
https://cloud.google.com/eventarc/docs/path-patterns
"""

from __future__ import annotations

import re
from typing import TypeAlias

_CAPTURE = re.compile(r"\{([^/{}=]+)(?:=(\*\*?))?\}")

_Segment: TypeAlias = str | re.Pattern[str] | None
"""A literal, an expression the segment must match, or None for any segment."""


class PathPattern:
    """A compiled pattern; raises ValueError, with the reason, for a text that is not one."""

    def __init__(self, text: str) -> None:
        self.text = text.strip("/")
        raw = self.text.split("/")
        if "" in raw:
            raise ValueError(f"path pattern {text!r} has an empty segment")
        segments = [_normalise(segment, text) for segment in raw]
        self._open = "**" in segments
        if segments.count("**") > 1:
            raise ValueError(f"path pattern {text!r} has more than one multi-segment wildcard")
        split = segments.index("**") if self._open else len(segments)
        self._head = [_compile(segment) for segment in segments[:split]]
        self._tail = [_compile(segment) for segment in segments[split + 1 :]]

    def matches(self, path: str) -> bool:
        """Whether the document path, relative to its database, is one the pattern names."""
        segments = path.split("/")
        fixed = len(self._head) + len(self._tail)
        if len(segments) < fixed or (len(segments) > fixed and not self._open):
            return False
        tail = segments[len(segments) - len(self._tail) :]
        return all(map(_fits, self._head, segments)) and all(map(_fits, self._tail, tail))


def _normalise(segment: str, text: str) -> str:
    """The segment without the name of its capture: `{id}` is `*`, `{rest=**}` is `**`."""
    capture = _CAPTURE.fullmatch(segment)
    if capture is not None:
        return capture[2] or "*"
    if "{" in segment or "}" in segment:
        raise ValueError(f"path pattern {text!r}: a capture must be a whole segment")
    if "**" in segment and segment != "**":
        raise ValueError(f"path pattern {text!r}: ** must be a whole segment")
    return segment


def _compile(segment: str) -> _Segment:
    if segment == "*":
        return None
    if "*" in segment:
        return re.compile(".*".join(re.escape(text) for text in segment.split("*")), re.DOTALL)
    return segment


def _fits(pattern: _Segment, segment: str) -> bool:
    if pattern is None:
        return True
    if isinstance(pattern, str):
        return pattern == segment
    return pattern.fullmatch(segment) is not None
