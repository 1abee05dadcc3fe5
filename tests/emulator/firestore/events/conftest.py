"""A receiver of events, and how to register triggers that send to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from tests.emulator.firestore.events.receiver import Receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def trigger_url(project: str, firestore_emulator: str) -> str:
    return f"http://{firestore_emulator}/emulator/v1/projects/{project}/eventarcTrigger"


@pytest.fixture
def register(trigger_url: str, receiver: Receiver) -> Callable[..., None]:
    """`register("written", "orders/{id}")` sends what happens to orders to the receiver."""

    def register(kind: str, document: str, *, key: str = "key", match: str = "PATH_PATTERN", **more: Any) -> None:
        body = {
            "eventType": f"google.cloud.firestore.document.v1.{kind}",
            "database": "(default)",
            "namespace": "(default)",
            "document": {"value": document, "matchType": match},
            "destination": {"httpEndpoint": {"uri": receiver.url()}},
            **more,
        }
        answer = requests.post(trigger_url, params={"eventarcTriggerId": key}, json=body, timeout=10)
        assert answer.status_code == 200, answer.text

    return register
