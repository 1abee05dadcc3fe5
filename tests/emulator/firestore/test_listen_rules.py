"""Listeners under security rules: a denial ends one target, and a decision is made anew when its grounds change."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
from google.cloud import firestore
from google.cloud.firestore_v1.base_query import FieldFilter

from emulator.client import StackClient
from tests.emulator.firestore.authorized import stub_of
from tests.emulator.firestore.wire_listener import WireListener

RULES = """
rules_version = '2';
service cloud.firestore {
  match /databases/{database}/documents {
    function isMember() {
      return exists(/databases/$(database)/documents/members/$(request.auth.uid));
    }
    match /notes/{note} {
      allow read: if resource.data.owner == request.auth.uid;
    }
    match /news/{item} {
      allow read: if isMember();
    }
  }
}
"""
CLOSED = "rules_version = '2'; service cloud.firestore { match /databases/{d}/documents { } }"


@pytest.fixture
def ada(client: firestore.Client, firestore_emulator: str, database: str, usage: StackClient) -> Iterator[WireListener]:
    """A stream of Ada's, who is a member and has one note."""
    _give(firestore_emulator, client.project, RULES)
    client.document("members/ada").set({})
    client.document("notes/hers").set({"owner": "ada"})
    client.document("notes/his").set({"owner": "ben"})
    token = usage.token("north", "customer", "ada")
    with stub_of(firestore_emulator, f"Bearer {token}") as stub, WireListener(stub, database) as listener:
        yield listener


def _give(firestore_emulator: str, project: str, rules: str) -> None:
    address = f"http://{firestore_emulator}/emulator/v1/projects/{project}:securityRules"
    answer = requests.put(address, json={"rules": {"files": [{"content": rules}]}}, timeout=30)
    assert answer.ok, answer.text


def _notes_of(client: firestore.Client, uid: str) -> firestore.Query:
    return client.collection("notes").where(filter=FieldFilter("owner", "==", uid))


def test_a_denied_target_is_removed_and_the_others_go_on(client: firestore.Client, ada: WireListener) -> None:
    assert ada.add_documents(1, "notes/hers") == ["ADD 1", "set notes/hers 1", "CURRENT 1"]
    assert ada.add_documents(2, "notes/hers", "notes/his") == ["REMOVE 2 because 7"]
    assert ada.add_query(3, client.collection("notes")) == ["REMOVE 3 because 7"]
    assert ada.add_query(4, _notes_of(client, "ben")) == ["REMOVE 4 because 7"]
    assert ada.add_query(5, _notes_of(client, "ada")) == ["ADD 5", "set notes/hers 5", "CURRENT 5"]
    client.document("notes/hers").update({"text": "x"})
    assert sorted(ada.snapshot()) == ["set notes/hers 1", "set notes/hers 5"]


def test_a_document_that_may_no_longer_be_read_ends_its_target(client: firestore.Client, ada: WireListener) -> None:
    ada.add_documents(1, "notes/hers")
    client.document("notes/hers").update({"owner": "ben"})
    assert ada.snapshot() == ["REMOVE 1 because 7"]


def test_what_leaves_a_query_is_shown_only_to_who_may_see_it(client: firestore.Client, ada: WireListener) -> None:
    ada.add_query(1, _notes_of(client, "ada"))
    ada.add_query(2, _notes_of(client, "ada").where(filter=FieldFilter("n", "==", 1)))
    client.document("notes/hers").update({"n": 1})
    assert sorted(ada.snapshot()) == ["set notes/hers 1", "set notes/hers 2"]
    client.document("notes/hers").update({"n": 2})
    assert sorted(ada.snapshot()) == ["leave notes/hers 2", "set notes/hers 1"]
    client.document("notes/hers").update({"owner": "ben"})
    assert ada.snapshot() == ["remove notes/hers 1"]


def test_a_document_the_rules_looked_at_decides_anew(client: firestore.Client, ada: WireListener) -> None:
    ada.add_query(1, client.collection("news"))
    ada.add_documents(2, "news/a")
    client.document("members/ada").update({"since": 2020})
    client.document("news/a").set({})
    assert sorted(ada.snapshot()) == ["set news/a 1", "set news/a 2"]
    client.document("members/ada").delete()
    assert sorted(ada.snapshot()) == ["REMOVE 1 because 7", "REMOVE 2 because 7"]
    assert ada.add_query(1, client.collection("news")) == ["REMOVE 1 because 7"]


def test_other_rules_decide_anew(client: firestore.Client, ada: WireListener, firestore_emulator: str) -> None:
    ada.add_query(1, client.collection("news"))
    ada.add_documents(2, "notes/hers")
    _give(firestore_emulator, client.project, RULES.replace("if isMember()", "if false"))
    assert ada.snapshot() == ["REMOVE 1 because 7"]
    _give(firestore_emulator, client.project, CLOSED)
    assert ada.snapshot() == ["REMOVE 2 because 7"]
