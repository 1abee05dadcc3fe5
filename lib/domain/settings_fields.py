"""Field types of the settings: one definition reads a value, bounds it, and writes it back as the dashboard stores it.

Inside, money is integer cents and rates are exact decimals. In documents and in callers' input ("wire") money is a
number of dollars and rates are plain numbers under the dashboard's names. Which of the two is meant is said by the
validation context, so that the bounds and the JSON pointers of errors have a single source.
"""

import math
from decimal import Decimal
from typing import Annotated, Any, Final, TypeAlias

from pydantic import (
    AliasGenerator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
)
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError
from pydantic_core.core_schema import SerializationInfo, ValidationInfo

from lib.domain.errors import InvalidInput
from lib.domain.money import MAX_CENTS, cents_from_dollars, dollars

# Validation contexts: none = our own code, with cents; INPUT = a caller's document; STORED = one already stored.
INPUT: Final = frozenset({"wire"})
STORED: Final = frozenset({"wire", "stored"})
_DIGITS_MAX = 15


def _has_flag(info: ValidationInfo | SerializationInfo[Any], flag: str) -> bool:
    return flag in info.context if info.context else False


def is_wire(info: ValidationInfo | SerializationInfo[Any]) -> bool:
    """Whether a document is being read or written, not a value of ours."""
    return _has_flag(info, "wire")


def _exact(places: int) -> BeforeValidator:
    """The canonical decimal (1.20 and 1.2 are one value with one text); a float counts as its shortest form.

    A stored third (0.3333333333333333) is rounded to what we keep, because refusing it would put the default in force.
    """

    def exact(value: object, info: ValidationInfo) -> Decimal:
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            raise PydanticCustomError("not_a_number", "must be a number")
        number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
        if not number.is_finite():
            raise PydanticCustomError("not_a_number", "must be a finite number")
        # Beyond the bound of every field; checked first, because quantizing and writing out 1e300 is no work to do.
        if number.adjusted() > _DIGITS_MAX:
            raise PydanticCustomError("too_large", "is too large")
        rounded = number.quantize(Decimal(1).scaleb(-places))
        if rounded != number and not _has_flag(info, "stored"):
            raise PydanticCustomError("too_precise", "must have at most {places} decimal places", {"places": places})
        return Decimal(format(rounded.normalize(), "f"))

    return BeforeValidator(exact)


def _cents(value: object, info: ValidationInfo) -> object:
    if not is_wire(info):
        return value
    try:
        return cents_from_dollars(value)
    except InvalidInput as error:
        raise PydanticCustomError(error.reason or "amount", "{why}", {"why": error.message}) from error


