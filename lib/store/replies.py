"""Texts between a customer and the shop beside its messages: what somebody has written back, and what was answered.

Rows of `customer_communications` like all others, so that the shop sees them in the customer's timeline. They have no
`state`: nobody queues, repeats or reports them.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lib.domain.consent import Channel
from lib.domain.identity import phone_digits
from lib.domain.ids import derived_id
from lib.domain.messages import PREVIEW_LENGTH
from lib.store.org import OrgStore
from lib.store.transaction import Transaction, run

_HOUR = "%Y-%m-%dT%H"


@dataclass(frozen=True, slots=True)
class Reply:
    """What somebody has written. `phone`: E.164; `customer_id` None for somebody whom the shop does not know."""

    key: str
    phone: str
    customer_id: str | None
    text: str
    provider: str
    at: datetime


def enter(transaction: Transaction, org: OrgStore, reply: Reply, now: datetime) -> None:
    """Writes what somebody has written; writing it again rewrites the same row."""
    row_id = derived_id("reply", org.org_id, reply.key)
    row = _row(reply, row_id, reply.text, now) | {"direction": "inbound", "type": "manual", "status": "delivered"}
    transaction.replace(org.message(row_id), org.stamped(row | {"sentAt": reply.at, "deliveredAt": reply.at}))


def answer_id(org: OrgStore, phone: str, kind: str, now: datetime) -> str:
    """One answer of a kind to a number in an hour: two machines must not answer each other for ever."""
    return derived_id("answer", org.org_id, phone, kind, now.strftime(_HOUR))


def was_answered(transaction: Transaction, org: OrgStore, row_id: str) -> bool:
    """Whether this answer has been claimed before. One read."""
    return transaction.get([org.message(row_id)])[0].exists


def claim_answer(transaction: Transaction, org: OrgStore, row_id: str, reply: Reply, text: str, now: datetime) -> None:
    """Writes the answer before it is sent: whoever does so sends it, once. One that is never heard of again stays
    `scheduled`, and is not sent again."""
    row = _row(reply, row_id, text, now) | {"direction": "outbound", "type": "transactional", "status": "scheduled"}
    transaction.create(org.message(row_id), org.stamped(row | {"sentAt": None, "deliveredAt": None}))


def settle_answer(org: OrgStore, row_id: str, provider_id: str, reason: str, now: datetime) -> None:
    """Writes what came of it; `reason` "" when the vendor has it."""
    fields = {
        "status": "failed" if reason else "sent",
        "statusReason": reason or None,
        "providerMessageId": provider_id or None,
        "sentAt": None if reason else now,
        "updatedAt": now,
    }
    run(lambda transaction: transaction.update(org.message(row_id), fields))


def _row(reply: Reply, row_id: str, text: str, now: datetime) -> dict[str, Any]:
    return {
        "id": row_id,
        "dedupeKey": row_id,
        "customerId": reply.customer_id,
        "customerEmail": phone_digits(reply.phone),
        "channel": Channel.SMS.value,
        "preview": " ".join(text.split())[:PREVIEW_LENGTH],
        "body": text,
        "provider": reply.provider,
        "metadata": {},
        "createdAt": now,
        "updatedAt": now,
    }
