"""Campaigns that are followed: which they are, how far each has been followed, what has changed since, and what is then
written about it.

`campaigns/{id}.following` is true from when a campaign begins until nothing more is expected; `.followed` says how far
its messages and its shop's orders have been looked at. Whoever writes a document says when in `updatedAt`, and commits
a little later: so changes are looked for from a little before the last time.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from google.cloud.firestore import CollectionReference, DocumentSnapshot, FieldFilter, Query

from lib.domain.campaign_counts import Counts
from lib.domain.campaigns import Campaign, recipient_id
from lib.domain.ids import is_org_id
from lib.domain.lift import Sums
from lib.domain.messages import Message, State
from lib.domain.money import dollars
from lib.store import campaigns, messages, recipients
from lib.store.attributions import reached_at
from lib.store.messages import OnDamaged
from lib.store.org import SYSTEM, OrgStore
from lib.store.transaction import Snapshot, Transaction

OVERLAP = timedelta(minutes=2)
"""How long before the last time changes are looked for: longer than a commit takes. A change is seen once or twice."""
FOLLOWED_MAX = 5_000
"""How many campaigns of all orgs are followed at a time."""

_PAGE = 200
# A campaign may name ten thousand customers one by one: nobody needs them here.
_NEEDED = (
    *("orgId", "name", "status", "channels", "holdoutPercent", "attributionHours", "step", "planId", "runId"),
    *("sentAt", "completedAt", "followed", "progressOf"),
)
_COUNTS = {
    **{name: name for name in ("recipients", "sent", "delivered", "opened", "clicked", "bounced", "failed")},
    **{name: name for name in ("unsubscribed", "converted", "orders")},
    "revenue_cents": "revenueCents",
}
_OPEN = [State.QUEUED.value, State.SENDING.value]


@dataclass(frozen=True, slots=True)
class Followed:
    """A campaign that is followed; until when changes of its messages, and of orders, have been seen (UTC)."""

    org: OrgStore
    campaign: Campaign
    messages_until: datetime
    orders_until: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """A document that was written, and when."""

    id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class OrderChange(Change):
    """An order whose record was written. `customer_id`: None for nobody's. `again`: not for the first time, so that it
    may have been another's before."""

    customer_id: str | None
    again: bool


def followed() -> list[Followed]:
    """Campaigns of all orgs that are followed. A read each, one if there is none."""
    query = OrgStore(SYSTEM).campaigns_of_all().where(filter=FieldFilter("following", "==", True)).limit(FOLLOWED_MAX)
    return [found for snapshot in query.select(_NEEDED).stream() if (found := _followed(snapshot))]


def changed_messages(followed: Followed) -> Iterator[list[Change]]:
    """Pages of the campaign's messages that have changed, in the order of their changes. A read each, one if none."""
    query = followed.org.messages().where(filter=FieldFilter("campaignId", "==", followed.campaign.id))
    for page in _changed(query, followed.messages_until):
        yield [Change(found.id, found.get("updatedAt")) for found in page]


def changed_orders(org: OrgStore, until: datetime) -> Iterator[list[OrderChange]]:
    """Pages of the org's orders whose records have changed, in the order of their changes. A read each, one if none."""
    for page in _changed(org.collection("accruals"), until, "customerId", "createdAt"):
        rows = [(found.id, found.to_dict() or {}) for found in page]
        yield [
            OrderChange(order_id, row["updatedAt"], row.get("customerId"), row["createdAt"] < row["updatedAt"])
            for order_id, row in rows
        ]


def copy(
    transaction: Transaction,
    followed: Followed,
    message_ids: list[str],
    orders_since: datetime,
    now: datetime,
    on_damaged: OnDamaged,
) -> None:
    """Writes to the recipients what has become of their messages by now. Two reads a message, a write where it differs.

    Messages are read again, together with the recipients: whoever comes late must not copy what is outdated. Where it
    is known only now that a message went out before `orders_since`, or that it came back, its recipient is `unsettled`:
    its customer's orders have been looked at without it. A message that cannot be read is left out, and told of.
    """
    org, campaign = followed.org, followed.campaign
    sent = list(_readable(org, transaction.get([org.message(each) for each in message_ids]), on_damaged))
    named = [recipient_id(campaign.id, each.customer_id, each.channel, campaign.step) for each in sent]
    stored = transaction.get([recipients.reference(org, campaign.id, name) for name in named])
    for message, recipient in zip(sent, stored, strict=True):
        known, fields = recipient.to_dict(), progress(message)
        if known is None or all(known.get(name) == value for name, value in fields.items()):
            continue
        before, after = reached_at(known), reached_at(fields)
        if before != after and min(moment for moment in (before, after) if moment) < orders_since:
            fields["unsettled"] = True
        transaction.update(recipient.reference, {**fields, "updatedAt": now})


