"""What a document event looks like on the wire, and which writes cause which events."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from google.cloud import firestore as firestore_library

from emulator.client import StackClient
from tests.emulator.firestore.events.receiver import Receiver

Register = Callable[..., None]


def test_every_header(project: str, firestore: Any, usage: StackClient, receiver: Receiver, register: Register) -> None:
    register("written", "orders/{id}")
    result = firestore.document("orders/o1").set({"total": 5})
    usage.drain()
    (request,) = receiver.requests
    headers = request.headers
    assert headers["content-type"] == "application/protobuf"
    assert {name: value for name, value in headers.items() if name.startswith("ce-")} == {
        "ce-id": headers["ce-id"],
        "ce-specversion": "1.0",
        "ce-type": "google.cloud.firestore.document.v1.written",
        "ce-source": f"//firestore.googleapis.com/projects/{project}/databases/(default)",
        "ce-subject": "documents/orders/o1",
        "ce-time": headers["ce-time"],
        "ce-dataschema": "https://github.com/googleapis/google-cloudevents/blob/main/proto/google/events/cloud/firestore/v1/data.proto",
        "ce-document": "orders/o1",
        "ce-database": "(default)",
        "ce-namespace": "(default)",
        "ce-project": project,
        "ce-location": "us-central1",
    }
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", headers["ce-id"])
    assert datetime.fromisoformat(headers["ce-time"]) == datetime.fromisoformat(result.update_time.rfc3339())


def test_auth_context_names_the_principal(
    project: str, firestore: Any, usage: StackClient, receiver: Receiver, register: Register
) -> None:
    register("created.withAuthContext", "orders/{id}")
    firestore.document("orders/o1").set({"total": 5})
    usage.drain()
    (request,) = receiver.requests
    assert request.headers["ce-type"] == "google.cloud.firestore.document.v1.created.withAuthContext"
    assert request.headers["ce-authtype"] == "service_account"
    assert request.headers["ce-authid"] == f"firebase-adminsdk@{project}.iam.gserviceaccount.com"


def test_the_body_holds_both_documents_and_the_changed_fields(
    project: str, firestore: Any, usage: StackClient, receiver: Receiver, register: Register
) -> None:
    register("updated", "orders/{id}")
    order = firestore.document("orders/o1")
    order.set({"total": 5, "same": float("nan"), "buyer": {"name": "A", "age": 3, "a.b": 1}, "gone": 1, "zero": 0.0})
    order.set({"total": 6, "same": float("nan"), "buyer": {"name": "A", "age": 4, "a.b": 2}, "new": 1, "zero": -0.0})
    usage.drain()
    (request,) = receiver.requests
    data = request.data
    assert data.value.name == data.old_value.name == f"projects/{project}/databases/(default)/documents/orders/o1"
    assert (data.old_value.fields["total"].integer_value, data.value.fields["total"].integer_value) == (5, 6)
    assert data.value.create_time == data.old_value.create_time
    assert data.value.update_time.ToNanoseconds() > data.old_value.update_time.ToNanoseconds()
    assert list(data.update_mask.field_paths) == ["buyer.`a.b`", "buyer.age", "gone", "new", "total", "zero"]


def test_creations_and_deletions_have_one_document_and_no_mask(
    firestore: Any, usage: StackClient, receiver: Receiver, register: Register
) -> None:
    register("written", "orders/{id}")
    firestore.document("orders/o1").set({"total": 5})
    usage.drain()
    firestore.document("orders/o1").delete()
    usage.drain()
    created, deleted = (request.data for request in receiver.requests)
    assert created.HasField("value") and not created.HasField("old_value") and not created.HasField("update_mask")
    assert deleted.HasField("old_value") and not deleted.HasField("value") and not deleted.HasField("update_mask")


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("written", ["create", "update", "delete"]),
        ("created", ["create"]),
        ("updated", ["update"]),
        ("deleted", ["delete"]),
    ],
)
def test_a_trigger_hears_of_its_kind_of_change(
    kind: str, expected: list[str], firestore: Any, usage: StackClient, receiver: Receiver, register: Register
) -> None:
    register(kind, "orders/{id}")
    order = firestore.document("orders/o1")
    order.create({"n": 1})
    usage.drain()
    order.update({"n": 2})
    usage.drain()
    order.delete()
    usage.drain()
    changes = [(request.data.HasField("old_value"), request.data.HasField("value")) for request in receiver.requests]
    names = {(False, True): "create", (True, True): "update", (True, False): "delete"}
    assert [names[change] for change in changes] == expected


def test_a_write_that_changes_nothing_is_no_event(
    firestore: Any, usage: StackClient, receiver: Receiver, register: Register
) -> None:
    """https://firebase.google.com/docs/functions/firestore-events: no-op writes do not generate events."""
    register("written", "orders/{id}")
    order = firestore.document("orders/o1")
    order.set({"n": 1})
    order.set({"n": 1})
    order.update({"n": 1})
    firestore.document("orders/absent").delete()
    usage.drain()
    assert len(receiver.requests) == 1


