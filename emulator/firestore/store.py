"""The multi-version store: every database's documents, with the versions of the last hour.

Single-threaded by design: everything runs in the event loop, so that applying a commit needs no lock to be atomic.
Documents are kept serialised, which takes a tenth of the memory of parsed messages and costs two microseconds to read.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeAlias

from sortedcontainers import SortedList

from emulator.firestore.changes import Change, Observer
from emulator.firestore.clock import Clock, timestamp
from emulator.firestore.names import DatabaseId, collection_id_of, collection_of
from emulator.firestore.scopes import Scope
from emulator.firestore.wire import Document

RETENTION_MICROS = 3_600 * 1_000_000
"""How long superseded versions can still be read: production's default of one hour."""


UNTOLD = 0
"""In place of its create time, marks a deletion that observers were not told of."""


class Version:
    """One state of a document, from `time` (microseconds UTC) until the next version; `data` None means deleted."""

    __slots__ = ("create_time", "data", "previous", "time")

    def __init__(self, time: int, create_time: int, data: bytes | None, previous: Version | None) -> None:
        self.time = time
        self.create_time = create_time
        self.data = data
        self.previous = previous

    def document(self) -> Document:
        """The document as a message of its own, which the caller may change."""
        return Document.FromString(self.data)


class Database:
    """One database: its documents by path, and the collections and groups they are found by."""

    def __init__(self, identity: DatabaseId) -> None:
        self.id = identity
        self.collections: dict[str, Scope] = {}
        self.collection_paths: SortedList[str] = SortedList()
        self._groups: dict[str, Scope] = {}
        self._versions: dict[str, Version] = {}
        self._log: deque[tuple[int, str]] = deque()
        self._horizon = 0

    def remembers(self, time: int) -> bool:
        """Whether the documents as of that time, and what has changed since, are still all known.

        An hour's worth always is, in microseconds UTC; but the clock may have been moved by more than that at once.
        """
        return time >= self._horizon

    def get(self, path: str, at: int | None = None) -> Version | None:
        """The live version of a document, now or at a past time; None when it did not exist then."""
        version = self._versions.get(path)
        if at is not None:
            while version is not None and version.time > at:
                version = version.previous
        return version if version is not None and version.data is not None else None

    def newest(self, path: str) -> Version | None:
        """The newest version of a document, also one that says it was deleted; None when nothing is known of it."""
        return self._versions.get(path)

    def mark_untold(self, path: str) -> None:
        """Note of a document just deleted that observers are not told of it."""
        self._versions[path].create_time = UNTOLD

    def changes_from(self, time: int) -> list[tuple[str, Version]]:
        """Path and version of what was committed at `time` or later, in the order of commits, without the untold."""
        changes = []
        for path in self.changed_since(time - 1):
            version = self._versions.get(path)
            while version is not None and version.time >= time:
                if version.data is not None or version.create_time != UNTOLD:
                    changes.append((path, version))
                version = version.previous
        return sorted(changes, key=lambda change: change[1].time)

    def histories(self) -> dict[str, Version]:
        """The newest version of each document, deleted ones included, as of now: versions themselves never change."""
        return self._versions.copy()

    def adopt(self, histories: dict[str, Version], horizon: int) -> None:
        """Make these the documents of a database that is still empty; drops what nobody may read since `horizon`."""
        log: list[tuple[int, str]] = []
        self._versions = histories
        for path, newest in histories.items():
            if newest.data is not None:
                self._collection(collection_of(path)).paths.add(path)
            version: Version | None = newest
            while version is not None:
                log.append((version.time, path))
                version = version.previous
        self._log = deque(sorted(log))
        self._forget(horizon)

    def changed_since(self, time: int) -> set[str]:
        """Paths of the documents written or deleted after `time`."""
        changed = set()
        for commit_time, path in reversed(self._log):
            if commit_time <= time:
                break
            changed.add(path)
        return changed

    def group(self, collection_id: str) -> Scope:
        """The documents of all collections of that id, wherever they are."""
        scope = self._groups.get(collection_id)
        if scope is None:
            scope = self._groups[collection_id] = Scope(self._document)
            for path, collection in self.collections.items():
                if path.rsplit("/", 1)[-1] == collection_id:
                    scope.paths.update(collection.paths)
        return scope

    def documents_below(self, parent: str) -> Iterator[str]:
        """Paths of all live documents below a document (or the root), at any depth."""
        for collection in self.collections_below(parent):
            yield from self.collections[collection].paths

    def collections_below(self, parent: str) -> Iterable[str]:
        """Paths of the non-empty collections below a document (or the root), at any depth."""
        if not parent:
            return list(self.collection_paths)
        return list(self.collection_paths.irange(f"{parent}/", f"{parent}0", inclusive=(True, False)))

    def collection_ids(self, parent: str, at: int | None = None) -> set[str]:
        """Ids of the collections right below a document (or the root) that hold anything, at any depth."""
        prefix = f"{parent}/" if parent else ""
        return self._segments_below(prefix, at)

    def parents_in(self, collection: str, at: int | None = None) -> set[str]:
        """Paths of the documents of a collection, existing or not, that have collections below them."""
        prefix = f"{collection}/"
        return {prefix + document_id for document_id in self._segments_below(prefix, at, deeper=True)}

    def _segments_below(self, prefix: str, at: int | None, *, deeper: bool = False) -> set[str]:
        """First segments after `prefix` of the collections that begin with it; of those that go on, if `deeper`."""
        changed = self.changed_since(at) if at is not None else set()
        if changed:
            live = {path for path in self.documents_below("") if path not in changed}
            live.update(path for path in changed if self.get(path, at) is not None)
            below = [collection_of(path)[len(prefix) :] for path in live if collection_of(path).startswith(prefix)]
            return {rest.split("/", 1)[0] for rest in below if not deeper or "/" in rest}
        # Skips from one segment to the next, so that a million documents below one cost nothing.
        found = set()
        index = self.collection_paths.bisect_left(prefix)
        while index < len(self.collection_paths):
            path = self.collection_paths[index]
            if not path.startswith(prefix):
                break
            segment, slash, _ = path[len(prefix) :].partition("/")
            if slash or not deeper:
                found.add(segment)
            # "0" follows "/", so the next path that is not below this segment is the first from there on.
            index = self.collection_paths.bisect_left(f"{prefix}{segment}0") if slash else index + 1
        return found

    def apply(self, time: int, documents: Iterable[tuple[str, Document | None]]) -> list[tuple[str, Version | None]]:
        """Make these the newest versions at `time` (None deletes); returns each path with the version it replaced."""
        replaced = []
        for path, document in documents:
            before = self.get(path)
            self._put(path, before, time, document)
            replaced.append((path, before))
        self._forget(time - RETENTION_MICROS)
        return replaced

    def _put(self, path: str, before: Version | None, time: int, document: Document | None) -> None:
        data = None if document is None else document.SerializeToString(deterministic=True)
        create_time = before.create_time if before is not None else time
        self._versions[path] = Version(time, create_time, data, self._versions.get(path))
        self._log.append((time, path))
        old = None if before is None else before.document()
        collection_path = collection_of(path)
        collection = self._collection(collection_path)
        collection.replace(path, old, document)
        group = self._groups.get(collection_id_of(path))
        if group is not None:
            group.replace(path, old, document)
        if not collection.paths:
            del self.collections[collection_path]
            self.collection_paths.remove(collection_path)

    def _collection(self, path: str) -> Scope:
        collection = self.collections.get(path)
        if collection is None:
            collection = self.collections[path] = Scope(self._document)
            self.collection_paths.add(path)
        return collection

    def _forget(self, horizon: int) -> None:
        """Drop versions that nobody may read any more: those superseded before `horizon`."""
        self._horizon = max(self._horizon, horizon)
        while self._log and self._log[0][0] < horizon:
            _, path = self._log.popleft()
            newest = version = self._versions.get(path)
            while version is not None and version.time > horizon:
                version = version.previous
            if version is None:
                continue
            version.previous = None
            if version is newest and version.data is None:
                del self._versions[path]

    def _document(self, path: str) -> Document:
        return Document.FromString(self._versions[path].data)


