"""Which document events are still to be delivered, kept so that a crash loses no event of an acknowledged commit.

Commits are in the journal anyway, and former states of documents are kept for an hour; so it is enough to note now and
then from which commit on each trigger may have missed something. When it is registered after a restart, it is told
that again under the same event ids: at least once, as Eventarc has it. A trigger that was not registered before the
restart hears of nothing older than its registration.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Collection, Sequence
from typing import TypeAlias

from emulator.firestore.changes import Change
from emulator.firestore.clock import micros, timestamp
from emulator.firestore.events.delivery import EventDelivery
from emulator.firestore.events.triggers import Trigger
from emulator.firestore.names import DatabaseId
from emulator.firestore.persistence.records import PROGRESS
from emulator.firestore.store import RETENTION_MICROS, Store, Version

NOTE_SECONDS = 0.5
"""How often progress is noted. What was settled since the last note is delivered again after a crash."""

Positions: TypeAlias = dict[tuple[str, str], int]
"""By project and key of a trigger: the time (microseconds UTC) of the first commit whose event may not be settled."""


def encode_positions(positions: Positions) -> bytes:
    """The payload of a record."""
    return PROGRESS + json.dumps([[*trigger, time] for trigger, time in sorted(positions.items())]).encode()


def decode_positions(payload: bytes) -> Positions:
    """The reverse of `encode_positions`."""
    return {(project, key): time for project, key, time in json.loads(payload[len(PROGRESS) :])}


class Progress:
    """The delivery of one server's events, noted with `record`.

    `missed` is what the last run has left, `present` the databases it has left: one that has been filled from a data
    set since has nothing to tell of the time before. Lives in one event loop.
    """

    def __init__(
        self, store: Store, missed: Positions, present: Collection[DatabaseId], record: Callable[[bytes], None]
    ) -> None:
        self.delivery = EventDelivery(missed=self._missed_by)
        self._store = store
        self._missed = missed
        self._present = present
        self._record = record
        self._started = self._told_until = store.clock.read_time()
        self._noted = encode_positions({})
        self._timer: asyncio.TimerHandle | None = None

    def observe(self, changes: Sequence[Change]) -> None:
        """Take the changes of a commit that has been kept."""
        if not self.delivery.closed:
            self._told_until = micros(changes[0].commit_time)
            self.delivery.observe(changes)

    def keep_noting(self) -> None:
        """Note progress from time to time until `stop_noting`."""
        self.note()
        self._timer = asyncio.get_running_loop().call_later(NOTE_SECONDS, self.keep_noting)

    def stop_noting(self) -> None:
        """Note progress for the last time."""
        if self._timer is not None:
            self._timer.cancel()
        self.note()

    def note(self) -> None:
        """Record how far each trigger is, if that is news."""
        payload = self.encoded()
        if payload != self._noted:
            self._noted = payload
            self._record(payload)

    def encoded(self) -> bytes:
        """The payload that says how far each trigger is now."""
        served = {
            trigger: self._told_until + 1 if oldest is None else oldest
            for trigger, oldest in self.delivery.progress().items()
        }
        return encode_positions({**self._missed, **served})

    def _missed_by(self, trigger: Trigger) -> list[Change]:
        """What a trigger that is registered for the first time in this run has missed since it was last served."""
        position = self._missed.pop((trigger.project, trigger.key), None)
        if position is None:
            # At once, so that a trigger whose registration has been answered is known after a crash.
            self.note()
            return []
        identity = DatabaseId(trigger.project, trigger.database)
        position = max(position, self._store.clock.read_time() - RETENTION_MICROS)
        if identity not in self._present:
            position = max(position, self._started + 1)
        changes = self._store.database(identity).changes_from(position)
        # Later commits, which are still on their way to disk, are told when they have arrived there.
        return [_change(identity, path, version) for path, version in changes if version.time <= self._told_until]


def _change(identity: DatabaseId, path: str, version: Version) -> Change:
    before = version.previous
    return Change(
        project=identity.project,
        database=identity.database,
        path=path,
        before=before.document() if before is not None and before.data is not None else None,
        after=version.document() if version.data is not None else None,
        commit_time=timestamp(version.time),
    )
