"""A document event in binary-mode CloudEvents over HTTP: the `ce-` headers, and DocumentEventData as the body."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from google.events.cloud.firestore import DocumentEventData as _DocumentEventData

from emulator.firestore.changes import Change
from emulator.firestore.events.triggers import Trigger
from emulator.firestore.field_paths import FieldPath, format_field_path
from emulator.firestore.wire import Fields, Timestamp

DocumentEventData: Any = _DocumentEventData.pb()

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_LOCATION = "us-central1"
_SCHEMA = "https://github.com/googleapis/google-cloudevents/blob/main/proto/google/events/cloud/firestore/v1/data.proto"


class DocumentEvent:
    """One change as one trigger hears of it; its id stays the same however often it is delivered."""

    def __init__(self, trigger: Trigger, change: Change) -> None:
        self.trigger = trigger
        self.change = change
        # Made of what it tells, so that it is the same when it is sent again after a restart.
        told = (trigger.project, trigger.key, change.database, change.path, str(self.order))
        self.id = str(uuid.uuid5(uuid.NAMESPACE_OID, "/".join(told)))

    @property
    def order(self) -> int:
        """Greater for the event of a later commit: its time in nanoseconds UTC."""
        return int(self.change.commit_time.ToNanoseconds())

    @cached_property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """The headers the functions' SDK requires and Eventarc sends."""
        change, trigger = self.change, self.trigger
        headers = [
            ("content-type", "application/protobuf"),
            ("ce-id", self.id),
            ("ce-specversion", "1.0"),
            ("ce-type", trigger.event_type),
            ("ce-source", f"//firestore.googleapis.com/projects/{change.project}/databases/{change.database}"),
            ("ce-subject", f"documents/{change.path}"),
            ("ce-time", rfc3339(change.commit_time)),
            ("ce-dataschema", _SCHEMA),
            ("ce-document", change.path),
            ("ce-database", change.database),
            ("ce-namespace", "(default)"),
            ("ce-project", change.project),
            ("ce-location", _LOCATION),
        ]
        if trigger.with_auth_context:
            # Writes reach the local Firestore as the Admin SDK makes them, which in production is a service account.
            account = f"firebase-adminsdk@{change.project}.iam.gserviceaccount.com"
            headers += [("ce-authtype", "service_account"), ("ce-authid", account)]
        return [(name.encode(), _encode(value)) for name, value in headers]

    @cached_property
    def body(self) -> bytes:
        """The serialised DocumentEventData."""
        data: bytes = event_data(self.change).SerializeToString()
        return data


def event_data(change: Change) -> Any:
    """DocumentEventData of a change. The update mask names the changed fields, of updates only, as in production."""
    data = DocumentEventData()
    # Both packages generate their own class of the same message, so one is copied into the other through the wire form.
    if change.after is not None:
        data.value.MergeFromString(change.after.SerializeToString())
    if change.before is not None:
        data.old_value.MergeFromString(change.before.SerializeToString())
    if change.before is not None and change.after is not None:
        paths = changed_paths(change.before.fields, change.after.fields)
        data.update_mask.field_paths.extend(sorted(format_field_path(path) for path in paths))
    return data


def changed_paths(before: Fields, after: Fields, prefix: FieldPath = ()) -> Iterator[FieldPath]:
    """Paths of fields added, removed or given another value; maps on both sides are compared field by field."""
    for name in before.keys() | after.keys():
        path = (*prefix, name)
        if name not in before or name not in after:
            yield path
            continue
        old, new = before[name], after[name]
        if old.HasField("map_value") and new.HasField("map_value") and old.map_value.fields and new.map_value.fields:
            yield from changed_paths(old.map_value.fields, new.map_value.fields, path)
        # Compared as bytes: NaN equals NaN, and 0.0 differs from -0.0.
        elif old.SerializeToString(deterministic=True) != new.SerializeToString(deterministic=True):
            yield path


def rfc3339(time: Timestamp) -> str:
    """UTC with microseconds, the resolution of commit times."""
    text: str = time.ToJsonString()
    return text


def _encode(value: str) -> bytes:
    """Raw UTF-8, as production sends it although the CloudEvents HTTP binding asks for percent-encoding.

    Functions therefore see `é` in a document id as `Ã©` (firebase-functions-python issue 220), here as there. Control
    characters, which no header can carry, are percent-encoded.
    """
    return _CONTROL.sub(lambda match: f"%{ord(match[0]):02X}", value).strip(" ").encode()
