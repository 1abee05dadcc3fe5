"""Redemption documents: `tenants/{org}/redemptions/{id}`."""

from collections.abc import Iterable, Mapping
from typing import Any

from google.cloud.firestore import DocumentReference, FieldFilter

from lib.domain.customers import Customer
from lib.domain.errors import NotFound
from lib.domain.ledger import Actor
from lib.domain.lots import LotChange
from lib.domain.money import dollars
from lib.domain.redemptions import Redemption, State
from lib.domain.rewards import Reward
from lib.store.org import OrgStore
from lib.store.transaction import Transaction


def reference(org: OrgStore, redemption_id: str) -> DocumentReference:
    """Where the redemption of this id is kept."""
    return org.document("redemptions", redemption_id)


def load(transaction: Transaction, org: OrgStore, redemption_id: str) -> Redemption:
    """The redemption. Raises NotFound when this org has none of this id, whether or not another org has."""
    found = transaction.get([reference(org, redemption_id)])[0]
    if not found.exists:
        raise NotFound("no such redemption", reason="unknown_redemption")
    return decode(found.id, found.to_dict() or {})


def of_order(transaction: Transaction, org: OrgStore, order_id: str) -> tuple[Redemption, ...]:
    """Every redemption of an order, first held first. A new one before the commit is a conflict.

    At most one is open at a time; an order has a handful in its life.
    """
    found = transaction.query(org.collection("redemptions").where(filter=FieldFilter("orderId", "==", order_id)))
    redemptions = (decode(snapshot.id, snapshot.to_dict() or {}) for snapshot in found)
    return tuple(sorted(redemptions, key=lambda redemption: (redemption.held_at, redemption.id)))


def held_by(org: OrgStore, customer: Customer, transaction: Transaction | None = None) -> tuple[Redemption, ...]:
    """The customer's holds that nobody has ended, timed out or not. No read unless points are set aside."""
    if customer.account.balances.reserved == 0:
        return ()
    of_customer = org.collection("redemptions").where(filter=FieldFilter("customerId", "==", customer.id))
    held = of_customer.where(filter=FieldFilter("state", "==", State.HELD.value))
    found = transaction.query(held) if transaction else held.stream()
    return tuple(decode(snapshot.id, snapshot.to_dict() or {}) for snapshot in found)


def write(transaction: Transaction, org: OrgStore, redemptions: Iterable[Redemption]) -> None:
    """Writes them whole."""
    for redemption in redemptions:
        transaction.replace(reference(org, redemption.id), encode(redemption))


def encode(redemption: Redemption) -> dict[str, Any]:
    """A redemption as its document: cents for arithmetic, dollars beside them for readers."""
    captured = redemption.captured
    return {
        "id": redemption.id,
        "orgId": redemption.org_id,
        "customerId": redemption.customer_id,
        "orderId": redemption.order_id,
        "state": redemption.state.value,
        "rewardTierId": redemption.reward.tier_id,
        "points": redemption.reward.points,
        "rewardValueCents": redemption.reward.value_cents,
        "rewardValue": dollars(redemption.reward.value_cents),
        "capturedPoints": captured.points if captured else 0,
        "capturedValueCents": captured.value_cents if captured else 0,
        "capturedValue": dollars(captured.value_cents) if captured else 0.0,
        "allocation": [
            {"id": part.lot_id, "expiresAt": part.expires_at, "reserved": part.reserved}
            for part in redemption.allocation
        ],
        "actor": {"type": redemption.actor.type, "id": redemption.actor.id},
        "heldAt": redemption.held_at,
        "expiresAt": redemption.expires_at,
        "capturedAt": redemption.captured_at,
        "voidedAt": redemption.voided_at,
        "reinstatedAt": redemption.reinstated_at,
        "seqs": list(redemption.seqs),
    }


def decode(redemption_id: str, fields: Mapping[str, Any]) -> Redemption:
    """The redemption of a document written by `encode`."""
    tier_id = fields["rewardTierId"]
    captured = Reward(tier_id, fields["capturedPoints"], fields["capturedValueCents"])
    return Redemption(
        id=redemption_id,
        org_id=fields["orgId"],
        customer_id=fields["customerId"],
        order_id=fields["orderId"],
        state=State(fields["state"]),
        reward=Reward(tier_id, fields["points"], fields["rewardValueCents"]),
        allocation=tuple(
            LotChange(part["id"], part["expiresAt"], reserved=part["reserved"]) for part in fields["allocation"]
        ),
        actor=Actor(**fields["actor"]),
        held_at=fields["heldAt"],
        expires_at=fields["expiresAt"],
        seqs=tuple(fields["seqs"]),
        captured=captured if captured.points else None,
        captured_at=fields["capturedAt"],
        voided_at=fields["voidedAt"],
        reinstated_at=fields["reinstatedAt"],
    )
