"""What is kept, and for how long: versions for an hour, transactions for 270 seconds, or 60 idle ones."""

from __future__ import annotations

import pytest

from emulator.firestore.errors import FirestoreError
from emulator.firestore.names import DatabaseId
from emulator.firestore.store import RETENTION_MICROS, Database, Store
from emulator.firestore.transactions import IDLE_SECONDS, LIFETIME_SECONDS, State, Transactions
from emulator.firestore.wire import Document, TransactionOptions

SECOND = 1_000_000
START = 1_700_000_000 * SECOND
DATABASE = DatabaseId("demo-lifetimes", "(default)")


def _put(database: Database, time: int, path: str, number: int | None) -> None:
    document = None
    if number is not None:
        document = Document(name=DATABASE.document_name(path))
        document.fields["n"].integer_value = number
    database.apply(time, [(path, document)])


def _number(database: Database, path: str, at: int | None = None) -> int | None:
    version = database.get(path, at)
    return None if version is None else version.document().fields["n"].integer_value


def test_versions_are_kept_for_an_hour_after_they_were_superseded() -> None:
    database = Database(DATABASE)
    for step in range(4):
        _put(database, START + step * SECOND, "c/d", step)
    assert [_number(database, "c/d", START + step * SECOND) for step in range(4)] == [0, 1, 2, 3]
    # The version of second 1 was the newest an hour before this commit, so it can still be read; the one before cannot.
    _put(database, START + RETENTION_MICROS + 3 * SECOND // 2, "c/other", 0)
    assert [_number(database, "c/d", START + step * SECOND) for step in range(4)] == [None, 1, 2, 3]
    _put(database, START + RETENTION_MICROS + 10 * SECOND, "c/other", 1)
    assert _number(database, "c/d", START + 2 * SECOND) is None
    assert _number(database, "c/d") == 3


def test_deleted_documents_are_forgotten_after_an_hour() -> None:
    database = Database(DATABASE)
    _put(database, START, "c/d", 1)
    _put(database, START + SECOND, "c/d", None)
    assert _number(database, "c/d", START) == 1
    _put(database, START + RETENTION_MICROS + 2 * SECOND, "c/other", 0)
    assert _number(database, "c/d", START) is None
    assert database.changed_since(0) == {"c/other"}
    assert "c/d" not in database._versions


def test_a_document_created_again_outlives_its_deletion() -> None:
    database = Database(DATABASE)
    for time, number in ((START, 1), (START + SECOND, None), (START + 2 * SECOND, 2)):
        _put(database, time, "c/d", number)
    _put(database, START + 2 * RETENTION_MICROS, "c/other", 0)
    assert _number(database, "c/d") == 2


class _Time:
    """A monotonic clock moved by hand."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.mark.parametrize(
    ("steps", "valid"),
    [
        ([IDLE_SECONDS - 1] * 4, True),
        ([IDLE_SECONDS - 1, IDLE_SECONDS + 1], False),
        ([IDLE_SECONDS - 1] * (LIFETIME_SECONDS // IDLE_SECONDS + 1), False),
    ],
)
def test_transactions_expire(steps: list[int], valid: bool) -> None:
    store, time = Store(), _Time()
    transactions, database = Transactions(store, time), store.database(DATABASE)
    transaction = transactions.begin(database, TransactionOptions())

    def use() -> None:
        for seconds in steps:
            time.seconds += seconds
            transactions.active(database, transaction.id)

    if valid:
        use()
        return
    with pytest.raises(FirestoreError, match="has expired"):
        use()
    with pytest.raises(FirestoreError, match="has expired"):
        transactions.rollback(database, transaction.id)


def test_what_a_finished_transaction_has_read_is_let_go() -> None:
    store = Store()
    transactions, database = Transactions(store), store.database(DATABASE)
    transaction = transactions.begin(database, TransactionOptions())
    transaction.note_document("c/d", 1)
    transactions.finish(transaction, State.COMMITTED)
    assert not transaction.documents
    with pytest.raises(FirestoreError, match="no longer valid"):
        transactions.active(database, transaction.id)
