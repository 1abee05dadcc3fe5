"""What customers bought around campaigns: on their recipient documents, and `campaigns/{id}/attributions/{orderId}` for
every order that a campaign claims, as the dashboard reads it.

| fields of a recipient document | on which of a customer's | what |
|---|---|---|
| `bought`, `boughtOrders`, `boughtCents` | `first` | what the comparison counts |
| `boughtSquares` | `first` | the square of `boughtCents` |
| `converted`, `convertedAt`, `orderId`, `orderTotal` | whose message claims | the first order that is claimed |
| `attributedOrders` | whose message claims | cents by order id, of all that is claimed |
| `orderIds` | both | all of these, so that an order finds those who had it |
| `unsettled` | any | true where orders have to be looked at once more: see `follow_ups.copy` |

Absent on recipients of whom nothing has been heard yet.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from google.cloud.firestore import CollectionReference, DocumentReference, FieldFilter

from lib.domain.attribution import Purchase, Verdict, Window, span
from lib.domain.campaigns import Group, recipient_id
from lib.domain.consent import Channel
from lib.domain.money import dollars
from lib.store import accruals, recipients
from lib.store.org import OrgStore
from lib.store.transaction import Snapshot, Transaction

ORDERS_MAX = 500
"""More orders of one customer than this, around the campaigns that are followed, are no customer's."""

