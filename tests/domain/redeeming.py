"""Builders for tests about redeeming: an account with points, a till, and holds on it."""

from datetime import UTC, datetime, timedelta

from lib.domain import checkout
from lib.domain.checkout import Checkout, Wish
from lib.domain.ledger import Account, Actor, EntryKind, Journal, Memo, Source
from lib.domain.redemptions import Act, Redemption
from lib.domain.settings import LoyaltySettings

NOW = datetime(2026, 4, 15, 12, 0, tzinfo=UTC)
TILL = Actor("staff", "cashier")


def act(minutes: float = 0) -> Act:
    """The cashier acting so many minutes after NOW."""
    return Act(TILL, NOW + timedelta(minutes=minutes), "rules")


def journal_with(points: int, *, lots: tuple[tuple[int, int], ...] = (), customer_id: str = "cus") -> Journal:
    """A journal of a customer who has earned points: `points` that never expire, `lots` of (points, days valid)."""
    journal = Journal(Account("org", customer_id), NOW)
    grants = [(points, None), *((count, NOW + timedelta(days=days)) for count, days in lots)]
    for index, (count, expires_at) in enumerate(grants):
        if count:
            key = f"earn:{index}"
            memo = Memo(Source("order", f"o{index}"), key, "f", "rules", "order completed", TILL, NOW)
            journal.credit(EntryKind.EARN, count, expires_at, memo)
    return journal


def held(
    journal: Journal, points: int = 100, *, redemption_id: str = "r1", settings: LoyaltySettings | None = None
) -> Redemption:
    """A hold on an order of $100."""
    at_checkout = Checkout(f"order-{redemption_id}", 100_00)
    rules = settings or LoyaltySettings()
    return checkout.hold(redemption_id, Wish(points), at_checkout, journal, rules, act()).redemption
