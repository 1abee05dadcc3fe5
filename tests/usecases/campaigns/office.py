"""A shop's campaigns for tests: made and sent as the functions do it, with queues and clock in the test's hand."""

import uuid
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from lib.domain.answers import Answer
from lib.domain.audiences import Audience, Kind
from lib.domain.commands import Command
from lib.domain.consent import Channel
from lib.domain.ledger import Actor
from lib.domain.message_wording import SmsTemplate
from lib.domain.messages import State
from lib.store import campaign_states
from lib.store import runs as run_store
from lib.usecases import campaigns, runs, sending
from lib.usecases.campaigns.creating import Wishes
from lib.usecases.runs import Job
from tests.usecases.runs.delivery import Killed
from tests.usecases.sending import desk as sending_desk
from tests.usecases.sending.desk import Desk

TEXT = SmsTemplate("Hi {{firstName}}, {{loyaltyPoints}} points.")
_JOBS = {campaigns.JOB: Job(campaigns.JOB, campaigns.members, partial(campaigns.visit, sending.enqueue))}
_ROUNDS_MAX = 12


class Tasks(sending_desk.Tasks):
    """The queues of runs beside those of messages; `twice` delivers each task of a run two times."""

    twice = False

    def call(self, queue: str, payload: Mapping[str, Any]) -> None:
        """What the function does, without its edge."""
        if queue == "planrun":
            runs.plan(_JOBS, payload["orgId"], payload["runId"], payload["token"], payload["after"])
        elif queue == "workshard":
            for _ in range(1 + self.twice):
                runs.work(_JOBS, payload["orgId"], payload["runId"], payload["shardId"])
        else:
            super().call(queue, payload)


class Office:
    """Campaigns of one desk."""

    def __init__(self, desk: Desk, queue: Tasks) -> None:
        self.desk = desk
        self.org_id, self.org, self.client, self.queue = desk.org_id, desk.org, desk.client, queue

    def command(self, function: str, key: str = "", content: str = "") -> Command:
        key = key or uuid.uuid4().hex
        return Command(function, self.org_id, Actor("staff", "ann"), key, content, self.desk.time.now())

    def create(self, key: str = "", **wishes: Any) -> str:
        """A campaign by text to everybody, unless something else is wished; its id."""
        standard = Wishes(name="Spring", audience=Audience(Kind.ALL), content={Channel.SMS: TEXT})
        answer = campaigns.create(self.command("create_campaign", key), replace(standard, **wishes))
        return str(answer["campaign"]["id"])

    def written(self, campaign_id: str, **fields: Any) -> str:
        """A campaign as the dashboard writes it, which knows nothing of our fields."""
        now = self.desk.time.now()
        standard: dict[str, Any] = {
            "orgId": self.org_id,
            "createdBy": "dashboard",
            "name": "Spring",
            "goal": "winback",
            "status": "draft",
            "channels": ["sms"],
            "audience": {"type": "all", "estimatedCount": 3, "sizeNote": "kept"},
            "content": {"sms": {"channel": "sms", "body": TEXT.body, "tone": "kept"}},
            "createdAt": now,
            "updatedAt": now,
        }
        self.client.document("campaigns", campaign_id).set({**standard, **fields})
        return campaign_id

    def send(self, campaign_id: str, key: str = "", *, accepts_warnings: bool = False) -> Answer:
        command = self.command("send_campaign", key)
        return self._awake(command, campaigns.send(command, campaign_id, accepts_warnings=accepts_warnings))

    def schedule(self, campaign_id: str, at: datetime | None = None, *, accepts_warnings: bool = False) -> Answer:
        """In an hour, unless another time is given."""
        command = self.command("schedule_campaign")
        at = at or self.desk.time.now() + timedelta(hours=1)
        return campaigns.schedule(command, campaign_id, at, accepts_warnings=accepts_warnings)

    def pause(self, campaign_id: str) -> Answer:
        command = self.command("pause_campaign")
        return self._awake(command, campaigns.pause(command, campaign_id))

    def resume(self, campaign_id: str) -> Answer:
        command = self.command("resume_campaign")
        return self._awake(command, campaigns.resume(command, campaign_id))

    def cancel(self, campaign_id: str) -> Answer:
        command = self.command("cancel_campaign")
        return self._awake(command, campaigns.cancel(command, campaign_id))

    def begin_due(self) -> int:
        """What the schedule does; how many have begun."""
        begun = campaigns.begin_due()
        mine = [run_id for org_id, run_id in begun if org_id == self.org_id]
        for run_id in mine:
            runs.wake(self.org_id, run_id, "begin")
        return len(mine)

    def settle(self) -> None:
        """Everything happens that will: tasks are delivered, time passes, sweeps find what was lost."""
        for _ in range(_ROUNDS_MAX):
            for _ in range(_ROUNDS_MAX):
                campaign_states._found.clear()
                self.queue.deliver()
                waiting = [at for at in self.queue.due() if at > self.desk.time.now()]
                if not waiting:
                    break
                self.desk.time.advance(waiting[0] - self.desk.time.now())
            if not self._is_busy():
                return
            self.desk.time.advance(timedelta(minutes=11))
            with suppress(Killed):
                runs.sweep()
                sending.sweep()
        raise AssertionError("the campaign does not end")

    def wait(self, **by: float) -> None:
        """So much time passes, with a sweep at its end; what is due by then is delivered."""
        self.desk.time.advance(timedelta(**by))
        campaign_states._found.clear()
        self.queue.deliver()
        runs.sweep()
        sending.sweep()
        self.queue.deliver()

    def campaign(self, campaign_id: str) -> dict[str, Any]:
        return self.client.document("campaigns", campaign_id).get().to_dict() or {}

    def recipients(self, campaign_id: str) -> list[dict[str, Any]]:
        found = self.client.collection("campaigns", campaign_id, "recipients").stream()
        return sorted((each.to_dict() or {} for each in found), key=lambda it: (it["customerId"], it["channel"]))

    def decided(self, campaign_id: str) -> dict[tuple[str, str], str]:
        """What was decided by customer (without the org) and channel: treated, holdout, or why not."""
        return {
            (it["customerId"].removeprefix(f"{self.org_id}_"), it["channel"]): it["reason"] or it["group"]
            for it in self.recipients(campaign_id)
        }

    def totals(self, campaign_id: str) -> dict[str, int]:
        """What its run has counted."""
        run = run_store.load(self.org, self.campaign(campaign_id)["runId"])
        assert run is not None
        return {name: count for name, count in run.totals.items() if count}

    def messages(self) -> list[dict[str, Any]]:
        return [found.to_dict() or {} for found in self.org.messages().stream()]

    def got(self) -> Counter[str]:
        """How many messages each address has got."""
        return Counter(mail["to"] for mail in self.desk.arrived())

    def _awake(self, command: Command, answer: Answer) -> Answer:
        run_id = answer["campaign"]["runId"]
        if answer["ok"] and run_id:
            runs.wake(self.org_id, run_id, f"{command.function}:{command.key}")
        return answer

    def _is_busy(self) -> bool:
        found = self.org.collection("runs").stream()
        return any((run.to_dict() or {})["finishedAt"] is None for run in found) or any(
            message["state"] in (State.QUEUED, State.SENDING) for message in self.messages()
        )
