"""The life of a redemption: points are held for an order, then captured (also in part) or given back, each once.

Every decision works on a `Redemption` and the `Journal` of its customer, so that the redemption calls and the order
path, which gives everything back when an order is returned, use the same rules. Nothing here reads or writes documents.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from lib.domain import lots as lot_rules
from lib.domain import rewards
from lib.domain.activities import Activity, ActivityKind
from lib.domain.countries import CurrencyCode
from lib.domain.errors import InvariantBroken
from lib.domain.ids import derived_id, fingerprint
from lib.domain.ledger import Actor, Entry, Journal, Memo, Source
from lib.domain.lots import LotChange
from lib.domain.money import amount_text, dollars
from lib.domain.rewards import Reward
from lib.domain.settings import LoyaltySettings

_KEPT_ON = timedelta(days=1)


class State(StrEnum):
    """Where a redemption is. A captured one that was given back stays captured and has `reinstated_at`."""

    HELD = "held"
    CAPTURED = "captured"
    VOIDED = "voided"
    EXPIRED = "expired"


class Refusal(StrEnum):
    """Why a redemption is refused, in order of precedence: of several reasons the first is given.

    First the programme, then the order, the customer, the amount, and last the state of the redemption itself.
    """

    PAUSED = "paused"
    ORDER_RETURNED = "order_returned"
    ORDER_ALREADY_HAS_HOLD = "order_already_has_hold"
    UNKNOWN_CUSTOMER = "unknown_customer"
    NOT_A_TIER = "not_a_tier"
    BELOW_MINIMUM = "below_minimum"
    INSUFFICIENT_POINTS = "insufficient_points"
    EXCEEDS_ORDER_TOTAL = "exceeds_order_total"
    ALREADY_CAPTURED = "already_captured"
    ALREADY_VOIDED = "already_voided"
    HOLD_EXPIRED = "hold_expired"
    EXCEEDS_HOLD = "exceeds_hold"
    NOT_CAPTURED = "not_captured"
    ALREADY_REINSTATED = "already_reinstated"


@dataclass(frozen=True, slots=True)
class Redemption:
    """Points set aside for one order, and what became of them. `reward` is what was held, `captured` what was spent.

    `allocation` are the lot changes of the hold's entry; `seqs` the ledger entries written for this redemption.
    """

    id: str
    org_id: str
    customer_id: str
    order_id: str
    state: State
    reward: Reward
    allocation: tuple[LotChange, ...]
    actor: Actor
    held_at: datetime
    expires_at: datetime
    seqs: tuple[int, ...]
    captured: Reward | None = None
    captured_at: datetime | None = None
    voided_at: datetime | None = None
    reinstated_at: datetime | None = None

    def is_open(self, now: datetime) -> bool:
        """Whether the points are set aside and may still be captured."""
        return self.state is State.HELD and now < self.expires_at

    def has_timed_out(self, now: datetime) -> bool:
        """Whether the points are set aside although the time for capturing them is over."""
        return self.state is State.HELD and now >= self.expires_at

    @property
    def counted_cents(self) -> int:
        """What of the order this reward has paid for good."""
        return self.captured.value_cents if self.captured and not self.reinstated_at else 0


@dataclass(frozen=True, slots=True)
class Act:
    """Who acts, when, and under which version of the org's rules. While the programme is paused holds do not time out:
    whoever holds points could not use them elsewhere meanwhile."""

    actor: Actor
    at: datetime
    rule_version: str
    paused: bool = False

    @classmethod
    def under(cls, settings: LoyaltySettings, actor: Actor, at: datetime) -> Self:
        """An act under these settings."""
        return cls(actor, at, settings.rule_version, settings.paused)

    def ends(self, redemption: "Redemption") -> bool:
        """Whether this is a hold that ends now because its time is over."""
        return not self.paused and redemption.has_timed_out(self.at)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was decided. `changed` are the redemptions to store, also beside a refusal: a hold that had timed out is
    closed on the way. `offer` is the best reward that would have been granted instead."""

    changed: tuple[Redemption, ...] = ()
    refusal: Refusal | None = None
    offer: Reward | None = None

    @property
    def redemption(self) -> Redemption:
        """The redemption asked for. Only without a refusal."""
        if self.refusal or not self.changed:
            raise InvariantBroken("a refused redemption has no result")
        return self.changed[-1]


def open_hold(
    redemption_id: str, order_id: str, reward: Reward, journal: Journal, act: Act, *, minutes: int
) -> Redemption:
    """Sets the reward's points aside. The caller has checked that they suffice and that the order may be rewarded."""
    entry = journal.hold(reward.points, _memo(redemption_id, "hold", f"held for order {order_id}", act))
    return Redemption(
        id=redemption_id,
        org_id=entry.org_id,
        customer_id=entry.customer_id,
        order_id=order_id,
        state=State.HELD,
        reward=reward,
        allocation=entry.lots,
        actor=act.actor,
        held_at=act.at,
        expires_at=act.at + timedelta(minutes=minutes),
        seqs=(entry.seq,),
    )


