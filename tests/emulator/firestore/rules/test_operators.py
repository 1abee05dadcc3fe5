"""Operators: precedence, equality, order, arithmetic, membership, types, indexes and ranges."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.firestore.rules.values import INT_MAX, INT_MIN
from tests.emulator.firestore.rules.harness import outcome, value_of

TRUE = [
    # precedence, from strongest to weakest: unary, * / %, + -, relations, in/is, equality, &&, ||, ?:
    "1 + 2 * 3 == 7",
    "(1 + 2) * 3 == 9",
    "10 - 4 - 3 == 3",
    "-2 * 3 == -6",
    "2 < 3 == true",
    "1 + 1 in [2]",
    "1 in [1] == true",
    "1 is int == true",
    "!false && true",
    "true || false && false",
    "false == false || false",
    "true ? true : false",
    "false ? false : true ? true : false",
    "(false ? 1 : 2) == 2",
    # equality
    "1 == 1.0",
    "1 != 2",
    "'a' == \"a\"",
    "null == null",
    "null != 0",
    "1 != '1'",
    "true != 1",
    "[1, 'a'] == [1, 'a']",
    "[1] != [1.0]",
    "[1] != [1, 2]",
    "{'a': 1, 'b': [2]} == {'b': [2], 'a': 1}",
    "{'a': 1} != {'a': 1.0}",
    "{'a': 1} != {'b': 1}",
    "b'a' == b'\\x61'",
    "[1].toSet() == [1.0].toSet()",
    # order
    "1 < 2 && 2 <= 2 && 3 > 2.5 && 2.0 >= 2",
    "'a' < 'b' && 'B' < 'a' && 'ab' > 'a'",
    "'\uffee' < '\U0001f600'",
    "timestamp.value(1) < timestamp.value(2)",
    "duration.value(1, 'm') <= duration.value(60, 's')",
    # arithmetic
    "7 / 2 == 3",
    "-7 / 2 == -3",
    "7 % 3 == 1",
    "-7 % 3 == -1",
    "7.0 / 2 == 3.5",
    "7 + 0.5 == 7.5",
    "5.5 % 2 == 1.5",
    "'a' + 'b' == 'ab'",
    "-9223372036854775808 < 0",
    "1e3 == 1000",
    # membership
    "'a' in ['a', 'b']",
    "1 in [1.0]",
    "!('c' in ['a', 'b'])",
    "'k' in {'k': 1}",
    "!('v' in {'k': 'v'})",
    "'a' in ['a'].toSet()",
    # indexes and ranges
    "['a', 'b'][1] == 'b'",
    "['a', 'b', 'c'][1:3] == ['b', 'c']",
    "['a'][1:1] == []",
    "'abc'[0] == 'a'",
    "'abc'[0:2] == 'ab'",
    "{'a': {'b': 2}}['a'].b == 2",
    "'a\U0001f600'.size() == 3 && 'a\U0001f600b'[3] == 'b'",
]
ERRORS = [
    ("1 + 'a' == 2", "Unsupported operation error. Received: int + string."),
    ("[1] + [2] == [1, 2]", "Unsupported operation error. Received: list + list."),
    ("1 - null == 2", "Unsupported operation error. Received: int - null."),
    ("'a' * 2 == 'aa'", "Unsupported operation error. Received: string * int."),
    ("true / 1 == 1", "Unsupported operation error. Received: bool / int."),
    ("1 % 'a' == 1", "Unsupported operation error. Received: int % string."),
    ("-'a' == 'a'", "Unsupported operation error. Received: -string."),
    ("-true == true", "Unsupported operation error. Received: -bool."),
    ("1 < 'a'", "Unsupported operation error. Received: int < string."),
    ("true < false", "Unsupported operation error. Received: bool < bool."),
    ("null <= null", "Unsupported operation error. Received: null <= null."),
    ("[1] > [0]", "Unsupported operation error. Received: list > list."),
    ("1 in 'abc'", "Unsupported operation error. Received: int in string."),
    ("1 in {'a': 1}", "Unsupported operation error. Received: int in map."),
    ("1 / 0 == 1", "Divide by zero."),
    ("1 % 0 == 1", "Divide by zero."),
    ("9223372036854775807 + 1 > 0", "Integer overflow."),
    ("-9223372036854775808 - 1 < 0", "Integer overflow."),
    ("9223372036854775807 * 2 > 0", "Integer overflow."),
    ("-(-9223372036854775808) > 0", "Integer overflow."),
    ("-9223372036854775808 / -1 > 0", "Integer overflow."),
    ("[1][1] == 1", "Index out of bounds."),
    ("[1][-1] == 1", "Index out of bounds."),
    ("[1][0:2] == [1]", "Index out of bounds."),
    ("[1, 2][1:0] == []", "Index out of bounds."),
    ("'abc'[3] == ''", "Index out of bounds."),
    ("'abc'[0:4] == ''", "Index out of bounds."),
    ("[1][true] == 1", "Unsupported operation error. Received: list[bool]."),
    ("[1][0:1.0] == [1]", "Unsupported operation error. Received: range bound float."),
    ("1[0] == 1", "Unsupported operation error. Received: int[int]."),
    ("1[0:1] == 1", "Unsupported operation error. Received: int[int:int]."),
    ("{'a': 1}.b == 1", "Property b is undefined on object."),
    ("{'a': 1}['b'] == 1", "Property b is undefined on object."),
    ("'a'.b == 1", "Property b is undefined on object."),
    ("null.b == 1", "Null value error."),
    ("null['b'] == 1", "Null value error."),
    ("{1: 2} == {}", "The keys of a map are strings."),
    ("!1", "Expected a bool, received int."),
    ("1 ? true : false", "Expected a bool, received int."),
    ("'true'", "Expected a bool, received string."),
]


@pytest.mark.parametrize("condition", TRUE)
def test_holds(condition: str) -> None:
    assert outcome(condition) == "true"


@pytest.mark.parametrize(("condition", "message"), ERRORS)
def test_has_no_value(condition: str, message: str) -> None:
    assert outcome(condition) == message


TYPES = {
    "bool": ["true"],
    "bytes": ["b'a'"],
    "float": ["1.0", "1 / 2.0"],
    "int": ["1", "-1"],
    "list": ["[]"],
    "latlng": ["latlng.value(1, 2)"],
    "path": ["/a/b"],
    "map": ["{}"],
    "string": ["''"],
    "timestamp": ["request.time"],
    "duration": ["duration.value(1, 's')"],
    "set": ["[].toSet()"],
    "map_diff": ["{}.diff({})"],
}


@pytest.mark.parametrize("name", TYPES)
def test_is_tells_every_type_from_every_other(name: str) -> None:
    for kind, expressions in TYPES.items():
        for expression in expressions:
            assert outcome(f"({expression}) is {name}") == str(kind == name).lower()


def test_number_is_int_or_float_and_null_is_of_no_type() -> None:
    assert [outcome(f"{value} is number") for value in ("1", "1.5", "'1'", "true", "null")] == ["true", "true"] + 3 * [
        "false"
    ]
    assert outcome("null is map || null is string || null is bool") == "false"


def test_float_division_follows_ieee_754() -> None:
    assert value_of("1.0 / 0") == math.inf
    assert value_of("-1.0 / 0") == -math.inf
    assert value_of("1.0 / -0.0") == -math.inf
    assert outcome("0.0 / 0 != 0.0 / 0") == "true"
    assert outcome("(0.0 / 0) < 1 || (0.0 / 0) >= 1") == "false"
    assert outcome("math.isNaN(1.0 % 0)") == "true"


int64 = st.integers(INT_MIN, INT_MAX)


@given(int64, int64)
def test_integers_are_exact_or_overflow(left: int, right: int) -> None:
    for operator, exact in (("+", left + right), ("-", left - right), ("*", left * right)):
        expected = str(INT_MIN <= exact <= INT_MAX).lower().replace("false", "Integer overflow.")
        assert outcome(f"({left}) {operator} ({right}) == ({max(INT_MIN, min(INT_MAX, exact))})") == expected


@given(int64, int64.filter(bool))
def test_quotient_and_remainder_make_the_dividend(dividend: int, divisor: int) -> None:
    if (dividend, divisor) != (INT_MIN, -1):
        assert outcome(f"({dividend} / {divisor}) * {divisor} + ({dividend} % {divisor}) == {dividend}") == "true"


@given(st.text(alphabet="ab\u20ac\U0001f600", max_size=8), st.integers(0, 16), st.integers(0, 16))
def test_ranges_of_strings_count_utf_16_code_units(text: str, lower: int, upper: int) -> None:
    units = text.encode("utf-16-le")
    if 0 <= lower <= upper <= len(units) // 2:
        expected = units[2 * lower : 2 * upper].decode("utf-16-le", "surrogatepass")
        assert value_of(f"'{text}'[{lower}:{upper}]") == expected
    else:
        assert outcome(f"'{text}'[{lower}:{upper}] == ''") == "Index out of bounds."
