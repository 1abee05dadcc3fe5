"""Declared functions: scope, let, arguments, the builtins they may hide, and the limits on them."""

import pytest

from emulator.firestore.rules import RulesSyntaxError
from tests.emulator.firestore.rules.harness import World, decide, outcome, request, ruleset


def _errors(body: str) -> list[str]:
    with pytest.raises(RulesSyntaxError) as raised:
        ruleset(body)
    return [issue.description for issue in raised.value.issues if issue.severity == "ERROR"]


def test_lets_are_evaluated_in_order_and_see_earlier_ones() -> None:
    functions = "function f(a) { let b = a + 1; let c = b * 2; return c == 8; }"
    assert outcome("f(3)", functions=functions) == "true"


def test_a_let_without_value_fails_the_call_even_when_unused() -> None:
    functions = "function f() { let b = request.absent; return true; }"
    assert outcome("f()", functions=functions) == "Property absent is undefined on object."


def test_a_let_reads_its_document_once_and_at_once() -> None:
    functions = """function f() {
        let other = get(/databases/$(database)/documents/a/b).data;
        return other.x == 1 && other.y == 2;
    }"""
    world = World({"a/b": {"x": 1, "y": 2}})
    assert outcome("f()", world=world, functions=functions) == "true"
    assert world.reads == ["a/b"]


def test_a_function_sees_the_wildcards_and_functions_around_its_declaration() -> None:
    body = """
    function root() { return database == '(default)'; }
    match /a/{one} {
        function one_is(x) { return one == x && root(); }
        match /b/{two} {
            function both(x, y) { return one_is(x) && two == y; }
            allow get: if both('1', '2') && !both('2', '1');
        }
    }"""
    assert decide(body, request(path="a/1/b/2")).allowed


def test_an_inner_wildcard_hides_an_outer_one_but_not_inside_outer_functions() -> None:
    body = """match /a/{id} {
        function outer() { return id; }
        match /b/{id} { allow get: if id == 'inner' && outer() == 'outer'; }
    }"""
    assert decide(body, request(path="a/outer/b/inner")).allowed


def test_parameters_hide_wildcards_and_globals() -> None:
    functions = "function f(thing, request) { return thing == 1 && request == 2; }"
    assert outcome("f(1, 2)", functions=functions) == "true"


def test_an_inner_function_hides_an_outer_one_and_a_builtin() -> None:
    body = """
    function f() { return false; }
    function exists(path) { return path == /a/b; }
    match /things/{thing} {
        function f() { return true; }
        allow get: if f() && exists(/a/b);
    }"""
    assert decide(body, request()).allowed


def test_a_function_may_be_called_before_it_is_declared() -> None:
    functions = "function f() { return g(); } function g() { return true; }"
    assert outcome("f()", functions=functions) == "true"


def test_calls_nest_twenty_deep_and_no_deeper() -> None:
    def chain(length: int) -> str:
        links = "".join(f"function f{n}() {{ return f{n + 1}(); }}\n" for n in range(1, length))
        return f"{links} function f{length}() {{ return true; }}\nmatch /things/{{t}} {{ allow get: if f1(); }}"

    assert decide(chain(20), request()).allowed
    denied = decide(chain(21), request())
    assert (denied.allowed, denied.limit) == (False, "Function calls are nested too deep.")


def test_a_request_evaluates_a_thousand_expressions_and_no_more() -> None:
    def body(names: int) -> str:
        return f"match /things/{{t}} {{ allow get: if [{', '.join('t' * names)}].size() == {names}; allow get; }}"

    # Beside the names there are the list, the call and the comparison.
    assert decide(body(997), request()).allowed
    denied = decide(body(998), request())
    assert (denied.allowed, denied.limit) == (False, "Too many expressions evaluated.")
    assert denied.message() == "Too many expressions evaluated. for 'get'"


def test_expressions_nest_a_hundred_deep() -> None:
    ruleset("match /a/{x} { allow get: if " + "!" * 100 + "x; }")
    assert _errors("match /a/{x} { allow get: if " + "!" * 101 + "x; }") == ["Expressions are nested too deep."]
    for depth in (1_000, 10_000):
        ruleset("match /a/{x} { allow get: if " + "(" * depth + "x" + ")" * depth + "; }")
        assert _errors("match /a/{x} { allow get: if " + "!" * depth + "x; }") == ["Expressions are nested too deep."]


def test_deep_expressions_in_deep_calls_deny_and_do_not_crash() -> None:
    links = "".join(f"function f{n}() {{ return {'!' * 98}f{n + 1}(); }}\n" for n in range(1, 20))
    body = f"{links} function f20() {{ return {'!' * 98}true; }}\nmatch /things/{{t}} {{ allow get: if f1(); }}"
    decision = decide(body, request())
    assert (decision.allowed, decision.limit) in [
        (False, "Evaluation is nested too deep."),
        (False, "Too many expressions evaluated."),
    ]


def test_recursion_is_refused() -> None:
    assert _errors("function f() { return g(); } function g() { return f(); } function h() { return f(); }") == [
        "Recursive call is not allowed: f.",
        "Recursive call is not allowed: g.",
    ]


def test_ten_lets_and_seven_parameters_are_the_most() -> None:
    def function(lets: int, parameters: int) -> str:
        declared = " ".join(f"let v{n} = {n};" for n in range(lets))
        return f"function f({', '.join(f'p{n}' for n in range(parameters))}) {{ {declared} return true; }}"

    ruleset(function(10, 7))
    assert _errors(function(11, 7)) == ["Function f has more than 10 lets."]
    assert _errors(function(10, 8)) == ["Function f has more than 7 parameters."]


def test_names_are_declared_once() -> None:
    assert _errors("function f() { return 1; } function f() { return 2; }") == ["Duplicate function: f."]
    assert _errors("function f(a, a) { return a; }") == ["Duplicate variable a in function f."]
    assert _errors("function f(a) { let a = 1; return a; }") == ["Duplicate variable a in function f."]


def test_what_does_not_exist_is_a_warning_and_fails_when_evaluated() -> None:
    body = """function f(a) { return a; }
    match /things/{t} { allow get: if nothing == 1 || f() || g() || math.cube(2) == 8 || t.length() == 1 || true; }"""
    rules = ruleset(body)
    assert [issue.description for issue in rules.warnings] == [
        "Unused function: f.",
        "Invalid variable name: nothing.",
        "Invalid function name: f.",
        "Invalid function name: g.",
        "Invalid function name: math.cube.",
        "Invalid function name: length.",
    ]
    assert outcome("nothing == 1") == "Variable not found error: Name: [nothing]."
    assert outcome("f()", functions="function f(a) { return a; }") == "Function not found error: Name: [f]."
    assert outcome("get() == 1") == "Function not found error: Name: [get]."
    assert outcome("math == 1") == "Variable not found error: Name: [math]."
