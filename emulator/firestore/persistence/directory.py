"""A data directory: whose it is, and which files it holds.

    LOCK              held (flock) by the server that uses the directory
    log-00000007      commits since it was begun, one record each
    snapshot-00000007 everything that was committed before log-00000007 was begun

A start reads the newest snapshot, if there is one, and the logs from its number on. Older files are of no use any more.
"""

from __future__ import annotations

import fcntl
import os
import re
from pathlib import Path

from emulator.firestore.persistence.files import PARTIAL, StorageError, make_directory, sync_directory

_FIRST = 1
_FILE = re.compile(r"(log|snapshot)-(\d{8,})")


class DataDirectory:
    """A data directory that no other server can use until it is closed.

    Raises StorageError when another one uses it, it cannot be made or read, or files that a start needs are missing.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        make_directory(path)
        self._lock = self._take_lock()
        try:
            self._tidy()
            self.snapshot, self.logs = self._find()
        except BaseException:
            self.close()
            raise

    def log_path(self, number: int) -> Path:
        return self.path / f"log-{number:08d}"

    def snapshot_path(self, number: int) -> Path:
        return self.path / f"snapshot-{number:08d}"

    def remove_before(self, number: int) -> None:
        """Delete what the snapshot of that number has made superfluous."""
        for kind, older in self._numbered():
            if older < number:
                (self.path / f"{kind}-{older:08d}").unlink()
        sync_directory(self.path)

    def close(self) -> None:
        """Let others use the directory."""
        os.close(self._lock)

    def _take_lock(self) -> int:
        try:
            descriptor = os.open(self.path / "LOCK", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise StorageError(f"{self.path} cannot be used: {error.strerror}") from error
        try:
            # The kernel takes the lock back when its holder ends, however it ends.
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 20).decode(errors="replace").strip()
            os.close(descriptor)
            raise StorageError(f"{self.path} is used by another local Firestore, process {holder}") from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        return descriptor

    def _tidy(self) -> None:
        for path in self.path.iterdir():
            if path.name.endswith(PARTIAL) and _FILE.fullmatch(path.name.removesuffix(PARTIAL)):
                path.unlink()

    def _numbered(self) -> list[tuple[str, int]]:
        matches = [_FILE.fullmatch(path.name) for path in self.path.iterdir()]
        return sorted((match[1], int(match[2])) for match in matches if match is not None)

    def _find(self) -> tuple[int | None, list[int]]:
        """The number of the newest snapshot, and those of the logs that follow it."""
        numbered = self._numbered()
        snapshot = max((number for kind, number in numbered if kind == "snapshot"), default=None)
        first = _FIRST if snapshot is None else snapshot
        logs = [number for kind, number in numbered if kind == "log" and number >= first]
        expected = list(range(first, max([first, *logs]) + 1))
        if logs != expected and numbered:
            missing = min(set(expected) - set(logs))
            raise StorageError(f"{self.path} is incomplete: {self.log_path(missing).name} is missing")
        return snapshot, logs
