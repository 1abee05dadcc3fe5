"""Pricing orders anew that have earned already: orders from a pause when the programme goes on, or history on request.

An order's record gets the new rate, and its customer the difference by the order's own way: points earned go into its
own lot or parcel, points taken back come from there first, or from what has expired of them. Rates say how many, the
settings in force what happens to them (debt, expiry).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from lib.domain import expired_points, expiry, grants, pauses
from lib.domain.customers import Customer, journal_of
from lib.domain.errors import InvariantBroken
from lib.domain.grants import Accrual, Rate
from lib.domain.ids import fingerprint
from lib.domain.ledger import Actor, Balances, Entry, EntryKind, Journal, Memo, Source
from lib.domain.lots import LotChange
from lib.domain.money import points_for
from lib.domain.orders import Money
from lib.domain.rates import multiplier, resumed_rate
from lib.domain.settings import LoyaltySettings

ACTOR = Actor("system", "rerating")


@dataclass(frozen=True, slots=True)
class Repricing:
    """What is done: `rates` are the settings that price, known by `rule_version`; `run_id` names it in the ledger and
    `reason` tells the customer.

    is_resume: orders of the last pause are made up for. keeps_multiplier: those of tier and equity stay as they were.
    """

    run_id: str
    rates: LoyaltySettings
    rule_version: str
    reason: str
    is_resume: bool = False
    keeps_multiplier: bool = True


@dataclass(frozen=True, slots=True)
class Repriced:
    """An order's record, the rate it is to have, and its points then."""

    accrual: Accrual
    rate: Rate
    points: int


@dataclass(frozen=True, slots=True)
class Rerated:
    """What to write, together: the customer with its journal's entries, and the records."""

    customer: Customer
    journal: Journal
    entries: tuple[Entry, ...]
    accruals: tuple[Accrual, ...]
    before: Balances

    @property
    def difference(self) -> int:
        """Points won, or lost if negative, a debt included."""
        return _worth(self.journal.account.balances) - _worth(self.before)

    @property
    def balance(self) -> int:
        """Points afterwards, less what is owed."""
        return _worth(self.journal.account.balances)

    @property
    def new_debt(self) -> int:
        """Points that had been spent already and are owed since."""
        return max(0, self.journal.account.balances.debt - self.before.debt)


def rate_of(accrual: Accrual, customer: Customer, wanted: Repricing) -> Rate | None:
    """The rate that the order of this record is to have; None where it keeps the one it has, also if that is none."""
    if accrual.rate is None:
        return None
    return _made_up(accrual, customer, wanted.rates) if wanted.is_resume else _as_now(accrual, customer, wanted)


def _made_up(accrual: Accrual, customer: Customer, rates: LoyaltySettings) -> Rate | None:
    """Of an order of the last pause that has not been made up for yet, counted or, for when it counts again, not."""
    placed_at = accrual.count.ordered_at if accrual.count else accrual.created_at
    if accrual.rate is None or not accrual.rate.paused or placed_at is None:
        return None
    # Of a pause from before dates were kept only the end is known.
    is_of_pause = rates.paused_at is None or pauses.was_placed_in_last(placed_at, rates)
    return resumed_rate(customer, placed_at, rates) if is_of_pause else None


def _as_now(accrual: Accrual, customer: Customer, wanted: Repricing) -> Rate | None:
    """Of an order that counts; those of a pause stay as the pause left them."""
    rate, rates = accrual.rate, wanted.rates
    if rate is None or rate.paused or accrual.count is None:
        return None
    factor = rate.multiplier if wanted.keeps_multiplier else multiplier(customer, rates)
    new = replace(rate, points_per_dollar=rates.points_per_dollar, multiplier=factor, base=rates.earn_base)
    return None if new == rate else new


def has_expired(rate: Rate, settings: LoyaltySettings, now: datetime) -> bool:
    """Whether the points of an order of this rate have expired: there is nothing left to be more or less of."""
    expired_to = expiry.expired_to(settings, now)
    return rate.expires_at is not None and expired_to is not None and rate.expires_at <= expired_to


