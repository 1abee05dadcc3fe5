"""Who may claim an order, and what the comparison counts, in whatever order things are told."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.domain.attribution import Following, Purchase, Window, closable, decide, last_touch, span
from lib.domain.holdout import is_held_out
from lib.domain.lift import shares_compared

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
INSTANT = timedelta(microseconds=1)
THREE_DAYS = timedelta(hours=72)

hours = st.integers(-100, 100).map(lambda count: NOON + count * HOUR)
purchases = st.lists(
    st.builds(Purchase, st.sampled_from("opqrstuvw"), st.integers(0, 10**6), hours),
    unique_by=lambda purchase: purchase.order_id,
)
campaigns = st.sampled_from("ABC")
channels = st.sampled_from(["sms", "email"])


@st.composite
def windows(draw: st.DrawFn) -> list[Window]:
    """Messages of three campaigns on two channels, each at its time."""
    sent = draw(st.dictionaries(st.tuples(campaigns, channels), st.tuples(hours, st.integers(1, 96)), max_size=6))
    return [
        Window(campaign, f"{campaign}-{channel}", since, length * HOUR)
        for (campaign, channel), (since, length) in sent.items()
    ]


def touch(campaign_id: str, since: datetime, length: timedelta = THREE_DAYS) -> Window:
    return Window(campaign_id, f"{campaign_id}-sms", since, length)


def order(at: datetime, order_id: str = "o", cents: int = 4_200) -> Purchase:
    return Purchase(order_id, cents, at)


@pytest.mark.parametrize(
    ("after", "claims"),
    [(-INSTANT, False), (0 * HOUR, True), (INSTANT, True), (THREE_DAYS - INSTANT, True), (THREE_DAYS, False)],
)
def test_a_window_holds_its_first_instant_and_not_its_last(after: timedelta, claims: bool) -> None:
    sent = touch("A", NOON)
    verdict = decide([sent], [sent], [order(NOON + after)])

    assert bool(verdict.claimed) is claims
    assert bool(verdict.bought[sent.recipient_id]) is claims


def test_the_last_message_before_the_order_claims_it() -> None:
    first, second, later = touch("A", NOON), touch("B", NOON + HOUR), touch("C", NOON + 3 * HOUR)

    verdict = decide([], [second, later, first], [order(NOON + 2 * HOUR)])

    assert list(verdict.claimed) == ["B-sms"]


def test_a_message_whose_window_is_over_claims_nothing_although_it_was_the_last() -> None:
    long, short = touch("A", NOON), touch("B", NOON + HOUR, HOUR)

    assert list(decide([], [long, short], [order(NOON + 2 * HOUR)]).claimed) == ["A-sms"]


def test_orders_of_one_campaign_stand_under_the_message_that_claims_the_first() -> None:
    text, mail = Window("A", "A-sms", NOON, THREE_DAYS), Window("A", "A-email", NOON + 2 * HOUR, THREE_DAYS)
    early, late = order(NOON + HOUR, "early"), order(NOON + 3 * HOUR, "late")

    assert decide([], [mail, text], [late, early]).claimed == {"A-sms": [early, late]}


@given(windows(), purchases)
def test_an_order_is_claimed_by_one_campaign_at_most_and_by_one_that_reached_the_buyer(
    touches: list[Window], bought: list[Purchase]
) -> None:
    verdict = decide([], touches, bought)
    claimed = [purchase for claims in verdict.claimed.values() for purchase in claims]

    assert len({purchase.order_id for purchase in claimed}) == len(claimed)
    for purchase in bought:
        holding = [each for each in touches if each.since <= purchase.ordered_at < each.since + each.length]
        assert (purchase in claimed) is bool(holding)
        winner = last_touch(touches, purchase)
        assert winner is None or all(each.since <= winner.since for each in holding)


@given(windows(), purchases, st.randoms(use_true_random=False))
def test_the_order_of_telling_does_not_matter(touches: list[Window], bought: list[Purchase], chance: object) -> None:
    shuffled, mixed = list(touches), list(bought)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    chance.shuffle(mixed)  # type: ignore[attr-defined]

    assert decide(shuffled, shuffled, mixed) == decide(touches, touches, bought)


@given(windows(), purchases, st.data())
def test_what_is_returned_is_taken_back_and_changes_nothing_else(
    touches: list[Window], bought: list[Purchase], data: st.DataObject
) -> None:
    returned = data.draw(st.sampled_from(bought)) if bought else None
    kept = [purchase for purchase in bought if purchase is not returned]
    before, after = decide(touches, touches, bought), decide(touches, touches, kept)

    for recipient_id, counted in before.bought.items():
        assert after.bought[recipient_id] == [purchase for purchase in counted if purchase is not returned]
    claims = sorted(
        purchase.order_id for found in before.claimed.values() for purchase in found if purchase is not returned
    )
    assert sorted(purchase.order_id for found in after.claimed.values() for purchase in found) == claims


@given(windows(), windows(), purchases)
def test_the_comparison_counts_alike_for_whoever_is_written_to_and_whoever_is_not(
    draws: list[Window], touches: list[Window], bought: list[Purchase]
) -> None:
    """Whether, when and by whom somebody was written to must not decide what counts: that is what is compared."""
    treated, held_out = decide(draws, touches, bought), decide(draws, [], bought)

    assert treated.bought == held_out.bought
    assert held_out.claimed == {}


@given(windows(), windows(), purchases)
def test_only_orders_within_the_span_matter(draws: list[Window], touches: list[Window], bought: list[Purchase]) -> None:
    bounds = span([*draws, *touches])
    within = [each for each in bought if bounds and bounds[0] <= each.ordered_at < bounds[1]]

    assert decide(draws, touches, within) == decide(draws, touches, bought)


@pytest.mark.parametrize(
    ("ended_hours_ago", "window_hours", "closes"),
    [
        (None, 72, False),
        (0, 72, False),
        (8 * 24 - 1, 72, False),
        (8 * 24, 72, True),
        (8 * 24, 1, True),
        (8 * 24, 30 * 24, False),
        (31 * 24, 30 * 24, True),
    ],
)
def test_a_campaign_is_followed_until_nothing_more_is_expected(
    ended_hours_ago: int | None, window_hours: int, closes: bool
) -> None:
    ended_at = None if ended_hours_ago is None else NOON - ended_hours_ago * HOUR
    one = Following("A", NOON - 40 * 24 * HOUR, ended_at, window_hours * HOUR)

    assert closable([one], NOON) == (["A"] if closes else [])


def test_a_campaign_stays_as_long_as_one_that_competes_with_it() -> None:
    over = Following("A", NOON - 240 * HOUR, NOON - 240 * HOUR, THREE_DAYS)
    rival = Following("B", NOON - 239 * HOUR, NOON - 238 * HOUR, 30 * 24 * HOUR)
    stranger = Following("C", NOON - 168 * HOUR, None, THREE_DAYS)

    assert closable([over, rival], NOON) == []
    assert closable([over, stranger], NOON) == ["A"]
    assert closable([over, rival], NOON + 30 * 24 * HOUR) == ["A", "B"]


def test_nothing_matters_without_windows() -> None:
    assert span([]) is None
    assert decide([], [], [order(NOON)]) == decide([], [], [])


OPENS, CLOSES = 9 * HOUR, 21 * HOUR
WINDOW = 36 * HOUR


def _found_differences(chance: random.Random, *, from_the_message: bool) -> int:
    """How many of sixty campaigns that have no effect at all seem to have one. Each begins at eight in the evening, to
    five hundred customers of whom every fourth is held out; texts wait for nine in the morning, when the shop opens."""
    evening = NOON + 8 * HOUR
    found = 0
    for campaign in range(60):
        spent: dict[bool, list[int]] = {True: [], False: []}
        for number in range(500):
            held_out = is_held_out(f"org_{campaign}", str(number), 25)
            since = evening if held_out or not from_the_message else evening + 13 * HOUR
            draw = Window("A", str(number), since, WINDOW)
            day = NOON - 12 * HOUR + chance.randrange(3) * timedelta(days=1)
            bought = order(day + OPENS + chance.random() * (CLOSES - OPENS)) if chance.random() < 0.6 else None
            verdict = decide([draw], [draw], [bought] if bought else [])
            spent[held_out].append(sum(purchase.cents for purchase in verdict.bought[draw.recipient_id]))
        treated, holdout = ((sum(map(bool, spent[group])), len(spent[group])) for group in (False, True))
        interval = shares_compared(*treated, *holdout)
        found += not interval.low <= 0 <= interval.high
    return found


def test_a_campaign_without_an_effect_seems_to_have_none() -> None:
    """One in twenty may by chance, which of sixty are three; nine is beyond three standard deviations. Windows that
    began with the messages would find an effect of the shop's hours nearly every time."""
    chance = random.Random(1908)

    assert _found_differences(chance, from_the_message=False) <= 8
    assert _found_differences(chance, from_the_message=True) >= 50
