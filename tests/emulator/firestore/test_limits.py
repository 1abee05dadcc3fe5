"""Firestore's limits: the largest, longest and deepest that is accepted, and production's error for one more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import grpc
import pytest
from google.api_core.exceptions import InvalidArgument, from_grpc_error
from google.cloud import firestore
from google.cloud.firestore_v1 import types
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.vector import Vector

from tests.emulator.firestore.rest_client import RestClient

DOCUMENT_BYTES = 1_048_576
TEN_MIB = 10 * 1024 * 1024


def _nested(levels: int, wrap: Callable[[Any], Any]) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = wrap(value)
    return value


def _alternating(levels: int) -> Any:
    """Maps and arrays in turn, since no array may hold an array."""
    value: Any = 1
    for level in range(levels):
        value = [value] if level % 2 else {"m": value}
    return value


@pytest.mark.parametrize(
    ("value", "size"),
    [
        (None, 1),
        (True, 1),
        (7, 8),
        (1.5, 8),
        ("", 1),
        ("añ", 4),
        (b"123", 3),
        (firestore.GeoPoint(1, 2), 16),
        ([1, "a"], 10),
        ({}, 32),
        ({"ab": 1, "c": {"d": None}}, 32 + 3 + 8 + 2 + 32 + 2 + 1),
        (Vector([1.0, 2.0, 3.0]), 24),
    ],
)
def test_documents_of_a_mebibyte(client: firestore.Client, value: Any, size: int) -> None:
    """Filled up to the last byte, which shows what the rest was counted as."""
    reference = client.document("c/id")
    # The name: "c" 2, "id" 3, and 16; the fields' names: 2 each; 32 for the document; 1 for each of the two strings.
    rest = DOCUMENT_BYTES - (2 + 3 + 16) - 3 * 2 - 32 - 2 - size
    half = rest // 2
    reference.set({"v": value, "x": "x" * half, "y": "y" * (rest - half)})
    with pytest.raises(InvalidArgument, match=r"c/id' .* its size \(1,048,577 bytes\) exceeds .* of 1,048,576 bytes"):
        reference.set({"v": value, "x": "x" * half, "y": "y" * (rest - half + 1)})
    with pytest.raises(InvalidArgument, match=r"1,048,577 bytes"):
        reference.update({"z": None, "x": "x" * (half - 2)})


def test_references_and_numeric_ids_count_by_their_path(client: firestore.Client) -> None:
    reference = client.document("c/__id7__")
    # The name: "c" 2, a numeric id 8, and 16; the reference: "d" 2, "abc" 4, and 16.
    rest = DOCUMENT_BYTES - (2 + 8 + 16) - 3 * 2 - 32 - 2 - (2 + 4 + 16)
    half = rest // 2
    target = client.document("d/abc")
    reference.set({"r": target, "x": "x" * half, "y": "y" * (rest - half)})
    with pytest.raises(InvalidArgument, match=r"1,048,577 bytes"):
        reference.set({"r": target, "x": "x" * half, "y": "y" * (rest - half + 1)})


@pytest.mark.parametrize("value", ["x" * 1_048_488, b"x" * 1_048_488, ["x" * 1_048_488]])
def test_a_value_too_long_for_any_document(client: firestore.Client, value: Any) -> None:
    with pytest.raises(InvalidArgument, match=r'The value of property "blob" is longer than 1048487 bytes'):
        client.document("c/d").set({"blob": value})


@pytest.mark.parametrize("nested", [lambda levels: _nested(levels, lambda value: {"m": value}), _alternating])
def test_twenty_levels(client: firestore.Client, nested: Callable[[int], Any]) -> None:
    reference = client.document("c/d")
    reference.set({"top": nested(20)})
    with pytest.raises(InvalidArgument, match="Property top contains an invalid nested entity"):
        reference.set({"top": nested(21)})
    with pytest.raises(InvalidArgument, match="Property deep contains an invalid nested entity"):
        reference.update({"deep.er": nested(20)})


def test_no_array_within_an_array(client: firestore.Client) -> None:
    reference = client.document("c/d")
    reference.set({"a": [{"b": [1]}]})
    for data in ({"a": [[1]]}, {"a": {"b": [1, [2]]}}, {"a": firestore.ArrayUnion([[1]])}):
        with pytest.raises(InvalidArgument, match="Cannot convert an array value in an array value"):
            reference.set(data)


@pytest.mark.parametrize("name", ["__x__", "____"])
def test_reserved_names(client: firestore.Client, name: str) -> None:
    client.document("c_/_x_").set({"__x": 1, "x__": 1, "_": 1})
    with pytest.raises(InvalidArgument, match=f'Resource id "{name}" is invalid because it is reserved'):
        client.document(f"c/{name}").get()
    with pytest.raises(InvalidArgument, match=f'Collection id "{name}" is invalid because it is reserved'):
        client.document(f"{name}/d").set({})
    with pytest.raises(InvalidArgument, match=f'Collection id "{name}" is invalid because it is reserved'):
        client.collection_group(name).get()
    for data in ({name: 1}, {"m": {name: 1}}, {"a": [{name: 1}]}):
        with pytest.raises(InvalidArgument, match=f'The field name "{name}" is reserved'):
            client.document("c/d").set(data)


def test_empty_field_names(stub: FirestoreClient, documents: str) -> None:
    fields = {"": types.Value(integer_value=1)}
    for data in (fields, {"m": types.Value(map_value={"fields": fields})}):
        with pytest.raises(InvalidArgument, match="empty"):
            stub.create_document({"parent": documents, "collection_id": "c", "document": {"fields": data}})


def test_names_of_1500_bytes(client: firestore.Client) -> None:
    longest = "é" * 750
    client.document(f"{longest}/{longest}").set({longest: {longest: 1}})
    assert client.document(f"{longest}/{longest}").get().exists
    with pytest.raises(InvalidArgument, match="The key path element name is longer than 1500 bytes"):
        client.document(f"c/{longest}x").set({})
    with pytest.raises(InvalidArgument, match="collection id is longer than 1500 bytes"):
        client.document(f"{longest}x/d").set({})
    with pytest.raises(InvalidArgument, match="field name is longer than 1500 bytes"):
        client.document("c/d").set({"m": {f"{longest}x": 1}})
    with pytest.raises(InvalidArgument, match="property path is longer than 1500 bytes"):
        client.collection("c").order_by("x" * 1501).get()


def test_document_names_of_six_kibibytes(client: firestore.Client) -> None:
    segments = ["x" * 1023] * 6
    # Six ids of 1,023 bytes, and five slashes; the last id takes what is left.
    segments[-1] = "x" * (6 * 1024 - 5 * 1024)
    client.document(*segments).set({})
    segments[-1] += "x"
    with pytest.raises(InvalidArgument, match="document name is longer than 6144 bytes"):
        client.document(*segments).set({})


def test_requests_of_ten_mebibytes(
    client: firestore.Client, stub: FirestoreClient, database: str, documents: str, firestore_emulator: str
) -> None:
    def commit(size: int) -> types.CommitRequest:
        """A request of that many bytes, in writes of about a megabyte each."""
        request = types.CommitRequest(database=database)
        for number in range(11):
            text = types.Value(string_value="x" * 950_000)
            request.writes.append(types.Write(update={"name": f"{documents}/c/{number}", "fields": {"x": text}}))
        left = size - len(types.CommitRequest.serialize(request))
        request.writes[-1].update.fields["x"].string_value += "x" * left
        assert len(types.CommitRequest.serialize(request)) == size
        return request

    stub.commit(commit(TEN_MIB))
    with pytest.raises(InvalidArgument, match="Request payload size exceeds the limit: 10485760 bytes"):
        stub.commit(commit(TEN_MIB + 1))
    rest = RestClient(firestore_emulator, client.project)
    answer = rest.refused("POST", ":commit", {"writes": [], "padding": "x" * TEN_MIB})
    assert answer == (400, "INVALID_ARGUMENT", "Request payload size exceeds the limit: 10485760 bytes.")
    rest.close()


def test_500_transforms_of_a_document(client: firestore.Client) -> None:
    def increments(count: int, *paths: str) -> None:
        batch = client.batch()
        for path in paths:
            batch.set(client.document(path), {f"f{n}": firestore.Increment(1) for n in range(count)}, merge=True)
        batch.commit()

    increments(500, "c/a", "c/b")
    increments(250, "c/a", "c/a")
    for count, paths in ((501, ["c/a"]), (251, ["c/a", "c/a"])):
        with pytest.raises(InvalidArgument, match="cannot have more than 500 field transforms on a single document"):
            increments(count, *paths)
    assert client.document("c/a").get().get("f0") == 3


def test_what_is_no_message_at_all(stub: FirestoreClient) -> None:
    transport: Any = stub.transport
    call = transport.grpc_channel.unary_unary("/google.firestore.v1.Firestore/Commit")
    with pytest.raises(grpc.RpcError) as refused:
        call(b"\xff\xff")
    error = from_grpc_error(refused.value)
    assert (type(error), error.message) == (InvalidArgument, "The request is not a valid CommitRequest.")