def capture(redemption: Redemption, points: int | None, journal: Journal, act: Act) -> Outcome:
    """Spends held points, all of them when `points` is None; what is not spent goes back to available.

    A part is worth its share of the held reward. A hold whose time is over is closed and refused. Holds are honoured
    while the programme is paused: they were promised before.
    """
    refusal = _not_held(redemption)
    if refusal:
        return Outcome(refusal=refusal)
    if act.ends(redemption):
        return Outcome(close_timed_out([redemption], journal, act), Refusal.HOLD_EXPIRED)
    reward = rewards.part_of(redemption.reward, redemption.reward.points if points is None else points)
    if reward.points > redemption.reward.points:
        return Outcome(refusal=Refusal.EXCEEDS_HOLD)
    if reward.value_cents == 0:
        return Outcome(refusal=Refusal.BELOW_MINIMUM)
    memo = _memo(redemption.id, "capture", f"spent on order {redemption.order_id}", act)
    entry = journal.capture(redemption.allocation, reward.points, memo)
    changed = _advanced(redemption, entry, state=State.CAPTURED)
    return Outcome((replace(changed, captured=reward, captured_at=act.at),))


def captured_activity(redemption: Redemption, points_after: int, currency: CurrencyCode) -> Activity | None:
    """The row of the customer's timeline for a capture, None for anything else. Metadata has the dashboard's names.

    `points_after`: the balance shown now. The hold had taken the points out of it before; the row tells both at once.
    """
    captured = redemption.captured
    if captured is None or redemption.captured_at is None or redemption.reinstated_at:
        return None
    worth = amount_text(captured.value_cents, currency)
    return Activity(
        id=derived_id("activity", redemption.org_id, redemption.customer_id, redemption.id, "captured"),
        customer_id=redemption.customer_id,
        kind=ActivityKind.POINTS_REDEEMED,
        description=f"Redeemed {captured.points} points for {worth} off order {redemption.order_id}",
        metadata={
            "orderId": redemption.order_id,
            "pointsRedeemed": captured.points,
            "dollarValue": dollars(captured.value_cents),
            "previousPoints": points_after + captured.points,
            "newPoints": points_after,
            "redemptionId": redemption.id,
        },
        created_at=redemption.captured_at,
    )


def void(redemption: Redemption, journal: Journal, act: Act, *, reason: str = "hold released") -> Outcome:
    """Gives a whole hold back to available, also one whose time is over."""
    refusal = _not_held(redemption)
    if refusal:
        return Outcome(refusal=refusal)
    entry = journal.void(redemption.allocation, _memo(redemption.id, "void", reason, act))
    return Outcome((replace(_advanced(redemption, entry, state=State.VOIDED), voided_at=act.at),))


def reinstate(redemption: Redemption, journal: Journal, act: Act, *, reason: str = "reward given back") -> Outcome:
    """Gives captured points back, once, on the lots they came from with their old expiry."""
    if redemption.captured is None:
        return Outcome(refusal=Refusal.NOT_CAPTURED)
    if redemption.reinstated_at:
        return Outcome(refusal=Refusal.ALREADY_REINSTATED)
    spent, _ = lot_rules.split(redemption.allocation, redemption.captured.points)
    given_back = [replace(part, points=part.reserved, reserved=0) for part in spent]
    entry = journal.reinstate(given_back, _memo(redemption.id, "reinstate", reason, act))
    return Outcome((replace(_advanced(redemption, entry, state=State.CAPTURED), reinstated_at=act.at),))


def give_back(redemption: Redemption, journal: Journal, act: Act, *, reason: str) -> Outcome:
    """What the return of its order does to a redemption: an open hold is voided, a captured reward reinstated.

    Whatever has gone back already is refused, so a repeated return changes nothing.
    """
    if redemption.state is State.HELD:
        return void(redemption, journal, act, reason=reason)
    return reinstate(redemption, journal, act, reason=reason)


def close_timed_out(redemptions: Iterable[Redemption], journal: Journal, act: Act) -> tuple[Redemption, ...]:
    """Gives back those of the journal's customer whose time is over; returns them as they are now.

    Points that have expired meanwhile do not come back: the journal lets them go at once.
    """
    closed: list[Redemption] = []
    for redemption in redemptions:
        if act.ends(redemption) and redemption.customer_id == journal.account.customer_id:
            entry = journal.void(redemption.allocation, _memo(redemption.id, "void", "hold timed out", act))
            closed.append(replace(_advanced(redemption, entry, state=State.EXPIRED), voided_at=act.at))
    return tuple(closed)


def kept_on(redemption: Redemption, act: Act) -> Redemption:
    """A hold whose time is over while the programme is paused: it is kept for a day more, as often as it takes."""
    return replace(redemption, expires_at=act.at + _KEPT_ON)


def _not_held(redemption: Redemption) -> Refusal | None:
    return {
        State.HELD: None,
        State.CAPTURED: Refusal.ALREADY_CAPTURED,
        State.VOIDED: Refusal.ALREADY_VOIDED,
        State.EXPIRED: Refusal.HOLD_EXPIRED,
    }[redemption.state]


def _advanced(redemption: Redemption, entry: Entry, *, state: State) -> Redemption:
    return replace(redemption, state=state, seqs=(*redemption.seqs, entry.seq))


def _memo(redemption_id: str, step: str, reason: str, act: Act) -> Memo:
    # Each step happens at most once in a redemption's life, so its name makes the key permanent and unique.
    key = f"redemption:{redemption_id}:{step}"
    return Memo(
        source=Source("redemption", redemption_id),
        key=key,
        fingerprint=fingerprint([key, reason]),
        rule_version=act.rule_version,
        reason=reason,
        actor=act.actor,
        occurred_at=act.at,
    )
