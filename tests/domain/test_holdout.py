"""Who is left out of campaigns: always the same people, a fair draw of all kinds of ids, no draw like another."""

import hashlib
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.domain.holdout import PERCENT_MAX, is_held_out
from lib.domain.ids import derived_id

PEOPLE = 20_000

# Upper 0.1 % points of chi-squared: NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.4.
CHI_SQUARED_50 = 86.661
CHI_SQUARED_3 = 16.266

IDS: dict[str, Callable[[int], str]] = {
    "counted": str,
    "of the till": lambda number: f"org_shop_alleaves_{number}",
    "of a telephone": lambda number: f"org_shop_phone_1212555{number:05d}",
    "like the draw's own": lambda number: derived_id("customer", str(number)),
}


def draw(org_id: str, customer_id: str) -> int:
    """The smallest share that leaves this customer out; one more than the largest for whoever none does."""
    shares = range(1, PERCENT_MAX + 1)
    return next((percent for percent in shares if is_held_out(org_id, customer_id, percent)), PERCENT_MAX + 1)


@pytest.mark.parametrize("id_of", IDS.values(), ids=IDS.keys())
def test_every_percent_of_the_people_is_drawn_alike(id_of: Callable[[int], str]) -> None:
    """Pearson's test over the 50 single percents and the half that is never left out."""
    counts = Counter(draw("org_shop", id_of(number)) for number in range(PEOPLE // 4))
    expected = dict.fromkeys(range(1, PERCENT_MAX + 1), PEOPLE / 4 / 100) | {PERCENT_MAX + 1: PEOPLE / 4 / 2}

    assert sum((counts[each] - share) ** 2 / share for each, share in expected.items()) < CHI_SQUARED_50


def test_being_left_out_in_one_shop_says_nothing_about_another() -> None:
    both = Counter(
        (is_held_out("org_one", str(number), 50), is_held_out("org_two", str(number), 50)) for number in range(PEOPLE)
    )

    assert sum((count - PEOPLE / 4) ** 2 / (PEOPLE / 4) for count in both.values()) < CHI_SQUARED_3


def test_the_last_digit_of_an_id_says_nothing() -> None:
    """A test would find it at once if ids, which are counted up, were taken modulo something."""
    left_out = Counter(number % 4 for number in range(PEOPLE) if is_held_out("org_shop", f"c{number}", 50))
    expected = sum(left_out.values()) / 4

    assert sum((left_out[digit] - expected) ** 2 / expected for digit in range(4)) < CHI_SQUARED_3


@given(st.text(min_size=1), st.text(min_size=1), st.integers(0, PERCENT_MAX), st.integers(0, PERCENT_MAX))
def test_a_larger_share_contains_a_smaller_one(org_id: str, customer_id: str, one: int, other: int) -> None:
    small, large = sorted((one, other))

    assert is_held_out(org_id, customer_id, small) <= is_held_out(org_id, customer_id, large)


@given(st.text(min_size=1), st.text(min_size=1))
def test_nobody_is_left_out_of_a_campaign_without_a_holdout(org_id: str, customer_id: str) -> None:
    assert not is_held_out(org_id, customer_id, 0)


@pytest.mark.parametrize("percent", [-1, PERCENT_MAX + 1, 100])
def test_a_share_is_zero_to_fifty_percent(percent: int) -> None:
    with pytest.raises(ValueError):
        is_held_out("org_shop", "jane", percent)


def test_the_draw_stays_what_it_is() -> None:
    """Recomputed with nothing of ours: whoever is left out today is left out after every release."""
    for number in range(200):
        text = f'["holdout:1","org_shop","customer_{number}"]'
        place = int(hashlib.sha256(text.encode()).hexdigest()[:16], 16) / 2**64

        assert is_held_out("org_shop", f"customer_{number}", 10) is (place < 0.1)
