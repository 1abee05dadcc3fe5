"""What of a till is read again, and how news among it is told: windows of days, and marks of records by bucket.

A till cannot be asked what has changed. So its orders of the last two weeks and all its customers are listed again
every time, and each record's mark (a hash of what we take over of it) is compared with the last one. Marks are kept in
buckets, by day or by hash, and of each bucket a digest: where no digest has changed, nothing else needs to be read.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from lib.domain.ids import fingerprint

REREAD_DAYS = 14
"""How late a void, a refund or an edit may come and still be seen."""

FIRST_DAYS = 90
"""How far back a till is read that has never been read to the end."""

FAILURES_ALERTED = 3
"""So many pulls of a till in a row that failed are told to the operators."""

_CUSTOMER_BUCKETS = 16
# A usual window, of which days may be cut off or begin early in the till's own time zone, is one list.
_SLICE_DAYS = 18
_MARK_LENGTH = 16
_UNREADABLE = "!"


@dataclass(frozen=True, slots=True)
class Window:
    """The days one pull reads, and how far it has come. `started_at` (UTC) is what the cursor moves to once all of it
    has been read; `following` the first day that has not been, None when only the customers are left."""

    started_at: datetime
    end: date
    following: date | None

    def next_slice(self) -> tuple[date, date] | None:
        """The days to list next, both included."""
        if self.following is None:
            return None
        return self.following, min(self.following + timedelta(days=_SLICE_DAYS), self.end)

    def advanced(self) -> "Window":
        """Once these have been listed to the end. Slices share a day, since nobody says whether the last one counts."""
        listed = self.next_slice()
        return self if listed is None else replace(self, following=None if listed[1] >= self.end else listed[1])


def window(last_complete_at: datetime | None, now: datetime) -> Window:
    """What to read now: what the last complete pull may have missed, and what may have changed since."""
    back = timedelta(days=REREAD_DAYS if last_complete_at else FIRST_DAYS)
    begin = min(last_complete_at or now, now).date() - back
    return Window(now, now.date() + timedelta(days=1), begin)


def mark(record: object) -> str:
    """The hash of what is taken over of a record: plain JSON without floats."""
    return fingerprint(record)[:_MARK_LENGTH]


def mark_of_unreadable(record: object) -> str:
    """The mark of one of which we take over only that it could not be read."""
    return _UNREADABLE + mark(record)


def is_of_unreadable(mark: str) -> bool:
    """Whether it was made by `mark_of_unreadable`."""
    return mark.startswith(_UNREADABLE)


def digest(marks: Mapping[str, str]) -> str:
    """The same for a bucket of marks by record id."""
    return mark(dict(marks))


def order_bucket(created_at: datetime | None) -> str:
    """The bucket of an order: the day of its own date, UTC."""
    return f"orders-{created_at:%Y-%m-%d}" if created_at else "orders-undated"


def customer_bucket(pos_id: str) -> str:
    """The bucket of a customer: one of sixteen."""
    return f"customers-{int(fingerprint(pos_id)[:8], 16) % _CUSTOMER_BUCKETS:02}"
