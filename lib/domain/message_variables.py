"""The variables a message template may use: the dashboard's, and what each occasion adds.

Dashboard's list and its fallback for firstName: its campaign editor. Values are ready to print; numbers stay numbers,
so that a template can compare them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import TypeAlias

from lib.domain.errors import InvalidInput
from lib.domain.frequency import MessageType

Value: TypeAlias = str | int | Decimal | None

# What stands where a customer has no value. A number is worth nothing, and "days since last visit" of somebody without
# a visit is no number.
FALLBACKS: Mapping[str, str] = MappingProxyType(
    {
        "firstName": "there",
        "lastName": "",
        "segment": "",
        "totalSpent": "0.00",
        "orderCount": "0",
        "daysSinceLastVisit": "a few",
        "loyaltyPoints": "0",
        "tier": "",
        "orgName": "our shop",
    }
)
_NUMBER_MAX = 10**12
# Typed in by people, so a web address in one is nobody's name.
NAMES = frozenset({"firstName", "lastName"})
# What a template may compare and add to.
NUMBERS = frozenset(
    {"totalSpent", "orderCount", "daysSinceLastVisit", "loyaltyPoints", "bonusPoints", "years", "expiringPoints"}
)

_POINTS_BONUS = frozenset({"bonusPoints"})
OCCASIONS: Mapping[MessageType, frozenset[str]] = MappingProxyType(
    {
        MessageType.BIRTHDAY: _POINTS_BONUS,
        MessageType.ANNIVERSARY: _POINTS_BONUS | {"years"},
        MessageType.WELCOME: _POINTS_BONUS,
        MessageType.WINBACK: _POINTS_BONUS,
        MessageType.TIER_GAINED: frozenset({"previousTier"}),
        MessageType.TIER_LAPSING: frozenset({"lowerTier", "lapsesOn"}),
        MessageType.POINTS_EXPIRING: frozenset({"expiringPoints", "expiresOn"}),
        MessageType.SEGMENT_ENTERED: frozenset({"previousSegment"}),
    }
)
# Made for each message: our own short link, and the page that stops the messages.
LINKS = frozenset({"link", "unsubscribeUrl"})


def occasion_variables(kind: MessageType) -> frozenset[str]:
    """What a template of this type may use besides the dashboard's list."""
    return OCCASIONS.get(kind, frozenset()) | LINKS


@dataclass(frozen=True, slots=True)
class CustomerFacts:
    """What a message may say about a customer. Cents, points, whole days; None is unknown."""

    first_name: str | None = None
    last_name: str | None = None
    segment: str | None = None
    tier: str | None = None
    total_spent_cents: int | None = None
    order_count: int | None = None
    days_since_last_visit: int | None = None
    loyalty_points: int | None = None


def customer_values(facts: CustomerFacts, org_name: str | None) -> dict[str, Value]:
    """The dashboard's variables for one customer. Money has two places and no sign: authors write `${{totalSpent}}`."""
    cents = facts.total_spent_cents
    return {
        "firstName": facts.first_name,
        "lastName": facts.last_name,
        "segment": facts.segment.replace("_", " ") if facts.segment else None,
        "tier": facts.tier,
        "totalSpent": None if cents is None else Decimal(cents).scaleb(-2).quantize(Decimal("0.01")),
        "orderCount": facts.order_count,
        "daysSinceLastVisit": facts.days_since_last_visit,
        "loyaltyPoints": facts.loyalty_points,
        "orgName": org_name,
    }


def made_up_values(given: Mapping[str, object], kind: MessageType) -> dict[str, Value]:
    """Values of nobody's, to see what a template of this type makes of them; null is a value that is not there.

    Raises InvalidInput with the name as its pointer: for what is no variable of this type, for one of our links, for a
    number that is none (totalSpent in dollars) and for a text that is none.
    """
    allowed = FALLBACKS.keys() | OCCASIONS.get(kind, frozenset())
    if unknown := sorted(given.keys() - allowed):
        raise InvalidInput("is no variable of this message", pointer=f"/{unknown[0]}", reason="unknown_variable")
    return {name: _made_up(name, value) for name, value in given.items()}


def _made_up(name: str, value: object) -> Value:
    if name not in NUMBERS:
        if value is not None and not isinstance(value, str):
            raise InvalidInput("must be a text", pointer=f"/{name}", reason="not_text")
        return value
    if value is None:
        return None
    # Also refuses NaN and infinity.
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < _NUMBER_MAX:
        raise InvalidInput("must be a number", pointer=f"/{name}", reason="not_a_number")
    return Decimal(str(value)).quantize(Decimal("0.01")) if name == "totalSpent" else int(value)


def written_day(day: date) -> str:
    """A date as a message says it: March 8."""
    return f"{day:%B} {day.day}"
