"""Which queries want a composite index: a table of what production accepts and refuses."""

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import firestore
from google.cloud.firestore_v1.base_query import And, BaseQuery, FieldFilter, Or

from emulator.firestore.names import DatabaseId
from emulator.firestore.queries.composite import IndexCatalog
from emulator.firestore.queries.model import parse_query

CLIENT = firestore.Client(project="indexes", credentials=AnonymousCredentials())
DATABASE = DatabaseId("indexes", "(default)")


def where(path: str, operator: str, value: object) -> FieldFilter:
    return FieldFilter(path, operator, value)


def missing(query: BaseQuery, *indexes: str, aggregated: str = "", exempt: str = "") -> str | None:
    """The index asked for, as text; indexes are texts of the same form: `a, b desc, tags contains`, `group:a`."""
    document: dict[str, object] = {"indexes": [_index(text) for text in indexes], "fieldOverrides": []}
    if exempt:
        document["fieldOverrides"] = [{"collectionGroup": "c", "fieldPath": exempt, "indexes": []}]
    catalog = IndexCatalog(document)
    parsed = parse_query(query._to_protobuf()._pb, DATABASE, "", frozenset({(aggregated,)} if aggregated else ()))
    wanted = catalog.missing(parsed)
    if wanted is None:
        return None
    fields = wanted.to_json()["fields"]
    modes = {"ASCENDING": "", "DESCENDING": " desc"}
    texts = [f["fieldPath"] + (modes[f["order"]] if "order" in f else " contains") for f in fields]
    return ("group:" if wanted.group else "") + ", ".join(texts)


def _index(text: str) -> dict[str, object]:
    names = text.removeprefix("group:")
    fields = []
    for part in names.split(", "):
        path, _, mode = part.partition(" ")
        fields.append(
            {"fieldPath": path, "arrayConfig": "CONTAINS"}
            if mode == "contains"
            else {"fieldPath": path, "order": "DESCENDING" if mode == "desc" else "ASCENDING"}
        )
    scope = "COLLECTION_GROUP" if text.startswith("group:") else "COLLECTION"
    return {"collectionGroup": "c", "queryScope": scope, "fields": fields}


C = CLIENT.collection("c").limit(100)
G = CLIENT.collection_group("c")


@pytest.mark.parametrize(
    "query",
    [
        C,
        C.where(filter=where("a", "==", 1)),
        C.where(filter=where("a", "==", 1)).where(filter=where("b", "==", 2)),
        C.where(filter=where("a", "in", [1, 2])).where(filter=where("b", "==", 2)),
        C.where(filter=where("tags", "array_contains", "x")).where(filter=where("b", "==", 2)),
        C.where(filter=where("a", ">", 1)),
        C.where(filter=where("a", ">", 1)).order_by("a", direction="DESCENDING"),
        C.where(filter=where("a", "==", 1)).order_by("a"),
        C.order_by("a", direction="DESCENDING"),
        C.where(filter=where("a", "==", 1)).order_by("__name__"),
        C.where(filter=Or([where("a", "==", 1), where("b", "==", 2)])),
        G,
    ],
)
def test_needs_no_composite(query: BaseQuery) -> None:
    assert missing(query) is None


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (C.where(filter=where("a", "==", 1)).order_by("b"), "a, b"),
        (C.where(filter=where("a", "==", 1)).order_by("b", direction="DESCENDING"), "a, b desc"),
        (C.where(filter=where("a", "==", 1)).where(filter=where("b", ">", 1)), "a, b"),
        (C.where(filter=where("a", "!=", 1)).where(filter=where("b", "==", 1)), "b, a"),
        (C.order_by("a").order_by("b"), "a, b"),
        (C.order_by("a").order_by("b", direction="DESCENDING"), "a, b desc"),
        (C.where(filter=where("tags", "array_contains", "x")).order_by("b"), "tags contains, b"),
        (C.where(filter=where("a", ">", 1)).where(filter=where("b", ">", 1)), "a, b"),
        (C.where(filter=where("a", "==", 1)).order_by("__name__", direction="DESCENDING"), "a, __name__ desc"),
        (C.where(filter=And([where("a", "==", 1), Or([where("b", "==", 1), where("d", ">", 1)])])), "a, b, d"),
        (G.where(filter=where("a", "==", 1)), "group:a"),
        (G.where(filter=where("a", "==", 1)).order_by("b"), "group:a, b"),
    ],
)
def test_names_the_index_and_is_content_with_it(query: BaseQuery, index: str) -> None:
    assert missing(query) == index
    # An OR sorts every alternative by the same fields, so each may want an index of its own.
    given = [index]
    while (further := missing(query, *given)) is not None:
        assert further not in given
        given.append(further)
    assert missing(query, *given) is None


def test_a_scan_does_not_run_backwards() -> None:
    query = C.where(filter=where("a", "==", 1)).order_by("b", direction="DESCENDING")
    assert missing(query, "a, b") == "a, b desc"


def test_the_direction_of_a_compared_field_does_not_matter() -> None:
    assert missing(C.where(filter=where("a", "==", 1)).order_by("b"), "a desc, b") is None


def test_indexes_with_one_sort_order_merge() -> None:
    query = C.where(filter=where("a", "==", 1)).where(filter=where("b", "==", 2)).order_by("d")
    assert missing(query, "a, d", "b, d") is None
    assert missing(query, "a, d") == "a, b, d"
    assert missing(query, "a, d", "b, d desc") == "a, b, d"


def test_an_index_with_more_comparisons_than_the_query_makes_does_not_help() -> None:
    assert missing(C.where(filter=where("a", "==", 1)).order_by("d"), "a, b, d") == "a, d"


def test_exempted_fields_have_no_automatic_index() -> None:
    assert missing(C.where(filter=where("secret.part", "==", 1)), exempt="secret") == "secret.part"
    assert missing(C.where(filter=where("other", "==", 1)), exempt="secret") is None


@pytest.mark.parametrize(("filters", "index"), [((), None), (("a",), "a, x")])
def test_a_sum_reads_its_field_from_the_index(filters: tuple[str, ...], index: str | None) -> None:
    query: BaseQuery = C
    for path in filters:
        query = query.where(filter=where(path, "==", 1))
    assert missing(query, aggregated="x") == index


def test_group_indexes_do_not_serve_collections() -> None:
    for source, other, own in ((C, "group:a, b", "a, b"), (G, "a, b", "group:a, b")):
        assert missing(source.where(filter=where("a", "==", 1)).order_by("b"), other) == own
