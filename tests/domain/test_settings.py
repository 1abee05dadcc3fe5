"""Settings as callers send them: defaults, bounds, contradictions, partial updates, and the document written."""

import math
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from pydantic import ValidationError

from lib.domain.errors import InvalidInput
from lib.domain.settings import (
    DEFAULT_SETTINGS,
    LoyaltySettings,
    to_document,
    updated_settings,
    validated_settings,
)
from tests.domain import strategies

BASE = {"id": "base", "name": "Base", "threshold": 0}
GOLD = {"id": "gold", "name": "Gold", "threshold": 500}
SMALL = {"id": "small", "pointsCost": 100, "rewardValue": 5}


def test_defaults_are_the_dashboards() -> None:
    document = to_document(validated_settings({}))

    assert document["pointsPerDollar"] == 1
    assert document["equityMultiplier"] == 1.2
    assert document["enableGamification"] is False
    assert [(tier["id"], tier["threshold"]) for tier in document["tiers"]] == [
        ("bronze", 0),
        ("silver", 200),
        ("gold", 500),
        ("platinum", 1000),
    ]
    assert [(reward["pointsCost"], reward["rewardValue"]) for reward in document["redemptionTiers"]] == [
        (100, 5),
        (250, 15),
        (500, 35),
    ]
    assert document["segmentThresholds"] == {
        "loyal_minOrders": 2,
        "vip_minLifetimeValue": 500,
        "vip_minOrders": 8,
        "vip_minAOV": 50,
        "highValue_minAOV": 75,
        "highValue_maxOrders": 5,
        "frequent_minOrders": 5,
        "frequent_maxAOV": 60,
        "slipping_minDays": 30,
        "atRisk_minDays": 60,
        "churned_minDays": 90,
        "new_maxDays": 30,
    }
    assert document["menuDisplay"] == {
        "showBar": True,
        "loyaltyTagline": "",
        "showDiscountPrograms": True,
        "showDeliveryInfo": False,
        "deliveryMinimum": 50,
        "deliveryFee": 10,
        "deliveryRadius": 20,
        "showDriveThru": False,
    }
    assert [program["id"] for program in document["discountPrograms"] if not program["enabled"]] == [
        "military",
        "senior",
        "student",
    ]
    assert document["pointsExpireMonths"] is None


def test_values_are_exact() -> None:
    settings = validated_settings({"pointsPerDollar": 1.1, "tiers": [BASE, GOLD | {"threshold": 49.99}]})

    assert settings.points_per_dollar == Decimal("1.1")
    assert settings.tiers[1].threshold_cents == 4999
    assert settings.tiers[1].multiplier == 1


