"""A shop that answers occasions by itself: its settings, customers and notices, and its hours passing."""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from google.cloud.firestore import Client

from lib.domain.commands import Command
from lib.domain.ids import fingerprint
from lib.domain.ledger import Actor
from lib.domain.messages import Message
from lib.domain.notices import Addressee, Notice
from lib.platform import clock
from lib.store import notices
from lib.store import settings as loyalty
from lib.store import transaction as transactions
from lib.store.org import OrgStore
from lib.usecases import automations, menu, messaging, runs
from lib.usecases.audit import audit
from lib.usecases.runs import Job
from tests.usecases.runs.delivery import Clock, Killer, Tasks

TEXT = {"sms": {"body": "Hi {{firstName}}"}}
MAIL = {"email": {"subject": "Hi", "body": "Hi {{firstName}}"}}
CHANNELS = {
    "sms": {"enabled": True},
    "email": {"enabled": True, "fromEmail": "shop@example.com", "postalAddress": "1 Main Street, Albany NY 12207"},
}


class Corner:
    """One org in New York. `sent` are the messages handed to whoever sends."""

    def __init__(self, client: Client, org_id: str, time: Clock, killer: Killer, queue: Tasks) -> None:
        self.client, self.org_id, self.org = client, org_id, OrgStore(org_id)
        self.time, self.killer, self.queue = time, killer, queue
        self.sent: list[Message] = []
        jobs = (
            Job(automations.JOB, automations.members, partial(automations.visit, self.enqueue)),
            Job(automations.KEYS_JOB, automations.key_members, automations.key_visit),
        )
        queue.jobs = {job.name: job for job in jobs}

    def enqueue(self, messages: Iterable[Message]) -> None:
        """In place of `sending.enqueue`."""
        self.sent += messages

    def on(self, key: str = "on", **kinds: Any) -> list[str]:
        """Switches these occasions on, and the schedule comes; each is text only if nothing is said of words."""
        words = {kind: {"enabled": True, **TEXT, **change} for kind, change in kinds.items()}
        self.change(key, {**CHANNELS, "automations": words})
        return self.hour()

    def change(self, key: str, change: dict[str, Any]) -> None:
        """Changes messaging settings, as an admin does."""
        actor = Actor("staff", "owner")
        command = Command("update", self.org_id, actor, f"{self.org_id}:{key}", fingerprint(change), clock.now())
        assert messaging.update(command, change)["ok"]

    def loyalty(self, **fields: Any) -> None:
        """Changes loyalty settings; the menu follows."""
        self.org.document("settings", "loyalty").set(fields, merge=True)
        loyalty.forget(self.org)
        menu.publish(self.org_id)

    def customer(self, name: str, number: int = 0, **fields: Any) -> str:
        """Somebody who has agreed to everything and signed up long ago."""
        customer_id = f"{self.org_id}_{name}"
        reach = {"email": f"{name}@example.com", "phone": f"+1212{2_000_000 + number}"}
        agreed = {"smsConsent": True, "emailConsent": True, "firstName": name.title()}
        since = {"createdAt": datetime(2020, 2, 1, 17, tzinfo=UTC)}
        self.client.document("customers", customer_id).set({"orgId": self.org_id, **reach, **agreed, **since, **fields})
        return customer_id

    def edit(self, customer_id: str, **fields: Any) -> None:
        """The dashboard writes fields of a customer, and its event arrives."""
        reference = self.client.document("customers", customer_id)
        before = reference.get().to_dict()
        reference.set(fields, merge=True)
        automations.note(customer_id, before, reference.get().to_dict())

    def at(self, year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> None:
        """It is this moment in UTC; the schedule has not come yet."""
        self.time.advance(datetime(year, month, day, hour, minute, tzinfo=UTC) - self.time.now())

    def hour(self) -> list[str]:
        """The hourly schedule and all that follows; the runs it named."""
        named = []
        for org_id, job, key, params in automations.due():
            runs.start(org_id, job, key, params, automations.ACTOR)
            named.append(f"{job} {key}")
        self.queue.deliver()
        return named

    def hear(self) -> dict[str, int]:
        """The schedule of notices."""
        return dict(automations.hear(self.enqueue))

    def notify(self, customer_id: str, **notice: Any) -> Notice:
        """Something becomes worth telling, now."""
        ((name, said),) = notice.items()
        made: Notice = getattr(Addressee(self.org_id, customer_id, clock.now()), name)(**said)
        transactions.run(lambda transaction: notices.add(transaction, self.org, [made], clock.now()))
        return made

    def notice(self, notice: Notice) -> tuple[str, str]:
        """State and reason of a notice."""
        fields = self.org.document("notices", notice.id).get().to_dict() or {}
        return fields["state"], fields.get("reason", "")

    def queued(self) -> list[tuple[str, str, str]]:
        """Customer, channel and cause of every message there is."""
        found = (each.to_dict() or {} for each in self.org.messages().stream())
        return sorted(
            (
                each["customerId"].removeprefix(f"{self.org_id}_"),
                each["channel"],
                f"{each['cause']['type']}:{each['cause']['id']}",
            )
            for each in found
        )

    def texts(self) -> list[tuple[str, str]]:
        """Customer and cause of every text."""
        return [(customer, cause) for customer, channel, cause in self.queued() if channel == "sms"]

    def ledger(self, customer_id: str) -> list[tuple[str, int, str]]:
        """Kind, points and key of every entry."""
        entries = self.org.ledger(customer_id).order_by("seq").stream()
        return [(entry.get("kind"), entry.get("points"), entry.get("key")) for entry in entries]

    def violations(self) -> list[str]:
        """What the audit finds."""
        return [str(violation) for violation in audit(self.org_id).violations]
