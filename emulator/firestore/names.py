"""Resource names: projects, databases, documents and collections, parsed and checked.

Inside the emulator a document or collection is a *path* relative to its database ("orders/o1", "orders"); the empty
path is the database root. Full resource names appear only on the wire.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from emulator.firestore import limits
from emulator.firestore.errors import invalid_argument

_DATABASE = re.compile(r"projects/([^/]+)/databases/([^/]+)")
_DOCUMENTS = re.compile(r"projects/([^/]+)/databases/([^/]+)/documents(?:/(.+))?", re.DOTALL)


class DatabaseId(NamedTuple):
    """A database of a project; any of both exists as soon as it is named."""

    project: str
    database: str

    @property
    def name(self) -> str:
        return f"projects/{self.project}/databases/{self.database}"

    @property
    def root(self) -> str:
        """The resource name of the parent of all root collections."""
        return f"{self.name}/documents"

    def document_name(self, path: str) -> str:
        return f"{self.root}/{path}"


def parse_database(name: str) -> DatabaseId:
    """`projects/{p}/databases/{d}`; raises INVALID_ARGUMENT for anything else."""
    match = _DATABASE.fullmatch(name)
    if match is None:
        raise invalid_argument(f"Invalid database name: {name!r}.")
    return DatabaseId(match[1], match[2])


def parse_parent(name: str) -> tuple[DatabaseId, str]:
    """A query's or listing's parent: the database root (path "") or a document."""
    database, path = _split(name)
    if path:
        _check_segments(name, path)
    return database, path


def parse_document(name: str) -> tuple[DatabaseId, str]:
    """A document's full name into its database and path; raises INVALID_ARGUMENT unless it is one."""
    database, path = _split(name)
    _check_segments(name, path)
    return database, path


def document_path(name: str, database: DatabaseId) -> str:
    """The path of a document that must belong to `database`, as every write and read of a request must."""
    root = database.root
    if name.startswith(root) and name[len(root) : len(root) + 1] == "/":
        path = name[len(root) + 1 :]
        _check_segments(name, path)
        return path
    other, _ = parse_document(name)
    raise invalid_argument(f"Document name {name!r} is not in database {database.name!r} but in {other.name!r}.")


def collection_path(parent: str, collection_id: str) -> str:
    return f"{parent}/{collection_id}" if parent else collection_id


def collection_of(path: str) -> str:
    """The path of the collection that holds the document at `path`."""
    return path[: path.rindex("/")]


def collection_id_of(path: str) -> str:
    """The id of the collection that holds the document at `path`: its group."""
    return path.split("/")[-2]


def check_collection_id(collection_id: str) -> None:
    if not collection_id or "/" in collection_id or collection_id in (".", ".."):
        raise invalid_argument(f"Invalid collection id: {collection_id!r}.")
    limits.check_collection_id(collection_id)


def _split(name: str) -> tuple[DatabaseId, str]:
    match = _DOCUMENTS.fullmatch(name)
    if match is None:
        raise invalid_argument(f"Invalid resource name: {name!r}.")
    return DatabaseId(match[1], match[2]), match[3] or ""


def _check_segments(name: str, path: str) -> None:
    segments = path.split("/")
    if not path or len(segments) % 2:
        raise invalid_argument(f"Document name {name!r} lacks an even number of path segments below '/documents'.")
    for segment in segments:
        if not segment or segment in (".", ".."):
            raise invalid_argument(f"Document name {name!r} has an invalid path segment {segment!r}.")
    for collection_id in segments[::2]:
        limits.check_collection_id(collection_id)
    for document_id in segments[1::2]:
        limits.check_document_id(document_id)
    limits.check_document_name(path)
