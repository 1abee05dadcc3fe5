"""One customer has one occasion: messages, points and the record that it was had, in one transaction or not at all.

Whoever comes second, in another run, by another profile of the person or after a crash, finds the record and leaves.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from lib.domain import expiry, pauses, pushes
from lib.domain.automations import DATED
from lib.domain.consent import Channel, refusal
from lib.domain.contacts import normalise_email, normalise_phone
from lib.domain.customers import journal_of
from lib.domain.frequency import Cap, MessageType
from lib.domain.identity import normalise_pos_id
from lib.domain.ids import derived_id, fingerprint
from lib.domain.ledger import EntryKind, Memo, Source
from lib.domain.messages import Message
from lib.domain.messaging import Automation, MessagingSettings
from lib.domain.occasions import ACTOR, Occasion, PersonKey
from lib.domain.pushes import Push
from lib.domain.settings import LoyaltySettings
from lib.platform import secrets
from lib.store import (
    alpine_pushes,
    consents,
    customers,
    journals,
    message_templates,
    messages,
    messaging,
    occasions,
    readers,
)
from lib.store import settings as settings_store
from lib.store.consents import Asked
from lib.store.org import OrgStore
from lib.store.transaction import Snapshot, Transaction

HAD, CAPPED = "had", "capped"

_REASONS = {
    MessageType.BIRTHDAY: "birthday",
    MessageType.ANNIVERSARY: "anniversary of sign-up",
    MessageType.WELCOME: "welcome",
    MessageType.WINBACK: "welcome back",
}


@dataclass(frozen=True, slots=True)
class Rules:
    """What an org answers one kind of occasion with. words: the template of each channel that is on. pushed: whether
    Alpine IQ is told of points."""

    org: OrgStore
    settings: MessagingSettings
    loyalty: LoyaltySettings
    automation: Automation
    words: Mapping[Channel, str]
    pushed: bool

    @classmethod
    def of(cls, org: OrgStore, kind: MessageType, now: datetime) -> "Rules | None":
        """None where the org does not answer it, or its programme is paused: whoever may not redeem is told nothing."""
        settings, loyalty = messaging.load(org), settings_store.load(org)
        automation = settings.automation(kind)
        if automation is None or pauses.takes_nothing(loyalty):
            return None
        templates = [each for each in automation.templates if settings.is_on(each.channel)]
        words = {each.channel: message_templates.keep(org, each, now) for each in templates}
        gives = bool(automation.bonus_points and secrets.alpine_iq_key(org.org_id))
        return cls(org, settings, loyalty, automation, words, gives and alpine_pushes.switches(org).adjustments)

    @property
    def caps(self) -> tuple[Cap, ...]:
        cap = self.automation.cap
        return (Cap(cap.count, timedelta(hours=cap.hours)),) if cap else ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it: messages that are new, points, what Alpine IQ is to be told; or why nothing did."""

    messages: tuple[Message, ...] = ()
    points: int = 0
    push: Push | None = None
    reason: str = ""


def has_left(org: OrgStore, document: Snapshot) -> bool:
    """Whether there is nobody to write to: no such customer of the org, an archived one or a test account."""
    fields = document.to_dict() or {}
    is_gone = not document.exists or not org.owns(fields)
    return is_gone or fields.get("archived") is True or fields.get("isTestAccount") is True


