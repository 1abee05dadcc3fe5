"""What is too large, too deep or reserved: Firestore's limits, with production's errors.

Figures of https://firebase.google.com/docs/firestore/quotas, sizes counted as
https://firebase.google.com/docs/firestore/storage-size says. Everything raised here is INVALID_ARGUMENT.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from emulator.firestore.errors import invalid_argument
from emulator.firestore.ordering import is_vector
from emulator.firestore.wire import Fields, Value, Write

NAME_BYTES_MAX = 1_500
"""UTF-8 bytes in a collection id, a document id, a field name or a field path."""

DOCUMENT_NAME_BYTES_MAX = 6 * 1024
DOCUMENT_BYTES_MAX = 1_048_576
VALUE_BYTES_MAX = 1_048_487
REQUEST_BYTES_MAX = 10 * 1024 * 1024

DEPTH_MAX = 20
"""Maps and arrays around a value within a document."""

TRANSFORMS_MAX = 500
"""Field transforms of one document in one commit."""

_NUMERIC_ID = re.compile(r"__id-?\d+__")
_MAP_OVERHEAD_BYTES, _NAME_OVERHEAD_BYTES, _NUMERIC_ID_BYTES, _DIMENSION_BYTES = 32, 16, 8, 8
_FIXED_BYTES = {
    None: 1,
    "null_value": 1,
    "boolean_value": 1,
    "integer_value": 8,
    "double_value": 8,
    "timestamp_value": 8,
    "geo_point_value": 16,
}


def is_too_long(text: str) -> bool:
    """Whether a name has more than NAME_BYTES_MAX bytes."""
    # No character has more than four bytes.
    return len(text) > NAME_BYTES_MAX // 4 and len(text.encode()) > NAME_BYTES_MAX


def is_reserved(text: str) -> bool:
    """Whether a name matches `__.*__`."""
    return len(text) >= 4 and text.startswith("__") and text.endswith("__")


def check_collection_id(collection_id: str) -> None:
    if is_reserved(collection_id):
        raise invalid_argument(f'Collection id "{collection_id}" is invalid because it is reserved.')
    if is_too_long(collection_id):
        raise invalid_argument(f"The collection id is longer than {NAME_BYTES_MAX} bytes.")


def check_document_id(document_id: str) -> None:
    """Ids such as `__id7__` are the exception from what is reserved: numeric ids of imported Datastore entities."""
    if is_reserved(document_id) and _NUMERIC_ID.fullmatch(document_id) is None:
        raise invalid_argument(f'Resource id "{document_id}" is invalid because it is reserved.')
    if is_too_long(document_id):
        raise invalid_argument(f"The key path element name is longer than {NAME_BYTES_MAX} bytes.")


def check_document_name(path: str) -> None:
    """`path` is that of a document or collection, relative to its database."""
    if len(path) > DOCUMENT_NAME_BYTES_MAX // 4 and len(path.encode()) > DOCUMENT_NAME_BYTES_MAX:
        raise invalid_argument(f"The document name is longer than {DOCUMENT_NAME_BYTES_MAX} bytes.")


def check_request_size(size: int) -> None:
    """`size` in bytes, as received."""
    if size > REQUEST_BYTES_MAX:
        raise invalid_argument(f"Request payload size exceeds the limit: {REQUEST_BYTES_MAX} bytes.")


def check_transforms(writes: Iterable[Write]) -> None:
    """The field transforms of one commit, counted by document."""
    counts: dict[str, int] = {}
    for write in writes:
        name = write.transform.document if write.HasField("transform") else write.update.name
        counts[name] = counts.get(name, 0) + len(write.update_transforms) + len(write.transform.field_transforms)
        if counts[name] > TRANSFORMS_MAX:
            raise invalid_argument(f"cannot have more than {TRANSFORMS_MAX} field transforms on a single document")


def check_document(name: str, path: str, fields: Fields) -> None:
    """What a document would be after a write; `name` is for the error, `path` for the size."""
    size = _name_size(path) + _MAP_OVERHEAD_BYTES
    for field, value in fields.items():
        size += _field_name_size(field) + _value_size(value, field, 0)
    if size > DOCUMENT_BYTES_MAX:
        raise invalid_argument(
            f"Document '{name}' cannot be written because its size ({size:,} bytes) exceeds the maximum allowed size "
            f"of {DOCUMENT_BYTES_MAX:,} bytes."
        )


def _value_size(value: Value, field: str, depth: int) -> int:
    """Bytes of a value inside `depth` maps and arrays; `field` is the top-level field it belongs to."""
    kind = value.WhichOneof("value_type")
    fixed = _FIXED_BYTES.get(kind)
    if fixed is not None:
        return fixed
    if kind == "string_value":
        return _bounded(len(value.string_value.encode()), field) + 1
    if kind == "bytes_value":
        return _bounded(len(value.bytes_value), field)
    if kind == "reference_value":
        return _name_size(value.reference_value.partition("/documents/")[2])
    if depth == DEPTH_MAX:
        raise invalid_argument(f"Property {field} contains an invalid nested entity.")
    if kind == "map_value":
        return _map_size(value.map_value.fields, field, depth + 1)
    return sum(_element_size(element, field, depth + 1) for element in value.array_value.values)


def _map_size(fields: Fields, field: str, depth: int) -> int:
    if is_vector(fields):
        return _DIMENSION_BYTES * len(fields["value"].array_value.values)
    sizes = (_field_name_size(name) + _value_size(value, field, depth) for name, value in fields.items())
    return sum(sizes) + _MAP_OVERHEAD_BYTES


def _element_size(element: Value, field: str, depth: int) -> int:
    if element.HasField("array_value"):
        raise invalid_argument("Cannot convert an array value in an array value.")
    return _value_size(element, field, depth)


def _bounded(size: int, field: str) -> int:
    if size > VALUE_BYTES_MAX:
        raise invalid_argument(f'The value of property "{field}" is longer than {VALUE_BYTES_MAX} bytes.')
    return size


def _field_name_size(name: str) -> int:
    if not name or is_reserved(name):
        raise invalid_argument(f'The field name "{name}" is {"reserved" if name else "empty"}.')
    if is_too_long(name):
        raise invalid_argument(f"A field name is longer than {NAME_BYTES_MAX} bytes.")
    return len(name.encode()) + 1


def _name_size(path: str) -> int:
    """Bytes of a document's name, by its path relative to the database."""
    segments = path.split("/")
    return _NAME_OVERHEAD_BYTES + sum(
        _NUMERIC_ID_BYTES if _NUMERIC_ID.fullmatch(segment) else len(segment.encode()) + 1 for segment in segments
    )