# Of a recipient whose message may have been seen, as far as is known.
_REACHED = frozenset({"sent", "delivered", "opened", "clicked"})
_UNSETTLED_MAX = 2_000
_INTEGER_MAX = 2**63 - 1
_NOTHING_BOUGHT: Mapping[str, Any] = {"bought": False, "boughtOrders": 0, "boughtCents": 0, "boughtSquares": 0}
_NOTHING_CLAIMED: Mapping[str, Any] = {
    "converted": False,
    "convertedAt": None,
    "orderId": None,
    "orderTotal": None,
    "attributedOrders": {},
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A campaign that may have something to do with a customer: where to look, and for how long its orders count.

    channels: those on which it has a recipient document of the customer, (None,) for one who is held out.
    """

    campaign_id: str
    name: str
    step: int
    channels: Sequence[Channel | None]
    window: timedelta


@dataclass(frozen=True, slots=True)
class Found:
    """A customer's recipient documents, as a transaction has read them, and what they have to do with orders."""

    org: OrgStore
    customer_id: str
    documents: Mapping[str, Snapshot]
    campaigns: Mapping[str, Asked]
    draws: Sequence[Window] = ()
    touches: Sequence[Window] = ()
    purchases: Sequence[Purchase] = field(default_factory=tuple)


def of_campaign(org: OrgStore, campaign_id: str) -> CollectionReference:
    """All orders that a campaign claims; the caller has checked whose it is."""
    claimed: CollectionReference = org.campaign(campaign_id).collection("attributions")
    return claimed


def reached_at(fields: Mapping[str, Any]) -> datetime | None:
    """When the message of a recipient document was sent; None unless it went out and has not come back."""
    sent_at: datetime | None = fields.get("sentAt")
    return sent_at if fields.get("status") in _REACHED else None


def holders(org: OrgStore, campaign_id: str, order_id: str) -> list[str]:
    """Customers on whose recipient documents of a campaign an order stands: one, or none. A read, or one for none."""
    query = recipients.of_campaign(org, campaign_id).where(filter=FieldFilter("orderIds", "array_contains", order_id))
    return sorted({found.get("customerId") for found in query.select(["customerId"]).stream()})


def unsettled(org: OrgStore, campaign_id: str) -> list[str]:
    """Customers of a campaign whose orders have to be looked at once more. A read each, one if there is none."""
    query = recipients.of_campaign(org, campaign_id).where(filter=FieldFilter("unsettled", "==", True))
    return sorted({found.get("customerId") for found in query.select(["customerId"]).limit(_UNSETTLED_MAX).stream()})


def read(transaction: Transaction, org: OrgStore, customer_id: str, asked: Iterable[Asked]) -> Found:
    """The customer's recipient documents and the orders around them. A read a document asked for; where there are any
    documents, one an order, or one for none."""
    by_reference = {
        recipients.reference(
            org, each.campaign_id, recipient_id(each.campaign_id, customer_id, channel, each.step)
        ): each
        for each in asked
        for channel in each.channels
    }
    documents = {snapshot.id: snapshot for snapshot in transaction.get(list(by_reference)) if snapshot.exists}
    campaigns = {reference.id: each for reference, each in by_reference.items() if reference.id in documents}
    draws, touches = _windows(documents, campaigns)
    bounds = span([*draws, *touches])
    found = accruals.in_range(transaction, org, customer_id, *bounds, limit=ORDERS_MAX) if bounds else []
    purchases = [Purchase(it.order_id, it.count.spend_cents, it.count.ordered_at) for it in found if it.count]
    return Found(org, customer_id, documents, campaigns, draws, touches, purchases)


def write(transaction: Transaction, found: Found, verdict: Verdict, now: datetime) -> set[str]:
    """Brings the documents to the verdict; ids of the campaigns that changed by it. Reads the orders that are claimed
    newly; one write a document that differs."""
    changes = {
        name: fields
        for name, snapshot in found.documents.items()
        if (fields := _differing(snapshot, _fields(name, snapshot, verdict)))
    }
    claims = [
        (name, purchase)
        for name, purchases in verdict.claimed.items()
        for purchase in purchases
        if _known(found, name).get(purchase.order_id) != purchase.cents
    ]
    orders = transaction.get([found.org.order(purchase.order_id) for _, purchase in claims])
    for name, fields in changes.items():
        transaction.update(found.documents[name].reference, {**fields, "updatedAt": now})
    for campaign_id, order_id in _given_up(found, verdict):
        transaction.delete(_reference(found.org, campaign_id, order_id))
    for (name, purchase), order in zip(claims, orders, strict=True):
        reference = _reference(found.org, found.campaigns[name].campaign_id, purchase.order_id)
        transaction.replace(reference, _attribution(found, name, purchase, order, now))
    return {found.campaigns[name].campaign_id for name in {*changes, *(name for name, _ in claims)}}


def _reference(org: OrgStore, campaign_id: str, order_id: str) -> DocumentReference:
    reference: DocumentReference = org.campaign(campaign_id).collection("attributions").document(order_id)
    return reference


def _windows(
    documents: Mapping[str, Snapshot], campaigns: Mapping[str, Asked]
) -> tuple[Sequence[Window], Sequence[Window]]:
    draws, touches = [], []
    for name, snapshot in documents.items():
        fields, campaign = snapshot.to_dict() or {}, campaigns[name]
        if fields.get("first") is True and fields.get("group") in (Group.TREATED, Group.HOLDOUT):
            draws.append(Window(campaign.campaign_id, name, fields["createdAt"], campaign.window))
        if sent_at := reached_at(fields):
            touches.append(Window(campaign.campaign_id, name, sent_at, campaign.window))
    return draws, touches


def _fields(name: str, snapshot: Snapshot, verdict: Verdict) -> dict[str, Any]:
    bought, claimed = verdict.bought.get(name, ()), verdict.claimed.get(name, ())
    return {
        **_bought(bought),
        **_claimed(claimed),
        "orderIds": sorted({purchase.order_id for purchase in (*bought, *claimed)}),
        "unsettled": False,
    }


def _bought(purchases: Sequence[Purchase]) -> Mapping[str, Any]:
    if not purchases:
        return _NOTHING_BOUGHT
    cents = sum(purchase.cents for purchase in purchases)
    square = cents**2
    return {
        "bought": True,
        "boughtOrders": len(purchases),
        "boughtCents": cents,
        "boughtSquares": square if square <= _INTEGER_MAX else float(square),
    }


def _claimed(purchases: Sequence[Purchase]) -> Mapping[str, Any]:
    if not purchases:
        return _NOTHING_CLAIMED
    first = purchases[0]
    return {
        "converted": True,
        "convertedAt": first.ordered_at,
        "orderId": first.order_id,
        "orderTotal": dollars(first.cents),
        "attributedOrders": {purchase.order_id: purchase.cents for purchase in purchases},
    }


def _differing(snapshot: Snapshot, fields: Mapping[str, Any]) -> dict[str, Any]:
    stored = {**_NOTHING_BOUGHT, **_NOTHING_CLAIMED, "orderIds": [], "unsettled": False, **(snapshot.to_dict() or {})}
    return dict(fields) if any(stored[name] != value for name, value in fields.items()) else {}


def _known(found: Found, name: str) -> Mapping[str, int]:
    known: Mapping[str, int] = (found.documents[name].to_dict() or {}).get("attributedOrders") or {}
    return known


def _given_up(found: Found, verdict: Verdict) -> list[tuple[str, str]]:
    """(campaign, order) of what was claimed and is no longer by that campaign."""
    kept = {
        (found.campaigns[name].campaign_id, purchase.order_id)
        for name, purchases in verdict.claimed.items()
        for purchase in purchases
    }
    had = {
        (found.campaigns[name].campaign_id, order_id) for name in found.documents for order_id in _known(found, name)
    }
    return sorted(had - kept)


def _attribution(found: Found, name: str, purchase: Purchase, order: Snapshot, now: datetime) -> dict[str, Any]:
    campaign, fields = found.campaigns[name], found.documents[name].to_dict() or {}
    items = (order.to_dict() or {}).get("items")
    return found.org.stamped(
        {
            "orderId": purchase.order_id,
            "campaignId": campaign.campaign_id,
            "campaignName": campaign.name,
            "customerId": found.customer_id,
            "recipientId": name,
            "recipientEmail": fields.get("email") or "",
            "channel": fields.get("channel"),
            "orderTotal": dollars(purchase.cents),
            "orderCents": purchase.cents,
            "orderCreatedAt": purchase.ordered_at,
            "attributedAt": now,
            "itemCount": len(items) if isinstance(items, list) else 0,
        }
    )
