"""Random documents, tokens and queries: no member of one shop ever reads or changes a document of another."""

from functools import cache
from random import Random
from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st

from emulator.firestore.rules import AllOf, AnyOf, FieldFilter, Operator, Query
from lib.domain.access import ORG_CLAIMS
from lib.domain.identity import IdentityKey, IdentityKind, identity_id
from tests.emulator.firestore.rules.test_list_soundness import returned
from tests.rules.asking import ROOT, ask
from tests.rules.shop import Fields

SHOPS = ("green", "blue")
PEOPLE = ("kim", "lee", "olga")
ORDER_FIELDS = ("orgId", "brandId", "organizationId", "dispensaryId", "retailerId")
SUPER = ("super_user", "super_admin")
ROLES = (
    *("owner", "brand_admin", "dispensary", "dispensary_staff", "brand_member", "budtender", "customer", "intern"),
    *(*SUPER, None),
)

PLACES = (
    *("customers/{shop}_{person}", "customers/{person}", "customers/{shop}_{person}/ledger/1", "customers/odd"),
    *("orders/{person}_{shop}", "customer_activities/{shop}", "customer_communications/{shop}", "tenants/{shop}"),
    *("tenants/{shop}/public/menu", "tenants/{shop}/settings/loyalty", "tenants/{shop}/settings_history/1"),
    *("tenants/{shop}/redemptions/{person}", "tenants/{shop}/accruals/1", "tenants/{shop}/discrepancies/{person}"),
    *("tenants/{shop}/runs/1", "tenants/{shop}/runs/1/shards/1", "tenants/{shop}/inbox/1", "tenants/{shop}/receipts/1"),
    *("tenants/{shop}/identities/{identity}", "tenants/{shop}/integrations/pos", "tenants/{shop}/consents/1/events/1"),
    *(
        "loyalty_settings/{shop}",
        "campaigns/{shop}",
        "campaigns/{shop}/recipients/1",
        "campaigns/{shop}/attributions/1",
    ),
    *("visit_sessions/{shop}", "organizations/{shop}", "locations/{shop}", "dispensaries/{shop}", "users/{person}"),
    *("analytics_events/{person}", "api_keys/{shop}", "points_ledger/{shop}", "anything/{shop}"),
)


def _paths() -> list[str]:
    """Every place for every shop and person."""
    return sorted(
        {
            place.format(shop=shop, person=person, identity=identity_id(shop, IdentityKey(IdentityKind.UID, person)))
            for place in PLACES
            for shop in SHOPS
            for person in PEOPLE
        }
    )


PATHS = _paths()
FIELDS: dict[str, tuple[Any, ...]] = {
    **dict.fromkeys(ORDER_FIELDS, SHOPS),
    **dict.fromkeys(("userId", "ownerId", "customer"), PEOPLE),
    "customerId": tuple(f"{shop}_{person}" for shop in SHOPS for person in PEOPLE),
    "status": ("submitted", "completed"),
    "points": (0, 5),
    "role": ("owner", "customer"),
}
WORLDS = 60


@cache
def world(seed: int) -> dict[str, Fields]:
    """Nearly every document there can be, with random fields."""
    random = Random(seed)
    documents = {}
    for path in PATHS:
        if random.random() < 0.9:
            fields = {name: random.choice(values) for name, values in FIELDS.items() if random.random() < 0.5}
            documents[path] = {**fields, **({"customer": {"uid": fields["customer"]}} if "customer" in fields else {})}
    return documents


worlds = st.integers(1, WORLDS).map(world)
shops, people = st.sampled_from(SHOPS), st.sampled_from(PEOPLE)
tokens = st.tuples(
    people,
    st.fixed_dictionaries({"role": st.sampled_from(ROLES)}, optional=dict.fromkeys(ORG_CLAIMS, shops)),
)
changes = st.fixed_dictionaries(
    {},
    optional={
        **{name: st.sampled_from(values) for name, values in FIELDS.items() if name != "customer"},
        **{name: st.just("x") for name in ("notes", "firstName", "displayName", "pointsPerDollar")},
        "smsConsent": st.booleans(),
    },
)
comparisons = st.one_of(
    st.builds(
        lambda name, operator, value: FieldFilter((name,), operator, value),
        st.sampled_from([*ORDER_FIELDS, "userId", "ownerId", "customerId"]),
        st.sampled_from([Operator.EQUAL, Operator.EQUAL, Operator.GREATER_THAN_OR_EQUAL, Operator.NOT_EQUAL]),
        st.sampled_from([*SHOPS, *PEOPLE, "green_kim"]),
    ),
    st.builds(
        lambda name, values: FieldFilter((name,), Operator.IN, values),
        st.sampled_from(ORDER_FIELDS),
        st.lists(shops, min_size=1, max_size=2),
    ),
)
filters = st.builds(
    lambda kind, parts: kind(tuple(parts)), st.sampled_from([AllOf, AllOf, AnyOf]), st.lists(comparisons, max_size=2)
)
COLLECTIONS = sorted({path.rpartition("/")[0] for path in PATHS})


