"""The streams of the mobile and web clients: Listen tells of documents as they change, Write takes commits in order."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import aclosing
from itertools import count

from emulator.firestore.caller import Caller
from emulator.firestore.engine import Engine
from emulator.firestore.errors import invalid_argument
from emulator.firestore.listening.registry import Registry
from emulator.firestore.listening.stream import ListenStream
from emulator.firestore.names import parse_database
from emulator.firestore.rpcs.commits import CommitMethods
from emulator.firestore.wire import Message, request_type

_CommitRequest = request_type("CommitRequest")
_WriteResponse = request_type("WriteResponse")


class StreamMethods:
    """RPCs on which both sides talk for as long as they like."""

    def __init__(self, engine: Engine, commits: CommitMethods) -> None:
        self._engine = engine
        self._commits = commits
        self._registry = Registry(engine.store)
        self._listening: dict[ListenStream, None] = {}
        engine.guard.rulebook.on_change(self._recheck)

    async def listen(self, requests: AsyncIterator[Message], caller: Caller) -> AsyncIterator[Message]:
        stream = ListenStream(self._engine, self._registry, caller)
        self._listening[stream] = None
        try:
            async with aclosing(stream.run(requests)) as responses:
                async for response in responses:
                    yield response
        finally:
            del self._listening[stream]

    async def write(self, requests: AsyncIterator[Message], caller: Caller) -> AsyncIterator[Message]:
        """The first request names the database and is answered with a token; each one after it is a commit.

        A commit that fails ends the stream with its status. A token stands for how much has been answered; the client
        sends it back, but streams are not resumed, so it is not looked at.
        """
        database, stream_id = None, secrets.token_hex(8)
        for answered in count(1):
            request = await anext(requests, None)
            if request is None:
                return
            token = answered.to_bytes(8, "big")
            if database is None:
                database = parse_database(request.database)
                if request.writes:
                    raise invalid_argument("The first request of a Write stream must have no writes.")
                yield _WriteResponse(stream_id=stream_id, stream_token=token)
                continue
            commit = _CommitRequest(database=database.name, writes=request.writes)
            committed = await self._commits.commit(commit, caller)
            yield _WriteResponse(
                stream_token=token, write_results=committed.write_results, commit_time=committed.commit_time
            )

    def _recheck(self) -> None:
        """Other rules are in force."""
        for stream in list(self._listening):
            stream.recheck()
