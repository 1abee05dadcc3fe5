"""Which method a REST request calls, by its HTTP method and path: the `google.api.http` rules of firestore.proto.

| Request, below `/v1/projects/{p}/databases/{d}/documents` | Method |
|---|---|
| `GET /{document}` | GetDocument |
| `GET [/{document}]/{collection}` | ListDocuments |
| `POST [/{document}]/{collection}?documentId=` | CreateDocument |
| `PATCH /{document}?updateMask.fieldPaths=` | UpdateDocument |
| `DELETE /{document}` | DeleteDocument |
| `POST :batchGet`, `:beginTransaction`, `:commit`, `:rollback`, `:batchWrite` | the method of that name |
| `POST [/{document}]:runQuery`, `:runAggregationQuery`, `:listCollectionIds` | the method of that name |
| `POST :partitionQuery` | PartitionQuery |
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from emulator.firestore.errors import not_found

WHOLE_BODY = "*"
"""As a binding's `body`: the request's JSON is the whole message."""

_DATABASE_VERBS = {
    "batchGet": "BatchGetDocuments",
    "batchWrite": "BatchWrite",
    "beginTransaction": "BeginTransaction",
    "commit": "Commit",
    "rollback": "Rollback",
}
_PARENT_VERBS = {
    "listCollectionIds": "ListCollectionIds",
    "partitionQuery": "PartitionQuery",
    "runAggregationQuery": "RunAggregationQuery",
    "runQuery": "RunQuery",
}
_ROOT = re.compile(r"/v1/(projects/[^/]+/databases/[^/]+)/documents(?P<below>/.+)?")
_ESCAPED_SLASH = re.compile("(%2F)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Binding:
    """The method called; `fields` of its request taken from the path; `body` the field the JSON is, WHOLE_BODY or None.

    Fields are named as in JSON; one inside another message is written with a dot.
    """

    method: str
    fields: Mapping[str, str]
    body: str | None = None


def bind(http_method: str, path: str) -> Binding:
    """The binding of a request by its path, still percent-encoded; raises NOT_FOUND when there is none."""
    if http_method == "POST":
        path, verb = _split_verb(path)
        if verb is not None:
            return _bind_verb(path, verb)
    match = _ROOT.fullmatch(path)
    if match is None or match["below"] is None:
        raise not_found(f"There is no method {http_method} {path}.")
    name = _decode(path.removeprefix("/v1/"))
    parent, _, last = name.rpartition("/")
    match http_method, match["below"].count("/") % 2:
        case "GET", 0:
            return Binding("GetDocument", {"name": name})
        case "GET", _:
            return Binding("ListDocuments", {"parent": parent, "collectionId": last})
        case "POST", _:
            return Binding("CreateDocument", {"parent": parent, "collectionId": last}, body="document")
        case "PATCH", _:
            return Binding("UpdateDocument", {"document.name": name}, body="document")
        case "DELETE", _:
            return Binding("DeleteDocument", {"name": name})
    raise not_found(f"There is no method {http_method} {path}.")


def _bind_verb(path: str, verb: str) -> Binding:
    match = _ROOT.fullmatch(path)
    if match is not None and verb in _PARENT_VERBS:
        return Binding(_PARENT_VERBS[verb], {"parent": _decode(path.removeprefix("/v1/"))}, WHOLE_BODY)
    if match is not None and match["below"] is None:
        return Binding(_DATABASE_VERBS[verb], {"database": _decode(match[1])}, WHOLE_BODY)
    raise not_found(f"There is no method POST {path}:{verb}.")


def _split_verb(path: str) -> tuple[str, str | None]:
    """The path without the verb, and the verb; a colon before anything else belongs to an id."""
    resource, _, verb = path.rpartition(":")
    return (resource, verb) if verb in _DATABASE_VERBS or verb in _PARENT_VERBS else (path, None)


def _decode(path: str) -> str:
    """Percent-decoded, but for slashes: those that are escaped would otherwise end a segment of the name."""
    return "".join(part if _ESCAPED_SLASH.fullmatch(part) else unquote(part) for part in _ESCAPED_SLASH.split(path))
