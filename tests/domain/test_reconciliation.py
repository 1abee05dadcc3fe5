"""Both sides in every combination: what is compared, what follows under each policy, and what never happens."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as some

from lib.domain.entries import Balances
from lib.domain.reconciliation import (
    Alpine,
    Calculated,
    Judgement,
    Member,
    NotAMember,
    Policy,
    State,
    Terms,
    Unknown,
    credited,
    judged,
    ratio_of,
)

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=30)
OVERRIDING = (Policy.OVERRIDE_ABOVE_THRESHOLD, Policy.ALPINE_WINS)


def ours(available: int, *, as_of: datetime | None = LONG_AGO, redeemed: int = 0, **balances: int) -> Calculated:
    return Calculated(Balances(available=available, **balances), as_of, redeemed)


def theirs(points: int, *, changed_at: datetime | None = None, fetched_at: datetime = NOW) -> Member:
    return Member(points, fetched_at, changed_at)


def terms(policy: Policy = Policy.OVERRIDE_ABOVE_THRESHOLD) -> Terms:
    return Terms(policy)


# Their figure against ours of 90, 100 and 110: 1/9, the threshold's edge and beyond. Per policy: state and entry.
# "a" agreed, "o" open, "+n"/"-n" overridden by n; policies in the order override, alpine, calculated, alert.
FIGURES = """
    ours  theirs  override  alpine  calculated  alert
    0     0       a         a       a           a
    100   100     a         a       a           a
    90    100     a         +10     a           a
    110   100     a         -10     a           a
    89    100     +11       +11     o           o
    111   100     -11       -11     o           o
    899   1000    +101      +101    o           o
    900   1000    a         +100    a           a
    1100  1000    a         -100    a           a
    1101  1000    -101      -101    o           o
    9     10      a         +1      a           a
    8     10      +2        +2      o           o
    1     0       -1        -1      o           o
    500   0       -500      -500    o           o
    0     1       +1        +1      o           o
    0     500     +500      +500    o           o
