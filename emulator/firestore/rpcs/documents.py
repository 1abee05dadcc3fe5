"""Reading documents by name, and writing one at a time: Get, BatchGet, Create, Update, Delete."""

from __future__ import annotations

import secrets
import string
from collections.abc import AsyncIterator

from emulator.firestore.caller import Caller
from emulator.firestore.engine import Engine
from emulator.firestore.errors import not_found
from emulator.firestore.names import (
    check_collection_id,
    collection_path,
    document_path,
    parse_database,
    parse_document,
    parse_parent,
)
from emulator.firestore.projection import project
from emulator.firestore.rpcs.snapshot import take_snapshot
from emulator.firestore.wire import Document, Empty, Message, Precondition, Write, request_type
from emulator.firestore.writes import parse_mask

_BatchGetResponse = request_type("BatchGetDocumentsResponse")
_ID_ALPHABET = string.ascii_letters + string.digits
_ID_LENGTH = 20


class DocumentMethods:
    """RPCs on single documents."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def get_document(self, request: Message, caller: Caller) -> Document:
        identity, path = parse_document(request.name)
        database = self._engine.store.database(identity)
        snapshot = await take_snapshot(self._engine, database, request, documents=[path])
        self._engine.meter.of(identity.project).reads += 1
        version = snapshot.document(path)
        self._engine.guard.check_get(caller, snapshot.database, path, version, snapshot.at, snapshot.time)
        if version is None:
            raise not_found(f'Document "{request.name}" not found.')
        mask = parse_mask(request.mask) if request.HasField("mask") else None
        return project(version.document(), mask)

    async def batch_get_documents(self, request: Message, caller: Caller) -> AsyncIterator[Message]:
        identity = parse_database(request.database)
        paths = [(name, document_path(name, identity)) for name in dict.fromkeys(request.documents)]
        mask = parse_mask(request.mask) if request.HasField("mask") else None
        database = self._engine.store.database(identity)
        snapshot = await take_snapshot(self._engine, database, request, documents=[path for _, path in paths])
        self._engine.meter.of(identity.project).reads += len(paths)
        versions = {path: snapshot.document(path) for _, path in paths}
        self._engine.guard.check_gets(caller, snapshot.database, versions, snapshot.at, snapshot.time)
        responses = []
        for name, path in paths:
            version = versions[path]
            response = _BatchGetResponse(read_time=snapshot.read_time)
            if version is None:
                response.missing = name
            else:
                response.found.CopyFrom(project(version.document(), mask))
            responses.append(response)
        if snapshot.new_transaction:
            if not responses:
                responses.append(_BatchGetResponse())
            responses[0].transaction = snapshot.new_transaction
        for response in responses:
            yield response

    async def create_document(self, request: Message, caller: Caller) -> Document:
        identity, parent = parse_parent(request.parent)
        check_collection_id(request.collection_id)
        document_id = request.document_id or _random_id()
        name = identity.document_name(f"{collection_path(parent, request.collection_id)}/{document_id}")
        write = Write(
            update=Document(name=name, fields=request.document.fields), current_document=Precondition(exists=False)
        )
        return await self._write_and_return(write, request, caller)

    async def update_document(self, request: Message, caller: Caller) -> Document:
        write = Write(update=request.document)
        if request.HasField("update_mask"):
            write.update_mask.CopyFrom(request.update_mask)
        if request.HasField("current_document"):
            write.current_document.CopyFrom(request.current_document)
        return await self._write_and_return(write, request, caller)

    async def delete_document(self, request: Message, caller: Caller) -> Message:
        identity, _ = parse_document(request.name)
        write = Write(delete=request.name)
        if request.HasField("current_document"):
            write.current_document.CopyFrom(request.current_document)
        await self._engine.committer.commit(identity, [write], check=self._engine.guard.on_writes(caller))
        return Empty()

    async def _write_and_return(self, write: Write, request: Message, caller: Caller) -> Document:
        identity, path = parse_document(write.update.name)
        mask = parse_mask(request.mask) if request.HasField("mask") else None
        await self._engine.committer.commit(identity, [write], check=self._engine.guard.on_writes(caller))
        version = self._engine.store.database(identity).get(path)
        assert version is not None, "a document just written exists"
        return project(version.document(), mask)


def _random_id() -> str:
    return "".join(secrets.choice(_ID_ALPHABET) for _ in range(_ID_LENGTH))
