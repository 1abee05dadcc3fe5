"""The loyalty settings of one org as values: what can be set, within which bounds, and the defaults.

Defaults and names are the dashboard's; what it does not have (clawback policy, redemption mode, expiry, pause, country)
defaults to what it does today or to the cautious choice. An instance always satisfies every rule in this file.
"""

import functools
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError
from pydantic_core.core_schema import ValidationInfo

from lib.domain.countries import COUNTRIES, Country, CountryCode, CurrencyCode
from lib.domain.ids import fingerprint
from lib.domain.settings_fields import (
    Cents,
    Color,
    Days,
    EquityMultiplier,
    Id,
    IdleDays,
    Miles,
    Minutes,
    Months,
    Multiplier,
    Name,
    NoticeDays,
    Orders,
    OwnDate,
    Points,
    Rate,
    RewardCents,
    Text,
    ThresholdCents,
    Value,
    WindowMonths,
    YearDays,
    is_wire,
    wire_name,
)


def _with_id(value: object) -> object:
    """Documents may leave the id out: it is the name in lower case then."""
    if isinstance(value, Mapping) and "id" not in value and isinstance(value.get("name"), str):
        return {**value, "id": value["name"].strip().lower()}
    return value


class Tier(Value):
    """`multiplier` applies to points earned while in this tier. `threshold_cents` of lifetime spend, inclusive."""

    id: Id
    name: Name
    threshold_cents: ThresholdCents
    color: Color = "#9CA3AF"
    benefits: Annotated[tuple[Text, ...], Field(max_length=20, strict=False)] = ()
    multiplier: Multiplier = Decimal(1)

    _default_id = model_validator(mode="before")(_with_id)

    @functools.cached_property
    def key(self) -> str:
        """What `customers.tier` holds: the name in lower case. Ids of custom tiers are machine-made ("tier_1712…"),
        and every reader of that field prints it."""
        return self.name.lower()


class RedemptionTier(Value):
    """So many points buy a reward worth so much."""

    id: Id
    points_cost: Points
    reward_value_cents: RewardCents
    description: Text = ""


class SegmentThresholds(Value):
    """Whole days, order counts and cents; "min" is inclusive, "max" is exclusive."""

    loyal_min_orders: Orders = 2
    vip_min_lifetime_cents: ThresholdCents = 500_00
    vip_min_orders: Orders = 8
    vip_min_aov_cents: ThresholdCents = 50_00
    high_value_min_aov_cents: ThresholdCents = 75_00
    high_value_max_orders: Orders = 5
    frequent_min_orders: Orders = 5
    frequent_max_aov_cents: ThresholdCents = 60_00
    slipping_min_days: Days = 30
    at_risk_min_days: Days = 60
    churned_min_days: Days = 90
    new_max_days: Days = 30

    @model_validator(mode="after")
    def _inactivity_grows(self) -> Self:
        if self.slipping_min_days >= self.at_risk_min_days:
            raise _refused("days_order", "must be more than slipping_minDays", "atRisk_minDays")
        if self.at_risk_min_days >= self.churned_min_days:
            raise _refused("days_order", "must be more than atRisk_minDays", "churned_minDays")
        return self


class TierPolicy(Value):
    """When a tier that is no longer earned is lost; with neither window nor inactivity, which is the default, never.

    window_months: only spend of the last so many calendar months qualifies for a tier; None means lifetime spend.
    inactivity_days: a tier above the base lapses when there has been no order for so long; None means never.
    grace_days: between losing the claim to a tier and losing the tier. notice_days: how long before that the customer
    is to be told; 0 for not at all. lapse: down to the next tier, or to the one that the window's spend earns.
    """

    window_months: WindowMonths | None = None
    inactivity_days: IdleDays | None = None
    grace_days: YearDays = 30
    notice_days: NoticeDays = 14
    lapse: Literal["one_down", "by_balance"] = "one_down"


