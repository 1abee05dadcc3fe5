"""Preconditions: which writes they let through, and the errors clients rely on."""

from __future__ import annotations

import datetime
import re
from typing import Any

import pytest
from google.api_core.exceptions import AlreadyExists, FailedPrecondition, GoogleAPICallError, InvalidArgument, NotFound
from google.cloud import firestore
from google.cloud.firestore_v1 import types
from google.cloud.firestore_v1.services.firestore import FirestoreClient

HOUR = datetime.timedelta(hours=1)


def test_create_refuses_an_existing_document(client: firestore.Client) -> None:
    document = client.document("c/d")
    document.create({"n": 1})
    with pytest.raises(AlreadyExists, match=re.escape(f"Document already exists: {document._document_path}")):
        document.create({"n": 2})
    assert document.get().to_dict() == {"n": 1}


def test_update_refuses_a_missing_document(client: firestore.Client) -> None:
    with pytest.raises(NotFound, match=r"No document to update: projects/.*/documents/c/d$"):
        client.document("c/d").update({"n": 1})


def test_delete_of_a_missing_document_passes_unless_it_must_exist(client: firestore.Client) -> None:
    client.document("c/d").delete()
    with pytest.raises(NotFound):
        client.document("c/d").delete(option=client.write_option(exists=True))


@pytest.mark.parametrize("operation", ["update", "delete"])
def test_update_time_must_be_the_stored_one(client: firestore.Client, operation: str) -> None:
    document = client.document("c/d")
    first: Any = document.set({"n": 1}).update_time
    second: Any = document.set({"n": 2}).update_time

    def attempt(required: datetime.datetime) -> None:
        option = client.write_option(last_update_time=required)
        if operation == "update":
            document.update({"n": 3}, option=option)
        else:
            document.delete(option=option)

    with pytest.raises(FailedPrecondition, match="does not match the required base version"):
        attempt(first)
    with pytest.raises(InvalidArgument):
        attempt(second + HOUR)
    assert document.get().to_dict() == {"n": 2}
    attempt(second)
    assert document.get().to_dict() == ({"n": 3} if operation == "update" else None)


def test_update_time_of_a_deleted_document(client: firestore.Client) -> None:
    document = client.document("c/d")
    time = document.set({"n": 1}).update_time
    document.delete()
    with pytest.raises(NotFound):
        document.update({"n": 3}, option=client.write_option(last_update_time=time))


def _verify(name: str, condition: types.Precondition) -> types.Write:
    """The `verify` write of the web SDK: field 5, a string, which the published Write does not know."""
    tag, length = bytes([5 << 3 | 2]), bytes([len(name)])
    known = types.Write.serialize(types.Write(current_document=condition))
    write: types.Write = types.Write.deserialize(known + tag + length + name.encode())
    return write


@pytest.mark.parametrize(
    ("path", "condition", "error"),
    [
        ("c/there", {"exists": True}, None),
        ("c/there", {"exists": False}, AlreadyExists),
        ("c/missing", {"exists": False}, None),
        ("c/missing", {"exists": True}, NotFound),
        ("c/there", {"update_time": {"seconds": 1}}, FailedPrecondition),
    ],
)
def test_verify_checks_without_writing(
    client: firestore.Client,
    stub: FirestoreClient,
    path: str,
    condition: dict[str, object],
    error: type[GoogleAPICallError] | None,
) -> None:
    before = client.document("c/there").set({"n": 1}).update_time
    name = f"{client._database_string}/documents/{path}"
    writes = [
        _verify(name, types.Precondition(condition)),
        types.Write(update={"name": f"{client._database_string}/documents/c/other"}),
    ]
    request = types.CommitRequest(database=client._database_string, writes=writes)
    if error is None:
        assert len(stub.commit(request).write_results) == 2
    else:
        with pytest.raises(error):
            stub.commit(request)
    assert client.document("c/other").get().exists is (error is None)
    assert client.document("c/there").get().update_time == before
