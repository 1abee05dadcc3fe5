"""Queries beyond filters and orders: groups, projections, limits, aggregations, refusals."""

from __future__ import annotations

import math
from typing import Any

import pytest
from google.api_core.exceptions import InvalidArgument
from google.cloud import firestore
from google.cloud.firestore_v1 import types
from google.cloud.firestore_v1.base_query import FieldFilter, Or
from google.cloud.firestore_v1.services.firestore import FirestoreClient


def _ids(query: Any) -> list[str]:
    return [snapshot.id for snapshot in query.stream()]


@pytest.mark.parametrize("copies", [1, 20], ids=["read whole", "by index"])
def test_collection_groups(client: firestore.Client, copies: int) -> None:
    batch = client.batch()
    for number in range(copies):
        for path in (
            "abc/123/{}/1",
            "abc/123/{}/2",
            "{}/3",
            "{}/4",
            "def/456/{}/5",
            "{}/v/nested/no",
            "x{}/no",
            "{}x/no",
        ):
            batch.set(client.document(f"{path.format('group')}{number:02d}"), {"n": number})
    batch.commit()
    group = client.collection_group("group")
    expected = [f"{first}{number:02d}" for first in "12" for number in range(copies)]
    expected += [f"5{number:02d}" for number in range(copies)]
    expected += [f"{first}{number:02d}" for first in "34" for number in range(copies)]
    assert _ids(group) == expected
    assert _ids(group.where(filter=FieldFilter("n", "==", 0))) == ["100", "200", "500", "300", "400"]
    below = [document.id for document in client.document("abc/123").collection("group").stream()]
    assert below == expected[: 2 * copies]


def test_groups_by_name_range_below_a_document(client: firestore.Client, stub: FirestoreClient, documents: str) -> None:
    for path in ("a/a/g/1", "a/b/a/b/g/2", "a/b/g/3", "a/b/c/d/g/4", "a/c/g/5", "g/6"):
        client.document(path).set({})
    query = client.collection_group("g").order_by("__name__")
    found = query.start_at({"__name__": client.document("a/b")}).end_at({"__name__": client.document("a/b0")})
    assert _ids(found) == ["2", "4", "3"]
    request = types.StructuredQuery(from_=[{"collection_id": "g", "all_descendants": True}])
    responses = stub.run_query(types.RunQueryRequest(parent=f"{documents}/a/b", structured_query=request))
    assert [response.document.name[-1] for response in responses] == ["2", "4", "3"]


def test_all_descendants_of_a_document(client: firestore.Client, stub: FirestoreClient, documents: str) -> None:
    for path in ("a/1", "a/1/b/1", "a/1/b/1/c/1", "a/1/d/1", "a/10/b/1", "e/1"):
        client.document(path).set({})
    request = types.StructuredQuery(from_=[{"all_descendants": True}])
    responses = stub.run_query(types.RunQueryRequest(parent=f"{documents}/a/1", structured_query=request))
    assert [response.document.name.removeprefix(f"{documents}/") for response in responses] == [
        "a/1/b/1",
        "a/1/b/1/c/1",
        "a/1/d/1",
    ]


def test_comparisons_with_ids(client: firestore.Client) -> None:
    for document_id in ("aa", "ab", "ba", "bb", "__id7__"):
        client.document(f"c/{document_id}").set({})
    collection = client.collection("c")

    def where(operator: str, value: Any) -> list[str]:
        return _ids(collection.where(filter=FieldFilter("__name__", operator, value)))

    assert where("==", collection.document("ab")) == ["ab"]
    assert where(">", collection.document("aa")) == ["ab", "ba", "bb"]
    assert where("<", collection.document("ab")) == ["__id7__", "aa"]
    assert where("in", [collection.document("bb"), collection.document("aa")]) == ["aa", "bb"]
    assert where("not-in", [collection.document("bb"), collection.document("aa")]) == ["__id7__", "ab", "ba"]
    assert where("!=", collection.document("ab")) == ["__id7__", "aa", "ba", "bb"]


