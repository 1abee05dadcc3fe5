"""Filters and sort orders that production does not take together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from google.api_core.exceptions import InvalidArgument
from google.cloud import firestore
from google.cloud.firestore_v1 import types
from google.cloud.firestore_v1.base_query import And, FieldFilter, Or
from google.cloud.firestore_v1.services.firestore import FirestoreClient

NEGATIONS = "Only a single 'NOT_EQUAL', 'NOT_IN', 'IS_NOT_NAN', or 'IS_NOT_NULL' filter allowed per query"
NOT_IN = "'NOT_IN' cannot be used in the same query with 'IN', 'ARRAY_CONTAINS_ANY' or 'OR'"
ARRAYS = "A maximum of 1 'ARRAY_CONTAINS' filter is allowed per disjunction"
KEY = "Equality on key is not allowed if there are other inequality fields"
AFTER_KEY = "order by clause cannot contain more fields after the key"

is_a, is_b = FieldFilter("a", "==", 1), FieldFilter("b", "==", 1)
not_a, not_b = FieldFilter("a", "!=", 1), FieldFilter("b", "!=", 1)
not_in = FieldFilter("a", "not-in", [1])
has_a, has_b = FieldFilter("a", "array_contains", 1), FieldFilter("b", "array_contains", 2)
has_any = FieldFilter("b", "array_contains_any", [1, 2])
one_of = FieldFilter("b", "in", [1, 2])


def _where(*filters: Any) -> Callable[[Any], Any]:
    return lambda collection: collection.where(filter=And(list(filters)))


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (_where(not_a, not_b), NEGATIONS),
        (_where(not_a, not_a), NEGATIONS),
        (_where(not_a, not_in), NEGATIONS),
        (_where(not_a, FieldFilter("b", "!=", None)), NEGATIONS),
        (_where(Or([not_a, not_b])), NEGATIONS),
        (_where(not_in, one_of), NOT_IN),
        (_where(not_in, has_any), NOT_IN),
        (_where(not_in, Or([is_a, is_b])), NOT_IN),
        (_where(has_a, has_b), ARRAYS),
        (_where(has_a, has_any), ARRAYS),
        (_where(has_any, has_any), ARRAYS),
        (_where(has_a, Or([is_b, has_b])), ARRAYS),
        (lambda c: c.order_by("a").order_by("a"), "order by clause cannot contain duplicate fields a"),
        (lambda c: c.order_by("__name__").order_by("a"), AFTER_KEY),
        (lambda c: c.where(filter=not_a).order_by("__name__"), AFTER_KEY),
        (lambda c: c.where(filter=not_a).where(filter=FieldFilter("__name__", "==", c.document("d"))), KEY),
        (
            lambda c: c.where(filter=FieldFilter("__name__", "array_contains", c.document("d"))),
            "the name __key__ is reserved",
        ),
        (lambda c: c.where(filter=FieldFilter("__name__", ">", "d")), "__key__ filter value must be a Key"),
        (lambda c: c.where(filter=FieldFilter("a", "in", list(range(31)))), "'IN' supports up to 30 comparison values"),
        (lambda c: c.where(filter=FieldFilter("a", "not-in", list(range(11)))), "'NOT_IN' supports up to 10"),
        (lambda c: c.where(filter=FieldFilter("a", "in", [])), "'IN' requires an non-empty ArrayValue"),
        (
            lambda c: _where(FieldFilter("a", "in", list(range(6))), FieldFilter("b", "in", list(range(6))))(c),
            "maximum of 30 disjunctions",
        ),
    ],
)
def test_refused(client: firestore.Client, ask: Callable[[Any], Any], message: str) -> None:
    with pytest.raises(InvalidArgument, match=message):
        ask(client.collection("c")).get()


@pytest.mark.parametrize(
    "ask",
    [
        _where(not_a, is_b, one_of),
        _where(not_in, is_b, has_b),
        _where(Or([has_a, has_b])),
        _where(Or([has_a, has_any]), is_b),
        _where(Or([And([has_a, is_b]), And([has_b, is_a])])),
        _where(not_a, FieldFilter("b", ">", 1)),
        lambda c: c.where(filter=FieldFilter("b", ">", 1)).order_by("a").order_by("b").order_by("__name__"),
        lambda c: c.where(filter=FieldFilter("__name__", ">", c.document("d"))).where(filter=not_a),
    ],
)
def test_accepted(client: firestore.Client, ask: Callable[[Any], Any]) -> None:
    assert ask(client.collection("c")).get() == []


def _field(path: str) -> dict[str, Any]:
    return {"field": {"field_path": path}}


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"where": {"unary_filter": {"op": "IS_NULL", **_field("__name__")}}}, "filter value must be a Key"),
        ({"order_by": [_field("a")], "start_at": {"values": [{"integer_value": 1}] * 2}}, "Cursor has too many values"),
        ({"start_at": {"values": [{"reference_value": "x"}]}}, "Cursor has too many values"),
        ({"from_": [{"all_descendants": True}], "order_by": [_field("a")]}, "kind is required for all orders"),
        (
            {"from_": [{"all_descendants": True}], "where": {"unary_filter": {"op": "IS_NULL", **_field("a")}}},
            "kind is required for filter: a",
        ),
        ({"where": {"composite_filter": {"op": "OR"}}}, "at least one"),
        ({"limit": -1}, "limit"),
        ({"offset": -1}, "offset"),
        ({"from_": []}, "selector"),
    ],
)
def test_what_no_client_sends(stub: FirestoreClient, documents: str, query: dict[str, Any], message: str) -> None:
    structured = types.StructuredQuery({"from_": [{"collection_id": "c"}], **query})
    with pytest.raises(InvalidArgument, match=message):
        list(stub.run_query(types.RunQueryRequest(parent=documents, structured_query=structured)))
