"""The coverage report: what each expression came to, how often, where it stands, and what is still missing."""

from emulator.firestore.rules import Auth, parse
from emulator.firestore.rules.coverage import DISTINCT_VALUES_MAX, Gap
from emulator.firestore.rules.values import Value
from tests.emulator.firestore.rules.harness import World, request, ruleset

SOURCE = """rules_version = '2';
service cloud.firestore {
  match /databases/{database}/documents {
    function own(doc) { return doc.owner == request.auth.uid; }
    match /things/{thing} {
      allow get: if own(resource.data) || thing == 'open';
      allow list: if true;
    }
  }
}"""


def _get(rules_source: str, *asked: tuple[str, dict[str, Value] | None, str | None]) -> list[object]:
    rules = parse(rules_source)
    for name, data, uid in asked:
        rules.evaluate(request(path=f"things/{name}", before=data, auth=Auth(uid) if uid else None), World())
    report = rules.coverage.to_json()["report"]
    assert isinstance(report, list)
    return report


def test_before_any_request_the_report_names_every_expression_and_no_value() -> None:
    function, condition = _get(SOURCE)
    assert isinstance(function, dict)
    start = SOURCE.index("doc.owner")
    last = SOURCE.index(".uid") + len(".uid") - 1
    assert function["sourcePosition"] == {"line": 4, "column": 32, "currentOffset": start, "endOffset": last}
    owner, uid = function["children"]
    assert [owner["sourcePosition"]["column"], uid["sourcePosition"]["column"]] == [32, 45]
    assert owner["children"][0]["sourcePosition"]["endOffset"] == start + len("doc") - 1
    assert "values" not in str(function) + str(condition)


def test_positions_span_the_expression_in_the_source() -> None:
    spans = [SOURCE[e.span.start : e.span.end] for e in parse(SOURCE).coverage.expressions()]
    assert spans == [
        "doc.owner == request.auth.uid",
        "doc.owner",
        "doc",
        "request.auth.uid",
        "request.auth",
        "request",
        "own(resource.data) || thing == 'open'",
        "own(resource.data)",
        "resource.data",
        "resource",
        "thing == 'open'",
        "thing",
    ]


def test_values_and_errors_are_counted() -> None:
    _, condition = _get(
        SOURCE,
        ("t1", {"owner": "u1"}, "u1"),
        ("t1", {"owner": "u2"}, "u1"),
        ("t1", {"owner": "u2"}, "u1"),
        ("open", None, "u1"),
        ("t1", {"owner": "u1"}, None),
    )
    assert isinstance(condition, dict)
    assert condition["values"] == [
        {"value": {"boolValue": True}, "count": 2},
        {"value": {"boolValue": False}, "count": 2},
        {"value": {"undefined": {"causeMessage": "Null value error."}}, "count": 1},
    ]
    call, comparison = condition["children"]
    assert call["values"] == [
        {"value": {"boolValue": True}, "count": 1},
        {"value": {"boolValue": False}, "count": 2},
        {"value": {"undefined": {"causeMessage": "Null value error."}}, "count": 2},
    ]
    assert comparison["children"][0]["values"] == [
        {"value": {"stringValue": "t1"}, "count": 3},
        {"value": {"stringValue": "open"}, "count": 1},
    ]


def test_gaps_name_what_was_not_evaluated_and_what_was_not_true_and_false() -> None:
    rules = parse(SOURCE)
    assert [str(gap) for gap in rules.coverage.gaps()] == [
        "4:32 never evaluated: doc.owner == request.auth.uid",
        "6:21 never evaluated: own(resource.data) || thing == 'open'",
    ]
    rules.evaluate(request(before={"owner": "u1"}, auth=Auth("u1")), World())
    assert rules.coverage.gaps() == [
        Gap(4, 32, "doc.owner == request.auth.uid", "never false"),
        Gap(6, 21, "own(resource.data)", "never false"),
        Gap(6, 21, "own(resource.data) || thing == 'open'", "never false"),
        Gap(6, 43, "thing == 'open'", "never evaluated"),
    ]
    for path, owner in (("things/t1", "u2"), ("things/open", "u2")):
        rules.evaluate(request(path=path, before={"owner": owner}, auth=Auth("u1")), World())
    assert rules.coverage.gaps() == []


def test_an_error_is_neither_true_nor_false() -> None:
    rules = ruleset("match /things/{t} { allow get: if resource.data.open; }")
    rules.evaluate(request(before={}), World())
    assert [gap.missing for gap in rules.coverage.gaps()] == ["never false", "never true"]


def test_every_place_that_demands_a_bool_is_wanted_both_ways() -> None:
    body = """match /things/{t} {
        allow get: if !resource.data.a && (resource.data.b ? resource.data.c : resource.data.d == 1);
    }"""
    rules = ruleset(body)
    wanted = {
        " ".join(rules.source[e.span.start : e.span.end].split()) for e in rules.coverage.expressions() if e.boolean
    }
    assert wanted == {
        "!resource.data.a && (resource.data.b ? resource.data.c : resource.data.d == 1)",
        "!resource.data.a",
        "resource.data.a",
        "resource.data.b ? resource.data.c : resource.data.d == 1",
        "resource.data.b",
        "resource.data.d == 1",
    }


def test_values_of_other_types_and_floods_of_them_are_summed_up() -> None:
    rules = ruleset("match /things/{t} { allow get: if debug(resource.data.n) == 1; }")
    samples: list[Value] = [None, 5, 0.5, float("inf"), [1], {"a": 1}, b"x"]
    for value in [*samples, *range(100, 100 + 2 * DISTINCT_VALUES_MAX)]:
        rules.evaluate(request(before={"n": value}), World(), debug=lambda _value: None)
    call = list(rules.coverage.expressions())[1]
    counts = call.to_json()["values"]
    assert isinstance(counts, list)
    assert counts[:7] == [
        {"value": {"nullValue": None}, "count": 1},
        {"value": {"intValue": "5"}, "count": 1},
        {"value": {"floatValue": 0.5}, "count": 1},
        {"value": {"floatValue": "Infinity"}, "count": 1},
        {"value": {"listValue": {}}, "count": 1},
        {"value": {"mapValue": {}}, "count": 1},
        {"value": {"bytesValue": {}}, "count": 1},
    ]
    assert len(counts) == DISTINCT_VALUES_MAX + 1
    assert sum(each["count"] for each in counts) == len(samples) + 2 * DISTINCT_VALUES_MAX
    assert counts[-1] == {"value": {"intValue": {}}, "count": DISTINCT_VALUES_MAX + len(samples)}
