"""Settings documents as found: every shape is read, and a bad value costs that value and nothing else."""

import math
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.domain.settings import (
    DEFAULT_SETTINGS,
    LoyaltySettings,
    effective_settings,
    read_settings,
    to_document,
    validated_settings,
)
from tests.domain import strategies

SEEDED = {
    "enabled": True,
    "programName": "Rewards",
    "pointsPerDollar": 1,
    "dollarPerPoint": 0.01,
    "minPointsToRedeem": 100,
    "maxPointsPerOrder": 5000,
    "tierInactivityDays": 180,
    "createdAt": "2026-01-05T10:00:00Z",
    "tiers": [
        {"name": "Bronze", "requiredSpend": 0, "multiplier": 1, "benefits": ["Member prices"]},
        {"name": "Silver", "requiredSpend": 500, "multiplier": 1.2, "benefits": []},
        {"name": "Gold", "requiredSpend": 1000, "multiplier": 1.5, "benefits": []},
        {"name": "Platinum", "requiredSpend": 2500, "multiplier": 2, "benefits": []},
    ],
}


@pytest.mark.parametrize(("stored", "legacy"), [(None, None), ({}, {}), ({"updatedAt": 5}, None)])
def test_without_documents_the_defaults_are_in_force(stored: Any, legacy: Any) -> None:
    assert effective_settings(stored, legacy) == DEFAULT_SETTINGS


def test_the_seed_scripts_shape() -> None:
    read = read_settings(SEEDED, None)

    assert [(tier.id, tier.threshold_cents, tier.multiplier) for tier in read.settings.tiers] == [
        ("bronze", 0, Decimal(1)),
        ("silver", 50_000, Decimal("1.2")),
        ("gold", 100_000, Decimal("1.5")),
        ("platinum", 250_000, Decimal(2)),
    ]
    assert not read.settings.paused
    assert {problem.pointer for problem in read.problems} == {
        "/dollarPerPoint",
        "/minPointsToRedeem",
        "/maxPointsPerOrder",
        "/tierInactivityDays",
    }


def test_a_seeded_programme_that_is_not_enabled_is_paused() -> None:
    assert effective_settings({"enabled": False}, None).paused
    assert not effective_settings({"enabled": False, "paused": False}, None).paused


def test_the_loyalty_pages_document_is_used_where_the_other_says_nothing() -> None:
    legacy = {"pointsPerDollar": 3, "equityMultiplier": 1.0, "tiers": [{"name": "Member", "threshold": 0}]}

    settings = effective_settings({"segmentThresholds.vip_minOrders": 3, "pointsPerDollar": 2}, legacy)

    assert settings.points_per_dollar == 2
    assert settings.equity_multiplier == 1
    assert [tier.key for tier in settings.tiers] == ["member"]
    assert settings.segment_thresholds.vip_min_orders == 3


def test_a_bad_value_gives_way_to_the_other_documents() -> None:
    read = read_settings({"pointsPerDollar": "2"}, {"pointsPerDollar": 3})

    assert read.settings.points_per_dollar == 3
    assert [problem.pointer for problem in read.problems] == ["/pointsPerDollar"]


def test_literal_dotted_keys_win_over_nested_ones() -> None:
    settings = effective_settings(
        {
            "segmentThresholds": {"vip_minOrders": 9, "loyal_minOrders": 4},
            "segmentThresholds.vip_minOrders": 3,
            "menuDisplay.showBar": False,
        },
        None,
    )

    assert settings.segment_thresholds.vip_min_orders == 3
    assert settings.segment_thresholds.loyal_min_orders == 4
    assert settings.segment_thresholds.frequent_min_orders == 5
    assert not settings.menu_display.show_bar


def test_empty_tiers_fall_back_to_the_defaults() -> None:
    read = read_settings({"tiers": [], "redemptionTiers": [], "discountPrograms": []}, None)

    assert read.settings.tiers == DEFAULT_SETTINGS.tiers
    assert read.settings.redemption_tiers == DEFAULT_SETTINGS.redemption_tiers
    assert read.settings.discount_programs == ()
    assert not read.problems


def test_stored_tiers_are_sorted_and_the_unusable_ones_left_out() -> None:
    read = read_settings(
        {
            "tiers": [
                {"id": "gold", "name": "Gold", "threshold": 500, "color": "url(x)", "benefits": ["one", 2]},
                {"id": "base", "name": "Base", "threshold": 0},
                {"id": "odd", "name": "Odd", "threshold": math.nan},
                {"id": "gold", "name": "Gold again", "threshold": 600},
                {"id": "same", "name": "Same", "threshold": 500},
                {"threshold": 700},
                "junk",
            ]
        },
        None,
    )

    assert [(tier.id, tier.threshold_cents, tier.benefits) for tier in read.settings.tiers] == [
        ("base", 0, ()),
        ("gold", 50_000, ("one",)),
        ("gold again", 60_000, ()),
    ]
    assert read.settings.tiers[1].color == "#9CA3AF"
    assert len(read.problems) >= 6


