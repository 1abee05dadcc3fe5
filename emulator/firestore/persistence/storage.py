"""One server's data directory: what it has kept comes back, what is committed goes there, and it stays in bounds.

When the log has outgrown both a fixed size and the last snapshot, a new log is begun and a snapshot of all before it is
written beside the work of serving; then the old files go. So a start reads at most about twice what there is.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path

from emulator.firestore.engine import Engine
from emulator.firestore.events.delivery import EventDelivery
from emulator.firestore.persistence.directory import DataDirectory
from emulator.firestore.persistence.files import StorageError
from emulator.firestore.persistence.journal import Journal
from emulator.firestore.persistence.log import Log
from emulator.firestore.persistence.progress import Progress, encode_positions
from emulator.firestore.persistence.records import encode_versions, frame
from emulator.firestore.persistence.recovery import recover
from emulator.firestore.persistence.snapshots import this_moment, write_snapshot
from emulator.firestore.store import Database, Store

LOG_BYTES = 16 << 20
"""Length of a log, unless the last snapshot is longer, above which a new snapshot is made."""

_log = logging.getLogger(__name__)


class Storage:
    """Opening it takes the directory and reads it into the store; `serve` keeps every commit from then on.

    Raises StorageError when the directory cannot be used or is damaged.
    """

    def __init__(self, path: Path, store: Store, log_bytes: int = LOG_BYTES) -> None:
        self._directory = DataDirectory(path)
        self._store = store
        self._log_bytes = log_bytes
        self._journal: Journal | None = None
        self._progress: Progress | None = None
        self._compaction: asyncio.Task[None] | None = None
        try:
            self._missed = recover(self._directory, store)
            self._present = {database.id for database in store.databases()}
            self._log = Log(self._directory, self._directory.logs[-1] if self._directory.logs else 1)
            self._snapshot_bytes = self._size_of_snapshot()
            self._directory.remove_before(self._directory.snapshot or 0)
        except OSError as error:
            self._directory.close()
            raise StorageError(f"{path} cannot be used: {error}") from error
        except BaseException:
            self._directory.close()
            raise

    def checkpoint(self) -> None:
        """Keep the store as it is now, all or nothing; for what was put into it without commits, before serving."""
        self._log.begin_next()
        self._log.append(frame(encode_positions(self._missed)))
        path = self._directory.snapshot_path(self._log.number)
        self._snapshot_bytes = write_snapshot(path, this_moment(self._store), hurry=True)
        self._directory.remove_before(self._log.number)

    def serve(self, engine: Engine) -> tuple[Journal, EventDelivery]:
        """Keep the commits of an engine that uses the store, and deliver its events once they are kept.

        To be called in the event loop that serves; the delivery has to be closed before the storage is.
        """
        journal = self._journal = Journal(self._log)
        progress = self._progress = Progress(self._store, self._missed, self._present, journal.record)

        def record(database: Database, paths: Sequence[str]) -> None:
            versions = ((path, version) for path in paths if (version := database.newest(path)) is not None)
            journal.record(encode_versions(database.id, versions))
            if journal.log_bytes > max(self._log_bytes, self._snapshot_bytes) and self._compaction is None:
                self._compaction = asyncio.get_running_loop().create_task(self._compact(journal, progress))

        self._store.record_with(record)
        self._store.add_observer(journal.once_kept(progress.observe))
        progress.keep_noting()
        engine.kept = journal.kept
        return journal, progress.delivery

    async def close(self) -> None:
        """Bring everything to disk and let others use the directory; nobody may commit any more."""
        if self._compaction is not None:
            await self._compaction
        if self._journal is not None and self._progress is not None:
            self._progress.stop_noting()
            await self._journal.close()
        else:
            self._log.close()
        self._directory.close()

    async def _compact(self, journal: Journal, progress: Progress) -> None:
        try:
            # In one step of the event loop: what is in the moment is in the logs before the new one, and nothing else.
            moment, begun = this_moment(self._store), journal.begin_next_log(progress.encoded())
            await begun.wait()
            if journal.failed.is_set():
                return
            path = self._directory.snapshot_path(self._log.number)
            self._snapshot_bytes = await asyncio.to_thread(write_snapshot, path, moment, hurry=False)
            await asyncio.to_thread(self._directory.remove_before, self._log.number)
        except OSError as error:
            # The logs hold everything all the same; the next attempt is made when the new one has grown.
            _log.warning("no snapshot could be written in %s: %s", self._directory.path, error)
        finally:
            self._compaction = None

    def _size_of_snapshot(self) -> int:
        number = self._directory.snapshot
        return 0 if number is None else self._directory.snapshot_path(number).stat().st_size
