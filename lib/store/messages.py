"""Messages, `customer_communications/{id}`: outbox, log and engagement record in one, as the dashboard reads it.

The fields of the dashboard's type (its `customer-communications.ts`) are always there; ours beside them say what is to
be done. For texts `customerEmail` holds the telephone number: its readers look there.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from google.cloud.firestore import DocumentSnapshot, FieldFilter, Query

from lib.domain.consent import Channel
from lib.domain.errors import InvariantBroken, NotFound
from lib.domain.frequency import MessageType
from lib.domain.ids import is_org_id
from lib.domain.messages import Cause, Message, State
from lib.store.org import SYSTEM, OrgStore
from lib.store.transaction import Snapshot, Transaction

_PAGE = 500
# The dashboard knows no more types than these; occasions of ours are news of loyalty to it.
_DASHBOARD_TYPES = frozenset(
    {
        MessageType.CAMPAIGN,
        MessageType.TRANSACTIONAL,
        MessageType.WELCOME,
        MessageType.WINBACK,
        MessageType.BIRTHDAY,
        MessageType.ORDER_UPDATE,
        MessageType.LOYALTY,
        MessageType.MANUAL,
        MessageType.STRATEGY,
    }
)
_REPORTED_FIELDS = {
    State.DELIVERED: "deliveredAt",
    State.OPENED: "openedAt",
    State.CLICKED: "clickedAt",
    State.BOUNCED: "bouncedAt",
    State.FAILED: "failedAt",
}


@dataclass(frozen=True, slots=True)
class Pending:
    """A message that has something coming: enough to enqueue it, or to look at it again."""

    org_id: str
    id: str
    channel: Channel
    attempts: int
    due_at: datetime


def queue(transaction: Transaction, org: OrgStore, *messages: Message) -> tuple[Message, ...]:
    """Writes messages to be sent, in the transaction of their cause; those that are new, to be enqueued after it.

    One that was queued before, whatever has become of it, is left alone: a cause has one message for each customer and
    channel. One read and at most one write a message. Raises InvariantBroken for one of another org or not to be sent.
    """
    if any(message.org_id != org.org_id or message.state is not State.QUEUED for message in messages):
        raise InvariantBroken("only new messages of this org can be queued")
    by_id = {message.id: message for message in messages}
    found = transaction.get([org.message(message_id) for message_id in by_id])
    new = tuple(by_id[snapshot.id] for snapshot in found if not snapshot.exists)
    for message in new:
        transaction.create(org.message(message.id), _encode(org, message))
    return new


def find(transaction: Transaction, org: OrgStore, message_id: str) -> Message | None:
    """The message; None if this org has none of this id, or one that is the dashboard's own. One read."""
    return decode(org, transaction.get([org.message(message_id)])[0])


def get(transaction: Transaction, org: OrgStore, message_id: str) -> Message:
    """The message. Raises NotFound. One read."""
    message = find(transaction, org, message_id)
    if message is None:
        raise NotFound("no such message", reason="unknown_message")
    return message


def load(org: OrgStore, message_id: str) -> Message | None:
    """The message as it is now, outside of a transaction. One read."""
    return decode(org, org.message(message_id).get())


def find_sent(transaction: Transaction, org: OrgStore, provider: str, provider_id: str) -> Message | None:
    """The message that a vendor knows by this id; None if there is none. One read."""
    ours = org.messages().where(filter=FieldFilter("provider", "==", provider))
    found = transaction.query(ours.where(filter=FieldFilter("providerMessageId", "==", provider_id)).limit(1))
    return decode(org, found[0]) if found else None


def save(transaction: Transaction, org: OrgStore, message: Message, now: datetime) -> None:
    """Writes how far the message has come; what it is about stays as it is."""
    transaction.update(org.message(message.id), {**_progress(message), "updatedAt": now})


def due_with(org: OrgStore, message: Message, now: datetime, limit: int) -> list[str]:
    """Ids of so many messages that are due on the same channel, this one or the ones after it first. A read each.

    Beginning at the message asked for, workers that look at the same time find different ones.
    """
    queued = (
        org.messages()
        .where(filter=FieldFilter("channel", "==", message.channel.value))
        .where(filter=FieldFilter("state", "==", State.QUEUED.value))
        .where(filter=FieldFilter("sendAfter", "<=", now))
        .order_by("sendAfter")
        .order_by("__name__")
        .start_at({"sendAfter": message.send_after, "__name__": org.message(message.id)})
    )
    return [found.id for found in queued.select([]).limit(limit).stream()]


OnDamaged: TypeAlias = Callable[[str, str, Exception], None]
"""Hears of a document that cannot be read, which must not hold up the others: its org, its id, what is wrong."""


def overdue(before: datetime, on_damaged: OnDamaged) -> Iterator[Pending]:
    """Messages of all orgs that should have been looked at before this moment, the longest overdue first. A read
    each."""
    return _pending(State.QUEUED, "sendAfter", before, on_damaged)


