"""The two transactions of a message: claiming it, with a last look at everything, and writing down what came of it.

Whoever dies between the two leaves a claim behind, which nobody takes up again: it may have been handed over.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from lib.domain import messages as domain
from lib.domain.consent import Channel, ConsentState, Purpose, Recipient
from lib.domain.errors import InvalidInput, NotFound
from lib.domain.messages import Draft, Message, State
from lib.domain.messaging import MessagingSettings
from lib.domain.quiet_hours import place_of
from lib.domain.recent_messages import RecentMessages
from lib.domain.sending import Decision, Reason, Send, Situation, Skip, Wait, decide
from lib.domain.settings import LoyaltySettings
from lib.platform import clock, links
from lib.store import campaign_states, consents, message_templates, messages, readers, recent_messages
from lib.store import settings as loyalty
from lib.store import transaction as transactions
from lib.store.consents import Asked
from lib.store.org import OrgStore
from lib.store.readers import Reader
from lib.store.transaction import Transaction
from lib.usecases.sending.accounts import PROVIDERS
from lib.usecases.sending.lasting import looked_at
from lib.usecases.sending.writing import needs_keys, write
from lib.vendors.senders import Outcome, SendResult


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that is ours to hand over, once."""

    message: Message
    draft: Draft


@dataclass(frozen=True, slots=True)
class Later:
    """A message to be looked at again when its time has come (`send_after`)."""

    message: Message


Claim: TypeAlias = Claimed | Later | None


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for an org's messages on one channel. `off`: why nothing can be sent, "" if it can."""

    org: OrgStore
    channel: Channel
    settings: MessagingSettings
    loyalty: LoyaltySettings
    off: str

    @classmethod
    def of(cls, org: OrgStore, channel: Channel, settings: MessagingSettings, off: str = "") -> "Rules":
        """`off`: why the vendor cannot be asked, "" if it can."""
        why = "" if settings.is_on(channel) else Reason.CHANNEL_OFF.value
        return cls(org, channel, settings, loyalty.load(org), why or off)


def claim(rules: Rules, message_id: str, batch_id: str = "") -> Claim:
    """Claims a queued message whose time has come, if it may be sent; None if there is nothing to be done about it.

    `batch_id`: the request it will go out in, of which is written down whether it was made (lib/store/message_batches).

    Reads for a text: message, customer, consent and what the address was sent; for an e-mail two more, the dashboard's
    own opt-outs; one more for what comes from a notice. Writes: the message and, for marketing, that the address was
    sent something.
    """

    def work(transaction: Transaction) -> Claim:
        now = clock.now()
        message = messages.find(transaction, rules.org, message_id)
        if message is None or message.state is not State.QUEUED or message.channel is not rules.channel:
            return None
        if message.send_after > now:
            return Later(message)
        return _Look(transaction, rules, message, batch_id, now).outcome()

    return transactions.run(work)


def settle(org: OrgStore, claimed: Claimed, result: SendResult) -> Message:
    """Writes down what came of handing it over; what its vendor's events have said meanwhile stands.

    Two reads and two writes at most: an address that was not reached is not counted as written to.
    """

    def work(transaction: Transaction) -> Message:
        now = clock.now()
        message = messages.get(transaction, org, claimed.message.id)
        if message.attempts != claimed.message.attempts:
            return message
        settled = _settled(message, result, now)
        if settled.state is State.FAILED and message.state is State.SENDING:
            _forget(transaction, org, settled)
        messages.save(transaction, org, settled, now)
        return settled

    return transactions.run(work)


