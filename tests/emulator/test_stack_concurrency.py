"""A stack whose transactions take no locks: a writer does not wait for a reader, and the reader's commit loses."""

from __future__ import annotations

from pathlib import Path

import pytest
from google.api_core.exceptions import Aborted
from google.cloud import firestore

from emulator.stack import Stack


def test_an_optimistic_stack_checks_at_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FIRESTORE_EMULATOR_HOST", raising=False)
    with Stack("demo-optimistic", with_functions=False, concurrency="optimistic", log_folder=tmp_path) as stack:
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", stack.firestore)
        client = firestore.Client(project="demo-optimistic")
        document = client.document("c/d")
        transaction = client.transaction()
        transaction._begin()
        document.get(transaction=transaction)
        # With locks this write would wait for the reader, longer than it is given here.
        document.set({"n": 1}, timeout=10, retry=None)
        transaction.set(document, {"n": 2})
        with pytest.raises(Aborted):
            transaction._commit()
        client.close()
