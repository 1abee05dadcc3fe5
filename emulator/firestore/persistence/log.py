"""The log that is being written: appended to and synced, and followed by a new one when a snapshot is made."""

from __future__ import annotations

import os

from emulator.firestore.persistence.directory import DataDirectory
from emulator.firestore.persistence.files import whole_file
from emulator.firestore.persistence.records import HEADER


class Log:
    """Appends to the log of a number. Its methods block until the disk has done its part and raise OSError."""

    def __init__(self, directory: DataDirectory, number: int) -> None:
        self._directory = directory
        self.number = number
        self._descriptor = self._open()
        self.length_bytes = os.fstat(self._descriptor).st_size

    def append(self, records: bytes) -> None:
        """Write records and wait until they are on disk.

        After an error nobody knows what is on disk, and trying again would not tell: the log must not be used further.
        """
        rest = memoryview(records)
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]
        os.fdatasync(self._descriptor)
        self.length_bytes += len(records)

    def begin_next(self) -> None:
        """Close this log and begin the one of the next number."""
        self.number += 1
        descriptor = self._open()
        os.close(self._descriptor)
        self._descriptor = descriptor
        self.length_bytes = len(HEADER)

    def close(self) -> None:
        os.close(self._descriptor)

    def _open(self) -> int:
        path = self._directory.log_path(self.number)
        if not path.exists():
            with whole_file(path) as file:
                file.write(HEADER)
        return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
