"""Asks firestore.rules directly: one person, one operation, the documents of shop.py or others."""

from functools import cache
from pathlib import Path
from typing import Any

from emulator.firestore.rules import (
    AccessRequest,
    AllOf,
    Auth,
    Decision,
    FieldFilter,
    Method,
    Operator,
    Query,
    Ruleset,
    parse,
)
from emulator.firestore.rules import Document as RulesDocument
from emulator.firestore.rules.query import Filter
from emulator.firestore.rules.values import NANOS_PER_SECOND, Timestamp, Value
from tests.rules.shop import DOCUMENTS, LATER, NOW, Fields, Person

SOURCE = Path(__file__).parents[2] / "firestore.rules"
ROOT = "databases/(default)/documents"
TIME = Timestamp(1_763_680_000_123_000_000)


@cache
def shop_rules() -> Ruleset:
    """firestore.rules, parsed once."""
    return parse(SOURCE.read_text())


class Store:
    """Stored documents as rules read them."""

    def __init__(self, documents: dict[str, Fields]) -> None:
        self._documents = documents

    def get(self, path: str) -> RulesDocument | None:
        return document(path.removeprefix(f"{ROOT}/"), self._documents.get(path.removeprefix(f"{ROOT}/")))

    def get_after(self, path: str) -> RulesDocument | None:
        return self.get(path)


def document(path: str, fields: Fields | None) -> RulesDocument | None:
    """A document as rules see it, None for none."""
    return None if fields is None else RulesDocument(f"{ROOT}/{path}", {k: _value(v) for k, v in fields.items()})


def _value(value: Any) -> Value:
    if value == LATER:
        return Timestamp(TIME.nanos + 3600 * NANOS_PER_SECOND)
    return TIME if value == NOW else value


def auth_of(person: Person) -> Auth | None:
    """`request.auth` of a person."""
    return None if person is None else Auth(person[0], {**person[1], "sub": person[0]})


def query_of(collection: str, where: str) -> Query:
    """The query of a row's `list where`: `field=value`, `limit=n`, joined by `&`."""
    parent, _, collection_id = f"/{collection}".rpartition("/")
    limit, filters = None, []
    for part in [] if where == "*" else where.split("&"):
        name, _, value = part.partition("=")
        if name == "limit":
            limit = int(value)
        else:
            filters.append(FieldFilter(tuple(name.split(".")), Operator.EQUAL, value))
    return Query(f"{ROOT}{parent}", collection_id, where=AllOf(tuple(filters)), limit=limit)


def ask(
    method: str,
    path: str,
    person: Person,
    change: Fields | None = None,
    *,
    documents: dict[str, Fields] | None = None,
    query: Query | None = None,
    rules: Ruleset | None = None,
) -> Decision:
    """The decision on an operation; what is created is all of `change`, what is updated gets its fields."""
    stored = DOCUMENTS if documents is None else documents
    before = None if method == "create" else stored.get(path)
    after = {**(before or {}), **(change or {})} if method in ("create", "update") else None
    request = AccessRequest(
        Method(method), f"{ROOT}/{path}", auth_of(person), TIME, document(path, before), document(path, after), query
    )
    return (rules or shop_rules()).evaluate(request, Store(stored))


def filtered(collection: str, where: Filter, **more: Any) -> Query:
    """A query over a root collection."""
    return Query(ROOT, collection, where=where, **more)
