"""Messages through the deployed functions: the settings' callable, the tasks of a real queue, and the schedule."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta

import pytest
from google.cloud.firestore import Client

from emulator.client import CallFailed
from emulator.stack import Stack
from lib.domain.consent import Channel
from lib.domain.frequency import MessageType
from lib.domain.messages import Cause, Message, State
from lib.store import messages
from lib.store import transaction as transactions
from lib.store.org import OrgStore
from lib.usecases import sending
from tests.functions.conftest import Counter

CHANGE = {"sms": {"enabled": True}, "automations": {"birthday": {"enabled": True, "sms": {"body": "Hi {{firstName}}"}}}}


class TestSettings:
    def test_an_admin_changes_them_and_the_history_says_so(self, counter: Counter, firestore: Client) -> None:
        answer = counter.write("update_messaging_settings", role="brand_admin", settings=CHANGE)
        stored = firestore.document(f"tenants/{counter.org_id}/settings/messaging").get().to_dict() or {}
        (change,) = firestore.collection(f"tenants/{counter.org_id}/settings_history").get()

        assert (answer["ok"], answer["changed"]) == (True, ["sms", "automations"])
        assert (stored["orgId"], stored["sms"]["enabled"], stored["updatedBy"]["id"]) == (
            counter.org_id,
            True,
            "cashier",
        )
        assert (change.get("action"), change.get("version")) == ("update_messaging_settings", answer["version"])

    def test_the_same_key_changes_nothing_again(self, counter: Counter, firestore: Client) -> None:
        first = counter.write("update_messaging_settings", settings=CHANGE, idempotencyKey="k")
        assert counter.write("update_messaging_settings", settings=CHANGE, idempotencyKey="k") == first
        assert len(firestore.collection(f"tenants/{counter.org_id}/settings_history").get()) == 1

    def test_somebody_who_was_slower_is_told(self, counter: Counter) -> None:
        seen = counter.write("update_messaging_settings", settings={})["version"]
        now = counter.write("update_messaging_settings", settings=CHANGE)["version"]
        answer = counter.write("update_messaging_settings", settings={"paused": True}, expectedVersion=seen)
        assert (answer["reason"], answer["version"]) == ("settings_changed", now)

    @pytest.mark.parametrize("role", ["brand_member", "dispensary_staff", "budtender", "customer"])
    def test_nobody_else_may(self, counter: Counter, role: str) -> None:
        with pytest.raises(CallFailed) as refusal:
            counter.write("update_messaging_settings", role=role, settings=CHANGE)
        assert refusal.value.status == "PERMISSION_DENIED"

    def test_a_template_that_is_wrong_is_refused_with_its_place(self, counter: Counter) -> None:
        wrong = {"automations": {"birthday": {"enabled": True, "sms": {"body": "Hi {{name}}"}}}}
        with pytest.raises(CallFailed) as refusal:
            counter.write("update_messaging_settings", settings=wrong)
        assert refusal.value.status == "INVALID_ARGUMENT"
        assert "/settings/automations/birthday/sms/body" in json.dumps(refusal.value.details)


@pytest.mark.parametrize("channel", Channel)
def test_a_task_of_the_real_queue_sees_to_its_message(
    counter: Counter, _worker_stack: Stack, monkeypatch: pytest.MonkeyPatch, channel: Channel
) -> None:
    """The org has no account, which its message is told: that is all that a stack without vendors can show."""
    for name, value in _worker_stack.environment.items():
        monkeypatch.setenv(name, value)
    org, now = OrgStore(counter.org_id), datetime.now(UTC)
    message = Message(
        org_id=org.org_id,
        customer_id=counter.customer("ann", 0),
        channel=channel,
        cause=Cause("order", "1"),
        kind=MessageType.ORDER_UPDATE,
        template_id="t",
        created_at=now,
        send_after=now,
        good_until=now + timedelta(hours=1),
    )
    sending.enqueue(transactions.run(lambda transaction: messages.queue(transaction, org, message)))
    deadline = time.monotonic() + 60
    while (found := messages.load(org, message.id)) is None or found.state is State.QUEUED:
        assert time.monotonic() < deadline, "not within a minute"
        time.sleep(0.05)
    assert (found.state, found.reason) == (State.SKIPPED, "channel_off")
