"""Fixtures for the deployed functions: the whole stack over HTTP, one org a test."""

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from google.cloud.firestore import Client

from emulator.client import StackClient

_keys = count(1)


class Counter:
    """The staff of one org calling functions, as the dashboard or a till does."""

    def __init__(self, stack: StackClient, client: Client, org_id: str) -> None:
        self.stack = stack
        self.client = client
        self.org_id = org_id

    def call(self, name: str, *, role: str = "owner", **data: Any) -> Any:
        """A call about this org by a member with this role. Raises CallFailed."""
        token = self.stack.token(self.org_id, role, "cashier")
        return self.stack.call(name, {"orgId": self.org_id, **data}, token=token)

    def write(self, name: str, *, role: str = "owner", **data: Any) -> Any:
        """The same with a fresh idempotency key."""
        return self.call(name, role=role, **{"idempotencyKey": f"key-{next(_keys)}", **data})

    def customer(self, name: str, points: int) -> str:
        """A customer with so many points."""
        customer_id = f"{self.org_id}_{name}"
        self.client.document("customers", customer_id).set({"orgId": self.org_id, "points": points, "orderCount": 1})
        return customer_id


@pytest.fixture
def counter(stack: StackClient, firestore: Client, fresh_id: Callable[[str], str]) -> Counter:
    """Staff of an org that no other test uses."""
    return Counter(stack, firestore, fresh_id("org"))