def abandoned(now: datetime, on_damaged: OnDamaged) -> Iterator[Pending]:
    """Messages of all orgs whose lease has run out. A read each."""
    return _pending(State.SENDING, "leaseUntil", now, on_damaged)


def decode(org: OrgStore, snapshot: Snapshot | DocumentSnapshot[Any]) -> Message | None:
    """The message of a document written by `queue`; None for another org's, and for one that the dashboard wrote."""
    fields: Mapping[str, Any] = snapshot.to_dict() or {}
    if not snapshot.exists or not org.owns(fields) or "state" not in fields:
        return None
    return Message(
        org_id=org.org_id,
        customer_id=fields["customerId"],
        channel=Channel(fields["channel"]),
        cause=Cause(fields["cause"]["type"], fields["cause"]["id"]),
        kind=MessageType(fields["messageType"]),
        template_id=fields["templateId"],
        created_at=fields["createdAt"],
        send_after=fields["sendAfter"],
        good_until=fields["goodUntil"],
        variables=fields["variables"],
        link_url=fields["linkUrl"],
        campaign_id=fields["campaignId"] or "",
        address=_address(Channel(fields["channel"]), fields["customerEmail"]),
        state=State(fields["state"]),
        reason=fields["reason"],
        attempts=fields["attempts"],
        lease_until=fields["leaseUntil"],
        batch_id=fields["batchId"],
        provider=fields["provider"] or "",
        provider_id=fields["providerMessageId"] or "",
        subject=fields["subject"] or "",
        preview=fields["preview"],
        body=fields["body"],
        claimed_at=fields["claimedAt"],
        sent_at=fields["sentAt"],
        reported={state: fields[name] for state, name in _REPORTED_FIELDS.items() if fields.get(name)},
        unsubscribed_at=fields.get("unsubscribedAt"),
    )


def _pending(state: State, field: str, until: datetime, on_damaged: OnDamaged) -> Iterator[Pending]:
    query = (
        OrgStore(SYSTEM)
        .messages_of_all()
        .where(filter=FieldFilter("state", "==", state.value))
        .where(filter=FieldFilter(field, "<=", until))
        .order_by(field)
        .select(["orgId", "channel", "attempts", field])
    )
    for found in _all(query):
        fields = found.to_dict() or {}
        if not is_org_id(org_id := fields.get("orgId")):
            continue
        try:
            pending = Pending(org_id, found.id, Channel(fields["channel"]), int(fields["attempts"]), fields[field])
        except (KeyError, TypeError, ValueError) as error:
            on_damaged(org_id, found.id, error)
        else:
            yield pending


def _all(query: Query) -> Iterator[DocumentSnapshot[Any]]:
    page = query.limit(_PAGE)
    while True:
        found = list(page.stream())
        yield from found
        if len(found) < _PAGE:
            return
        page = query.limit(_PAGE).start_after(found[-1])


def _encode(org: OrgStore, message: Message) -> dict[str, Any]:
    kind = message.kind if message.kind in _DASHBOARD_TYPES else MessageType.LOYALTY
    fields = {
        "id": message.id,
        "dedupeKey": message.id,
        "customerId": message.customer_id,
        "channel": message.channel.value,
        "direction": "outbound",
        "type": kind.value,
        "messageType": message.kind.value,
        "purpose": message.purpose.value,
        "cause": {"type": message.cause.type, "id": message.cause.id},
        "templateId": message.template_id,
        "campaignId": message.campaign_id or None,
        "variables": dict(message.variables),
        "linkUrl": message.link_url,
        "goodUntil": message.good_until,
        "metadata": {},
        "createdAt": message.created_at,
        "updatedAt": message.created_at,
    }
    return org.stamped({**fields, **_progress(message)})


def _progress(message: Message) -> dict[str, Any]:
    times = {name: message.reported.get(state) for state, name in _REPORTED_FIELDS.items()}
    return {
        "customerEmail": _customer_email(message),
        "state": message.state.value,
        "status": message.state.status,
        "statusReason": message.reason or None,
        "reason": message.reason,
        "sendAfter": message.send_after,
        "leaseUntil": message.lease_until,
        "batchId": message.batch_id,
        "attempts": message.attempts,
        "provider": message.provider or None,
        "providerMessageId": message.provider_id or None,
        "subject": message.subject or None,
        "preview": message.preview,
        "body": message.body,
        "claimedAt": message.claimed_at,
        "sentAt": message.sent_at,
        "unsubscribedAt": message.unsubscribed_at,
        **times,
    }


def _customer_email(message: Message) -> str:
    """A text's reader is named by all digits of the number, country code first, as the dashboard's sender writes it."""
    return message.address.removeprefix("+") if message.channel is Channel.SMS else message.address


def _address(channel: Channel, stored: str) -> str:
    return f"+{stored}" if channel is Channel.SMS and stored else stored
