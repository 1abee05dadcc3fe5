"""Taking a shop's existing customers and orders into the ledger: whom, which orders, and what it does to a balance.

A shop is taken over as of one instant. An order that earned then is part of what its customer brought along; one that
earns only later is a sale of the new programme, whichever is looked at first.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from lib.domain.accrual import Occasion, Snapshot, accrue
from lib.domain.customers import Customer, Introduction, introduced, journal_of, spending_key
from lib.domain.errors import InvariantBroken
from lib.domain.grants import Accrual
from lib.domain.identity import IdentityKey, IdentityKind, is_self_made, normalise_phone
from lib.domain.ids import fingerprint
from lib.domain.ledger import Account, Actor, Entry, EntryKind, Journal, Memo, Source
from lib.domain.orders import Order, Revision
from lib.domain.settings import LoyaltySettings
from lib.domain.standing import refreshed

ACTOR = Actor("system", "takeover")
# Ids that the dashboard and its jobs derive from the till's number or the telephone, after `{org}_`.
_DERIVED_ID = re.compile(r"(?:(?:alleaves_)?(?P<pos>\d+)|phone_(?P<phone>\d{10,15}))")
_SHARED_ID = re.compile(r"alleaves_\d+")
_LEAD_ID = re.compile(r"lead_.+")


class BalanceRule(StrEnum):
    """Who decides a balance. KEEP: it stays what is stored. FROM_ORDERS: orders add what they deserve and the stored
    balance does not cover; nothing stored is taken away."""

    KEEP = "keep"
    FROM_ORDERS = "from_orders"


class Skip(StrEnum):
    """Why a customer document is not taken over, in the order in which it is looked for.

    OTHER_ORG: the id is derived from this org's, the document says it is another's. SHARED_ID: `alleaves_{n}`, which
    shops with the same till number write over each other. SELF_MADE: its owner may have written all of it, points too.
    """

    OTHER_ORG = "other_org"
    PLATFORM_LEAD = "platform_lead"
    SHARED_ID = "shared_id"
    SELF_MADE = "self_made"
    ARCHIVED = "archived"
    TEST_ACCOUNT = "test_account"


@dataclass(frozen=True, slots=True)
class Takeover:
    """An org's decision, made once: as of when, and who decides the balances."""

    at: datetime
    balances: BalanceRule


@dataclass(frozen=True, slots=True)
class Brought:
    """An order that earned when the shop was taken over, as it was then, and how it introduces its customer."""

    order: Order
    revision: Revision
    introduction: Introduction


@dataclass(frozen=True, slots=True)
class TakenOver:
    """What to write for one customer, together.

    points_before, points_after: available and pending, less debt.
    compensated: what orders would have added and the balance rule took back.
    """

    customer: Customer
    entries: tuple[Entry, ...]
    accruals: tuple[Accrual, ...]
    new_keys: tuple[IdentityKey, ...]
    points_before: int
    points_after: int
    compensated: int


class Why(StrEnum):
    """Why a balance is another one afterwards, or would have been. ORDERS: they deserve more than it contains. The
    others are about what was stored: a fraction of a point, less than nothing, or no number."""

    ORDERS = "orders"
    FRACTION = "fraction"
    NEGATIVE = "negative"
    NO_NUMBER = "no_number"


@dataclass(frozen=True, slots=True)
class BalanceChange:
    """For a preview: a customer's points as stored (0 for none) and as they will be. compensated: what its orders would
    have added if they decided. orders: how many are taken in."""

    customer_id: str
    before: float
    after: int
    compensated: int
    orders: int
    why: Why


def balance_change(customer_id: str, stored: object, taken: TakenOver) -> BalanceChange | None:
    """What taking a customer over does to the balance that its document has `stored`; None for nothing."""
    figure = _figure(stored)
    before, after, orders = figure or 0, taken.points_after, len(taken.accruals)
    is_odd = before != after or (stored is not None and figure is None)
    if not is_odd and not taken.compensated:
        return None
    why = Why.ORDERS
    if is_odd and after == taken.points_before:
        why = Why.NO_NUMBER if figure is None else Why.NEGATIVE if figure < 0 else Why.FRACTION
    return BalanceChange(customer_id, before, after, taken.compensated, orders, why)


def _figure(stored: object) -> float | None:
    """The number in a field, also as text; None for none, or one that no balance is."""
    try:
        number = float(stored) if isinstance(stored, int | float | str) and not isinstance(stored, bool) else None
    except (ValueError, OverflowError):
        return None
    return number if number is not None and abs(number) < float("inf") else None