def test_projection(client: firestore.Client) -> None:
    client.document("c/d").set({"a": 1, "m": {"x": 1, "y": 2}, "z": 3})
    (snapshot,) = client.collection("c").select(["m.x", "z", "missing"]).get()
    assert snapshot.to_dict() == {"m": {"x": 1}, "z": 3}
    (snapshot,) = client.collection("c").select([]).get()
    assert snapshot.to_dict() == {}
    assert snapshot.update_time is not None


def test_offset_limit_and_limit_to_last(client: firestore.Client) -> None:
    for number in range(10):
        client.document(f"c/{number}").set({"n": number})
    query = client.collection("c").order_by("n")
    assert _ids(query.offset(3).limit(2)) == ["3", "4"]
    assert _ids(query.offset(9).limit(5)) == ["9"]
    assert _ids(query.offset(20)) == []
    assert [snapshot.id for snapshot in query.limit_to_last(3).get()] == ["7", "8", "9"]
    assert _ids(query.limit(0)) in ([], [str(n) for n in range(10)])


@pytest.mark.parametrize("copies", [1, 30], ids=["read whole", "by index"])
def test_cursors_on_values_and_missing_fields(client: firestore.Client, copies: int) -> None:
    batch = client.batch()
    for copy in range(copies):
        for number, value in enumerate([1, 1, 2, 3]):
            batch.set(client.document(f"c/{number}-{copy:02d}"), {"v": value, "w": -number, "copy": copy})
    batch.set(client.document("c/none"), {"w": 1})
    batch.commit()
    query = client.collection("c").where(filter=FieldFilter("copy", "==", 0)).order_by("v").order_by("w")
    assert _ids(query) == ["1-00", "0-00", "2-00", "3-00"]
    assert _ids(query.start_at({"v": 1, "w": 0})) == ["0-00", "2-00", "3-00"]
    assert _ids(query.start_after({"v": 1})) == ["2-00", "3-00"]
    assert _ids(query.end_before({"v": 2})) == ["1-00", "0-00"]
    assert _ids(query.start_at({"v": 2}).end_at({"v": 2})) == ["2-00"]
    backwards = client.collection("c").where(filter=FieldFilter("copy", "==", 0)).order_by("v", direction="DESCENDING")
    assert _ids(backwards.order_by("w").start_after({"v": 2})) == ["1-00", "0-00"]


def test_aggregations(client: firestore.Client) -> None:
    for number, value in enumerate([1, 2.5, "text", None, 4]):
        client.document(f"c/{number}").set({"v": value, "w": number})
    client.document("c/without").set({"w": 9})

    def aggregate(query: Any) -> dict[str, Any]:
        return {result.alias: result.value for result in query.get()[0]}

    collection = client.collection("c")
    assert aggregate(collection.count(alias="n")) == {"n": 6}
    assert aggregate(collection.sum("v", alias="s").avg("v", alias="a")) == {"s": 7.5, "a": 2.5}
    # A document that lacks one aggregated field counts for none of the aggregations.
    assert aggregate(collection.sum("v", alias="s").sum("w", alias="w").count(alias="n")) == {"s": 7.5, "w": 10, "n": 5}


def test_the_average_of_nothing_is_null(stub: FirestoreClient, documents: str) -> None:
    field = {"field": {"field_path": "v"}}
    aggregation = {
        "structured_query": {"from_": [{"collection_id": "none"}]},
        "aggregations": [{"count": {}}, {"sum": field}, {"avg": field}],
    }
    request = types.RunAggregationQueryRequest(parent=documents, structured_aggregation_query=aggregation)
    (response,) = stub.run_aggregation_query(request)
    assert dict(response.result.aggregate_fields) == {
        "field_1": types.Value(integer_value=0),
        "field_2": types.Value(integer_value=0),
        "field_3": types.Value(null_value=0),
    }


