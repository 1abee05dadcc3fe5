"""Lists: a query is allowed only when its own constraints prove every document it could return allowed."""

import pytest

from emulator.firestore.rules import AllOf, AnyOf, Auth, Decision, FieldFilter, Operator, Query, parse
from emulator.firestore.rules.query import Filter
from emulator.firestore.rules.values import Path, Timestamp, Value
from tests.emulator.firestore.rules.harness import ROOT, World, decide, request

ALICE = Auth("alice", {"orgId": "org1"})


def field(name: str, operator: str, value: Value) -> FieldFilter:
    """A filter such as ("a.b", "==", 1)."""
    names = {
        "==": Operator.EQUAL,
        "!=": Operator.NOT_EQUAL,
        "<": Operator.LESS_THAN,
        "<=": Operator.LESS_THAN_OR_EQUAL,
        ">": Operator.GREATER_THAN,
        ">=": Operator.GREATER_THAN_OR_EQUAL,
        "in": Operator.IN,
        "not-in": Operator.NOT_IN,
        "contains": Operator.ARRAY_CONTAINS,
        "contains-any": Operator.ARRAY_CONTAINS_ANY,
    }
    return FieldFilter(tuple(name.split(".")), names[operator], value)


def listed(condition: str, *filters: Filter, world: World | None = None) -> Decision:
    """The decision on a query of /things with these filters."""
    query = Query(ROOT, "things", where=AllOf(filters))
    return decide(
        f"match /things/{{thing}} {{ allow list: if {condition}; }}",
        request("list", "", auth=ALICE, query=query),
        world,
    )


@pytest.mark.parametrize(
    ("condition", "filters", "allowed"),
    [
        # what the filters say of a field is known, and nothing else
        ("resource.data.owner == request.auth.uid", [], False),
        ("resource.data.owner == request.auth.uid", [("owner", "==", "alice")], True),
        ("resource.data.owner == request.auth.uid", [("owner", "==", "bob")], False),
        ("resource.data.owner == request.auth.uid", [("other", "==", "alice")], False),
        ("resource.data.a.b == 'x'", [("a.b", "==", "x")], True),
        ("resource.data.a['b'] == 'x'", [("a", "==", {"b": "x"})], True),
        ("resource.data.a.c == 'x'", [("a.b", "==", "x")], False),
        ("resource.data.a == {'b': 'x'}", [("a.b", "==", "x"), ("a", "==", {"b": "x"})], True),
        ("resource.data.a == {'b': 'x'}", [("a.b", "==", "x")], False),
        ("resource.data.get('owner', 'alice') == 'alice'", [], False),
        ("resource.data.get('owner', '') == 'alice'", [("owner", "==", "alice")], True),
        ("resource.data.get(['a', 'b'], '') == 'x'", [("a.b", "==", "x")], True),
        ("resource.data.get(['a', 'c'], 'x') == 'x'", [("a.b", "==", "x")], False),
        ("'owner' in resource.data", [("owner", "==", "alice")], True),
        ("!('secret' in resource.data)", [("owner", "==", "alice")], False),
        ("resource.data.keys().hasOnly(['owner'])", [("owner", "==", "alice")], False),
        ("resource.data.size() == 1", [("owner", "==", "alice")], False),
        ("resource.data == {'owner': 'alice'}", [("owner", "==", "alice")], False),
        ("resource.data != {'owner': 'bob'}", [("owner", "==", "alice")], False),
        ("[resource.data] != [{}]", [("owner", "==", "alice")], False),
        ("resource.data.diff({}).addedKeys().size() == 1", [("owner", "==", "alice")], False),
        ("resource != null && resource.data is map", [], True),
        ("resource.id == 'x' || resource.__name__ == /a", [], False),
        ("thing == 'x' || thing != 'x'", [], False),
        ("request.path == /a || request.path != /a", [], False),
        ("request.resource == null", [], False),
        # what does not depend on documents is decided as ever
        ("request.auth.token.orgId == 'org1'", [], True),
        ("request.auth.token.orgId == 'org2'", [], False),
        ("request.method == 'list' && request.time is timestamp", [], True),
        ("resource.data.x == 1 || request.auth.uid == 'alice'", [], True),
        # alternatives: every one must be allowed
        ("resource.data.s in ['a', 'b']", [("s", "in", ["a", "b"])], True),
        ("resource.data.s in ['a', 'b']", [("s", "in", ["a", "c"])], False),
        ("resource.data.s == 'a'", [("s", "in", ["a"])], True),
        # numbers may be stored as int or float
        ("resource.data.n == 1 && resource.data.n < 2.5 && resource.data.n != 2", [("n", "==", 1)], True),
        ("resource.data.n in [1, 2]", [("n", "==", 1.0)], True),
        ("resource.data.n is int", [("n", "==", 1)], False),
        ("resource.data.n + 1 == 2", [("n", "==", 1)], False),
        ("resource.data.n == 2", [("n", "==", 1)], False),
        ("resource.data.l == [1]", [("l", "==", [1])], False),
        ("resource.data.l == ['a']", [("l", "==", ["a"])], True),
        # ranges
        ("resource.data.n > 5", [("n", ">", 5)], True),
        ("resource.data.n > 4.5 && resource.data.n >= 5 && resource.data.n != 5", [("n", ">", 5)], True),
        ("resource.data.n > 6", [("n", ">", 5)], False),
        ("5 < resource.data.n", [("n", ">", 5)], True),
        ("resource.data.n >= 5", [("n", ">=", 5)], True),
        ("resource.data.n > 5", [("n", ">=", 5)], False),
        ("resource.data.n < 5", [("n", "<", 5)], True),
        ("resource.data.n <= 5", [("n", "<=", 5)], True),
        ("resource.data.n < 5", [("n", "<=", 5)], False),
        ("resource.data.n != 6", [("n", "<=", 5)], True),
        ("resource.data.n != 'a'", [("n", "<=", 5)], True),
        ("resource.data.n > 1 && resource.data.n < 9", [("n", ">", 1), ("n", "<", 9)], True),
        ("resource.data.n == 1", [("n", ">=", 1), ("n", "<=", 1)], False),
        ("!(resource.data.n > 6)", [("n", "<", 5)], False),
        ("resource.data.t <= request.time", [("t", "<=", Timestamp(5))], True),
        ("resource.data.name >= 'a' && resource.data.name < 'b'", [("name", ">=", "a"), ("name", "<", "b")], True),
        ("resource.data.n is constraint", [("n", ">", 1)], True),
        ("resource.data.n is number", [("n", ">", 1)], False),
        ("resource.data.ref != /a/b", [("ref", ">=", Path(("a", "b")))], False),
        ("resource.data.flag != false", [("flag", "<", True)], False),
        # inequality, null, NaN
        ("resource.data.s != 'x'", [("s", "!=", "x")], True),
        ("resource.data.s != 'y'", [("s", "!=", "x")], False),
        ("resource.data.s != 'x' && resource.data.s != 'y'", [("s", "not-in", ["x", "y"])], True),
        ("resource.data.s != null", [("s", "!=", "x")], True),
        ("resource.data.s != null", [("s", "contains", "x")], True),
        ("resource.data.s != null", [("s", "!=", None)], True),
        ("resource.data.s == null", [("s", "==", None)], True),
        ("math.isNaN(resource.data.n)", [("n", "==", float("nan"))], True),
        # arrays
        ("'a' in resource.data.l", [("l", "contains", "a")], True),
        ("'b' in resource.data.l", [("l", "contains", "a")], False),
        ("resource.data.l.hasAny(['b', 'a'])", [("l", "contains", "a")], True),
        ("resource.data.l.hasAny(['b'])", [("l", "contains", "a")], False),
        ("!resource.data.l.hasAny(['b'])", [("l", "contains", "a")], False),
        ("resource.data.l.hasAny(['a', 'b'])", [("l", "contains-any", ["a", "b"])], True),
        ("resource.data.l.hasAny(['a'])", [("l", "contains-any", ["a", "b"])], False),
        ("resource.data.l.size() == 1", [("l", "contains", "a")], False),
        ("resource.data.l == ['a']", [("l", "contains", "a")], False),
    ],
)
def test_constraints_decide(condition: str, filters: list[tuple[str, str, Value]], allowed: bool) -> None:
    decision = listed(condition, *[field(*each) for each in filters])
    assert decision.allowed is allowed, decision.trace()


