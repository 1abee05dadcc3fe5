"""Consent as people give and take it: by the link in a message, and at the till.

Staff can take consent back for anybody who says so, at once. They can record that it was given, with what the person
was told; but what a person has objected to, only that person can lift (lib/domain/consent.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from secrets import token_bytes
from typing import Any

from lib.domain import answers, pushes
from lib.domain import messages as message_states
from lib.domain.answers import Answer
from lib.domain.commands import Command
from lib.domain.consent import (
    Channel,
    ConsentEvent,
    ConsentKind,
    ConsentSource,
    ConsentState,
    Purpose,
    Recipient,
    Refusal,
    refusal,
)
from lib.domain.contacts import normalise_email, normalise_phone
from lib.domain.errors import InvalidInput, NotFound, Unavailable
from lib.domain.unsubscribe import SigningKeys, UnsubscribeRequest, read_token
from lib.platform import clock, links, tasks
from lib.store import consents, directory, last_messages, messages, opting, receipts
from lib.store import settings as settings_store
from lib.store import transaction as transactions
from lib.store.consents import Asked
from lib.store.opting import Entered
from lib.store.org import OrgStore
from lib.store.transaction import Transaction

_UNSUBSCRIBED = "The unsubscribe link of a message."
_SUBSCRIBED = "Subscribe again, on the page behind the unsubscribe link of a message."


class Choice(StrEnum):
    """What a link is used for."""

    UNSUBSCRIBE = "unsubscribe"
    SUBSCRIBE = "subscribe"


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a call is about: a customer, or an address on one channel, as somebody has typed it. Exactly one of them."""

    customer_id: str | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """What a person has said. `source`: how it was asked; `wording`: what they were shown or told, or said."""

    kind: ConsentKind
    source: ConsentSource
    wording: str


def read_link(token: str) -> UnsubscribeRequest | None:
    """Whom a link is about; None for a token that is neither ours nor in the dashboard's old form, or of no org.

    Without configured keys no signature can be genuine, and the old form is all that is read.
    """
    keys = links.signing_keys() or SigningKeys({"none": token_bytes(32)}, "none")
    request = read_token(token, keys)
    # Anybody can make up a token of the old form; what they make up must not bring documents of an org into being.
    if request is not None and not request.signed and not directory.exists(request.org_id):
        return None
    return request


def follow(request: UnsubscribeRequest, choice: Choice) -> bool:
    """Does what the holder of a link has chosen; False if this link cannot do it.

    Unsubscribing ends marketing on the channel. Only a link that we have signed can subscribe again.
    """
    if choice is Choice.SUBSCRIBE and not request.signed:
        return False
    now = clock.now()
    kind, wording = {
        Choice.UNSUBSCRIBE: (ConsentKind.MARKETING_WITHDRAWN, _UNSUBSCRIBED),
        Choice.SUBSCRIBE: (ConsentKind.MARKETING_GRANTED, _SUBSCRIBED),
    }[choice]
    source = ConsentSource.SIGNED_LINK if request.signed else ConsentSource.LEGACY_LINK
    event = ConsentEvent(kind, source, now, now, wording, "holder")
    org = OrgStore(request.org_id)

    def work(transaction: Transaction) -> Entered:
        cause = f"link:{request.channel}:{request.address}:{choice}:{now.isoformat()}"
        opened = opting.open_log(transaction, org, request.channel, request.address, cause=cause)
        last = None
        if choice is Choice.UNSUBSCRIBE:
            last = last_messages.sent_to(transaction, org, request.channel, request.address, now)
        entered = opting.enter(transaction, org, opened, event)
        if last and entered.changed:
            messages.save(transaction, org, message_states.unsubscribed(last, now), now)
        return entered

    _enqueue(transactions.run(work))
    return True


