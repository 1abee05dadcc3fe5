"""A Listen stream taken message by message, each written as one short line."""

from __future__ import annotations

from collections.abc import Iterator
from queue import SimpleQueue
from typing import Any

import grpc
from google.api_core.exceptions import from_grpc_error
from google.cloud.firestore_v1 import CollectionReference, types
from google.cloud.firestore_v1.services.firestore import FirestoreClient

_TIMEOUT_SECONDS = 30
_State = types.TargetChange.TargetChangeType


class WireListener:
    """One stream on one database. `token` and `time` are the last snapshot's, `documents` what each target has."""

    def __init__(self, stub: FirestoreClient, database: str) -> None:
        self._database = database
        self._requests: SimpleQueue[types.ListenRequest | None] = SimpleQueue()
        listen: Any = stub.transport.listen
        self._call = listen(iter(self._requests.get, None), timeout=_TIMEOUT_SECONDS)
        self.token = b""
        self.time: Any = None
        self.documents: dict[int, dict[str, types.Document]] = {}

    def __enter__(self) -> WireListener:
        return self

    def __exit__(self, *_: object) -> None:
        self._requests.put(None)
        self._call.cancel()

    def add(self, target_id: int, **target: Any) -> list[str]:
        """Add a target and return what comes up to the next snapshot."""
        self.send(add_target={"target_id": target_id, **target})
        return self.snapshot()

    def add_documents(self, target_id: int, *paths: str, **target: Any) -> list[str]:
        names = [f"{self._database}/documents/{path}" for path in paths]
        return self.add(target_id, documents={"documents": names}, **target)

    def add_query(self, target_id: int, query: Any, **target: Any) -> list[str]:
        """`query` is a query or collection of the client library."""
        query = query._query() if isinstance(query, CollectionReference) else query
        parent, _ = query._parent._parent_info()
        return self.add(target_id, query={"parent": parent, "structured_query": query._to_protobuf()}, **target)

    def remove(self, target_id: int) -> list[str]:
        self.send(remove_target=target_id)
        return self.snapshot()

    def send(self, **request: Any) -> None:
        self._requests.put(types.ListenRequest({"database": self._database, **request}))

    def end(self) -> list[str]:
        """Close the client's side and return what the server still says; raises what it ends the stream with."""
        self._requests.put(None)
        try:
            return [self._line(response) for response in self._call]
        except grpc.RpcError as error:
            raise from_grpc_error(error) from error

    def snapshot(self) -> list[str]:
        """What comes up to the next snapshot."""
        return list(self._until_snapshot())

    def next_line(self) -> str:
        return self._line(next(self._call))

    def _until_snapshot(self) -> Iterator[str]:
        for response in self._call:
            change = response.target_change
            if "target_change" in response and change.target_change_type == _State.NO_CHANGE and not change.target_ids:
                assert self.time is None or change.read_time >= self.time, "snapshots never go back in time"
                self.token, self.time = change.resume_token, change.read_time
                return
            yield self._line(response)
        raise AssertionError("the stream ended without a snapshot")

    def _line(self, response: types.ListenResponse) -> str:
        kind = types.ListenResponse.pb(response).WhichOneof("response_type")
        news = getattr(response, kind)
        if kind == "target_change":
            ids = " ".join(map(str, news.target_ids))
            cause = f" because {news.cause.code}" if news.cause.code else ""
            return f"{_State(news.target_change_type).name} {ids}{cause}"
        if kind == "filter":
            return f"count {news.target_id}: {news.count}"
        if kind == "document_change":
            return self._change_line(news)
        path = news.document.removeprefix(f"{self._database}/documents/")
        for target_id in news.removed_target_ids:
            self.documents.get(target_id, {}).pop(path, None)
        return f"{kind.removeprefix('document_')} {path} {' '.join(map(str, news.removed_target_ids))}"

    def _change_line(self, news: types.DocumentChange) -> str:
        path = news.document.name.removeprefix(f"{self._database}/documents/")
        for target_id in news.target_ids:
            self.documents.setdefault(target_id, {})[path] = news.document
        for target_id in news.removed_target_ids:
            self.documents.get(target_id, {}).pop(path, None)
        verb, ids = ("set", news.target_ids) if news.target_ids else ("leave", news.removed_target_ids)
        return f"{verb} {path} {' '.join(map(str, ids))}"
