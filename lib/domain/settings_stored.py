"""Reads the settings documents that exist, in every shape found, and never fails: what cannot be used is reported.

Shapes: the dashboard's (`tenants/{org}/settings/loyalty`), the seed scripts' at the same path (tiers with
`requiredSpend` and no id, `enabled`), the loyalty page's (`loyalty_settings/{org}`), and thresholds saved as literal
dotted keys.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from lib.domain.json_pointer import json_pointer
from lib.domain.settings_fields import STORED, wire_name
from lib.domain.settings_model import DATES, DEFAULT_SETTINGS, LoyaltySettings

_FIELDS = tuple(wire_name(field) for field in LoyaltySettings.model_fields)
_DATES = tuple(map(wire_name, DATES))
_NESTED = ("segmentThresholds", "menuDisplay", "tierPolicy")
_TIER_LISTS = ("tiers", "redemptionTiers")
_DAYS = ("slipping_minDays", "atRisk_minDays", "churned_minDays")
# The seed scripts write these; nothing has ever applied them, and a shop that set one should hear so.
_NOT_APPLIED = ("dollarPerPoint", "minPointsToRedeem", "maxPointsPerOrder", "tierInactivityDays")
_MAX_ITEMS = 100


@dataclass(frozen=True, slots=True)
class Problem:
    """A stored value that was not used: its JSON pointer, counting tiers by threshold and without those left out before
    it, and why."""

    pointer: str
    message: str


@dataclass(frozen=True, slots=True)
class StoredSettings:
    """What is in force, and what of the documents was left out."""

    settings: LoyaltySettings
    problems: tuple[Problem, ...] = ()


def effective_settings(stored: Mapping[str, Any] | None, legacy: Mapping[str, Any] | None) -> LoyaltySettings:
    """The settings in force, given `tenants/{org}/settings/loyalty` and `loyalty_settings/{org}`. Never raises."""
    return read_settings(stored, legacy).settings


def read_settings(stored: Mapping[str, Any] | None, legacy: Mapping[str, Any] | None) -> StoredSettings:
    """As effective_settings, with the problems found.

    Each field comes from `stored` if it has a usable value there, else from `legacy`, else from the defaults: a value
    somebody chose beats one nobody chose (saving only thresholds creates `stored` without a rate). The dashboard's
    merge rules hold: empty lists of tiers count as absent, nested maps merge key by key, dotted keys win.
    """
    problems: list[Problem] = []
    fields: dict[str, Any] = {}
    # The dates that we keep stand in one of the documents only.
    without_dates = {name: value for name, value in (legacy or {}).items() if name not in _DATES}
    for document in (without_dates, stored):
        if document:
            fields = _overlaid(fields, _usable(_one_shape(document), problems))
            problems += [Problem(f"/{name}", "is not applied") for name in _NOT_APPLIED if name in document]
    if not fields:
        return StoredSettings(DEFAULT_SETTINGS, tuple(problems))
    # Values that are sound in each document may contradict each other once they are laid over each other.
    return StoredSettings(_parsed(_usable(fields, problems)), tuple(problems))


def _parsed(fields: Mapping[str, Any]) -> LoyaltySettings:
    return LoyaltySettings.model_validate(fields, context=STORED, by_alias=True, by_name=False, extra="ignore")


def _overlaid(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**below, **above}
    for name in _NESTED:
        if name in below and name in above:
            merged[name] = {**below[name], **above[name]}
    return merged


def _one_shape(document: Mapping[str, Any]) -> dict[str, Any]:
    """Our fields of the document as fresh mutable values, whatever its shape."""
    fields = {name: _plain(document[name]) for name in _FIELDS if document.get(name) is not None}
    for name in _NESTED:
        dotted = {key.removeprefix(f"{name}."): document[key] for key in document if key.startswith(f"{name}.")}
        nested = fields.get(name)
        if dotted:
            fields[name] = {**(nested if isinstance(nested, dict) else {}), **dotted}
    for name in _TIER_LISTS:
        if fields.get(name) == []:
            del fields[name]
    if isinstance(fields.get("tiers"), list):
        fields["tiers"] = sorted((_tier(item) for item in fields["tiers"]), key=_threshold)
    if isinstance(fields.get("redemptionTiers"), list):
        fields["redemptionTiers"] = [_redemption_tier(item) for item in fields["redemptionTiers"]]
    if document.get("enabled") is False and "paused" not in fields:
        fields["paused"] = True
    return fields


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value[:_MAX_ITEMS]] if isinstance(value, list | tuple) else value


def _tier(item: Any) -> Any:
    if isinstance(item, dict) and "threshold" not in item and "requiredSpend" in item:
        return {**item, "threshold": item["requiredSpend"]}
    return item


def _threshold(item: Any) -> float:
    value = item.get("threshold") if isinstance(item, dict) else None
    return value if isinstance(value, int | float) and not math.isnan(value) else math.inf


def _redemption_tier(item: Any) -> Any:
    if isinstance(item, dict) and "id" not in item and "pointsCost" in item:
        return {**item, "id": f"redemption_{item['pointsCost']}"}
    return item


def _usable(fields: dict[str, Any], problems: list[Problem]) -> dict[str, Any]:
    """`fields` without what the settings refuse; one offending value goes at a time, so it ends."""
    while True:
        try:
            _parsed(fields)
        except ValidationError as refusal:
            error = refusal.errors(include_url=False, include_input=False)[0]
            path = [*error["loc"], *error.get("ctx", {}).get("at", ())]
            problems.append(Problem(json_pointer(path), error["msg"]))
            _mend(fields, path, error["type"], error.get("ctx", {}))
        else:
            return fields


def _mend(fields: dict[str, Any], path: list[str | int], kind: str, context: Mapping[str, Any]) -> None:
    """Makes one error go away, taking as little as possible with it."""
    if kind == "no_base_tier" and fields["tiers"]:
        fields["tiers"].insert(0, _base_tier(fields["tiers"]))
    elif kind == "days_order":
        for name in _DAYS:
            fields["segmentThresholds"].pop(name, None)
    elif kind == "too_long" and isinstance(_at(fields, path), list):
        del _at(fields, path)[context["max_length"] :]
    else:
        _remove(fields, path[:-1] if kind == "missing" else path)


def _base_tier(tiers: list[dict[str, Any]]) -> dict[str, Any]:
    """Below the lowest stored threshold the dashboard shows Bronze."""
    taken = {str(tier.get(field, "")).strip().lower() for tier in tiers for field in ("id", "name")}
    name = next(
        name
        for name in ("Bronze", "Member", *(f"Base {n}" for n in range(_MAX_ITEMS * 2 + 1)))
        if name.lower() not in taken
    )
    return {"name": name, "threshold": 0}


def _at(fields: Any, path: list[str | int]) -> Any:
    value = fields
    for step in path:
        value = value[step]
    return value


def _remove(fields: dict[str, Any], path: list[str | int]) -> None:
    """Takes out the value at `path`, or the nearest one around it that is there."""
    while path:
        try:
            del _at(fields, path[:-1])[path[-1]]
        except (KeyError, IndexError, TypeError):
            path = path[:-1]
        else:
            return
    fields.clear()
