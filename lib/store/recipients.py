"""Recipients of a campaign, `campaigns/{id}/recipients/{derived id}`: what was decided about each of its audience.

Written in the transaction that queues the message, before anything is sent, and never twice. What becomes of the
message is copied to them afterwards (status, times, provider's id). Fields beside the dashboard's: `orgId`, `group`,
`first`, `reason`, `messageId`, `step`, `createdAt`, `updatedAt`.

| group | documents of a customer | channel | status at first |
|---|---|---|---|
| treated | one a channel of the plan that is possible | `sms`, `email` | `pending`, with `messageId` |
| skipped | one a channel that is not | `sms`, `email` | `failed`, with `reason` |
| holdout | one | `none` | `pending`, for ever |
| skipped | one, of a customer who would have been held out | `none` | `failed`, with `reason` |

So a customer who is treated on one channel may be skipped on the other; `first` is true of a treated one then.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from google.cloud.firestore import CollectionReference, DocumentReference

from lib.domain.campaigns import NO_CHANNEL, Group, Recipient
from lib.domain.consent import Channel
from lib.domain.errors import InvariantBroken
from lib.store.org import OrgStore
from lib.store.transaction import Snapshot, Transaction


def of_campaign(org: OrgStore, campaign_id: str) -> CollectionReference:
    """All recipients of a campaign, whose owner the caller has checked."""
    recipients: CollectionReference = org.campaign(campaign_id).collection("recipients")
    return recipients


def reference(org: OrgStore, campaign_id: str, recipient_id: str) -> DocumentReference:
    """Where one recipient is kept."""
    document: DocumentReference = org.campaign(campaign_id).collection("recipients").document(recipient_id)
    return document


def create(transaction: Transaction, org: OrgStore, recipients: Sequence[Recipient]) -> None:
    """Writes them; they must not be there."""
    for recipient in recipients:
        fields = org.stamped(encode(recipient))
        transaction.create(reference(org, recipient.campaign_id, recipient.id), fields)


def encode(recipient: Recipient) -> dict[str, Any]:
    """A recipient as it is first written."""
    return {
        "id": recipient.id,
        "campaignId": recipient.campaign_id,
        "customerId": recipient.customer_id,
        "channel": recipient.channel.value if recipient.channel else NO_CHANNEL,
        "step": recipient.step,
        "group": recipient.group.value,
        "first": recipient.first,
        "status": "failed" if recipient.group is Group.SKIPPED else "pending",
        "reason": recipient.reason,
        "error": recipient.reason or None,
        "messageId": recipient.message_id or None,
        "email": recipient.email,
        "phone": recipient.phone or None,
        "firstName": recipient.first_name or None,
        "segment": recipient.segment,
        "createdAt": recipient.created_at,
        "updatedAt": recipient.created_at,
    }


def decode(snapshot: Snapshot) -> Recipient | None:
    """The recipient of a document written by `encode`, whatever has become of it; None where there is none.

    Raises InvariantBroken for one of the dashboard's, which have no group.
    """
    if not snapshot.exists:
        return None
    fields: Mapping[str, Any] = snapshot.to_dict() or {}
    if "group" not in fields:
        raise InvariantBroken("a recipient that is none of ours")
    channel = fields["channel"]
    return Recipient(
        campaign_id=fields["campaignId"],
        customer_id=fields["customerId"],
        channel=None if channel == NO_CHANNEL else Channel(channel),
        step=fields["step"],
        group=Group(fields["group"]),
        first=fields["first"],
        created_at=fields["createdAt"],
        reason=fields["reason"],
        message_id=fields["messageId"] or "",
        email=fields["email"],
        phone=fields["phone"] or "",
        first_name=fields["firstName"] or "",
        segment=fields["segment"],
    )
