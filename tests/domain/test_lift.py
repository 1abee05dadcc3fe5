"""What a campaign brings about: published examples, definitions worked out again, how often intervals are right."""

import math
import random
from collections.abc import Sequence
from fractions import Fraction
from statistics import mean, variance

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.domain.lift import Interval, Lift, Sums, TooFew, means_compared, measured, shares_compared
from lib.domain.student import quantile

NEWCOMBE = {
    "a": (56, 70, 48, 80, 0.0524, 0.3339),
    "b": (9, 10, 3, 10, 0.1705, 0.8090),
    "c": (6, 7, 2, 7, 0.0582, 0.8062),
    "d": (5, 56, 0, 29, -0.0381, 0.1926),
    "e": (0, 10, 0, 20, -0.1611, 0.2775),
    "f": (0, 10, 0, 10, -0.2775, 0.2775),
    "g": (10, 10, 0, 20, 0.6791, 1.0),
    "h": (10, 10, 0, 10, 0.6075, 1.0),
}
"""Newcombe, Statistics in Medicine 17 (1998), table II, the line of method 10: the contrasts (a) to (h)."""

# "Student", The probable error of a mean, Biometrika 6 (1908), 20: additional hours of sleep with each of two drugs, in
# tenths of an hour; moved up by 1.6 hours each, which changes no difference, as nobody spends less than nothing.
SLEEP = ([7, -16, -2, -12, -1, 34, 37, 8, 0, 20], [19, 8, 11, 1, -1, 44, 55, 16, 46, 34])

spendings = st.lists(st.integers(0, 10**10), min_size=2, max_size=40)
Counts = tuple[int, int]
counts = st.integers(1, 300).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of)))


def sums_of(spent: Sequence[int]) -> Sums:
    return Sums(len(spent), sum(cents > 0 for cents in spent), sum(spent), sum(cents**2 for cents in spent))


@pytest.mark.parametrize("example", NEWCOMBE.values(), ids=NEWCOMBE.keys())
def test_newcombes_own_examples(example: tuple[int, int, int, int, float, float]) -> None:
    buyers, customers, other_buyers, other_customers, low, high = example
    found = shares_compared(buyers, customers, other_buyers, other_customers)

    assert (round(found.low, 4), round(found.high, 4)) == (low, high)
    assert found.difference == pytest.approx(buyers / customers - other_buyers / other_customers)


def scores(count: int, of: int) -> tuple[float, float]:
    """The shares p at which the score statistic (count/of - p) / sqrt(p (1 - p) / of) is just 1.96, by bisection."""

    def is_ruled_out(p: float) -> bool:
        return abs(count / of - p) > 1.959963984540054 * math.sqrt(p * (1 - p) / of)

    def edge(inside: float, outside: float) -> float:
        for _ in range(200):
            middle = (inside + outside) / 2
            inside, outside = (inside, middle) if is_ruled_out(middle) else (middle, outside)
        return inside

    share = count / of
    return edge(share, 0.0), edge(share, 1.0)


@given(counts, counts)
def test_the_score_interval_is_what_its_definition_says(one: Counts, other: Counts) -> None:
    """Recomputed from the statistic itself instead of the solved equation."""
    (low, high), (other_low, other_high) = scores(*one), scores(*other)
    share, other_share = one[0] / one[1], other[0] / other[1]
    found = shares_compared(*one, *other)

    assert found.low == pytest.approx(share - other_share - math.hypot(share - low, other_high - other_share), abs=1e-9)
    assert found.high == pytest.approx(
        share - other_share + math.hypot(high - share, other_share - other_low), abs=1e-9
    )


@given(counts, counts)
def test_the_interval_holds_the_difference_and_turns_with_the_groups(one: Counts, other: Counts) -> None:
    found, turned = shares_compared(*one, *other), shares_compared(*other, *one)

    assert -1 <= found.low <= found.difference <= found.high <= 1
    assert (turned.low, turned.high) == pytest.approx((-found.high, -found.low))


def test_the_sleep_of_student() -> None:
    """R's own example of Welch's test, `t.test(extra ~ group, data = sleep)`: -3.3654832 to 0.2054832 hours."""
    one, other = (sums_of([tenths + 16 for tenths in group]) for group in SLEEP)
    found = means_compared(one, other)

    assert found is not None
    assert (round(found.low / 10, 7), round(found.high / 10, 7)) == (-3.3654832, 0.2054832)
    assert found.difference / 10 == pytest.approx(0.75 - 2.33)


