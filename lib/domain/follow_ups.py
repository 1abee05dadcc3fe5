"""What a change of settings asks to be done with customers and orders that are there already: which runs, over whom.

Rates touch later orders only, and start nothing. What a standing follows from (tiers, segments, policy, …) has every
customer worked out anew; a programme that goes on may have to make up for orders placed during the pause.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lib.domain.ids import fingerprint
from lib.domain.settings import LoyaltySettings, to_document, validated_settings
from lib.domain.settings_dates import dates_of

RECALCULATION = "recalculation"
RESUME = "resume"
RERATING = "rerating"
"""The names of the runs."""

_NOT_RATES = ("menuDisplay", "discountPrograms", "redemptionTiers", "segmentThresholds", "tierPolicy", "paused")


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A run to be started: its job, its key, which is the same for every delivery of the event, and its parameters."""

    job: str
    key: str
    params: Mapping[str, Any]


def follow_ups(before: LoyaltySettings, after: LoyaltySettings, at: datetime) -> tuple[FollowUp, ...]:
    """The runs that follow from a write at `at` (UTC) which has put `after` in the place of `before`."""
    found: list[FollowUp] = []
    if standing_version(before) != standing_version(after):
        found.append(recalculation(after, at, key=f"{standing_version(after)}:{at.isoformat()}"))
    if _goes_on(before, after) and after.paused_orders == "accrue_on_resume":
        found.append(_making_up(after, at))
    return tuple(found)


def recalculation(settings: LoyaltySettings, at: datetime, *, key: str) -> FollowUp:
    """Every customer by these settings, which were in force at `at`."""
    params = {"standingVersion": standing_version(settings), "at": at.isoformat()}
    return FollowUp(RECALCULATION, key, params)


def standing_version(settings: LoyaltySettings) -> str:
    """12 hex digits that change when, and only when, anything changes that a customer's standing follows from."""
    followed = settings.model_dump(
        mode="json",
        include={"segment_thresholds", "tier_policy", "clawback", "expiry_warning_days", "paused", "time_zone"},
    )
    followed["tiers"] = [[tier.id, tier.key, tier.threshold_cents] for tier in settings.tiers]
    followed["dates"] = {name: date.isoformat() if date else None for name, date in dates_of(settings).items()}
    return fingerprint(followed)[:12]


def rates_document(settings: LoyaltySettings) -> dict[str, Any]:
    """What of the settings says how much an order earns and from when to when its points can be spent, as plain JSON
    for a run that is to keep to it whatever changes meanwhile."""
    return {name: value for name, value in to_document(settings).items() if name not in _NOT_RATES}


def rates_of(document: Mapping[str, Any]) -> LoyaltySettings:
    """Settings with the rates of a document written by `rates_document`; the rest are defaults."""
    return validated_settings(document)


def _goes_on(before: LoyaltySettings, after: LoyaltySettings) -> bool:
    """Whether this is the write that says when the programme went on."""
    return not after.paused and after.resumed_at is not None and after.resumed_at != before.resumed_at


def _making_up(settings: LoyaltySettings, at: datetime) -> FollowUp:
    dates = {name: date.isoformat() if date else None for name, date in dates_of(settings).items()}
    key = str(dates["resumedAt"])
    params = {
        "at": at.isoformat(),
        "key": key,
        "pausedAt": dates["pausedAt"],
        "resumedAt": dates["resumedAt"],
        "ruleVersion": settings.rule_version,
        "rates": rates_document(settings),
    }
    return FollowUp(RESUME, key, params)
