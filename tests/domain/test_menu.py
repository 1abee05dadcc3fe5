"""The public menu: what it shows, and that nothing else can be in it."""

import json
from decimal import Decimal

import pytest
from hypothesis import given

from lib.domain.menu import public_menu
from lib.domain.settings import DEFAULT_SETTINGS, LoyaltySettings, updated_settings
from tests.domain import strategies

# Everything the public may read. A new name here is a decision, not an oversight.
PUBLIC = {
    "": {"paused", "pointsPerDollar", "tiers", "discountPrograms", "menuDisplay", "currency"},
    "tiers": {"name", "threshold", "color", "benefits"},
    "discountPrograms": {"name", "description", "icon"},
    "menuDisplay": {"showBar", "loyaltyTagline", "showDiscountPrograms", "showDeliveryInfo", "showDriveThru"},
}
DELIVERY = {"deliveryMinimum", "deliveryFee", "deliveryRadius"}


def test_the_menu_of_the_defaults() -> None:
    menu = public_menu(DEFAULT_SETTINGS)

    assert menu["pointsPerDollar"] == 1
    assert [(tier["name"], tier["threshold"]) for tier in menu["tiers"]] == [
        ("Bronze", 0),
        ("Silver", 200),
        ("Gold", 500),
        ("Platinum", 1000),
    ]
    assert menu["discountPrograms"] == []
    assert menu["currency"] == "USD"


def test_enabled_programmes_are_shown_with_their_icons() -> None:
    programs = [
        {"name": "Veterans", "enabled": True, "description": "10% off", "icon": "shield"},
        {"name": "Seniors", "enabled": False, "description": "15% off", "icon": "heart"},
    ]
    settings = updated_settings(DEFAULT_SETTINGS, {"discountPrograms": programs})
    hidden = updated_settings(settings, {"menuDisplay": {"showDiscountPrograms": False}})

    assert public_menu(settings)["discountPrograms"] == [
        {"name": "Veterans", "description": "10% off", "icon": "shield"}
    ]
    assert public_menu(hidden)["discountPrograms"] == []


def test_delivery_terms_are_shown_only_when_switched_on() -> None:
    shown = updated_settings(DEFAULT_SETTINGS, {"menuDisplay": {"showDeliveryInfo": True, "deliveryFee": 4.5}})

    assert not DELIVERY & public_menu(DEFAULT_SETTINGS)["menuDisplay"].keys()
    display = public_menu(shown)["menuDisplay"]
    assert {name: display[name] for name in DELIVERY} == {
        "deliveryMinimum": 50,
        "deliveryFee": 4.5,
        "deliveryRadius": 20,
    }


def test_a_paused_programme_promises_nothing() -> None:
    menu = public_menu(updated_settings(DEFAULT_SETTINGS, {"paused": True}))

    assert menu["paused"]
    assert menu["pointsPerDollar"] is None
    assert menu["tiers"] == []


@given(strategies.settings())
def test_nothing_that_is_not_public_is_in_it(settings: LoyaltySettings) -> None:
    menu = public_menu(settings)

    assert menu.keys() == PUBLIC[""]
    for name in ("tiers", "discountPrograms"):
        assert all(item.keys() == PUBLIC[name] for item in menu[name])
    extra = DELIVERY if settings.menu_display.show_delivery_info else set()
    assert menu["menuDisplay"].keys() == PUBLIC["menuDisplay"] | extra
    assert json.loads(json.dumps(menu)) == menu


@pytest.mark.parametrize(
    "change",
    [
        {"equity_multiplier": Decimal("4.9")},
        {"hold_minutes": 7},
        {"clawback": "allow_negative"},
        {"redemption_mode": "pro_rata"},
        {"earn_base": "subtotal"},
        {"points_expire_months": 5},
        {"redemption_tiers": DEFAULT_SETTINGS.redemption_tiers[:1]},
        {"segment_thresholds": DEFAULT_SETTINGS.segment_thresholds.model_copy(update={"vip_min_orders": 3})},
        {"tiers": tuple(tier.model_copy(update={"multiplier": Decimal(9)}) for tier in DEFAULT_SETTINGS.tiers)},
    ],
)
def test_what_is_not_public_changes_nothing(change: dict[str, object]) -> None:
    changed = DEFAULT_SETTINGS.model_copy(update=change)

    assert changed != DEFAULT_SETTINGS
    assert public_menu(changed) == public_menu(DEFAULT_SETTINGS)