def test_a_commit_is_one_event_a_document_and_only_if_it_succeeds(
    firestore: Any, usage: StackClient, receiver: Receiver, register: Register
) -> None:
    register("written", "orders/{id}")
    batch = firestore.batch()
    for number in range(3):
        batch.set(firestore.document(f"orders/o{number}"), {"n": number})
    batch.set(firestore.document("customers/c1"), {"n": 1})
    batch.commit()
    failing = firestore.batch()
    failing.set(firestore.document("orders/o9"), {"n": 9})
    failing.update(firestore.document("orders/absent"), {"n": 9})
    with pytest.raises(Exception, match="No document to update"):
        failing.commit()
    usage.drain()
    assert sorted(request.document for request in receiver.requests) == ["orders/o0", "orders/o1", "orders/o2"]
    assert len({request.id for request in receiver.requests}) == 3


def test_exact_paths_patterns_and_databases_are_told_apart(
    project: str, firestore: Any, usage: StackClient, receiver: Receiver, register: Register
) -> None:
    register("written", "orders/o1", key="exact", match="EXACT")
    register("written", "orders/{id}", key="literal", match="EXACT")
    register("written", "orders/{rest=**}", key="deep")
    register("written", "orders/{id}", key="other", database="other")
    other = firestore_library.Client(project=project, database="other")
    other.document("orders/o1").set({"n": 1})
    firestore.document("orders/o1").set({"n": 1})
    firestore.document("orders/o2/lines/l1").set({"n": 1})
    usage.drain()
    other.close()
    heard = sorted((request.headers["ce-database"], request.document) for request in receiver.requests)
    default = [("(default)", "orders/o1"), ("(default)", "orders/o1"), ("(default)", "orders/o2/lines/l1")]
    assert heard == [*default, ("other", "orders/o1")]


def test_other_projects_hear_nothing(
    firestore: Any, usage: StackClient, receiver: Receiver, register: Register, project: str
) -> None:
    register("written", "orders/{id}")
    stranger = firestore_library.Client(project=f"{project}-x")
    stranger.document("orders/o1").set({"n": 1})
    stranger.close()
    assert usage.drain()["delivered"] == 0
    assert receiver.requests == []


def test_document_ids_beyond_ascii_arrive_as_raw_utf8(
    firestore: Any, usage: StackClient, receiver: Receiver, register: Register
) -> None:
    """As in production: functions that read headers as Latin-1 have to decode them; the body has the true name."""
    register("written", "orders/{id}")
    firestore.document("orders/café 1%").set({"n": 1})
    usage.drain()
    (request,) = receiver.requests
    assert request.document.encode("latin-1").decode() == "orders/café 1%"
    assert request.data.value.name.endswith("/orders/café 1%")


def test_an_id_no_header_can_carry_still_arrives(
    firestore: Any, usage: StackClient, receiver: Receiver, register: Register
) -> None:
    register("written", "orders/{id}")
    firestore.document("orders/two\nlines").set({"n": 1})
    usage.drain()
    (request,) = receiver.requests
    assert request.document == "orders/two%0Alines"
    assert request.data.value.name.endswith("/orders/two\nlines")