def progress(message: Message) -> dict[str, Any]:
    """What a recipient says of its message, under the dashboard's names. `reason`: why it is known to have failed; of
    one that came back there is an `error` only."""
    waits = message.state in (State.QUEUED, State.SENDING)
    failed = message.state.status == "failed"
    return {
        "status": "pending" if waits else message.state.status,
        "reason": message.reason if failed else "",
        "error": message.reason or None if failed or message.state is State.BOUNCED else None,
        "providerMessageId": message.provider_id or None,
        "sentAt": message.sent_at,
        "deliveredAt": message.reported.get(State.DELIVERED),
        "openedAt": message.reported.get(State.OPENED),
        "clickedAt": message.reported.get(State.CLICKED),
        "bouncedAt": message.reported.get(State.BOUNCED),
        "unsubscribedAt": message.unsubscribed_at,
    }


def has_open_messages(org: OrgStore, campaign_id: str) -> bool:
    """Whether any message of the campaign may still be sent. One read."""
    query = org.messages().where(filter=FieldFilter("campaignId", "==", campaign_id))
    return any(True for _ in query.where(filter=FieldFilter("state", "in", _OPEN)).limit(1).select([]).stream())


def is_ahead(campaign: Campaign, followed: Followed) -> bool:
    """Whether the campaign's document says that it has been followed further than that."""
    until = _map(campaign.stored.get("followed"))
    told = (until.get("messagesUntil"), until.get("ordersUntil"))
    ours = (followed.messages_until, followed.orders_until)
    return any(known is not None and known > seen for known, seen in zip(told, ours, strict=True))


def save(transaction: Transaction, followed: Followed, counts: Counts | None, now: datetime) -> None:
    """Writes how far the campaign has been followed and, if they were asked for, its counts. One write."""
    fields: dict[str, Any] = {
        "followed": {"messagesUntil": followed.messages_until, "ordersUntil": followed.orders_until}
    }
    if counts is not None:
        fields |= {"performance": _performance(counts, now), "results": _results(counts, now)}
    transaction.update(followed.org.campaign(followed.campaign.id), fields)


def let_go(transaction: Transaction, org: OrgStore, campaign_id: str) -> None:
    """Has the campaign followed no longer. One write."""
    transaction.update(org.campaign(campaign_id), {"following": False})


def counts_of(campaign: Campaign) -> tuple[Counts, datetime | None]:
    """The counts on a campaign's document, and of when they are; zeros and None before the first."""
    fields = _map(campaign.stored.get("results"))
    if not fields:
        return Counts(), None
    numbers = {name: fields[field] for name, field in _COUNTS.items()}
    treated, holdout = (_sums_of(fields[name]) for name in ("treated", "holdout"))
    return Counts(**numbers, treated=treated, holdout=holdout), fields["countedAt"]


def _followed(snapshot: DocumentSnapshot[Any]) -> Followed | None:
    fields = snapshot.to_dict() or {}
    org = OrgStore(fields["orgId"]) if is_org_id(fields.get("orgId")) else None
    campaign = campaigns.decode(org, snapshot) if org else None
    if org is None or campaign is None or campaign.sent_at is None:
        return None
    until = _map(fields.get("followed"))
    began_at = campaign.sent_at
    return Followed(org, campaign, until.get("messagesUntil") or began_at, until.get("ordersUntil") or began_at)


def _readable(org: OrgStore, found: Iterable[Snapshot], on_damaged: OnDamaged) -> Iterator[Message]:
    for snapshot in found:
        try:
            message = messages.decode(org, snapshot)
        except (KeyError, TypeError, ValueError) as error:
            on_damaged(org.org_id, snapshot.id, error)
        else:
            if message:
                yield message


def _changed(query: Query | CollectionReference, until: datetime, *fields: str) -> Iterator[list[Snapshot]]:
    changed = query.where(filter=FieldFilter("updatedAt", ">=", until - OVERLAP)).order_by("updatedAt")
    page = changed.select(["updatedAt", *fields]).limit(_PAGE)
    while found := list(page.stream()):
        yield found
        if len(found) < _PAGE:
            return
        page = changed.select(["updatedAt", *fields]).limit(_PAGE).start_after(found[-1])


def _performance(counts: Counts, now: datetime) -> dict[str, Any]:
    """The dashboard's map, which it may write as well: dollars, and rates in percent."""
    shown = ("sent", "delivered", "opened", "clicked", "bounced", "unsubscribed")
    return {
        "totalRecipients": counts.recipients,
        **{name: getattr(counts, name) for name in shown},
        "conversions": counts.converted,
        "revenue": dollars(counts.revenue_cents),
        **counts.rates,
        "lastUpdated": now,
    }


def _results(counts: Counts, now: datetime) -> dict[str, Any]:
    return {
        **{field: getattr(counts, name) for name, field in _COUNTS.items()},
        "treated": _encode_sums(counts.treated),
        "holdout": _encode_sums(counts.holdout),
        "countedAt": now,
    }


def _encode_sums(sums: Sums) -> dict[str, Any]:
    return {
        "customers": sums.customers,
        "buyers": sums.buyers,
        "cents": sums.cents,
        # As text: it may be more than an integer of Firestore holds.
        "centsSquared": str(sums.cents_squared),
    }


def _sums_of(fields: Mapping[str, Any]) -> Sums:
    return Sums(fields["customers"], fields["buyers"], fields["cents"], int(fields["centsSquared"]))


def _map(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