def state(org_id: str, person: Person, channels: tuple[Channel, ...], *, limit: int) -> Answer:
    """What holds for a person on these channels, why, and the newest entries of their logs.

    Raises NotFound for no such customer, InvalidInput for no such address.
    """
    org, now = OrgStore(org_id), clock.now()
    profile: Mapping[str, Any] = {}
    if person.customer_id is not None:
        profile = _profile(org, org.customer(person.customer_id).get().to_dict())
    told = {}
    for channel in channels:
        address = _address(org, channel, person, profile)
        asked = Asked(address, person.customer_id or "", profile) if address else None
        known = consents.states(org, channel, [asked], now)[0] if asked else ConsentState()
        entries = consents.history(org, channel, address, limit) if address else []
        recipient = Recipient(address, profile.get("archived") is True, profile.get("isTestAccount") is True)
        told[channel.value] = {
            **{purpose.value: _verdict(recipient, known, purpose) for purpose in Purpose},
            "history": [_told(entry) for entry in entries],
        }
    return {"ok": True, "channels": told}


def record(command: Command, person: Person, channel: Channel, statement: Statement) -> Answer:
    """Enters what a person has said at the till. Refusals: `no_address`; of a grant, the objection that stands.

    Raises NotFound for no such customer, InvalidInput for no such address.
    """
    event = ConsentEvent(
        statement.kind,
        statement.source,
        command.at,
        command.at,
        statement.wording,
        f"{command.actor.type}:{command.actor.id}",
    )

    entered = Entered(False)

    def work(transaction: Transaction, org: OrgStore) -> Answer:
        nonlocal entered
        profile: Mapping[str, Any] = {}
        if person.customer_id is not None:
            profile = _profile(org, transaction.get([org.customer(person.customer_id)])[0].to_dict())
        address = _address(org, channel, person, profile)
        if address is None:
            return answers.refusal(Refusal.NO_ADDRESS.value)
        if event.kind is ConsentKind.MARKETING_GRANTED:
            # Without the profile: its flag is what is to be switched on, and being off is no objection to that.
            known = consents.states(org, channel, [Asked(address)], command.at, transaction)[0]
            objection = refusal(Recipient(address), known, Purpose.MARKETING)
            if objection not in (None, Refusal.NO_CONSENT):
                return answers.refusal(objection.value)
        opened = opting.open_log(
            transaction,
            org,
            channel,
            address,
            cause=f"call:{command.id_of('consent')}",
            customer_ids=[person.customer_id] if person.customer_id else [],
        )
        entered = opting.enter(transaction, org, opened, event, granted_to=person.customer_id or "")
        return {"ok": True, "recorded": entered.changed, "customers": len(opened.matched.customer_ids)}

    answer = receipts.run_once(command, work)
    _enqueue(entered)
    return answer


def _enqueue(entered: Entered) -> None:
    """What cannot be enqueued now is found by the sweep of pushes; the opt-out itself is in force already."""
    try:
        for push in entered.pushes:
            tasks.enqueue(pushes.QUEUE, push.work, {"orgId": push.org_id, "pushId": push.id})
    except Unavailable:
        return


def _profile(org: OrgStore, fields: Mapping[str, Any] | None) -> Mapping[str, Any]:
    if fields is None or not org.owns(fields):
        raise NotFound("no such customer", reason="unknown_customer")
    return fields


def _address(org: OrgStore, channel: Channel, person: Person, profile: Mapping[str, Any]) -> str | None:
    """The normalised address; None where a customer has none."""
    if person.address is None:
        return _normalised(org, channel, profile.get("email" if channel is Channel.EMAIL else "phone"))
    address = _normalised(org, channel, person.address)
    if address is None:
        what = "an e-mail address" if channel is Channel.EMAIL else "a telephone number"
        raise InvalidInput(f"is not {what}", pointer="/address")
    return address


def _normalised(org: OrgStore, channel: Channel, raw: object) -> str | None:
    if channel is Channel.EMAIL:
        return normalise_email(raw)
    return normalise_phone(raw, settings_store.load(org).country)


def _verdict(recipient: Recipient, known: ConsentState, purpose: Purpose) -> Answer:
    reason = refusal(recipient, known, purpose)
    return {"allowed": reason is None, "reason": reason.value if reason else None}


def _told(event: ConsentEvent) -> Answer:
    return {
        "kind": event.kind.value,
        "source": event.source.value,
        "wording": event.wording,
        "occurredAt": answers.instant(event.occurred_at),
        "recordedAt": answers.instant(event.recorded_at),
    }
