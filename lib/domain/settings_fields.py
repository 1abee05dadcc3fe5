"""Field types of the settings: one definition reads a value, bounds it, and writes it back as the dashboard stores it.

Inside, money is integer cents and rates are exact decimals. In documents and in callers' input ("wire") money is a
number of dollars and rates are plain numbers under the dashboard's names. Which of the two is meant is said by the
validation context, so that the bounds and the JSON pointers of errors have a single source.
"""

import math
from decimal import Decimal
from typing import Annotated, Any, Final, TypeAlias

from pydantic import AliasGenerator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, StringConstraints
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError
from pydantic_core.core_schema import SerializationInfo, ValidationInfo

from lib.domain.errors import InvalidInput
from lib.domain.money import MAX_CENTS, cents_from_dollars, dollars

# Validation contexts: none = our own code, with cents; INPUT = a caller's document; STORED = one already stored.
INPUT: Final = frozenset({"wire"})
STORED: Final = frozenset({"wire", "stored"})


def has_flag(info: ValidationInfo | SerializationInfo[Any], flag: str) -> bool:
    return flag in info.context if info.context else False


def _number(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise PydanticCustomError("not_a_number", "must be a number")
    number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if not number.is_finite():
        raise PydanticCustomError("not_a_number", "must be a finite number")
    return number


def _exact(value: object) -> Decimal:
    """The canonical decimal (1.20 and 1.2 are one value with one text); a float counts as its shortest form."""
    number = _number(value)
    if number.adjusted() > 15 or number.as_tuple().exponent < -15:  # type: ignore[operator]  # finite: an int
        raise PydanticCustomError("out_of_range", "has too many digits")
    return Decimal(format(number.normalize(), "f"))


def _cents(value: object, info: ValidationInfo) -> object:
    if not has_flag(info, "wire"):
        return value
    try:
        return cents_from_dollars(value)
    except InvalidInput as error:
        raise PydanticCustomError("amount", "{why}", {"why": error.message}) from error


def _whole(value: object, info: ValidationInfo) -> object:
    """JSON knows only numbers, so 5.0 is 5. A stored 30.5 days compares with whole days exactly as 31 does."""
    if isinstance(value, float) and math.isfinite(value) and (value.is_integer() or has_flag(info, "stored")):
        return math.ceil(value)
    return value


def _as_dollars(cents: int, info: SerializationInfo[Any]) -> Any:
    return dollars(cents) if has_flag(info, "wire") else cents


def _as_number(value: Decimal, info: SerializationInfo[Any]) -> Any:
    if not has_flag(info, "wire"):
        return format(value, "f")
    return int(value) if value == value.to_integral_value() else float(value)


_MoneyShape = (BeforeValidator(_cents), PlainSerializer(_as_dollars))
_DecimalShape = (BeforeValidator(_exact), PlainSerializer(_as_number))

Cents: TypeAlias = Annotated[int, *_MoneyShape, Field(ge=0, le=MAX_CENTS)]
RewardCents: TypeAlias = Annotated[int, *_MoneyShape, Field(ge=100, le=MAX_CENTS)]
Rate: TypeAlias = Annotated[Decimal, *_DecimalShape, Field(ge=0, le=1000, decimal_places=6)]
Multiplier: TypeAlias = Annotated[Decimal, *_DecimalShape, Field(ge=1, le=10, decimal_places=4)]
EquityMultiplier: TypeAlias = Annotated[Decimal, *_DecimalShape, Field(ge=1, le=5, decimal_places=4)]
Miles: TypeAlias = Annotated[Decimal, *_DecimalShape, Field(ge=0, le=1000, decimal_places=2)]
Orders: TypeAlias = Annotated[int, BeforeValidator(_whole), Field(ge=0, le=1_000_000)]
# A century: long enough to mean never, short enough that no date arithmetic leaves the calendar.
Days: TypeAlias = Annotated[int, BeforeValidator(_whole), Field(ge=0, le=36_500)]
Points: TypeAlias = Annotated[int, BeforeValidator(_whole), Field(ge=1, le=100_000_000)]
Months: TypeAlias = Annotated[int, BeforeValidator(_whole), Field(ge=1, le=120)]
Minutes: TypeAlias = Annotated[int, BeforeValidator(_whole), Field(ge=1, le=1440)]

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
