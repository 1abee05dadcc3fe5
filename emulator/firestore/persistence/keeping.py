"""What a server starts from and what it leaves behind, as its command line says."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from emulator.firestore.engine import Engine
from emulator.firestore.events.delivery import EventDelivery
from emulator.firestore.persistence.data_sets import export_data_set, import_data_set, prepare_export
from emulator.firestore.persistence.journal import Journal
from emulator.firestore.persistence.snapshots import this_moment
from emulator.firestore.persistence.storage import LOG_BYTES, Storage
from emulator.firestore.store import Store

_log = logging.getLogger(__name__)


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options that `Keeping` reads."""
    parser.add_argument(
        "--data-dir", type=Path, metavar="DIR", help="keep all commits there, over restarts and crashes"
    )
    parser.add_argument(
        "--log-bytes", type=int, default=LOG_BYTES, help="length of its log that makes a snapshot worth while"
    )
    parser.add_argument(
        "--import", dest="import_from", type=Path, metavar="DIR", help="data set to start with (docs/data-sets.md)"
    )
    parser.add_argument("--export-on-exit", type=Path, metavar="DIR", help="data set to leave when told to stop")


class Keeping:
    """The store as it is at the start, and what becomes of it. Raises StorageError, as `close` does."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.store = Store()
        self._export_to: Path | None = options.export_on_exit
        self._journal: Journal | None = None
        # Said before any work is done, not when it is to be saved.
        if self._export_to is not None:
            prepare_export(self._export_to)
        self._storage = Storage(options.data_dir, self.store, options.log_bytes) if options.data_dir else None
        if options.import_from is not None:
            count = import_data_set(options.import_from, self.store)
            if self._storage is not None:
                self._storage.checkpoint()
            _log.info("imported %d documents from %s", count, options.import_from)

    @property
    def failed(self) -> bool:
        """Whether commits can no longer be kept, so that the server must end."""
        return self._journal is not None and self._journal.failed.is_set()

    def serve(self, engine: Engine) -> EventDelivery:
        """Keep the commits of an engine over the store from now on, if they are to be kept; delivers their events."""
        if self._storage is None:
            delivery = EventDelivery()
            self.store.add_observer(delivery.observe)
        else:
            self._journal, delivery = self._storage.serve(engine)
        return delivery

    async def close(self) -> None:
        """Finish what there is to write; nobody may commit any more."""
        if self._storage is not None:
            await self._storage.close()
        if self._export_to is not None:
            count = export_data_set(this_moment(self.store), self._export_to)
            _log.info("exported %d documents to %s", count, self._export_to)
