"""When the clock stops on its way through a year: for orders that are written together, the till, the jobs of a night.

Days are those of the shop. Time zones are computed here from wall clocks alone, apart from the product.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from cli.demo.documents import OrderWrite
from cli.demo.expected import worth

_TOGETHER = timedelta(hours=6)
_TOGETHER_MAX = 64
SATURDAY = 5
_TILL_AT, _AUDIT_AT = time(18), time(3, 23)
_QUARTERS = (1, 4, 7, 10)
_DAY = timedelta(days=1)


class Kind(StrEnum):
    """TILL: points are redeemed. NIGHT: a day is over, and the jobs run. AUDIT: it is the hour of the audit."""

    TILL = "till"
    NIGHT = "night"
    AUDIT = "audit"


@dataclass(frozen=True, slots=True)
class Stop:
    """Something other than orders, at a moment (UTC); `day` is the shop's."""

    at: datetime
    kind: Kind
    day: date


@dataclass(frozen=True, slots=True)
class Step:
    """Writes that can be worked at the same time: no two orders of one customer are among them, and no two states of an
    order of which the first has earned something else. `at` is the last's."""

    at: datetime
    writes: tuple[OrderWrite, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """So many whole days of a shop."""

    first_day: date
    days: int
    time_zone: str

    @classmethod
    def of(cls, first: datetime, days: int, time_zone: str) -> "Span":
        """The days from the date of this moment in UTC on: both sources of orders have theirs by day there, west of
        which the shop is, and nobody buys in the first hours of a day."""
        return cls(first.astimezone(UTC).date(), days, time_zone)

    @property
    def start(self) -> datetime:
        return self.moment(self.first_day, time())

    @property
    def end(self) -> datetime:
        return self.moment(self.first_day + self.days * _DAY, time())

    def moment(self, day: date, at: time) -> datetime:
        """What time it is when clocks at the shop show this."""
        return datetime.combine(day, at, ZoneInfo(self.time_zone))

    def stops(self) -> Iterator[Stop]:
        """The till on Saturdays, the audit in the first night of a quarter, and the end of every day, in order."""
        for number in range(self.days):
            day = self.first_day + number * _DAY
            if number and day.day == 1 and day.month in _QUARTERS:
                yield Stop(self.moment(day, _AUDIT_AT), Kind.AUDIT, day)
            if day.weekday() == SATURDAY:
                yield Stop(self.moment(day, _TILL_AT), Kind.TILL, day)
            yield Stop(self.moment(day + _DAY, time()), Kind.NIGHT, day)


def timeline(writes: Iterable[OrderWrite], span: Span) -> Iterator[Step | Stop]:
    """Every write and every stop in order; writes after the span are left out."""
    stops = span.stops()
    stop = next(stops, None)
    together = _Together()
    for write in writes:
        while stop is not None and stop.at <= write.at:
            yield from together.taken()
            yield stop
            stop = next(stops, None)
        if stop is None:
            return
        if not together.has_room_for(write):
            yield from together.taken()
        together.add(write)
    yield from together.taken()
    while stop is not None:
        yield stop
        stop = next(stops, None)


class _Together:
    """Writes that are collected for a step. An order that moves on to another buyer is of both."""

    def __init__(self) -> None:
        self._writes: list[OrderWrite] = []
        self._order_of: dict[str, str] = {}
        self._buyers: dict[str, str | None] = {}
        self._earned: dict[str, tuple[str | None, int]] = {}

    def has_room_for(self, write: OrderWrite) -> bool:
        if not self._writes:
            return True
        near = write.at - self._writes[0].at <= _TOGETHER and len(self._writes) < _TOGETHER_MAX
        others = (self._order_of.get(person, write.order_id) for person in self._people(write))
        # What an order has earned for a moment may never be seen: its event finds the next state already.
        earned = self._earned.get(write.order_id)
        lasts = earned is None or earned == (write.person, worth(write.fields))
        return near and lasts and all(order_id == write.order_id for order_id in others)

    def add(self, write: OrderWrite) -> None:
        for person in self._people(write):
            self._order_of[person] = write.order_id
        self._buyers[write.order_id] = write.person
        cents = worth(write.fields)
        if cents is not None:
            self._earned[write.order_id] = write.person, cents
        self._writes.append(write)

    def taken(self) -> Iterator[Step]:
        if self._writes:
            yield Step(self._writes[-1].at, tuple(self._writes))
        self._writes.clear()
        self._order_of.clear()
        self._earned.clear()

    def _people(self, write: OrderWrite) -> set[str]:
        return {person for person in (write.person, self._buyers.get(write.order_id)) if person is not None}
