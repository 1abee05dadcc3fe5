"""A shop's messages for tests: customers, templates, queueing, tasks delivered by hand, and what has arrived."""

import json
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from google.cloud.firestore import Client

from emulator.vendors.client import SandboxClient
from lib.domain.consent import Channel
from lib.domain.errors import Unavailable
from lib.domain.frequency import MessageType, good_until
from lib.domain.message_wording import EmailTemplate, SmsTemplate, Template
from lib.domain.messages import Cause, Message
from lib.domain.unsubscribe import UnsubscribeRequest
from lib.store import message_templates, messages, messaging
from lib.store import settings as loyalty
from lib.store import transaction as transactions
from lib.store.org import OrgStore
from lib.usecases import consents, sending
from tests.usecases.runs.delivery import Clock, Killed, Killer

TEXT = SmsTemplate("Hi {{firstName}}, {{loyaltyPoints}} points.")
MAIL = EmailTemplate("{{firstName}}, hello", "Hi {{firstName}}, {{loyaltyPoints}} points.", "<p>Hi {{firstName}}</p>")
ON = {"enabled": True, "fromEmail": "shop@example.com", "postalAddress": "1 Main Street, Albany NY 12207"}
# 11 in New York, 8 in Los Angeles: text messages may go everywhere in between.
MIDDAY = timedelta(hours=16)


class Tasks:
    """The two queues of messages. Tasks that raise, or whose process was killed, come again if `redelivers`."""

    def __init__(self, clock: Clock, killer: Killer) -> None:
        self.redelivers = True
        self.waiting: deque[tuple[str, Mapping[str, Any], datetime | None]] = deque()
        self.names: set[tuple[str, ...]] = set()
        self._clock, self._killer = clock, killer

    def enqueue(self, queue: str, work: Sequence[str], payload: Mapping[str, Any], at: datetime | None = None) -> None:
        """In place of `lib.platform.tasks.enqueue`."""
        if (queue, *work) not in self.names:
            self.names.add((queue, *work))
            self.waiting.append((queue, payload, at))
            self._killer.written()

    def due(self) -> list[datetime]:
        """When waiting tasks are due."""
        return sorted(at or self._clock.now() for _, _, at in self.waiting)

    def deliver(self) -> None:
        """Everything that is due, and what comes of it; what is for later stays."""
        while ready := next(
            (task for task in self.waiting if (task[2] or self._clock.now()) <= self._clock.now()), None
        ):
            self.waiting.remove(ready)
            queue, payload, _ = ready
            try:
                self.call(queue, payload)
            except Unavailable:
                self.waiting.append((queue, payload, self._clock.now() + timedelta(minutes=1)))
            except Killed:
                self._killer.arm(None)
                if self.redelivers:
                    self.waiting.append(ready)

    def _is_due(self, task: tuple[str, Mapping[str, Any], datetime | None]) -> bool:
        return task[2] is None or task[2] <= self._clock.now()

    def call(self, queue: str, payload: Mapping[str, Any]) -> None:
        """What the function does, without its edge."""
        if queue == "sendsms":
            sending.send_text(payload["orgId"], payload["messageId"], payload["delays"])
        else:
            sending.send_emails(payload["orgId"], payload["messageId"])