class DiscountProgram(Value):
    """A discount the shop gives to a group of people, shown on the menu when enabled."""

    id: Id
    name: Name
    enabled: bool = False
    description: Text = ""
    icon: Literal["shield", "graduation-cap", "star", "heart", "users", "tag"] = "tag"

    _default_id = model_validator(mode="before")(_with_id)


class MenuDisplay(Value):
    """What the public menu shows besides the tiers."""

    show_bar: bool = True
    loyalty_tagline: Text = ""
    show_discount_programs: bool = True
    show_delivery_info: bool = False
    delivery_minimum_cents: Cents = 50_00
    delivery_fee_cents: Cents = 10_00
    delivery_radius: Miles = Decimal(20)
    show_drive_thru: bool = False


def _refused(kind: str, message: str, *at: str | int) -> PydanticCustomError:
    """An error at `at`, relative to the value being validated."""
    return PydanticCustomError(kind, "{why}", {"why": message, "at": at})


def _check_tiers(tiers: tuple[Tier, ...]) -> tuple[Tier, ...]:
    if not tiers:
        raise _refused("no_base_tier", "must hold at least the base tier, with threshold 0")
    if tiers[0].threshold_cents != 0:
        raise _refused("no_base_tier", "must be 0: the first tier is the base tier", 0, "threshold")
    # An id may equal another tier's name only by mistake, and stored tiers are looked up by both.
    seen: set[str] = set()
    for index, tier in enumerate(tiers):
        if index and tier.threshold_cents <= tiers[index - 1].threshold_cents:
            raise _refused("tier_order", "must be above the threshold of the tier before it", index, "threshold")
        if tier.id.lower() in seen:
            raise _refused("duplicate", "is already used by another tier", index, "id")
        if tier.key in seen:
            raise _refused("duplicate", "is already used by another tier", index, "name")
        seen |= {tier.id.lower(), tier.key}
    return tiers


def _check_redemption_tiers(tiers: tuple[RedemptionTier, ...]) -> tuple[RedemptionTier, ...]:
    _check_unique([tier.id for tier in tiers], "id")
    _check_unique([tier.points_cost for tier in tiers], "pointsCost")
    return tuple(sorted(tiers, key=lambda tier: tier.points_cost))


def _check_programs(programs: tuple[DiscountProgram, ...]) -> tuple[DiscountProgram, ...]:
    _check_unique([program.id for program in programs], "id")
    return programs


def _check_unique(values: Sequence[str | int], field: str) -> None:
    for index, value in enumerate(values):
        if value in values[:index]:
            raise _refused("duplicate", "is already used by another one", index, field)


DEFAULT_TIERS = (
    Tier(id="bronze", name="Bronze", threshold_cents=0, color="#CD7F32", benefits=("Points on every purchase",)),
    Tier(id="silver", name="Silver", threshold_cents=200_00, color="#C0C0C0", benefits=("Member-only offers",)),
    Tier(id="gold", name="Gold", threshold_cents=500_00, color="#FFD700", benefits=("Early access to new products",)),
    Tier(id="platinum", name="Platinum", threshold_cents=1000_00, color="#E5E4E2", benefits=("Our best offers first",)),
)
DEFAULT_REDEMPTION_TIERS = (
    RedemptionTier(id="small", points_cost=100, reward_value_cents=5_00, description="$5 off"),
    RedemptionTier(id="medium", points_cost=250, reward_value_cents=15_00, description="$15 off"),
    RedemptionTier(id="large", points_cost=500, reward_value_cents=35_00, description="$35 off"),
)
DEFAULT_DISCOUNT_PROGRAMS = (
    DiscountProgram(id="military", name="Military discount", description="10% off", icon="shield"),
    DiscountProgram(id="senior", name="Senior discount", description="15% off", icon="heart"),
    DiscountProgram(id="student", name="Student discount", description="10% off", icon="graduation-cap"),
)


