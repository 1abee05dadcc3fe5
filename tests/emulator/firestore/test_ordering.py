"""Firestore's order of values, within and across types, and which values are equal."""

from __future__ import annotations

import datetime
import math
from itertools import pairwise
from typing import Any

import pytest
from google.cloud import firestore
from google.cloud.firestore_v1.base_query import FieldFilter
from google.cloud.firestore_v1.vector import Vector

UTC = datetime.UTC


def _ascending(client: firestore.Client) -> list[Any]:
    """Values in ascending order, each strictly less than the next (but for the equal ones of EQUAL)."""
    return [
        None,
        False,
        True,
        math.nan,
        -math.inf,
        -1e300,
        -(2**63),
        -(2**63) + 1,
        -(2**53) - 1,
        float(-(2**53)),
        -1.5,
        -1,
        -5e-324,
        0,
        5e-324,
        1,
        1.000000001,
        2,
        2.0**53,
        2**53 + 1,
        2**53 + 2,
        2**63 - 1,
        float(2**63),
        math.inf,
        datetime.datetime(1, 1, 1, tzinfo=UTC),
        datetime.datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        datetime.datetime(2024, 2, 29, tzinfo=UTC),
        datetime.datetime(2024, 2, 29, 0, 0, 0, 1, tzinfo=UTC),
        "",
        "\x00",
        "\x00\x00",
        "\x00a",
        "\x01",
        "0",
        "10",
        "9",
        "A",
        "Z",
        "a",
        "a\x00",
        "a\x00b",
        "a\x01",
        "aa",
        "b",
        "ä",
        "中",
        "\uffee",
        "😀",
        b"",
        b"\x00",
        b"\x00\xff",
        b"\x01",
        b"\x7f",
        b"\x80",
        b"\xff",
        b"\xff\x00",
        client.document("a/__id-9__"),
        client.document("a/__id2__"),
        client.document("a/__id10__"),
        client.document("a/A"),
        client.document("a/b"),
        client.document("a/b/c/d"),
        client.document("a/b!"),
        client.document("a/ba"),
        client.document("a!/b"),
        firestore.GeoPoint(-90, 180),
        firestore.GeoPoint(0, -180),
        firestore.GeoPoint(0, 0.5),
        firestore.GeoPoint(1, 0),
        [],
        [None],
        [None, None],
        [1],
        [1, 2],
        [1, "a"],
        [2],
        ["a"],
        [{}],
        Vector([100.0]),
        Vector([1.0, 2.0]),
        Vector([1.0, 3.0]),
        Vector([-100.0, 0.0, 0.0]),
        {},
        {"a": 1},
        {"a": 1, "b": 0},
        {"a": 2},
        {"a": "x"},
        {"a": {"b": 1}},
        {"aa": 0},
        {"b": None},
    ]


EQUAL = [
    (0, -0.0),
    (1, 1.0),
    (2**53, float(2**53)),
    (-(2**63), float(-(2**63))),
    ([1, {"a": [2]}], [1.0, {"a": [2.0]}]),
    ({"a": 1, "b": 2.0}, {"b": 2, "a": 1.0}),
    (math.nan, float("nan")),
]


@pytest.fixture
def values(client: firestore.Client) -> list[Any]:
    return _ascending(client)


def _fill(client: firestore.Client, values: list[Any]) -> firestore.CollectionReference:
    """One document per value, written in an order that has nothing to do with theirs."""
    collection = client.collection("values")
    numbers = sorted(range(len(values)), key=lambda n: n * 7919 % 1009)
    batch = client.batch()
    for number in numbers:
        batch.set(collection.document(f"d{number:03d}"), {"v": values[number], "n": number})
    batch.commit()
    return collection


@pytest.mark.parametrize("direction", ["ASCENDING", "DESCENDING"])
def test_orders_across_all_types(client: firestore.Client, values: list[Any], direction: str) -> None:
    collection = _fill(client, values)
    found = [snapshot.get("n") for snapshot in collection.order_by("v", direction=direction).stream()]
    expected = list(range(len(values)))
    assert found == (expected if direction == "ASCENDING" else expected[::-1])


def test_comparisons_match_only_values_of_the_same_type(client: firestore.Client, values: list[Any]) -> None:
    collection = _fill(client, values)
    runs = {
        "string": (values.index(""), values.index(b"")),
        "number": (values.index(-math.inf), values.index(math.inf)),
    }
    above = collection.where(filter=FieldFilter("v", ">=", "")).stream()
    assert [snapshot.get("n") for snapshot in above] == list(range(*runs["string"]))
    numbers = collection.where(filter=FieldFilter("v", "<=", math.inf)).stream()
    assert [snapshot.get("n") for snapshot in numbers] == list(range(runs["number"][0], runs["number"][1] + 1))


def test_every_value_is_found_by_equality_and_by_nothing_else(client: firestore.Client, values: list[Any]) -> None:
    collection = _fill(client, values)
    for number, value in enumerate(values):
        found = [snapshot.get("n") for snapshot in collection.where(filter=FieldFilter("v", "==", value)).stream()]
        assert found == [number], value


def test_neighbours_are_told_apart_by_strict_comparisons(client: firestore.Client) -> None:
    numbers = [value for value in _ascending(client) if type(value) in (int, float) and not math.isnan(value)]
    collection = _fill(client, numbers)
    for (low_number, low), (high_number, high) in pairwise(enumerate(numbers)):
        above = collection.where(filter=FieldFilter("v", ">", low)).limit(1).get()
        assert above[0].get("n") == high_number, (low, high)
        below = (
            collection.where(filter=FieldFilter("v", "<", high)).order_by("v", direction="DESCENDING").limit(1).get()
        )
        assert below[0].get("n") == low_number, (low, high)


@pytest.mark.parametrize(("stored", "asked"), EQUAL)
def test_equal_values_of_different_types_find_each_other(client: firestore.Client, stored: Any, asked: Any) -> None:
    client.document("values/one").set({"v": stored})
    client.document("values/two").set({"v": asked})
    for value in (stored, asked):
        found = client.collection("values").where(filter=FieldFilter("v", "==", value)).get()
        assert [snapshot.id for snapshot in found] == ["one", "two"]


def test_documents_without_the_field_are_not_in_its_order(client: firestore.Client) -> None:
    client.document("c/with").set({"v": None})
    client.document("c/without").set({"w": 1})
    assert [snapshot.id for snapshot in client.collection("c").order_by("v").stream()] == ["with"]


def test_ids_order_by_bytes_with_numeric_ids_first(client: firestore.Client) -> None:
    ids = ["__id-5__", "__id3__", "__id20__", "!", "0", "A", "Zz", "a", "é", "\uffee", "😀"]
    for document_id in reversed(ids):
        client.document(f"c/{document_id}").set({})
    assert [snapshot.id for snapshot in client.collection("c").stream()] == ids