def test_a_tier_without_an_id_gets_its_name() -> None:
    settings = validated_settings({"tiers": [{"name": "Base", "threshold": 0}, {"name": " VIP ", "threshold": 9}]})

    assert [(tier.id, tier.name, tier.key) for tier in settings.tiers] == [
        ("base", "Base", "base"),
        ("vip", "VIP", "vip"),
    ]


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ([], ""),
        ({"pointsPerDollar": -0.5}, "/pointsPerDollar"),
        ({"pointsPerDollar": 1000.5}, "/pointsPerDollar"),
        ({"pointsPerDollar": math.nan}, "/pointsPerDollar"),
        ({"pointsPerDollar": math.inf}, "/pointsPerDollar"),
        ({"pointsPerDollar": "1"}, "/pointsPerDollar"),
        ({"pointsPerDollar": True}, "/pointsPerDollar"),
        ({"pointsPerDollar": None}, "/pointsPerDollar"),
        ({"pointsPerDollar": 0.1234567}, "/pointsPerDollar"),
        ({"pointsPerDollar": 1e300}, "/pointsPerDollar"),
        ({"equityMultiplier": 0.9}, "/equityMultiplier"),
        ({"equityMultiplier": 5.1}, "/equityMultiplier"),
        ({"earnBase": "net"}, "/earnBase"),
        ({"clawback": "never"}, "/clawback"),
        ({"redemptionMode": "any"}, "/redemptionMode"),
        ({"pointsExpireMonths": 0}, "/pointsExpireMonths"),
        ({"pointsExpireMonths": 1.5}, "/pointsExpireMonths"),
        ({"holdMinutes": 1441}, "/holdMinutes"),
        ({"paused": 1}, "/paused"),
        ({"points_per_dollar": 1}, "/points_per_dollar"),
        ({"surprise": 1}, "/surprise"),
        ({"a/b~c": 1}, "/a~1b~0c"),
        ({"tiers": []}, "/tiers"),
        ({"tiers": {"0": BASE}}, "/tiers"),
        ({"tiers": [BASE] * 21}, "/tiers"),
        ({"tiers": [GOLD]}, "/tiers/0/threshold"),
        ({"tiers": [GOLD, BASE]}, "/tiers/0/threshold"),
        ({"tiers": [BASE, GOLD, GOLD | {"id": "g", "name": "G", "threshold": 100}]}, "/tiers/2/threshold"),
        ({"tiers": [BASE, GOLD, GOLD | {"id": "g", "name": "G"}]}, "/tiers/2/threshold"),
        ({"tiers": [BASE, GOLD | {"id": "base"}]}, "/tiers/1/id"),
        ({"tiers": [BASE, GOLD | {"id": "BASE"}]}, "/tiers/1/id"),
        ({"tiers": [BASE, GOLD | {"name": "base"}]}, "/tiers/1/name"),
        ({"tiers": [BASE, GOLD | {"name": "  "}]}, "/tiers/1/name"),
        ({"tiers": [BASE, GOLD | {"name": "x" * 101}]}, "/tiers/1/name"),
        ({"tiers": [BASE, GOLD | {"threshold": -1}]}, "/tiers/1/threshold"),
        ({"tiers": [BASE, GOLD | {"threshold": "500"}]}, "/tiers/1/threshold"),
        ({"tiers": [BASE, GOLD | {"threshold": 1e12}]}, "/tiers/1/threshold"),
        ({"tiers": [BASE, {"name": "Gold"}]}, "/tiers/1/threshold"),
        ({"tiers": [BASE, GOLD | {"threshold_cents": 5}]}, "/tiers/1/threshold_cents"),
        ({"tiers": [BASE, GOLD | {"requiredSpend": 5}]}, "/tiers/1/requiredSpend"),
        ({"tiers": [BASE, GOLD | {"multiplier": 0.5}]}, "/tiers/1/multiplier"),
        ({"tiers": [BASE, GOLD | {"multiplier": 10.5}]}, "/tiers/1/multiplier"),
        ({"tiers": [BASE, GOLD | {"benefits": "free"}]}, "/tiers/1/benefits"),
        ({"tiers": [BASE, GOLD | {"benefits": ["ok", 5]}]}, "/tiers/1/benefits/1"),
        ({"tiers": [BASE, GOLD | {"color": "red;background:url(x)"}]}, "/tiers/1/color"),
        ({"tiers": [BASE, GOLD | {"color": "red\n"}]}, "/tiers/1/color"),
        ({"redemptionTiers": []}, "/redemptionTiers"),
        ({"redemptionTiers": [SMALL | {"pointsCost": 0}]}, "/redemptionTiers/0/pointsCost"),
        ({"redemptionTiers": [SMALL | {"pointsCost": 99.5}]}, "/redemptionTiers/0/pointsCost"),
        ({"redemptionTiers": [SMALL | {"rewardValue": 0.99}]}, "/redemptionTiers/0/rewardValue"),
        ({"redemptionTiers": [SMALL, SMALL | {"pointsCost": 5}]}, "/redemptionTiers/1/id"),
        ({"redemptionTiers": [SMALL, SMALL | {"id": "b"}]}, "/redemptionTiers/1/pointsCost"),
        ({"redemptionTiers": [{"pointsCost": 5, "rewardValue": 5}]}, "/redemptionTiers/0/id"),
        ({"segmentThresholds": {"vip_minOrders": -1}}, "/segmentThresholds/vip_minOrders"),
        ({"segmentThresholds": {"vip_minOrders": 1.5}}, "/segmentThresholds/vip_minOrders"),
        ({"segmentThresholds": {"vip_minSpend": 1}}, "/segmentThresholds/vip_minSpend"),
        ({"segmentThresholds": {"slipping_minDays": 60}}, "/segmentThresholds/atRisk_minDays"),
        ({"segmentThresholds": {"atRisk_minDays": 90}}, "/segmentThresholds/churned_minDays"),
        ({"segmentThresholds": {"churned_minDays": 45}}, "/segmentThresholds/churned_minDays"),
        ({"segmentThresholds": {"churned_minDays": 36501}}, "/segmentThresholds/churned_minDays"),
        ({"segmentThresholds.vip_minOrders": 3}, "/segmentThresholds.vip_minOrders"),
        ({"discountPrograms": [{"name": "Staff", "icon": "bomb"}]}, "/discountPrograms/0/icon"),
        ({"discountPrograms": [{"name": "Staff"}, {"name": "staff"}]}, "/discountPrograms/1/id"),
        ({"menuDisplay": {"deliveryFee": -1}}, "/menuDisplay/deliveryFee"),
        ({"menuDisplay": {"secret": 1}}, "/menuDisplay/secret"),
        ({"menuDisplay": 5}, "/menuDisplay"),
        ({"country": "GB"}, "/country"),
        ({"timeZone": "Africa/Lagos"}, "/timeZone"),
        ({"country": "NG", "timeZone": "America/New_York"}, "/timeZone"),
    ],
)
def test_what_cannot_be_right_is_refused_by_field(document: Any, pointer: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        validated_settings(document)

    assert refusal.value.pointer == pointer
    assert refusal.value.message


def test_refusals_are_in_words() -> None:
    with pytest.raises(InvalidInput, match="is not a known field"):
        validated_settings({"surprise": 1})
    with pytest.raises(InvalidInput, match="is required"):
        validated_settings({"tiers": [{"name": "Base"}]})


def test_settings_cannot_be_changed_in_place() -> None:
    with pytest.raises(ValidationError):
        DEFAULT_SETTINGS.paused = True


def test_text_is_kept_without_the_space_around_it() -> None:
    settings = validated_settings({"tiers": [BASE | {"id": " base ", "benefits": [" free "]}]})

    assert (settings.tiers[0].id, settings.tiers[0].benefits) == ("base", ("free",))


def test_rewards_are_kept_by_cost() -> None:
    settings = validated_settings({"redemptionTiers": [SMALL, SMALL | {"id": "tiny", "pointsCost": 10}]})

    assert [tier.id for tier in settings.redemption_tiers] == ["tiny", "small"]


def test_an_update_leaves_the_rest_alone() -> None:
    current = validated_settings({"pointsPerDollar": 2, "segmentThresholds": {"vip_minOrders": 3}})

    changed = updated_settings(current, {"segmentThresholds": {"loyal_minOrders": 4}, "tiers": [BASE]})

    assert changed.points_per_dollar == 2
    assert changed.segment_thresholds.vip_min_orders == 3
    assert changed.segment_thresholds.loyal_min_orders == 4
    assert [tier.id for tier in changed.tiers] == ["base"]
    assert current.segment_thresholds.loyal_min_orders == 2


def test_an_update_is_checked_together_with_what_stays() -> None:
    current = validated_settings({"segmentThresholds": {"atRisk_minDays": 40}})

    with pytest.raises(InvalidInput) as refusal:
        updated_settings(current, {"segmentThresholds": {"slipping_minDays": 40}})

    assert refusal.value.pointer == "/segmentThresholds/atRisk_minDays"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [(None, ""), ({"menuDisplay": None}, "/menuDisplay"), ({"x": 1}, "/x"), ({"tiers": None}, "/tiers")],
)
def test_a_bad_update_is_refused(change: Any, pointer: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        updated_settings(DEFAULT_SETTINGS, change)

    assert refusal.value.pointer == pointer


def test_moving_to_another_country_brings_its_money_and_time_along() -> None:
    moved = updated_settings(DEFAULT_SETTINGS, {"country": "NG"})
    kept = updated_settings(DEFAULT_SETTINGS, {"country": "NG", "currency": "USD"})

    assert (moved.currency, moved.time_zone, moved.home.day_first) == ("NGN", "Africa/Lagos", True)
    assert (kept.currency, kept.time_zone) == ("USD", "Africa/Lagos")
    assert updated_settings(moved, {"country": "NG", "paused": True}).currency == "NGN"


@given(strategies.settings())
def test_a_written_document_is_read_back_as_it_was(settings: LoyaltySettings) -> None:
    again = validated_settings(to_document(settings))

    assert again == settings
    assert again.rule_version == settings.rule_version


@given(strategies.settings(), strategies.settings())
def test_the_rule_version_names_the_settings(one: LoyaltySettings, other: LoyaltySettings) -> None:
    assert (one.rule_version == other.rule_version) == (one == other)
    assert len(one.rule_version) == 12
    assert set(one.rule_version) <= set("0123456789abcdef")


@given(strategies.json_values)
def test_any_input_is_accepted_or_refused_by_name(value: Any) -> None:
    for document in (value, {"tiers": value}, {"segmentThresholds": value}, {"pointsPerDollar": value}):
        try:
            validated_settings(document)
        except InvalidInput as refusal:
            assert refusal.pointer == "" or refusal.pointer.startswith("/")
