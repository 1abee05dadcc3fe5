"""Student's distribution: against printed tables, against closed forms, and against itself."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.domain.student import probability, quantile


def closed_form(t: float, degrees: int) -> float:
    """P(T <= t) for whole degrees of freedom as a finite sum: Abramowitz and Stegun 26.7.3 and 26.7.4."""
    angle = math.atan(t / math.sqrt(degrees))
    cosine, term, total = math.cos(angle), 1.0, 0.0
    if degrees % 2:
        term = cosine
        for k in range(1, (degrees - 1) // 2 + 1):
            total += term
            term *= 2 * k / (2 * k + 1) * cosine**2
        return 0.5 + (angle + math.sin(angle) * total) / math.pi
    for k in range(degrees // 2):
        total += term
        term *= (2 * k + 1) / (2 * k + 2) * cosine**2
    return 0.5 + math.sin(angle) * total / 2


@pytest.mark.parametrize(
    ("degrees", "upper_point"),
    [(1, 12.706), (2, 4.303), (3, 3.182), (5, 2.571), (10, 2.228), (30, 2.042), (60, 2.000), (100, 1.984)],
)
def test_the_printed_table(degrees: int, upper_point: float) -> None:
    """NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2, column 0.975."""
    assert round(quantile(0.975, degrees), 3) == upper_point


@given(st.floats(-50, 50), st.integers(1, 300))
def test_the_distribution_is_what_its_finite_sums_say(t: float, degrees: int) -> None:
    assert probability(t, degrees) == pytest.approx(closed_form(t, degrees), abs=1e-10)


@given(st.floats(0.5, 0.9999), st.floats(0.7, 9_999))
def test_a_quantile_is_where_the_distribution_has_that_much(p: float, degrees: float) -> None:
    assert probability(quantile(p, degrees), degrees) == pytest.approx(p, abs=1e-10)


@given(st.floats(0.5, 0.9999))
def test_the_two_ways_meet(p: float) -> None:
    """The expansion for many degrees takes over without a step."""
    assert quantile(p, 10_000) == pytest.approx(quantile(p, 9_999.999_99), rel=1e-9, abs=1e-9)


def test_with_many_degrees_it_is_the_normal_distribution() -> None:
    assert quantile(0.975, 1e12) == pytest.approx(1.959963984540054, abs=1e-11)


@pytest.mark.parametrize(("p", "degrees"), [(0.4, 3), (1.0, 3), (0.9, 0), (0.9, -1)])
def test_what_has_no_quantile(p: float, degrees: float) -> None:
    with pytest.raises(ValueError):
        quantile(p, degrees)
