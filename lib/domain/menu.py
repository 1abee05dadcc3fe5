"""The public view of an org's programme: the only thing of its settings that anybody may read.

Every field is named here. What is not named is not public, above all the equity multiplier: neither its value nor
who is eligible may be told to customers.
"""

from typing import Any

from lib.domain.money import dollars
from lib.domain.settings_model import DiscountProgram, LoyaltySettings, MenuDisplay, Tier


def public_menu(settings: LoyaltySettings) -> dict[str, Any]:
    """What `tenants/{org}/public/menu` holds and the menu page shows, under the dashboard's names, money in dollars.

    While the programme is paused its promises (rate and tiers) are left out. Discount programmes appear only when
    enabled and shown, delivery terms only when shown.
    """
    display = settings.menu_display
    programs = settings.discount_programs if display.show_discount_programs else ()
    return {
        "paused": settings.paused,
        "pointsPerDollar": None if settings.paused else float(settings.points_per_dollar),
        "tiers": [] if settings.paused else [_tier(tier) for tier in settings.tiers],
        "discountPrograms": [_program(program) for program in programs if program.enabled],
        "menuDisplay": _display(display),
        "currency": settings.currency,
    }


def _tier(tier: Tier) -> dict[str, Any]:
    return {
        "name": tier.name,
        "threshold": dollars(tier.threshold_cents),
        "color": tier.color,
        "benefits": list(tier.benefits),
    }


def _program(program: DiscountProgram) -> dict[str, Any]:
    return {"name": program.name, "description": program.description, "icon": program.icon}


def _display(display: MenuDisplay) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "showBar": display.show_bar,
        "loyaltyTagline": display.loyalty_tagline,
        "showDiscountPrograms": display.show_discount_programs,
        "showDeliveryInfo": display.show_delivery_info,
        "showDriveThru": display.show_drive_thru,
    }
    if display.show_delivery_info:
        shown["deliveryMinimum"] = dollars(display.delivery_minimum_cents)
        shown["deliveryFee"] = dollars(display.delivery_fee_cents)
        shown["deliveryRadius"] = float(display.delivery_radius)
    return shown
