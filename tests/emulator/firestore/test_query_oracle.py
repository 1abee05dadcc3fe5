"""Random queries give what an independent reading of the rules gives: in small and large collections, now and past."""

from __future__ import annotations

import datetime
import math
import random
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from google.api_core.exceptions import InvalidArgument
from google.cloud import firestore
from google.cloud.firestore_v1.base_query import And, FieldFilter, Or
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.emulator.firestore import oracle
from tests.emulator.firestore.oracle import Where

SCALARS: list[Any] = [None, True, False, math.nan, 0, 1, 1.0, 2, -1.5, 10**15, "", "a", "b", "ab", b"x"]
SCALARS.append(datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC))
VALUES: list[Any] = [*SCALARS, [], [1], ["a", "b"], [1, "a"], [None], [math.nan, 2], {"x": 1}, {"x": 1, "y": 2}]
FIELDS = ["a", "b", "m.x"]
SMALL, LARGE = 30, 300

_scalar = st.sampled_from(SCALARS)
_value = st.sampled_from(VALUES)
# The client refuses other comparisons with null or NaN.
_not_null = st.sampled_from([value for value in VALUES if value is not None and value == value])
_leaf = st.one_of(
    st.builds(Where, st.sampled_from(FIELDS), st.sampled_from(["==", "!="]), _value),
    st.builds(Where, st.sampled_from(FIELDS), st.sampled_from(["<", "<=", ">", ">=", "array_contains"]), _not_null),
    st.builds(
        Where,
        st.sampled_from(FIELDS),
        st.sampled_from(["in", "array_contains_any", "not-in"]),
        st.lists(_value, min_size=1, max_size=3),
    ),
)
_few = st.lists(_leaf, min_size=1, max_size=3)
_where = st.one_of(
    st.none(),
    _leaf,
    st.builds(lambda parts: Where("and", "", parts), _few),
    st.builds(lambda parts: Where("or", "", parts), _few),
    st.builds(lambda one, parts: Where("and", "", [one, Where("or", "", parts)]), _leaf, _few),
)
_orders = st.lists(st.tuples(st.sampled_from(FIELDS), st.sampled_from([1, -1])), max_size=2, unique_by=lambda o: o[0])
_limit = st.one_of(st.none(), st.integers(1, 20))


class Collection:
    """A stored collection, what is in it, and when it was so (None: now)."""

    def __init__(
        self,
        reference: firestore.CollectionReference,
        documents: dict[str, dict[str, Any]],
        read_time: datetime.datetime | None = None,
    ) -> None:
        self.reference = reference
        self.documents = documents
        self.read_time = read_time


def _random_document(chance: random.Random) -> dict[str, Any]:
    document: dict[str, Any] = {name: chance.choice(VALUES) for name in ("a", "b") if chance.random() < 0.9}
    if chance.random() < 0.8:
        document["m"] = {"x": chance.choice(VALUES)}
    return document


def _write(client: firestore.Client, size: int, seed: int) -> Collection:
    chance = random.Random(seed)
    reference = client.collection(f"c{size}")
    documents = {f"{chance.randrange(10**6):06d}": _random_document(chance) for _ in range(size)}
    batch = client.batch()
    for document_id, document in documents.items():
        batch.set(reference.document(document_id), document)
    batch.commit()
    return Collection(reference, documents)


@pytest.fixture(scope="module")
def module_client(firestore_emulator: str) -> Iterator[firestore.Client]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("FIRESTORE_EMULATOR_HOST", firestore_emulator)
        client = firestore.Client(project=f"demo-{uuid.uuid4().hex[:12]}")
    yield client
    client.close()


@pytest.fixture(scope="module")
def small(module_client: firestore.Client) -> Collection:
    return _write(module_client, SMALL, seed=1)


@pytest.fixture(scope="module")
def large(module_client: firestore.Client) -> Collection:
    return _write(module_client, LARGE, seed=2)


@pytest.fixture(scope="module")
def past(module_client: firestore.Client) -> Collection:
    """A collection of which a third has been overwritten, a third deleted, and that has grown since its time."""
    collection = _write(module_client, LARGE + 1, seed=3)
    first = next(iter(collection.documents))
    read_time = collection.reference.document(first).get().read_time
    chance, batch = random.Random(4), module_client.batch()
    for number, document_id in enumerate(collection.documents):
        if number % 3 == 0:
            batch.set(collection.reference.document(document_id), _random_document(chance))
        elif number % 3 == 1:
            batch.delete(collection.reference.document(document_id))
    for number in range(50):
        batch.set(collection.reference.document(f"new{number}"), _random_document(chance))
    batch.commit()
    return Collection(collection.reference, collection.documents, read_time)


def _client_filter(where: Where) -> Any:
    if where.field in ("and", "or"):
        combine = And if where.field == "and" else Or
        return combine([_client_filter(part) for part in where.value])
    return FieldFilter(where.field, where.operator, where.value)


