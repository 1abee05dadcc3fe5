"""REST: the Authorization header says who asks, and security rules decide as they do over gRPC."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from emulator.client import StackClient
from tests.emulator.firestore.rest_client import RestClient

RULES = """
rules_version = '2';
service cloud.firestore {
  match /databases/{database}/documents {
    match /notes/{note} {
      allow read, delete: if request.auth.uid == resource.data.owner;
      allow create: if request.auth.token.orgId == request.resource.data.org;
    }
  }
}
"""
_NOTE = {"fields": {"owner": {"stringValue": "ada"}, "org": {"stringValue": "north"}}}


@pytest.fixture
def rest(firestore_emulator: str, project: str) -> Iterator[RestClient]:
    """A client of a project with RULES and one note, ada's."""
    address = f"http://{firestore_emulator}/emulator/v1/projects/{project}:securityRules"
    assert requests.put(address, json={"rules": {"files": [{"content": RULES}]}}, timeout=30).ok
    client = RestClient(firestore_emulator, project)
    client.call("PATCH", "/notes/hers", _NOTE)
    yield client
    client.close()


def _as(usage: StackClient, uid: str, org: str = "north") -> dict[str, str]:
    return {"Authorization": f"Bearer {usage.token(org, 'budtender', uid)}"}


def test_the_token_is_who_asks(rest: RestClient, usage: StackClient) -> None:
    assert rest.call("GET", "/notes/hers", headers=_as(usage, "ada"))["fields"] == _NOTE["fields"]
    assert rest.refused("GET", "/notes/hers", headers=_as(usage, "ben"))[:2] == (403, "PERMISSION_DENIED")
    # requests leaves a header out when its value is None.
    assert rest.refused("GET", "/notes/hers", headers={"Authorization": None})[:2] == (403, "PERMISSION_DENIED")


def test_claims_decide_on_writes(rest: RestClient, usage: StackClient) -> None:
    write = {"writes": [{"update": {"name": rest.name("notes/new"), **_NOTE}}]}
    refused = rest.refused("POST", ":commit", write, headers=_as(usage, "ada", "south"))
    assert refused[:2] == (403, "PERMISSION_DENIED")
    rest.call("POST", ":commit", write, headers=_as(usage, "ada", "north"))
    assert rest.refused("POST", "/notes", _NOTE, headers=_as(usage, "ben", "south"))[:2] == (403, "PERMISSION_DENIED")
    assert rest.refused("DELETE", "/notes/new", headers=_as(usage, "ben"))[:2] == (403, "PERMISSION_DENIED")
    rest.call("DELETE", "/notes/new", headers=_as(usage, "ada"))


def test_queries_must_say_what_the_rules_demand(rest: RestClient, usage: StackClient) -> None:
    own = {"fieldFilter": {"field": {"fieldPath": "owner"}, "op": "EQUAL", "value": {"stringValue": "ada"}}}
    everything = {"structuredQuery": {"from": [{"collectionId": "notes"}]}}
    narrowed = {"structuredQuery": {**everything["structuredQuery"], "where": own}}
    (row,) = rest.call("POST", ":runQuery", narrowed, headers=_as(usage, "ada"))
    assert row["document"]["name"] == rest.name("notes/hers")
    assert rest.refused("POST", ":runQuery", everything, headers=_as(usage, "ada"))[:2] == (403, "PERMISSION_DENIED")
    assert rest.refused("GET", "/notes", headers=_as(usage, "ada"))[:2] == (403, "PERMISSION_DENIED")


def test_an_authorization_that_is_no_token_is_refused(rest: RestClient) -> None:
    for header in ("Bearer nonsense", "Basic b3duZXI="):
        assert rest.refused("GET", "/notes/hers", headers={"Authorization": header})[:2] == (401, "UNAUTHENTICATED")
