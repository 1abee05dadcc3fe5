"""Serves the REST face: one route for all methods, the JSON answers, and CORS for pages in a browser."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from emulator.firestore.caller import Caller
from emulator.firestore.engine import Engine
from emulator.firestore.rest.arrays import JSON, array_response
from emulator.firestore.rest.bindings import bind
from emulator.firestore.rest.messages import parse_request, to_json
from emulator.firestore.rest.statuses import as_refusal, http_status, status_body
from emulator.firestore.rpcs.commits import CommitMethods
from emulator.firestore.rpcs.documents import DocumentMethods
from emulator.firestore.rpcs.listing import ListingMethods
from emulator.firestore.rpcs.partitions import PartitionMethods
from emulator.firestore.rpcs.queries import QueryMethods
from emulator.firestore.wire import Message

_METHODS = ["GET", "POST", "PATCH", "DELETE"]
_PREFLIGHT_SECONDS = 3600

_Unary = Callable[[Message, Caller], Awaitable[Message]]
_Streaming = Callable[[Message, Caller], AsyncIterator[Message]]


def rest_routes(engine: Engine) -> list[BaseRoute]:
    """`/v1/projects/{p}/databases/{d}/documents...`, open to pages of every origin."""
    unary, streaming = _methods(engine)

    async def handle(request: Request) -> Response:
        streamed = False
        try:
            binding = bind(request.method, request.scope["raw_path"].decode("ascii"))
            streamed = binding.method in streaming
            message = parse_request(binding, request.query_params.multi_items(), await request.body())
            caller = Caller.from_metadata(request.headers.items())
            if streamed:
                return await array_response(streaming[binding.method](message, caller))
            return Response(to_json(await unary[binding.method](message, caller)), media_type=JSON)
        except Exception as error:  # noqa: BLE001
            refusal = as_refusal(error)
            body = status_body(refusal)
            return JSONResponse([body] if streamed else body, status_code=http_status(refusal))

    # Any header: clients of all kinds send x-goog-... ones, and a page's Authorization makes the browser ask first.
    cors = Middleware(
        CORSMiddleware,
        allow_origins=["*"],
        allow_methods=_METHODS,
        allow_headers=["*"],
        max_age=_PREFLIGHT_SECONDS,
    )
    return [Mount("/v1", routes=[Route("/{path:path}", handle, methods=_METHODS)], middleware=[cors])]


def _methods(engine: Engine) -> tuple[Mapping[str, _Unary], Mapping[str, _Streaming]]:
    """The methods REST has, by name: those with one response, and those with several."""
    documents, listing = DocumentMethods(engine), ListingMethods(engine)
    queries, commits = QueryMethods(engine), CommitMethods(engine)
    unary: dict[str, _Unary] = {
        "GetDocument": documents.get_document,
        "CreateDocument": documents.create_document,
        "UpdateDocument": documents.update_document,
        "DeleteDocument": documents.delete_document,
        "ListDocuments": listing.list_documents,
        "ListCollectionIds": listing.list_collection_ids,
        "PartitionQuery": PartitionMethods(engine).partition_query,
        "BeginTransaction": commits.begin_transaction,
        "Commit": commits.commit,
        "Rollback": commits.rollback,
        "BatchWrite": commits.batch_write,
    }
    streaming: dict[str, _Streaming] = {
        "BatchGetDocuments": documents.batch_get_documents,
        "RunQuery": queries.run_query,
        "RunAggregationQuery": queries.run_aggregation_query,
    }
    return unary, streaming
