"""The loyalty settings of an org: the values, how stored ones are read, how new ones are checked and written."""

from lib.domain.settings_input import to_document, updated_settings, validated_settings
from lib.domain.settings_model import (
    DEFAULT_SETTINGS,
    DiscountProgram,
    LoyaltySettings,
    MenuDisplay,
    RedemptionTier,
    SegmentThresholds,
    Tier,
)
from lib.domain.settings_stored import Problem, StoredSettings, effective_settings, read_settings

__all__ = [
    "DEFAULT_SETTINGS",
    "DiscountProgram",
    "LoyaltySettings",
    "MenuDisplay",
    "Problem",
    "RedemptionTier",
    "SegmentThresholds",
    "StoredSettings",
    "Tier",
    "effective_settings",
    "read_settings",
    "to_document",
    "updated_settings",
    "validated_settings",
]
