"""Single fields of vendors' JSON as pydantic types, and a record that survives the ones it cannot read.

A field that is missing, null or blank is None. A field that is there and cannot be read is None too, and named in
`unreadable`: it must be taken neither for a missing one nor for zero.
"""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import ROUND_FLOOR, Decimal, InvalidOperation
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, PrivateAttr, ValidationError

from lib.domain.errors import InvalidInput
from lib.domain.money import cents_from_dollars

_TEXT_LENGTH_MAX = 300
_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,15})?")
# Eight digits would be a date.
_UNIX_SECONDS = re.compile(r"\d{9,11}(\.\d+)?")
_POINTS_MAX = 10**12


def _number(value: object) -> Decimal | None:
    """An exact number from a JSON number or from text that is nothing but one."""
    if isinstance(value, bool):
        raise ValueError("not a number")
    if isinstance(value, str):
        value = value.strip()
        if not value:
            return None
        if not _NUMBER.fullmatch(value):
            raise ValueError("not a number")
        return Decimal(value)
    if isinstance(value, int | float) and math.isfinite(value):
        return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    raise ValueError("not a number")


def _points(value: object) -> int | None:
    number = None if value is None else _number(value)
    if number is None:
        return None
    if abs(number) > _POINTS_MAX:
        raise ValueError("too many points")
    return int(number.to_integral_value(rounding=ROUND_FLOOR))


def _cents(value: object) -> int | None:
    number = None if value is None else _number(value)
    try:
        return None if number is None else cents_from_dollars(number)
    except (InvalidInput, InvalidOperation) as error:
        raise ValueError("not an amount") from error


def _text(value: object) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if value is None or isinstance(value, str):
        return (value or "").strip()[:_TEXT_LENGTH_MAX] or None
    raise ValueError("not a text")


def _flag(value: object) -> bool | None:
    if value is None or value == "":
        return None
    known = {"true": True, "false": False, "1": True, "0": False}
    found = known.get(str(value).strip().lower()) if isinstance(value, bool | int | str) else None
    if found is None:
        raise ValueError("not a flag")
    return found


def _instant(value: object) -> datetime | None:
    """UTC, from unix seconds (also as text) or ISO 8601; without a zone it is UTC. Zero is how vendors write never."""
    if value is None or value == "" or (value in (0, "0") and not isinstance(value, bool)):
        return None
    try:
        if isinstance(value, str) and not _UNIX_SECONDS.fullmatch(value.strip()):
            moment = datetime.fromisoformat(value.strip()[:_TEXT_LENGTH_MAX])
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(float(value), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise ValueError("not a time") from error
    raise ValueError("not a time")


Points = Annotated[int | None, BeforeValidator(_points)]
"""Whole points, rounded down, negative ones too."""

Cents = Annotated[int | None, BeforeValidator(_cents)]
"""Integer cents, from dollars as a number or as text, half up."""

Text = Annotated[str | None, BeforeValidator(_text)]
"""Text without blanks around it, cropped; numbers count as text, since ids come as both."""

Number = Annotated[Decimal | None, BeforeValidator(lambda value: None if value is None else _number(value))]
"""An exact number, from a number or from text."""

Flag = Annotated[bool | None, BeforeValidator(_flag)]
Instant = Annotated[datetime | None, BeforeValidator(_instant)]


class Record(BaseModel):
    """An object of a vendor's: every field optional, unknown ones ignored.

    Made by `read` only, from their JSON: what our code would pass in, such as cents, would be taken for theirs.
    """

    # Built on first use: a cold start that asks no vendor need not pay for it.
    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)

    _unreadable: frozenset[str] = PrivateAttr(default=frozenset())

    @property
    def unreadable(self) -> frozenset[str]:
        """Their names of the fields that were there and could not be read."""
        return self._unreadable

    @classmethod
    def read(cls, raw: object) -> Self:
        """The record in a JSON object. Raises ValueError if it is no object at all."""
        if not isinstance(raw, Mapping):
            raise ValueError("not an object")
        # A name that is null must not hide another name of the same field.
        known = {name: value for name, value in raw.items() if value is not None}
        try:
            return cls.model_validate(known)
        except ValidationError as error:
            wrong = frozenset(str(part["loc"][0]) for part in error.errors(include_url=False, include_input=False))
        # Not left out: another name of the same field would take its place.
        record = cls.model_validate(known | dict.fromkeys(wrong))
        record._unreadable = wrong
        return record


def object_in(value: object) -> Mapping[str, Any]:
    """The object itself, or an empty one for anything else."""
    return value if isinstance(value, Mapping) else {}
