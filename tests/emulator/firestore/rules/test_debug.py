"""`debug()`: it shows each value as the official emulator's log does and returns it unchanged."""

import logging

import pytest

from emulator.firestore.rules import FieldFilter, Operator, Query
from emulator.firestore.rules.debug_text import debug_text
from emulator.firestore.rules.values import Value
from tests.emulator.firestore.rules.harness import ROOT, World, decide, request, ruleset, value_of


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("null", "null_value: NULL_VALUE"),
        ("true", "bool_value: true"),
        ("1", "int_value: 1"),
        ("1.5", "float_value: 1.5"),
        ("'a\"b'", 'string_value: "a\\"b"'),
        ("b'a'", 'bytes_value: "YQ=="'),
        ("/a/b", 'path_value: "/a/b"'),
        ("(/a/$(x)).bind({})", 'path_value: "/a/$(x)"'),
        ("request.time", "timestamp_value: 1700000000.123456789"),
        ("duration.value(1500, 'ms')", "duration_value: 1.500000000"),
        ("latlng.value(1, 2)", "latlng_value: 1.0,2.0"),
        ("[1, 'a']", 'list_value {\n  values {\n    int_value: 1\n  }\n  values {\n    string_value: "a"\n  }\n}'),
        ("['a'].toSet()", 'set_value {\n  values {\n    string_value: "a"\n  }\n}'),
        ("{'k': 1}", 'map_value {\n  fields {\n    key: "k"\n    int_value: 1\n  }\n}'),
        (
            "{}.diff({})",
            "map_diff_value {\n  after {\n    map_value {\n    }\n  }\n  before {\n    map_value {\n    }\n  }\n}",
        ),
    ],
)
def test_text(expression: str, text: str) -> None:
    assert debug_text(value_of(expression)) == text


def test_what_a_query_tells_can_be_shown() -> None:
    seen: list[Value] = []
    query = Query(ROOT, "things", where=FieldFilter(("n",), Operator.GREATER_THAN, 5))
    body = "match /things/{t} { allow list: if debug(resource).data.n > 1; }"
    assert decide(body, request("list", "", query=query), debug=seen.append).allowed
    text = debug_text(seen[0])
    assert 'key: "n"' in text
    assert "comparator: GT" in text


def test_calls_nest_and_log_in_the_order_of_evaluation(caplog: pytest.LogCaptureFixture) -> None:
    rules = ruleset("match /things/{t} { allow get: if debug(debug(t) == debug('t1')); }")
    with caplog.at_level(logging.INFO, logger="emulator.firestore.rules.ruleset"):
        assert rules.evaluate(request(), World()).allowed
    assert [record.getMessage() for record in caplog.records] == [
        'string_value: "t1"',
        'string_value: "t1"',
        "bool_value: true",
    ]
