"""The Write stream of the web and mobile clients: handshake, one answer a request, and an end at the first failure."""

from __future__ import annotations

from collections.abc import Iterator
from queue import SimpleQueue
from typing import Any

import grpc
import pytest
import requests
from google.api_core.exceptions import AlreadyExists, InvalidArgument, NotFound, PermissionDenied, from_grpc_error
from google.cloud import firestore
from google.cloud.firestore_v1 import types
from google.cloud.firestore_v1.services.firestore import FirestoreClient

from emulator.client import StackClient
from tests.emulator.firestore.authorized import stub_of

_TIMEOUT_SECONDS = 30


class _WriteStream:
    """One stream; every request carries the token of the last answer, as the clients do it."""

    def __init__(self, stub: FirestoreClient) -> None:
        self._requests: SimpleQueue[types.WriteRequest | None] = SimpleQueue()
        write: Any = stub.transport.write
        self._call = write(iter(self._requests.get, None), timeout=_TIMEOUT_SECONDS)
        self._token = b""

    def ask(self, *writes: types.Write, **fields: Any) -> types.WriteResponse:
        self._requests.put(types.WriteRequest(writes=writes, stream_token=self._token, **fields))
        try:
            response: types.WriteResponse = next(self._call)
        except grpc.RpcError as error:
            raise from_grpc_error(error) from error
        assert response.stream_token not in (b"", self._token)
        self._token = response.stream_token
        return response

    def close(self) -> None:
        self._requests.put(None)
        assert list(self._call) == []


@pytest.fixture
def stream(stub: FirestoreClient, database: str) -> Iterator[_WriteStream]:
    """A stream after its handshake."""
    stream = _WriteStream(stub)
    answer = stream.ask(database=database)
    assert answer.stream_id
    assert not answer.write_results
    yield stream
    stream._requests.put(None)
    stream._call.cancel()


def _set(documents: str, path: str, n: int, **options: Any) -> types.Write:
    fields = {"n": types.Value(integer_value=n)}
    return types.Write(update=types.Document(name=f"{documents}/{path}", fields=fields), **options)


def _exists(*, exists: bool) -> dict[str, bool]:
    return {"exists": exists}


def test_each_request_is_a_commit_answered_in_order(
    client: firestore.Client, stream: _WriteStream, documents: str
) -> None:
    transform = {"field_path": "sum", "increment": types.Value(integer_value=5)}
    first = stream.ask(_set(documents, "c/a", 1), _set(documents, "c/b", 2, update_transforms=[transform]))
    second = stream.ask(types.Write(delete=f"{documents}/c/a"))
    assert [len(answer.write_results) for answer in (first, second)] == [2, 1]
    assert first.write_results[0].update_time == first.commit_time != second.commit_time
    assert first.write_results[1].transform_results[0].integer_value == 5
    assert not client.document("c/a").get().exists
    assert client.document("c/b").get().to_dict() == {"n": 2, "sum": 5}


def test_a_last_request_without_writes_is_answered_too(stream: _WriteStream) -> None:
    answer = stream.ask()
    assert not answer.write_results
    assert answer.commit_time
    stream.close()


def test_a_failing_write_ends_the_stream_and_leaves_nothing(
    client: firestore.Client, stream: _WriteStream, documents: str
) -> None:
    stream.ask(_set(documents, "c/a", 1))
    with pytest.raises(NotFound, match="No document to update: "):
        stream.ask(_set(documents, "c/b", 1), _set(documents, "c/none", 1, current_document=_exists(exists=True)))
    assert client.document("c/a").get().exists
    assert not client.document("c/b").get().exists


def test_a_verify_is_a_precondition_without_a_write(stream: _WriteStream, documents: str) -> None:
    def verify(path: str) -> types.Write:
        # Field 5, which the published Write does not have.
        name = f"{documents}/{path}".encode()
        unknown = bytes([5 << 3 | 2]) + _varint(len(name)) + name
        write: types.Write = types.Write.deserialize(unknown)
        types.Write.pb(write).current_document.exists = False
        return write

    assert len(stream.ask(verify("c/a"), _set(documents, "c/b", 1)).write_results) == 2
    stream.ask(_set(documents, "c/a", 1))
    with pytest.raises(AlreadyExists):
        stream.ask(verify("c/a"))


def _varint(number: int) -> bytes:
    return bytes([number]) if number < 128 else bytes([number & 127 | 128, number >> 7])


def test_the_first_request_only_names_the_database(stub: FirestoreClient, database: str, documents: str) -> None:
    with pytest.raises(InvalidArgument, match="no writes"):
        _WriteStream(stub).ask(_set(documents, "c/a", 1), database=database)
    with pytest.raises(InvalidArgument, match="Invalid database name"):
        _WriteStream(stub).ask(database="projects/p")


def test_the_rules_decide_on_each_commit(
    client: firestore.Client, firestore_emulator: str, database: str, documents: str, usage: StackClient
) -> None:
    own = "allow write: if request.auth.uid == id;"
    rules = f"service cloud.firestore {{ match /databases/{{d}}/documents {{ match /users/{{id}} {{ {own} }} }} }}"
    address = f"http://{firestore_emulator}/emulator/v1/projects/{client.project}:securityRules"
    assert requests.put(address, json={"rules": {"files": [{"content": rules}]}}, timeout=30).ok
    with stub_of(firestore_emulator, f"Bearer {usage.token('north', 'customer', 'ada')}") as stub:
        stream = _WriteStream(stub)
        stream.ask(database=database)
        stream.ask(_set(documents, "users/ada", 1))
        with pytest.raises(PermissionDenied):
            stream.ask(_set(documents, "users/ben", 1))
    assert client.document("users/ada").get().exists
