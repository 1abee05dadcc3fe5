"""One customer while an order is brought to what it deserves: its figures, its spend by month, and its ledger."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from lib.domain import counting, expired_points, grants, monthly_spend
from lib.domain.counting import Count, Extremes
from lib.domain.customers import Customer, journal_of
from lib.domain.errors import InvariantBroken
from lib.domain.grants import Accrual, Share
from lib.domain.ledger import Entry, EntryKind, Memo
from lib.domain.monthly_spend import MonthlySpend
from lib.domain.settings import LoyaltySettings
from lib.domain.standing import prepared

# The opening entry is a ledger's first one, so this is its lot.
_OPENING_LOT = "1"


class Page:
    """before: as stored, None when it is not. found: as time has left it, tiers that had lapsed by `until` gone.
    customer: as it is now, but for its account, which is the journal's. granted_points: what this order has changed.
    `expired`: entries of its ledger that tell what has expired of points that this order takes back."""

    def __init__(
        self,
        found: Customer,
        settings: LoyaltySettings,
        now: datetime,
        until: datetime,
        *,
        stored: bool,
        expired: Sequence[Entry] = (),
    ) -> None:
        self.before = found if stored else None
        self.found = prepared(found, settings, now, until)
        self.customer = self.found
        self.journal = journal_of(found, settings, now)
        self.granted_points = 0
        self._expired = expired
        self._time_zone = settings.time_zone
        self._now = now

    @property
    def is_touched(self) -> bool:
        """Whether anything has happened to the customer."""
        return bool(self.journal.entries) or self.customer != self.found or self.before is None

    def count(self, old: Count | None, new: Count | None, others: Extremes | None, granted_points: int) -> None:
        """Counts the order as `new` in place of `old`; what it grants has changed by so many points."""
        customer = self.customer
        self.granted_points += granted_points
        self.customer = replace(
            customer,
            stats=counting.recounted(customer.stats, old, new, customer.opening, others),
            monthly_spend=self._months(old, new),
            order_points=customer.order_points + granted_points,
        )

    def carry(self, accrual: Accrual, points: int, count: Count) -> Accrual:
        """Takes an order's share out of the opening figures: its points are in the balance already, its spend counted.

        What an opening has spent counts in the month of its last order, so that is where the share comes from.
        """
        customer, opening = self.customer, self.customer.opening
        carried = min(points, opening.points)
        stats, rest = counting.itemised(customer.stats, replace(opening, points=opening.points - carried), count)
        taken_cents = customer.stats.lifetime_cents - stats.lifetime_cents
        share = Count(taken_cents, opening.stats.last_order_at or count.ordered_at)
        self.customer = replace(
            customer,
            stats=stats,
            opening=rest,
            monthly_spend=self._months(share, None),
            order_points=customer.order_points + carried,
        )
        lots = (Share(_OPENING_LOT, None, carried),) if carried else ()
        return replace(accrual, points=carried, carried_points=carried, lots=lots)

    def post(self, accrual: Accrual, owed: int, memo: Memo) -> Entry:
        """Gives what the order is owed, now or when its pending period is over; takes it back where that is less, from
        what has expired of its own points before anything else."""
        if owed < 0:
            expiries = {share.expires_at for share in accrual.lots}
            own_pending = grants.pending_of(accrual.lots)
            shed = grants.shed(accrual.lots, accrual.points + owed)
            # What has expired on opening the journal is not stored yet.
            undone = expired_points.undone(shed, [*self._expired, *self.journal.entries])
            return self.journal.claw_back(-owed, memo, own_pending=own_pending, own_expiries=expiries, undone=undone)
        if accrual.rate is None:
            raise InvariantBroken("an order that earns has a rate")
        release_at, expires_at = accrual.rate.release_at, accrual.rate.expires_at
        if release_at and release_at > self._now:
            return self.journal.credit_later(EntryKind.EARN, owed, release_at, expires_at, memo)
        return self.journal.credit(EntryKind.EARN, owed, expires_at, memo)

    def _months(self, old: Count | None, new: Count | None) -> MonthlySpend:
        months, zone, now = self.customer.monthly_spend or {}, self._time_zone, self._now
        if old == new:
            return months
        if old:
            months = monthly_spend.removed(months, old.spend_cents, old.ordered_at, zone, now)
        return monthly_spend.added(months, new.spend_cents, new.ordered_at, zone, now) if new else months
