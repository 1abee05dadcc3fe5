"""The part of a document that a mask or a query's projection asks for."""

from __future__ import annotations

from collections.abc import Iterable

from emulator.firestore.field_paths import NAME, FieldPath, assign, lookup
from emulator.firestore.wire import Document


def project(document: Document, paths: Iterable[FieldPath] | None) -> Document:
    """The document with only the fields at `paths`; None means all of it. Name and times always stay."""
    if paths is None:
        return document
    projected = Document(name=document.name)
    projected.create_time.CopyFrom(document.create_time)
    projected.update_time.CopyFrom(document.update_time)
    for path in paths:
        value = None if path == NAME else lookup(document.fields, path)
        if value is not None:
            assign(projected.fields, path, value)
    return projected
