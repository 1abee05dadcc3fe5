"""Match blocks: nesting, wildcards, recursive wildcards of version 2 and 1, methods, and the limits on patterns."""

import pytest

from emulator.firestore.rules import RulesSyntaxError, parse
from emulator.firestore.rules.ruleset import Ruleset
from tests.emulator.firestore.rules.harness import World, decide, request, ruleset


def _allowed(body: str, path: str, method: str = "get") -> bool:
    return decide(body, request(method, path)).allowed


@pytest.mark.parametrize(
    ("pattern", "path", "allowed"),
    [
        ("/a/{x}", "a/1", True),
        ("/a/{x}", "b/1", False),
        ("/a/{x}", "a/1/b/2", False),
        ("/a/1", "a/1", True),
        ("/a/1", "a/2", False),
        ("/a/{x}/b/{y}", "a/1/b/2", True),
        ("/a/{x}/b/{y}", "a/1/c/2", False),
        ("/a/{x=**}", "a/1", True),
        ("/a/{x=**}", "a/1/b/2", True),
        ("/a/{x=**}", "b/1", False),
        ("/a/1/{x=**}", "a/1", True),
        ("/a/1/{x=**}", "a/1/b/2", True),
        ("/{x=**}", "a/1/b/2", True),
        ("/{x=**}/b/{y}", "b/1", True),
        ("/{x=**}/b/{y}", "a/1/b/2", True),
        ("/{x=**}/b/{y}", "a/1/b/2/c/3", False),
        ("/a/{x}/{rest=**}/c/{y}", "a/1/c/3", True),
        ("/a/{x}/{rest=**}/c/{y}", "a/1/b/2/c/3", True),
        ("/a/{x}/{rest=**}/c/{y}", "a/1/b/2", False),
        ("/foo.bar-baz/{x}", "foo.bar-baz/1", True),
    ],
)
def test_patterns_match_whole_paths(pattern: str, path: str, allowed: bool) -> None:
    assert _allowed(f"match {pattern} {{ allow read; }}", path) is allowed


def test_nested_matches_continue_the_outer_pattern() -> None:
    body = """match /a/{x} {
        allow get: if x == '1';
        match /b/{y} { allow get: if x == '1' && y == '2'; }
    }"""
    assert _allowed(body, "a/1")
    assert _allowed(body, "a/1/b/2")
    assert not _allowed(body, "a/2/b/2")
    assert not _allowed(body, "b/2")


def test_a_recursive_wildcard_is_the_path_it_took() -> None:
    assert _allowed("match /a/{x=**} { allow get: if x == /1/b/2 && x[0] == '1' && x is path; }", "a/1/b/2")
    assert _allowed("match /a/1/{x=**} { allow get: if x == path(''); }", "a/1")
    assert _allowed("match /{x=**}/b/{y} { allow get: if x == /a/1 && y == '2'; }", "a/1/b/2")


def test_every_covering_match_is_asked_until_one_allows() -> None:
    body = """match /a/{x} { allow get: if false; }
    match /{all=**} { allow get: if all == /a/1; }"""
    assert _allowed(body, "a/1")
    assert not _allowed(body, "a/2")


@pytest.mark.parametrize(
    ("methods", "covered"),
    [
        ("read", {"get"}),
        ("write", {"create", "update", "delete"}),
        ("get", {"get"}),
        ("list", set()),
        ("create", {"create"}),
        ("update", {"update"}),
        ("delete", {"delete"}),
        ("read, delete", {"get", "delete"}),
    ],
)
def test_methods(methods: str, covered: set[str]) -> None:
    asked = ("get", "create", "update", "delete")
    assert {m for m in asked if _allowed(f"match /a/{{x}} {{ allow {methods}; }}", "a/1", m)} == covered


def test_the_database_is_a_wildcard_like_any_other() -> None:
    rules = parse(
        "rules_version = '2'; service cloud.firestore {"
        "match /databases/{name}/documents/a/{x} { allow get: if name == 'other'; }"
        "match /databases/(default)/documents/a/{x} { allow get; } }"
    )
    asked = request(path="a/1")
    other = type(asked)(asked.method, "databases/other/documents/a/1", None, asked.time)
    third = type(asked)(asked.method, "databases/third/documents/a/1", None, asked.time)
    assert [rules.evaluate(each, World()).allowed for each in (asked, other, third)] == [True, True, False]


def _version_1(body: str) -> Ruleset:
    return parse("service cloud.firestore { match /databases/{d}/documents { " + body + " } }")


def test_in_version_1_a_recursive_wildcard_takes_at_least_one_segment() -> None:
    rules = _version_1("match /a/1/{x=**} { allow get; }")
    assert [issue.description for issue in rules.warnings] == [
        "Ruleset uses old version (version [1]). Please update to the latest version (version [2])."
    ]
    assert not rules.evaluate(request(path="a/1"), World()).allowed
    assert rules.evaluate(request(path="a/1/b/2"), World()).allowed
    with pytest.raises(RulesSyntaxError, match="stands at the end"):
        _version_1("match /{x=**}/b/{y} { allow get; }")


def test_only_the_firestore_service_decides() -> None:
    rules = parse("rules_version = '2'; service firebase.storage { match /{all=**} { allow read; } }")
    assert not rules.evaluate(request(), World()).allowed
    assert [issue.description for issue in rules.warnings] == ["No service cloud.firestore: every request is denied."]


@pytest.mark.parametrize(
    ("body", "description"),
    [
        ("match /a/{x}/b/{x} { allow read; }", "Duplicate wildcard {x} in match statement."),
        ("match /{x=**}/b/{y=**} { allow read; }", "A match statement takes one recursive wildcard at most."),
        ("match /a/{x} { allow fetch; }", "Invalid method: fetch."),
        ("match /a/{x} { allow read: true; }", "Missing 'if' before conditional expression."),
        ("match " + "/a/b" * 51 + " { allow read; }", "Match paths have more than 100 segments."),
        ("match " + "".join(f"/a/{{x{n}}}" for n in range(20)) + " { allow read; }", "more than 20 wildcards."),
        ("match /a/{x} {" * 10 + "}" * 10, "nested more than 10 deep."),
    ],
)
def test_patterns_that_production_refuses(body: str, description: str) -> None:
    with pytest.raises(RulesSyntaxError) as raised:
        ruleset(body)
    assert any(description in issue.description for issue in raised.value.issues)
