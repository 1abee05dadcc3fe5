"""Automations: which occasions an org answers by itself, when it looks for those that have a date, and what they are.

Some occasions come with a date (a birthday, so long without an order) and are looked for once a day, where it is the
org's hour; the others come with a notice (lib/domain/notices.py) and are looked for all the time.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from lib.domain.dates import local_day
from lib.domain.day_keys import Span
from lib.domain.frequency import MessageType, good_until
from lib.domain.message_variables import written_day
from lib.domain.messages import Cause
from lib.domain.messaging import Automation, MessagingSettings
from lib.domain.notices import Notice, NoticeKind
from lib.domain.occasions import Occasion

DATED = (MessageType.WELCOME, MessageType.BIRTHDAY, MessageType.ANNIVERSARY, MessageType.WINBACK)
HEARD: Mapping[NoticeKind, MessageType] = MappingProxyType(
    {
        NoticeKind.TIER_CHANGED: MessageType.TIER_GAINED,
        NoticeKind.TIER_LAPSING: MessageType.TIER_LAPSING,
        NoticeKind.POINTS_EXPIRING: MessageType.POINTS_EXPIRING,
        NoticeKind.SEGMENT_ENTERED: MessageType.SEGMENT_ENTERED,
    }
)
NOTICE_STALE_AFTER = timedelta(days=2)
"""A notice that nobody has heard for so long is not told any more."""

# Customers are found by a key of their own on these.
_KEYED = frozenset({MessageType.BIRTHDAY, MessageType.ANNIVERSARY})
# How many days late an occasion that was missed is still answered: as long as a message about it makes sense.
_LATE_DAYS: Mapping[MessageType, int] = MappingProxyType(
    {MessageType.WELCOME: 3, MessageType.BIRTHDAY: 1, MessageType.ANNIVERSARY: 2, MessageType.WINBACK: 6}
)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Schedule:
    """What an org answers by itself, and when it looks for it next.

    since: when each occasion was switched on; what was before is not answered. hour: of the org's day. next_at: when to
    look for dates, None for never. done_to: the last day (the org's) that was looked at. keys_for: names the run that
    is to give customers their keys first, "" if none is. keyed_by: the country and time zone their keys are made by.
    """

    org_id: str
    since: Mapping[MessageType, datetime] = field(default_factory=dict)
    hour: int = 10
    next_at: datetime | None = None
    done_to: date | None = None
    keys_for: str = ""
    keyed_by: str = ""

    @property
    def dated(self) -> tuple[MessageType, ...]:
        """Those that are looked for by date."""
        return tuple(kind for kind in DATED if kind in self.since)

    @property
    def heard(self) -> tuple[NoticeKind, ...]:
        """The notices that are answered."""
        return tuple(notice for notice, kind in HEARD.items() if kind in self.since)


@dataclass(frozen=True, slots=True)
class Search:
    """One kind of occasion to be looked for on these days, of customers who have come to it after `since` (UTC)."""

    kind: MessageType
    span: Span
    since: datetime


def scheduled(before: Schedule, settings: MessagingSettings, at: datetime) -> Schedule:
    """The schedule by settings that are in force from `at` on (UTC)."""
    kinds = (*DATED, *HEARD.values())
    after = replace(
        before,
        since={kind: before.since.get(kind, at) for kind in kinds if settings.automation(kind)},
        hour=settings.automation_hour,
    )
    keyed = _KEYED & after.since.keys()
    is_new = bool(keyed - before.since.keys())
    return replace(
        after,
        next_at=at if after.dated else None,
        done_to=before.done_to if after.dated else None,
        keys_for=(at.isoformat() if is_new else before.keys_for) if keyed else "",
        keyed_by=before.keyed_by if keyed else "",
    )


def with_keys_by(schedule: Schedule, place: str) -> Schedule:
    """The schedule of an org in this country and time zone: keys that were made by others are to be made anew.

    What names the run changes with the next look only, so that whoever dies before it is taken down names it again.
    """
    is_keyed = bool(_KEYED & schedule.since.keys())
    if not is_keyed or schedule.keys_for or schedule.next_at is None or schedule.keyed_by == place:
        return schedule
    return replace(schedule, keys_for=schedule.next_at.isoformat())


def looked(schedule: Schedule, now: datetime, time_zone: str) -> tuple[Schedule, tuple[Search, ...]]:
    """The schedule after looking at `now`, and what to look for; nothing before the org's hour has come.

    Hours and days that nobody looked at are made up for, as far back as an answer makes sense. The day before is looked
    at again always: a birth date may have become known since.
    """
    today = local_day(now, time_zone)
    hour_today = _at_hour(today, schedule.hour, time_zone)
    if now < hour_today:
        return replace(schedule, next_at=hour_today), ()
    after = replace(schedule, next_at=_at_hour(today + _DAY, schedule.hour, time_zone), done_to=today)
    first = min(today - _DAY, schedule.done_to + _DAY) if schedule.done_to else today - _DAY
    searches = []
    for kind in schedule.dated:
        since = schedule.since[kind]
        span = Span(max(first, today - _LATE_DAYS[kind] * _DAY, local_day(since, time_zone)), today)
        searches.append(Search(kind, span, since))
    return after, tuple(search for search in searches if search.span.first <= today)


def start_of(day: date, time_zone: str) -> datetime:
    """The first instant (UTC) of a day where the shop is."""
    return _at_hour(day, 0, time_zone)


def on_day(kind: MessageType, day: date, key: str, time_zone: str, **variables: str | int) -> Occasion:
    """The occasion of a customer who has it on this day."""
    at = start_of(day, time_zone)
    return Occasion(kind, Cause(kind, key), at, good_until(kind, at), variables)


def heard_in(notice: Notice, time_zone: str) -> Occasion | None:
    """What a notice tells the customer; None for what nobody sends: bad news such as a tier that is lost, and moves
    that were none of the customer's (`Because`)."""
    facts, kind = notice.facts, HEARD[notice.kind]
    if facts.get("because"):
        return None
    if notice.kind is NoticeKind.TIER_CHANGED and facts["direction"] != "up":
        return None
    deadline: datetime | None = facts.get("expiresAt") or facts.get("lapsesAt")
    until = good_until(kind, notice.occurred_at, deadline)
    return Occasion(kind, Cause("notice", notice.id), notice.occurred_at, until, _told(notice, time_zone))


def is_too_old(notice: Notice, occasion: Occasion, now: datetime, since: datetime) -> bool:
    """Whether it is too late to tell what a notice says, or it is from before its kind was switched on (`since`)."""
    is_stale = now - notice.occurred_at > NOTICE_STALE_AFTER or now >= occasion.good_until
    return is_stale or notice.occurred_at < since


def is_still_so(notice: Notice, tier: str | None, segment: str | None) -> bool:
    """Whether a customer with this tier and segment by now is still where the notice says it has come to."""
    match notice.kind:
        case NoticeKind.TIER_CHANGED:
            return bool(tier == notice.facts["newTier"])
        case NoticeKind.TIER_LAPSING:
            return bool(tier == notice.facts["tier"])
        case NoticeKind.SEGMENT_ENTERED:
            return bool(segment == notice.facts["newSegment"])
        case NoticeKind.POINTS_EXPIRING:
            return True


def is_wanted(notice: Notice, automation: Automation) -> bool:
    """Whether the org answers this notice of its kind."""
    if notice.kind is not NoticeKind.SEGMENT_ENTERED or not automation.segments:
        return True
    return notice.facts["newSegment"] in automation.segments


def _told(notice: Notice, time_zone: str) -> dict[str, str | int | None]:
    facts = notice.facts
    match notice.kind:
        case NoticeKind.TIER_CHANGED:
            return {"previousTier": facts["previousTier"]}
        case NoticeKind.TIER_LAPSING:
            return {"lowerTier": facts["toTier"], "lapsesOn": _last_day(facts["lapsesAt"], time_zone)}
        case NoticeKind.POINTS_EXPIRING:
            return {"expiringPoints": facts["points"], "expiresOn": _last_day(facts["expiresAt"], time_zone)}
        case NoticeKind.SEGMENT_ENTERED:
            return {"previousSegment": _words(facts)}


def _words(facts: Mapping[str, Any]) -> str:
    return str(facts["previousSegment"]).replace("_", " ")


def _last_day(end: datetime, time_zone: str) -> str:
    """The last day on which it can be used: what ends with the night ends the day before."""
    return written_day(local_day(end - timedelta.resolution, time_zone))


def _at_hour(day: date, hour: int, time_zone: str) -> datetime:
    local = datetime(day.year, day.month, day.day, hour, tzinfo=ZoneInfo(time_zone))
    return local.astimezone(ZoneInfo("UTC"))
