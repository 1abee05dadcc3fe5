"""The lock table of a database: pessimistic concurrency as production's default for server clients.

Transactions lock what they read, documents (missing ones too) and queries, SHARED; a commit, in a transaction or not,
locks what it writes EXCLUSIVE. All locks are kept until the transaction ends, after its writes have been applied.

Why that is serialisable (strict two-phase locking): order transactions by their commits, which are single steps of the
event loop. What a transaction has read, as of the newest version under its lock, can have been changed by nobody
between the read and its own commit: a change needs an exclusive lock on that document, or one that conflicts with every
query the document belongs to before or after the change. So each reads what it would read running alone at its commit.

Who may not have a lock yet waits in order of arrival: a lock that conflicts with one asked for earlier waits behind it,
so that writers do not starve. That order is a courtesy only. It gives way where it would close a circle of waiting, and
a transaction that already has a lock somewhere goes before those who wait there. Circles of locks that are held
(deadlocks; only commits can be in them, since shared locks wait for no shared ones) end with the youngest transaction
ABORTED. A retry keeps its age, so in the end it is the oldest and wins.

Transactions that all read one document and then all write it would deadlock one with the other, and abort more often
than clients retry. Where a deadlock was found, reads therefore take UPDATE locks for a while, one at a time, which is
again a courtesy: when nobody's turn has ended for a second they make do with a shared one.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import count
from typing import NamedTuple

from emulator.firestore.errors import FirestoreError, aborted
from emulator.firestore.lock_targets import Intent, Lock, Mode, Owner, Place, document_place, scope_of
from emulator.firestore.ordering import ABOVE
from emulator.firestore.queries.membership import Membership
from emulator.firestore.queries.model import Query

LOCK_TIMEOUT_SECONDS = 20.0
"""Production's lock deadline: https://firebase.google.com/docs/firestore/manage-data/transactions#transaction_failure"""

CONTENDED_SECONDS = 10.0
"""How long reads of a document or collection take update locks after a deadlock there."""

_PATIENCE_SECONDS = 1.0
"""How long an update lock waits for others of its kind while none of them goes."""


class _Edge(NamedTuple):
    """`lock` waits for `other`. `hard` unless `other` merely came first."""

    lock: Lock
    other: Lock
    hard: bool