def points_at(accrual: Accrual, rate: Rate, money: Money | None) -> int | None:
    """The points of an order at a rate; None where they follow from more than its total and `money` is not known."""
    if accrual.count is None:
        return 0
    if rate.base == "total":
        return points_for(accrual.count.spend_cents, rate.points_per_dollar, rate.multiplier)
    return rate.points(money) if money else None


def expiries_to_undo(orders: Sequence[Repriced], now: datetime) -> list[datetime]:
    """Expiries that have passed of points that these orders give up: after a pause it is for the ledger to say whether
    they have expired, and what has is not taken a second time."""
    given_up = (grants.shed(order.accrual.lots, order.points) for order in orders)
    return sorted({at for expiries in given_up for at in expiries if at <= now})


def rerated(
    customer: Customer,
    orders: Sequence[Repriced],
    wanted: Repricing,
    settings: LoyaltySettings,
    now: datetime,
    expired: Sequence[Entry] = (),
) -> Rerated:
    """The customer and the records after these orders have their new rates. `expired`: what the customer's ledger tells
    of `expiries_to_undo`.

    Raises InvariantBroken when the result would break a rule; nothing must be written then.
    """
    journal = journal_of(customer, settings, now)
    before = journal.account.balances
    accruals: list[Accrual] = []
    owed = 0
    for order in orders:
        accruals.append(_settled(journal, order, wanted, now, expired))
        owed += order.points - order.accrual.points
    after = replace(customer, order_points=customer.order_points + owed)
    if after.order_points < 0:
        raise InvariantBroken("orders would have granted less than nothing")
    return Rerated(after, journal, tuple(journal.entries), tuple(accruals), before)


def _settled(journal: Journal, order: Repriced, wanted: Repricing, now: datetime, expired: Sequence[Entry]) -> Accrual:
    """The record of one order at its new rate, with the difference in the journal."""
    accrual, rate = order.accrual, order.rate
    owed = order.points - accrual.points
    lots, seqs = accrual.lots, accrual.seqs
    if owed:
        shed = grants.shed(lots, order.points)
        undone = expired_points.undone(shed, [*expired, *journal.entries])
        entry = _post(journal, accrual, rate, owed, wanted, now, undone)
        lots = grants.added(lots, entry) if owed > 0 else grants.trimmed(lots, order.points)
        seqs = (*seqs, entry.seq)
    version = wanted.rule_version if owed else accrual.rule_version
    return replace(accrual, rate=rate, points=order.points, lots=lots, seqs=seqs, rule_version=version)


def _post(
    journal: Journal,
    accrual: Accrual,
    rate: Rate,
    owed: int,
    wanted: Repricing,
    now: datetime,
    undone: Sequence[LotChange],
) -> Entry:
    key = f"order:{accrual.order_id}:rerate:{wanted.run_id}"
    memo = Memo(
        source=Source("order", accrual.order_id),
        key=key,
        fingerprint=fingerprint([key, owed]),
        rule_version=wanted.rule_version,
        reason=wanted.reason,
        actor=ACTOR,
        occurred_at=now,
    )
    if owed < 0:
        expiries = {lot.expires_at for lot in accrual.lots}
        own_pending = grants.pending_of(accrual.lots)
        return journal.claw_back(-owed, memo, own_pending=own_pending, own_expiries=expiries, undone=undone)
    if rate.release_at and rate.release_at > now:
        return journal.credit_later(EntryKind.EARN, owed, rate.release_at, rate.expires_at, memo)
    return journal.credit(EntryKind.EARN, owed, rate.expires_at, memo)


def reason_of(points_per_dollar: Decimal) -> str:
    """What an entry of re-rated history says."""
    return f"priced anew at {points_per_dollar:f} points a dollar"


def _worth(balances: Balances) -> int:
    return balances.available + balances.pending - balances.debt
