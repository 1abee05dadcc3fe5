"""Transactions taken step by step, for tests that interleave several."""

from __future__ import annotations

from typing import Any

from google.cloud import firestore


def begun(client: firestore.Client, **options: Any) -> firestore.Transaction:
    """A transaction that is under way; `options` are those of `Client.transaction`."""
    transaction = client.transaction(**options)
    transaction._begin()
    return transaction


def get(transaction: firestore.Transaction, document: firestore.DocumentReference) -> dict[str, Any] | None:
    """What the transaction sees of a document, None when there is none."""
    data: dict[str, Any] | None = document.get(transaction=transaction).to_dict()
    return data
