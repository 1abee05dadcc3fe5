"""The catch-up sweep as values: which stretch of time a pass looks at, how far it has come, and what is behind.

Firestore cannot be asked when a document was last written, so a pass asks for the dates that writers put into their
orders. They are not to be trusted: passes overlap, and what no date gives away is left to the nightly audit.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, TypeAlias

from lib.domain.grants import Accrual, is_stale
from lib.domain.orders import Order, Phase, Revision

OVERLAP = timedelta(hours=2)
"""How far back every pass looks beyond the last: the till's sync writes orders up to an hour after their own date."""
LATE = timedelta(minutes=45)
"""From this age on an event may come after a pass that has seen what became of its order later, and found it right. To
work it as it was told would undo that where the later event is lost, and nothing would look again. Of what was written
since an event that is younger, the next pass finds all: that much, and the hour above, is less than its overlap."""
DEEP_OVERLAP = timedelta(days=3)
"""How far back the pass looks that is made once a day: the till's sync may write the orders of two days anew."""
DEEP_EVERY = timedelta(hours=23)
AHEAD_MAX = timedelta(days=1)
"""Dates further ahead come from a clock that was never set; to look for them would find the same ones for ever."""
GIVE_UP_AFTER = timedelta(days=1)
"""How long orders that cannot be recorded keep the next pass looking back at them."""

Value: TypeAlias = "datetime | str | float"


class Form(StrEnum):
    """How writers store a date. Text is that of `Date.toISOString()`, a number epoch milliseconds."""

    TIMESTAMP = "timestamp"
    TEXT = "text"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Probe:
    """One query of a pass: a field, and the form its values have; Firestore compares values of one type only."""

    field: str
    form: Form

    def bound(self, moment: datetime) -> Value:
        """The moment as this probe's query compares it."""
        moment = moment.astimezone(UTC)
        if self.form is Form.TEXT:
            return f"{moment:%Y-%m-%dT%H:%M:%S}"
        return moment if self.form is Form.TIMESTAMP else moment.timestamp() * 1000

    def finds(self, fields: Mapping[str, Any], since: datetime, until: datetime) -> bool:
        """Whether this probe's query finds a document with these fields."""
        value = fields.get(self.field)
        if isinstance(value, bool) or not isinstance(value, _TYPES[self.form]):
            return False
        low, high = self.bound(since), self.bound(until)
        return bool(low <= value < high)


_TYPES: Mapping[Form, Any] = {Form.TIMESTAMP: datetime, Form.TEXT: str, Form.NUMBER: int | float}
PROBES = tuple(Probe(name, form) for name in ("updatedAt", "createdAt") for form in Form)


@dataclass(frozen=True, slots=True)
class Position:
    """The last order that has been looked at, in the order of its probe."""

    value: Value
    order_id: str


@dataclass(frozen=True, slots=True)
class Pass:
    """One look at every order dated from `since` until before `until` (UTC).

    probe: which of `PROBES` is next, after: where in it. incomplete: some order could not be recorded.
    """

    started_at: datetime
    since: datetime
    until: datetime
    deep: bool
    probe: int = 0
    after: Position | None = None
    incomplete: bool = False

    def is_new_to(self, fields: Mapping[str, Any]) -> bool:
        """Whether no earlier probe of this pass has found an order with these fields."""
        return not any(probe.finds(fields, self.since, self.until) for probe in PROBES[: self.probe])


@dataclass(frozen=True, slots=True)
class Progress:
    """What a sweep remembers. through: when the last complete pass began, deep_at: the last deep one; None: never.
    current: the pass that is being made. first_at: when there was a sweep for the first time."""

    through: datetime | None = None
    deep_at: datetime | None = None
    current: Pass | None = None
    first_at: datetime | None = None

    def concerns(self, revision: Revision) -> bool:
        """Whether an order of this revision was written since there is a sweep, or shortly before. What was not is of
        a past that is taken over as a whole, or not at all: no event of it was lost."""
        return self.first_at is None or revision.at >= self.first_at - OVERLAP


def begun(progress: Progress, now: datetime) -> Progress:
    """With a pass to go on with: the one that was interrupted, else a new one."""
    if progress.current:
        return progress
    deep = progress.deep_at is None or now - progress.deep_at >= DEEP_EVERY or progress.deep_at > now
    since = min(progress.through or now, now) - (DEEP_OVERLAP if deep else OVERLAP)
    first_at = min(progress.first_at or now, now)
    return replace(progress, current=Pass(now, since, now + AHEAD_MAX, deep), first_at=first_at)


def advanced(progress: Progress, last: Position | None, *, incomplete: bool) -> Progress:
    """After a page: `last` is where to go on in the same probe, None when there is no more of it."""
    current = progress.current
    if current is None:
        return progress
    current = replace(current, after=last, incomplete=current.incomplete or incomplete)
    if last is None:
        current = replace(current, probe=current.probe + 1)
    return replace(progress, current=current) if current.probe < len(PROBES) else _finished(progress, current)


def _finished(progress: Progress, done: Pass) -> Progress:
    if done.incomplete and (progress.through is None or done.started_at - progress.through < GIVE_UP_AFTER):
        return replace(progress, current=None)
    deep_at = done.started_at if done.deep else progress.deep_at
    return replace(progress, through=done.started_at, deep_at=deep_at, current=None)


def is_behind(order: Order, revision: Revision, accrual: Accrual | None) -> bool:
    """Whether recording the order might change what anybody has.

    A record may be older than its order and right all the same, because most changes of an order change nothing:
    that we tell it whose it is, or that its till writes it anew. Of the buyer only the ids are compared; an address
    that has changed since is not worth a sale.
    """
    if accrual is None:
        return order.phase is not Phase.OPEN
    if is_stale(accrual, revision):
        return False
    if order.phase is Phase.OPEN:
        return accrual.count is not None
    return order.phase is Phase.REVERSED or not _is_granted(order, accrual)


def _is_granted(order: Order, accrual: Accrual) -> bool:
    if order.money is None or accrual.count is None or accrual.rate is None:
        return False
    return (
        order.buyer.customer_id == accrual.customer_id
        and order.buyer.user_id == accrual.user_id
        and order.money.total_cents == accrual.count.spend_cents
        and order.ordered_at == accrual.count.ordered_at
        and accrual.rate.points(order.money) == accrual.points
    )
