"""Settings as a caller sends them: checked strictly, laid over those in force, written in the dashboard's names."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from lib.domain.errors import InvalidInput
from lib.domain.json_pointer import json_pointer
from lib.domain.settings_fields import INPUT, wire_name
from lib.domain.settings_model import DATES, LoyaltySettings

_MERGED_BY_KEY = ("segmentThresholds", "menuDisplay", "tierPolicy")
_IMPLIED_BY_COUNTRY = ("currency", "timeZone")


def validated_settings(document: object) -> LoyaltySettings:
    """The settings a complete document describes, in the dashboard's names and dollars; absent fields are defaults.

    Raises InvalidInput with the JSON pointer of the first field that is wrong, unknown or contradicts another.
    """
    if not isinstance(document, Mapping):
        raise InvalidInput("must be an object")
    for name in map(wire_name, DATES):
        if name in document:
            raise InvalidInput("is not a known field", pointer=f"/{name}")
    try:
        return LoyaltySettings.model_validate(dict(document), context=INPUT, by_alias=True, by_name=False)
    except ValidationError as refusal:
        error = refusal.errors(include_url=False, include_input=False)[0]
        path = [*error["loc"], *error.get("ctx", {}).get("at", ())]
        raise InvalidInput(_message(error["type"], error["msg"]), pointer=json_pointer(path)) from None


def updated_settings(current: LoyaltySettings, change: object) -> LoyaltySettings:
    """`current` with the fields of `change`: the nested maps merge key by key, lists are replaced whole.

    Moving to another country brings its currency and time zone along unless `change` names them.
    Raises InvalidInput as validated_settings does; `current` is not touched.
    """
    if not isinstance(change, Mapping):
        raise InvalidInput("must be an object")
    merged = to_document(current)
    if change.get("country", current.country) != current.country:
        for name in _IMPLIED_BY_COUNTRY:
            del merged[name]
    for name, value in change.items():
        by_key = name in _MERGED_BY_KEY and isinstance(value, Mapping)
        merged[name] = {**merged[name], **value} if by_key else value
    return validated_settings(merged)


def to_document(settings: LoyaltySettings) -> dict[str, Any]:
    """All settings in the dashboard's field names, money in dollars; what effective_settings reads back as equal."""
    return settings.model_dump(mode="json", by_alias=True, context=INPUT)


def _message(kind: str, text: str) -> str:
    return {"extra_forbidden": "is not a known field", "missing": "is required"}.get(kind, text)
