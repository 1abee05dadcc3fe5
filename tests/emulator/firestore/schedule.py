"""Schedules of several clients, played step by step on an engine in the test's own event loop.

A schedule is a table, one step a line: `actor verb arguments | with locks | by validation`. The columns say what has
come of it once nobody can go on: `T1: ok`, `T1: waits`, `W: ok, T2: a=1`. An empty third column is like the second.

Actors whose names begin with T act in a read-write transaction, those with R in a read-only one, all others in none.
Documents: `a=1` is the document c/a whose field n is 1, `a=-` is missing. Verbs: reads, finds (the documents of c with
n = a number), takes (the first by n), commits, sets, batches, creates, updates, deletes, rolls back; `T4 retries T2`.
What is written may be `a=1`, `a=-` to delete, `!a=1` if there is no such document yet.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from emulator.firestore.caller import Caller
from emulator.firestore.commits import Committer
from emulator.firestore.engine import Engine
from emulator.firestore.errors import FirestoreError
from emulator.firestore.rpcs.commits import CommitMethods
from emulator.firestore.rpcs.documents import DocumentMethods
from emulator.firestore.rpcs.queries import QueryMethods
from emulator.firestore.transactions import Concurrency, Transactions
from emulator.firestore.wire import Document, Message, Write, request_type

DATABASE = "projects/demo-schedule/databases/(default)"
DOCUMENTS = f"{DATABASE}/documents"

_TURNS = 30


class Schedule:
    """An engine and its clients. `now` replaces the clock by which transactions expire."""

    def __init__(
        self, concurrency: Concurrency, *, lock_timeout_seconds: float = 60.0, now: Callable[[], float] | None = None
    ) -> None:
        engine = Engine(concurrency=concurrency, lock_timeout_seconds=lock_timeout_seconds)
        if now is not None:
            engine.transactions = Transactions(engine.store, now, concurrency, lock_timeout_seconds)
            engine.committer = Committer(engine.store, engine.transactions, engine.meter)
        self._documents, self._queries = DocumentMethods(engine), QueryMethods(engine)
        self._committing = CommitMethods(engine)
        self._caller = Caller.from_metadata([("authorization", "Bearer owner")])
        self._ids: dict[str, bytes] = {}
        self._retry_of: dict[str, bytes] = {}
        self._running: dict[asyncio.Task[str], str] = {}
        self.committed: list[tuple[str, list[str]]] = []
        """Actors and what they wrote, by commits and sets, in the order of commit times."""

    async def play(self, table: str, column: int = 1) -> None:
        """Take the steps of a table, each asserted to have the outcome in that column."""
        for line in filter(None, map(str.strip, table.splitlines())):
            cells = [cell.strip() for cell in line.split("|")]
            expected = next(cell for cell in reversed(cells[: column + 1]) if cell)
            assert f"{cells[0]} | {await self.step(cells[0])}" == f"{cells[0]} | {expected}"

    async def step(self, text: str) -> str:
        """Take one step; the outcomes that then are known, in the order of their actors."""
        actor = text.split()[0]
        started = self.start(text)
        # No I/O is waited for, so a few turns of the loop bring everybody as far as they can go.
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        outcomes = [f"{self._running.pop(task)}: {task.result()}" for task in list(self._running) if task.done()]
        return ", ".join(sorted(outcomes if started.done() else [*outcomes, f"{actor}: waits"]))

    def start(self, text: str) -> asyncio.Task[str]:
        """Begin one step; the task's result is what has come of it."""
        task = asyncio.create_task(self.take(text))
        self._running[task] = text.split()[0]
        return task

    def forget(self, task: asyncio.Task[str]) -> None:
        """Expect no outcome of this step any more."""
        self._running.pop(task)

    async def take(self, text: str) -> str:
        """Take one step, waiting as long as it takes; what has come of it."""
        actor, verb, *arguments = text.replace("rolls back", "rolls_back").split()
        try:
            return str(await getattr(self, f"_{verb}")(actor, arguments))
        except FirestoreError as error:
            return str(error.code.name).lower().replace("_", " ")

    async def _retries(self, actor: str, arguments: list[str]) -> str:
        self._retry_of[actor] = self._ids[arguments[0]]
        return "ok"

    async def _reads(self, actor: str, ids: list[str]) -> str:
        names = [f"{DOCUMENTS}/c/{id_}" for id_ in ids]
        request = self._selected(request_type("BatchGetDocumentsRequest")(database=DATABASE, documents=names), actor)
        found = {}
        async for response in self._documents.batch_get_documents(request, self._caller):
            self._note(actor, response)
            name = response.missing or response.found.name
            found[name] = "-" if response.missing else str(response.found.fields["n"].integer_value)
        return " ".join(f"{id_}={found[name]}" for id_, name in zip(ids, names, strict=True))

    async def _finds(self, actor: str, arguments: list[str]) -> str:
        value = {"field": {"field_path": "n"}, "op": 5, "value": {"integer_value": int(arguments[0])}}
        return await self._query(actor, {"where": {"field_filter": value}})

    async def _takes(self, actor: str, arguments: list[str]) -> str:
        return await self._query(actor, {"order_by": [{"field": {"field_path": "n"}}], "limit": {"value": 1}})

    async def _query(self, actor: str, query: dict[str, Any]) -> str:
        structured = {"from_": [{"collection_id": "c"}], **query}
        message = request_type("RunQueryRequest")(parent=DOCUMENTS, structured_query=structured)
        found = []
        async for response in self._queries.run_query(self._selected(message, actor), self._caller):
            self._note(actor, response)
            if response.HasField("document"):
                found.append(response.document.name.rpartition("/")[2])
        return " ".join(found) or "nothing"

    async def _commits(self, actor: str, arguments: list[str]) -> str:
        writes = [_write(argument) for argument in arguments]
        transaction = self._ids.get(actor, b"")
        request = request_type("CommitRequest")(database=DATABASE, writes=writes, transaction=transaction)
        await self._committing.commit(request, self._caller)
        self.committed.append((actor, arguments))
        return "ok"

    _sets = _commits

    async def _batches(self, actor: str, arguments: list[str]) -> str:
        request = request_type("BatchWriteRequest")(database=DATABASE, writes=[_write(one) for one in arguments])
        response = await self._committing.batch_write(request, self._caller)
        return " ".join("refused" if status.code else "ok" for status in response.status)

    async def _creates(self, actor: str, arguments: list[str]) -> str:
        document = _write(arguments[0]).update
        id_, document.name = document.name.rpartition("/")[2], ""
        request = {"parent": DOCUMENTS, "collection_id": "c", "document_id": id_, "document": document}
        await self._documents.create_document(request_type("CreateDocumentRequest")(**request), self._caller)
        return "ok"

    async def _updates(self, actor: str, arguments: list[str]) -> str:
        request = request_type("UpdateDocumentRequest")(document=_write(arguments[0]).update)
        await self._documents.update_document(request, self._caller)
        return "ok"

    async def _deletes(self, actor: str, arguments: list[str]) -> str:
        request = request_type("DeleteDocumentRequest")(name=f"{DOCUMENTS}/c/{arguments[0]}")
        await self._documents.delete_document(request, self._caller)
        return "ok"

    async def _rolls_back(self, actor: str, arguments: list[str]) -> str:
        request = request_type("RollbackRequest")(database=DATABASE, transaction=self._ids[actor])
        await self._committing.rollback(request, self._caller)
        return "ok"

    def _selected(self, request: Message, actor: str) -> Message:
        """The request in the actor's transaction, which begins with it if need be."""
        if actor in self._ids:
            request.transaction = self._ids[actor]
        elif actor.startswith("T"):
            request.new_transaction.read_write.retry_transaction = self._retry_of.get(actor, b"")
        elif actor.startswith("R"):
            request.new_transaction.read_only.SetInParent()
        return request

    def _note(self, actor: str, response: Message) -> None:
        if response.transaction:
            self._ids[actor] = response.transaction


def _write(text: str) -> Write:
    id_, _, number = text.lstrip("!").partition("=")
    name = f"{DOCUMENTS}/c/{id_}"
    if number == "-":
        return Write(delete=name)
    document = Document(name=name)
    document.fields["n"].integer_value = int(number)
    return Write(update=document, current_document={"exists": False} if text.startswith("!") else None)
