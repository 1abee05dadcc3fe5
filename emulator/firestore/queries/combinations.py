"""Which filters and sort orders go together: what production refuses with INVALID_ARGUMENT, in its words.

The rules are those of StructuredQuery in the API reference and of
https://firebase.google.com/docs/firestore/query-data/queries#query_limitations.
"""

from __future__ import annotations

from collections.abc import Sequence

from emulator.firestore.errors import invalid_argument
from emulator.firestore.field_paths import NAME, format_field_path
from emulator.firestore.queries.filters import (
    CompositeFilter,
    FieldFilter,
    Filter,
    Operator,
    field_filters,
)
from emulator.firestore.scopes import Order

_NEGATIONS = frozenset({Operator.NOT_EQUAL, Operator.NOT_IN})
_ARRAYS = frozenset({Operator.ARRAY_CONTAINS, Operator.ARRAY_CONTAINS_ANY})
_KEY_EQUALITIES = frozenset({Operator.EQUAL, Operator.IN})


def check_filter(root: Filter | None) -> None:
    """Raise unless all comparisons of a query may be made together."""
    leaves = field_filters(root)
    _check_negations(root, leaves)
    _check_arrays(root, leaves)
    unequal = {leaf.path for leaf in leaves if leaf.operator.is_inequality}
    if unequal and NAME not in unequal and any(_is_key_equality(leaf) for leaf in leaves):
        raise invalid_argument(
            "Equality on key is not allowed if there are other inequality fields and key does not appear in "
            "inequalities."
        )


def check_orders(explicit: Sequence[Order], complete: Sequence[Order]) -> None:
    """Raise unless a query may be sorted so; `complete` has the implied orders too."""
    seen = set()
    for order in explicit:
        if order.path in seen:
            raise invalid_argument(f"order by clause cannot contain duplicate fields {format_field_path(order.path)}")
        seen.add(order.path)
    if any(order.path == NAME for order in complete[:-1]):
        raise invalid_argument("order by clause cannot contain more fields after the key")


def check_without_collection(root: Filter | None, explicit: Sequence[Order]) -> None:
    """Raise unless a query over collections of every id keeps to the documents' names."""
    for leaf in field_filters(root):
        if leaf.path != NAME:
            raise invalid_argument(f"kind is required for filter: {format_field_path(leaf.path)}")
    if any(order != Order(NAME) for order in explicit):
        raise invalid_argument("kind is required for all orders except __key__ ascending")


def _check_negations(root: Filter | None, leaves: Sequence[FieldFilter]) -> None:
    operators = [leaf.operator for leaf in leaves]
    if sum(operator in _NEGATIONS for operator in operators) > 1:
        raise invalid_argument(
            "Only a single 'NOT_EQUAL', 'NOT_IN', 'IS_NOT_NAN', or 'IS_NOT_NULL' filter allowed per query."
        )
    others = {Operator.IN, Operator.ARRAY_CONTAINS_ANY}
    if Operator.NOT_IN in operators and (_has_or(root) or not others.isdisjoint(operators)):
        raise invalid_argument("'NOT_IN' cannot be used in the same query with 'IN', 'ARRAY_CONTAINS_ANY' or 'OR'.")


def _check_arrays(root: Filter | None, leaves: Sequence[FieldFilter]) -> None:
    if any(leaf.path == NAME and leaf.operator in _ARRAYS for leaf in leaves):
        raise invalid_argument("the name __key__ is reserved")
    if _arrays_together(root) > 1:
        raise invalid_argument("A maximum of 1 'ARRAY_CONTAINS' filter is allowed per disjunction.")


def _arrays_together(root: Filter | None) -> int:
    """Most comparisons with array elements that one alternative of the filter makes."""
    if root is None:
        return 0
    if isinstance(root, FieldFilter):
        return int(root.operator in _ARRAYS)
    counts = map(_arrays_together, root.filters)
    return max(counts) if root.any_of else sum(counts)


def _has_or(root: Filter | None) -> bool:
    return isinstance(root, CompositeFilter) and (root.any_of or any(map(_has_or, root.filters)))


def _is_key_equality(leaf: FieldFilter) -> bool:
    return leaf.path == NAME and leaf.operator in _KEY_EQUALITIES
