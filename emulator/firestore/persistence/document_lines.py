"""One document as one line of JSON: its path, its fields in the REST mapping, and its times."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from emulator.firestore.clock import micros, timestamp
from emulator.firestore.errors import FirestoreError
from emulator.firestore.limits import check_document
from emulator.firestore.names import DatabaseId, document_path
from emulator.firestore.persistence.json_values import MalformedValue, fields_to_json, read_fields, read_timestamp
from emulator.firestore.store import Version
from emulator.firestore.wire import Document, Timestamp

_MEMBERS = {"name", "fields", "createTime", "updateTime"}


class Times(NamedTuple):
    """When a document was created and last changed, in microseconds since 1970 UTC."""

    created: int
    updated: int


def line_of(path: str, version: Version) -> bytes:
    """The line, with its end, of a live version of the document at `path`."""
    content = {
        "name": path,
        "fields": fields_to_json(version.document().fields),
        "createTime": timestamp(version.create_time).ToJsonString(),
        "updateTime": timestamp(version.time).ToJsonString(),
    }
    return json.dumps(content, ensure_ascii=False).encode() + b"\n"


def parse_line(line: bytes, identity: DatabaseId, default: Times) -> tuple[str, bytes, Times]:
    """The path, the serialised document and the times of a line; raises ValueError, also beyond Firestore's limits.

    A time that is not given, or later than the default, is the default: no document is from the future.
    """
    content = json.loads(line)
    if not isinstance(content, dict) or content.keys() - _MEMBERS or not isinstance(content.get("name"), str):
        raise MalformedValue(f"a line is an object with name, fields, createTime and updateTime, not {content!r:.200}")
    name = identity.document_name(content["name"])
    updated = min(_time(content, "updateTime", default.updated), default.updated)
    created = min(_time(content, "createTime", default.created), updated)
    document = Document(name=name, create_time=timestamp(created), update_time=timestamp(updated))
    read_fields(document.fields, content.get("fields", {}))
    try:
        path = document_path(name, identity)
        check_document(name, path, document.fields)
    except FirestoreError as error:
        raise MalformedValue(error.message) from error
    return path, document.SerializeToString(deterministic=True), Times(created, updated)


def _time(content: dict[str, Any], member: str, default: int) -> int:
    if member not in content:
        return default
    time = Timestamp()
    try:
        read_timestamp(time, content[member])
    except (AttributeError, TypeError, ValueError) as error:
        raise MalformedValue(f"{member}: {content[member]!r} is no time") from error
    return micros(time)
