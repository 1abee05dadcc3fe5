"""Field transforms by table: present value, transform, new value."""

from __future__ import annotations

import datetime
import math
from typing import Any

import pytest
from google.cloud import firestore
from google.cloud.firestore_v1 import types
from google.cloud.firestore_v1.services.firestore import FirestoreClient

MAX, MIN = 2**63 - 1, -(2**63)
NUMERIC: list[tuple[Any, Any, Any]] = [
    (firestore.Increment(2), None, 2),
    (firestore.Increment(2), "text", 2),
    (firestore.Increment(2), 3, 5),
    (firestore.Increment(2), 3.5, 5.5),
    (firestore.Increment(2.0), 3, 5.0),
    (firestore.Increment(1), MAX, MAX),
    (firestore.Increment(-1), MIN, MIN),
    (firestore.Increment(1.0), MAX, float(2**63)),
    (firestore.Increment(math.inf), -math.inf, math.nan),
    (firestore.Maximum(5), None, 5),
    (firestore.Maximum(5), 3, 5),
    (firestore.Maximum(5), 7.5, 7.5),
    (firestore.Maximum(5.0), 5, 5),
    (firestore.Maximum(5), 5.0, 5.0),
    (firestore.Maximum(5), math.nan, math.nan),
    (firestore.Maximum(math.nan), 5, math.nan),
    (firestore.Maximum(-0.0), 0, 0),
    (firestore.Minimum(5), [], 5),
    (firestore.Minimum(5), 3, 3),
    (firestore.Minimum(-1.5), 3, -1.5),
    (firestore.Minimum(5.0), 5, 5),
]
ARRAYS: list[tuple[Any, Any, Any]] = [
    (firestore.ArrayUnion([1, 2]), None, [1, 2]),
    (firestore.ArrayUnion([1, 2]), 7, [1, 2]),
    (firestore.ArrayUnion([1, 2, 2]), [2, 3], [2, 3, 1]),
    (firestore.ArrayUnion([1.0]), [1], [1]),
    (firestore.ArrayUnion([None, math.nan]), [None, math.nan], [None, math.nan]),
    (firestore.ArrayUnion([{"a": 1}]), [{"a": 1.0}, {"a": 2}], [{"a": 1.0}, {"a": 2}]),
    (firestore.ArrayRemove([1]), [1, 2, 1.0, "1"], [2, "1"]),
    (firestore.ArrayRemove([1]), "text", []),
    (firestore.ArrayRemove([1]), None, []),
    (firestore.ArrayRemove([None]), [None, {}], [{}]),
]


def _same(value: Any, expected: Any) -> bool:
    """Equal, of equal types all the way down, and NaN equal to itself."""
    return repr(value) == repr(expected)


@pytest.mark.parametrize(("transform", "before", "after"), NUMERIC + ARRAYS)
@pytest.mark.parametrize("path", ["v", "m.v"])
def test_transform(client: firestore.Client, path: str, transform: Any, before: Any, after: Any) -> None:
    document = client.document("c/d")
    document.set({"other": 1} if before is None else {"other": 1, **_nested(path, before)})
    document.update({path: transform})
    snapshot = document.get()
    assert _same(snapshot.get(path), after)
    assert snapshot.get("other") == 1


@pytest.mark.parametrize(("transform", "before", "after"), NUMERIC)
def test_the_new_number_is_told(client: firestore.Client, transform: Any, before: Any, after: Any) -> None:
    document = client.document("c/d")
    document.set({"v": before} if before is not None else {})
    result = document.update({"v": transform}).transform_results[0]
    kind = "integer_value" if isinstance(after, int) else "double_value"
    assert _same(getattr(result, kind), after)


def test_array_transforms_tell_null(client: firestore.Client) -> None:
    result = client.document("c/d").set({"v": firestore.ArrayUnion([1])}).transform_results[0]
    assert result == types.Value(null_value=0)


def test_server_timestamps_are_the_commit_time_to_the_millisecond(client: firestore.Client) -> None:
    document = client.document("c/d")
    result: Any = document.set({"a": firestore.SERVER_TIMESTAMP, "m": {"b": firestore.SERVER_TIMESTAMP}})
    stored = document.get().to_dict()
    committed = result.update_time
    expected = committed.replace(microsecond=committed.microsecond // 1000 * 1000)
    assert stored == {"a": expected, "m": {"b": expected}}
    assert abs(committed - datetime.datetime.now(datetime.UTC)) < datetime.timedelta(minutes=1)


def test_transforms_apply_to_missing_documents_when_they_may_be_created(client: firestore.Client) -> None:
    client.document("c/d").set({"n": firestore.Increment(5)}, merge=True)
    assert client.document("c/d").get().to_dict() == {"n": 5}


def test_transforms_on_one_field_follow_each_other(stub: FirestoreClient, database: str, documents: str) -> None:
    transforms = [
        {"field_path": "n", "increment": {"integer_value": 5}},
        {"field_path": "n", "maximum": {"integer_value": 3}},
        {"field_path": "n", "increment": {"integer_value": 1}},
    ]
    write = types.Write(update={"name": f"{documents}/c/d"}, update_transforms=transforms)
    response = stub.commit(types.CommitRequest(database=database, writes=[write]))
    assert [value.integer_value for value in response.write_results[0].transform_results] == [5, 5, 6]


def test_the_older_transform_write_leaves_the_rest_alone(stub: FirestoreClient, client: firestore.Client) -> None:
    document = client.document("c/d")
    document.set({"n": 1, "other": True})
    transform = {
        "document": document._document_path,
        "field_transforms": [{"field_path": "n", "increment": {"integer_value": 1}}],
    }
    stub.commit(types.CommitRequest(database=client._database_string, writes=[types.Write(transform=transform)]))
    assert document.get().to_dict() == {"n": 2, "other": True}


def _nested(path: str, value: Any) -> dict[str, Any]:
    first, _, rest = path.partition(".")
    return {first: _nested(rest, value) if rest else value}
