"""What an order grants: level-triggered, so that any delivery of its events ends in the same ledger.

`accrue` compares what an order has granted so far, its `Accrual`, with what its present state deserves, and appends
the difference to the ledgers concerned. An order keeps the rate it first earned at: later settings never touch it.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from lib.domain import counting, grants, rates, redemptions
from lib.domain.activities import Activity, of_order
from lib.domain.counting import Count, Extremes
from lib.domain.customer_page import Page
from lib.domain.customers import Customer, Introduction, introduced, spending_key
from lib.domain.errors import InvariantBroken
from lib.domain.grants import Accrual, Rate, is_stale
from lib.domain.ids import fingerprint
from lib.domain.ledger import Actor, Entry, EntryKind, Memo, Source
from lib.domain.money import amount_text
from lib.domain.orders import Money, Order, Phase, Revision
from lib.domain.redemptions import Act, Redemption
from lib.domain.settings import LoyaltySettings
from lib.domain.standing import refreshed


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything `accrue` compares the order with, as read in one transaction.

    customers: whom the order was granted to, whom it is of now, and whose redemptions it carried. introduction: whom an
    earning order is of now; `newcomer` that this customer is not stored yet. others: see `needs_extremes`. expired:
    what the ledger of whom it was granted to tells of `expiries_to_undo`.
    """

    accrual: Accrual | None
    customers: tuple[Customer, ...] = ()
    introduction: Introduction | None = None
    newcomer: bool = False
    redemptions: tuple[Redemption, ...] = ()
    others: Extremes | None = None
    expired: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True)
class Occasion:
    """Which state of the order is applied, when, and by whom."""

    revision: Revision
    actor: Actor
    now: datetime


@dataclass(frozen=True, slots=True)
class CustomerChange:
    """One customer before (None: not stored yet) and after, the entries in between, and the row of its timeline."""

    before: Customer | None
    after: Customer
    entries: tuple[Entry, ...]
    activity: Activity | None


@dataclass(frozen=True, slots=True)
class Changes:
    """What to write, together or not at all."""

    accrual: Accrual
    customers: tuple[CustomerChange, ...] = ()
    introduction: Introduction | None = None
    redemptions: tuple[Redemption, ...] = ()


def needs_extremes(accrual: Accrual | None, order: Order, payee_id: str | None, customer: Customer | None) -> bool:
    """Whether the order gives up the first or last date of the `customer` that it was granted to."""
    if accrual is None or accrual.count is None or customer is None:
        return False
    stays = order.phase is Phase.EARNING and payee_id == customer.id and order.ordered_at == accrual.count.ordered_at
    return not stays and counting.is_extreme(customer.stats, accrual.count)


def expiries_to_undo(
    accrual: Accrual | None, order: Order, payee_id: str | None, now: datetime
) -> tuple[datetime, ...]:
    """Expiries that have passed of points that the order has granted and takes back now: what has expired of them is
    not taken a second time, so it has to be known. A pause does not matter: what was gone when it began is gone."""
    if accrual is None:
        return ()
    stays = order.phase is Phase.EARNING and payee_id == accrual.customer_id
    points = accrual.rate.points(order.money) if stays and accrual.rate and order.money else 0
    return tuple(sorted(at for at in grants.shed(accrual.lots, points) if at <= now))


def accrue(
    snapshot: Snapshot,
    order: Order,
    settings: LoyaltySettings,
    occasion: Occasion,
    *,
    terms: LoyaltySettings | None = None,
) -> Changes | None:
    """The changes that bring the ledgers to what the order deserves; None when a later revision has been applied.

    `terms`: what the order is priced by if it earns for the first time, where that is not the `settings` in force.
    Raises InvariantBroken when the result would break a rule; nothing must be written then.
    """
    if is_stale(snapshot.accrual, occasion.revision):
        return None
    desk = _Desk(snapshot, order, settings, occasion, terms or settings)
    given_back = desk.give_back() if order.phase is Phase.REVERSED else ()
    accrual = desk.settled()
    # The record is written even if nothing else changes: it must know this revision, or an older one that arrives
    # later would pass for news.
    return Changes(accrual, desk.changes(), snapshot.introduction, given_back)


