"""A function of each kind as it is deployed: under functions-framework, one process a target, driven over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import requests
from google.cloud.firestore import FieldFilter

from emulator.client import StackClient
from lib.usecases import menu
from tests.functions_framework.conftest import Deploy


def _order(org: str) -> dict[str, Any]:
    at = datetime(2026, 3, 1, 17, 30, tzinfo=UTC)
    return {
        "orgId": org,
        "source": "alleaves",
        "mode": "live",
        "status": "completed",
        "userId": "4711",
        "customer": {"name": "Ada Okafor", "email": "ada@example.com", "phone": "+13125550123"},
        "totals": {"subtotal": 50.0, "tax": 0.0, "total": 50.0},
        "createdAt": at,
        "updatedAt": at,
    }


def test_an_order_written_to_firestore_reaches_the_event_function_and_points_the_callable(
    deploy: Deploy,
    project: str,
    firestore: Any,
    firestore_emulator: str,
    usage: StackClient,
    fresh_id: Callable[[str], str],
) -> None:
    org = fresh_id("org")
    trigger = {
        "eventType": "google.cloud.firestore.document.v1.written",
        "document": {"value": "orders/{orderId}", "matchType": "PATH_PATTERN"},
        "destination": {"httpEndpoint": {"uri": f"{deploy('on_order_written', 'cloudevent')}/"}},
        "retry": True,
    }
    admin = f"http://{firestore_emulator}/emulator/v1/projects/{project}/eventarcTrigger"
    assert requests.post(admin, params={"eventarcTriggerId": "orders"}, json=trigger, timeout=10).ok
    firestore.collection("orders").document(fresh_id("order")).set(_order(org))
    assert usage.drain()["delivered"] >= 1

    (customer,) = firestore.collection("customers").where(filter=FieldFilter("orgId", "==", org)).stream()
    points = customer.get("points")
    assert points > 0

    url = deploy("check_points", "http")
    headers = {"Authorization": f"Bearer {usage.token(org, 'budtender')}"}
    body = {"data": {"orgId": org, "customerId": customer.id}}
    answer = requests.post(url, json=body, headers=headers, timeout=10)
    assert answer.status_code == 200, answer.text
    assert answer.json()["result"]["customerId"] == customer.id
    assert answer.json()["result"]["points"] == points
    anonymous = requests.post(url, json=body, timeout=10)
    assert (anonymous.status_code, anonymous.json()["error"]["status"]) == (401, "UNAUTHENTICATED")


def test_the_public_menu_is_served_to_anyone_and_can_be_cached(
    deploy: Deploy, project: str, fresh_id: Callable[[str], str]
) -> None:
    url, asked = deploy("public_menu", "http"), {"orgId": fresh_id("org")}
    unknown = requests.get(url, params=asked, timeout=10)
    assert (unknown.status_code, unknown.json()["reason"]) == (404, "unknown_org")
    menu.publish(asked["orgId"])
    answer = requests.get(url, params=asked, timeout=10)
    assert answer.status_code == 200, answer.text
    assert answer.json() == menu.public(asked["orgId"])
    again = requests.get(url, params=asked, headers={"If-None-Match": answer.headers["ETag"]}, timeout=10)
    assert again.status_code == 304
