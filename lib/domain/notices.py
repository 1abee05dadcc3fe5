"""Notices: what a customer should hear of, recorded when it happens, for whoever sends messages.

A notice says that something is so, never that somebody has been told. Its id derives from what it says, so that the
same thing cannot be born twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from lib.domain.ids import derived_id

OLD_AFTER = timedelta(days=2)
"""What an order leads to that was placed so long ago is history that has come in, and no news to its customer."""

KEPT_FOR = timedelta(days=90)
"""So long after it occurred a notice is kept, whatever has become of it: nobody would tell it any more, nor asks why it
was not told."""


class Because(StrEnum):
    """What has moved a customer to another tier or segment, if it is nothing that the customer or time has done.

    Whoever changes a programme, or connects a till that tells of years, moves thousands at once: nobody is to be
    congratulated on that.
    """

    SETTINGS = "settings"
    HISTORY = "history"


class NoticeKind(StrEnum):
    """What there is to hear."""

    POINTS_EXPIRING = "points_expiring"
    TIER_LAPSING = "tier_lapsing"
    TIER_CHANGED = "tier_changed"
    SEGMENT_ENTERED = "segment_entered"


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to hear of. `facts` have the names and the plain values of a document; times in them are UTC.

    occurred_at: when it became so. A notice of what is to come has become due then.
    """

    id: str
    org_id: str
    customer_id: str
    kind: NoticeKind
    facts: Mapping[str, Any]
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class Addressee:
    """Whose notices are made, and when."""

    org_id: str
    customer_id: str
    now: datetime

    def points_expiring(self, points: int, expires_at: datetime) -> Notice:
        """So many points expire then, unless they are redeemed before: once for each date."""
        facts = {"points": points, "expiresAt": expires_at}
        return self._notice(NoticeKind.POINTS_EXPIRING, facts, _text(expires_at))

    def tier_lapsing(self, tier: str, lapses_at: datetime, to_tier: str) -> Notice:
        """The tier is lost then, unless it is earned again before: once for each date."""
        facts = {"tier": tier, "lapsesAt": lapses_at, "toTier": to_tier}
        return self._notice(NoticeKind.TIER_LAPSING, facts, tier, _text(lapses_at))

    def tier_changed(self, before: str, after: str, *, is_higher: bool, because: Because | None = None) -> Notice:
        """Another tier than before, won or lost."""
        direction = {"direction": "up" if is_higher else "down"}
        facts = {"previousTier": before, "newTier": after, **direction, **_cause(because)}
        return self._notice(NoticeKind.TIER_CHANGED, facts, after, _text(self.now))

    def segment_entered(self, before: str, after: str, because: Because | None = None) -> Notice:
        """Another segment than before."""
        facts = {"previousSegment": before, "newSegment": after, **_cause(because)}
        return self._notice(NoticeKind.SEGMENT_ENTERED, facts, after, _text(self.now))

    def _notice(self, kind: NoticeKind, facts: Mapping[str, Any], *what: str) -> Notice:
        notice_id = derived_id("notice", self.org_id, self.customer_id, kind.value, *what)
        return Notice(notice_id, self.org_id, self.customer_id, kind, facts, self.now)


def _cause(because: Because | None) -> dict[str, str]:
    return {"because": because.value} if because else {}


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