class LoyaltySettings(Value):
    """One org's programme. Rates are exact decimals; see each field's type for its bounds.

    hold_minutes: how long a hold keeps points from being redeemed elsewhere. Half an hour outlives a visit to the till
    and a web checkout, and frees the points the same day when neither ends.
    points_expire_months: None means that points never expire. expiry_rounding: points live on to the end of the day or
    month, in the org's time zone, in which they would expire; one lot a month keeps documents small.
    expiry_warning_days: how long before points expire the customer is to be told; 0 for not at all.
    pending_days: how long after an order its points can be spent; 0 for at once.
    paused: nothing is earned and nothing redeemed; the settings stay. paused_orders: whether orders placed meanwhile
    earn nothing for good or earn when the programme goes on.
    policy_since, paused_at, resumed_at (UTC): when the tier policy last changed, and when the last pause began and
    ended. They are no settings: see `lib/domain/settings_dates.py`.
    """

    points_per_dollar: Rate = Decimal(1)
    equity_multiplier: EquityMultiplier = Decimal("1.2")
    enable_gamification: bool = False
    earn_base: Literal["total", "subtotal", "total_before_tax"] = "total"
    clawback: Literal["within_balance", "allow_negative"] = "within_balance"
    redemption_mode: Literal["exact", "pro_rata"] = "exact"
    points_expire_months: Months | None = None
    expiry_rounding: Literal["month_end", "day_end"] = "month_end"
    expiry_warning_days: NoticeDays = 14
    pending_days: YearDays = 0
    hold_minutes: Minutes = 30
    paused: bool = False
    paused_orders: Literal["skip", "accrue_on_resume"] = "skip"
    tier_policy: TierPolicy = TierPolicy()
    tiers: Annotated[tuple[Tier, ...], Field(max_length=20, strict=False), AfterValidator(_check_tiers)] = DEFAULT_TIERS
    redemption_tiers: Annotated[
        tuple[RedemptionTier, ...],
        Field(min_length=1, max_length=50, strict=False),
        AfterValidator(_check_redemption_tiers),
    ] = DEFAULT_REDEMPTION_TIERS
    segment_thresholds: SegmentThresholds = SegmentThresholds()
    discount_programs: Annotated[
        tuple[DiscountProgram, ...], Field(max_length=20, strict=False), AfterValidator(_check_programs)
    ] = DEFAULT_DISCOUNT_PROGRAMS
    menu_display: MenuDisplay = MenuDisplay()
    country: CountryCode = "US"
    currency: CurrencyCode = "USD"
    time_zone: str = "America/New_York"
    policy_since: OwnDate = None
    paused_at: OwnDate = None
    resumed_at: OwnDate = None

    @model_validator(mode="before")
    @classmethod
    def _country_decides(cls, value: object, info: ValidationInfo) -> object:
        """A document that names a country and no currency or time zone means that country's."""
        country = value.get("country") if isinstance(value, Mapping) and is_wire(info) else None
        home = next((home for code, home in COUNTRIES.items() if code == country), None)
        if not isinstance(value, Mapping) or home is None:
            return value
        return {"currency": home.currency, wire_name("time_zone"): home.time_zone, **value}

    @model_validator(mode="after")
    def _zone_is_of_the_country(self) -> Self:
        if self.time_zone not in COUNTRIES[self.country].time_zones:
            raise _refused("time_zone", f"is not a time zone of {self.country}", "timeZone")
        return self

    @property
    def home(self) -> Country:
        """What the org's country implies; its code is the default region of telephone numbers."""
        return COUNTRIES[self.country]

    @property
    def in_force_since(self) -> datetime | None:
        """Since when tiers can lapse by the policy: when it last changed, or when the programme last went on."""
        return max((at for at in (self.policy_since, self.resumed_at) if at), default=None)

    @functools.cached_property
    def rule_version(self) -> str:
        """12 hex digits that change when, and only when, an effective setting changes; entries record it."""
        return fingerprint(self.model_dump(mode="json"))[:12]


DATES = ("policy_since", "paused_at", "resumed_at")
"""The fields that only we set."""

DEFAULT_SETTINGS = LoyaltySettings()
