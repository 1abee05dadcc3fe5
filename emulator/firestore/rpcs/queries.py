"""Queries and aggregations over the wire."""

from __future__ import annotations

from collections.abc import AsyncIterator

from emulator.firestore.caller import Caller
from emulator.firestore.engine import Engine
from emulator.firestore.errors import invalid_argument, unimplemented
from emulator.firestore.names import parse_parent
from emulator.firestore.projection import project
from emulator.firestore.queries.aggregations import aggregate, aggregated_fields, parse_aggregations
from emulator.firestore.queries.composite import require_index
from emulator.firestore.queries.executor import run
from emulator.firestore.queries.model import parse_query
from emulator.firestore.rpcs.snapshot import take_snapshot
from emulator.firestore.wire import Message, request_type

_QueryResponse = request_type("RunQueryResponse")
_AggregationResponse = request_type("RunAggregationQueryResponse")


class QueryMethods:
    """RPCs that run queries."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def run_query(self, request: Message, caller: Caller) -> AsyncIterator[Message]:
        identity, parent = parse_parent(request.parent)
        _refuse_explain(request)
        if request.WhichOneof("query_type") != "structured_query":
            raise invalid_argument("A query must be set.")
        query = parse_query(request.structured_query, identity, parent)
        require_index(self._engine.indexes, query)
        snapshot = await take_snapshot(self._engine, self._engine.store.database(identity), request, query=query)
        self._engine.guard.check_list(
            caller, snapshot.database, parent, request.structured_query, snapshot.at, snapshot.time
        )
        result = run(snapshot.database, query, snapshot.at)
        if snapshot.transaction is not None:
            snapshot.transaction.note_query(query, result.matches)
        self._engine.meter.of(identity.project).count_query(result.skipped + len(result.matches))
        if snapshot.new_transaction or result.skipped or not result.matches:
            yield _QueryResponse(
                read_time=snapshot.read_time,
                transaction=snapshot.new_transaction,
                skipped_results=result.skipped,
            )
        for match in result.matches:
            yield _QueryResponse(document=project(match.document, query.projection), read_time=snapshot.read_time)

    async def run_aggregation_query(self, request: Message, caller: Caller) -> AsyncIterator[Message]:
        identity, parent = parse_parent(request.parent)
        _refuse_explain(request)
        if request.WhichOneof("query_type") != "structured_aggregation_query":
            raise invalid_argument("An aggregation query must be set.")
        message = request.structured_aggregation_query
        aggregations = parse_aggregations(message)
        query = parse_query(message.structured_query, identity, parent, aggregated_fields(aggregations))
        require_index(self._engine.indexes, query)
        snapshot = await take_snapshot(self._engine, self._engine.store.database(identity), request, query=query)
        self._engine.guard.check_list(
            caller, snapshot.database, parent, message.structured_query, snapshot.at, snapshot.time
        )
        result = run(snapshot.database, query, snapshot.at)
        if snapshot.transaction is not None:
            snapshot.transaction.note_query(query, result.matches)
        self._engine.meter.of(identity.project).count_aggregation(result.skipped + len(result.matches))
        response = _AggregationResponse(read_time=snapshot.read_time, transaction=snapshot.new_transaction)
        response.result.SetInParent()
        for alias, value in aggregate(aggregations, result.matches).items():
            response.result.aggregate_fields[alias].CopyFrom(value)
        yield response


def _refuse_explain(request: Message) -> None:
    if request.HasField("explain_options"):
        raise unimplemented("Explaining queries is not supported by the local Firestore.")
