"""The methods and functions of every type, example by example of the public reference, and their errors."""

import math

import pytest

from tests.emulator.firestore.rules.harness import outcome, value_of

STRING = [
    "'ABC'.lower() == 'abc'",
    "'ABC123'.lower() == 'abc123'",
    "'\u00c4B'.lower() == '\u00c4b'",
    "'abc'.upper() == 'ABC'",
    "'abc123'.upper() == 'ABC123'",
    "'user@domain.com'.matches('.*@domain[.]com')",
    "!'banana'.matches('.*@domain[.]com')",
    "!'xabc'.matches('abc') && !'abcx'.matches('abc')",
    "'ab12'.matches('[a-z]{2}\\\\d+')",
    "'banana'.replace('a', 'o') == 'bonono'",
    "'banana'.replace('ana', 'ee') == 'beena'",
    "'foo@test.com'.replace('.', '-') == '------------'",
    "'foo'.replace('o', '$1\\\\1') == 'f$1\\\\1$1\\\\1'",
    "'a'.size() == 1 && 'abc'.size() == 3 && ''.size() == 0",
    "'a/b/c'.split('/') == ['a', 'b', 'c']",
    "'a1b22c'.split('[0-9]+') == ['a', 'b', 'c']",
    "'abc'.split('/') == ['abc']",
    "'/a//'.split('/') == ['', 'a']",
    "'ab'.split('') == ['a', 'b']",
    "'\u20ac'.toUtf8() == b'\\xE2\\x82\\xAC'",
    "'  trim '.trim() == 'trim'",
    "string(true) == 'true' && string(1) == '1' && string(2.0) == '2.0' && string(null) == 'null'",
    "string('a') == 'a' && string(-0.5) == '-0.5'",
]
LIST = [
    "['a', 'b'].concat(['c', 'd']) == ['a', 'b', 'c', 'd']",
    "['a', 'b'].hasAll(['a']) && !['a', 'b'].hasAll(['a', 'c']) && ['d', 'e', 'f'].hasAll(['d', 'e'])",
    "['a', 'b'].hasAny(['c', 'b']) && !['a', 'b'].hasAny(['c', 'd']) && !['a'].hasAny([])",
    "!['a', 'b'].hasOnly(['a', 'c'])",
    "['a', 'b'].hasOnly(['a', 'b', 'c'])",
    "['a', 'b'].hasOnly(['b', 'a'])",
    "['a', 'a', 'b'].hasOnly(['a', 'b', 'b'])",
    "['a', 'a', 'b'].hasOnly(['a', 'b', 'b', 'c'])",
    "['a', 'b'].hasAll(['a'].toSet()) && ['a'].hasAny(['a'].toSet()) && ['a'].hasOnly(['a'].toSet())",
    "['a', 'b', 'c'].join(',') == 'a,b,c' && [].join(',') == '' && [1, true, null].join('-') == '1-true-null'",
    "['a', 'b', 'a'].removeAll(['a']) == ['b']",
    "['a', 'b'].size() == 2 && [].size() == 0",
    "['a', 'b', 'a'].toSet().size() == 2 && [1, 1.0].toSet().size() == 1 && [1, true].toSet().size() == 2",
]
SET = [
    "['a','b'].toSet().difference(['a','c'].toSet()) == ['b'].toSet()",
    "['a'].toSet().difference(['a'].toSet()).size() == 0",
    "['a','b'].toSet().hasAll(['a','c']) == false",
    "['d','e','f'].toSet().hasAll(['d','e']) == true",
    "['a','b'].toSet().hasAny(['c','d'].toSet()) == false",
    "['a','b'].toSet().hasAny(['a','c'].toSet()) == true",
    "['a','b'].toSet().hasOnly(['a','c']) == false",
    "['a','b'].toSet().hasOnly(['a','b']) == true",
    "['a'].toSet().hasOnly(['a','b']) && [].toSet().hasOnly([])",
    "['a','b'].toSet().intersection(['a','c'].toSet()) == ['a'].toSet()",
    "['a','b'].toSet().size() == 2",
    "['a','b'].toSet().union(['a','c'].toSet()) == ['a','b','c'].toSet()",
    "['a','b'].toSet() == ['b','a'].toSet()",
    "[{'a': 1}].toSet() == [{'a': 1.0}].toSet() && [[1].toSet()].toSet() == [[1.0].toSet()].toSet()",
]
MAP = [
    "{'a': 3, 'b': 2}.get('c', 7) == 7",
    "{'a': [2, 7], 'b': [9, 12]}.get('c', [1, 1]) == [1, 1]",
    "{'a': [2, 7], 'b': [9, 12]}.get('b', [1, 1]) == [9, 12]",
    "{'a': {'b': 1}, 'c': 2}.get(['a', 'b'], 7) == 1",
    "{'a': {'b': 1}, 'c': 2}.get(['c', 'b'], 7) == 7 && {'a': {}}.get(['a', 'b'], 7) == 7",
    "{'a': null}.get('a', 7) == null",
    "{'a': 1, 'b': 2}.keys() == ['a', 'b']",
    "{'a': 1, 'b': 2}.values() == [1, 2]",
    "{'a': 1, 'b': 2}.size() == 2 && {}.size() == 0",
    "'a' in {'a': 1}.keys()",
]
MAP_DIFF = [
    "{'a': 1}.diff({}).addedKeys() == ['a'].toSet()",
    "({'a': 0, 'c': 0, 'u': 0}).diff({'r': 0, 'c': 1, 'u': 0}).affectedKeys() == ['a', 'r', 'c'].toSet()",
    "{'a': 0}.diff({'a': 1, 'b': 4}).changedKeys() == ['a'].toSet()",
    "{}.diff({'a': 1}).removedKeys() == ['a'].toSet()",
    "{'a': 0}.diff({'a': 0}).unchangedKeys() == ['a'].toSet()",
    "{'a': [1]}.diff({'a': [1.0]}).changedKeys().size() == 0",
    "{'a': 1}.diff({'a': '1'}).affectedKeys().hasOnly(['a'])",
    "{'a': true}.diff({'a': 1}).changedKeys().hasAll(['a'])",
    "{'a': 1}.diff({'a': 1}).affectedKeys().size() == 0",
]
BYTES = [
    "b'*' == b'\\x2A' && b'*' == b'\\052'",
    "b'\u20ac' == b'\\342\\202\\254' && b'\u20ac' == b'\\xE2\\x82\\xAC'",
    "b'\\xFF\\xFF'.size() == 2 && b'a'.size() == 1 && b'\u20ac'.size() == 3",
    "b'\\xFB\\xEF\\xBE'.toBase64() == '----'",
    "b'\\x2A'.toHexString() == '2A' && b'**'.toHexString() == '2A2A' && b'\u20ac'.toHexString() == 'E282AC'",
]
NUMBERS = [
    "int('2') == 2 && int(2.0) == 2 && int(-2.9) == -2 && int(7) == 7 && int('-12') == -12",
    "float('2.2') == 2.2 && float(2) == 2.0 && float(2) is float && float('1e2') == 100.0",
    "bool('true') == true && bool('false') == false && bool(true)",
    "math.abs(-1) == 1 && math.abs(1) == 1 && math.abs(-1.5) == 1.5",
    "math.ceil(2.0) == 2 && math.ceil(2.1) == 3 && math.ceil(2.7) == 3 && math.ceil(-2.7) == -2",
    "math.floor(1.9) == 1 && math.floor(2.0) == 2 && math.floor(2.7) == 2 && math.floor(-1.1) == -2",
    "math.ceil(1.5) is int && math.floor(1.5) is int && math.round(1.5) is int",
    "math.isInfinite(1.0 / 0) && math.isInfinite(-1.0 / 0) && !math.isInfinite(100)",
    "math.isNaN(0.0 / 0) && !math.isNaN(100) && !math.isNaN(1.0 / 0)",
    "math.pow(2, 2) == 4 && math.pow(1.5, 2) == 2.25 && math.pow(4, 0.5) == 2 && math.pow(2, 2) is float",
    "math.isInfinite(math.pow(10, 400)) && math.isNaN(math.pow(-8, 0.5)) && math.isInfinite(math.pow(0, -1))",
    "math.round(1.9) == 2 && math.round(2.4) == 2 && math.round(2.5) == 3 && math.round(-2.5) == -2",
    "math.round(3) == 3",
    "math.sqrt(4) == 2.0 && math.sqrt(2.25) == 1.5 && math.isNaN(math.sqrt(-1))",
]
HASHING = [
    "hashing.md5('abc').toHexString() == '900150983CD24FB0D6963F7D28E17F72'",
    "hashing.sha256(b'abc').toHexString() == 'BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD'",
    "hashing.crc32('123456789').toHexString() == 'CBF43926'",
    "hashing.crc32c('123456789').toHexString() == 'E3069283'",
    "hashing.sha256('\u20ac') == hashing.sha256(b'\u20ac')",
]
PATH = [
    "/path/to/resource == path('path/to/resource') && /path/to == path('/path/to') && /a/b != /a/c",
    "(/path/$(foo)/$(bar)).bind({'foo': 'something', 'bar': 'another'}) == /path/something/another",
    "(/path/$(foo)).bind({'foo': 'x'}).foo == 'x' && (/path/$(foo)).bind({'foo': 'x'})['foo'] == 'x'",
    "/path/to/resource[2] == 'resource' && path('a/b')[0] == 'a'",
    "/databases/(default)/documents/a-b/$('c' + 'd') == path('databases/(default)/documents/a-b/cd')",
    "(/a/$(path('b/c'))/d) == /a/b/c/d",
    "(/a/$(x)).bind({}) != /a/x",
    "path(/a/b) == /a/b",
]
LATLNG = [
    "latlng.value(45.0, 90.0).latitude() == 45.0 && latlng.value(45, 90).longitude() == 90.0",
    "latlng.value(1, 2) == latlng.value(1.0, 2.0)",
    "math.floor(latlng.value(0, 0).distance(latlng.value(0, 1)) / 1000) == 111",
    "latlng.value(10, 20).distance(latlng.value(10, 20)) == 0.0",
]
ERRORS = [
    ("'a'.matches('(')", "Invalid regular expression: missing ): (."),
    ("'a'.matches('(?=a)')", "Invalid regular expression: invalid perl operator: (?=."),
    ("'a'.matches(1)", "Unsupported operation error. Received: matches(int)."),
    ("'\U0001f600'[0].matches('.')", "The string is not valid Unicode."),
    ("'\U0001f600'[0].toUtf8() == b''", "The string is not valid Unicode."),
    ("'a'.size(1) == 1", "Function not found error: Name: [size]."),
    ("1.size() == 1", "Function not found error: Name: [size]."),
    ("null.size() == 1", "Null value error."),
    ("['a'].hasOnly('a')", "Unsupported operation error. Received: hasOnly(string)."),
    ("[[1]].join(',') == ''", "Cannot convert list to string."),
    ("{}.get('a') == 1", "Function not found error: Name: [get]."),
    ("{}.get(1, 2) == 1", "Unsupported operation error. Received: get(int, int)."),
    ("{}.diff(null).addedKeys().size() == 0", "Unsupported operation error. Received: diff(null)."),
    ("['a'].toSet().union(['b']).size() == 2", "Unsupported operation error. Received: union(list)."),
    ("int('2.5') == 2", "Cannot convert string to int."),
    ("int('9223372036854775808') == 2", "Integer overflow."),
    ("int(1.0 / 0) == 2", "Cannot convert float to int."),
    ("int(true) == 1", "Cannot convert bool to int."),
    ("float('x') == 2.0", "Cannot convert string to float."),
    ("float(null) == 2.0", "Cannot convert null to float."),
    ("bool('yes')", "Cannot convert string to bool."),
    ("bool(1)", "Cannot convert int to bool."),
    ("string([]) == ''", "Cannot convert list to string."),
    ("path(1) == /a", "Cannot convert int to path."),
    ("int(1, 2) == 1", "Function not found error: Name: [int]."),
    ("math.ceil(1.0 / 0) == 1", "The number has no integer value."),
    ("math.abs(-9223372036854775808) > 0", "Integer overflow."),
    ("math.ceil('a') == 1", "Unsupported operation error. Received: math.ceil(string)."),
    ("math.cube(2) == 8", "Function not found error: Name: [math.cube]."),
    ("hashing.md5(1) == b''", "Unsupported operation error. Received: hashing.md5(int)."),
    ("latlng.value(91, 0).latitude() == 91.0", "Invalid latitude or longitude."),
    ("/a/b[2] == 'c'", "Index out of bounds."),
    ("(/a/$(x))[1] == 'c'", "Path segment x is not bound."),
    ("(/a/$(x)).bind({'x': 1}) == /a/b", "Path segment x must be a string."),
    ("/a/$(1) == /a/b", "A path segment is a string or a path."),
    ("(/a/b).foo == 'x'", "Property foo is undefined on object."),
]


@pytest.mark.parametrize(
    "condition",
    [*STRING, *LIST, *SET, *MAP, *MAP_DIFF, *BYTES, *NUMBERS, *HASHING, *PATH, *LATLNG],
)
def test_holds(condition: str) -> None:
    assert outcome(condition) == "true"


@pytest.mark.parametrize(("condition", "message"), ERRORS)
def test_has_no_value(condition: str, message: str) -> None:
    assert outcome(condition) == message


def test_strings_of_unusual_floats() -> None:
    assert [value_of(f"string({text})") for text in ("0.0 / 0", "1.0 / 0", "-1.0 / 0")] == [
        "NaN",
        "Infinity",
        "-Infinity",
    ]


def test_distance_between_berlin_and_lagos() -> None:
    meters = value_of("latlng.value(52.52, 13.405).distance(latlng.value(6.5244, 3.3792))")
    assert isinstance(meters, float)
    assert math.isclose(meters, 5_203_000, rel_tol=0.01)