class _Look:
    """The last look at one message, inside the transaction that claims it."""

    def __init__(self, transaction: Transaction, rules: Rules, message: Message, batch_id: str, now: datetime) -> None:
        self._transaction = transaction
        self._rules = rules
        self._message = message
        self._batch_id = batch_id
        self._now = now
        self._is_marketing = message.purpose is Purpose.MARKETING

    def outcome(self) -> Claim:
        """Claims the message, or writes down why not. All reads come first."""
        org, message = self._rules.org, self._message
        snapshot = self._transaction.get([org.customer(message.customer_id)])[0]
        reader = readers.decode(org, snapshot, message.channel, self._rules.loyalty.country, self._now)
        if reader is None:
            self._save(domain.skipped(message, Reason.UNKNOWN_CUSTOMER))
            return None
        address = reader.recipient.address
        consent, recent = ConsentState(), RecentMessages()
        if address:
            asked = Asked(address, message.customer_id, reader.profile)
            consent = consents.states(org, message.channel, [asked], self._now, self._transaction)[0]
            if self._is_marketing:
                recent = recent_messages.read(self._transaction, org, message.channel, address)
        self._message, over = looked_at(
            self._transaction, org, message, snapshot, self._rules.settings, self._rules.loyalty
        )
        return self._decided(decide(message, self._situation(reader.recipient, consent, recent, over)), reader, recent)

    def _decided(self, decision: Decision, reader: Reader, recent: RecentMessages) -> Claim:
        match decision:
            case Skip(reason):
                self._take_back(reader, recent)
                self._save(domain.skipped(self._message, reason))
                return None
            case Wait(until, reason):
                waiting = domain.waiting(self._message, until, reason)
                self._save(waiting)
                return Later(waiting)
            case Send():
                return self._written(reader, recent)

    def _situation(self, recipient: Recipient, consent: ConsentState, recent: RecentMessages, over: str) -> Situation:
        rules, message = self._rules, self._message
        campaign = campaign_states.load(rules.org, message.campaign_id) if message.campaign_id else None
        phone = recipient.address if message.channel is Channel.SMS else None
        unsigned = needs_keys(message) and links.signing_keys() is None
        return Situation(
            now=self._now,
            recipient=recipient,
            consent=consent,
            recent=recent,
            caps=rules.settings.caps(message.channel),
            place=place_of(phone, rules.loyalty.time_zone, org_state=rules.settings.state or None),
            quiet=message.channel is Channel.SMS or rules.settings.email.quiet_hours,
            off=rules.off or (Reason.NO_LINK_KEYS.value if unsigned else ""),
            paused=rules.settings.paused or campaign == "paused" or (self._is_marketing and rules.loyalty.paused),
            # Whoever deletes a campaign while it is sent means to end it.
            cancelled=campaign in ("cancelled", ""),
            over=over,
        )

    def _written(self, reader: Reader, recent: RecentMessages) -> Claim:
        org, message = self._rules.org, self._message
        try:
            template = message_templates.load(org, message.template_id)
            draft = write(message, reader, template, self._rules.settings, links.signing_keys())
        except (InvalidInput, NotFound) as error:
            self._save(domain.unwritable(message, f"template_{error.reason or 'invalid'}"))
            return None
        claimed = domain.claimed(message, draft, PROVIDERS[message.channel], self._now, self._batch_id)
        if self._is_marketing:
            sent = recent.with_message(message, self._now)
            recent_messages.write(self._transaction, org, message.channel, draft.address, sent)
        self._save(claimed)
        return Claimed(claimed, draft)

    def _take_back(self, reader: Reader, recent: RecentMessages) -> None:
        """A message that was tried before, and will not be again, is none that was sent."""
        address = reader.recipient.address
        if address and self._message.id in recent.sendings:
            kept = recent.without(self._message)
            recent_messages.write(self._transaction, self._rules.org, self._message.channel, address, kept)

    def _save(self, message: Message) -> None:
        messages.save(self._transaction, self._rules.org, message, self._now)


def _settled(message: Message, result: SendResult, now: datetime) -> Message:
    reason = f"{result.reason}:{result.code}" if result.code else result.reason
    match result.outcome:
        case Outcome.ACCEPTED:
            return domain.accepted(message, result.provider_id, now)
        case Outcome.REFUSED:
            return domain.refused(message, reason)
        case Outcome.RETRY:
            return domain.deferred(message, reason, now, timedelta(seconds=result.retry_after_seconds or 0))
        case Outcome.UNKNOWN:
            return domain.unknown(message, reason)


def _forget(transaction: Transaction, org: OrgStore, message: Message) -> None:
    if message.purpose is Purpose.MARKETING:
        recent = recent_messages.read(transaction, org, message.channel, message.address)
        recent_messages.write(transaction, org, message.channel, message.address, recent.without(message))