Recorder: TypeAlias = Callable[[Database, Sequence[str]], None]
"""Called after each commit, before the observers are, with the paths of the documents that have a new version."""


class Store:
    """All databases of all projects, their common clock, and who is told of commits."""

    def __init__(self) -> None:
        self.clock = Clock()
        self._databases: dict[DatabaseId, Database] = {}
        self._observers: list[Observer] = []
        self._recorders: list[Recorder] = []

    def database(self, identity: DatabaseId) -> Database:
        """The database of that name; it exists as soon as it is asked for."""
        database = self._databases.get(identity)
        if database is None:
            database = self._databases[identity] = Database(identity)
        return database

    def databases(self) -> list[Database]:
        """All databases that were ever asked for, empty ones included."""
        return list(self._databases.values())

    def record_with(self, recorder: Recorder) -> None:
        """Have each commit from now on recorded, also one that observers are not told of."""
        self._recorders.append(recorder)

    def add_observer(self, observer: Observer) -> None:
        self._observers.append(observer)

    def apply(self, database: Database, time: int, documents: Sequence[tuple[str, Document | None]]) -> None:
        """Commit these documents at `time` and tell the observers; `documents` holds real changes only."""
        replaced = database.apply(time, documents)
        self._record(database, [path for path, _ in documents])
        if not self._observers or not documents:
            return
        commit_time = timestamp(time)
        changes = [
            Change(
                project=database.id.project,
                database=database.id.database,
                path=path,
                before=None if before is None else before.document(),
                after=after,
                commit_time=commit_time,
            )
            for (path, before), (_, after) in zip(replaced, documents, strict=True)
        ]
        for observer in self._observers:
            observer(changes)

    def clear(self, identity: DatabaseId) -> None:
        """Delete all documents of a database at once, as one commit that observers are not told of."""
        database = self._databases.get(identity)
        if database is not None:
            paths = list(database.documents_below(""))
            database.apply(self.clock.commit_time(), ((path, None) for path in paths))
            for path in paths:
                database.mark_untold(path)
            self._record(database, paths)

    def _record(self, database: Database, paths: Sequence[str]) -> None:
        for recorder in self._recorders if paths else ():
            recorder(database, paths)
