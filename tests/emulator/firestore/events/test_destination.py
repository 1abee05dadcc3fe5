"""Where events go whose trigger names no destination, as the Firebase CLI registers them: to the address at start."""

import base64

import pytest
import requests
from google.cloud import firestore as firestore_library

from emulator.client import StackClient
from emulator.launch import launched
from tests.emulator.firestore.events.receiver import Receiver

_TRIGGER = {
    "eventType": "google.cloud.firestore.document.v1.written",
    "database": "(default)",
    "namespace": "(default)",
    "document": {"value": "orders/{id}", "matchType": "PATH_PATTERN"},
}


@pytest.mark.parametrize("option", ["--functions", "--functions_emulator"])
def test_events_go_to_the_address_given_at_start(
    option: str, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "us-central1-on_order-0"
    with launched("firestore", option, receiver.address) as running:
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", running.address)
        url = f"http://{running.address}/emulator/v1/projects/demo-p/eventarcTrigger"
        answer = requests.post(url, params={"eventarcTriggerId": key}, json=_TRIGGER, timeout=10)
        assert answer.status_code == 200
        client = firestore_library.Client(project="demo-p")
        client.document("orders/o1").set({"n": 1})
        client.close()
        stack = StackClient("demo-p", running.address)
        assert stack.drain()["delivered"] == 1
        stack.close()
    (request,) = receiver.requests
    assert request.path == f"/functions/projects/demo-p/triggers/{key}"
    assert request.headers["content-type"] == "application/protobuf"
    name = b"projects/demo-p/databases/(default)/documents/orders/o1"
    assert name in (request.body if option == "--functions" else base64.b64decode(request.body, validate=True))
