"""What our functions host does for a function, functions-framework does too: the sample, one process a target."""

from __future__ import annotations

from typing import Any

import requests

from emulator.client import StackClient
from tests.emulator.functions.conftest import SAMPLE
from tests.functions_framework.conftest import Deploy

_MAIN = SAMPLE / "main.py"


def test_an_event_function_hears_of_writes(
    deploy: Deploy, project: str, firestore: Any, firestore_emulator: str, usage: StackClient
) -> None:
    url = deploy("on_written", "cloudevent", source=_MAIN)
    trigger = {
        "eventType": "google.cloud.firestore.document.v1.written",
        "document": {"value": "boxes/{box}", "matchType": "PATH_PATTERN"},
        "destination": {"httpEndpoint": {"uri": f"{url}/"}},
    }
    admin = f"http://{firestore_emulator}/emulator/v1/projects/{project}/eventarcTrigger"
    assert requests.post(admin, params={"eventarcTriggerId": "k"}, json=trigger, timeout=10).ok
    firestore.document("boxes/café").set({"n": 1})
    assert usage.drain()["delivered"] == 1
    (note,) = (it.to_dict() for it in firestore.collection("notes").stream())
    # As in production, the SDK takes the header's UTF-8 for Latin-1.
    assert note["params"]["box"].encode("latin-1").decode() == "café"


def test_a_callable_answers(deploy: Deploy, project: str, usage: StackClient) -> None:
    url = deploy("whoami", "http", source=_MAIN)
    headers = {"Authorization": f"Bearer {usage.token('org_a', 'owner', uid='u1')}"}
    answer = requests.post(url, json={"data": None}, headers=headers, timeout=10)
    assert answer.json() == {"result": {"uid": "u1", "orgId": "org_a", "role": "owner"}}
    assert requests.post(url, json={"data": None}, timeout=10).json()["error"]["status"] == "UNAUTHENTICATED"


def test_an_http_function_answers(deploy: Deploy) -> None:
    url = deploy("page", "http", source=_MAIN)
    answer = requests.get(f"{url}/orders/17", params={"a": "1"}, timeout=10)
    assert answer.json() == {"path": "/orders/17", "query": {"a": "1"}, "method": "GET"}
