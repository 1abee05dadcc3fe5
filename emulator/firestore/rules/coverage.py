"""What every expression of a ruleset was evaluated to, counted, in the shape of the official `:ruleCoverage` report."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from emulator.firestore.rules.debug_text import value_to_json
from emulator.firestore.rules.syntax import Span
from emulator.firestore.rules.type_names import type_name
from emulator.firestore.rules.values import Value

DISTINCT_VALUES_MAX = 50
_SCALARS = (type(None), int, float, str)


@dataclass(slots=True)
class ExpressionCoverage:
    """One expression's outcomes: how often true, false, each other value (containers by type), and each error."""

    span: Span
    boolean: bool = False
    true_count: int = 0
    false_count: int = 0
    values: dict[tuple[str, Value], int] = field(default_factory=dict)
    errors: dict[str, int] = field(default_factory=dict)
    children: list["ExpressionCoverage"] = field(default_factory=list)

    def record(self, value: Value) -> None:
        """Count a value other than true and false (those are counted where they are made, for speed)."""
        kind = type_name(value)
        key = (kind, value) if isinstance(value, _SCALARS) else (kind, None)
        if key not in self.values and len(self.values) >= DISTINCT_VALUES_MAX:
            key = (kind, None)
        self.values[key] = self.values.get(key, 0) + 1

    def record_error(self, message: str) -> None:
        """Count an evaluation that ended in an error."""
        self.errors[message] = self.errors.get(message, 0) + 1

    @property
    def evaluated(self) -> bool:
        """Whether the expression was evaluated at all."""
        return bool(self.true_count or self.false_count or self.values or self.errors)

    def walk(self) -> Iterator["ExpressionCoverage"]:
        """This expression and all inside it, in source order."""
        yield self
        for child in self.children:
            yield from child.walk()

    def to_json(self) -> dict[str, object]:
        """An ExpressionReport of the Firebase Rules API; `endOffset` is the offset of the last character."""
        report: dict[str, object] = {
            "sourcePosition": {
                "line": self.span.line,
                "column": self.span.column,
                "currentOffset": self.span.start,
                "endOffset": self.span.end - 1,
            }
        }
        if counts := self._value_counts():
            report["values"] = counts
        if self.children:
            report["children"] = [child.to_json() for child in self.children]
        return report

    def _value_counts(self) -> list[dict[str, object]]:
        counts: list[tuple[object, int]] = [
            ({"boolValue": True}, self.true_count),
            ({"boolValue": False}, self.false_count),
        ]
        counts += [(value_to_json(kind, value), count) for (kind, value), count in self.values.items()]
        counts += [({"undefined": {"causeMessage": message}}, count) for message, count in self.errors.items()]
        return [{"value": value, "count": count} for value, count in counts if count]


@dataclass(frozen=True, slots=True, order=True)
class Gap:
    """An expression the requests so far have not exercised: never evaluated, or never true, or never false."""

    line: int
    column: int
    text: str
    missing: str

    def __str__(self) -> str:
        return f"{self.line}:{self.column} {self.missing}: {self.text}"


class Coverage:
    """The outcomes of every expression of one ruleset since it was loaded."""

    def __init__(self, source: str) -> None:
        self._source = source
        self.roots: list[ExpressionCoverage] = []

    def expressions(self) -> Iterator[ExpressionCoverage]:
        """Every expression that is not a literal, in source order."""
        for root in self.roots:
            yield from root.walk()

    def gaps(self) -> list[Gap]:
        """What is missing for full coverage: every expression evaluated, every boolean one seen true and seen false.

        Of an expression that was never evaluated the parts are not named.
        """
        return sorted(gap for root in self.roots for gap in self._gaps(root))

    def _gaps(self, expression: ExpressionCoverage) -> Iterator[Gap]:
        span = expression.span
        text = " ".join(self._source[span.start : span.end].split())
        for missing in _missing(expression):
            yield Gap(span.line, span.column, text, missing)
        if expression.evaluated:
            for child in expression.children:
                yield from self._gaps(child)

    def to_json(self) -> dict[str, object]:
        """The answer of GET /emulator/v1/projects/{project}:ruleCoverage."""
        files = [{"name": "security.rules", "content": self._source}]
        return {"rules": {"files": files}, "report": [root.to_json() for root in self.roots]}


def _missing(expression: ExpressionCoverage) -> list[str]:
    if not expression.evaluated:
        return ["never evaluated"]
    if not expression.boolean:
        return []
    missing = [] if expression.true_count else ["never true"]
    return missing if expression.false_count else [*missing, "never false"]
