"""One customer of a campaign's audience: what is decided, written down and queued, once, in one transaction.

Whether a customer can be written to is decided before the lot is drawn, so that those who are held out and those who
are not are alike. The last word on each message is its sender's (lib/usecases/sending/claiming.py).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from lib.domain.campaigns import Group, Plan, Recipient, recipient_id
from lib.domain.consent import Channel, Purpose, refusal
from lib.domain.contacts import normalise_email
from lib.domain.frequency import MessageType, Verdict, good_until
from lib.domain.holdout import is_held_out
from lib.domain.ids import derived_id
from lib.domain.messages import Cause, Message, message_id
from lib.platform import clock
from lib.store import audiences, campaign_plans, consents, messages, readers, recipients
from lib.store import settings as loyalty
from lib.store import transaction as transactions
from lib.store.consents import Asked
from lib.store.org import OrgStore
from lib.store.readers import Reader
from lib.store.transaction import Snapshot, Transaction
from lib.usecases.campaigns.eligibility import eligible

UNKNOWN = {"skippedUnknownCustomer": 1}
"""What is counted of whoever is no customer of this org: nothing is written about them."""


@dataclass(frozen=True, slots=True)
class Visited:
    """What a run counts, and the messages that are new."""

    counts: Mapping[str, int]
    queued: Sequence[Message] = ()


@dataclass(frozen=True, slots=True)
class Order:
    """What a run does: the plan of a step of a campaign, from when on, and over how long texts are spread."""

    org: OrgStore
    campaign_id: str
    step: int
    plan: Plan
    since: datetime
    spread: timedelta

    @classmethod
    def of(cls, org: OrgStore, params: Mapping[str, Any]) -> "Order":
        """The order of a run's parameters (beginning.py). A read if this process has not read the plan yet."""
        return cls(
            org,
            params["campaignId"],
            params["step"],
            campaign_plans.load(org, params["planId"]),
            datetime.fromisoformat(params["since"]),
            timedelta(seconds=params["spreadSeconds"]),
        )

    def due_at(self, customer_id: str, channel: Channel) -> datetime:
        """When a message is due: a text at a moment of the customer's own within the spread."""
        if channel is not Channel.SMS:
            return self.since
        return self.since + self.spread * (int(derived_id("turn", self.campaign_id, customer_id)[:8], 16) / (1 << 32))

    @property
    def cause(self) -> Cause:
        """What its messages are about."""
        return Cause("campaign", f"{self.campaign_id}:{self.step}")

    def message(self, customer_id: str, channel: Channel, address: str, now: datetime) -> Message:
        """The message to a customer on one channel."""
        due_at = self.due_at(customer_id, channel)
        return Message(
            org_id=self.org.org_id,
            customer_id=customer_id,
            channel=channel,
            cause=self.cause,
            kind=MessageType.CAMPAIGN,
            template_id=self.plan.template_ids[channel],
            created_at=now,
            send_after=max(now, due_at),
            good_until=good_until(MessageType.CAMPAIGN, due_at),
            link_url=self.plan.link_url,
            campaign_id=self.campaign_id,
            address=address,
        )


def members(org: OrgStore, params: Mapping[str, Any], after: str | None, limit: int) -> list[str]:
    """The customers of the audience. One read each, none for those named one by one."""
    plan = campaign_plans.load(org, params["planId"])
    return audiences.ids(org, plan.audience, after, limit)


def visit(org: OrgStore, params: Mapping[str, Any], customer_id: str) -> Visited:
    """Decides about one customer, unless that has been done: then counts what was decided.

    Billed for a text: four reads (recipient, customer, consent, message), two writes; for an e-mail two reads more. Its
    counts: `recipients` (customers on record), `treated`, `holdout`, `queued` (messages), `skipped…` by reason.
    """
    order = Order.of(org, params)
    held_out = is_held_out(org.org_id, customer_id, order.plan.holdout_percent)

    def work(transaction: Transaction) -> Visited:
        channels: tuple[Channel | None, ...] = (None,) if held_out else order.plan.channels
        ids = [recipient_id(order.campaign_id, customer_id, channel, order.step) for channel in channels]
        references = [recipients.reference(org, order.campaign_id, each) for each in ids]
        # All of a customer's are written at once, so that the first one tells whether they have been.
        first, customer = transaction.get([references[0], org.customer(customer_id)])
        if first.exists:
            others = transaction.get(references[1:])
            return Visited(_counts([found for each in (first, *others) if (found := recipients.decode(each))]))
        return _decide(transaction, order, customer, held_out, clock.now())

    return transactions.run(work)


