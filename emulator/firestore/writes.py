"""One write of a commit applied to one document: preconditions, masks, transforms."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from google.protobuf.unknown_fields import UnknownFieldSet

from emulator.firestore.clock import micros
from emulator.firestore.errors import already_exists, failed_precondition, invalid_argument, not_found
from emulator.firestore.field_paths import (
    FieldPath,
    assign,
    format_field_path,
    lookup,
    overlapping,
    parse_field_path,
    remove,
)
from emulator.firestore.limits import check_document
from emulator.firestore.names import DatabaseId, document_path
from emulator.firestore.transforms import apply_transform
from emulator.firestore.wire import Document, DocumentMask, FieldTransform, Precondition, Timestamp, Value, Write

_VERIFY_FIELD_NUMBER = 5
"""`verify` is missing from the published client's Write, so it arrives as an unknown field."""


@dataclass(frozen=True, slots=True)
class ParsedWrite:
    """A write and its target; `mask` None replaces the whole document."""

    kind: Literal["update", "delete", "verify"]
    name: str
    path: str
    message: Write
    mask: list[FieldPath] | None
    transforms: list[FieldTransform] = field(default_factory=list)


def parse_write(message: Write, database: DatabaseId) -> ParsedWrite:
    """Check a write and find its document; raises INVALID_ARGUMENT when it is malformed or of another database."""
    kind = message.WhichOneof("operation")
    if kind == "update":
        mask = parse_mask(message.update_mask) if message.HasField("update_mask") else None
        name, transforms = message.update.name, list(message.update_transforms)
        return ParsedWrite("update", name, document_path(name, database), message, mask, transforms)
    if kind == "delete":
        return ParsedWrite("delete", message.delete, document_path(message.delete, database), message, None)
    if kind == "transform":
        # The older form: a write of its own, on a document that need not exist, which touches nothing else.
        name, transforms = message.transform.document, list(message.transform.field_transforms)
        return ParsedWrite("update", name, document_path(name, database), message, [], transforms)
    for unknown in UnknownFieldSet(message):  # type: ignore[attr-defined]  # the published stubs lack __iter__
        if unknown.field_number == _VERIFY_FIELD_NUMBER:
            name = unknown.data.decode()
            return ParsedWrite("verify", name, document_path(name, database), message, None)
    raise invalid_argument("A write must have an operation.")


def parse_mask(mask: DocumentMask) -> list[FieldPath]:
    """The field paths of a mask; raises INVALID_ARGUMENT when one contains another."""
    paths = [parse_field_path(text) for text in dict.fromkeys(mask.field_paths)]
    for parent, child in overlapping(paths):
        raise invalid_argument(
            f"Field paths must not overlap: {format_field_path(parent)} and {format_field_path(child)}."
        )
    return paths


def check_precondition(precondition: Precondition, name: str, current: Document | None, now: Timestamp) -> None:
    """Raise unless the document is as the caller requires: NOT_FOUND, ALREADY_EXISTS or FAILED_PRECONDITION.

    A required update time in the future is a mistake of the caller and gets INVALID_ARGUMENT.
    """
    match precondition.WhichOneof("condition_type"):
        case "exists":
            if precondition.exists and current is None:
                raise not_found(f"No document to update: {name}")
            if not precondition.exists and current is not None:
                raise already_exists(f"Document already exists: {name}")
        case "update_time":
            required = micros(precondition.update_time)
            if required > micros(now):
                raise invalid_argument(f"The required update time of {name} is in the future.")
            if current is None:
                raise not_found(f"No document to update: {name}")
            stored = micros(current.update_time)
            if stored != required:
                raise failed_precondition(
                    f"the stored version ({stored}) does not match the required base version ({required})"
                )


def apply_write(write: ParsedWrite, current: Document | None, now: Timestamp) -> tuple[Document | None, list[Value]]:
    """The document after a write, and the results of its transforms.

    Raises unless the write's precondition holds, and INVALID_ARGUMENT for a document beyond Firestore's limits.

    `now` is the time the commit will carry. The result has no times yet.
    """
    if write.message.HasField("current_document"):
        check_precondition(write.message.current_document, write.name, current, now)
    document, results = written(write, current, now)
    if document is not None and write.kind == "update":
        check_document(write.name, write.path, document.fields)
    return document, results


def written(write: ParsedWrite, current: Document | None, now: Timestamp) -> tuple[Document | None, list[Value]]:
    """The same whatever the precondition says. `current` is not changed; a verify leaves everything as it is."""
    message = write.message
    if write.kind == "verify":
        return current, []
    if write.kind == "delete":
        return None, []
    document = Document()
    if write.mask is not None and current is not None:
        document.fields.MergeFrom(current.fields)
    if write.mask is None:
        document.fields.MergeFrom(message.update.fields)
    for path in write.mask or ():
        value = lookup(message.update.fields, path)
        if value is None:
            remove(document.fields, path)
        else:
            assign(document.fields, path, value)
    results = [apply_transform(document.fields, transform, now) for transform in write.transforms]
    return document, results
