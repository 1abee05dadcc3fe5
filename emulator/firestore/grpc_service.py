"""The gRPC face: every method of google.firestore.v1.Firestore as a generic handler on raw messages."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any

import grpc
import grpc.aio
from google.protobuf.message import DecodeError

from emulator.firestore.caller import Caller
from emulator.firestore.durability import Barrier
from emulator.firestore.engine import Engine
from emulator.firestore.errors import FirestoreError, invalid_argument
from emulator.firestore.limits import check_request_size
from emulator.firestore.rpcs.commits import CommitMethods
from emulator.firestore.rpcs.documents import DocumentMethods
from emulator.firestore.rpcs.listing import ListingMethods
from emulator.firestore.rpcs.partitions import PartitionMethods
from emulator.firestore.rpcs.queries import QueryMethods
from emulator.firestore.rpcs.streams import StreamMethods
from emulator.firestore.wire import Message, request_type

SERVICE = "google.firestore.v1.Firestore"

MESSAGE_BYTES_MAX = 64 * 1024 * 1024
"""Largest message the transport lets through; Firestore's own limits are lower and answered with their own errors."""

Unary = Callable[[Message, Caller], Awaitable[Message]]
Streaming = Callable[[Message, Caller], AsyncIterator[Message]]
Bidirectional = Callable[[AsyncIterator[Message], Caller], AsyncIterator[Message]]

_log = logging.getLogger(__name__)


def service_handler(engine: Engine) -> grpc.GenericRpcHandler:
    """The handler of all methods; those it does not have get UNIMPLEMENTED from the transport."""
    documents, listing = DocumentMethods(engine), ListingMethods(engine)
    queries, commits = QueryMethods(engine), CommitMethods(engine)
    streams = StreamMethods(engine, commits)
    unary, streaming = partial(_unary, engine.kept), partial(_streaming, engine.kept)
    bidirectional = partial(_bidirectional, engine.kept)
    handlers = {
        "GetDocument": unary(documents.get_document, "GetDocumentRequest"),
        "CreateDocument": unary(documents.create_document, "CreateDocumentRequest"),
        "UpdateDocument": unary(documents.update_document, "UpdateDocumentRequest"),
        "DeleteDocument": unary(documents.delete_document, "DeleteDocumentRequest"),
        "BatchGetDocuments": streaming(documents.batch_get_documents, "BatchGetDocumentsRequest"),
        "ListDocuments": unary(listing.list_documents, "ListDocumentsRequest"),
        "ListCollectionIds": unary(listing.list_collection_ids, "ListCollectionIdsRequest"),
        "RunQuery": streaming(queries.run_query, "RunQueryRequest"),
        "RunAggregationQuery": streaming(queries.run_aggregation_query, "RunAggregationQueryRequest"),
        "PartitionQuery": unary(PartitionMethods(engine).partition_query, "PartitionQueryRequest"),
        "BeginTransaction": unary(commits.begin_transaction, "BeginTransactionRequest"),
        "Commit": unary(commits.commit, "CommitRequest"),
        "Rollback": unary(commits.rollback, "RollbackRequest"),
        "BatchWrite": unary(commits.batch_write, "BatchWriteRequest"),
        "Listen": bidirectional(streams.listen, "ListenRequest"),
        "Write": bidirectional(streams.write, "WriteRequest"),
    }
    return grpc.method_handlers_generic_handler(SERVICE, handlers)


def _unary(kept: Barrier, method: Unary, request: str) -> grpc.RpcMethodHandler:
    parse = _parser(request)

    async def handle(data: bytes, context: grpc.aio.ServicerContext[Any, Any]) -> Message:
        try:
            try:
                return await method(parse(data), Caller.from_metadata(context.invocation_metadata()))
            finally:
                await kept()
        except Exception as error:  # noqa: BLE001
            return await _abort(context, error)

    return grpc.unary_unary_rpc_method_handler(handle, response_serializer=_serialize)


def _streaming(kept: Barrier, method: Streaming, request: str) -> grpc.RpcMethodHandler:
    parse = _parser(request)

    def answer(data: bytes, caller: Caller) -> AsyncIterator[Message]:
        return method(parse(data), caller)

    return grpc.unary_stream_rpc_method_handler(_answers(kept, answer), response_serializer=_serialize)


def _bidirectional(kept: Barrier, method: Bidirectional, request: str) -> grpc.RpcMethodHandler:
    parse = _parser(request)

    def answer(received: AsyncIterable[bytes], caller: Caller) -> AsyncIterator[Message]:
        return method((parse(data) async for data in received), caller)

    return grpc.stream_stream_rpc_method_handler(_answers(kept, answer), response_serializer=_serialize)


def _answers(kept: Barrier, answer: Callable[[Any, Caller], AsyncIterator[Message]]) -> Callable[..., Any]:
    """What grpcio calls for a method with several responses; `answer` takes what was received, as bytes."""

    async def handle(received: Any, context: grpc.aio.ServicerContext[Any, Any]) -> AsyncIterator[Message]:
        try:
            try:
                async for response in answer(received, Caller.from_metadata(context.invocation_metadata())):
                    await kept()
                    yield response
            finally:
                await kept()
        except Exception as error:  # noqa: BLE001
            await _abort(context, error)

    return handle


def _parser(request: str) -> Callable[[bytes], Message]:
    """Reads a message of that type; here and not by grpcio, which could only answer INTERNAL to what is wrong."""
    from_string = request_type(request).FromString

    def parse(data: bytes) -> Message:
        check_request_size(len(data))
        try:
            return from_string(data)
        except DecodeError:
            raise invalid_argument(f"The request is not a valid {request}.") from None

    return parse


async def _abort(context: grpc.aio.ServicerContext[Any, Any], error: Exception) -> Any:
    if isinstance(error, FirestoreError):
        await context.abort(error.code, error.message)
    _log.error("internal error", exc_info=error)
    await context.abort(grpc.StatusCode.INTERNAL, f"The local Firestore failed: {error!r}")


def _serialize(message: Message) -> bytes:
    return bytes(message.SerializeToString())
