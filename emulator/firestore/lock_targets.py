"""What a lock is: who holds it, in which mode, on which documents or query, and which two of them conflict."""

from __future__ import annotations

import math
import sys
from asyncio import Future
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TypeAlias

from emulator.firestore.errors import FirestoreError
from emulator.firestore.field_paths import FieldPath, parse_field_path
from emulator.firestore.names import collection_id_of, collection_of
from emulator.firestore.queries.membership import Membership
from emulator.firestore.queries.model import Query
from emulator.firestore.store import Database
from emulator.firestore.wire import Document, Timestamp
from emulator.firestore.writes import ParsedWrite, written

Place: TypeAlias = tuple[str, str]
"""Where locks meet: ("document", path), ("queries", scope) or ("writes", scope). A scope is a collection, all of an id
(`**/orders`) or everything (`**`)."""

_NO_TIME = Timestamp()


class Mode(IntEnum):
    """SHARED to read, UPDATE to read what one will probably write, EXCLUSIVE to write."""

    SHARED = 0
    UPDATE = 1
    EXCLUSIVE = 2

    def conflicts_with(self, other: Mode) -> bool:
        """Two update locks conflict, and an exclusive one with everything."""
        return self + other >= Mode.EXCLUSIVE


@dataclass(slots=True, eq=False, kw_only=True)
class Owner:
    """Who holds and asks for locks: a transaction, or a single commit, which waits once and is the youngest of all.

    `age` orders owners, the oldest first.
    """

    age: tuple[int, int] = (sys.maxsize, 0)
    locks: list[Lock] = field(default_factory=list)

    def expires_at(self) -> float:
        """The time, on the clock of the lock table, from which its locks may be taken from it."""
        return math.inf


class Intent:
    """What a commit will do, as far as that can be known before the commit has a time."""

    def __init__(self, database: Database, writes: Sequence[ParsedWrite]) -> None:
        self._database = database
        self._writes = [write for write in writes if write.kind != "verify"]
        self.paths = dict.fromkeys(write.path for write in self._writes)

    def touches(self, query: Membership) -> bool:
        """Whether a document that belongs to the query, or will belong to it then, is written."""
        return any(query.in_scope(path) and self._touches(query, path) for path in self.paths)

    def _touches(self, query: Membership, path: str) -> bool:
        version = self._database.get(path)
        current = None if version is None else version.document()
        if current is not None and query.key(path, current.fields) is not None:
            return True
        if self._sets_time(path, query.fields):
            # The value is not known before the commit: taken to bring the document in.
            return True
        after = self._after(path, current)
        return after is not None and query.key(path, after.fields) is not None

    def _after(self, path: str, current: Document | None) -> Document | None:
        try:
            for write in self._writes:
                if write.path == path:
                    current, _ = written(write, current, _NO_TIME)
        except FirestoreError:
            # The commit will fail as a whole.
            return None
        return current

    def _sets_time(self, path: str, fields: set[FieldPath]) -> bool:
        stamped = [
            parse_field_path(transform.field_path)
            for write in self._writes
            if write.path == path
            for transform in write.transforms
            if transform.WhichOneof("transform_type") == "set_to_server_value"
        ]
        return any(one[: len(other)] == other[: len(one)] for one in stamped for other in fields)


class Lock:
    """One lock, granted or waited for. `places` is where others find it, `looks` where it finds others.

    `membership` is set if it covers a query, `intent` if it is exclusive. `revoked` says that it was taken away,
    `since` when the last one went that it may have waited for.
    """

    __slots__ = (
        "future", "granted", "intent", "looks", "membership", "mode", "owner", "passed", "places", "revoked", "serial",
        "since",
    )  # fmt: skip

    def __init__(self, owner: Owner, mode: Mode, places: Iterable[Place], looks: Iterable[Place]) -> None:
        self.owner = owner
        self.mode = mode
        self.places = tuple(places)
        self.looks = tuple(looks)
        self.membership: Membership | None = None
        self.intent: Intent | None = None
        self.serial = 0
        self.since = 0.0
        self.granted = False
        self.revoked = False
        self.passed: set[Lock] = set()
        self.future: Future[None] | None = None

    @classmethod
    def on_documents(cls, owner: Owner, mode: Mode, places: Iterable[Place]) -> Lock:
        """To read documents, whether or not they exist."""
        lock = cls(owner, mode, places, ())
        lock.looks = lock.places
        return lock

    @classmethod
    def on_query(cls, owner: Owner, mode: Mode, query: Query) -> Lock:
        """To read whatever a query matches, and keep anything else from matching it."""
        scope = scope_of(query)
        lock = cls(owner, mode, [("queries", scope)], [("writes", scope), ("queries", scope)])
        lock.membership = Membership(query)
        return lock

    @classmethod
    def to_write(cls, owner: Owner, intent: Intent) -> Lock:
        """To commit writes."""
        documents: list[Place] = [document_place(path) for path in intent.paths]
        scopes = {scope: None for path in intent.paths for scope in _scopes_around(path)}
        lock = cls(
            owner,
            Mode.EXCLUSIVE,
            [*documents, *(("writes", scope) for scope in scopes)],
            [*documents, *(("queries", scope) for scope in scopes)],
        )
        lock.intent = intent
        return lock

    @property
    def is_waiting(self) -> bool:
        return not self.granted and not self.revoked

    def conflicts_with(self, other: Lock) -> bool:
        """Whether both can not be held by two owners; asked only of locks that meet at some place."""
        if not self.mode.conflicts_with(other.mode):
            return False
        if self.intent is not None and other.membership is not None:
            return self.intent.touches(other.membership)
        if self.membership is not None and other.intent is not None:
            return other.intent.touches(self.membership)
        return True


def document_place(path: str) -> Place:
    return "document", path


def scope_of(query: Query) -> str:
    """The scope that a query looks for documents in."""
    if not query.all_descendants:
        return query.collection
    return f"**/{query.collection_id}" if query.collection_id else "**"


def _scopes_around(path: str) -> tuple[str, str, str]:
    return collection_of(path), f"**/{collection_id_of(path)}", "**"