@pytest.mark.parametrize(("name", "base"), [("Silver", "bronze"), ("Bronze", "member")])
def test_tiers_without_a_base_get_one_below(name: str, base: str) -> None:
    read = read_settings({"tiers": [{"name": name, "threshold": 100}]}, None)

    assert [tier.key for tier in read.settings.tiers] == [base, name.lower()]
    assert [problem.pointer for problem in read.problems] == ["/tiers/0/threshold"]


def test_rewards_without_an_id_are_named_by_their_cost() -> None:
    settings = effective_settings({"redemptionTiers": [{"pointsCost": 50, "rewardValue": 2}]}, None)

    assert [(tier.id, tier.reward_value_cents) for tier in settings.redemption_tiers] == [("redemption_50", 200)]


def test_only_the_dashboards_names_are_read() -> None:
    read = read_settings({"points_per_dollar": 9, "menuDisplay": {"show_bar": False}}, None)

    assert read.settings == DEFAULT_SETTINGS


def test_contradicting_days_fall_back_together() -> None:
    read = read_settings(
        {"segmentThresholds": {"slipping_minDays": 80, "churned_minDays": 70, "vip_minOrders": 3}}, None
    )

    days = read.settings.segment_thresholds
    assert (days.slipping_min_days, days.at_risk_min_days, days.churned_min_days) == (30, 60, 90)
    assert days.vip_min_orders == 3
    assert len(read.problems) == 1


def test_documents_that_contradict_each_other_are_reconciled() -> None:
    settings = effective_settings(
        {"segmentThresholds": {"slipping_minDays": 55}, "timeZone": "America/Chicago"},
        {"segmentThresholds": {"atRisk_minDays": 50}, "country": "NG"},
    )

    assert (settings.country, settings.time_zone, settings.currency) == ("NG", "Africa/Lagos", "NGN")
    assert settings.segment_thresholds == DEFAULT_SETTINGS.segment_thresholds


@pytest.mark.parametrize("never", [999_999_999, 10**30, math.inf, 1e300])
def test_a_threshold_out_of_reach_stays_out_of_reach(never: float) -> None:
    settings = effective_settings(
        {
            "segmentThresholds": {"churned_minDays": never, "vip_minLifetimeValue": never, "vip_minOrders": never},
            "tiers": [{"name": "Base", "threshold": 0}, {"name": "Nobody", "threshold": never}],
        },
        None,
    )

    assert settings.segment_thresholds.churned_min_days == 36_500
    assert settings.segment_thresholds.vip_min_lifetime_cents == 10_000_000_000
    assert settings.segment_thresholds.vip_min_orders == 1_000_000
    assert settings.tiers[1].threshold_cents == 10_000_000_000


def test_fractions_are_read_as_they_compare() -> None:
    settings = effective_settings({"pointsPerDollar": 1 / 3, "segmentThresholds": {"new_maxDays": 14.5}}, None)

    assert settings.points_per_dollar == Decimal("0.333333")
    assert settings.segment_thresholds.new_max_days == 15


def test_lists_that_are_too_long_are_cut() -> None:
    tiers = [{"name": f"T{step}", "threshold": step, "benefits": ["x"] * 50} for step in range(500)]

    settings = effective_settings({"tiers": tiers}, None)

    assert len(settings.tiers) == 20
    assert len(settings.tiers[0].benefits) == 20


@given(strategies.settings())
def test_what_we_write_is_read_back_without_a_problem(settings: LoyaltySettings) -> None:
    read = read_settings(to_document(settings) | {"updatedAt": "x", "unknown": {}}, {"pointsPerDollar": 7})

    assert read.settings == settings
    assert not read.problems


FIELDS = [
    *("pointsPerDollar", "tiers", "redemptionTiers", "segmentThresholds", "menuDisplay", "discountPrograms", "country"),
    *("timeZone", "paused", "enabled", "segmentThresholds.slipping_minDays", "menuDisplay.showBar", "holdMinutes"),
]
LIKELY = st.fixed_dictionaries(
    {},
    optional={
        "id": st.sampled_from(["a", "b", "", " "]),
        "name": st.sampled_from(["A", "B", "Bronze", "Member", ""]),
        "threshold": st.sampled_from([0, 5, 5, -1, math.inf, math.nan, "5", None]),
        "requiredSpend": st.integers(0, 9),
        "pointsCost": st.integers(-1, 9),
        "rewardValue": st.sampled_from([1, 2.5, 0, "x"]),
        "benefits": strategies.json_values,
        "slipping_minDays": st.sampled_from([10, 50, 70, 100, -1, "x"]),
        "atRisk_minDays": st.sampled_from([10, 50, 70, 100]),
        "churned_minDays": st.sampled_from([10, 50, 70, 100]),
    },
)
DOCUMENTS = st.none() | st.dictionaries(
    st.sampled_from(FIELDS),
    strategies.json_values | LIKELY | st.lists(LIKELY, max_size=5) | st.sampled_from(["US", "NG", "Africa/Lagos"]),
)


@given(DOCUMENTS, DOCUMENTS)
def test_no_document_stops_the_shop(stored: dict[str, Any] | None, legacy: dict[str, Any] | None) -> None:
    settings = effective_settings(stored, legacy)

    assert validated_settings(to_document(settings)) == settings
