"""Tiers by lifetime spend: inclusive boundaries, promotion at once, lowering only for spend taken back, progress."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.domain.settings import DEFAULT_SETTINGS, LoyaltySettings, updated_settings
from lib.domain.tiers import progress, promoted, tier_for, tier_named
from tests.domain import strategies

RAISED = updated_settings(
    DEFAULT_SETTINGS,
    {
        "tiers": [
            {"name": "Bronze", "threshold": 0},
            {"name": "Silver", "threshold": 300},
            {"name": "Gold", "threshold": 900},
        ]
    },
)
SPENDS = st.integers(-100, 6_000_00)


@pytest.mark.parametrize(
    ("spend_cents", "tier"),
    [
        (-1, "bronze"),
        (0, "bronze"),
        (199_99, "bronze"),
        (200_00, "silver"),
        (499_99, "silver"),
        (500_00, "gold"),
        (999_99, "gold"),
        (1000_00, "platinum"),
        (10**12, "platinum"),
    ],
)
def test_thresholds_are_inclusive(spend_cents: int, tier: str) -> None:
    assert tier_for(spend_cents, DEFAULT_SETTINGS).key == tier


@pytest.mark.parametrize("stored", ["gold", "Gold", " GOLD ", "tier_1712"])
def test_a_stored_tier_is_known_by_name_or_id(stored: str) -> None:
    settings = updated_settings(
        DEFAULT_SETTINGS,
        {"tiers": [{"name": "Base", "threshold": 0}, {"id": "tier_1712", "name": "Gold", "threshold": 5}]},
    )

    assert tier_named(stored, settings) == settings.tiers[1]


@pytest.mark.parametrize("stored", [None, "", "diamond", 5, ["gold"]])
def test_an_unknown_stored_tier_is_none(stored: object) -> None:
    assert tier_named(stored, DEFAULT_SETTINGS) is None


@pytest.mark.parametrize(
    ("current", "before_cents", "spend_cents", "tier"),
    [
        (None, None, 0, "bronze"),
        (None, 0, 600_00, "gold"),
        ("diamond", 0, 250_00, "silver"),
        ("bronze", 0, 1000_00, "platinum"),
        ("gold", 550_00, 450_00, "silver"),
        ("gold", 550_00, 0, "bronze"),
        ("gold", 550_00, 500_00, "gold"),
    ],
)
def test_the_tier_follows_the_spend(current: str | None, before_cents: int | None, spend_cents: int, tier: str) -> None:
    assert promoted(current, spend_cents, DEFAULT_SETTINGS, previous_spend_cents=before_cents).key == tier


@pytest.mark.parametrize(
    ("before_cents", "spend_cents", "tier"),
    [
        (None, 550_00, "gold"),  # only looked at
        (550_00, 560_00, "gold"),  # bought more, still below the raised threshold
        (560_00, 550_00, "gold"),  # took back some, crossing no threshold
        (560_00, 290_00, "bronze"),  # took back enough to lose what is left of it
        (560_00, 900_00, "gold"),
    ],
)
def test_a_raised_threshold_takes_no_tier_away(before_cents: int | None, spend_cents: int, tier: str) -> None:
    assert promoted("gold", spend_cents, RAISED, previous_spend_cents=before_cents).key == tier


@given(strategies.settings(), st.lists(SPENDS, min_size=1, max_size=6))
def test_under_unchanged_settings_only_the_spend_counts(settings: LoyaltySettings, spends: list[int]) -> None:
    current: str | None = None
    previous: int | None = None
    for spend in spends:
        tier = promoted(current, spend, settings, previous_spend_cents=previous)
        assert tier == tier_for(spend, settings)
        current, previous = tier.key, spend


@given(strategies.settings(), SPENDS, SPENDS)
def test_more_spend_is_never_a_lower_tier(settings: LoyaltySettings, one: int, other: int) -> None:
    low, high = sorted((one, other))

    assert tier_for(low, settings).threshold_cents <= tier_for(high, settings).threshold_cents


@pytest.mark.parametrize(
    ("spend_cents", "percent", "next_tier", "cents_to_next"),
    [
        (0, 0, "silver", 200_00),
        (100_00, 50, "silver", 100_00),
        (199_99, 99, "silver", 1),
        (200_00, 0, "gold", 300_00),
        (350_00, 50, "gold", 150_00),
        (1000_00, 100, None, 0),
        (-50_00, 0, "silver", 250_00),
    ],
)
def test_progress(spend_cents: int, percent: int, next_tier: str | None, cents_to_next: int) -> None:
    way = progress(spend_cents, DEFAULT_SETTINGS)

    assert (way.percent, way.cents_to_next) == (percent, cents_to_next)
    assert (way.next_tier.key if way.next_tier else None) == next_tier


def test_progress_from_a_tier_that_was_kept() -> None:
    gold = DEFAULT_SETTINGS.tiers[2]

    way = progress(450_00, DEFAULT_SETTINGS, held=gold)

    assert (way.percent, way.cents_to_next) == (0, 550_00)
    assert way.next_tier == DEFAULT_SETTINGS.tiers[3]


@given(strategies.settings(), SPENDS)
def test_spending_what_is_missing_reaches_the_next_tier(settings: LoyaltySettings, spend_cents: int) -> None:
    way = progress(spend_cents, settings)

    assert 0 <= way.percent <= 100
    assert (way.percent == 100) == (way.next_tier is None)
    if way.next_tier:
        assert tier_for(spend_cents + way.cents_to_next, settings) == way.next_tier
        assert tier_for(spend_cents + way.cents_to_next - 1, settings) != way.next_tier