def skip_reason(org_id: str, customer_id: str, fields: Mapping[str, Any]) -> Skip | None:
    """Why this customer document is left alone; None when it is to be taken over. Opened ones are never skipped."""
    if fields.get("orgId") not in (None, org_id):
        return Skip.OTHER_ORG
    if fields.get("loyalty"):
        return None
    named = ((_LEAD_ID, Skip.PLATFORM_LEAD), (_SHARED_ID, Skip.SHARED_ID))
    by_id = next((reason for pattern, reason in named if pattern.fullmatch(customer_id)), None)
    if by_id or is_self_made(customer_id):
        return by_id or Skip.SELF_MADE
    if fields.get("archived") is True:
        return Skip.ARCHIVED
    return Skip.TEST_ACCOUNT if fields.get("isTestAccount") is True else None


def key_in_id(org_id: str, customer_id: str) -> IdentityKey | None:
    """What a document's id says its customer can be recognised by: the till's number or the telephone number."""
    found = (
        _DERIVED_ID.fullmatch(customer_id.removeprefix(f"{org_id}_")) if customer_id.startswith(f"{org_id}_") else None
    )
    if found is None:
        return None
    if found["pos"]:
        return IdentityKey(IdentityKind.POS, found["pos"])
    e164 = normalise_phone(found["phone"])
    return IdentityKey(IdentityKind.PHONE, e164) if e164 else None


def take_over(
    customer: Customer,
    introduction: Introduction,
    brought: Sequence[Brought],
    settings: LoyaltySettings,
    rule: BalanceRule,
    now: datetime,
) -> TakenOver:
    """Opens the customer's ledger and takes in its orders, oldest first.

    `introduction` is what its own document says of it. Orders that the opening figures contain move their share from
    there; what the others grant raises the balance unless it is to be kept. Raises InvariantBroken as `accrue` does.
    """
    journal = journal_of(customer, settings, now)
    before = _worth(journal.account)
    entries = list(journal.entries)
    current = introduced(replace(customer, account=journal.account, opened=True), introduction)
    accruals: list[Accrual] = []
    linked = list(introduction.new_keys)
    for one in sorted(brought, key=lambda one: (one.order.ordered_at, one.order.id)):
        met = replace(one.introduction, new_keys=tuple(key for key in one.introduction.new_keys if key not in linked))
        linked += met.new_keys
        snapshot = Snapshot(accrual=None, customers=(current,), introduction=met)
        changes = accrue(snapshot, one.order, _as_earned(settings), Occasion(one.revision, ACTOR, now))
        if changes is None or len(changes.customers) != 1:
            raise InvariantBroken("an order that has no record is news to one customer")
        current = changes.customers[0].after
        entries += changes.customers[0].entries
        accruals.append(changes.accrual)
    surplus = _worth(current.account) - before
    compensated = max(0, surplus) if rule is BalanceRule.KEEP else 0
    if compensated:
        entry, account = _compensation(current, accruals, compensated, settings, now)
        entries.append(entry)
        current = replace(current, account=account)
    # What the orders met on the way to this state is not told; only how it differs from what was there before.
    current = replace(current, spending_key=spending_key(current), expiry_warned_to=customer.expiry_warned_to)
    # Looking at the customer after each order has told nobody: what is to be told is told now.
    untold = replace(current, expiry_warned_to=None, holding=replace(current.holding, warned_of=None))
    current = refreshed(untold, settings, now, before=customer)
    return TakenOver(
        current, tuple(entries), tuple(accruals), tuple(linked), before, _worth(current.account), compensated
    )


def _as_earned(settings: LoyaltySettings) -> LoyaltySettings:
    """The settings for orders whose time to be confirmed is over: nothing of what was brought along is pending."""
    return settings.model_copy(update={"pending_days": 0}) if settings.pending_days else settings


def _worth(account: Account) -> int:
    balances = account.balances
    return balances.available + balances.pending - balances.debt


def _compensation(
    customer: Customer, accruals: Sequence[Accrual], points: int, settings: LoyaltySettings, now: datetime
) -> tuple[Entry, Account]:
    """Takes back what orders have added to a balance that already stood for them.

    An order has one record for ever, so the first one's id makes the key unique.
    """
    key = f"takeover:{accruals[0].order_id}"
    memo = Memo(
        source=Source("takeover", customer.id),
        key=key,
        fingerprint=fingerprint([key, points]),
        rule_version=settings.rule_version,
        reason="orders from before the ledger was opened are part of the balance carried over",
        actor=ACTOR,
        occurred_at=now,
    )
    journal = Journal(customer.account, now)
    if points <= customer.account.balances.available:
        entry = journal.debit(EntryKind.ADJUST, points, memo)
    else:
        # The orders have paid a debt that was there before: it is owed again.
        entry = journal.claw_back(points, memo)
    return entry, journal.account
