"""How many bytes Firestore would bill for what is stored: documents and their automatic indexes, from a sample.

Rules of https://firebase.google.com/docs/firestore/storage-size. Composite indexes are left out, and so are the
exemptions of firestore.indexes.json: what the ones add, the others save.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from google.cloud import firestore

_SAMPLE = 200
_NAME_BYTES, _OVERHEAD_BYTES = 16, 32
_ORDERS_OF_AN_INDEX = 2
_ROOTS = ("customers", "orders", "customer_activities")
_OF_TENANT = ("accruals", "customer_spending", "identities", "notices", "redemptions", "runs", "audits")


def stored_bytes(client: firestore.Client, org_id: str) -> tuple[int, int]:
    """(documents, bytes) of an org that has its database to itself."""
    tenant = client.document("tenants", org_id)
    queries: list[Any] = [client.collection(name) for name in _ROOTS]
    queries += [tenant.collection(name) for name in _OF_TENANT]
    queries += [client.collection_group(name) for name in ("ledger", "shards")]
    documents, size = 0, 0
    for query in queries:
        count = int(query.count().get()[0][0].value)
        sample = [document_bytes(found.reference.path, found.to_dict()) for found in query.limit(_SAMPLE).stream()]
        documents += count
        size += count * sum(sample) // max(len(sample), 1)
    return documents, size


def document_bytes(path: str, fields: Mapping[str, Any]) -> int:
    """A document and its entries in the indexes of its fields, ascending and descending."""
    name = _NAME_BYTES + sum(_text_bytes(part) for part in path.split("/"))
    parent = _NAME_BYTES + sum(_text_bytes(part) for part in path.split("/")[:-2])
    document = name + _OVERHEAD_BYTES + _value_bytes(fields)
    entries = (name + parent + _OVERHEAD_BYTES + size for size in _indexed(fields))
    return document + _ORDERS_OF_AN_INDEX * sum(entries)


def _indexed(fields: Mapping[str, Any], prefix: int = 0) -> Iterator[int]:
    """The bytes of name and value of everything that is indexed: each field, maps and what is in them."""
    for name, value in fields.items():
        path = prefix + _text_bytes(name)
        yield path + _value_bytes(value)
        if isinstance(value, Mapping):
            yield from _indexed(value, path)


def _value_bytes(value: object) -> int:
    match value:
        case None | bool():
            return 1
        case int() | float() | datetime():
            return 8
        case str():
            return _text_bytes(value)
        case bytes():
            return len(value)
        case Mapping():
            return sum(_text_bytes(name) + _value_bytes(part) for name, part in value.items())
        case list():
            return sum(map(_value_bytes, value))
    raise TypeError(f"{type(value).__name__} is no value of the demo's documents")


def _text_bytes(text: str) -> int:
    return len(text.encode()) + 1
