"""Local Firestores to be killed: each in a process of its own, forked from one that has imported everything.

So a start takes a tenth of a second instead of one or two, and a test can afford dozens.
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import grpc
from google.auth.credentials import AnonymousCredentials
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport
from google.cloud.firestore_v1.types import CommitResponse, Document, StructuredQuery, Value, Write

from emulator.firestore.__main__ import main

PROJECT = "demo-kept"
DATABASE = f"projects/{PROJECT}/databases/(default)"
DOCUMENTS = f"{DATABASE}/documents"

_DEADLINE_SECONDS = 30
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["emulator.firestore.__main__"])


def _run(arguments: list[str], scratch: str) -> None:
    tempfile.tempdir = scratch
    threading.Thread(target=_end_with_parent, daemon=True).start()
    raise SystemExit(main(arguments))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


class Server:
    """A running local Firestore with a data directory, and a client of it that repeats nothing by itself."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        ready = folder.with_name(folder.name + ".ready")
        ready.unlink(missing_ok=True)
        options = ["--port", "0", "--ready", str(ready), "--data-dir", str(folder), *arguments]
        # What a killed server cannot tidy up, its sockets, is in a folder that we do.
        self._scratch = tempfile.TemporaryDirectory(prefix="killed-")
        self._process = _processes.Process(target=_run, args=(options, self._scratch.name), daemon=True)
        self._process.start()
        try:
            told = json.loads(self._wait_for(ready))
        except AssertionError:
            self._scratch.cleanup()
            raise
        self.address = f"{told['host']}:{told['port']}"
        self._channel = grpc.insecure_channel(self.address)
        transport = FirestoreGrpcTransport(channel=self._channel, credentials=AnonymousCredentials())
        self.client = FirestoreClient(transport=transport)

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def commit(self, *writes: Write, transaction: bytes = b"") -> CommitResponse:
        request = {"database": DATABASE, "writes": writes, "transaction": transaction}
        return self.client.commit(request, retry=None, timeout=_DEADLINE_SECONDS)

    def read(self, collection: str) -> dict[str, Document]:
        """All documents of a root collection by id."""
        query = StructuredQuery(from_=[StructuredQuery.CollectionSelector(collection_id=collection)])
        answers = self.client.run_query({"parent": DOCUMENTS, "structured_query": query}, timeout=_DEADLINE_SECONDS)
        return {answer.document.name.rsplit("/", 1)[-1]: answer.document for answer in answers if answer.document.name}

    def _wait_for(self, ready: Path) -> str:
        deadline = time.monotonic() + _DEADLINE_SECONDS
        while not ready.exists():
            assert self._process.is_alive() and time.monotonic() < deadline, "the server did not start"
            time.sleep(0.005)
        return ready.read_text()

    def kill(self) -> None:
        """End it as a power cut would: SIGKILL."""
        self._process.kill()
        self.wait()

    def stop(self) -> int:
        """End it in order; its exit code."""
        self._process.terminate()
        return self.wait()

    def close(self) -> None:
        """Kill it, if it still runs, and let go of it; nobody may be using its client any more."""
        self.kill()
        self._channel.close()

    def wait(self) -> int:
        """The exit code of a server that is about to end."""
        self._process.join(_DEADLINE_SECONDS)
        assert self._process.exitcode is not None, "the server did not end"
        self._scratch.cleanup()
        return self._process.exitcode


Serve: TypeAlias = Callable[..., Server]


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[Serve]:
    """A function that starts a server on this data directory; what still runs at the end is killed."""
    servers: list[Server] = []

    def start(*arguments: str) -> Server:
        servers.append(Server(folder, *arguments))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def put(path: str, **fields: int | str) -> Write:
    """A write that sets a document."""
    values = {
        name: Value(integer_value=value) if isinstance(value, int) else Value(string_value=value)
        for name, value in fields.items()
    }
    return Write(update=Document(name=f"{DOCUMENTS}/{path}", fields=values))
