"""get, exists, getAfter, existsAfter: what they return, what they count, and where the limits lie."""

import pytest

from emulator.firestore.rules import AccessBudget
from tests.emulator.firestore.rules.harness import World, decide, outcome, request

STORED = World(
    {"users/u1": {"role": "admin"}, "a/1/b/2": {"x": 1}},
    later={"users/u1": {"role": "none"}, "c/new": {"y": 2}, "a/1/b/2": None},
)


def _path(path: str) -> str:
    return f"/databases/$(database)/documents/{path}"


@pytest.mark.parametrize(
    "condition",
    [
        f"get({_path('users/u1')}).data.role == 'admin'",
        f"get({_path('users/u1')}).id == 'u1'",
        f"get({_path('a/1/b/2')}).__name__ == {_path('a/1/b/2')}",
        f"get({_path('users/none')}) == null",
        f"exists({_path('users/u1')}) && !exists({_path('users/none')})",
        f"getAfter({_path('users/u1')}).data.role == 'none'",
        f"getAfter({_path('c/new')}).data.y == 2 && get({_path('c/new')}) == null",
        f"existsAfter({_path('c/new')}) && !existsAfter({_path('a/1/b/2')}) && exists({_path('a/1/b/2')})",
        "exists(" + _path("users/$(thing.replace('t', 'u'))") + ")",
        "exists(path('databases/(default)/documents/users/u1'))",
    ],
)
def test_holds(condition: str) -> None:
    assert outcome(condition, world=STORED) == "true"


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        (f"get({_path('users/none')}).data.role == 'x'", "Null value error."),
        ("get('users/u1').data == {}", "Document access needs a path."),
        ("exists(/users/u1)", "/users/u1 is not a document of this database."),
        (f"exists({_path('users')})", "/databases/(default)/documents/users is not a document of this database."),
        (
            "exists(/databases/other/documents/users/u1)",
            "/databases/other/documents/users/u1 is not a document of this database.",
        ),
        ("exists(" + _path("users/$('a/b')") + ")", "Invalid path segment 'a/b'."),
        ("exists(" + _path("users/$('')") + ")", "Invalid path segment ''."),
        (f"exists({_path('users/$(nobody)')})", "Path segment nobody is not bound."),
    ],
)
def test_has_no_value(condition: str, message: str) -> None:
    assert outcome(condition, world=STORED) == message


def _reading(*names: str) -> str:
    return " && ".join(f"!exists({_path(name)})" for name in names)


def test_ten_documents_an_operation() -> None:
    ten = [f"x/{n}" for n in range(10)]
    decision = decide(f"match /things/{{t}} {{ allow get: if {_reading(*ten)}; }}", request())
    assert (decision.allowed, decision.accesses) == (True, 10)
    assert [path.split("/documents/")[1] for path in decision.documents] == ten
    decision = decide(f"match /things/{{t}} {{ allow get: if {_reading(*ten, 'x/10')}; allow get; }}", request())
    assert (decision.allowed, decision.limit) == (False, "Too many document access calls.")
    assert decision.trace() == "get denied\n  Too many document access calls."


def test_a_document_seen_before_costs_nothing() -> None:
    world = World()
    condition = _reading(*["x/1"] * 11, *["x/2"] * 11)
    decision = decide(f"match /things/{{t}} {{ allow get: if {condition}; }}", request(), world)
    assert (decision.allowed, decision.accesses, world.reads) == (True, 2, ["x/1", "x/2"])


def test_the_state_after_is_another_document_than_the_state_before() -> None:
    condition = f"exists({_path('a/1/b/2')}) && !existsAfter({_path('a/1/b/2')})"
    assert decide(f"match /things/{{t}} {{ allow get: if {condition}; }}", request(), STORED).accesses == 2


def test_twenty_documents_a_batch_beside_ten_an_operation() -> None:
    body = "match /things/{t} { allow delete: if " + _reading(*[f"x/$(t + '-{n}')" for n in range(7)]) + "; }"
    budget = AccessBudget.multi()
    verdicts = [decide(body, request("delete", f"things/t{n}"), budget=budget).allowed for n in range(3)]
    assert verdicts == [True, True, False]
    assert budget.accesses == 21


def test_operations_of_a_batch_share_what_they_read() -> None:
    body = f"match /things/{{t}} {{ allow delete: if {_reading('x/1')}; }}"
    world, budget = World(), AccessBudget.multi()
    for n in range(30):
        assert decide(body, request("delete", f"things/t{n}"), world, budget).allowed
    assert world.reads == ["x/1"]


def test_a_limit_is_not_absorbed_by_or() -> None:
    condition = f"({_reading(*[f'x/{n}' for n in range(11)])}) || true"
    assert not decide(f"match /things/{{t}} {{ allow get: if {condition}; }}", request()).allowed
