"""What Firestore would bill, operation by operation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from google.api_core.exceptions import AlreadyExists, NotFound
from google.cloud import firestore
from google.cloud.firestore_v1.base_query import FieldFilter

from tests.emulator.firestore.conftest import Billed

SIZE = 12


def _orders(client: firestore.Client) -> Any:
    return client.collection("orders")


READS: list[tuple[str, Callable[[firestore.Client], object], int]] = [
    ("get", lambda c: c.document("orders/00").get(), 1),
    ("get of a missing document", lambda c: c.document("orders/no").get(), 1),
    (
        "get of several, one missing",
        lambda c: list(c.get_all([c.document(f"orders/{i}") for i in ("00", "01", "x")])),
        3,
    ),
    ("query", lambda c: _orders(c).get(), SIZE),
    ("query with a limit", lambda c: _orders(c).limit(5).get(), 5),
    ("query with an offset", lambda c: _orders(c).offset(3).limit(5).get(), 8),
    ("query whose offset skips all", lambda c: _orders(c).offset(50).get(), SIZE),
    ("query that finds nothing", lambda c: _orders(c).where(filter=FieldFilter("n", "==", -1)).get(), 1),
    ("query of nothing", lambda c: c.collection("none").get(), 1),
    ("filtered query", lambda c: _orders(c).where(filter=FieldFilter("n", ">=", 10)).get(), 2),
    ("projection", lambda c: _orders(c).select(["n"]).get(), SIZE),
    ("count", lambda c: _orders(c).count().get(), 1),
    ("count of nothing", lambda c: c.collection("none").count().get(), 1),
    ("several aggregations", lambda c: _orders(c).count().sum("n").avg("n").get(), 1),
    ("listing documents", lambda c: list(_orders(c).list_documents()), SIZE),
    ("listing no documents", lambda c: list(c.collection("none").list_documents()), 1),
    ("listing collections", lambda c: list(c.collections()), 1),
]


@pytest.mark.parametrize(("operation", "reads"), [row[1:] for row in READS], ids=[row[0] for row in READS])
def test_reads(
    client: firestore.Client, billed: Billed, operation: Callable[[firestore.Client], object], reads: int
) -> None:
    batch = client.batch()
    for number in range(SIZE):
        batch.set(client.document(f"orders/{number:02d}"), {"n": number})
    batch.commit()
    assert billed() == (0, SIZE, 0)
    operation(client)
    assert billed() == (reads, 0, 0)


def test_aggregations_cost_a_read_for_each_thousand_entries(client: firestore.Client, billed: Billed) -> None:
    for first in (0, 500, 1000):
        batch = client.batch()
        for number in range(first, min(first + 500, 1001)):
            batch.set(client.document(f"orders/{number}"), {"n": number})
        batch.commit()
    billed()
    _orders(client).limit(1000).count().get()
    assert billed() == (1, 0, 0)
    _orders(client).count().get()
    assert billed() == (2, 0, 0)


def test_writes_and_deletes(client: firestore.Client, billed: Billed) -> None:
    document = client.document("orders/00")
    document.create({"n": 1})
    document.set({"n": 1})
    document.update({"n": firestore.Increment(1), "t": firestore.SERVER_TIMESTAMP})
    document.delete()
    document.delete()
    assert billed() == (0, 3, 2)


def test_refused_writes_cost_nothing(client: firestore.Client, billed: Billed) -> None:
    client.document("orders/00").set({})
    billed()
    with pytest.raises(AlreadyExists):
        client.document("orders/00").create({})
    with pytest.raises(NotFound):
        client.document("orders/01").update({"n": 1})
    assert billed() == (0, 0, 0)


def test_a_transaction_costs_what_it_reads_and_writes(client: firestore.Client, billed: Billed) -> None:
    @firestore.transactional
    def move(transaction: firestore.Transaction) -> None:
        list(client.get_all([client.document("orders/00"), client.document("orders/01")], transaction=transaction))
        transaction.set(client.document("orders/00"), {"n": 1})
        transaction.delete(client.document("orders/01"))

    move(client.transaction())
    assert billed() == (2, 1, 1)


def test_projects_are_billed_apart(client: firestore.Client, billed: Billed, project: str) -> None:
    other = firestore.Client(project=f"{project}-other")
    other.document("orders/00").set({})
    other.close()
    assert billed() == (0, 0, 0)
