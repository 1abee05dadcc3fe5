"""One Listen stream: targets come and go by request, and what they are told follows the commits.

A commit only leaves a note at the targets it concerns. The stream brings them up to date in one step when it gets to
it, so that what it sends before a snapshot is one consistent state, and a slow client piles up nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

from emulator.firestore.caller import Caller
from emulator.firestore.clock import micros
from emulator.firestore.engine import Engine
from emulator.firestore.errors import FirestoreError, invalid_argument
from emulator.firestore.listening import responses
from emulator.firestore.listening.registry import Registry
from emulator.firestore.listening.responses import TargetState
from emulator.firestore.listening.target import Target, TargetContext
from emulator.firestore.listening.views import DocumentsView, QueryView, View
from emulator.firestore.names import document_path, parse_database, parse_parent
from emulator.firestore.queries.composite import require_index
from emulator.firestore.queries.model import parse_query
from emulator.firestore.store import Database
from emulator.firestore.wire import Message


class ListenStream:
    """The targets of one client's stream."""

    def __init__(self, engine: Engine, registry: Registry, caller: Caller) -> None:
        self._engine = engine
        self._registry = registry
        self._caller = caller
        self._database: Database | None = None
        self._targets: dict[int, Target] = {}
        self._pending: dict[Target, None] = {}
        self._notified = asyncio.get_running_loop().create_future()
        self._assigned = 0

    async def run(self, requests: AsyncIterator[Message]) -> AsyncGenerator[Message, None]:
        """What is to be said, request by request and commit by commit, until the client closes its side.

        Raises INVALID_ARGUMENT, which ends the stream; an error that concerns one target removes only that.
        """
        incoming = asyncio.ensure_future(anext(requests, None))
        try:
            while True:
                await asyncio.wait((incoming, self._notified), return_when=asyncio.FIRST_COMPLETED)
                request = None
                if incoming.done():
                    request = incoming.result()
                    if request is None:
                        return
                    incoming = asyncio.ensure_future(anext(requests, None))
                for response in self._step(request):
                    yield response
        finally:
            incoming.cancel()
            for target in self._targets.values():
                target.close()

    def recheck(self) -> None:
        """Have the rules asked again for every target."""
        for target in self._targets.values():
            target.recheck()

    def _notify(self, target: Target) -> None:
        self._pending[target] = None
        if not self._notified.done():
            self._notified.set_result(None)

    def _step(self, request: Message | None) -> list[Message]:
        """Everything there is to say at this moment, ending in a snapshot of it."""
        now = self._engine.store.clock.read_time()
        said = self._refresh(now)
        if request is not None:
            said += self._apply(request, now)
        if said:
            said.append(responses.snapshot(now))
        for target in [target for target in self._targets.values() if target.once]:
            said += self._remove(target.id)
        return said

    def _apply(self, request: Message, now: int) -> list[Message]:
        database = self._database_of(request)
        match request.WhichOneof("target_change"):
            case "add_target":
                return self._add(request.add_target, database, now)
            case "remove_target":
                return self._remove(request.remove_target)
        raise invalid_argument("A request must add or remove a target.")

    def _refresh(self, now: int) -> list[Message]:
        pending, self._pending = self._pending, {}
        if self._notified.done():
            self._notified = asyncio.get_running_loop().create_future()
        said = []
        for target in pending:
            try:
                said += target.refresh(now)
            except FirestoreError as error:
                self._drop(target.id)
                said.append(responses.refusal(target.id, error))
        return said

    def _database_of(self, request: Message) -> Database:
        database = self._engine.store.database(parse_database(request.database))
        if self._database not in (None, database):
            raise invalid_argument("All requests of a Listen stream must name the same database.")
        self._database = database
        return database

    def _add(self, message: Message, database: Database, now: int) -> list[Message]:
        if message.target_id and self._assigned:
            error = invalid_argument("The ids of this stream's targets are left to the server.")
            return [responses.refusal(message.target_id, error)]
        target_id = self._identify(message)
        said = [responses.target_change(TargetState.ADD, target_id)]
        context = TargetContext(self._engine, self._registry, self._caller, database, self._notify)
        try:
            since = _resume_time(message)
            if since is not None and not self._registry.knows_since(since):
                since = None
                said.append(responses.target_change(TargetState.RESET, target_id))
            target = Target(target_id, self._view(message, database), context, once=message.once)
            said += target.open(now, since)
        except FirestoreError as error:
            return [responses.refusal(target_id, error)]
        self._targets[target_id] = target
        return said

    def _identify(self, message: Message) -> int:
        """The id of a new target: the client's, or one of ours if it leaves that to the server."""
        if message.target_id == 0:
            self._assigned = max(self._assigned, *self._targets, 0) + 1
            message.target_id = self._assigned
        if message.target_id < 0:
            raise invalid_argument("target_id must be positive.")
        if message.target_id in self._targets:
            raise invalid_argument(f"There is a target {message.target_id} already.")
        return int(message.target_id)

    def _view(self, message: Message, database: Database) -> View:
        kind = message.WhichOneof("target_type")
        if kind == "documents" and message.documents.documents:
            return DocumentsView(database, [document_path(name, database.id) for name in message.documents.documents])
        if kind != "query" or message.query.WhichOneof("query_type") != "structured_query":
            raise invalid_argument("A target must have documents or a query.")
        owner, parent = parse_parent(message.query.parent)
        if owner != database.id:
            raise invalid_argument(f"The query's parent {message.query.parent!r} is not in {database.id.name!r}.")
        query = parse_query(message.query.structured_query, database.id, parent)
        require_index(self._engine.indexes, query)
        return QueryView(database, query, message.query.structured_query)

    def _remove(self, target_id: int) -> list[Message]:
        # Answered also when there is no such target any more: clients count the answers.
        self._drop(target_id)
        return [responses.target_change(TargetState.REMOVE, target_id)]

    def _drop(self, target_id: int) -> None:
        target = self._targets.pop(target_id, None)
        if target is not None:
            self._pending.pop(target, None)
            target.close()


def _resume_time(message: Message) -> int | None:
    """The time (microseconds UTC) as of which the client has the target's documents, None when it has none."""
    kind = message.WhichOneof("resume_type")
    if kind == "read_time":
        return micros(message.read_time)
    return responses.resume_time(message.resume_token) if message.resume_token else None