class Desk:
    """One org whose channels are on."""

    def __init__(
        self,
        client: Client,
        org_id: str,
        sandboxes: Mapping[str, SandboxClient],
        time: Clock,
        killer: Killer,
        queue: Tasks,
    ) -> None:
        self.client, self.org_id, self.org = client, org_id, OrgStore(org_id)
        self.texts, self.mails = sandboxes["blackleaf"], sandboxes["mailjet"]
        self.time, self.killer, self.queue = time, killer, queue
        self.key = f"key-{org_id}"

    @property
    def environment(self) -> dict[str, str]:
        return {
            "BLACKLEAF_KEYS": json.dumps({self.org_id: self.key}),
            "MAILJET_KEYS": json.dumps({self.org_id: f"{self.key}:secret"}),
            "BLACKLEAF_BASE_URL": self.texts.base_url,
            "MAILJET_BASE_URL": self.mails.base_url,
            "LINK_KEYS": '{"current": "a", "keys": {"a": "0123456789abcdef"}}',
            "PUBLIC_BASE_URL": "https://go.example",
        }

    def open(self) -> None:
        self.time.advance(MIDDAY)
        self.texts.put_account(self.key, perMinute=10_000)
        self.mails.put_account(self.key, secret="secret")
        self.settings(shopName="Corner", sms={"enabled": True, "perMinute": 6_000}, email=ON)

    def settings(self, **fields: Any) -> None:
        """Changes messaging settings."""
        self.org.document("settings", "messaging").set({**fields, "orgId": self.org_id}, merge=True)
        messaging.forget(self.org)

    def loyalty(self, **fields: Any) -> None:
        """Changes loyalty settings."""
        self.org.document("settings", "loyalty").set(fields, merge=True)
        loyalty.forget(self.org)

    def customer(self, name: str, number: int = 0, **fields: Any) -> str:
        """Somebody who has agreed to everything, with an address and a New York number of their own."""
        customer_id = f"{self.org_id}_{name}"
        reach = {"email": f"{name}@example.com", "phone": f"+1212{2_000_000 + number}", "createdAt": self.time.now()}
        agreed = {"smsConsent": True, "emailConsent": True, "firstName": name.title(), "points": 120}
        self.client.document("customers", customer_id).set({"orgId": self.org_id, **reach, **agreed, **fields})
        return customer_id

    def phone(self, number: int = 0) -> str:
        """As the sandbox shows it."""
        return f"1212{2_000_000 + number}"

    def message(
        self,
        customer_id: str,
        template: Template = TEXT,
        kind: MessageType = MessageType.CAMPAIGN,
        cause: str = "spring:1",
        **fields: Any,
    ) -> Message:
        """A message about to be queued."""
        now = self.time.now()
        standard: dict[str, Any] = {
            "org_id": self.org_id,
            "customer_id": customer_id,
            "channel": template.channel,
            "cause": Cause("campaign", cause),
            "kind": kind,
            "template_id": message_templates.keep(self.org, template, now),
            "created_at": now,
            "send_after": now,
            "good_until": good_until(kind, now),
        }
        return Message(**{**standard, **fields})

    def queue_only(self, *given: Message) -> tuple[Message, ...]:
        """Queues messages of which nobody has told their queue; those that are new."""
        return transactions.run(lambda transaction: messages.queue(transaction, self.org, *given))

    def send(self, *given: Message) -> list[Message]:
        """Queues messages, delivers what is due, and looks at what became of them."""
        sending.enqueue(self.queue_only(*given))
        if any(each.channel is Channel.EMAIL for each in given):
            # Mailings are spread over some seconds.
            self.time.advance(timedelta(seconds=30))
        self.queue.deliver()
        return [self.stored(each) for each in given]

    def stored(self, message: Message) -> Message:
        found = messages.load(self.org, message.id)
        assert found is not None
        return found

    def document(self, message: Message) -> dict[str, Any]:
        return self.client.document("customer_communications", message.id).get().to_dict() or {}

    def pass_time(self, **by: float) -> None:
        """Time passes, the schedule runs, and tasks that have become due are delivered."""
        self.time.advance(timedelta(**by))
        sending.sweep()
        self.queue.deliver()

    def opt_out(self, address: str, channel: Channel = Channel.SMS) -> None:
        """The person has used the link in a message."""
        request = UnsubscribeRequest(self.org_id, channel, address, signed=True)
        assert consents.follow(request, consents.Choice.UNSUBSCRIBE)

    def arrived(self) -> list[dict[str, Any]]:
        """Everything that was delivered to people."""
        return [*self.texts.inbox(), *self.mails.inbox()]
