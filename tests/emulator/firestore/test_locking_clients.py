"""Locks as clients meet them: the library's own retries are enough, and the server's options say how it is done."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from google.api_core.exceptions import Aborted
from google.auth.credentials import AnonymousCredentials
from google.cloud import firestore

from emulator.launch import launched
from tests.emulator.firestore.by_hand import begun, get


def _add_one(transaction: firestore.Transaction, counter: firestore.DocumentReference) -> None:
    value = get(transaction, counter) or {"n": 0}
    transaction.set(counter, {"n": value["n"] + 1})


def _runner(shared: bool) -> Any:
    """A transactional function; one that threads share mixes up whose retries are whose."""
    if shared:
        return firestore.transactional(_add_one)
    return lambda transaction, counter: firestore.transactional(_add_one)(transaction, counter)


@pytest.mark.parametrize("shared", [False, True])
def test_eight_threads_on_one_document_need_no_more_than_the_usual_attempts(
    client: firestore.Client, shared: bool
) -> None:
    counter, increment, threads, each = client.document("c/counter"), _runner(shared), 8, 5

    def work(_: int) -> None:
        for _ in range(each):
            increment(client.transaction(), counter)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, range(threads)))
    assert counter.get().to_dict() == {"n": threads * each}


def test_a_writer_waits_for_a_transaction_that_has_read(client: firestore.Client) -> None:
    document = client.document("c/d")
    transaction = begun(client)
    assert get(transaction, document) is None
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(document.set, {"by": "writer"})
        transaction.set(document, {"by": "transaction"})
        transaction._commit()
        written: Any = writing.result()
    assert document.get().to_dict() == {"by": "writer"}
    assert written.update_time > transaction.commit_time


@pytest.fixture
def options(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[firestore.Client]:
    """A client of a server of its own with the options given as the fixture's parameter."""
    with launched("firestore", *request.param) as server:
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", server.address)
        client = firestore.Client(project="demo-options", credentials=AnonymousCredentials())
        yield client
        client.close()


@pytest.mark.parametrize("options", [["--lock-timeout-seconds", "0.05"]], indirect=True)
def test_the_lock_time_out_is_an_option(options: firestore.Client) -> None:
    document = options.document("c/d")
    transaction = begun(options)
    get(transaction, document)
    with pytest.raises(Aborted, match="Too much contention"):
        document.set({"n": 1})
    transaction.set(document, {"n": 2})
    transaction._commit()
    assert document.get().to_dict() == {"n": 2}


@pytest.mark.parametrize("options", [["--concurrency", "optimistic"]], indirect=True)
def test_optimistic_transactions_are_an_option(options: firestore.Client) -> None:
    document = options.document("c/d")
    transaction = begun(options)
    get(transaction, document)
    document.set({"n": 1})
    transaction.set(document, {"n": 2})
    with pytest.raises(Aborted, match="contention"):
        transaction._commit()
    assert document.get().to_dict() == {"n": 1}