def shops_of(path: str, documents: dict[str, Fields]) -> set[Any]:
    """The shops a document belongs to, read off its path or fields."""
    collection, name = path.split("/")[:2]
    fields = documents.get(f"{collection}/{name}", {})
    if collection in ("tenants", "loyalty_settings"):
        return {name}
    if collection == "orders":
        return {fields.get(field) for field in ORDER_FIELDS}
    return {fields.get("organizationId" if collection == "visit_sessions" else "orgId")}


def is_personal(uid: str, path: str, documents: dict[str, Fields]) -> bool:
    """Whether a document is there for this person or for anybody: who bought, who is named as owner, what is public."""
    collection, name, *below = path.split("/")
    fields = documents.get(path, {})
    customer_id = name if collection == "customers" else fields.get("customerId", "")
    shop = name if collection == "tenants" else documents.get(f"{collection}/{name}", {}).get("orgId", "")
    identity = documents.get(f"tenants/{shop}/identities/{identity_id(shop, IdentityKey(IdentityKind.UID, uid))}", {})
    is_customers = collection == "customers" or below[:1] == ["redemptions"]
    return (
        collection == "dispensaries"
        or below[:1] == ["public"]
        or (collection == "users" and name == uid)
        or (not below and uid == fields.get("ownerId"))
        or (collection == "orders" and uid in (fields.get("userId"), fields.get("customer", {}).get("uid")))
        or (is_customers and customer_id in (uid, f"{shop}_{uid}", identity.get("customerId")))
    )


def concerns(token: tuple[str, Fields], path: str, documents: dict[str, Fields]) -> bool:
    """Whether the document is of a shop the token names, or personal, or the token crosses shops."""
    uid, claims = token
    claimed = {claims[claim] for claim in ORG_CLAIMS if claim in claims}
    return claims["role"] in SUPER or bool(claimed & shops_of(path, documents)) or is_personal(uid, path, documents)


@settings(max_examples=800)
@given(worlds, tokens, st.sampled_from(PATHS))
def test_nobody_reads_what_does_not_concern_them(
    documents: dict[str, Fields], token: tuple[str, Fields], path: str
) -> None:
    if ask("get", path, token, documents=documents).allowed:
        event("allowed")
        assert concerns(token, path, documents)


@settings(max_examples=1000)
@given(worlds, tokens, st.sampled_from(PATHS), st.sampled_from(["create", "update", "delete"]), changes)
def test_nobody_changes_what_does_not_concern_them(
    documents: dict[str, Fields], token: tuple[str, Fields], path: str, operation: str, change: Fields
) -> None:
    if not ask(operation, path, token, change, documents=documents).allowed:
        return
    event(f"{operation} {path.partition('/')[0]}")
    if operation == "create" and path.startswith(("orders/", "analytics_events/")):
        assert path.startswith("analytics_events/") or change["userId"] == token[0]
        return
    assert concerns(token, path, documents)
    before = {} if operation == "create" else documents.get(path, {})
    changed = {name for name, value in change.items() if before.get(name) != value}
    if path.startswith(("customers/", "users/")):
        assert changed <= {"notes", "firstName", "displayName", "smsConsent"}
    else:
        assert path.endswith("settings/loyalty") or path.startswith("loyalty_settings/")


@settings(max_examples=1500)
@given(worlds, tokens, st.sampled_from(COLLECTIONS), st.booleans(), filters, st.sampled_from([None, 1, 20, 500]))
def test_no_query_returns_what_does_not_concern_them(
    documents: dict[str, Fields],
    token: tuple[str, Fields],
    collection: str,
    in_group: bool,
    where: AllOf | AnyOf,
    limit: int | None,
) -> None:
    parent, _, collection_id = f"/{collection}".rpartition("/")
    query = Query(ROOT if in_group else f"{ROOT}{parent}", collection_id, in_group, where, limit)
    if not ask("list", "", token, documents=documents, query=query).allowed:
        return
    for path, fields in documents.items():
        inside = path.rpartition("/")[0] == collection or (in_group and path.split("/")[-2] == collection_id)
        if inside and returned(fields, where):
            event("found something")
            assert concerns(token, path, documents), path
            assert ask("get", path, token, documents=documents).allowed, path
