"""A shard of a run: a few hundred members, worked by whoever holds its lease, and how far that has come.

Workers die, tasks arrive twice and leases run out under the feet of a slow worker. What decides is the stored shard:
only the holder of its lease moves it on, and it is moved on by whole batches, so that a successor begins where the last
checkpoint was.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

MEMBERS_MAX = 250
"""Members of a shard: minutes of work at most, and a document of some ten kilobytes."""
BATCH_MEMBERS = 50
"""Members between two checkpoints: what is visited again after a crash."""
LEASE = timedelta(minutes=5)
"""How long a worker may go without a checkpoint before another one takes over."""
FAILURES_MAX = 8
"""Attempts in a row that got no member further, after which a shard waits for a person."""
ENGINE_COUNTS = frozenset({"visited", "skipped", "failed"})
"""What a run counts by itself; a job's own counts have other names."""
UNAVAILABLE = "unavailable"

_COUNT_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]{0,59}")


class ShardState(StrEnum):
    """WAITING for a worker; WORKING under a lease; DONE; FAILED with members left, until the run is resumed."""

    WAITING = "waiting"
    WORKING = "working"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Problem:
    """A member that was not dealt with, and the kind of error that was the reason; never what a document says."""

    member_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Tally:
    """Members visited, members skipped as poisoned, and what the job itself counts, by name."""

    visited: int = 0
    skipped: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)

    def __add__(self, other: Self) -> "Tally":
        names = {*self.counts, *other.counts}
        counts = {name: self.counts.get(name, 0) + other.counts.get(name, 0) for name in sorted(names)}
        return Tally(self.visited + other.visited, self.skipped + other.skipped, counts)


def counted(counts: Mapping[str, int]) -> Tally:
    """One visit that a job counted so. Raises ValueError for what can be no count: names are letters and digits."""
    for name, count in counts.items():
        if not _COUNT_NAME.fullmatch(name) or name in ENGINE_COUNTS or type(count) is not int:
            raise ValueError("a job counts integers under names of letters and digits that are not the engine's own")
    return Tally(visited=1, counts={name: count for name, count in counts.items() if count})


@dataclass(frozen=True, slots=True)
class Visits:
    """What came of visiting a batch: `busy` members could not be visited for now and are tried again later."""

    tally: Tally = Tally()
    poisoned: tuple[Problem, ...] = ()
    busy: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shard:
    """Members `ids[:position]` have been tried; those of them that were busy wait in `deferred`.

    `worker` holds the lease until `lease_until` (UTC). `failures` counts attempts without progress, `claims` all.
    """

    id: str
    run_id: str
    org_id: str
    ids: tuple[str, ...]
    created_at: datetime
    updated_at: datetime
    state: ShardState = ShardState.WAITING
    position: int = 0
    tally: Tally = Tally()
    errors: tuple[Problem, ...] = ()
    deferred: tuple[str, ...] = ()
    worker: str | None = None
    lease_until: datetime | None = None
    claims: int = 0
    failures: int = 0
    finished_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether there is work left that nobody has given up."""
        return self.state in (ShardState.WAITING, ShardState.WORKING)

    @property
    def left(self) -> int:
        """Members not dealt with yet."""
        return len(self.ids) - self.position + len(self.deferred)

    @property
    def batch(self) -> tuple[str, ...]:
        """The members to visit next: those never tried, then those that were busy."""
        return self.ids[self.position : self.position + BATCH_MEMBERS] or self.deferred[:BATCH_MEMBERS]

    def is_leased(self, now: datetime) -> bool:
        """Whether a worker holds it that may still be alive."""
        return self.state is ShardState.WORKING and self.lease_until is not None and self.lease_until > now

    def is_held_by(self, worker: str) -> bool:
        """Whether this worker's lease has not been taken away, run out or not."""
        return self.state is ShardState.WORKING and self.worker == worker


def claimed(shard: Shard, worker: str, now: datetime) -> Shard | None:
    """The shard under a new lease; None when it is closed or another worker holds it.

    A lease that ran out is a failed attempt; the last one allowed closes the shard as FAILED instead.
    """
    if not shard.is_open or shard.is_leased(now):
        return None
    failures = shard.failures + (shard.state is ShardState.WORKING)
    shard = replace(shard, failures=failures, claims=shard.claims + 1, updated_at=now)
    if failures >= FAILURES_MAX:
        return _let_go(shard, ShardState.FAILED, now)
    return replace(shard, state=ShardState.WORKING, worker=worker, lease_until=now + LEASE)


def advanced(shard: Shard, batch: Sequence[str], visits: Visits, now: datetime) -> Shard:
    """The shard after its holder visited `batch`: DONE, WORKING on or, if no member was reached, WAITING or FAILED."""
    if shard.position < len(shard.ids):
        position, deferred = shard.position + len(batch), shard.deferred + visits.busy
    else:
        position, deferred = shard.position, shard.deferred[len(batch) :] + visits.busy
    moved = len(batch) > len(visits.busy)
    after = replace(
        shard,
        position=position,
        deferred=deferred,
        tally=shard.tally + visits.tally,
        errors=shard.errors + visits.poisoned,
        failures=0 if moved else shard.failures + 1,
        lease_until=now + LEASE,
        updated_at=now,
    )
    if not after.left:
        return _let_go(after, ShardState.DONE, now)
    if moved:
        return after
    return _let_go(after, ShardState.FAILED if after.failures >= FAILURES_MAX else ShardState.WAITING, now)


def released(shard: Shard, now: datetime) -> Shard:
    """The shard without its lease, for whoever comes next."""
    return _let_go(shard, ShardState.WAITING, now)


def reopened(shard: Shard, now: datetime) -> Shard:
    """A FAILED shard with its attempts back."""
    return replace(shard, state=ShardState.WAITING, failures=0, updated_at=now, finished_at=None)


def _let_go(shard: Shard, state: ShardState, now: datetime) -> Shard:
    finished_at = None if state is ShardState.WAITING else now
    return replace(shard, state=state, worker=None, lease_until=None, updated_at=now, finished_at=finished_at)