def _check(collection: Collection, where: Where | None, orders: list[tuple[str, int]], limit: int | None) -> None:
    query: Any = collection.reference
    if where is not None:
        query = query.where(filter=_client_filter(where))
    for path, sign in orders:
        query = query.order_by(path, direction="ASCENDING" if sign == 1 else "DESCENDING")
    if limit is not None:
        query = query.limit(limit)
    if oracle.is_refused(where):
        with pytest.raises(InvalidArgument):
            query.get(read_time=collection.read_time)
        return
    found = [snapshot.id for snapshot in query.stream(read_time=collection.read_time)]
    assert found == oracle.query(collection.documents, where, orders, limit)
    counted = query.count().get(read_time=collection.read_time)
    assert counted[0][0].value == len(found)


_settings = settings(
    max_examples=120, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@_settings
@given(where=_where, orders=_orders, limit=_limit)
def test_small_collection(
    small: Collection, where: Where | None, orders: list[tuple[str, int]], limit: int | None
) -> None:
    _check(small, where, orders, limit)


@_settings
@given(where=_where, orders=_orders, limit=_limit)
def test_large_collection(
    large: Collection, where: Where | None, orders: list[tuple[str, int]], limit: int | None
) -> None:
    _check(large, where, orders, limit)


@_settings
@given(where=_where, orders=_orders, limit=_limit)
def test_past_of_a_collection(
    past: Collection, where: Where | None, orders: list[tuple[str, int]], limit: int | None
) -> None:
    _check(past, where, orders, limit)


SHAPES: list[tuple[Where | None, list[tuple[str, int]]]] = [
    (None, [("a", -1)]),
    (None, [("m.x", 1), ("b", -1)]),
    (Where("a", "==", 1), []),
    (Where("a", "==", "b"), [("b", -1)]),
    (Where("m.x", ">", 0), []),
    (Where("a", "array_contains", 1), []),
    (Where("a", "array_contains_any", ["a", 2]), [("b", 1)]),
    (Where("and", "", [Where("b", "in", [1, True, "a"]), Where("a", "!=", 1)]), []),
    (Where("or", "", [Where("b", "==", None), Where("m.x", "<=", "b")]), []),
]


def test_indexes_follow_every_change(module_client: firestore.Client) -> None:
    collection = _write(module_client, LARGE + 2, seed=5)
    for where, orders in SHAPES:
        _check(collection, where, orders, None)
    chance = random.Random(6)
    for _ in range(3):
        batch = module_client.batch()
        for document_id in chance.sample(sorted(collection.documents), 60):
            reference, fate = collection.reference.document(document_id), chance.random()
            if fate < 0.3:
                batch.delete(reference)
                del collection.documents[document_id]
            elif fate < 0.6:
                batch.set(reference, {"a": 1}, merge=True)
                collection.documents[document_id]["a"] = 1
            else:
                collection.documents[document_id] = _random_document(chance)
                batch.set(reference, collection.documents[document_id])
        batch.commit()
        for where, orders in SHAPES:
            _check(collection, where, orders, None)


def _ordered(collection: Collection, orders: list[tuple[str, int]]) -> tuple[Any, list[str]]:
    query: Any = collection.reference
    for path, sign in orders:
        query = query.order_by(path, direction="ASCENDING" if sign == 1 else "DESCENDING")
    return (query if orders else query.order_by("__name__")), oracle.query(collection.documents, None, orders, None)


@settings(_settings, max_examples=15)
@given(orders=_orders, size=st.integers(25, 150))
def test_pages_make_up_the_whole(large: Collection, orders: list[tuple[str, int]], size: int) -> None:
    query, expected = _ordered(large, orders)
    found: list[str] = []
    page = query.limit(size).get()
    while page and len(found) < len(expected):
        found += [snapshot.id for snapshot in page]
        page = query.start_after(page[-1]).limit(size).get()
    assert not page
    assert found == expected


@settings(_settings, max_examples=40)
@given(orders=_orders, data=st.data())
def test_cursors_cut_out_a_part(large: Collection, orders: list[tuple[str, int]], data: st.DataObject) -> None:
    query, expected = _ordered(large, orders)
    first = data.draw(st.integers(0, len(expected) - 1))
    last = data.draw(st.integers(first, min(first + 20, len(expected) - 1)))
    low = large.reference.document(expected[first]).get()
    high = large.reference.document(expected[last]).get()
    assert _ids(query.start_at(low).end_at(high)) == expected[first : last + 1]
    assert _ids(query.start_after(low).end_before(high)) == expected[first + 1 : last]
    assert _ids(query.start_at(low).offset(2).limit(3)) == expected[first + 2 : first + 5]


def _ids(query: Any) -> list[str]:
    return [snapshot.id for snapshot in query.stream()]