def have(transaction: Transaction, rules: Rules, occasion: Occasion, document: Snapshot, now: datetime) -> Outcome:
    """The customer of this document has the occasion now, unless the person has had it before.

    Nothing is taken down for somebody who can neither be written to nor given anything: they may agree while there is
    time. Billed, for an occasion with a date: a read for each of the person's keys (up to four) and one for other
    profiles, one or two a channel for consent, one a message; a write a key and a message, two or three for points.
    """
    org = rules.org
    own, others = _keys(transaction, rules, occasion, document)
    records = occasions.read(transaction, org, occasion.kind, [*own, *others])
    if any(occasion.cause.id in record.had for record in records.values()):
        return Outcome(reason=HAD)
    if not all(record.allows(occasion, rules.caps, now) for record in records.values()):
        return Outcome(reason=CAPPED)
    wanted, reason = _messages(transaction, rules, occasion, document, now)
    points = rules.automation.bonus_points
    customer = customers.load(transaction, org, document.id, document) if points else None
    if not wanted and customer is None:
        return Outcome(reason=reason)
    # Reads whether they are there, and so comes before all that writes.
    queued = messages.queue(transaction, org, *wanted)
    push = None
    if customer is not None:
        journal = journal_of(customer, rules.loyalty, now)
        journal.credit(EntryKind.BONUS, points, expiry.expires_at(now, rules.loyalty), _memo(rules, occasion, now))
        journals.post(transaction, org, customer, journal, rules.loyalty, now)
        push = _push(rules, occasion, document.id, now)
        if push:
            alpine_pushes.add(transaction, org, push)
    occasions.write(transaction, org, {key: records[key] for key in own}, occasion, document.id, now)
    return Outcome(queued, points, push)


def _keys(
    transaction: Transaction, rules: Rules, occasion: Occasion, document: Snapshot
) -> tuple[list[PersonKey], list[PersonKey]]:
    """What the person is known by: by this profile, and by those that it has taken the place of.

    A notice is of one profile, and has an id of its own: nothing else leads to it.
    """
    customer = PersonKey("customer", document.id)
    if occasion.kind not in DATED:
        return [customer], []
    fields = document.to_dict() or {}
    phone = normalise_phone(fields.get("phone"), rules.loyalty.country)
    email = normalise_email(fields.get("email"))
    # The dashboard and the till keep profiles of one person that share nothing but the till's number.
    known = (("phone", phone), ("email", email), ("pos", normalise_pos_id(fields.get("alleavesCustomerId"))))
    own = [customer, *(PersonKey(name, value) for name, value in known if value)]
    absorbed = occasions.absorbed_ids(transaction, rules.org, document.id)
    return own, [PersonKey("customer", customer_id) for customer_id in absorbed]


def _messages(
    transaction: Transaction, rules: Rules, occasion: Occasion, document: Snapshot, now: datetime
) -> tuple[Sequence[Message], str]:
    """A message for each channel on which the customer may be written to; the last reason why not on another."""
    org, found, reason = rules.org, [], "channel_off"
    for channel, template_id in rules.words.items():
        reader = readers.decode(org, document, channel, rules.loyalty.country, now)
        address = reader.recipient.address if reader else None
        if reader is None or not address:
            reason = "no_address"
            continue
        asked = [Asked(address, document.id, reader.profile)]
        consent = consents.states(org, channel, asked, now, transaction)[0]
        no = refusal(reader.recipient, consent, occasion.kind.purpose)
        if no:
            reason = no.value
            continue
        message = Message(
            org_id=org.org_id,
            customer_id=document.id,
            channel=channel,
            cause=occasion.cause,
            kind=occasion.kind,
            template_id=template_id,
            created_at=now,
            send_after=now,
            good_until=occasion.good_until,
            variables=occasion.variables,
            link_url=rules.automation.link_url,
            address=address,
        )
        found.append(message)
    return found, reason


def _memo(rules: Rules, occasion: Occasion, now: datetime) -> Memo:
    source = Source(occasion.kind.value, occasion.cause.id)
    key = f"{source.type}:{source.id}"
    return Memo(
        source=source,
        key=key,
        fingerprint=fingerprint([key, rules.automation.bonus_points]),
        rule_version=rules.loyalty.rule_version,
        reason=_REASONS[occasion.kind],
        actor=ACTOR,
        occurred_at=now,
    )


def _push(rules: Rules, occasion: Occasion, customer_id: str, now: datetime) -> Push | None:
    if not rules.pushed:
        return None
    org_id = rules.org.org_id
    bonus_id = derived_id("bonus", org_id, occasion.kind, occasion.cause.id, customer_id)
    return pushes.adjustment(org_id, bonus_id, customer_id, rules.automation.bonus_points, now)
