"""Money in cents and points without a lost or invented unit."""

import math
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.domain.countries import CurrencyCode
from lib.domain.errors import InvalidInput
from lib.domain.money import MAX_CENTS, amount_text, cents_from_dollars, dollars, points_for
from tests.domain.strategies import decimals


@pytest.mark.parametrize(
    ("amount", "cents"),
    [
        (0, 0),
        (49.99, 4999),
        (1.005, 101),
        (2.675, 268),
        (-1.005, -101),
        (0.1 + 0.2, 30),
        (19, 1900),
        (Decimal("19.994"), 1999),
        (100_000_000, MAX_CENTS),
        (-0.0, 0),
        (1e-320, 0),
    ],
)
def test_dollars_become_cents_half_up(amount: float | Decimal, cents: int) -> None:
    assert cents_from_dollars(amount) == cents


@pytest.mark.parametrize(
    ("amount", "reason"),
    [
        *((value, "not_a_number") for value in (None, "5", True, [5], math.nan, Decimal("NaN"), Decimal("sNaN"))),
        *((value, "too_large") for value in (math.inf, -math.inf, 1e300, 10**400, 100_000_000.01, -1e9)),
    ],
)
def test_what_is_no_amount_is_refused(amount: object, reason: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        cents_from_dollars(amount, pointer="/total")

    assert (refusal.value.reason, refusal.value.pointer) == (reason, "/total")


@given(st.integers(-MAX_CENTS, MAX_CENTS))
def test_cents_survive_the_way_through_a_document(cents: int) -> None:
    assert cents_from_dollars(dollars(cents)) == cents


@given(st.floats(-1e8, 1e8, allow_nan=False))
def test_the_nearest_cent_is_within_half_a_cent(amount: float) -> None:
    assert abs(Fraction(cents_from_dollars(amount)) - Fraction(repr(amount)) * 100) <= Fraction(1, 2)


@pytest.mark.parametrize(
    ("cents", "rate", "multiplier", "points"),
    [
        (49_99, "1", "1", 49),
        (100_00, "1", "1.2", 120),
        (99_99, "1", "1", 99),
        (10, "10", "1", 1),
        (9, "10", "1", 0),
        (0, "10", "2", 0),
        (-500, "10", "2", 0),
        (100_00, "0", "1", 0),
        # In floats 8.2 x 1.15 x 100 falls short of 943.
        (100_00, "8.2", "1.15", 943),
    ],
)
def test_points_are_floored_per_order(cents: int, rate: str, multiplier: str, points: int) -> None:
    assert points_for(cents, Decimal(rate), Decimal(multiplier)) == points


def test_more_digits_than_a_decimal_context_holds() -> None:
    rate, multiplier = Decimal("999.999999"), Decimal("9.9999") * Decimal("4.9999")

    exact = Fraction(9_999_999_999) * Fraction(rate) * Fraction(multiplier) / 100
    assert points_for(9_999_999_999, rate, multiplier) == math.floor(exact)


@given(st.integers(0, MAX_CENTS), decimals("0", "1000", 6), decimals("1", "50", 8))
def test_points_are_the_floor_of_the_exact_product(cents: int, rate: Decimal, multiplier: Decimal) -> None:
    assert points_for(cents, rate, multiplier) == math.floor(
        Fraction(cents) * Fraction(rate) * Fraction(multiplier) / 100
    )


@given(st.integers(0, MAX_CENTS), st.integers(0, MAX_CENTS), decimals("0", "1000", 6))
def test_splitting_an_order_never_earns_more(one: int, other: int, rate: Decimal) -> None:
    assert points_for(one, rate) + points_for(other, rate) <= points_for(one + other, rate)


@pytest.mark.parametrize(
    ("cents", "currency", "text"),
    [
        (0, "USD", "$0.00"),
        (49_99, "USD", "$49.99"),
        (1_234_567_89, "USD", "$1,234,567.89"),
        (1_500_00, "NGN", "₦1,500.00"),
    ],
)
def test_amounts_are_written_as_people_do(cents: int, currency: CurrencyCode, text: str) -> None:
    assert amount_text(cents, currency) == text
