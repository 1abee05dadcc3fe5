"""The countries a shop can be in, and what each implies: currency, time zones, which way round a date is written."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias

CountryCode: TypeAlias = Literal["US", "NG"]
CurrencyCode: TypeAlias = Literal["USD", "NGN"]


@dataclass(frozen=True, slots=True)
class Country:
    """`currency` and `time_zone` are what a shop gets unless it says otherwise; `time_zones` is what it may say."""

    code: CountryCode
    currency: CurrencyCode
    time_zone: str
    time_zones: frozenset[str]
    day_first: bool


_US_TIME_ZONES = (
    *("America/New_York", "America/Detroit", "America/Kentucky/Louisville", "America/Kentucky/Monticello"),
    *("America/Indiana/Indianapolis", "America/Indiana/Vincennes", "America/Indiana/Winamac"),
    *("America/Indiana/Marengo", "America/Indiana/Petersburg", "America/Indiana/Vevay"),
    *("America/Chicago", "America/Indiana/Tell_City", "America/Indiana/Knox", "America/Menominee"),
    *("America/North_Dakota/Center", "America/North_Dakota/New_Salem", "America/North_Dakota/Beulah"),
    *("America/Denver", "America/Boise", "America/Phoenix", "America/Los_Angeles"),
    *("America/Anchorage", "America/Juneau", "America/Sitka", "America/Metlakatla", "America/Yakutat"),
    *("America/Nome", "America/Adak", "Pacific/Honolulu", "America/Puerto_Rico"),
)

# IANA names, written out so that the decision which zone is valid needs no time zone files.
COUNTRIES: Mapping[CountryCode, Country] = MappingProxyType(
    {
        "US": Country("US", "USD", "America/New_York", frozenset(_US_TIME_ZONES), day_first=False),
        "NG": Country("NG", "NGN", "Africa/Lagos", frozenset({"Africa/Lagos"}), day_first=True),
    }
)
