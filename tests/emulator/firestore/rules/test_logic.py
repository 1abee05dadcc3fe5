"""`&&`, `||` and conditions with errors: an operand that decides does so whatever the other one is."""

from itertools import product

import pytest

from tests.emulator.firestore.rules.harness import World, decide, document, outcome, request

OPERANDS = {"true": True, "false": False, "resource.data.absent": None, "1": None}


def _or(left: bool | None, right: bool | None) -> bool | None:
    if left is True or right is True:
        return True
    return False if left is False and right is False else None


def _and(left: bool | None, right: bool | None) -> bool | None:
    if left is False or right is False:
        return False
    return True if left is True and right is True else None


@pytest.mark.parametrize(("left", "right"), list(product(OPERANDS, OPERANDS)))
def test_an_error_does_not_decide_when_the_other_operand_does(left: str, right: str) -> None:
    asked = request(before={})
    for operator, table in (("||", _or), ("&&", _and)):
        expected = table(OPERANDS[left], OPERANDS[right])
        actual = outcome(f"{left} {operator} {right}", asked)
        assert actual == str(expected).lower() if expected is not None else actual not in ("true", "false")


def test_the_right_operand_is_not_evaluated_when_the_left_decides() -> None:
    world = World()
    reading = "exists(/databases/$(database)/documents/x/y)"
    assert outcome(f"true || {reading}", world=world) == "true"
    assert outcome(f"false && {reading}", world=world) == "false"
    assert outcome(f"(true ? true : {reading}) && (false ? {reading} : true)", world=world) == "true"
    assert world.reads == []


def test_an_error_is_not_turned_into_a_permission_by_negation() -> None:
    assert outcome("!(resource.data.absent == 1)", request(before={})) == "Property absent is undefined on object."
    assert outcome("resource.data.absent != 1", request(before={})) == "Property absent is undefined on object."


def test_the_first_of_two_errors_is_reported() -> None:
    assert outcome("resource.data.a == 1 || resource.data.b == 1", request(before={})).startswith("Property a")
    assert outcome("resource.data.a == 1 && resource.data.b == 1", request(before={})).startswith("Property a")


def test_an_error_denies_its_own_rule_only() -> None:
    body = """match /things/{id} {
        allow read: if resource.data.absent == 1;
        allow read: if resource.data.owner == 'u1';
    }"""
    decision = decide(body, request(before={"owner": "u1"}))
    assert decision.allowed
    assert [str(tried).split(": ", 1)[1] for tried in decision.tried] == [
        "error at L5:24: Property absent is undefined on object.",
        "true",
    ]


def test_a_denial_names_every_statement_tried_as_the_official_emulator_does() -> None:
    body = """match /things/{id} {
        allow read: if resource.data.absent == 1;
        allow write: if true;
        allow get: if 1 == 2;
        match /parts/{part} { allow read; }
    }
    match /{document=**} {
        allow read: if null.x;
    }"""
    decision = decide(body, request(before={}))
    assert not decision.allowed
    assert decision.decided_by is None
    assert decision.message() == (
        "Property absent is undefined on object. for 'get' @ L5, false for 'get' @ L7, "
        "Null value error. for 'get' @ L11"
    )
    assert decision.trace().splitlines() == [
        "get denied",
        "  /databases/{database}/documents/things/{id} L5: error at L5:24: Property absent is undefined on object.",
        "  /databases/{database}/documents/things/{id} L7: false",
        "  /databases/{database}/documents/{document=**} L11: error at L11:24: Null value error.",
    ]


def test_nothing_matching_denies() -> None:
    decision = decide("match /other/{id} { allow read; }", request(before=document("things/t1", {}).data))
    assert (decision.allowed, decision.tried, decision.message()) == (False, (), "No matching allow statements")
    assert "no allow statement" in decision.trace()