def test_an_or_must_be_allowed_in_every_branch() -> None:
    own, public = field("owner", "==", "alice"), field("public", "==", True)
    condition = "resource.data.owner == request.auth.uid || resource.data.public"
    assert listed(condition, AnyOf((own, public))).allowed
    denied = listed("resource.data.owner == request.auth.uid", AnyOf((own, public)))
    assert (denied.allowed, denied.way) == (False, 1)
    assert listed("resource.data.owner == request.auth.uid", own, AnyOf((public, field("public", "==", False)))).allowed


def test_the_denial_of_an_unconstrained_list_reads_as_in_the_official_emulator() -> None:
    assert listed("resource.data.owner == 'x'").message() == "Property owner is undefined on object. for 'list' @ L4"


def test_more_alternatives_than_production_takes_are_denied() -> None:
    many = [field(name, "in", [*range(11)]) for name in ("a", "b")]
    denied = listed("true", *many)
    assert (denied.allowed, denied.limit) == (False, "Too many disjunctions in the query.")


def test_limit_offset_and_order_are_known() -> None:
    body = "match /things/{t} { allow list: if request.query.limit <= 10 && request.query.get('offset', 0) == 0; }"
    for query, allowed in (
        (Query(ROOT, "things", limit=10), True),
        (Query(ROOT, "things", limit=11), False),
        (Query(ROOT, "things", limit=10, offset=5), False),
        (Query(ROOT, "things"), False),
    ):
        assert decide(body, request("list", "", query=query)).allowed is allowed
    ordered = Query(ROOT, "things", order_by="name ASC")
    assert decide(
        "match /things/{t} { allow list: if request.query.orderBy == 'name ASC'; }", request("list", "", query=ordered)
    ).allowed


