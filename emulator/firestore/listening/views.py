"""What a listener has been told of the documents it listens to, and what it has to be told next.

A view is brought up to date with the newest versions; states in between are skipped, as production does when a
listener cannot keep up.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Protocol

from emulator.firestore.caller import Caller
from emulator.firestore.field_paths import FieldPath
from emulator.firestore.guard import Guard
from emulator.firestore.listening.registry import Scope, Topic
from emulator.firestore.queries.executor import Result, matcher, run
from emulator.firestore.queries.model import Query
from emulator.firestore.store import Database, Version
from emulator.firestore.wire import StructuredQuery


@dataclass(frozen=True, slots=True)
class Update:
    """News of one document: `version` None when it does not exist, `belongs` when the view has it from now on."""

    path: str
    version: Version | None
    belongs: bool


class View(Protocol):
    """One target's documents."""

    @property
    def topics(self) -> Collection[Topic]:
        """Where changes concern the view."""

    @property
    def projection(self) -> tuple[FieldPath, ...] | None:
        """The fields that are told of, None for all."""

    @property
    def count(self) -> int:
        """How many documents the view has."""

    def decide(self, guard: Guard, caller: Caller, now: int) -> frozenset[str]:
        """Raise PERMISSION_DENIED unless the caller may listen; the paths of the documents that decided."""

    def open(self, since: int | None) -> list[Update]:
        """Everything, or what has changed since a time (microseconds UTC) for a listener that knows how it was then."""

    def refresh(self, changed: Collection[str]) -> list[Update]:
        """What is new now that these documents have changed."""


class DocumentsView:
    """Documents listened to by name."""

    projection = None

    def __init__(self, database: Database, paths: Iterable[str]) -> None:
        self._database = database
        self._paths = tuple(dict.fromkeys(paths))
        self.topics = [Topic(database.id, Scope.DOCUMENT, path) for path in self._paths]

    @property
    def count(self) -> int:
        return sum(1 for path in self._paths if self._database.get(path) is not None)

    def decide(self, guard: Guard, caller: Caller, now: int) -> frozenset[str]:
        versions = {path: self._database.get(path) for path in self._paths}
        return guard.check_gets(caller, self._database, versions, None, now).union(self._paths)

    def open(self, since: int | None) -> list[Update]:
        if since is None:
            return self.refresh(self._paths)
        changed = self._database.changed_since(since)
        return self.refresh([path for path in self._paths if path in changed])

    def refresh(self, changed: Collection[str]) -> list[Update]:
        versions = [(path, self._database.get(path)) for path in changed]
        return [Update(path, version, belongs=version is not None) for path, version in versions]


class QueryView:
    """The documents a query returns."""

    def __init__(self, database: Database, query: Query, message: StructuredQuery) -> None:
        self._database = database
        self._query = query
        self._message = message
        self._match = matcher(database, query)
        self._known: dict[str, int] = {}
        self._last_key: bytes | None = None
        self.projection = query.projection
        self.topics = [_query_topic(database, query)]

    @property
    def count(self) -> int:
        return len(self._known)

    def decide(self, guard: Guard, caller: Caller, now: int) -> frozenset[str]:
        return guard.check_list(caller, self._database, self._query.parent, self._message, None, now)

    def open(self, since: int | None) -> list[Update]:
        if since is not None:
            self._note(run(self._database, self._query, since))
        return self._run_again()

    def refresh(self, changed: Collection[str]) -> list[Update]:
        if self._query.limit is None and not self._query.offset:
            return [update for path in changed if (update := self._refresh_one(path)) is not None]
        return self._run_again() if self._moves_window(changed) else []

    def _refresh_one(self, path: str) -> Update | None:
        match = self._match(path)
        if match is None:
            gone = self._known.pop(path, None) is not None
            return Update(path, self._database.get(path), belongs=False) if gone else None
        if self._known.get(path) == match.version.time:
            return None
        self._known[path] = match.version.time
        return Update(path, match.version, belongs=True)

    def _moves_window(self, changed: Collection[str]) -> bool:
        """Whether the documents between offset and limit may be others than before."""
        return self._query.offset > 0 or any(path in self._known or self._is_within_limit(path) for path in changed)

    def _is_within_limit(self, path: str) -> bool:
        match = self._match(path)
        return match is not None and (self._last_key is None or match.key < self._last_key)

    def _run_again(self) -> list[Update]:
        before = self._known
        result = run(self._database, self._query)
        self._note(result)
        updates = [Update(path, self._database.get(path), belongs=False) for path in before if path not in self._known]
        for match in result.matches:
            if before.get(match.path) != match.version.time:
                updates.append(Update(match.path, match.version, belongs=True))
        return updates

    def _note(self, result: Result) -> None:
        self._known = {match.path: match.version.time for match in result.matches}
        is_full = self._query.limit is not None and len(result.matches) == self._query.limit
        self._last_key = result.matches[-1].key if is_full and result.matches else None


def _query_topic(database: Database, query: Query) -> Topic:
    if not query.all_descendants:
        return Topic(database.id, Scope.COLLECTION, query.collection)
    if query.collection_id:
        return Topic(database.id, Scope.GROUP, query.collection_id)
    return Topic(database.id, Scope.DATABASE, "")
