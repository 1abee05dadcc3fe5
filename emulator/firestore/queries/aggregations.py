"""COUNT, SUM and AVG over a query's results."""

from __future__ import annotations

import math
from dataclasses import dataclass

from emulator.firestore.errors import invalid_argument
from emulator.firestore.field_paths import FieldPath, lookup, parse_field_path
from emulator.firestore.queries.executor import Match
from emulator.firestore.wire import StructuredAggregationQuery, Value

_INT64_MIN, _INT64_MAX = -(2**63), 2**63 - 1
_AGGREGATIONS_MAX = 5


@dataclass(frozen=True, slots=True)
class Aggregation:
    """One aggregation: `kind` is count, sum or avg; `path` the field summed; `up_to` the most a count need reach."""

    kind: str
    alias: str
    path: FieldPath | None
    up_to: int | None


def parse_aggregations(message: StructuredAggregationQuery) -> list[Aggregation]:
    """The aggregations asked for; those without an alias are called field_1, field_2 ... in order.

    Raises INVALID_ARGUMENT for none, too many, or two of one alias.
    """
    if not message.aggregations:
        raise invalid_argument("Aggregations can not be empty.")
    if len(message.aggregations) > _AGGREGATIONS_MAX:
        raise invalid_argument(
            f"The maximum number of aggregations allowed in an aggregation query is {_AGGREGATIONS_MAX}."
        )
    parsed: list[Aggregation] = []
    unnamed = 0
    for aggregation in message.aggregations:
        alias = aggregation.alias
        if not alias:
            unnamed += 1
            alias = f"field_{unnamed}"
        if any(alias == other.alias for other in parsed):
            raise invalid_argument(f"Aggregation aliases contain duplicate alias: {alias}.")
        parsed.append(_parse(aggregation, alias))
    return parsed


def aggregated_fields(aggregations: list[Aggregation]) -> frozenset[FieldPath]:
    """The fields that are summed: only documents that have all of them are counted, in any of the aggregations."""
    return frozenset(aggregation.path for aggregation in aggregations if aggregation.path is not None)


def aggregate(aggregations: list[Aggregation], matches: list[Match]) -> dict[str, Value]:
    """The value of each aggregation by alias."""
    return {aggregation.alias: _compute(aggregation, matches) for aggregation in aggregations}


def _parse(aggregation: StructuredAggregationQuery, alias: str) -> Aggregation:
    match aggregation.WhichOneof("operator"):
        case "count":
            up_to = aggregation.count.up_to.value if aggregation.count.HasField("up_to") else None
            if up_to is not None and up_to <= 0:
                raise invalid_argument("up_to must be greater than zero.")
            return Aggregation("count", alias, None, up_to)
        case "sum":
            return Aggregation("sum", alias, parse_field_path(aggregation.sum.field.field_path), None)
        case "avg":
            return Aggregation("avg", alias, parse_field_path(aggregation.avg.field.field_path), None)
    raise invalid_argument("An aggregation must have an operator.")


def _compute(aggregation: Aggregation, matches: list[Match]) -> Value:
    if aggregation.path is None:
        count = len(matches)
        return Value(integer_value=count if aggregation.up_to is None else min(count, aggregation.up_to))
    numbers = [number for match in matches if (number := _number(match, aggregation.path)) is not None]
    if aggregation.kind == "sum":
        return _sum(numbers)
    if not numbers:
        return Value(null_value=0)
    total = _total(numbers)
    return Value(double_value=float(total) / len(numbers))


def _number(match: Match, path: FieldPath) -> int | float | None:
    value = lookup(match.document.fields, path)
    if value is None:
        return None
    kind = value.WhichOneof("value_type")
    if kind == "integer_value":
        return int(value.integer_value)
    return float(value.double_value) if kind == "double_value" else None


def _sum(numbers: list[int | float]) -> Value:
    total = _total(numbers)
    # Integers stay integers unless their sum does not fit 64 bits.
    if isinstance(total, int) and _INT64_MIN <= total <= _INT64_MAX:
        return Value(integer_value=total)
    return Value(double_value=float(total))


def _total(numbers: list[int | float]) -> int | float:
    integers = sum(number for number in numbers if isinstance(number, int))
    doubles = [number for number in numbers if isinstance(number, float)]
    if not doubles:
        return integers
    try:
        return math.fsum([*doubles, integers])
    except (OverflowError, ValueError):
        # Infinities of both signs, or a sum beyond the largest double.
        return float(sum(doubles) + integers)
