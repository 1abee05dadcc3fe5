"""Checks the only document the public may read: nothing but what is meant to be public, and nothing out of date."""

from collections.abc import Iterator, Mapping
from typing import Any

from lib.domain.invariants.violations import Document, Fields, Invariant, Violation

# Every path the public may read, written down a second time: a field added to the menu by mistake must not pass.
PUBLIC = frozenset(
    {
        "paused", "pointsPerDollar", "currency",
        "tiers", "tiers.name", "tiers.threshold", "tiers.color", "tiers.benefits",
        "discountPrograms", "discountPrograms.name", "discountPrograms.description", "discountPrograms.icon",
        "menuDisplay", "menuDisplay.showBar", "menuDisplay.loyaltyTagline", "menuDisplay.showDiscountPrograms",
        "menuDisplay.showDeliveryInfo", "menuDisplay.showDriveThru", "menuDisplay.deliveryMinimum",
        "menuDisplay.deliveryFee", "menuDisplay.deliveryRadius",
    }
)  # fmt: skip


def check_menu(path: str, menu: Document | None, expected: Fields) -> Iterator[Violation]:
    """The stored menu, None when there is none, against the one that the settings in force give."""
    stored = menu.fields if menu else {}
    leaked = sorted(set(_paths(stored)) - PUBLIC)
    if leaked:
        yield Violation(Invariant.MENU_PUBLIC, path, "only the public fields", f"also {', '.join(leaked)}")
    stale = sorted(name for name in expected if stored.get(name) != expected[name])
    if stale:
        yield Violation(Invariant.MENU_CURRENT, path, "the menu of the settings in force", f"other {', '.join(stale)}")


def _paths(value: Any, prefix: str = "") -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield f"{prefix}{name}"
            yield from _paths(inner, f"{prefix}{name}.")
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _paths(inner, prefix)
