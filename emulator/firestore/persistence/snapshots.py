"""Writes a snapshot: every version of every document that can still be read, as of one moment."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

from emulator.firestore.names import DatabaseId
from emulator.firestore.persistence.files import whole_file
from emulator.firestore.persistence.records import END, HEADER, encode_versions, frame
from emulator.firestore.store import Store, Version

_RECORD_VERSIONS = 200
_RECORD_BYTES = 1 << 18
_SYNC_BYTES = 1 << 23
_PAUSE_SECONDS = 0.0005

Moment: TypeAlias = list[tuple[DatabaseId, dict[str, Version]]]
"""The histories of all databases' documents. Later commits do not change it, so it can be read in another thread."""


def this_moment(store: Store) -> Moment:
    return [(database.id, database.histories()) for database in store.databases()]


def write_snapshot(path: Path, moment: Moment, *, hurry: bool) -> int:
    """Write a snapshot and return its length in bytes; raises OSError.

    Unless in a hurry it leaves the interpreter to the thread that serves every half millisecond or so of its own work,
    and brings what it has written to disk bit by bit, so that no commit has to wait long behind it.
    """
    length, synced = len(HEADER), 0
    with whole_file(path) as file:
        file.write(HEADER)
        for record in _records(moment):
            file.write(record)
            length += len(record)
            if length - synced >= _SYNC_BYTES:
                file.flush()
                os.fdatasync(file.fileno())
                synced = length
            if not hurry:
                time.sleep(_PAUSE_SECONDS)
    return length


def _records(moment: Moment) -> Iterator[bytes]:
    for identity, histories in moment:
        versions: list[tuple[str, Version]] = []
        length = 0
        for path, newest in histories.items():
            for version in _oldest_first(newest):
                versions.append((path, version))
                length += len(version.data or b"")
                if len(versions) >= _RECORD_VERSIONS or length >= _RECORD_BYTES:
                    yield frame(encode_versions(identity, versions))
                    versions, length = [], 0
        if versions:
            yield frame(encode_versions(identity, versions))
    yield frame(END)


def _oldest_first(newest: Version) -> list[Version]:
    versions = [newest]
    while (previous := versions[-1].previous) is not None:
        versions.append(previous)
    versions.reverse()
    return versions
