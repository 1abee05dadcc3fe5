"""Optimistic transactions are serialisable: every anomaly is tried, and what is refused leaves no trace.

Those that lock are tried in test_locks.py and test_locking_clients.py.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from google.api_core.exceptions import Aborted
from google.cloud import firestore
from google.cloud.firestore_v1.base_query import FieldFilter

from tests.emulator.firestore.by_hand import OPTIMISTIC, PESSIMISTIC, ModalTransaction, begun, begun_as, get


def _committed(transaction: firestore.Transaction) -> bool:
    """Commit; false when it lost against another transaction."""
    try:
        transaction._commit()
    except Aborted as error:
        assert "contention" in error.message
        return False
    return True


def _ids(transaction: firestore.Transaction, query: Any) -> list[str]:
    return [snapshot.id for snapshot in query.stream(transaction=transaction)]


def test_lost_update(client: firestore.Client) -> None:
    counter = client.document("c/counter")
    counter.set({"n": 0})
    first, second = begun_as(client, OPTIMISTIC), begun_as(client, OPTIMISTIC)
    for transaction in (first, second):
        value = get(transaction, counter)
        assert value == {"n": 0}
        transaction.set(counter, {"n": value["n"] + 1})
    assert (_committed(first), _committed(second)) == (True, False)
    assert counter.get().to_dict() == {"n": 1}


def test_write_skew(client: firestore.Client) -> None:
    one, two = client.document("doctors/one"), client.document("doctors/two")
    for doctor in (one, two):
        doctor.set({"on_call": True})
    first, second = begun_as(client, OPTIMISTIC), begun_as(client, OPTIMISTIC)
    for transaction, leaving in ((first, one), (second, two)):
        assert all((get(transaction, doctor) or {})["on_call"] for doctor in (one, two))
        transaction.update(leaving, {"on_call": False})
    assert (_committed(first), _committed(second)) == (True, False)


def test_two_first_writes_of_a_missing_document(client: firestore.Client) -> None:
    account = client.document("accounts/new")
    first, second = begun_as(client, OPTIMISTIC), begun_as(client, OPTIMISTIC)
    for transaction in (first, second):
        assert get(transaction, account) is None
        transaction.set(account, {"points": 1})
    assert (_committed(first), _committed(second)) == (True, False)


Setup = Callable[[firestore.CollectionReference], Any]


@pytest.mark.parametrize(
    ("change", "conflicts"),
    [
        (lambda c: c.document("new").set({"open": True, "n": 5}), True),
        (lambda c: c.document("closed").update({"open": True}), True),
        (lambda c: c.document("open").update({"open": False}), True),
        (lambda c: c.document("open").update({"other": 1}), True),
        (lambda c: c.document("open").delete(), True),
        (lambda c: c.document("new").set({"open": False, "n": 5}), False),
        (lambda c: c.document("closed").delete(), False),
        (lambda c: c.document("closed").update({"n": 0}), False),
    ],
)
def test_phantoms(client: firestore.Client, change: Setup, conflicts: bool) -> None:
    collection = client.collection("orders")
    collection.document("open").set({"open": True, "n": 1})
    collection.document("closed").set({"open": False, "n": 2})
    transaction = begun_as(client, OPTIMISTIC)
    assert _ids(transaction, collection.where(filter=FieldFilter("open", "==", True))) == ["open"]
    transaction.set(client.document("reports/r"), {"count": 1})
    change(collection)
    assert _committed(transaction) is not conflicts


def test_phantoms_of_a_missing_collection_and_of_an_aggregation(client: firestore.Client) -> None:
    collection = client.collection("orders")
    listing, counting = begun_as(client, OPTIMISTIC), begun_as(client, OPTIMISTIC)
    assert _ids(listing, collection) == []
    assert collection.count().get(transaction=counting)[0][0].value == 0
    for transaction in (listing, counting):
        transaction.set(client.document("reports/r"), {"count": 0})
    collection.document("new").set({})
    assert not _committed(listing)
    assert not _committed(counting)


def test_changes_behind_a_limit_do_not_conflict(client: firestore.Client) -> None:
    collection = client.collection("queue")
    for number in range(3):
        collection.document(f"job{number}").set({"n": number})
    transaction = begun_as(client, OPTIMISTIC)
    assert _ids(transaction, collection.order_by("n").limit(1)) == ["job0"]
    transaction.delete(collection.document("job0"))
    collection.document("job3").set({"n": 3})
    assert _committed(transaction)


def test_reads_see_one_snapshot(client: firestore.Client) -> None:
    first, second = client.document("c/first"), client.document("c/second")
    first.set({"n": 1})
    second.set({"n": 1})
    transaction = begun_as(client, OPTIMISTIC)
    assert get(transaction, first) == {"n": 1}
    second.set({"n": 2})
    client.document("c/third").set({"n": 2})
    assert get(transaction, second) == {"n": 1}
    assert _ids(transaction, client.collection("c")) == ["first", "second"]
    transaction.set(client.document("c/fourth"), {})
    assert not _committed(transaction)


def test_unrelated_commits_do_not_conflict(client: firestore.Client) -> None:
    transaction = begun_as(client, OPTIMISTIC)
    get(transaction, client.document("c/mine"))
    transaction.set(client.document("c/mine"), {"n": 1})
    client.document("c/other").set({"n": 1})
    assert _committed(transaction)


def test_blind_writes_do_not_conflict(client: firestore.Client) -> None:
    transaction = begun_as(client, OPTIMISTIC)
    transaction.set(client.document("c/d"), {"n": 1})
    client.document("c/d").set({"n": 2})
    assert _committed(transaction)
    assert client.document("c/d").get().to_dict() == {"n": 1}


def test_a_write_that_changes_nothing_does_not_conflict(client: firestore.Client) -> None:
    client.document("c/d").set({"n": 1})
    transaction = begun_as(client, OPTIMISTIC)
    get(transaction, client.document("c/d"))
    client.document("c/d").set({"n": 1})
    transaction.update(client.document("c/d"), {"n": 2})
    assert _committed(transaction)


MODES = pytest.mark.parametrize(("mode", "max_attempts"), [(OPTIMISTIC, 1000), (PESSIMISTIC, 5)])
"""With locks, contention never takes as many attempts as clients make."""


@MODES
def test_concurrent_increments_lose_nothing(client: firestore.Client, mode: int, max_attempts: int) -> None:
    counter = client.document("c/counter")
    threads, each = 8, 6

    @firestore.transactional
    def increment(transaction: firestore.Transaction) -> None:
        value = get(transaction, counter) or {"n": 0}
        transaction.set(counter, {"n": value["n"] + 1})

    def work(thread: int) -> None:
        for _ in range(each):
            increment(ModalTransaction(client, mode, max_attempts))

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, range(threads)))
    assert counter.get().to_dict() == {"n": threads * each}


@MODES
def test_transfers_keep_the_sum_that_readers_see(client: firestore.Client, mode: int, max_attempts: int) -> None:
    accounts = [client.document(f"accounts/{number}") for number in range(4)]
    for account in accounts:
        account.set({"n": 100})

    @firestore.transactional
    def transfer(transaction: firestore.Transaction, source: int, target: int) -> None:
        balances = [(get(transaction, accounts[index]) or {})["n"] for index in (source, target)]
        transaction.update(accounts[source], {"n": balances[0] - 1})
        transaction.update(accounts[target], {"n": balances[1] + 1})

    def work(thread: int) -> list[int]:
        sums = []
        for step in range(8):
            if thread % 2:
                reader = begun(client, read_only=True)
                sums.append(sum(snapshot.get("n") for snapshot in client.get_all(accounts, transaction=reader)))
            else:
                transfer(ModalTransaction(client, mode, max_attempts), (thread + step) % 4, (thread + step + 1) % 4)
        return sums

    with ThreadPoolExecutor(6) as pool:
        sums = [value for found in pool.map(work, range(6)) for value in found]
    assert set(sums) == {400}


def test_five_lost_attempts_end_in_an_error_after_rolling_back(client: firestore.Client) -> None:
    counter, attempts = client.document("c/counter"), []

    @firestore.transactional
    def overtaken(transaction: firestore.Transaction) -> None:
        attempts.append(get(transaction, counter))
        counter.set({"n": len(attempts)})
        transaction.set(counter, {"n": -1})

    with pytest.raises(ValueError, match="Failed to commit transaction in 5 attempts"):
        overtaken(ModalTransaction(client, OPTIMISTIC))
    assert len(attempts) == 5
    assert counter.get().to_dict() == {"n": 5}
