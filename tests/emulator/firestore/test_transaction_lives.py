"""Transactions from begin to end: how they start, which ids are valid, what read-only ones may do."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from google.api_core.exceptions import Aborted, AlreadyExists, FailedPrecondition, InvalidArgument
from google.cloud import firestore
from google.cloud.firestore_v1 import types
from google.cloud.firestore_v1.services.firestore import FirestoreClient

from tests.emulator.firestore.by_hand import OPTIMISTIC, begun, get

EXPIRED = "The referenced transaction has expired or is no longer valid"


def test_a_failed_commit_writes_nothing_and_ends_the_transaction(client: firestore.Client) -> None:
    client.document("c/there").set({})
    transaction = begun(client)
    transaction.set(client.document("c/new"), {})
    transaction.create(client.document("c/there"), {})
    with pytest.raises(AlreadyExists):
        transaction._commit()
    assert not client.document("c/new").get().exists
    with pytest.raises(InvalidArgument, match=EXPIRED):
        transaction._commit()
    transaction._rollback()


@pytest.mark.parametrize("end", ["_commit", "_rollback"])
def test_a_finished_transaction_is_no_longer_valid(
    client: firestore.Client, stub: FirestoreClient, database: str, documents: str, end: str
) -> None:
    transaction = begun(client)
    transaction_id = transaction.id
    getattr(transaction, end)()
    with pytest.raises(InvalidArgument, match=EXPIRED):
        stub.commit(types.CommitRequest(database=database, transaction=transaction_id))
    with pytest.raises(InvalidArgument, match=EXPIRED):
        stub.get_document({"name": f"{documents}/c/d", "transaction": transaction_id})
    if end == "_commit":
        with pytest.raises(InvalidArgument, match=EXPIRED):
            stub.rollback({"database": database, "transaction": transaction_id})


def test_unknown_and_foreign_transactions_are_not_valid(
    client: firestore.Client, stub: FirestoreClient, database: str
) -> None:
    elsewhere = firestore.Client(project=f"{client.project}-elsewhere")
    foreign = begun(elsewhere).id
    elsewhere.close()
    for transaction_id in (b"never begun", foreign):
        for call in (
            lambda id_: stub.commit(types.CommitRequest(database=database, transaction=id_)),
            lambda id_: stub.rollback({"database": database, "transaction": id_}),
            lambda id_: list(
                stub.batch_get_documents(types.BatchGetDocumentsRequest(database=database, transaction=id_))
            ),
        ):
            with pytest.raises(InvalidArgument, match=EXPIRED):
                call(transaction_id)


def test_a_read_only_transaction_reads_its_snapshot_and_writes_nothing(client: firestore.Client) -> None:
    document = client.document("c/d")
    document.set({"n": 1})
    transaction = begun(client, read_only=True)
    assert get(transaction, document) == {"n": 1}
    document.set({"n": 2})
    assert get(transaction, document) == {"n": 1}
    transaction._commit()
    writing = begun(client, read_only=True)
    request = types.CommitRequest(
        database=client._database_string,
        transaction=writing.id,
        writes=[types.Write(delete=document._document_path)],
    )
    with pytest.raises(InvalidArgument, match="read-only"):
        client._firestore_api.commit(request)
    assert document.get().exists


def test_a_read_only_transaction_at_a_past_time(
    client: firestore.Client, stub: FirestoreClient, database: str, documents: str
) -> None:
    past = client.document("c/d").set({"n": 1}).update_time
    client.document("c/d").set({"n": 2})
    options = types.TransactionOptions(read_only={"read_time": past})
    response = stub.begin_transaction(types.BeginTransactionRequest(database=database, options=options))
    read = stub.get_document({"name": f"{documents}/c/d", "transaction": response.transaction})
    assert read.fields["n"].integer_value == 1


@pytest.mark.parametrize(
    ("shift", "error"),
    [(datetime.timedelta(minutes=5), InvalidArgument), (-datetime.timedelta(hours=2), FailedPrecondition)],
)
def test_times_that_cannot_be_read(client: firestore.Client, shift: datetime.timedelta, error: type[Exception]) -> None:
    with pytest.raises(error):
        client.document("c/d").get(read_time=datetime.datetime.now(datetime.UTC) + shift)


def test_transactions_begun_by_their_first_read(
    client: firestore.Client, stub: FirestoreClient, database: str, documents: str
) -> None:
    client.document("c/d").set({"n": 1})
    new = types.TransactionOptions(read_write={"concurrency_mode": OPTIMISTIC})
    query = types.StructuredQuery(from_=[{"collection_id": "c"}])
    aggregation = {"structured_query": query, "aggregations": [{"count": {}, "alias": "n"}]}
    responses: list[list[Any]] = [
        list(
            stub.batch_get_documents(
                types.BatchGetDocumentsRequest(
                    database=database, documents=[f"{documents}/c/d", f"{documents}/c/x"], new_transaction=new
                )
            )
        ),
        list(stub.run_query(types.RunQueryRequest(parent=documents, structured_query=query, new_transaction=new))),
        list(
            stub.run_aggregation_query(
                types.RunAggregationQueryRequest(
                    parent=documents, structured_aggregation_query=aggregation, new_transaction=new
                )
            )
        ),
    ]
    client.document("c/d").set({"n": 2})
    for received in responses:
        assert [bool(response.transaction) for response in received] == [True] + [False] * (len(received) - 1)
        write = types.Write(delete=f"{documents}/c/d")
        with pytest.raises(Aborted):
            stub.commit(types.CommitRequest(database=database, transaction=received[0].transaction, writes=[write]))
