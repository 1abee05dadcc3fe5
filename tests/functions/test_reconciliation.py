"""Reconciliation on the whole stack: the night's run by its real queues, the callables, the dashboard's old address."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from google.cloud.firestore import Client

from emulator.client import CallFailed, StackClient
from emulator.stack import Stack
from emulator.tokens import id_token
from emulator.vendors.client import SandboxClient
from tests.platform.chat import Chat, listening

CRON = "the-cron-secret"
# One for each test of a worker: nothing is left over from another.
ORGS = [f"org_{number}" for number in range(30)]


@dataclass
class Night:
    """A shop of a test's own, connected to an account of its own."""

    stack: Stack
    api: StackClient
    client: Client
    sandbox: SandboxClient
    chat: Chat
    org: str

    def connect(self, **integration: Any) -> None:
        settings = {"accountId": self.uid, "lagHours": 0, **integration}
        self.client.document("tenants", self.org, "integrations", "alpine_iq").set(settings)

    @property
    def uid(self) -> str:
        return f"7007{ORGS.index(self.org):03}"

    @property
    def titles(self) -> list[str]:
        """Of the alerts so far."""
        return [post["embeds"][0]["title"] for post in self.chat.posted]

    def both(self, name: str, ours: int, theirs: int) -> str:
        number = f"41555522{ord(name[0]) - 87:02}"
        fields = {"orgId": self.org, "phone": f"+1{number}", "points": ours, "orderCount": 1}
        self.client.document(f"customers/{self.org}_{name}").set(fields)
        contact = {"contactID": name, "mobilePhone": number, "loyalty": True, "loyaltyPoints": theirs}
        self.sandbox.put(self.uid, "contacts", [contact])
        return f"{self.org}_{name}"

    def call(self, name: str, **data: Any) -> Any:
        return self.api.call(name, {"orgId": self.org, **data}, token=self.api.token(self.org, "owner", "olga"))

    def http(self, method: str, *, token: str | None = CRON, **query: str) -> tuple[int, dict[str, Any]]:
        """Status and body of a request to the dashboard's old address."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        body_of_post, params = (query, None) if method == "POST" else (None, query)
        url = self.api.url("loyalty_sync")
        answer = requests.request(method, url, headers=headers, json=body_of_post, params=params, timeout=60)
        body: dict[str, Any] = answer.json()
        return answer.status_code, body


@pytest.fixture(scope="module")
def shops(firestore_emulator: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Iterator[Night]]:
    """One shop after the other, all on one stack."""
    project = f"demo-{uuid.uuid4().hex[:12]}"
    logs = tmp_path_factory.mktemp("night")
    with pytest.MonkeyPatch.context() as environment, listening() as chat:
        environment.setenv("ALPINE_IQ_KEYS", json.dumps({org: org for org in ORGS}))
        environment.setenv("CRON_SECRET", CRON)
        environment.setenv("ALERT_DISCORD_URL", chat.url)
        environment.delenv("TASKS_SERVICE_ACCOUNT", raising=False)
        with Stack(project, firestore=firestore_emulator, with_tasks=True, with_vendors=True, log_folder=logs) as stack:
            for name, value in stack.environment.items():
                environment.setenv(name, value)
            api, client = StackClient(project, stack.firestore, stack.functions), Client(project=project)
            sandbox = SandboxClient(stack.vendors, "alpine_iq")
            yield (Night(stack, api, client, sandbox, chat, org) for org in ORGS)
            sandbox.close()
            api.close()
            client.close()


@pytest.fixture
def night(shops: Iterator[Night]) -> Night:
    night = next(shops)
    night.sandbox.put_account(night.uid, apiKey=night.org)
    night.connect()
    night.chat.posted.clear()
    return night


def test_a_sync_of_all_by_the_dashboards_address_and_its_summary(night: Night) -> None:
    ada, _ = night.both("ada", 100, 250), night.both("ben", 100, 100)
    status, body = night.http("POST", orgId=night.org)
    assert (status, body["success"], body["effectiveOrgId"], body["settingsOrgId"]) == (200, True, night.org, night.org)
    result = body["result"]
    assert {"success", "totalProcessed", "successful", "failed", "discrepancies", "errors", "duration"} <= set(result)
    assert (result["success"], result["totalProcessed"], result["successful"], result["failed"]) == (True, 2, 2, 0)
    assert result["discrepancies"] == [{"customerId": ada, "calculated": 100, "alpine": 250, "difference": 150}]
    run_cron(night)
    assert night.titles == ["The sync with Alpine IQ found differences"]
    told = json.dumps(night.chat.posted)
    assert "ada" not in told and "415555" not in told
    run_cron(night)
    assert len(night.chat.posted) == 1

    status, body = night.http("GET", orgId=night.org)
    assert status == 200
    assert body["stats"].pop("lastSyncAt").endswith("Z")
    assert body["stats"] == {
        "totalCustomers": 2, "withAlpineSync": 2, "withCalculatedPoints": 1, "reconciled": 2, "needsReview": 0,
        "openDiscrepancies": 0,
    }  # fmt: skip


def run_cron(night: Night) -> None:
    """The schedule, by the way of the old callers."""
    headers = {"Authorization": f"Bearer {CRON}"}
    answer = requests.post(f"{night.api.url('cron')}/nightly_sync", headers=headers, timeout=60)
    assert (answer.status_code, answer.json()) == (200, {"ran": "nightly_sync"})


def test_one_customer_by_the_dashboards_address(night: Night) -> None:
    cem = night.both("cem", 100, 104)
    status, body = night.http("POST", orgId=night.org, customerId=cem, token=owner(night))
    assert status == 200
    result = body["result"]
    assert result["updatedAt"].endswith("Z")
    assert result["calculated"] == {"points": 100, "tier": None, "ordersProcessed": 1, "totalSpent": 0.0}
    assert result["alpine"] == {"points": 104, "tier": None, "lastVisit": None}
    assert result["reconciliation"] == {
        "reconciled": True, "discrepancy": 4, "discrepancyPercent": 0.0385, "action": "none"
    }  # fmt: skip
    status, body = night.http("GET", orgId=night.org, customerId=cem)
    assert body["report"] == {
        "customerId": cem,
        "reconciled": True,
        "calculated": {"points": 100, "source": "orders"},
        "alpine": {"points": 104, "source": "alpine_iq"},
        "discrepancy": 4,
        "discrepancyPercent": 0.0385,
        "recommendation": "none",
    }


def owner(night: Night, **claims: Any) -> str:
    return id_token(night.stack.project, "olga", {"orgId": night.org, "role": "owner", **claims})


@pytest.mark.parametrize(
    ("query", "claims", "status"),
    [
        ({}, {}, 400),
        ({"orgId": "{own}"}, None, 401),
        ({"orgId": "{own}"}, {"orgId": "org_b"}, 403),
        ({"orgId": "{own}"}, {"role": "budtender"}, 403),
        ({"orgId": "{own}"}, {"role": "customer"}, 403),
        ({"orgId": "org_b"}, {"role": "super_user"}, 404),
        ({"orgId": "{own}", "customerId": "nobody"}, {}, 404),
    ],
)
def test_refusals_of_the_dashboards_address(
    night: Night, query: dict[str, str], claims: dict[str, str] | None, status: int
) -> None:
    token = None if claims is None else owner(night, **claims)
    own = {name: value.format(own=night.org) for name, value in query.items()}
    found, body = night.http("GET", token=token, **own)
    assert (found, body["success"], bool(body["error"])) == (status, False, True)


def test_what_is_not_connected_is_not_synced(night: Night) -> None:
    status, body = night.http("POST", orgId="org_b")
    assert (status, body["reason"]) == (400, "not_configured")
    assert night.http("POST", token="another-secret", orgId=night.org)[0] == 401


def test_the_queue_of_discrepancies_by_its_callables(night: Night) -> None:
    night.connect(policy="alert_only")
    dan = night.both("dan", 100, 300)
    answer = night.call("sync_loyalty", customerId=dan, idempotencyKey="k1")
    assert (answer["state"], answer["difference"], answer["alpine"]["points"]) == ("open", 200, 300)
    assert night.titles == ["A customer's points differ from Alpine IQ's"]
    night.call("sync_loyalty", customerId=dan, idempotencyKey="k2")
    assert len(night.titles) == 1, "once a day"
    listed = night.call("list_discrepancies", state="open")["discrepancies"]
    assert [each["customerId"] for each in listed] == [dan]
    decision = {"customerId": dan, "resolution": "split", "reason": "settled at the counter"}
    with pytest.raises(CallFailed):
        night.call("resolve_discrepancy", **decision, idempotencyKey="k3")
    answer = night.call("resolve_discrepancy", **decision, points=200, idempotencyKey="k4")
    assert answer["discrepancy"]["resolution"] == "split"
    told = night.call("check_points", customerId=dan)
    assert (told["points"], told["alpine"]["points"]) == (200, 300)
    entries = night.call("get_ledger", customerId=dan)["entries"]
    assert entries[0]["kind"] == "reconcile"


def test_the_run_of_an_admin(night: Night) -> None:
    night.both("eve", 100, 90)
    answer = night.call("sync_loyalty", idempotencyKey="all")
    path = f"tenants/{night.org}/runs/{answer['run']['id']}"
    deadline = time.monotonic() + 60
    while not (run := night.client.document(path).get().to_dict() or {}).get("finishedAt"):
        assert time.monotonic() < deadline, "not within a minute"
        time.sleep(0.1)
    assert (run["job"], run["state"], run["totals"]["customers"]) == ("sync", "done", 1)
