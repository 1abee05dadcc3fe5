"""A ruleset that tells everything apart, callers of every kind, and what their calls come to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import requests
from google.api_core.exceptions import GoogleAPICallError
from google.cloud.firestore_v1.services.firestore import FirestoreClient

from emulator.tokens import id_token
from tests.emulator.firestore.authorized import stub_of

RULES = """
rules_version = '2';
service cloud.firestore {
  match /databases/{database}/documents {
    match /notes/{note} {
      allow get: if resource == null || resource.data.owner == request.auth.uid;
      allow list: if resource.data.owner == request.auth.uid && request.query.limit <= 10;
      allow create: if request.resource.data.owner == request.auth.uid;
      allow update: if resource.data.owner == request.auth.uid
                    && request.resource.data.owner == resource.data.owner
                    && request.resource.data.get('at', request.time) == request.time;
      allow delete: if resource.data.owner == request.auth.uid;
    }
    match /shares/{share} {
      allow create: if getAfter(/databases/$(database)/documents/notes/$(share)).data.owner == request.auth.uid
                    && !exists(/databases/$(database)/documents/notes/$(share))
                    && existsAfter(/databases/$(database)/documents/notes/$(share));
    }
    match /costly/{document} {
      allow write: if exists(/databases/$(database)/documents/a/$(document));
    }
    match /{path=**}/grouped/{document} {
      allow list: if resource.data.owner == request.auth.uid;
    }
  }
}
"""

As = Callable[[str | None], FirestoreClient]


@contextmanager
def callers(address: str, project: str) -> Iterator[As]:
    """`callers(...)("ada")` is the generated client with ada's token, for None one without; a header may be given."""
    with ExitStack() as opened:

        def client(who: str | None) -> FirestoreClient:
            header = who if who is None or " " in who else f"Bearer {id_token(project, who)}"
            return opened.enter_context(stub_of(address, header))

        yield client


def put_rules(address: str, project: str, source: str, **more: Any) -> requests.Response:
    """What the rules-unit-testing library and the Firebase CLI send."""
    url = f"http://{address}/emulator/v1/projects/{project}:securityRules"
    body = {"rules": {"files": [{"name": "security.rules", "content": source}]}, **more}
    return requests.put(url, json=body, headers={"Content-Type": "text/plain"}, timeout=30)


def note(documents: str, name: str, owner: str = "ada", collection: str = "notes") -> dict[str, Any]:
    return {"name": f"{documents}/{collection}/{name}", "fields": {"owner": {"string_value": owner}}}


def set_(documents: str, name: str, owner: str = "ada", collection: str = "notes", **more: Any) -> dict[str, Any]:
    return {"update": note(documents, name, owner, collection), **more}


def code(call: Callable[[], Any]) -> str:
    """The name of a call's status."""
    try:
        answer = call()
        list(answer) if hasattr(answer, "__next__") or hasattr(answer, "__iter__") else None
    except GoogleAPICallError as error:
        return str(getattr(error.grpc_status_code, "name", error))
    return "OK"


def query(
    limit: int | None = 10, owner: str | None = "ada", collection: str = "notes", **source: Any
) -> dict[str, Any]:
    asked: dict[str, Any] = {"from_": [{"collection_id": collection, **source}]}
    if owner:
        filter_ = {"field": {"field_path": "owner"}, "op": "EQUAL", "value": {"string_value": owner}}
        asked["where"] = {"field_filter": filter_}
    return {**asked, "limit": limit} if limit else asked
