"""PartitionQuery: points at which a collection group is cut so that several workers can read it side by side."""

from __future__ import annotations

from emulator.firestore.caller import Caller
from emulator.firestore.clock import timestamp
from emulator.firestore.engine import Engine
from emulator.firestore.errors import invalid_argument
from emulator.firestore.field_paths import NAME
from emulator.firestore.names import parse_parent
from emulator.firestore.queries.executor import matches
from emulator.firestore.queries.model import Query, parse_query
from emulator.firestore.rpcs.page_tokens import decode_token, encode_token, invalid_token
from emulator.firestore.scopes import Order
from emulator.firestore.store import Database
from emulator.firestore.wire import Message, request_type

_PartitionQueryResponse = request_type("PartitionQueryResponse")
_TIME_BYTES = 8


class PartitionMethods:
    """The RPC that partitions queries."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def partition_query(self, request: Message, caller: Caller) -> Message:
        """At most `partition_count` cursors in order, page by page; all pages are of the time of the first."""
        identity, parent = parse_parent(request.parent)
        if parent:
            raise invalid_argument("The parent of a partitioned query must be the root of a database.")
        if request.partition_count <= 0 or request.page_size < 0:
            raise invalid_argument("partition_count must be positive, and page_size must not be negative.")
        query = parse_query(request.structured_query, identity, parent)
        _require_partitionable(query, request)
        database = self._engine.store.database(identity)
        self._engine.guard.require_admin(caller, database, "Partitioning queries")
        self._engine.meter.of(identity.project).reads += 1
        at, done = self._position(request)
        points = _split_points(database, query, at, request.partition_count)
        end = done + request.page_size if request.page_size else len(points)
        response = _PartitionQueryResponse()
        for path in points[done:end]:
            # Just before the document: to begin there includes it, to end there leaves it out.
            cursor = response.partitions.add(before=True)
            cursor.values.add(reference_value=identity.document_name(path))
        if end < len(points):
            response.next_page_token = encode_token(at.to_bytes(_TIME_BYTES, "big") + str(end).encode())
        return response

    def _position(self, request: Message) -> tuple[int, int]:
        """The time to read at (microseconds UTC), and how many cursors earlier pages have had."""
        past = self._engine.transactions.past
        if request.page_token:
            token = decode_token(request.page_token)
            time, done = token[:_TIME_BYTES], token[_TIME_BYTES:]
            if not done.isdigit():
                raise invalid_token()
            return past(timestamp(int.from_bytes(time, "big"))), int(done)
        if request.HasField("read_time"):
            return past(request.read_time), 0
        return self._engine.store.clock.read_time(), 0


def _require_partitionable(query: Query, request: Message) -> None:
    asked = request.structured_query
    others = ("where", "limit", "start_at", "end_at", "select")
    if (
        not query.all_descendants
        or not query.collection_id
        or query.orders != (Order(NAME),)
        or query.offset
        or any(asked.HasField(name) for name in others)
    ):
        raise invalid_argument(
            "Only a collection group ordered by __name__ ascending, and without anything else, can be partitioned."
        )


def _split_points(database: Database, query: Query, at: int, count: int) -> list[str]:
    """Paths of the documents that begin the second part, the third and so on; the parts are as large as each other."""
    paths = [match.path for match in matches(database, query, at)]
    parts = min(count + 1, len(paths))
    return [paths[len(paths) * part // parts] for part in range(1, parts)]