@pytest.mark.parametrize(
    ("pattern", "condition", "query", "allowed"),
    [
        ("/users/{uid}/orders/{o}", "uid == 'alice'", Query(f"{ROOT}/users/alice", "orders"), True),
        ("/users/{uid}/orders/{o}", "uid == 'alice'", Query(f"{ROOT}/users/bob", "orders"), False),
        ("/users/{uid}/orders/{o}", "true", Query(ROOT, "orders", all_descendants=True), False),
        ("/users/{all=**}", "true", Query(f"{ROOT}/users/alice", "orders"), True),
        ("/users/alice/orders/{o}", "true", Query(f"{ROOT}/users/bob", "orders"), False),
        ("/orders/o1", "true", Query(ROOT, "orders"), False),
        ("/{path=**}/orders/{o}", "true", Query(ROOT, "orders", all_descendants=True), True),
        ("/{path=**}/orders/{o}", "true", Query(ROOT, "orders"), True),
        ("/{path=**}/orders/{o}", "path == path", Query(ROOT, "orders", all_descendants=True), False),
        ("/{path=**}/orders/{o}", "true", Query(ROOT, "other", all_descendants=True), False),
        ("/{all=**}", "true", Query(ROOT, "orders", all_descendants=True), True),
        ("/orders/{o}", "true", Query(ROOT, "orders", all_descendants=True), False),
        ("/users/{uid}/{path=**}/orders/{o}", "uid == 'alice'", Query(f"{ROOT}/users/alice", "orders", True), True),
        ("/users/{uid}/{path=**}/orders/{o}", "uid == 'alice'", Query(f"{ROOT}/users/bob", "orders", True), False),
        ("/{all=**}", "true", Query(ROOT, None, True), True),
        ("/orders/{o}", "true", Query(ROOT, None, True), False),
        ("/{a}/{b}/orders/{o}", "true", Query(ROOT, "orders", True), False),
        ("/{a}/{b}", "true", Query(ROOT, None, True), False),
    ],
)
def test_a_match_must_cover_every_path_of_the_query(pattern: str, condition: str, query: Query, allowed: bool) -> None:
    decision = decide(f"match {pattern} {{ allow list: if {condition}; }}", request("list", "", query=query))
    assert decision.allowed is allowed


def test_collection_groups_need_version_2() -> None:
    rules = parse("service cloud.firestore { match /databases/{d}/documents { match /{all=**} { allow read; } } }")
    assert rules.evaluate(request("list", "", query=Query(ROOT, "orders")), World()).allowed
    assert not rules.evaluate(request("list", "", query=Query(ROOT, "orders", True)), World()).allowed


def test_a_query_for_one_name_is_decided_on_that_document() -> None:
    world = World({"things/t1": {"owner": "alice"}, "things/t2": {"owner": "bob"}})
    names = [Path.parse(f"{ROOT}/things/{each}") for each in ("t1", "t2", "none")]
    condition = "resource.data.owner == request.auth.uid && thing == resource.id && request.path[4] == thing"
    verdicts = [listed(condition, field("__name__", "==", name), world=world) for name in names]
    assert [verdict.allowed for verdict in verdicts] == [True, False, False]
    assert verdicts[0].documents == (f"{ROOT}/things/t1",)
    assert not listed(condition, field("__name__", "in", names[:2]), world=world).allowed
    assert not listed(condition, field("__name__", ">=", names[0]), world=world).allowed


def test_a_name_outside_the_queried_collection_proves_nothing() -> None:
    world = World({"open/x": {"owner": "alice"}})
    body = "match /open/{x} { allow list; } match /things/{t} { allow list: if false; }"
    elsewhere = field("__name__", "==", Path.parse(f"{ROOT}/open/x"))
    query = Query(ROOT, "things", where=elsewhere)
    assert not decide(body, request("list", "", query=query), world).allowed
    group = Query(ROOT, "things", True, elsewhere)
    assert not decide(body, request("list", "", query=group), world).allowed
    deeper = Query(f"{ROOT}/a/1/b/2", "things", True, field("__name__", "==", Path.parse(f"{ROOT}/things/x")))
    assert not decide(body, request("list", "", query=deeper), world).allowed
    inside = Query(f"{ROOT}/a/1", "things", True, field("__name__", "==", Path.parse(f"{ROOT}/a/1/b/2/things/x")))
    assert decide(
        "match /a/{a}/b/{b}/things/{t} { allow list: if t == 'x'; }", request("list", "", query=inside), world
    ).allowed


def test_rules_may_look_up_documents_by_what_the_query_fixes() -> None:
    world = World({"orgs/org1/members/alice": {}})
    condition = "exists(/databases/$(database)/documents/orgs/$(resource.data.orgId)/members/$(request.auth.uid))"
    assert listed(condition, field("orgId", "==", "org1"), world=world).allowed
    assert not listed(condition, field("orgId", "==", "org2"), world=world).allowed
    assert not listed(condition, world=world).allowed


def test_a_list_without_its_query_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="query"):
        decide("", request("list", ""))
    with pytest.raises(ValueError, match="databases"):
        decide("", request("list", "", query=Query("projects/p/databases/d/documents", "x")))
