"""Data sets: a store's documents as JSON lines in a directory, to be imported, compared and kept under version control.

    data-set.json              {"format": "firestore-data-set", "version": 1}
    {project}/{database}.jsonl one line a document; names are percent-encoded where a file system needs it

docs/data-sets.md describes the form for those who write one.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from emulator.firestore.names import DatabaseId
from emulator.firestore.persistence.document_lines import Times, line_of, parse_line
from emulator.firestore.persistence.files import StorageError, make_directory, whole_file
from emulator.firestore.persistence.snapshots import Moment
from emulator.firestore.store import RETENTION_MICROS, Store, Version

VERSION = 1

_MARK = "data-set.json"
_FORMAT = "firestore-data-set"
_SUFFIX = ".jsonl"
_PAUSE_EVERY = 16
_PAUSE_SECONDS = 0.0005


def prepare_export(target: Path) -> None:
    """Make sure that `target` can take an export, or raise StorageError: it is new, empty, or a data set already."""
    make_directory(target)
    mark = target / _MARK
    if mark.exists():
        _read_mark(mark)
    elif any(target.iterdir()):
        raise StorageError(f"{target} is not empty and no data set; an export needs a directory of its own")
    try:
        with whole_file(target / (_MARK + ".probe")):
            pass
        (target / (_MARK + ".probe")).unlink()
    except OSError as error:
        raise StorageError(f"{target} cannot be written: {error.strerror}") from error


def export_data_set(moment: Moment, target: Path, *, hurry: bool = True) -> int:
    """Make the directory hold exactly these documents; returns how many there are.

    Each file is replaced as a whole, and while that is going on the data set says of itself that it is incomplete.
    Files that do not belong to it are left alone. Unless in a hurry, the work is done in small steps, for use beside a
    thread that serves. Raises StorageError.
    """
    prepare_export(target)
    count, files = 0, set()
    try:
        _write_mark(target, complete=False)
        for identity, histories in moment:
            live = sorted(path for path, version in histories.items() if version.data is not None)
            if live:
                file = _file_of(target, identity)
                _write_documents(file, live, histories, hurry=hurry)
                files.add(file)
                count += len(live)
        for file in set(_files(target)) - files:
            file.unlink()
        _write_mark(target, complete=True)
    except OSError as error:
        raise StorageError(f"{target} cannot be written: {error}") from error
    return count


def import_data_set(source: Path, store: Store) -> int:
    """Put a data set's documents into databases that are still empty; returns how many there are.

    They get the times their lines give, if any, and no observer is told of them. Raises StorageError, before anything
    is put in, when the data set is malformed or incomplete or one of its databases is in use.
    """
    mark = source / _MARK
    if not mark.exists():
        raise StorageError(f"{source} is no data set: {_MARK} is missing")
    if not _read_mark(mark):
        raise StorageError(f"{source} is incomplete: an export into it was interrupted")
    now = store.clock.commit_time()
    read = {}
    for file in _files(source):
        identity = _identity_of(file)
        if store.database(identity).histories():
            raise StorageError(f"{file}: {identity.name} holds documents already; a data set needs an empty database")
        read[identity] = _read_documents(file, identity, now)
    for identity, histories in read.items():
        store.database(identity).adopt(histories, now - RETENTION_MICROS)
    return sum(len(histories) for histories in read.values())


def _write_documents(file: Path, paths: list[str], histories: dict[str, Version], *, hurry: bool) -> None:
    make_directory(file.parent)
    with whole_file(file) as output:
        for number, path in enumerate(paths):
            output.write(line_of(path, histories[path]))
            if not hurry and number % _PAUSE_EVERY == 0:
                time.sleep(_PAUSE_SECONDS)


def _read_documents(file: Path, identity: DatabaseId, now: int) -> dict[str, Version]:
    histories: dict[str, Version] = {}
    with file.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if line.isspace():
                continue
            try:
                path, document, times = parse_line(line, identity, Times(now, now))
            except ValueError as error:
                raise StorageError(f"{file}, line {number}: {error}") from error
            if path in histories:
                raise StorageError(f"{file}, line {number}: {path} is there twice")
            histories[path] = Version(times.updated, times.created, document, None)
    return histories


def _file_of(directory: Path, identity: DatabaseId) -> Path:
    return directory / _file_name(identity.project) / (_file_name(identity.database) + _SUFFIX)


def _file_name(name: str) -> str:
    quoted = quote(name, safe="()")
    return quoted.replace(".", "%2E") if quoted.startswith(".") else quoted


def _identity_of(file: Path) -> DatabaseId:
    return DatabaseId(unquote(file.parent.name), unquote(file.name.removesuffix(_SUFFIX)))


def _files(directory: Path) -> Iterator[Path]:
    return iter(sorted(directory.glob(f"*/*{_SUFFIX}")))


def _write_mark(directory: Path, *, complete: bool) -> None:
    mark: dict[str, Any] = {"format": _FORMAT, "version": VERSION}
    with whole_file(directory / _MARK) as file:
        file.write(json.dumps(mark if complete else {**mark, "complete": False}).encode() + b"\n")


def _read_mark(path: Path) -> bool:
    """Whether the data set is complete; raises StorageError unless it is one that this version can read."""
    try:
        mark = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise StorageError(f"{path} cannot be read: {error}") from error
    if not isinstance(mark, dict) or mark.get("format") != _FORMAT:
        raise StorageError(f"{path} is no mark of a data set")
    if mark.get("version") != VERSION:
        version = mark.get("version")
        raise StorageError(f"{path.parent} has version {version!r}; this local Firestore reads version {VERSION}")
    return mark.get("complete", True) is True