class _Desk:
    """The working state of one `accrue`: a page for every customer concerned."""

    def __init__(
        self,
        snapshot: Snapshot,
        order: Order,
        settings: LoyaltySettings,
        occasion: Occasion,
        terms: LoyaltySettings,
    ) -> None:
        self._snapshot = snapshot
        self._order = order
        self._settings = settings
        self._occasion = occasion
        self._terms = terms
        newcomer_id = snapshot.introduction.customer_id if snapshot.introduction and snapshot.newcomer else None
        holder_id = snapshot.accrual.customer_id if snapshot.accrual else None
        self._pages = {
            customer.id: Page(
                customer,
                settings,
                occasion.now,
                self._tier_until(customer),
                stored=customer.id != newcomer_id,
                expired=snapshot.expired if customer.id == holder_id else (),
            )
            for customer in snapshot.customers
        }

    def _tier_until(self, customer: Customer) -> datetime:
        """Until when tiers have lapsed before the order counts: it keeps a tier that was held when it was placed, also
        if we hear of it late. Spend that is taken back keeps none."""
        order, accrual, introduction = self._order, self._snapshot.accrual, self._snapshot.introduction
        if order.phase is not Phase.EARNING or order.money is None:
            return self._occasion.now
        if introduction is None or introduction.customer_id != customer.id:
            return self._occasion.now
        known = accrual.count if accrual and accrual.customer_id == customer.id else None
        is_more = order.money.total_cents >= (known.spend_cents if known else 0)
        return self._ordered_at if is_more else self._occasion.now

    def give_back(self) -> tuple[Redemption, ...]:
        """Voids the order's open holds and reinstates its captured rewards; what has gone back already stays."""
        act = Act.under(self._settings, self._occasion.actor, self._occasion.now)
        changed: list[Redemption] = []
        for redemption in self._snapshot.redemptions:
            journal = self._pages[redemption.customer_id].journal
            changed += redemptions.give_back(redemption, journal, act, reason=f"order {self._order.status}").changed
        return tuple(changed)

    def settled(self) -> Accrual:
        """The accrual after the order has been brought to what it deserves, for whomever it is of now."""
        order, introduction = self._order, self._snapshot.introduction
        accrual = self._snapshot.accrual or Accrual(order.id, created_at=self._occasion.now)
        payee_id = introduction.customer_id if introduction and order.phase is Phase.EARNING else accrual.customer_id
        moved = accrual.customer_id is not None and accrual.customer_id != payee_id
        if accrual.customer_id and moved:
            accrual = self._withdraw(accrual, accrual.customer_id, "order belongs to another customer")
            accrual = replace(accrual, seqs=(), carried_points=0, lots=())
        accrual = replace(accrual, customer_id=payee_id, revision=self._occasion.revision.text)
        if order.phase is not Phase.EARNING:
            return self._withdraw(accrual, payee_id, f"order {order.status}") if payee_id else accrual
        if introduction is None or order.money is None:
            raise InvariantBroken("an earning order has a customer and a total")
        accrual = replace(accrual, user_id=order.buyer.user_id, overruled_id=introduction.overruled_id)
        page = self._pages[introduction.customer_id]
        page.customer = introduced(page.customer, introduction)
        accrual = replace(accrual, rate=self._rate(accrual.rate, page.customer, moved=moved))
        return self._grant(page, accrual, order.money)

    def changes(self) -> tuple[CustomerChange, ...]:
        """The pages on which something has happened, refreshed."""
        return tuple(self._change(page) for page in self._pages.values() if page.is_touched)

    def _change(self, page: Page) -> CustomerChange:
        order, settings, occasion = self._order, self._settings, self._occasion
        customer = replace(page.customer, account=page.journal.account, opened=True)
        customer = replace(customer, spending_key=spending_key(customer))
        customer = refreshed(customer, settings, occasion.now, before=page.before, ordered_at=order.ordered_at)
        activity = of_order(page.before, customer, order, occasion.revision, page.granted_points, occasion.now)
        return CustomerChange(page.before, customer, tuple(page.journal.entries), activity)

    def _rate(self, rate: Rate | None, customer: Customer, *, moved: bool) -> Rate:
        if rate and not moved:
            return rate
        if rate:
            return replace(rate, multiplier=rates.multiplier(customer, self._settings))
        return rates.first_rate(customer, self._ordered_at, self._terms)

    @property
    def _ordered_at(self) -> datetime:
        # A till with a wrong clock must not make a customer look active for years.
        return min(self._order.ordered_at, self._occasion.now)

    def _grant(self, page: Page, accrual: Accrual, money: Money) -> Accrual:
        rate, count = accrual.rate, Count(money.total_cents, self._ordered_at)
        if rate is None:
            raise InvariantBroken("an earning order has a rate")
        is_first = self._snapshot.accrual is None or self._snapshot.accrual.rate is None
        if is_first and counting.covers(page.customer.opening, count):
            accrual = page.carry(accrual, rate.points(money), count)
        total = amount_text(money.total_cents, self._settings.currency)
        reason = f"{total}, {self._order.status}" if is_first else f"total now {total}"
        return self._settle(page, accrual, rate.points(money), count, reason)

    def _withdraw(self, accrual: Accrual, customer_id: str, reason: str) -> Accrual:
        return self._settle(self._pages[customer_id], accrual, 0, None, reason)

    def _settle(self, page: Page, accrual: Accrual, points: int, count: Count | None, reason: str) -> Accrual:
        """Brings one customer from what the accrual says to `points` and `count`."""
        owed = points - accrual.points
        page.count(accrual.count, count, self._others_for(accrual, page.customer), owed)
        lots, seqs = accrual.lots, accrual.seqs
        if owed:
            entry = self._post(page, accrual, owed, reason)
            lots = grants.added(lots, entry) if owed > 0 else grants.trimmed(lots, points)
            seqs = (*seqs, entry.seq)
        if sum(lot.points for lot in lots) != points or page.customer.order_points < 0:
            raise InvariantBroken(f"order {accrual.order_id} would have granted something else than recorded")
        withdrawn = accrual.count is not None and count is None
        return replace(
            accrual,
            count=count,
            points=points,
            lots=lots,
            seqs=seqs,
            rule_version=self._settings.rule_version if owed or not accrual.rule_version else accrual.rule_version,
            reversals=accrual.reversals + withdrawn,
        )

    def _others_for(self, accrual: Accrual, customer: Customer) -> Extremes | None:
        return self._snapshot.others if self._snapshot.accrual and accrual.customer_id == customer.id else None

    def _post(self, page: Page, accrual: Accrual, owed: int, reason: str) -> Entry:
        order, occasion = self._order, self._occasion
        kind = EntryKind.EARN if owed > 0 else EntryKind.CLAWBACK
        key = f"order:{order.id}:{kind}:{occasion.revision.text}"
        memo = Memo(
            source=Source("order", order.id),
            key=key,
            fingerprint=fingerprint([key, owed]),
            rule_version=self._settings.rule_version,
            reason=reason,
            actor=occasion.actor,
            occurred_at=self._ordered_at if owed > 0 else occasion.revision.at,
        )
        return page.post(accrual, owed, memo)
