"""The gate every request passes: admins go through, everybody else does what the project's security rules allow.

Each method raises PERMISSION_DENIED or returns. What a read's decision looked at comes back as paths (relative to the
database), so that a listener can be decided anew when one of them, or the document itself, changes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import grpc

from emulator.firestore.caller import Caller
from emulator.firestore.clock import timestamp
from emulator.firestore.errors import FirestoreError
from emulator.firestore.rulebook import Rulebook
from emulator.firestore.rules import AccessBudget, AccessRequest, Decision, Method, Ruleset
from emulator.firestore.rules import Document as RulesDocument
from emulator.firestore.rules.firestore_values import document_of, query_of
from emulator.firestore.rules.values import Timestamp
from emulator.firestore.store import Database, Version
from emulator.firestore.wire import Document, StructuredQuery
from emulator.firestore.writes import ParsedWrite, written

_log = logging.getLogger(__name__)

WriteCheck: TypeAlias = Callable[[Database, Sequence[ParsedWrite], int], None]
"""Raises unless these writes may be committed together at a time (microseconds UTC) to the database as it is."""

NOTHING: frozenset[str] = frozenset()


@dataclass(slots=True)
class Guard:
    """Decides for one server. `trace`: denials go to the log with the statements that were tried and their lines."""

    rulebook: Rulebook = field(default_factory=Rulebook)
    trace: bool = False

    def check_get(
        self, caller: Caller, database: Database, path: str, version: Version | None, at: int | None, now: int
    ) -> frozenset[str]:
        """May the caller see this version of a document (None: that there is none)?

        `at` is the time its other documents are read at (None: now), `now` is `request.time`, both in microseconds UTC.
        """
        return self.check_gets(caller, database, {path: version}, at, now)

    def check_gets(
        self, caller: Caller, database: Database, versions: Mapping[str, Version | None], at: int | None, now: int
    ) -> frozenset[str]:
        """The same for all documents of one request: one that is denied denies them all."""
        rules = self._rules(caller, database)
        if rules is None:
            return NOTHING
        budget = _budget(len(versions))
        seen: set[str] = set()
        for path, version in versions.items():
            before = None if version is None else document_of(version.document())
            request = AccessRequest(Method.GET, _full(database, path), caller.auth, _instant(now), before)
            decision = rules.evaluate(request, _Documents(database, at), budget)
            self._enforce(decision, caller, path)
            seen.update(decision.documents)
        return _relative(database, seen)

    def check_list(
        self, caller: Caller, database: Database, parent: str, query: StructuredQuery, at: int | None, now: int
    ) -> frozenset[str]:
        """May the caller see whatever this query below `parent` (a path) could ever return?

        Rules are not filters: it is decided from the query, never from the documents that happen to match.
        """
        rules = self._rules(caller, database)
        if rules is None:
            return NOTHING
        asked = query_of(_full(database, parent).rstrip("/"), query)
        request = AccessRequest(Method.LIST, asked.parent, caller.auth, _instant(now), query=asked)
        decision = rules.evaluate(request, _Documents(database, at))
        self._enforce(decision, caller, f"{parent}/{asked.collection_id or '*'}".lstrip("/"))
        return _relative(database, decision.documents)

    def on_writes(self, caller: Caller) -> WriteCheck | None:
        """What a commit of this caller has to pass, None when nothing: the committer calls it when it applies."""
        if caller.is_admin:
            return None
        return lambda database, writes, now: self._check_writes(caller, database, writes, now)

    def require_admin(self, caller: Caller, database: Database, what: str) -> None:
        """Raise unless the caller may do what no rule can allow, such as listing collections."""
        if self._rules(caller, database) is not None:
            if self.trace:
                _log.info("%s by %s was denied: only admins may", what, caller)
            raise _denied()

    def _check_writes(self, caller: Caller, database: Database, writes: Sequence[ParsedWrite], now: int) -> None:
        rules = self._rules(caller, database)
        if rules is None:
            return
        # Rules see server timestamps as documents keep them, in milliseconds; `request.time` has to equal them.
        moment = now // 1000 * 1000
        states = _states(database, writes, moment)
        reader = _Documents(database, None, {path: state.after for path, state in states.items()})
        budget = _budget(len(states))
        for path, state in states.items():
            method, after = state.method, state.after if state.is_written else None
            request = AccessRequest(method, _full(database, path), caller.auth, _instant(moment), state.before, after)
            self._enforce(rules.evaluate(request, reader, budget), caller, path)

    def _rules(self, caller: Caller, database: Database) -> Ruleset | None:
        return None if caller.is_admin else self.rulebook.of(database.id.project)

    def _enforce(self, decision: Decision, caller: Caller, where: str) -> None:
        if decision.allowed:
            return
        if self.trace:
            _log.info("%s for %s\n%s", where, caller, decision.trace())
        raise _denied()


@dataclass(slots=True)
class _State:
    """One document of a commit, before it and after all of its writes."""

    before: RulesDocument | None
    after: RulesDocument | None
    is_written: bool = False

    @property
    def method(self) -> Method:
        """What the commit does to the document as a whole; one it only verifies is read."""
        if not self.is_written:
            return Method.GET
        if self.after is None:
            return Method.DELETE
        return Method.CREATE if self.before is None else Method.UPDATE


def _states(database: Database, writes: Iterable[ParsedWrite], now: int) -> dict[str, _State]:
    """Each document of a commit, in the order it is first named; preconditions are looked at later, by the commit."""
    present: dict[str, Document | None] = {}
    states: dict[str, _State] = {}
    for write in writes:
        if write.path not in states:
            version = database.get(write.path)
            stored = None if version is None else version.document()
            known = None if stored is None else document_of(stored)
            present[write.path], states[write.path] = stored, _State(known, known)
        if write.kind == "verify":
            continue
        after, _results = written(write, present[write.path], timestamp(now))
        if after is not None:
            after.name = database.id.document_name(write.path)
        present[write.path] = after
        states[write.path].is_written = True
        states[write.path].after = None if after is None else document_of(after)
    return states


class _Documents:
    """Other documents, as rules look at them: at one time and, in a commit, after it."""

    def __init__(
        self, database: Database, at: int | None, later: Mapping[str, RulesDocument | None] | None = None
    ) -> None:
        self._database = database
        self._at = at
        self._later = later or {}

    def get(self, path: str) -> RulesDocument | None:
        version = self._database.get(_path(self._database, path), self._at)
        return None if version is None else document_of(version.document())

    def get_after(self, path: str) -> RulesDocument | None:
        relative = _path(self._database, path)
        return self._later[relative] if relative in self._later else self.get(path)


def _full(database: Database, path: str) -> str:
    """`databases/{database}/documents/...`, as rules name documents."""
    return f"databases/{database.id.database}/documents/{path}"


def _path(database: Database, full: str) -> str:
    return full.removeprefix(_full(database, ""))


def _relative(database: Database, documents: Iterable[str]) -> frozenset[str]:
    return frozenset(_path(database, document) for document in documents)


def _budget(documents: int) -> AccessBudget:
    return AccessBudget.multi() if documents > 1 else AccessBudget.single()


def _instant(micros: int) -> Timestamp:
    return Timestamp(micros * 1000)


def _denied() -> FirestoreError:
    return FirestoreError(grpc.StatusCode.PERMISSION_DENIED, "Missing or insufficient permissions.")