"""


def rows() -> Iterator[tuple[int, int, Policy, str]]:
    for line in FIGURES.strip().splitlines()[1:]:
        mine, other, *cells = line.split()
        for policy, cell in zip(Policy, cells, strict=True):
            yield int(mine), int(other), policy, cell


@pytest.mark.parametrize(("mine", "other", "policy", "cell"), list(rows()))
def test_two_figures_under_each_policy(mine: int, other: int, policy: Policy, cell: str) -> None:
    found = judged(ours(mine), theirs(other), terms(policy), NOW)
    states = {"a": State.AGREED, "o": State.OPEN}
    assert found.state is states.get(cell, State.OVERRIDDEN)
    assert found.entered == (0 if cell in states else int(cell))
    assert found.difference == other - mine


# Every kind of answer x our balance x policy x stale or fresh x what hinders: what may and may not happen.
ANSWERS: tuple[Alpine, ...] = (
    *(theirs(points) for points in (0, 1, 90, 100, 110, 1000)),
    theirs(-1),
    NotAMember(),
    *(Unknown(reason) for reason in ("timeout", "no_figure", "circuit_open")),
)
BALANCES = (
    *(Balances(*figures) for figures in product((0, 100), (0, 50), (0, 40))),
    Balances(debt=30),
    Balances(debt=30, pending=20),
    Balances(debt=30, reserved=40),
)
# (our last entry, their last change)
AGES: tuple[tuple[datetime | None, datetime | None], ...] = (
    (None, None),
    (LONG_AGO, None),
    (LONG_AGO, NOW),
    (NOW - timedelta(hours=1), None),
    (NOW - timedelta(hours=1), NOW),
    (NOW - timedelta(hours=20), NOW - timedelta(days=2)),
    (LONG_AGO, LONG_AGO - timedelta(days=1)),
)


@pytest.mark.parametrize("policy", list(Policy))
@pytest.mark.parametrize("answer", ANSWERS, ids=str)
def test_every_combination(answer: Alpine, policy: Policy) -> None:
    for balances, (entered_at, changed_at), redeemed in product(BALANCES, AGES, (0, 60)):
        alpine = replace(answer, changed_at=changed_at) if isinstance(answer, Member) else answer
        calculated = Calculated(balances, entered_at, redeemed)
        found = judged(calculated, alpine, terms(policy), NOW)
        check(found, calculated, alpine, policy)


def check(found: Judgement, calculated: Calculated, alpine: Alpine, policy: Policy) -> None:
    """The rules, each by itself; whatever is not one of them must not happen."""
    if not isinstance(alpine, Member) or alpine.points < 0:
        assert found.state is (State.NOT_A_MEMBER if isinstance(alpine, NotAMember) else State.UNKNOWN)
        assert (found.difference, found.entered) == (None, 0)
        return
    balances = calculated.balances
    net = max(0, balances.available + balances.reserved - balances.debt)
    assert found.difference == alpine.points - net
    above = alpine.points * Fraction(1, 10) < abs(found.difference)
    if found.difference == 0 or (not above and policy is not Policy.ALPINE_WINS):
        assert found == Judgement(State.AGREED, found.difference, found.ratio)
        return
    last = calculated.as_of
    settled = last is None or (alpine.as_of >= last and alpine.fetched_at >= last + timedelta(hours=6))
    recent = last is not None and last + timedelta(hours=48) > NOW
    assert (found.state is State.WAITING) == (not settled and recent)
    if found.state is State.WAITING:
        assert found.entered == 0
        return
    assert found.stale == (not settled)
    assert found.entered == 0 or policy in OVERRIDING
    check_entry(found, calculated)
    if above and found.remaining == found.difference:
        assert found.state is State.OPEN


def check_entry(found: Judgement, calculated: Calculated) -> None:
    assert found.difference is not None
    assert found.entered >= -calculated.balances.available, "an override takes what is set aside"
    assert found.entered * found.difference >= 0, "an entry makes the difference greater"
    assert abs(found.entered) <= abs(found.difference)
    if calculated.balances.debt:
        assert found.entered == 0
    if found.entered > 0:
        assert found.entered + calculated.redeemed <= found.difference, "points that were redeemed here come back"


class TestWhatIsCompared:
    def test_points_set_aside_count_and_pending_ones_do_not(self) -> None:
        assert ours(60, reserved=40, pending=500).points == 100
        assert judged(ours(60, reserved=40, pending=500), theirs(100), terms(), NOW).state is State.AGREED

    def test_a_debt_is_ours_alone(self) -> None:
        assert ours(0, debt=50).points == 0
        assert judged(ours(0, debt=50), theirs(0), terms(), NOW).state is State.AGREED
        assert judged(ours(0, debt=50), theirs(20), terms(), NOW).reason == "owes"

    def test_their_zero_is_a_figure(self) -> None:
        found = judged(ours(420), theirs(0), terms(), NOW)
        assert (found.state, found.entered, found.ratio) == (State.OVERRIDDEN, -420, Fraction(1))

    @pytest.mark.parametrize(
        ("difference", "alpine", "ratio"),
        [(0, 0, 0), (1, 0, 1), (-7, 0, 1), (12, 100, Fraction(3, 25)), (-30, 20, Fraction(3, 2))],
    )
    def test_ratio(self, difference: int, alpine: int, ratio: Fraction) -> None:
        assert ratio_of(difference, alpine) == ratio


class TestOverride:
    def test_points_set_aside_stay_and_the_rest_is_open(self) -> None:
        found = judged(ours(30, reserved=100), theirs(50), terms(), NOW)
        assert (found.state, found.entered, found.remaining, found.reason) == (State.OPEN, -30, -50, "reserved")

    def test_what_was_redeemed_here_does_not_come_back(self) -> None:
        found = judged(ours(500, redeemed=500), theirs(1000), terms(), NOW)
        assert (found.state, found.entered, found.remaining, found.reason) == (State.OPEN, 0, 500, "redeemed_here")

    def test_what_exceeds_the_redeemed_points_is_entered(self) -> None:
        found = judged(ours(500, redeemed=500), theirs(1200), terms(), NOW)
        assert (found.state, found.entered, found.remaining) == (State.OPEN, 200, 500)

    def test_a_small_rest_is_agreement(self) -> None:
        found = judged(ours(500, redeemed=50), theirs(1000), terms(), NOW)
        assert (found.state, found.entered, found.remaining) == (State.OVERRIDDEN, 450, 50)

    def test_of_a_small_difference_that_cannot_be_entered_nothing_is_left_to_decide(self) -> None:
        found = judged(ours(0, reserved=105), theirs(100), terms(Policy.ALPINE_WINS), NOW)
        assert (found.state, found.entered, found.remaining) == (State.AGREED, 0, -5)


class TestFreshness:
    @pytest.mark.parametrize(
        ("hours_since_entry", "state", "stale"),
        [(5, State.WAITING, False), (6, State.OVERRIDDEN, False), (47, State.OVERRIDDEN, False)],
    )
    def test_points_have_time_to_arrive(self, hours_since_entry: int, state: State, stale: bool) -> None:
        entered_at = NOW - timedelta(hours=hours_since_entry)
        found = judged(ours(100, as_of=entered_at), theirs(50), terms(), NOW)
        assert (found.state, found.stale) == (state, stale)

    @pytest.mark.parametrize(("hours", "state"), [(47, State.WAITING), (48, State.OVERRIDDEN)])
    def test_a_figure_from_before_our_last_entry_is_waited_for_up_to_a_time(self, hours: int, state: State) -> None:
        entered_at = NOW - timedelta(hours=hours)
        found = judged(ours(100, as_of=entered_at), theirs(50, changed_at=LONG_AGO), terms(), NOW)
        assert (found.state, found.stale) == (state, state is State.OVERRIDDEN)

    @pytest.mark.parametrize("policy", list(Policy))
    @pytest.mark.parametrize(
        ("hours_waited", "state"), [(47, State.WAITING), (48, State.OPEN)], ids=["patience", "no end of it"]
    )
    def test_who_always_has_another_entry_is_not_waited_for_for_ever(
        self, policy: Policy, hours_waited: int, state: State
    ) -> None:
        waited = Calculated(Balances(100), NOW - timedelta(hours=3), waits_since=NOW - timedelta(hours=hours_waited))
        found = judged(waited, theirs(50, changed_at=LONG_AGO), terms(policy), NOW)
        assert (found.state, found.entered) == (state, 0)
        assert (found.stale, found.reason) == ((True, "waited_long") if state is State.OPEN else (False, ""))

    def test_agreement_needs_no_waiting(self) -> None:
        assert judged(ours(100, as_of=NOW), theirs(100, changed_at=LONG_AGO), terms(), NOW).state is State.AGREED


class TestDecided:
    @pytest.mark.parametrize("policy", list(Policy))
    def test_a_difference_that_a_person_has_decided_stays(self, policy: Policy) -> None:
        assert judged(ours(100), theirs(200), terms(policy), NOW, accepted=100).state is State.KEPT

    def test_it_stays_when_both_sides_move_alike_and_when_they_drift_a_little(self) -> None:
        assert judged(ours(600), theirs(700), terms(), NOW, accepted=100).state is State.KEPT
        assert judged(ours(300), theirs(400), terms(), NOW, accepted=100).state is State.KEPT
        assert judged(ours(300), theirs(410), terms(), NOW, accepted=100).state is State.KEPT

    def test_only_what_there_is_beside_it_is_overridden(self) -> None:
        found = judged(ours(100), theirs(300), terms(), NOW, accepted=100)
        assert (found.state, found.entered, found.remaining) == (State.OVERRIDDEN, 100, 100)

    def test_points_redeemed_here_do_not_come_back_with_it(self) -> None:
        found = judged(ours(100, redeemed=150), theirs(450), terms(), NOW, accepted=100)
        assert (found.state, found.entered, found.remaining) == (State.OPEN, 100, 250)

    @given(some.integers(0, 500), some.integers(0, 500), some.integers(0, 100), some.integers(0, 100))
    def test_a_persons_figure_is_reached_but_for_what_is_set_aside(
        self, points: int, available: int, reserved: int, debt: int
    ) -> None:
        balances = Balances(available=0 if debt else available, reserved=reserved, debt=debt)
        entered = credited(points, balances)
        assert balances.available + entered >= 0
        if points >= reserved:
            assert balances.available + reserved - debt + entered == points


@given(
    some.integers(0, 2000), some.integers(0, 500), some.integers(0, 2000), some.integers(0, 300),
    some.sampled_from(OVERRIDING),
)  # fmt: skip
def test_what_an_override_leaves_is_left_by_the_next_one(
    available: int, reserved: int, figure: int, redeemed: int, policy: Policy
) -> None:
    before = ours(available, reserved=reserved, redeemed=redeemed)
    first = judged(before, theirs(figure), terms(policy), NOW)
    balances = replace(before.balances, available=available + first.entered)
    second = judged(replace(before, balances=balances), theirs(figure), terms(policy), NOW)
    assert second.entered == 0
    assert (second.state is State.OPEN) == (first.state is State.OPEN)
