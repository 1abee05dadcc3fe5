"""When a message may go: now, or at the next moment at which every place the customer may be in allows it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from lib.domain.calling_hours import Hours, Law, laws_for

# Numbers of no place (toll-free, test numbers) are said to be in every zone of the plan, from Guam to Newfoundland.
_ZONES_OF_A_PLACE_MAX = 4
_DAYS_AHEAD_MAX = 14


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message arrives: the IANA zones its reader may be in, and the laws that count there."""

    zones: tuple[str, ...]
    laws: tuple[Law, ...]


def place_of(phone: str | None, org_zone: str, *, org_state: str | None = None) -> Place:
    """Where the owner of an E.164 number is taken to be.

    A US area code names one zone or a few (Florida's 850 is Central by its geography data, Alaska's 907 has two): all
    of them count. A number of no place, one abroad that tells nothing, and no number at all (e-mail) are where the org
    is. `org_state`, two letters, adds that state's hours: local customers keep the numbers they moved in with.
    """
    zones = _zones_of(phone) if phone else ()
    return Place(zones or (org_zone,), laws_for(phone, *([org_state] if org_state else [])))


@lru_cache(maxsize=4096)
def _zones_of(phone: str) -> tuple[str, ...]:
    # As in contacts.py, imported where needed: most calls of the product ask nothing about telephones.
    import phonenumbers
    from phonenumbers.timezone import time_zones_for_number

    try:
        zones = time_zones_for_number(phonenumbers.parse(phone))
    except phonenumbers.NumberParseException:
        return ()
    known = tuple(zone for zone in zones if zone != "Etc/Unknown")
    return known if len(known) <= _ZONES_OF_A_PLACE_MAX else ()


def next_allowed(now: datetime, place: Place) -> datetime:
    """`now` (aware) if a message may go now, else the next moment in UTC at which it may.

    Hours are those on the wall: across a change of clocks 8:00 is the 8:00 people see. Raises ValueError if the zones
    and laws leave no common hour within two weeks, which no set of US zones does.
    """
    moment, limit = now, now + timedelta(days=_DAYS_AHEAD_MAX)
    while moment <= limit:
        opened = max(_opening(moment, zone, law) for zone in place.zones for law in place.laws)
        if opened == moment:
            return moment
        moment = opened
    raise ValueError("no hour is allowed in all of these zones")


def is_allowed(now: datetime, place: Place) -> bool:
    """Whether a message may go now."""
    return next_allowed(now, place) == now


def _opening(moment: datetime, zone: str, law: Law) -> datetime:
    """`moment` if one law in one zone allows it, else when that one opens next."""
    tz = ZoneInfo(zone)
    local_day = moment.astimezone(tz).date()
    for day in _days(local_day):
        for opens, closes in _open_times(day, law.week[day.weekday()], tz):
            if moment < closes:
                return max(moment, opens)
    raise ValueError("a law without any hour")


def _days(first: date) -> Iterable[date]:
    return (first + timedelta(days=ahead) for ahead in range(8))


def _open_times(day: date, hours: Hours, tz: ZoneInfo) -> Iterable[tuple[datetime, datetime]]:
    """The opening of a day in UTC, none if it has no hours. Clocks change at night, outside all hours the law gives."""
    if hours is None:
        return ()
    first, last = (datetime.combine(day, time(hour), tz).astimezone(UTC) for hour in hours)
    return ((first, last),)
