"""Listen, message by message: what each target is told, in which order, and what ends in one snapshot."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from google.api_core.exceptions import InvalidArgument
from google.cloud import firestore
from google.cloud.firestore_v1.base_query import FieldFilter
from google.cloud.firestore_v1.services.firestore import FirestoreClient

from emulator.client import StackClient
from emulator.launch import launched
from tests.emulator.firestore.authorized import stub_of
from tests.emulator.firestore.conftest import Billed
from tests.emulator.firestore.wire_listener import WireListener

OPENED = ["ADD 1"]
CURRENT = ["CURRENT 1"]


@pytest.fixture
def listener(stub: FirestoreClient, database: str) -> Iterator[WireListener]:
    with WireListener(stub, database) as listener:
        yield listener


def _where(client: firestore.Client, field: str, operator: str, value: object) -> firestore.Query:
    return client.collection("c").where(filter=FieldFilter(field, operator, value))


def test_documents_come_and_go(client: firestore.Client, listener: WireListener) -> None:
    client.document("c/a").set({"n": 1})
    assert listener.add_documents(1, "c/a", "c/none") == [*OPENED, "set c/a 1", "delete c/none 1", *CURRENT]
    assert listener.documents[1]["c/a"].fields["n"].integer_value == 1
    written = client.document("c/none").set({"n": 2})
    assert listener.snapshot() == ["set c/none 1"]
    assert listener.time >= written.update_time == listener.documents[1]["c/none"].update_time
    client.document("c/a").delete()
    assert listener.snapshot() == ["delete c/a 1"]


def test_a_query_is_told_what_enters_changes_and_leaves(client: firestore.Client, listener: WireListener) -> None:
    client.document("c/a").set({"n": 1})
    client.document("c/low").set({"n": -1})
    assert listener.add_query(1, _where(client, "n", ">", 0)) == [*OPENED, "set c/a 1", *CURRENT]
    client.document("c/low").set({"n": 5})
    assert listener.snapshot() == ["set c/low 1"]
    client.document("c/a").update({"m": 1})
    assert listener.snapshot() == ["set c/a 1"]
    client.document("c/low").set({"n": -1})
    assert listener.snapshot() == ["leave c/low 1"]
    client.document("c/a").delete()
    assert listener.snapshot() == ["delete c/a 1"]


def test_what_does_not_concern_a_target_is_not_told(client: firestore.Client, listener: WireListener) -> None:
    assert listener.add_query(1, _where(client, "n", ">", 0)) == [*OPENED, *CURRENT]
    client.document("c/low").set({"n": -1})
    client.document("other/a").set({"n": 1})
    client.document("c/low/c/deeper").set({"n": 1})
    client.document("c/low").delete()
    client.document("c/a").set({"n": 1})
    assert listener.snapshot() == ["set c/a 1"]
    client.document("c/a").set({"n": 1})  # which changes nothing
    client.document("c/a").delete()
    assert listener.snapshot() == ["delete c/a 1"]


def test_a_commit_is_one_snapshot_for_all_targets(client: firestore.Client, listener: WireListener) -> None:
    listener.add_query(1, client.collection("c"))
    listener.add_query(2, client.collection("d"))
    listener.add_documents(3, "d/a")
    batch = client.batch()
    for path in ("c/a", "d/a", "c/b"):
        batch.set(client.document(path), {"n": 1})
    batch.commit()
    assert sorted(listener.snapshot()) == ["set c/a 1", "set c/b 1", "set d/a 2", "set d/a 3"]


def test_a_limit_is_filled_up_again(client: firestore.Client, listener: WireListener) -> None:
    for n in range(5):
        client.document(f"c/{n}").set({"n": n})
    query = client.collection("c").order_by("n").limit(2)
    assert listener.add_query(1, query) == [*OPENED, "set c/0 1", "set c/1 1", *CURRENT]
    client.document("c/4").update({"m": 1})  # beyond the limit
    client.document("c/0").delete()
    assert listener.snapshot() == ["delete c/0 1", "set c/2 1"]
    client.document("c/1").update({"n": 9})
    assert listener.snapshot() == ["leave c/1 1", "set c/3 1"]
    client.document("c/new").set({"n": -1})
    assert listener.snapshot() == ["leave c/3 1", "set c/new 1"]


def test_an_offset_moves_with_what_is_before_it(client: firestore.Client, listener: WireListener) -> None:
    for n in range(4):
        client.document(f"c/{n}").set({"n": n})
    listener.add_query(1, client.collection("c").order_by("n").offset(1).limit(2))
    assert set(listener.documents[1]) == {"c/1", "c/2"}
    client.document("c/0").delete()
    assert listener.snapshot() == ["leave c/1 1", "set c/3 1"]


def test_groups_see_every_depth(client: firestore.Client, listener: WireListener, documents: str) -> None:
    listener.add_query(1, client.collection_group("c"))
    everything = {"from_": [{"all_descendants": True}]}
    listener.add(2, query={"parent": f"{documents}/p/q", "structured_query": everything})
    client.document("p/q/c/a").set({})
    assert sorted(listener.snapshot()) == ["set p/q/c/a 1", "set p/q/c/a 2"]
    client.document("c/a").set({})
    assert listener.snapshot() == ["set c/a 1"]
    client.document("p/q/d/a/e/f").set({})
    assert listener.snapshot() == ["set p/q/d/a/e/f 2"]


def test_a_projection_is_kept_to(client: firestore.Client, listener: WireListener) -> None:
    listener.add_query(1, client.collection("c").select(["n"]))
    client.document("c/a").set({"n": 1, "m": 2})
    assert listener.snapshot() == ["set c/a 1"]
    assert set(listener.documents[1]["c/a"].fields) == {"n"}


def test_a_removed_target_is_told_nothing_more(client: firestore.Client, listener: WireListener) -> None:
    listener.add_documents(1, "c/a")
    listener.add_documents(2, "c/a")
    assert listener.remove(1) == ["REMOVE 1"]
    assert listener.remove(1) == ["REMOVE 1"]
    client.document("c/a").set({})
    assert listener.snapshot() == ["set c/a 2"]
    assert listener.add_documents(1, "c/a") == [*OPENED, "set c/a 1", *CURRENT]


def test_a_target_wanted_once_is_removed_when_it_is_current(client: firestore.Client, listener: WireListener) -> None:
    client.document("c/a").set({})
    assert listener.add_documents(1, "c/a", once=True) == [*OPENED, "set c/a 1", *CURRENT]
    assert listener.next_line() == "REMOVE 1"


def test_ids_may_be_left_to_the_server(listener: WireListener) -> None:
    assert listener.add_documents(0, "c/a") == ["ADD 1", "delete c/a 1", "CURRENT 1"]
    assert listener.add_documents(0, "c/b") == ["ADD 2", "delete c/b 2", "CURRENT 2"]
    assert listener.add_documents(7, "c/c") == ["REMOVE 7 because 3"]
    assert listener.remove(1) == ["REMOVE 1"]
    assert listener.add_documents(0, "c/d") == ["ADD 3", "delete c/d 3", "CURRENT 3"]


def test_an_error_removes_its_target_alone(client: firestore.Client, listener: WireListener, documents: str) -> None:
    listener.add_documents(1, "c/a")
    assert listener.add(2) == ["REMOVE 2 because 3"]
    assert listener.add(3, query={"parent": documents, "structured_query": {}}) == ["REMOVE 3 because 3"]
    elsewhere = "projects/other/databases/(default)/documents"
    assert listener.add(4, documents={"documents": [f"{elsewhere}/c/a"]}) == ["REMOVE 4 because 3"]
    query = {"from_": [{"collection_id": "c"}]}
    assert listener.add(5, query={"parent": elsewhere, "structured_query": query}) == ["REMOVE 5 because 3"]
    client.document("c/a").set({})
    assert listener.snapshot() == ["set c/a 1"]


def test_a_query_without_its_index_is_removed(client: firestore.Client, database: str, tmp_path: Path) -> None:
    indexes = tmp_path / "firestore.indexes.json"
    indexes.write_text('{"indexes": []}')
    query = client.collection("c").where(filter=FieldFilter("a", "==", 1)).order_by("b")
    with (
        launched("firestore", "--indexes", str(indexes)) as indexed,
        stub_of(indexed.address) as stub,
        WireListener(stub, database) as listener,
    ):
        assert listener.add_query(1, query) == ["REMOVE 1 because 9"]
        assert listener.add_query(1, client.collection("c")) == [*OPENED, *CURRENT]


def test_an_error_of_the_stream_ends_it(stub: FirestoreClient, database: str) -> None:
    def refused(request: dict[str, object], message: str) -> None:
        with WireListener(stub, database) as listener:
            listener.add_documents(1, "c/a")
            listener.send(**request)
            with pytest.raises(InvalidArgument, match=message):
                listener.end()

    refused({}, "must add or remove")
    refused({"database": "projects/p"}, "Invalid database name")
    refused({"database": f"{database}2", "remove_target": 1}, "same database")
    refused({"add_target": {"target_id": 1}}, "target 1 already")
    refused({"add_target": {"target_id": -1}}, "positive")


def test_the_stream_ends_when_the_client_says_so(listener: WireListener) -> None:
    listener.add_documents(1, "c/a")
    assert listener.end() == []


def test_clearing_the_database_is_told(client: firestore.Client, listener: WireListener, usage: StackClient) -> None:
    client.document("c/a").set({})
    listener.add_query(1, client.collection("c"))
    usage.clear()
    assert listener.snapshot() == ["delete c/a 1"]


def test_what_listening_costs(client: firestore.Client, listener: WireListener, billed: Billed) -> None:
    for n in range(3):
        client.document(f"c/{n}").set({"n": n})
    billed()
    listener.add_query(1, _where(client, "n", "<", 2))
    assert billed() == (2, 0, 0)
    listener.add_query(2, client.collection("none"))
    assert billed() == (1, 0, 0)
    client.document("c/1").update({"n": 2})
    listener.snapshot()
    assert billed() == (1, 1, 0), "a document that leaves because it changed is read"
    client.document("c/0").delete()
    listener.snapshot()
    assert billed() == (0, 0, 1), "one that leaves because it was deleted is not"