@pytest.mark.parametrize(
    ("values", "total", "average"),
    [
        ([1, 2], 3, 1.5),
        ([2**63 - 1, 1], float(2**63), float(2**62)),
        ([2**63 - 1, 1, -1], 2**63 - 1, (2**63 - 1) / 3),
        ([0.1] * 10, 1.0, 0.1),
        ([math.inf, 1], math.inf, math.inf),
        ([math.inf, -math.inf], math.nan, math.nan),
        ([1, math.nan], math.nan, math.nan),
    ],
)
def test_sums_stay_integers_while_they_fit(
    client: firestore.Client, values: list[Any], total: Any, average: Any
) -> None:
    for number, value in enumerate(values):
        client.document(f"c/{number}").set({"v": value})
    results = client.collection("c").sum("v", alias="total").avg("v", alias="average").get()[0]
    told = {result.alias: repr(result.value) for result in results}
    assert told == {"total": repr(total), "average": repr(average)}


def test_a_count_may_be_bounded(client: firestore.Client, stub: FirestoreClient, documents: str) -> None:
    for number in range(5):
        client.document(f"c/{number}").set({})
    aggregation = {
        "structured_query": {"from_": [{"collection_id": "c"}]},
        "aggregations": [{"count": {"up_to": 3}, "alias": "n"}],
    }
    request = types.RunAggregationQueryRequest(parent=documents, structured_aggregation_query=aggregation)
    (response,) = stub.run_aggregation_query(request)
    assert response.result.aggregate_fields["n"].integer_value == 3


def test_alternatives_find_each_document_once(client: firestore.Client) -> None:
    for number in range(100):
        client.document(f"c/{number:02d}").set({"a": number % 3, "b": number % 5, "tags": [number % 2, number % 7]})
    either = Or([FieldFilter("a", "==", 0), FieldFilter("b", "in", [0, 1])])
    expected = [f"{number:02d}" for number in range(100) if number % 3 == 0 or number % 5 in (0, 1)]
    assert _ids(client.collection("c").where(filter=either)) == expected
    tagged = client.collection("c").where(filter=FieldFilter("tags", "array_contains_any", [0, 1, 6]))
    assert _ids(tagged) == [f"{number:02d}" for number in range(100)]


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"from_": [{"collection_id": "c"}, {"collection_id": "d"}]},
        {"from_": [{"collection_id": ""}]},
        {"from_": [{"collection_id": "c/d/e"}]},
        {"from_": [{"collection_id": "c"}], "offset": -1},
        {"from_": [{"collection_id": "c"}], "limit": -1},
        {
            "from_": [{"collection_id": "c"}],
            "order_by": [{"field": {"field_path": "a"}}, {"field": {"field_path": "a"}}],
        },
        {"from_": [{"collection_id": "c"}], "start_at": {"values": [{"integer_value": 1}, {"integer_value": 1}]}},
        {"from_": [{"collection_id": "c"}], "where": {}},
        {"from_": [{"collection_id": "c"}], "where": {"composite_filter": {"op": 1}}},
        {"from_": [{"collection_id": "c"}], "where": {"unary_filter": {"field": {"field_path": "a"}}}},
        {"from_": [{"collection_id": "c"}], "where": {"field_filter": {"field": {"field_path": "a"}, "op": 8}}},
        {
            "from_": [{"collection_id": "c"}],
            "where": {
                "field_filter": {
                    "field": {"field_path": "a"},
                    "op": 8,
                    "value": {"array_value": {"values": [{"integer_value": number} for number in range(31)]}},
                }
            },
        },
        {
            "from_": [{"collection_id": "c"}],
            "where": {
                "field_filter": {"field": {"field_path": "__name__"}, "op": 5, "value": {"string_value": "not a name"}}
            },
        },
    ],
)
def test_senseless_queries_are_refused(stub: FirestoreClient, documents: str, query: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument):
        list(stub.run_query(types.RunQueryRequest(parent=documents, structured_query=query)))


def test_too_many_alternatives_are_refused(client: firestore.Client) -> None:
    query: Any = client.collection("c")
    for field in ("a", "b"):
        query = query.where(filter=FieldFilter(field, "in", list(range(6))))
    with pytest.raises(InvalidArgument, match="30 disjunctions"):
        query.get()
