"""What holds under every tier policy: time and looks commute, nothing goes up by itself, and walking finds the same."""

from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from lib.domain.settings import LoyaltySettings
from lib.domain.settings_model import TierPolicy
from lib.domain.tiers import promoted, tier_for, tier_named
from tests.domain import strategies
from tests.domain.shopping import START, TICK, Shopper, with_policy
from tests.domain.tier_walk import walked

POLICIES = st.builds(
    TierPolicy,
    window_months=st.none() | st.sampled_from((1, 2, 3, 12, 36)) | st.integers(1, 36),
    inactivity_days=st.none() | st.sampled_from((1, 28, 90, 365)),
    grace_days=st.sampled_from((0, 0, 1, 30, 365)),
    notice_days=st.sampled_from((0, 14, 90)),
    lapse=st.sampled_from(("one_down", "by_balance")),
)
ZONES = st.sampled_from(("America/New_York", "America/Adak", "Pacific/Honolulu"))
PROGRAMMES = st.builds(
    lambda policy, zone, ladder: with_policy(policy).model_copy(update={"time_zone": zone, "tiers": ladder}),
    POLICIES,
    ZONES,
    strategies.tier_ladders() | st.just(with_policy(TierPolicy()).tiers),
)
PAUSES = st.timedeltas(timedelta(0), timedelta(days=400)) | st.integers(0, 400).map(lambda days: timedelta(days=days))
ORDERS = st.lists(st.tuples(PAUSES, st.integers(0, 600_00)), min_size=1, max_size=8)


def placed(orders: list[tuple[timedelta, int]]) -> list[tuple[int, datetime]]:
    """Orders with pauses before them as orders at instants."""
    at, found = START, []
    for pause, cents in orders:
        at += pause
        found.append((cents, at))
    return found


def customer(settings: LoyaltySettings, orders: list[tuple[int, datetime]]) -> Shopper:
    """Somebody who has bought so."""
    shopper = Shopper(settings)
    for cents, at in orders:
        shopper.buys(cents, at)
    return shopper


@given(PROGRAMMES, ORDERS, PAUSES)
def test_walking_from_instant_to_instant_ends_the_same(
    settings: LoyaltySettings, orders: list[tuple[timedelta, int]], pause: timedelta
) -> None:
    bought = placed(orders)
    shopper = customer(settings, bought)
    until = bought[-1][1] + pause
    shopper.looks(until)

    course = walked(bought, settings, until)
    rank = {tier.key: index for index, tier in enumerate(settings.tiers)}
    falls = [
        (at, to)
        for (_, before), (at, to) in pairwise([(START, settings.tiers[0].key), *course])
        if rank[to] < rank[before]
    ]
    assert [(lapse.at, lapse.to_tier.key) for lapse in shopper.lapses] == falls
    assert shopper.tier == (course[-1][1] if course else settings.tiers[0].key)


@given(PROGRAMMES, ORDERS, st.lists(PAUSES, min_size=1, max_size=4))
def test_looks_in_between_change_nothing(
    settings: LoyaltySettings, orders: list[tuple[timedelta, int]], pauses: list[timedelta]
) -> None:
    bought = placed(orders)
    looked_at = customer(settings, bought)
    at_the_end = looked_at.copy()
    now = bought[-1][1]
    for pause in pauses:
        now += pause
        looked_at.looks(now)
    at_the_end.looks(now)

    assert looked_at.holding == at_the_end.holding
    assert looked_at.lapses == at_the_end.lapses
    assert looked_at.due_at == at_the_end.due_at


@given(PROGRAMMES, ORDERS, PAUSES)
def test_twice_is_once(settings: LoyaltySettings, orders: list[tuple[timedelta, int]], pause: timedelta) -> None:
    bought = placed(orders)
    once = customer(settings, bought)
    now = bought[-1][1] + pause
    once.looks(now)
    twice = once.copy()
    twice.looks(now)

    assert (twice.holding, twice.lapses, twice.warnings, twice.due_at) == (
        once.holding,
        once.lapses,
        once.warnings,
        once.due_at,
    )


@given(PROGRAMMES, ORDERS, st.lists(PAUSES, min_size=1, max_size=6))
def test_nothing_goes_up_without_an_order(
    settings: LoyaltySettings, orders: list[tuple[timedelta, int]], pauses: list[timedelta]
) -> None:
    bought = placed(orders)
    shopper = customer(settings, bought)
    now, rank = bought[-1][1], {tier.key: index for index, tier in enumerate(settings.tiers)}
    for pause in pauses:
        before = shopper.tier
        now += pause
        assert rank[str(shopper.looks(now))] <= rank[str(before)]