class LockTable:
    """The locks of one database. `now` is a monotonic clock in seconds, the one `Owner.expires_at` refers to."""

    def __init__(self, timeout_seconds: float, now: Callable[[], float]) -> None:
        self._timeout_seconds = timeout_seconds
        self._now = now
        self._at: dict[Place, dict[Lock, None]] = {}
        self._waiting: dict[Place, dict[Lock, None]] = {}
        self._contended: dict[Place, float] = {}
        self._arrivals = count()

    async def read_documents(self, owner: Owner, paths: Iterable[str]) -> None:
        """Wait until the owner may read these documents; raises ABORTED, as all that wait do, when it may not."""
        wanted: dict[Mode, list[Place]] = {}
        for place in map(document_place, paths):
            if not self._holds(owner, place):
                wanted.setdefault(self._reading_mode(place), []).append(place)
        for mode, places in wanted.items():
            await self._acquire(Lock.on_documents(owner, mode, places))

    async def read_query(self, owner: Owner, query: Query) -> None:
        """Wait until the owner may run a query."""
        await self._acquire(Lock.on_query(owner, self._reading_mode(("queries", scope_of(query))), query))

    async def write(self, owner: Owner, intent: Intent) -> None:
        """Wait until the owner may commit."""
        await self._acquire(Lock.to_write(owner, intent))

    def narrow(self, owner: Owner, query: Query, last_key: bytes) -> None:
        """Of a query just run under its lock, nothing beyond this sort key has been looked at."""
        end = last_key + ABOVE
        if query.end is not None:
            end = min(end, query.end)
        for lock in owner.locks:
            if lock.membership is not None and lock.membership.query is query:
                lock.membership = Membership(replace(query, end=end))
                self._settle([lock])

    def release(self, owner: Owner) -> None:
        """Take all locks from an owner; whatever it still waits for is refused with ABORTED."""
        locks = owner.locks.copy()
        for lock in locks:
            lock.revoked = True
            if lock.future is not None and not lock.future.done():
                lock.future.set_result(None)
        self._remove(locks)

    def _holds(self, owner: Owner, place: Place) -> bool:
        return any(lock.owner is owner and lock.granted for lock in self._at.get(place, ()))

    def _reading_mode(self, place: Place) -> Mode:
        until = self._contended.get(place)
        return Mode.UPDATE if until is not None and self._now() < until else Mode.SHARED

    async def _acquire(self, lock: Lock) -> None:
        lock.serial = next(self._arrivals)
        lock.owner.locks.append(lock)
        for place in lock.places:
            self._at.setdefault(place, {})[lock] = None
        if self._is_free(lock):
            lock.granted = True
        else:
            await self._wait(lock)

    async def _wait(self, lock: Lock) -> None:
        lock.future = asyncio.get_running_loop().create_future()
        for place in lock.looks:
            self._waiting.setdefault(place, {})[lock] = None
        began = lock.since = self._now()
        try:
            self._look_again(lock, began)
            # Who has just asked for its first lock is waited for by nobody.
            if len(lock.owner.locks) > 1:
                self._untangle(lock.owner)
            while not lock.future.done():
                await asyncio.wait([lock.future], timeout=self._pause_seconds(lock, began))
                self._look_again(lock, began)
            if lock.revoked:
                raise contention()
        except BaseException:
            self._remove([lock])
            raise

    def _look_again(self, lock: Lock, began: float) -> None:
        """Whatever time alone changes: locks that have expired, patience that is at its end, the time-out."""
        if not lock.is_waiting:
            return
        now = self._now()
        for owner in {edge.other.owner for edge in self._blockers(lock) if edge.other.owner.expires_at() <= now}:
            self.release(owner)
        if lock.mode is Mode.UPDATE and now >= lock.since + self._patience_seconds and lock.is_waiting:
            lock.mode = Mode.SHARED
            if self._is_free(lock):
                self._grant(lock)
        if lock.is_waiting and now >= began + self._timeout_seconds:
            raise aborted("Too much contention on these documents. Please try again.")

    def _pause_seconds(self, lock: Lock, began: float) -> float:
        until = [began + self._timeout_seconds]
        if lock.mode is Mode.UPDATE:
            until.append(lock.since + self._patience_seconds)
        until += [edge.other.owner.expires_at() for edge in self._blockers(lock)]
        return max(0.0, min(until) - self._now())

    @property
    def _patience_seconds(self) -> float:
        return min(_PATIENCE_SECONDS, self._timeout_seconds / 2)

    def _blockers(self, lock: Lock) -> Iterator[_Edge]:
        for place in lock.looks:
            others = self._at.get(place, {})
            has_one = any(other.owner is lock.owner and other.granted for other in others)
            for other in others:
                hard = other.granted and Mode.EXCLUSIVE in (lock.mode, other.mode)
                if other.owner is lock.owner or (other in lock.passed and not hard):
                    continue
                if not other.granted and (has_one or other.serial > lock.serial):
                    continue
                if lock.conflicts_with(other):
                    yield _Edge(lock, other, hard)

    def _is_free(self, lock: Lock) -> bool:
        return next(self._blockers(lock), None) is None

    def _grant(self, lock: Lock) -> None:
        lock.granted = True
        _forget(self._waiting, lock.looks, lock)
        if lock.future is not None and not lock.future.done():
            lock.future.set_result(None)
        # Whom it was let past now waits for its owner, who may be waiting elsewhere.
        if any(other.is_waiting for other in lock.owner.locks):
            self._untangle(lock.owner)

    def _untangle(self, owner: Owner) -> None:
        """End all circles of waiting that the owner is part of."""
        while circle := self._circle(owner):
            courtesy = next((edge for edge in circle if not edge.hard), None)
            if courtesy is None:
                self._mark_contended(circle)
                self.release(max((edge.lock.owner for edge in circle), key=lambda candidate: candidate.age))
            else:
                courtesy.lock.passed.add(courtesy.other)
                if self._is_free(courtesy.lock):
                    self._grant(courtesy.lock)

    def _circle(self, start: Owner) -> list[_Edge]:
        """A shortest circle of waiting through `start`, beginning with what `start` waits for; empty if there is none.

        Breadth first through the wait-for graph, whose nodes are owners.
        """
        reached_by: dict[Owner, _Edge] = {}
        frontier = deque([start])
        while frontier:
            waiting = [lock for lock in frontier.popleft().locks if lock.is_waiting]
            for edge in (edge for lock in waiting for edge in self._blockers(lock)):
                target = edge.other.owner
                if target is start:
                    circle = [edge]
                    while circle[0].lock.owner is not start:
                        circle.insert(0, reached_by[circle[0].lock.owner])
                    return circle
                if target not in reached_by:
                    reached_by[target] = edge
                    frontier.append(target)
        return []

    def _mark_contended(self, circle: Iterable[_Edge]) -> None:
        now = self._now()
        self._contended = {place: until for place, until in self._contended.items() if until > now}
        for edge in circle:
            for place in set(edge.lock.looks).intersection(edge.other.places):
                self._contended[place] = now + CONTENDED_SECONDS

    def _remove(self, locks: list[Lock]) -> None:
        for lock in locks:
            if lock in lock.owner.locks:
                lock.owner.locks.remove(lock)
            _forget(self._at, lock.places, lock)
            _forget(self._waiting, lock.looks, lock)
        self._settle(locks)

    def _settle(self, changed: Iterable[Lock]) -> None:
        """Grant what need wait no longer now that these locks have gone or have become narrower."""
        waiting = {lock for gone in changed for place in gone.places for lock in self._waiting.get(place, ())}
        for lock in sorted(waiting, key=lambda lock: lock.serial):
            lock.since = self._now()
            if lock.is_waiting and self._is_free(lock):
                self._grant(lock)
            elif lock.is_waiting and self._depends_on_documents(lock):
                # With the documents just committed it may wait for others than before.
                self._untangle(lock.owner)

    def _depends_on_documents(self, lock: Lock) -> bool:
        """Whether the documents themselves decide which others the lock conflicts with: queries are involved."""
        return lock.membership is not None or any(place[0] == "queries" and place in self._at for place in lock.looks)


def contention() -> FirestoreError:
    """The error of a transaction that lost against another; clients retry it."""
    return aborted(
        "Aborted due to cross-transaction contention. This occurs when multiple transactions attempt to access the "
        "same data, requiring Firestore to abort at least one in order to enforce serializability."
    )


def _forget(index: dict[Place, dict[Lock, None]], places: Iterable[Place], lock: Lock) -> None:
    for place in places:
        found = index.get(place)
        if found is not None:
            found.pop(lock, None)
            if not found:
                del index[place]
