"""Transactions taken step by step, for tests that interleave several."""

from __future__ import annotations

from typing import Any

from google.cloud import firestore
from google.cloud.firestore_v1 import types

OPTIMISTIC = types.TransactionOptions.ConcurrencyMode.OPTIMISTIC
PESSIMISTIC = types.TransactionOptions.ConcurrencyMode.PESSIMISTIC


class ModalTransaction(firestore.Transaction):
    """A read-write transaction of a concurrency mode of its own, which the client library has no way to ask for."""

    def __init__(self, client: firestore.Client, mode: int, max_attempts: int = 5) -> None:
        super().__init__(client, max_attempts)
        self._mode = mode

    def _options_protobuf(self, retry_id: bytes | None) -> types.TransactionOptions:
        return types.TransactionOptions(
            read_write={"concurrency_mode": self._mode, "retry_transaction": retry_id or b""}
        )


def begun(client: firestore.Client, **options: Any) -> firestore.Transaction:
    """A transaction that is under way; `options` are those of `Client.transaction`."""
    transaction = client.transaction(**options)
    transaction._begin()
    return transaction


def begun_as(client: firestore.Client, mode: int, retry_of: bytes | None = None) -> ModalTransaction:
    """The same in a concurrency mode."""
    transaction = ModalTransaction(client, mode)
    transaction._begin(retry_of)
    return transaction


def get(transaction: firestore.Transaction, document: firestore.DocumentReference) -> dict[str, Any] | None:
    """What the transaction sees of a document, None when there is none."""
    data: dict[str, Any] | None = document.get(transaction=transaction).to_dict()
    return data