def _decide(transaction: Transaction, order: Order, customer: Snapshot, held_out: bool, now: datetime) -> Visited:
    country = loyalty.load(order.org).country
    found = {
        channel: reader
        for channel in order.plan.channels
        if (reader := readers.decode(order.org, customer, channel, country, now))
    }
    if not found:
        return Visited(UNKNOWN)
    reasons = {
        channel: _reason(transaction, order, customer.id, channel, reader, now) for channel, reader in found.items()
    }
    decision = _Decision(order, customer.id, found, reasons, held_out, now)
    made = decision.recipients()
    queued = messages.queue(transaction, order.org, *decision.messages(made))
    recipients.create(transaction, order.org, made)
    return Visited(_counts(made), queued)


def _reason(
    transaction: Transaction, order: Order, customer_id: str, channel: Channel, reader: Reader, now: datetime
) -> str:
    """Why the customer cannot be written to on this channel, "" for nothing; consent is asked for last."""
    reason = eligible(order.plan.audience, order.plan.excluded, customer_id, reader)
    if reason:
        return reason
    if now > good_until(MessageType.CAMPAIGN, order.due_at(customer_id, channel)):
        return Verdict.STALE.value
    asked = Asked(reader.recipient.address or "", customer_id, reader.profile)
    state = consents.states(order.org, channel, [asked], now, transaction)[0]
    found = refusal(reader.recipient, state, Purpose.MARKETING)
    return found.value if found else ""


@dataclass(frozen=True, slots=True)
class _Decision:
    """What is decided about one customer. `reasons`: why not, by channel in the order of the plan; "" for why not?"""

    order: Order
    customer_id: str
    readers: Mapping[Channel, Reader]
    reasons: Mapping[Channel, str]
    held_out: bool
    now: datetime

    def recipients(self) -> list[Recipient]:
        """One for each channel or, if held out, one."""
        first = next((channel for channel, reason in self.reasons.items() if not reason), self.order.plan.channels[0])
        if self.held_out:
            group = Group.SKIPPED if self.reasons[first] else Group.HOLDOUT
            return [self._recipient(first, group, written_to=False)]
        return [
            self._recipient(channel, Group.SKIPPED if reason else Group.TREATED, is_first=channel is first)
            for channel, reason in self.reasons.items()
        ]

    def messages(self, made: Sequence[Recipient]) -> list[Message]:
        """Those that go with the recipients."""
        return [
            self.order.message(self.customer_id, each.channel, self._address(each.channel), self.now)
            for each in made
            if each.channel and each.group is Group.TREATED
        ]

    def _recipient(
        self, channel: Channel, group: Group, *, is_first: bool = True, written_to: bool = True
    ) -> Recipient:
        """`channel`: whose reason it has; `written_to`: on which it is, too."""
        order, reader = self.order, self.readers[channel]
        treated = group is Group.TREATED
        return Recipient(
            campaign_id=order.campaign_id,
            customer_id=self.customer_id,
            channel=channel if written_to else None,
            step=order.step,
            group=group,
            first=is_first,
            created_at=self.now,
            reason=self.reasons[channel],
            message_id=message_id(order.org.org_id, order.cause, self.customer_id, channel) if treated else "",
            email=normalise_email(reader.profile.get("email")) or "",
            phone=self._address(channel) if channel is Channel.SMS and written_to else "",
            first_name=reader.facts.first_name or "",
            segment=reader.facts.segment or "",
        )

    def _address(self, channel: Channel) -> str:
        return self.readers[channel].recipient.address or ""


def _counts(made: Sequence[Recipient]) -> dict[str, int]:
    """One customer's recipients as a run counts them."""
    groups = {each.group for each in made}
    counts = Counter[str](recipients=1)
    counts.update(group.value for group in (Group.TREATED, Group.HOLDOUT) if group in groups)
    counts["queued"] = sum(each.group is Group.TREATED for each in made)
    counts.update(skipped_count(each.reason) for each in made if each.group is Group.SKIPPED)
    return dict(counts)


def skipped_count(reason: str) -> str:
    """What a run counts of those who are skipped for a reason: `skippedNoConsent` for no_consent."""
    return "skipped" + "".join(word.title() for word in reason.split("_"))