def _threshold_cents(value: object, info: ValidationInfo) -> object:
    return MAX_CENTS if _means_never(value, MAX_CENTS // 100, info) else _cents(value, info)


def _count(most: int) -> BeforeValidator:
    """JSON knows only numbers, so 5.0 is 5. A stored 30.5 days compares with whole days exactly as 31 does."""

    def count(value: object, info: ValidationInfo) -> object:
        if _means_never(value, most, info):
            return most
        if not isinstance(value, float) or not math.isfinite(value):
            return value
        return math.ceil(value) if value.is_integer() or _has_flag(info, "stored") else value

    return BeforeValidator(count)


def _means_never(value: object, most: int, info: ValidationInfo) -> bool:
    """Whether a stored threshold is beyond what can be reached (999999999, Infinity): its owner meant never, and
    falling back to the default would mean soon."""
    return _has_flag(info, "stored") and isinstance(value, int | float) and value > most


def _as_dollars(cents: int, info: SerializationInfo[Any]) -> Any:
    return dollars(cents) if is_wire(info) else cents


def _as_number(value: Decimal, info: SerializationInfo[Any]) -> Any:
    if not is_wire(info):
        return format(value, "f")
    return int(value) if value == value.to_integral_value() else float(value)


_ToDollars = PlainSerializer(_as_dollars)
_ToNumber = PlainSerializer(_as_number)
# A century: long enough to mean never, short enough that no date arithmetic leaves the calendar.
_DAYS_MAX = 36_500
_ORDERS_MAX = 1_000_000

ThresholdCents: TypeAlias = Annotated[int, BeforeValidator(_threshold_cents), _ToDollars, Field(ge=0, le=MAX_CENTS)]
Cents: TypeAlias = Annotated[int, BeforeValidator(_cents), _ToDollars, Field(ge=0, le=MAX_CENTS)]
RewardCents: TypeAlias = Annotated[int, BeforeValidator(_cents), _ToDollars, Field(ge=100, le=MAX_CENTS)]
Rate: TypeAlias = Annotated[Decimal, _exact(6), _ToNumber, Field(ge=0, le=1000)]
Multiplier: TypeAlias = Annotated[Decimal, _exact(4), _ToNumber, Field(ge=1, le=10)]
EquityMultiplier: TypeAlias = Annotated[Decimal, _exact(4), _ToNumber, Field(ge=1, le=5)]
Miles: TypeAlias = Annotated[Decimal, _exact(2), _ToNumber, Field(ge=0, le=1000)]
Orders: TypeAlias = Annotated[int, _count(_ORDERS_MAX), Field(ge=0, le=_ORDERS_MAX)]
Days: TypeAlias = Annotated[int, _count(_DAYS_MAX), Field(ge=0, le=_DAYS_MAX)]
Points: TypeAlias = Annotated[int, _count(100_000_000), Field(ge=1, le=100_000_000)]
Months: TypeAlias = Annotated[int, _count(120), Field(ge=1, le=120)]
Minutes: TypeAlias = Annotated[int, _count(1440), Field(ge=1, le=1440)]
WindowMonths: TypeAlias = Annotated[int, _count(36), Field(ge=1, le=36)]
IdleDays: TypeAlias = Annotated[int, _count(3650), Field(ge=1, le=3650)]
YearDays: TypeAlias = Annotated[int, _count(365), Field(ge=0, le=365)]
NoticeDays: TypeAlias = Annotated[int, _count(90), Field(ge=0, le=90)]

# Kept beside the settings, and left out wherever they are written, compared by version or asked for.
OwnDate: TypeAlias = Annotated[AwareDatetime | None, Field(exclude=True)]

Id: TypeAlias = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Name: TypeAlias = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Text: TypeAlias = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)]
# The menu puts it into a style attribute: a hex colour or a plain colour name and nothing else.
Color: TypeAlias = Annotated[str, StringConstraints(pattern=r"^(#[0-9a-fA-F]{3,8}|[a-zA-Z]{1,30})$")]

# Names of the dashboard that no rule gives; for the rest: camel case, without the unit.
_IRREGULAR = {
    "loyal_min_orders": "loyal_minOrders",
    "vip_min_lifetime_cents": "vip_minLifetimeValue",
    "vip_min_orders": "vip_minOrders",
    "vip_min_aov_cents": "vip_minAOV",
    "high_value_min_aov_cents": "highValue_minAOV",
    "high_value_max_orders": "highValue_maxOrders",
    "frequent_min_orders": "frequent_minOrders",
    "frequent_max_aov_cents": "frequent_maxAOV",
    "slipping_min_days": "slipping_minDays",
    "at_risk_min_days": "atRisk_minDays",
    "churned_min_days": "churned_minDays",
    "new_max_days": "new_maxDays",
}


def wire_name(field: str) -> str:
    """The dashboard's name of a field of ours."""
    return _IRREGULAR.get(field) or to_camel(field.removesuffix("_cents"))


class Value(BaseModel):
    """A frozen value that knows nothing but its fields: no coercion, no unknown fields."""

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="forbid",
        hide_input_in_errors=True,
        validate_by_name=True,
        alias_generator=AliasGenerator(validation_alias=wire_name, serialization_alias=wire_name),
    )