def test_the_mileage_of_cars() -> None:
    """NIST/SEMATECH e-Handbook, 1.3.5.3, AUTO83B.DAT: 249 and 79 cars with means 20.14458 and 30.48101 and standard
    deviations 6.41470 and 6.10771 miles per gallon (whole miles, so their sums are whole); T = -12.94627, 136.87499
    degrees of freedom, unequal variances."""
    american, japanese = Sums(249, 249, 5016, 111_250), Sums(79, 79, 2408, 76_308)
    found = means_compared(american, japanese)

    assert found is not None
    assert round(found.difference, 5) == round(20.14458 - 30.48101, 5)
    half = found.difference / -12.94627 * quantile(0.975, 136.87499)
    assert (found.low, found.high) == pytest.approx((found.difference - half, found.difference + half), rel=1e-6)


@given(spendings, spendings)
def test_the_interval_of_means_from_every_single_amount(one: list[int], other: list[int]) -> None:
    """Recomputed exactly from the amounts, not from their sums."""
    exact = [[Fraction(cents) for cents in group] for group in (one, other)]
    errors = [variance(group) / len(group) for group in exact]
    found = means_compared(sums_of(one), sums_of(other))

    if sum(errors) == 0:
        assert found is None
        return
    assert found is not None
    spread = sum(error**2 / (len(group) - 1) for error, group in zip(errors, exact, strict=True))
    half = quantile(0.975, float(sum(errors) ** 2 / spread)) * math.sqrt(sum(errors))
    difference = float(mean(exact[0]) - mean(exact[1]))
    assert found.difference == difference
    assert (found.low, found.high) == pytest.approx((difference - half, difference + half), rel=1e-12)


def test_large_amounts_lose_no_digits() -> None:
    """Two amounts of a hundred million dollars that differ by a cent: in floating point their variance would be 0."""
    found = means_compared(sums_of([10**10, 10**10 + 1]), sums_of([10**10, 10**10]))

    assert found is not None
    assert found.difference == 0.5
    # Standard error a half, one degree of freedom.
    assert found.high - found.difference == pytest.approx(12.7062 / 2, rel=1e-5)


@pytest.mark.parametrize(
    ("treated", "holdout", "conversion", "revenue"),
    [
        (Sums(100, 5, 100, 5000), Sums(), TooFew.NO_HOLDOUT, TooFew.NO_HOLDOUT),
        (Sums(), Sums(), TooFew.NO_HOLDOUT, TooFew.NO_HOLDOUT),
        (Sums(), Sums(10), TooFew.NO_TREATED, TooFew.NO_TREATED),
        (Sums(1000, 5, 100, 5000), Sums(299), None, TooFew.TOO_FEW),
        (Sums(299), Sums(1000, 5, 100, 5000), None, TooFew.TOO_FEW),
        # Nobody has bought anything: that no money was made at all is no interval of width 0.
        (Sums(1000), Sums(1000), None, TooFew.TOO_FEW),
        (Sums(300, 5, 100, 5000), Sums(300), None, None),
    ],
)
def test_where_there_are_too_few(
    treated: Sums, holdout: Sums, conversion: TooFew | None, revenue: TooFew | None
) -> None:
    found = measured(treated, holdout)

    assert conversion is found.conversion if conversion else isinstance(found.conversion, Interval)
    assert revenue is found.revenue_cents if revenue else isinstance(found.revenue_cents, Interval)


@pytest.mark.parametrize("impossible", [(1, 2, 0, 0), (3, -1, 0, 0), (3, 1, 0, -1), (3, 1, 10, 99), (3, 0, 1, 1)])
def test_sums_that_no_group_has(impossible: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError):
        Sums(*impossible)


def test_intervals_are_right_as_often_as_they_say() -> None:
    """Four hundred campaigns of known effect, purchases as rare and amounts as uneven as in a shop, 300 held out: about
    380 of the intervals must hold it. Seeded; 13 is three standard deviations of such a count."""
    draw = random.Random(1998)
    held = {"conversion": 0, "revenue": 0}
    for _ in range(400):
        treated = [_spent(draw, 0.08) for _ in range(900)]
        holdout = [_spent(draw, 0.05) for _ in range(300)]
        found = measured(sums_of(treated), sums_of(holdout))
        held["conversion"] += _holds(found, 0.03)
        held["revenue"] += _holds(found, 0.03 * MEAN_CENTS, money=True)

    assert held["conversion"] >= 380 - 13
    assert held["revenue"] >= 380 - 13


MEAN_CENTS = 5_000.0


def _spent(draw: random.Random, share: float) -> int:
    """A basket of 50 dollars on average, spread like e to a normal variable of standard deviation 0.6."""
    if draw.random() >= share:
        return 0
    return max(1, round(draw.lognormvariate(math.log(MEAN_CENTS) - 0.18, 0.6)))


def _holds(found: Lift, truth: float, *, money: bool = False) -> bool:
    interval = found.revenue_cents if money else found.conversion
    return isinstance(interval, Interval) and interval.low <= truth <= interval.high
