"""Triggers: which document changes a function wants to hear of, and where it listens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from emulator.firestore.changes import Change
from emulator.firestore.events.path_pattern import PathPattern

_PREFIX = "google.cloud.firestore.document.v1."
_AUTH_SUFFIX = ".withAuthContext"
_KINDS = ("written", "created", "updated", "deleted")
_DEFAULT = "(default)"


@dataclass(frozen=True, slots=True)
class Destination:
    """Where events are posted to. Functions want the body raw; the Firebase CLI's functions emulator wants base64."""

    host: str
    port: int
    path: str = ""
    base64: bool = False

    def for_trigger(self, project: str, key: str) -> Destination:
        """The address of one trigger at a functions host that is known by its host and port only."""
        path = f"/functions/projects/{quote(project)}/triggers/{quote(key)}"
        return Destination(self.host, self.port, path, self.base64)


@dataclass(frozen=True, slots=True)
class Trigger:
    """One registered function. `retry` decides what becomes of an event whose function answered with an error."""

    project: str
    key: str
    event_type: str
    database: str
    document: PathPattern | str
    destination: Destination
    retry: bool

    @property
    def kind(self) -> str:
        """written, created, updated or deleted."""
        return self.event_type.removeprefix(_PREFIX).removesuffix(_AUTH_SUFFIX)

    @property
    def with_auth_context(self) -> bool:
        return self.event_type.endswith(_AUTH_SUFFIX)

    def wants(self, change: Change) -> bool:
        """Whether this change is one the function asked for."""
        if change.database != self.database or self.kind not in ("written", _kind_of(change)):
            return False
        if isinstance(self.document, str):
            return self.document == change.path
        return self.document.matches(change.path)


def parse_trigger(project: str, key: str, body: Mapping[str, Any], default: Destination | None) -> Trigger:
    """A trigger from the body the Firebase CLI registers it with; raises ValueError naming what is wrong.

    Two more fields are understood, named as in Eventarc and in the functions' manifest: `destination.httpEndpoint.uri`
    (otherwise events go to `default`) and `retry` (false unless given, as for a deployed function).
    """
    event_type = _text(body, "eventType")
    if not event_type.startswith(_PREFIX) or event_type.removeprefix(_PREFIX).removesuffix(_AUTH_SUFFIX) not in _KINDS:
        raise ValueError(f"eventType {event_type!r} is not an event of a Firestore document")
    if _text(body, "namespace", _DEFAULT) != _DEFAULT:
        raise ValueError("namespace: Firestore in Native mode has the namespace (default) only")
    retry = body.get("retry", False)
    if not isinstance(retry, bool):
        raise ValueError("retry must be true or false")
    return Trigger(
        project=project,
        key=key,
        event_type=event_type,
        database=_text(body, "database", _DEFAULT),
        document=_document(body),
        destination=_destination(body, default, project, key),
        retry=retry,
    )


def _kind_of(change: Change) -> str:
    if change.before is None:
        return "created"
    return "deleted" if change.after is None else "updated"


def _document(body: Mapping[str, Any]) -> PathPattern | str:
    document = body.get("document")
    if not isinstance(document, Mapping):
        raise ValueError('document must be {"value": ..., "matchType": "EXACT" or "PATH_PATTERN"}')
    value, match_type = _text(document, "value"), _text(document, "matchType", "EXACT")
    if match_type == "PATH_PATTERN":
        return PathPattern(value)
    if match_type != "EXACT":
        raise ValueError(f"matchType {match_type!r} is neither EXACT nor PATH_PATTERN")
    return value.strip("/")


def _destination(body: Mapping[str, Any], default: Destination | None, project: str, key: str) -> Destination:
    given = body.get("destination")
    if given is None:
        if default is None:
            raise ValueError("no destination given, and the emulator was started without --functions HOST:PORT")
        return default.for_trigger(project, key)
    endpoint = given.get("httpEndpoint") if isinstance(given, Mapping) else None
    uri = urlsplit(_text(endpoint, "uri")) if isinstance(endpoint, Mapping) else None
    if uri is None or uri.scheme != "http" or uri.hostname is None:
        raise ValueError("destination.httpEndpoint.uri must be an http:// address")
    return Destination(uri.hostname, uri.port or 80, uri.path or "/")


def _text(body: Mapping[str, Any], field: str, default: str | None = None) -> str:
    value = body.get(field, default)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{field} must be a non-empty string")
    return value
