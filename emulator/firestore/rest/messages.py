"""Requests and responses in the JSON form of protocol buffers."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, FieldDescriptor

from emulator.firestore.errors import FirestoreError, invalid_argument
from emulator.firestore.limits import check_request_size
from emulator.firestore.rest.bindings import WHOLE_BODY, Binding
from emulator.firestore.wire import Message, Write, request_type

SYSTEM_PARAMETERS = frozenset({"$.xgafv", "$alt", "$prettyPrint", "alt", "key", "prettyPrint", "quotaUser"})
"""Query parameters of every Google API; they are of no consequence here."""

_VERIFY_TAG = b"\x2a"
"""Field 5, length-delimited: `verify`, which the web SDK sends and the published Write lacks."""

_SCALAR_MESSAGES = frozenset({"google.protobuf.Timestamp", "google.protobuf.Int32Value"})
"""Messages whose JSON form is a single value, so that a query parameter can carry them."""


def parse_request(binding: Binding, parameters: Iterable[tuple[str, str]], body: bytes) -> Message:
    """The request message of a REST call: path, query parameters and JSON body put together.

    Raises INVALID_ARGUMENT naming the field that is unknown or has the wrong form.
    """
    check_request_size(len(body))
    message = request_type(f"{binding.method}Request")()
    fields: dict[str, Any] = {}
    verified: dict[int, str] = {}
    if binding.body is not None:
        document = _load(body)
        if binding.body == WHOLE_BODY:
            fields, verified = _without_verify(document)
        else:
            fields[binding.body] = document
    for name, value in parameters:
        if name not in SYSTEM_PARAMETERS:
            _put_parameter(fields, message.DESCRIPTOR, name, value, binding)
    for path, value in binding.fields.items():
        _put(fields, path.split("."), value)
    try:
        json_format.ParseDict(fields, message)
    except (json_format.ParseError, ValueError, TypeError, AttributeError) as error:
        raise _bad_payload(str(error)) from None
    for index, name in verified.items():
        _set_verify(message.writes[index], name)
    return message


def to_json(message: Message) -> str:
    """A response in JSON; fields that are not set are left out."""
    return json.dumps(json_format.MessageToDict(message), ensure_ascii=False, separators=(",", ":"))


def _load(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body or b"{}")
    except (ValueError, RecursionError) as error:
        raise _bad_payload(str(error)) from None
    if not isinstance(document, dict):
        raise _bad_payload("The request must be a JSON object.")
    return document


def _without_verify(document: dict[str, Any]) -> tuple[dict[str, Any], dict[int, str]]:
    """The request without the `verify` of its writes, and these by the index of their write."""
    writes = document.get("writes")
    if not isinstance(writes, list):
        return document, {}
    verified: dict[int, str] = {}
    kept = list(writes)
    for index, write in enumerate(writes):
        if isinstance(write, dict) and "verify" in write:
            rest = {name: value for name, value in write.items() if name != "verify"}
            if not isinstance(write["verify"], str) or rest.keys() & {"update", "delete", "transform"}:
                raise _bad_payload(f"writes[{index}]: verify must be a document's name and the only operation.")
            kept[index], verified[index] = rest, write["verify"]
    return {**document, "writes": kept}, verified


def _set_verify(write: Write, name: str) -> None:
    data = name.encode()
    length, size = bytearray(), len(data)
    while size > 0x7F:
        length.append(size & 0x7F | 0x80)
        size >>= 7
    length.append(size)
    write.MergeFromString(_VERIFY_TAG + bytes(length) + data)


def _put_parameter(fields: dict[str, Any], message: Descriptor, name: str, value: str, binding: Binding) -> None:
    """Add a query parameter such as `updateMask.fieldPaths=a` to the JSON form of the request."""
    path = name.split(".")
    if binding.body in (WHOLE_BODY, path[0]) or name in binding.fields:
        raise _unknown_parameter(name)
    field = _field(message, path[0], name)
    for part in path[1:]:
        inner = _inner(field)
        if inner is None or field.is_repeated:
            raise _unknown_parameter(name)
        field = _field(inner, part, name)
    if _inner(field) is not None:
        raise _unknown_parameter(name)
    converted = _converted(field, name, value)
    if field.is_repeated:
        _put(fields, path, [*_get(fields, path, []), converted])
    else:
        _put(fields, path, converted)


def _inner(field: FieldDescriptor) -> Descriptor | None:
    """The message whose fields a parameter can go on to name, None where it must end."""
    inner = field.message_type
    return None if inner is None or inner.full_name in _SCALAR_MESSAGES else inner


def _field(descriptor: Descriptor, part: str, name: str) -> FieldDescriptor:
    for field in descriptor.fields:
        if part in (field.json_name, field.name):
            return field
    raise _unknown_parameter(name)


def _converted(field: FieldDescriptor, name: str, value: str) -> Any:
    """A parameter's text in the type that JSON would have; numbers and times are taken as text there too."""
    if field.type != FieldDescriptor.TYPE_BOOL:
        return value
    if value not in ("true", "false"):
        raise invalid_argument(f"Invalid value at {name!r} (TYPE_BOOL), {value!r}.")
    return value == "true"


def _get(fields: dict[str, Any], path: list[str], default: Any) -> Any:
    at: Any = fields
    for part in path:
        if part not in at:
            return default
        at = at[part]
    return at


def _put(fields: dict[str, Any], path: list[str], value: Any) -> None:
    at = fields
    for part in path[:-1]:
        at = at.setdefault(part, {})
    at[path[-1]] = value


def _unknown_parameter(name: str) -> FirestoreError:
    return invalid_argument(f'Invalid JSON payload received. Unknown name "{name}": Cannot bind query parameter.')


def _bad_payload(detail: str) -> FirestoreError:
    return invalid_argument(f"Invalid JSON payload received. {detail}")
