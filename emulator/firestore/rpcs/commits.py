"""Changing documents over the wire: transactions, commits and batches of independent writes."""

from __future__ import annotations

from emulator.firestore.caller import Caller
from emulator.firestore.engine import Engine
from emulator.firestore.errors import FirestoreError
from emulator.firestore.limits import check_transforms
from emulator.firestore.names import parse_database
from emulator.firestore.wire import Empty, Message, WriteResult, request_type

_BeginTransactionResponse = request_type("BeginTransactionResponse")
_CommitResponse = request_type("CommitResponse")
_BatchWriteResponse = request_type("BatchWriteResponse")


class CommitMethods:
    """RPCs that begin, end or change something."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def begin_transaction(self, request: Message, caller: Caller) -> Message:
        database = self._engine.store.database(parse_database(request.database))
        transaction = self._engine.transactions.begin(database, request.options)
        return _BeginTransactionResponse(transaction=transaction.id)

    async def rollback(self, request: Message, caller: Caller) -> Message:
        database = self._engine.store.database(parse_database(request.database))
        self._engine.transactions.rollback(database, request.transaction)
        return Empty()

    async def commit(self, request: Message, caller: Caller) -> Message:
        identity = parse_database(request.database)
        check_transforms(request.writes)
        committed = await self._engine.committer.commit(
            identity, request.writes, request.transaction, check=self._engine.guard.on_writes(caller)
        )
        return _CommitResponse(write_results=committed.results, commit_time=committed.time)

    async def batch_write(self, request: Message, caller: Caller) -> Message:
        identity = parse_database(request.database)
        check_transforms(request.writes)
        response = _BatchWriteResponse()
        check = self._engine.guard.on_writes(caller)
        for outcome in await self._engine.committer.batch(identity, request.writes, check=check):
            status = response.status.add()
            if isinstance(outcome, FirestoreError):
                status.code, status.message = outcome.number, outcome.message
                response.write_results.append(WriteResult())
            else:
                response.write_results.append(outcome)
        return response
