"""The one transaction runner: reads first, then one atomic commit, run again from the start when it meets contention.

It saves a round trip against the client library's own runner: the transaction begins inside its first batched read.
A unit of work may run several times, so it must decide anew from what it reads and do nothing else that lasts.
"""

import random
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeAlias, TypeVar

from google.api_core import exceptions
from google.cloud.firestore import Client, DocumentReference, DocumentSnapshot, Query
from google.cloud.firestore_v1.base_client import _parse_batch_get
from google.cloud.firestore_v1.transaction import Transaction as ClientTransaction

from lib.domain import errors
from lib.store.client import database
from lib.store.writes import Fields, Writes

Result = TypeVar("Result")
Snapshot: TypeAlias = DocumentSnapshot[DocumentReference]

ATTEMPTS_MAX = 10
_BACKOFF_SECONDS = 0.01
_BACKOFF_SECONDS_MAX = 0.8

# Whether a commit that ended in one of the last four was applied is unknown. Running the work again is safe all the
# same: it reads what the lost commit wrote and finds nothing left to do.
_TRANSIENT = (
    exceptions.Aborted,
    exceptions.ServiceUnavailable,
    exceptions.DeadlineExceeded,
    exceptions.InternalServerError,
    exceptions.Cancelled,
)


class Transaction:
    """One attempt of a unit of work. All reads come before the first write; writes take effect together or not at all.

    Reads of absent documents return snapshots with `exists` False.
    """

    def __init__(self, client: Client, retry_of: bytes | None = None) -> None:
        self._client = client
        self._retry_of = retry_of
        self._transaction = ClientTransaction(client)
        self._writes = Writes(client)

    @property
    def id(self) -> bytes | None:
        """The server's id of this attempt, None as long as nothing has been read."""
        found: bytes | None = self._transaction.id
        return found

    def get(self, references: Sequence[DocumentReference]) -> list[Snapshot]:
        """The documents in the order of `references`, by one request; repeated references are read once."""
        if not references:
            return []
        snapshots = self._begin_with(references) if self.id is None else self._transaction.get_all(list(references))
        by_path = {snapshot.reference.path: snapshot for snapshot in snapshots}
        return [by_path[reference.path] for reference in references]

    def query(self, query: Query) -> list[Snapshot]:
        """All results of `query`, which its caller has bounded. What newly matches before the commit is a conflict."""
        if self.id is None:
            self._transaction._begin(retry_id=self._retry_of)
        return list(query.stream(transaction=self._transaction))

    def create(self, reference: DocumentReference, fields: Fields) -> None:
        """Writes a document that must not exist."""
        self._writes.set(reference, fields, must_be_new=True)

    def replace(self, reference: DocumentReference, fields: Fields) -> None:
        """Writes a whole document that is ours alone, whether or not it exists."""
        self._writes.set(reference, fields)

    def merge(self, reference: DocumentReference, fields: Fields) -> None:
        """Writes these top-level fields whole and leaves every other one alone; creates the document when absent."""
        self._writes.merge(reference, fields)

    def update(self, reference: DocumentReference, fields: Fields, *, unchanged_since: datetime | None = None) -> None:
        """Like `merge` for a document that must exist and, if asked, must still have this update time."""
        self._writes.update(reference, fields, unchanged_since=unchanged_since)

    def delete(self, reference: DocumentReference) -> None:
        """Deletes the document, if there is one."""
        self._writes.delete(reference)

    def commit(self) -> None:
        """Applies the writes; without any, lets go of what was read. For `run` only."""
        if self._writes:
            request = self._writes.request(self.id or b"")
            self._client._firestore_api.commit(request=request, metadata=self._client._rpc_metadata)
        else:
            self.abandon()

    def abandon(self) -> None:
        """Lets go of what was read without writing. For `run` only; a failure is left to the server's time-out."""
        if self.id is not None:
            try:
                self._transaction._rollback()
            except exceptions.GoogleAPIError:
                return

    def _begin_with(self, references: Sequence[DocumentReference]) -> list[Snapshot]:
        # The client library has no public call that begins a transaction inside a read; the protocol does.
        by_path = {reference._document_path: reference for reference in references}
        responses = self._client._firestore_api.batch_get_documents(
            request={
                "database": self._client._database_string,
                "documents": list(by_path),
                "new_transaction": {"read_write": {"retry_transaction": self._retry_of or b""}},
            },
            metadata=self._client._rpc_metadata,
        )
        snapshots = []
        for response in responses:
            if response.transaction:
                self._transaction._id = response.transaction
            if response._pb.WhichOneof("result"):
                snapshots.append(_parse_batch_get(response, by_path, self._client))
        return snapshots


def run(work: Callable[[Transaction], Result]) -> Result:
    """Runs `work` in a transaction and commits it; again from the start, at most `ATTEMPTS_MAX` times, on contention.

    Raises Unavailable (retryable) when attempts run out, FailedPrecondition (reason `changed_meanwhile`) when an
    `unchanged_since` or a `create` no longer holds, NotFound when an updated document is gone, InvariantBroken when
    Firestore cannot store what is to be written. Whatever `work` itself raises, and any other refusal of Firestore,
    comes through unchanged with nothing written.
    """
    client = database()
    retry_of: bytes | None = None
    for attempt in range(ATTEMPTS_MAX):
        if attempt:
            time.sleep(_backoff_seconds(attempt))
        transaction = Transaction(client, retry_of)
        try:
            result = work(transaction)
            transaction.commit()
            return result
        except _TRANSIENT as error:
            last = error
            # The id of an aborted transaction keeps its place in the line for the documents' locks.
            retry_of = transaction.id or retry_of
            if not isinstance(error, exceptions.Aborted):
                transaction.abandon()
        except exceptions.NotFound as error:
            transaction.abandon()
            raise errors.NotFound("a document to update is gone") from error
        except (exceptions.FailedPrecondition, exceptions.AlreadyExists) as error:
            transaction.abandon()
            raise errors.FailedPrecondition("a document has changed meanwhile", reason="changed_meanwhile") from error
        except exceptions.InvalidArgument as error:
            # Too large, most likely. The same documents would be refused again however often they are tried.
            transaction.abandon()
            raise errors.InvariantBroken("the documents to write are none that Firestore stores") from error
        except BaseException:
            transaction.abandon()
            raise
    raise errors.Unavailable("the documents are too busy, try again", reason="contention") from last


def _backoff_seconds(attempt: int) -> float:
    # Full jitter: callers that collided once must not collide again in step.
    return random.uniform(0, min(_BACKOFF_SECONDS * 2**attempt, _BACKOFF_SECONDS_MAX))
