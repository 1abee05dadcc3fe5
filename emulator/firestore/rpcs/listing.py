"""Listing what is there: the documents of a collection, page by page, and the collections of a document."""

from __future__ import annotations

from collections.abc import Iterable
from heapq import merge
from operator import itemgetter

from emulator.firestore.caller import Caller
from emulator.firestore.engine import Engine
from emulator.firestore.errors import invalid_argument
from emulator.firestore.field_paths import NAME, parse_field_path
from emulator.firestore.names import check_collection_id, parse_parent
from emulator.firestore.ordering import ABOVE, encode_name
from emulator.firestore.projection import project
from emulator.firestore.queries.executor import matches
from emulator.firestore.queries.model import Query, complete_orders
from emulator.firestore.rpcs.page_tokens import decode_token, encode_token
from emulator.firestore.rpcs.snapshot import Snapshot, take_snapshot
from emulator.firestore.scopes import Order
from emulator.firestore.wire import Document, Message, StructuredQuery, request_type
from emulator.firestore.writes import parse_mask

PAGE_SIZE_MAX = 300
"""Documents or collection ids in one page; also how many a request without a page size gets."""

_ListDocumentsResponse = request_type("ListDocumentsResponse")
_ListCollectionIdsResponse = request_type("ListCollectionIdsResponse")


class ListingMethods:
    """RPCs that list documents and collections."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def list_documents(self, request: Message, caller: Caller) -> Message:
        identity, parent = parse_parent(request.parent)
        check_collection_id(request.collection_id)
        orders = complete_orders(_parse_order_by(request.order_by), None)
        if request.show_missing and orders != (Order(NAME),):
            raise invalid_argument("show_missing cannot be combined with order_by.")
        mask = parse_mask(request.mask) if request.HasField("mask") else None
        size = _page_size(request.page_size)
        asked = StructuredQuery(from_=[{"collection_id": request.collection_id}], limit={"value": size})
        start = decode_token(request.page_token) + ABOVE if request.page_token else None
        query = Query(parent, request.collection_id, False, None, orders, start=start, limit=size + 1)
        snapshot = await take_snapshot(self._engine, self._engine.store.database(identity), request, query=query)
        self._engine.guard.check_list(caller, snapshot.database, parent, asked, snapshot.at, snapshot.time)
        entries = _entries(snapshot, query, show_missing=request.show_missing)
        page = entries[:size]
        self._engine.meter.of(identity.project).count_query(len(page))
        response = _ListDocumentsResponse(documents=[project(document, mask) for _, document in page])
        if len(entries) > size:
            response.next_page_token = encode_token(page[-1][0])
        return response

    async def list_collection_ids(self, request: Message, caller: Caller) -> Message:
        identity, parent = parse_parent(request.parent)
        size = _page_size(request.page_size)
        snapshot = await take_snapshot(self._engine, self._engine.store.database(identity), request)
        self._engine.guard.require_admin(caller, snapshot.database, "Listing collections")
        self._engine.meter.of(identity.project).reads += 1
        after = decode_token(request.page_token).decode() if request.page_token else ""
        ids = sorted(name for name in snapshot.database.collection_ids(parent, snapshot.at) if name > after)
        response = _ListCollectionIdsResponse(collection_ids=ids[:size])
        if len(ids) > size:
            response.next_page_token = encode_token(ids[size - 1].encode())
        return response


def _entries(snapshot: Snapshot, query: Query, *, show_missing: bool) -> list[tuple[bytes, Document]]:
    """One more than a page of (sort key, document), missing documents among them if asked for."""
    limit = query.limit or 0
    found: list[tuple[bytes, Document]] = []
    live = []
    for match in matches(snapshot.database, query, snapshot.at):
        live.append(match)
        if len(live) == limit:
            break
    if snapshot.transaction is not None:
        snapshot.transaction.note_query(query, live)
    found = [(match.key, match.document) for match in live]
    if not show_missing:
        return found
    missing = sorted(_missing(snapshot, query), key=itemgetter(0))
    return list(merge(found, missing, key=itemgetter(0)))[:limit]


def _missing(snapshot: Snapshot, query: Query) -> Iterable[tuple[bytes, Document]]:
    """Documents that do not exist but have collections below them."""
    for path in snapshot.database.parents_in(query.collection, snapshot.at):
        key = encode_name(path)
        if (query.start is None or key >= query.start) and snapshot.database.get(path, snapshot.at) is None:
            yield key, Document(name=snapshot.database.id.document_name(path))


def _parse_order_by(text: str) -> tuple[Order, ...]:
    """`a.b desc, c`, as ListDocuments takes its order."""
    orders = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        path, _, direction = part.partition(" ")
        if direction.strip().lower() not in ("", "asc", "desc"):
            raise invalid_argument(f"Invalid order_by: {text!r}.")
        orders.append(Order(parse_field_path(path), direction.strip().lower() == "desc"))
    return tuple(orders)


def _page_size(requested: int) -> int:
    if requested < 0:
        raise invalid_argument("page_size must not be negative.")
    return min(requested or PAGE_SIZE_MAX, PAGE_SIZE_MAX)
