"""The same mailing, sent by a campaign: its run finds the audience, decides about everybody once, and its workers die
like the others."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar

from bench.mailing import Mailing
from lib.domain.audiences import Audience, Kind
from lib.domain.campaigns import Group
from lib.domain.commands import Command
from lib.domain.consent import Channel
from lib.domain.holdout import is_held_out
from lib.domain.ledger import Actor
from lib.domain.message_wording import EmailTemplate, SmsTemplate, Template
from lib.domain.runs import RunState
from lib.platform import clock
from lib.store import recipients
from lib.store import runs as run_store
from lib.usecases import campaigns, runs, sending
from lib.usecases.campaigns.creating import Wishes
from lib.usecases.runs import Job

_TEXT = SmsTemplate("Hi {{firstName}}, you have {{loyaltyPoints}} points.")
_MAIL = EmailTemplate("{{firstName}}, we miss you", "Hi {{firstName}}, you have {{loyaltyPoints}} points.")
_JOBS = {campaigns.JOB: Job(campaigns.JOB, campaigns.members, partial(campaigns.visit, sending.enqueue))}
_HOLDOUT_PERCENT = 10


@dataclass
class CampaignMailing(Mailing):
    """See `Mailing`: whoever opts out before their turn is skipped by the campaign, later by the message's sender."""

    noun: ClassVar[str] = "campaign"

    def _queue_all(self) -> None:
        """Makes the campaign and begins to send it; its run queues the messages."""
        for number in sorted(self._out):
            self._opt_out(number)
        template: Template = _TEXT if self.channel is Channel.SMS else _MAIL
        wishes = Wishes(
            name="Win back",
            audience=Audience(Kind.ALL),
            content={self.channel: template},
            holdout_percent=_HOLDOUT_PERCENT,
        )
        made = campaigns.create(self._command("create_campaign"), wishes)["campaign"]
        self._campaign_id: str = made["id"]
        sent = campaigns.send(self._command("send_campaign"), self._campaign_id, accepts_warnings=False)
        self._run_id: str = sent["campaign"]["runId"]
        runs.wake(self.org_id, self._run_id, "send")

    def _deliver(self, queue: str, payload: Mapping[str, Any]) -> None:
        if queue == "planrun":
            runs.plan(_JOBS, self.org_id, payload["runId"], payload["token"], payload["after"])
        elif queue == "workshard":
            runs.work(_JOBS, self.org_id, payload["runId"], payload["shardId"])
        else:
            super()._deliver(queue, payload)

    def _sweep(self) -> None:
        runs.sweep()
        run = run_store.load(self.org, self._run_id)
        if run and run.finished_at and run.state is RunState.FAILED:
            # Fifty visits are worked at a time, and one of them dies more often than not: shards may be given up, and
            # wait for a person.
            command = replace(self._command("resume_run"), key=f"after {run.resumes}")
            runs.resume(command, run.id)
        super()._sweep()

    def _is_done(self) -> bool:
        run = run_store.load(self.org, self._run_id)
        return run is not None and run.state is RunState.DONE and super()._is_done()

    def states(self) -> Counter[str]:
        """How the messages ended, and what was decided of those who were to get none."""
        decided = (each for each in self._recipients().values() if each["group"] != Group.TREATED)
        return super().states() + Counter(f"{each['group']} {each['reason']}".strip() for each in decided)

    def violations(self) -> list[str]:
        """Whoever is not on record exactly once, or got what the record does not say."""
        got = Counter(mail["to"] for mail in self.sandbox.inbox())
        found, count = self._recipients(), 0
        wrongs: list[str] = []
        for number in range(self.people):
            recipient = found.get(f"{self.org_id}_{number}")
            count += recipient is not None
            copies = got.pop(self._address(number).removeprefix("+"), 0)
            wrongs += [f"{number}: {why}" for why in self._wrong(number, recipient, copies)]
        if count != len(list(recipients.of_campaign(self.org, self._campaign_id).stream())):
            wrongs.append("somebody is on record twice")
        return wrongs + [f"a stranger got {copies}" for copies in got.values()]

    def _wrong(self, number: int, recipient: Mapping[str, Any] | None, copies: int) -> Iterator[str]:
        if recipient is None:
            yield "not on record"
            return
        message = self._messages_by_id.get(recipient["messageId"] or "")
        if recipient["group"] == Group.TREATED:
            if message is None:
                yield "treated without a message"
            else:
                yield from self._wrongs(number, message, copies)
            return
        is_out = is_held_out(self.org_id, recipient["customerId"], _HOLDOUT_PERCENT)
        if message or copies:
            yield f"{recipient['group']}, but {copies} arrived"
        if recipient["group"] == Group.HOLDOUT and not is_out:
            yield "held out without the lot"
        if recipient["group"] == Group.SKIPPED and recipient["reason"] != "opted_out":
            yield f"skipped for {recipient['reason']}"

    def _recipients(self) -> dict[str, dict[str, Any]]:
        """By customer id. Looks at the messages, too."""
        self._messages_by_id = self._stored()
        found = recipients.of_campaign(self.org, self._campaign_id).stream()
        return {each["customerId"]: each for each in (it.to_dict() or {} for it in found)}

    def _command(self, function: str) -> Command:
        return Command(function, self.org_id, Actor("staff", "owner"), "bench", "", clock.now())
