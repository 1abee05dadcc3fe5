"""The format of logs and snapshots: a header, then checksummed records.

    file     = 15 bytes "local Firestore", 1 byte format, record*
    record   = length u32, crc32 u32 of length and payload, payload
    payload  = "V" versions                                          all integers are little-endian
             | "P" which events are still to be delivered, as JSON (see progress)
             | "E" the end of a snapshot, so that one cut short is known
    versions = length u32 of project, length u32 of database, both in UTF-8, version*
    version  = length u32 of path, length u32 of data plus one or 0 when it says that the document was deleted,
               time i64, create time i64 (microseconds UTC), path in UTF-8, data: the serialised Document

One record of a log is one commit, which is therefore there as a whole or not at all. Versions of one document come in
the order of their times.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, TypeAlias

from emulator.firestore.names import DatabaseId
from emulator.firestore.persistence.files import StorageError
from emulator.firestore.store import Version

FORMAT = 1
_MAGIC = b"local Firestore"
HEADER = _MAGIC + bytes([FORMAT])

VERSIONS, PROGRESS, END = b"V", b"P", b"E"

_LENGTH = struct.Struct("<I")
_FRAME = struct.Struct("<II")
_NAMES = struct.Struct("<II")
_VERSION = struct.Struct("<IIqq")

StoredVersion: TypeAlias = tuple[str, int, int, bytes | None]
"""Path, time, create time, and data or None."""


def frame(payload: bytes) -> bytes:
    """A record of this payload."""
    length = _LENGTH.pack(len(payload))
    # With the length in the checksum, a stretch of zeros, as a torn write can leave it, is no record.
    return length + _LENGTH.pack(zlib.crc32(payload, zlib.crc32(length))) + payload


def check_header(file: BinaryIO, path: Path) -> None:
    """Read the header; raises StorageError unless this is a file of this format."""
    header = file.read(len(HEADER))
    if len(header) < len(HEADER) or not header.startswith(_MAGIC):
        raise StorageError(f"{path} is not a file of the local Firestore")
    if header != HEADER:
        raise StorageError(f"{path} has format {header[-1]}; this version of the local Firestore reads format {FORMAT}")


def read_payloads(file: BinaryIO) -> Iterator[bytes]:
    """Payloads of the records from here on, up to the first that is incomplete or damaged.

    The file's position is behind the last payload yielded; it is the end of the file if all was well.
    """
    end = os.fstat(file.fileno()).st_size
    position = file.tell()
    while end - position >= _FRAME.size:
        head = file.read(_FRAME.size)
        length, checksum = _FRAME.unpack(head)
        if length <= end - position - _FRAME.size:
            payload = file.read(length)
            if zlib.crc32(payload, zlib.crc32(head[: _LENGTH.size])) == checksum:
                position += _FRAME.size + length
                yield payload
                continue
        file.seek(position)
        return
    file.seek(position)


def encode_versions(identity: DatabaseId, versions: Iterable[tuple[str, Version]]) -> bytes:
    """The payload that tells of versions of documents of one database."""
    project, database = identity.project.encode(), identity.database.encode()
    parts = [VERSIONS, _NAMES.pack(len(project), len(database)), project, database]
    for path, version in versions:
        name, data = path.encode(), version.data
        data_length = 0 if data is None else len(data) + 1
        parts += (_VERSION.pack(len(name), data_length, version.time, version.create_time), name, data or b"")
    return b"".join(parts)


def decode_versions(payload: bytes) -> tuple[DatabaseId, Iterator[StoredVersion]]:
    """The reverse of `encode_versions`."""
    project_length, database_length = _NAMES.unpack_from(payload, len(VERSIONS))
    start = len(VERSIONS) + _NAMES.size
    middle, end = start + project_length, start + project_length + database_length
    return DatabaseId(payload[start:middle].decode(), payload[middle:end].decode()), _versions(payload, end)


def _versions(payload: bytes, position: int) -> Iterator[StoredVersion]:
    while position < len(payload):
        path_length, data_length, time, create_time = _VERSION.unpack_from(payload, position)
        start = position + _VERSION.size
        middle = start + path_length
        position = middle + max(0, data_length - 1)
        data = payload[middle:position] if data_length else None
        yield payload[start:middle].decode(), time, create_time, data
