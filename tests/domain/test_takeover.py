"""Taking over one customer, as values: whatever it had and bought, its balance ends where the rule says."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.domain import takeover
from lib.domain.customers import Contact, Customer, Introduction, Opening
from lib.domain.identity import IdentityKey, IdentityKind
from lib.domain.ledger import Account, Balances, Source, folded
from lib.domain.orders import Buyer, Money, Order, OrgNames, Phase, Revision
from lib.domain.segments import SpendStats
from lib.domain.settings import LoyaltySettings
from lib.domain.takeover import BalanceRule, Brought, Skip, Why, key_in_id, skip_reason, take_over

NOW = datetime(2026, 11, 21, tzinfo=UTC)
ORG = "org_a"
ANN = "org_a_7"
UID = "aB3dE5fG7hI9jK1lM3nO5pQ7rS9t"


def brought(days_and_cents: Sequence[tuple[int, int]]) -> list[Brought]:
    """Orders of Ann, so many days ago and of so many cents."""
    orders = []
    for number, (days, cents) in enumerate(days_and_cents):
        at = NOW - timedelta(days=days)
        order = Order(
            f"o{number}", Phase.EARNING, "completed", OrgNames(ORG), Buyer(ANN), from_pos=True, ordered_at=at,
            money=Money(cents),
        )  # fmt: skip
        orders.append(Brought(order, Revision(f"r{number}", at), Introduction(ANN, Contact())))
    return orders


def ann(points: int = 0, orders: int = 0, cents: int = 0, last_days: int | None = None) -> Customer:
    """Ann as her document has her."""
    last = None if last_days is None else NOW - timedelta(days=last_days)
    stats = SpendStats(orders, cents, last, last)
    return Customer(Account(ORG, ANN), stats=stats, opening=Opening(points, stats), tier="Gold")


STORED = st.builds(ann, st.integers(0, 500), st.integers(0, 4), st.integers(0, 40_000), st.none() | st.integers(0, 700))
ORDERS = st.lists(st.tuples(st.integers(0, 900), st.integers(0, 20_000)), max_size=6).map(brought)
SETTINGS = st.builds(
    LoyaltySettings,
    points_per_dollar=st.sampled_from([Decimal("0.5"), Decimal(1), Decimal(3)]),
    points_expire_months=st.none() | st.integers(1, 24),
    pending_days=st.sampled_from([0, 30]),
    clawback=st.sampled_from(["within_balance", "allow_negative"]),
)


@given(customer=STORED, orders=ORDERS, settings=SETTINGS)
def test_a_balance_that_is_to_be_kept_stays(
    customer: Customer, orders: list[Brought], settings: LoyaltySettings
) -> None:
    taken = take_over(customer, Introduction(ANN, Contact()), orders, settings, BalanceRule.KEEP, NOW)
    after = taken.customer
    assert taken.points_after == after.account.balances.available == customer.opening.points
    assert folded(ORG, ANN, taken.entries) == after.account
    assert sum(accrual.carried_points for accrual in taken.accruals) + after.opening.points == customer.opening.points
    assert after.stats.order_count == after.opening.stats.order_count + len(orders)
    assert len([entry for entry in taken.entries if entry.memo.source.type == "takeover"]) <= 1
    assert {entry.memo.rule_version for entry in taken.entries} <= {settings.rule_version}
    # Nothing of it can expire or is pending: it would move by itself tomorrow.
    assert all(lot.expires_at is None for lot in after.account.lots) and not after.account.parcels


@given(customer=STORED, orders=ORDERS)
def test_when_the_orders_decide_nobody_loses_and_each_earns_once(customer: Customer, orders: list[Brought]) -> None:
    taken = take_over(customer, Introduction(ANN, Contact()), orders, LoyaltySettings(), BalanceRule.FROM_ORDERS, NOW)
    deserved = sum(accrual.points for accrual in taken.accruals)
    carried = sum(accrual.carried_points for accrual in taken.accruals)
    assert taken.points_after == customer.opening.points + deserved - carried
    assert taken.compensated == 0
    # In one go or one after the other: it is the same.
    one_by_one, own = customer, Introduction(ANN, Contact())
    for one in sorted(orders, key=lambda one: (one.order.ordered_at, one.order.id)):
        one_by_one = take_over(one_by_one, own, [one], LoyaltySettings(), BalanceRule.FROM_ORDERS, NOW).customer
    if orders:
        assert (one_by_one.account.balances, one_by_one.stats) == (
            taken.customer.account.balances,
            taken.customer.stats,
        )


def test_a_debt_that_orders_would_pay_is_owed_again() -> None:
    owing = replace(ann(), opened=True, account=Account(ORG, ANN, balances=Balances(debt=30)))
    taken = take_over(
        owing, Introduction(ANN, Contact()), brought([(5, 5_000)]), LoyaltySettings(), BalanceRule.KEEP, NOW
    )
    assert taken.customer.account.balances == Balances(debt=30)
    assert (taken.points_before, taken.points_after, taken.compensated) == (-30, -30, 50)
    assert taken.entries[-1].memo.source == Source("takeover", ANN)


@pytest.mark.parametrize(
    ("customer_id", "fields", "reason"),
    [
        ("org_a_7", {}, None),
        ("org_a_7", {"orgId": ORG}, None),
        ("org_a_7", {"orgId": "org_b", "archived": True}, Skip.OTHER_ORG),
        ("lead_x_example_com", {"orgId": ORG}, Skip.PLATFORM_LEAD),
        ("alleaves_7", {"orgId": ORG}, Skip.SHARED_ID),
        (UID, {"orgId": ORG}, Skip.SELF_MADE),
        (UID, {"orgId": ORG, "loyalty": {"seq": 1}}, None),
        ("x", {"orgId": ORG, "archived": True, "isTestAccount": True}, Skip.ARCHIVED),
        ("x", {"orgId": ORG, "isTestAccount": True}, Skip.TEST_ACCOUNT),
        ("x", {"orgId": ORG, "archived": "no", "isTestAccount": 1}, None),
    ],
)
def test_who_is_left_alone(customer_id: str, fields: dict[str, Any], reason: Skip | None) -> None:
    assert skip_reason(ORG, customer_id, fields) is reason


@pytest.mark.parametrize(
    ("customer_id", "key"),
    [
        ("org_a_7", IdentityKey(IdentityKind.POS, "7")),
        ("org_a_alleaves_7", IdentityKey(IdentityKind.POS, "7")),
        ("org_a_phone_2015550123", IdentityKey(IdentityKind.PHONE, "+12015550123")),
        ("org_a_phone_12015550123", IdentityKey(IdentityKind.PHONE, "+12015550123")),
        ("org_a_phone_0000000000", None),
        ("org_a_b_7", None),
        ("org_b_7", None),
        ("org_a7", None),
        (f"org_a_{UID}", None),
        ("7", None),
    ],
)
def test_what_an_id_says_of_its_customer(customer_id: str, key: IdentityKey | None) -> None:
    assert key_in_id(ORG, customer_id) == key


@pytest.mark.parametrize(
    ("stored", "had", "why"),
    [
        *((None, 0, None), (12, 12, None), ("12", 12, None), (12.5, 12, Why.FRACTION), (-4, 0, Why.NEGATIVE)),
        *(("x", 0, Why.NO_NUMBER), (float("nan"), 0, Why.NO_NUMBER), (float("inf"), 0, Why.NO_NUMBER)),
        ([], 0, Why.NO_NUMBER),
    ],
)
def test_what_is_told_of_a_balance(stored: object, had: int, why: Why | None) -> None:
    taken = take_over(ann(had), Introduction(ANN, Contact()), [], LoyaltySettings(), BalanceRule.KEEP, NOW)
    change = takeover.balance_change(ANN, stored, taken)
    assert (change and change.why) == why
