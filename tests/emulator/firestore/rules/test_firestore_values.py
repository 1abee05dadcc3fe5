"""From the wire to rules: every kind of Value, documents, and queries as the client library builds them."""

import math
from datetime import UTC, datetime

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import firestore
from google.cloud.firestore_v1 import _helpers
from google.cloud.firestore_v1.base_query import And, Or
from google.cloud.firestore_v1.base_query import FieldFilter as ClientFilter
from google.cloud.firestore_v1.types import Document, StructuredQuery, Value

from emulator.firestore.rules.firestore_values import document_of, field_names, query_of, relative_path, value_of
from emulator.firestore.rules.query import AllOf, AnyOf, FieldFilter, Operator, Query
from emulator.firestore.rules.values import LatLng, Path, Timestamp
from tests.emulator.firestore.rules.harness import ROOT, World, request, ruleset

PARENT = f"projects/demo/{ROOT}"


@pytest.fixture(scope="module")
def client() -> firestore.Client:
    """A client that only builds messages."""
    return firestore.Client(project="demo", credentials=AnonymousCredentials())


def test_every_kind_of_value(client: firestore.Client) -> None:
    fields = {
        "null": None,
        "bool": True,
        "int": 7,
        "float": 1.5,
        "string": "x",
        "bytes": b"\x00\xff",
        "time": datetime(2023, 11, 14, 22, 13, 20, 123456, tzinfo=UTC),
        "reference": client.document("users/u1"),
        "point": firestore.GeoPoint(1.5, -2.5),
        "list": [1, "a", {"b": None}],
        "map": {"a": {"b": [True]}},
    }
    message = Document(name=f"{PARENT}/things/t1", fields=_helpers.encode_dict(fields))
    document = document_of(Document.pb(message))
    assert document.path == f"{ROOT}/things/t1"
    assert document.data == {
        "null": None,
        "bool": True,
        "int": 7,
        "float": 1.5,
        "string": "x",
        "bytes": b"\x00\xff",
        "time": Timestamp(1_700_000_000_123_456_000),
        "reference": Path.parse(f"{ROOT}/users/u1"),
        "point": LatLng(1.5, -2.5),
        "list": [1, "a", {"b": None}],
        "map": {"a": {"b": [True]}},
    }
    assert type(document.data["int"]) is int
    assert type(document.data["bool"]) is bool
    assert value_of(Value.pb(Value())) is None


def test_a_document_reads_like_its_values_in_rules(client: firestore.Client) -> None:
    fields = {"owner": client.document("users/u1"), "at": datetime.fromtimestamp(1_700_000_000, UTC), "n": 2}
    document = document_of(Document.pb(Document(name=f"{PARENT}/things/t1", fields=_helpers.encode_dict(fields))))
    rules = ruleset(
        """match /things/{t} { allow get: if resource.data.owner == /databases/$(database)/documents/users/u1
        && resource.data.at < request.time && resource.data.n is int && resource.__name__[4] == t; }"""
    )
    asked = request()
    assert rules.evaluate(type(asked)(asked.method, asked.path, None, asked.time, before=document), World()).allowed


def _built(query: firestore.Query, parent: str = PARENT) -> Query:
    return query_of(parent, StructuredQuery.pb(query._to_protobuf()))


def test_queries_of_the_client_library(client: firestore.Client) -> None:
    things = client.collection("things")
    query = (
        things.where(filter=ClientFilter("owner", "==", "u1"))
        .where(filter=ClientFilter("a.b", ">", 5))
        .order_by("a.b")
        .order_by("owner", direction="DESCENDING")
        .limit(10)
        .offset(3)
    )
    built = _built(query)
    assert built == Query(
        ROOT,
        "things",
        where=AllOf(
            (FieldFilter(("owner",), Operator.EQUAL, "u1"), FieldFilter(("a", "b"), Operator.GREATER_THAN, 5)),
        ),
        limit=10,
        offset=3,
        order_by="a.b ASC, owner DESC",
    )
    assert built.to_value() == {"limit": 10, "offset": 3, "orderBy": "a.b ASC, owner DESC"}
    assert _built(things.select([])) == Query(ROOT, "things")
    assert _built(client.collection_group("things")) == Query(ROOT, "things", all_descendants=True)
    nested = client.collection("users/u1/things")
    assert _built(nested.select([]), f"{PARENT}/users/u1") == Query(f"{ROOT}/users/u1", "things")


@pytest.mark.parametrize(
    ("operator", "value", "expected"),
    [
        ("<", 1, Operator.LESS_THAN),
        ("<=", 1, Operator.LESS_THAN_OR_EQUAL),
        (">", 1, Operator.GREATER_THAN),
        (">=", 1, Operator.GREATER_THAN_OR_EQUAL),
        ("==", 1, Operator.EQUAL),
        ("!=", 1, Operator.NOT_EQUAL),
        ("array_contains", 1, Operator.ARRAY_CONTAINS),
        ("in", [1], Operator.IN),
        ("array_contains_any", [1], Operator.ARRAY_CONTAINS_ANY),
        ("not-in", [1], Operator.NOT_IN),
        ("==", None, Operator.EQUAL),
        ("!=", None, Operator.NOT_EQUAL),
    ],
)
def test_operators(client: firestore.Client, operator: str, value: object, expected: Operator) -> None:
    query = client.collection("things").where(filter=ClientFilter("f", operator, value))
    assert _built(query).where == FieldFilter(("f",), expected, value)


def test_nan(client: firestore.Client) -> None:
    for operator, expected in (("==", Operator.EQUAL), ("!=", Operator.NOT_EQUAL)):
        built = _built(client.collection("things").where(filter=ClientFilter("f", operator, float("nan")))).where
        assert isinstance(built, FieldFilter)
        assert built.operator is expected
        assert isinstance(built.value, float)
        assert math.isnan(built.value)


def test_composite_filters(client: firestore.Client) -> None:
    own, open_ = ClientFilter("owner", "==", "u1"), ClientFilter("open", "==", True)
    query = client.collection("things").where(filter=And([Or([own, open_]), ClientFilter("x", "==", "y")]))
    expected_own, expected_open = (
        FieldFilter(("owner",), Operator.EQUAL, "u1"),
        FieldFilter(("open",), Operator.EQUAL, True),
    )
    expected = AllOf((AnyOf((expected_own, expected_open)), FieldFilter(("x",), Operator.EQUAL, "y")))
    assert _built(query).where == expected


def test_a_query_by_name_carries_a_path(client: firestore.Client) -> None:
    things = client.collection("things")
    query = things.where(filter=ClientFilter("__name__", "==", things.document("t1")))
    assert _built(query).where == FieldFilter(("__name__",), Operator.EQUAL, Path.parse(f"{ROOT}/things/t1"))


def test_a_query_without_a_collection_spans_everything() -> None:
    assert query_of(PARENT, StructuredQuery.pb(StructuredQuery())) == Query(ROOT, None, all_descendants=True)


@pytest.mark.parametrize(
    ("text", "names"),
    [("a", ("a",)), ("a.b", ("a", "b")), ("`a.b`.c", ("a.b", "c")), ("`a\\`b`", ("a`b",)), ("``", ("",))],
)
def test_field_paths(text: str, names: tuple[str, ...]) -> None:
    assert field_names(text) == names


def test_resource_names_lose_their_project() -> None:
    assert relative_path("projects/p/databases/d/documents/projects/x") == "databases/d/documents/projects/x"
    assert relative_path("databases/d/documents/a/b") == "databases/d/documents/a/b"
