"""Run by `firebase emulators:exec`: writes an order as the POS sync does, follows it to the ledger, changes the rules.

Firestore is ours, functions and auth are the Firebase CLI's; their addresses come from the environment and the CLI's
emulator hub. The working folder is the CLI's project.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import requests
from google.cloud import firestore
from google.cloud.firestore import FieldFilter

from cli.demo.shop_setup import ORG_ID, set_up

_DEADLINE_SECONDS = 60
_POLL_SECONDS = 0.1
_TIMEOUT_SECONDS = 30
_PASSWORD = "only-on-an-emulator"  # noqa: S105

_CLI_LOG = Path("firebase-debug.log")
_OPEN_RULES = """
rules_version = '2';
service cloud.firestore { match /databases/{database}/documents/{document=**} { allow read; } }
"""

T = TypeVar("T")


class NotSeen(Exception):
    """What should have happened did not within the deadline."""


def wait_for(what: str, look: Callable[[], T | None]) -> T:
    """The first result of `look` that is not None; says how long it took, raises NotSeen after the deadline."""
    start = time.monotonic()
    while (seen := look()) is None:
        if time.monotonic() - start > _DEADLINE_SECONDS:
            raise NotSeen(what)
        time.sleep(_POLL_SECONDS)
    print(f"seen after {time.monotonic() - start:5.2f} s: {what}", flush=True)
    return seen


def order(number: int) -> dict[str, Any]:
    """A completed POS order of 50 dollars."""
    now = datetime.now(UTC)
    return {
        "orgId": ORG_ID,
        "source": "alleaves",
        "mode": "live",
        "status": "completed",
        "userId": f"{number}",
        "customer": {"name": "Ada Okafor", "email": "ada@example.com", "phone": "+13125550123"},
        "totals": {"subtotal": 50.0, "tax": 0.0, "total": 50.0},
        "createdAt": now,
        "updatedAt": now,
    }


def sign_in(auth: str, project: str) -> str:
    """An ID token of the CLI's auth emulator for a new user with a role in the demo's org."""
    identity = f"http://{auth}/identitytoolkit.googleapis.com/v1"
    who = {"email": "till@example.com", "password": _PASSWORD, "returnSecureToken": True}
    user = _post(f"{identity}/accounts:signUp?key=any", who)
    claims = f'{{"orgId": "{ORG_ID}", "role": "budtender"}}'
    update = {"localId": user["localId"], "customAttributes": claims}
    _post(f"{identity}/projects/{project}/accounts:update", update, authorization="Bearer owner")
    return str(_post(f"{identity}/accounts:signInWithPassword?key=any", who)["idToken"])


def change_rules(address: str, project: str, path: str) -> None:
    """Opens the rules file of the CLI's project and closes it again, watching as nobody in particular."""
    document = f"http://{address}/v1/projects/{project}/databases/(default)/documents/{path}"

    def answered(status: int) -> Callable[[], bool | None]:
        return lambda: requests.get(document, timeout=_TIMEOUT_SECONDS).status_code == status or None

    def told(times: int) -> Callable[[], bool | None]:
        return lambda: _CLI_LOG.read_text(errors="replace").count("Rules updated.") >= times or None

    rules = Path("firestore.rules")
    of_the_product = rules.read_text()
    wait_for("a stranger reading a customer is refused", answered(403))
    rules.write_text(_OPEN_RULES)
    wait_for("rules changed in the file: the CLI has handed them over", told(1))
    wait_for("the stranger may read", answered(200))
    rules.write_text(of_the_product)
    wait_for("rules changed back: the CLI has handed them over", told(2))
    wait_for("the stranger is refused again", answered(403))


def visit() -> None:
    project, address = os.environ["GCLOUD_PROJECT"], os.environ["FIRESTORE_EMULATOR_HOST"]
    hub = requests.get(f"http://{os.environ['FIREBASE_EMULATOR_HUB']}/emulators", timeout=_TIMEOUT_SECONDS).json()
    functions = f"http://{hub['functions']['host']}:{hub['functions']['port']}"
    print(f"the CLI's hub knows Firestore at {hub['firestore']['host']}:{hub['firestore']['port']} (ours: {address})")
    registered = requests.get(
        f"http://{address}/emulator/v1/projects/{project}/eventarcTrigger", timeout=_TIMEOUT_SECONDS
    ).json()["triggers"]
    for trigger in registered:
        print(f"registered by the CLI: {trigger['eventarcTriggerId']} on {trigger['document']}")
    client = firestore.Client(project=project)
    set_up(client, datetime.now(UTC))
    client.document("orders/alleaves_1").set(order(1))
    customers = client.collection("customers").where(filter=FieldFilter("orgId", "==", ORG_ID))
    customer = wait_for("an order written: its customer exists", lambda: next(iter(customers.stream()), None))
    ledger = list(customer.reference.collection("ledger").stream())
    (entry,) = (it.to_dict() or {} for it in ledger)
    print(
        f"ledger of {customer.id}: {entry['kind']} {entry['points']:+d} points; customer has {customer.get('points')}"
    )
    token = sign_in(os.environ["FIREBASE_AUTH_EMULATOR_HOST"], project)
    url = f"{functions}/{project}/us-central1/check_points"
    data = {"orgId": ORG_ID, "customerId": customer.id}
    result = _post(url, {"data": data}, authorization=f"Bearer {token}")["result"]
    print(f"check_points, called with a token of the CLI's auth emulator: {result['points']} points")
    change_rules(address, project, f"customers/{customer.id}")
    if not (entry["points"] == customer.get("points") == result["points"] > 0):
        raise NotSeen("the same points in the ledger, on the customer and from the callable")


def _post(url: str, body: Any, *, authorization: str | None = None) -> Any:
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = requests.post(url, json=body, headers=headers, timeout=_TIMEOUT_SECONDS)
    answer.raise_for_status()
    return answer.json()


def main() -> int:
    try:
        visit()
    except NotSeen as failure:
        print(f"not seen: {failure}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
