"""Rows of the benchmark tables: an operation, its budget in design and what was measured."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the README's table. `budget` is what must be reached, "-" where nothing is asked for."""

    operation: str
    budget: str
    measured: str


def percentiles(seconds: Iterable[float]) -> str:
    """Median and 95th percentile in milliseconds."""
    ordered = sorted(seconds)
    median, slow = ordered[len(ordered) // 2], ordered[len(ordered) * 95 // 100]
    return f"p50 {median * 1000:.1f} ms, p95 {slow * 1000:.1f} ms"


def markdown(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table."""
    lines = ["| Operation | Budget | Measured |", "|---|---|---|"]
    lines += [f"| {row.operation} | {row.budget} | {row.measured} |" for row in rows]
    return "\n".join(lines)


def as_json(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The rows as JSON values."""
    return [asdict(row) for row in rows]
