"""Automations on the whole stack: a birthday that the dashboard writes down is found, greeted and paid at the hour."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from google.cloud.firestore import Client

from emulator.client import StackClient
from emulator.stack import Stack
from lib.platform import clock
from lib.usecases.audit import audit
from tests.emulator.tasks.target import eventually

ORG = "org_days"
CHANGE: dict[str, Any] = {
    "sms": {"enabled": True},
    "automations": {
        "birthday": {"enabled": True, "sms": {"body": "Hi {{firstName}}, {{bonusPoints}} points"}, "bonusPoints": 50},
        "segment_entered": {"enabled": True, "sms": {"body": "Hi {{firstName}}"}},
    },
}


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    monkeypatch.delenv("FIRESTORE_EMULATOR_HOST", raising=False)
    with Stack("demo-days", with_tasks=True, with_scheduler=True, log_folder=tmp_path) as running:
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        yield running


def test_a_birthday_is_greeted_and_a_segment_is_told_of(stack: Stack) -> None:
    database, client = Client(project=stack.project), StackClient(stack.project, stack.firestore, stack.functions)
    token = client.token(ORG, "owner", "owner")
    change = {"orgId": ORG, "idempotencyKey": "on", "settings": CHANGE}
    assert client.call("update_messaging_settings", change, token=token)["ok"]
    tomorrow = clock.now() + timedelta(days=1)
    ann = database.document("customers", "ann")
    agreed = {"phone": "+12122000000", "smsConsent": True, "firstName": "Ann"}
    ann.set({"orgId": ORG, **agreed, "createdAt": tomorrow - timedelta(days=400), "segment": "at_risk"})
    client.drain()
    ann.update({"birthDate": f"{tomorrow:%m/%d}/1990"})
    client.drain()
    assert ann.get().get("birthdayMonthDay") == f"{tomorrow:%m-%d}"

    # Past ten in New York, and still that day. The schedule gives keys first, and looks for days an hour later.
    stack.clock.move(tomorrow.replace(hour=22, minute=0) - clock.now())
    schedule = database.document("tenants", "_system", "automations", ORG)
    eventually(lambda: schedule.get().get("keysFor") == "")
    stack.clock.move(timedelta(hours=1))
    eventually(lambda: (ann.get().to_dict() or {}).get("points") == 50)
    ((entry,), (message,)) = (
        list(ann.collection("ledger").stream()),
        list(database.collection("customer_communications").stream()),
    )
    assert (entry.get("kind"), entry.get("key")) == ("bonus", f"birthday:{tomorrow.year}")
    assert (message.get("messageType"), message.get("variables")) == ("birthday", {"bonusPoints": 50})
    # Nobody has given the shop an account to send with.
    eventually(lambda: message.reference.get().get("state") == "skipped")

    told = {"id": "n", "orgId": ORG, "kind": "segment_entered", "customerId": "ann", "state": "open"}
    facts = {"facts": {"previousSegment": "loyal", "newSegment": ann.get().get("segment")}}
    notice = database.document("tenants", ORG, "notices", "n")
    notice.set({**told, **facts, "occurredAt": clock.now(), "createdAt": clock.now()})
    stack.clock.move(timedelta(minutes=10))
    eventually(lambda: notice.get().get("state") == "told")
    notice.delete()
    assert [str(violation) for violation in audit(ORG).violations] == []
    client.close()
    database.close()
