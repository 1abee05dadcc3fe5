"""Reads a data directory into a store: the snapshot, then the logs, and cuts what a crash left unfinished."""

from __future__ import annotations

import logging
import os
from collections import defaultdict
from pathlib import Path

from emulator.firestore.names import DatabaseId
from emulator.firestore.persistence.directory import DataDirectory
from emulator.firestore.persistence.files import StorageError
from emulator.firestore.persistence.progress import Positions, decode_positions
from emulator.firestore.persistence.records import (
    END,
    PROGRESS,
    VERSIONS,
    check_header,
    decode_versions,
    read_payloads,
)
from emulator.firestore.store import RETENTION_MICROS, Store, Version

_log = logging.getLogger(__name__)


def recover(directory: DataDirectory, store: Store) -> Positions:
    """Bring back into an empty store all that was committed, so that later commits get later times.

    Only the last log can have been written to when a crash came: what does not make a whole record at its end was never
    acknowledged and is cut off. Damage anywhere else raises StorageError. Returns from where on triggers may have
    missed events.
    """
    recovered = _Recovered()
    if directory.snapshot is not None:
        recovered.read_snapshot(directory.snapshot_path(directory.snapshot))
    for number in directory.logs:
        recovered.read_log(directory.log_path(number), last=number == directory.logs[-1])
    store.clock.pass_over(recovered.last_time)
    horizon = store.clock.read_time() - RETENTION_MICROS
    for identity, histories in recovered.histories.items():
        store.database(identity).adopt(histories, horizon)
    return recovered.positions


class _Recovered:
    """What has been read so far; the histories of each database's documents by path."""

    def __init__(self) -> None:
        self.histories: defaultdict[DatabaseId, dict[str, Version]] = defaultdict(dict)
        self.positions: Positions = {}
        self.last_time = 0

    def read_snapshot(self, path: Path) -> None:
        payload = b""
        with path.open("rb") as file:
            check_header(file, path)
            for payload in read_payloads(file):
                self._take(payload, path)
            if payload != END or file.tell() != os.fstat(file.fileno()).st_size:
                raise StorageError(f"{path} is damaged after {file.tell()} bytes")

    def read_log(self, path: Path, *, last: bool) -> None:
        with path.open("rb+") as file:
            check_header(file, path)
            for payload in read_payloads(file):
                self._take(payload, path)
            end, length = file.tell(), os.fstat(file.fileno()).st_size
            if end < length:
                if not last:
                    raise StorageError(f"{path} is damaged after {end} bytes")
                _log.warning("%s: cut the last %d bytes, a commit that was not finished", path, length - end)
                file.truncate()
                os.fsync(file.fileno())

    def _take(self, payload: bytes, path: Path) -> None:
        kind = payload[:1]
        if kind == VERSIONS:
            identity, versions = decode_versions(payload)
            histories = self.histories[identity]
            for document, time, create_time, data in versions:
                histories[document] = Version(time, create_time, data, histories.get(document))
                self.last_time = max(self.last_time, time)
        elif kind == PROGRESS:
            self.positions = decode_positions(payload)
        elif kind != END:
            raise StorageError(f"{path} has a record of an unknown kind, {kind!r}")