@given(PROGRAMMES, ORDERS)
def test_following_the_due_date_misses_nothing(settings: LoyaltySettings, orders: list[tuple[timedelta, int]]) -> None:
    """Whoever comes by when something is due, and only then, sees each lapse at its instant and each warning before."""
    shopper = customer(settings, placed(orders))
    policy = settings.tier_policy
    visits = 0
    while shopper.due_at is not None:
        due_at, seen, warned = shopper.due_at, len(shopper.lapses), len(shopper.warnings)
        idle = shopper.copy()
        idle.looks(due_at - TICK)
        assert idle.lapses == shopper.lapses
        assert idle.warnings == shopper.warnings
        shopper.looks(due_at)
        # A lapse can make the next warning due at once; nothing is ever due for nothing.
        assert [lapse.at for lapse in shopper.lapses[seen:]] == [due_at] or len(shopper.warnings) == warned + 1
        visits += 1
    assert visits <= 2 * len(settings.tiers)
    if policy.window_months or (policy.inactivity_days and sum(cents for cents, _ in shopper.orders)):
        assert shopper.tier == settings.tiers[0].key
    if policy.notice_days:
        assert {lapse.at for lapse in shopper.lapses if lapse.at > shopper.orders[-1][1]} <= {
            warning.at for warning in shopper.warnings
        }
    else:
        assert shopper.warnings == []


@given(PROGRAMMES, ORDERS, PAUSES)
def test_what_it_takes_to_keep_a_tier_is_enough_and_not_a_cent_too_much(
    settings: LoyaltySettings, orders: list[tuple[timedelta, int]], pause: timedelta
) -> None:
    bought = placed(orders)
    shopper = customer(settings, bought)
    now = bought[-1][1] + pause
    shopper.looks(now)
    wanted = shopper.to_keep(now)
    if wanted is None:
        assert shopper.due_at is None
        return
    assert wanted.tier.key == shopper.tier
    if wanted.counts_from >= wanted.until:  # a window of so few months and so little grace that nothing bought helps
        return
    keen, short = shopper.copy(), shopper.copy()
    # Any order does against inactivity, until the last moment; it has to be another one than the last.
    keen.buys(wanted.cents, wanted.counts_from if wanted.cents else wanted.until - TICK)
    # Buying at once what would do later may earn a higher tier, which has dates of its own.
    if keen.tier == wanted.tier.key:
        assert keen.looks(wanted.until) == wanted.tier.key
    if wanted.cents:
        short.buys(wanted.cents - 1, wanted.counts_from)
        if short.tier == wanted.tier.key:
            short.looks(wanted.until)
            assert short.lapses[-1].at == wanted.until


@given(strategies.settings(), ORDERS, st.lists(st.integers(0, 7), max_size=8))
def test_without_a_policy_a_tier_is_what_spend_alone_makes_it(
    settings: LoyaltySettings, orders: list[tuple[timedelta, int]], returned: list[int]
) -> None:
    shopper, tier, spend = Shopper(with_policy(TierPolicy(), settings)), None, 0
    now = START
    for cents, at in placed(orders):
        shopper.buys(cents, at)
        before, spend, now = spend, spend + cents, at
        tier = promoted(tier, spend, settings, previous_spend_cents=before).key
        assert shopper.tier == tier
    for index in returned:
        if shopper.orders:
            now += timedelta(days=100)
            cents = shopper.orders[index % len(shopper.orders)][0]
            shopper.returns(now, index % len(shopper.orders))
            before, spend = spend, spend - cents
            tier = promoted(tier, spend, settings, previous_spend_cents=before).key
        assert shopper.tier == tier == tier_for(spend, settings).key
    assert shopper.looks(now + timedelta(days=36_500)) == tier
    assert (shopper.due_at, shopper.lapses, shopper.warnings) == (None, [], [])


@given(
    PROGRAMMES,
    st.lists(st.tuples(PAUSES, st.integers(-8, 600_00), st.integers(0, 60)), min_size=1, max_size=12),
)
@example(
    with_policy(TierPolicy(inactivity_days=28, grace_days=0)),
    [(timedelta(0), 600_00, 0), (timedelta(days=30), -1, 0), (timedelta(0), 100, 0)],
)
def test_orders_that_come_late_and_go_again(
    settings: LoyaltySettings, events: list[tuple[timedelta, int, int]]
) -> None:
    """Whatever happens: no tier is below what counts, what is written off was spent, and looking adds nothing."""
    shopper, now = Shopper(settings), START
    for pause, cents, late_days in events:
        now += pause
        if cents >= 0:
            shopper.buys(cents, now - timedelta(days=late_days), heard_at=now)
        elif shopper.orders:
            shopper.returns(now, cents % len(shopper.orders))
        held = tier_named(shopper.looks(now), settings)
        assert held is not None
        assert held.threshold_cents >= tier_for(shopper.qualifying_cents(now), settings).threshold_cents
        assert 0 <= shopper.holding.lapsed_cents <= shopper.spend.lifetime_cents
        assert shopper.due_at is None or shopper.due_at > now
        settled = shopper.holding
        shopper.looks(now)
        assert shopper.holding == settled
