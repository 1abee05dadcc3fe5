"""What a country implies is consistent with itself and with the time zone database."""

from zoneinfo import ZoneInfo, available_timezones

import pytest

from lib.domain.countries import COUNTRIES, Country


@pytest.mark.parametrize("country", COUNTRIES.values(), ids=list(COUNTRIES))
def test_a_country_is_consistent(country: Country) -> None:
    assert COUNTRIES[country.code] is country
    assert country.time_zone in country.time_zones


@pytest.mark.skipif(not available_timezones(), reason="this machine has no time zone database")
@pytest.mark.parametrize("zone", sorted(zone for country in COUNTRIES.values() for zone in country.time_zones))
def test_every_time_zone_exists(zone: str) -> None:
    assert ZoneInfo(zone).key == zone
