"""Event functions hear of writes through the whole stack: registered at start, called with what the SDK expects."""

from __future__ import annotations

import base64
from typing import Any

import pytest
import requests
from google.events.cloud.firestore import Document, DocumentEventData, Value

from emulator.client import StackClient


def _notes(database: Any) -> list[dict[str, Any]]:
    return sorted((it.to_dict() for it in database.collection("notes").stream()), key=lambda note: note["kind"])


def test_functions_hear_of_writes_once_a_region(host: StackClient, database: Any) -> None:
    database.document("boxes/b1").set({"n": 1})
    host.drain()
    notes = _notes(database)
    assert [note["kind"] for note in notes] == ["created", "created", "written"]
    assert all((it["document"], it["params"], it["runs"]) == ("boxes/b1", {"box": "b1"}, 1) for it in notes)


def test_wildcards_of_many_segments_and_auth_context(host: StackClient, database: Any) -> None:
    database.document("shelves/s1/rows/r1").set({"n": 1})
    host.drain()
    (note,) = _notes(database)
    assert (note["kind"], note["params"]) == ("shelf by service_account", {"rest": "s1/rows/r1"})


def test_a_failing_function_is_run_once_unless_its_manifest_says_retry(host: StackClient, database: Any) -> None:
    database.document("faulty/f1").set({"n": 1})
    database.document("flaky/f1").set({"n": 1})
    status = host.drain()
    assert (status["failed"], status["retried"], status["delivered"]) == (1, 1, 1)
    assert status["failures"][0]["error"] == "500 RuntimeError: always fails\n"
    assert [note["kind"] for note in _notes(database)] == ["flaky"]


def test_a_duplicated_event_runs_twice_under_one_id(host: StackClient, database: Any) -> None:
    host.set_faults(duplicate=1, delay_seconds=0.1)
    database.document("shelves/s1").set({"n": 1})
    host.drain()
    (note,) = _notes(database)
    assert note["runs"] == 2


def test_ids_beyond_ascii_look_to_functions_as_they_do_when_deployed(host: StackClient, database: Any) -> None:
    """The SDK takes the header's UTF-8 for Latin-1 (firebase-functions-python issue 220)."""
    database.document("shelves/café").set({"n": 1})
    host.drain()
    (note,) = _notes(database)
    assert note["params"]["rest"].encode("latin-1").decode() == "café"


@pytest.mark.parametrize("encoding", [bytes, base64.b64encode])
def test_events_can_be_posted_by_another_emulator(encoding: Any, host: StackClient, database: Any) -> None:
    """Raw, as Eventarc sends the body, and in base64, as the official Firestore emulator does."""
    name = f"projects/{host.project}/databases/(default)/documents/boxes/b9"
    data = DocumentEventData(value=Document(name=name, fields={"n": Value(integer_value=1)}))
    attributes = {
        "id": "e9",
        "specversion": "1.0",
        "type": "google.cloud.firestore.document.v1.written",
        "source": f"//firestore.googleapis.com/projects/{host.project}/databases/(default)",
        "subject": "documents/boxes/b9",
        "document": "boxes/b9",
        "database": "(default)",
        "namespace": "(default)",
        "project": host.project,
        "location": "us-central1",
    }
    headers = {"Content-Type": "application/protobuf", **{f"ce-{key}": value for key, value in attributes.items()}}
    base = host.url("x").rsplit("/", 3)[0]
    url = f"{base}/functions/projects/{host.project}/triggers/us-central1-on_written-0"
    answer = requests.post(url, headers=headers, data=encoding(DocumentEventData.serialize(data)), timeout=10)
    assert (answer.status_code, answer.text) == (200, "OK")
    assert database.document("notes/e9").get().to_dict()["document"] == "boxes/b9"
    del headers["ce-id"]
    incomplete = requests.post(url, headers=headers, data=b"", timeout=10)
    assert (incomplete.status_code, incomplete.text) == (400, "Not a CloudEvent: header ce-id is missing.\n")


def test_an_event_function_has_no_http_address(host: StackClient) -> None:
    answer = requests.post(host.url("on_written"), json={"data": 1}, timeout=10)
    assert answer.status_code == 404
