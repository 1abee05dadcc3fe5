"""Whatever the rule and the query: when the list is allowed, every document it could return may be read by itself."""

from itertools import product

from hypothesis import event, given, settings
from hypothesis import strategies as st

from emulator.firestore.rules import AllOf, AnyOf, FieldFilter, Operator, Query
from emulator.firestore.rules.constraints import comparable, compare
from emulator.firestore.rules.query import Filter
from emulator.firestore.rules.values import Value, canonical
from tests.emulator.firestore.rules.harness import ROOT, World, request, ruleset

FIELDS = ("a", "b", "c.d")
# Equal in value across types, ordered and not, nested: what rules and queries tell apart differently. NaN is left out
# (an upper bound alone does not exclude it, see unsupported.py).
SCALARS: list[Value] = [None, True, False, 0, 1, 1.0, 2, 2.5, "x", "y"]
VALUES: list[Value] = [*SCALARS, [], [1], [1.0, "x"], ["x"], {"x": 1}, {"x": 1.0}]
MISSING = object()


def _documents() -> list[dict[str, Value]]:
    """Every value in `a` beside a few in `b` and `c`: all the documents a query may meet."""
    some_c: list[object] = [MISSING, 1, {}, {"d": 1}, {"d": 1.0}, {"d": "x", "e": 1}, {"d": ["x"]}]
    choices = product([MISSING, *VALUES], [MISSING, 1, 2.5, "x", ["x"]], some_c)
    return [{k: v for k, v in zip("abc", choice, strict=True) if v is not MISSING} for choice in choices]


DOCUMENTS = _documents()
ANY = {Operator.IN, Operator.NOT_IN, Operator.ARRAY_CONTAINS_ANY}
COMPARISONS = {
    Operator.EQUAL: "==",
    Operator.NOT_EQUAL: "!=",
    Operator.LESS_THAN: "<",
    Operator.LESS_THAN_OR_EQUAL: "<=",
    Operator.GREATER_THAN: ">",
    Operator.GREATER_THAN_OR_EQUAL: ">=",
}


def literal(value: Value) -> str:
    """The value as rules write it."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case list():
            return f"[{', '.join(map(literal, value))}]"
        case dict():
            return "{" + ", ".join(f"'{key}': {literal(item)}" for key, item in value.items()) + "}"
        case _:
            return repr(value)


@st.composite
def field_filters(draw: st.DrawFn) -> FieldFilter:
    """One filter on one field."""
    field = tuple(draw(st.sampled_from(FIELDS)).split("."))
    operator = draw(st.sampled_from(list(Operator)))
    if operator in ANY:
        return FieldFilter(field, operator, draw(st.lists(st.sampled_from(VALUES), min_size=1, max_size=2)))
    return FieldFilter(field, operator, draw(st.sampled_from(VALUES)))


@st.composite
def atoms(draw: st.DrawFn, basis: FieldFilter) -> str:
    """A condition about the field of a filter, more often than not one the filter has something to say about."""
    field = f"resource.data.{'.'.join(basis.field)}"
    own = draw(st.sampled_from(basis.value)) if isinstance(basis.value, list) and basis.value else basis.value
    value = literal(draw(st.sampled_from([own, own, *VALUES])))
    usual = COMPARISONS.get(basis.operator, "==")
    comparison = draw(st.sampled_from([usual, usual, usual, *COMPARISONS.values()]))
    if draw(st.booleans()):
        return f"{value} in {field}" if basis.operator is Operator.ARRAY_CONTAINS else f"{field} {comparison} {value}"
    return draw(
        st.sampled_from(
            [
                f"{field} {comparison} {value}",
                f"{value} {comparison} {field}",
                f"{field} in [{value}, {literal(own)}]",
                f"{field} in [{value}].toSet()",
                f"{value} in {field}",
                f"{field}.hasAny([{value}, 'y'])",
                f"{field} is {draw(st.sampled_from(['int', 'float', 'number', 'string', 'list', 'map', 'bool']))}",
                f"[{field}] == [{value}]",
                f"{field} + 1 > 1",
                f"{field} / 2 == 0",
                f"resource.data.get({literal(list(basis.field))}, {value}) == {value}",
                f"'{basis.field[0]}' in resource.data",
                f"resource.data.{basis.field[0]} == {value}",
                "resource.data.b == 1",
                "'b' in resource.data",
                "resource.data.size() < 2",
                "resource.data.keys().hasOnly(['a', 'b'])",
                "resource.data == {'a': 1}",
                "resource.data.a == resource.data.b",
                "thing == 't1' || resource.id == 't1'",
            ]
        )
    )


@st.composite
def questions(draw: st.DrawFn) -> tuple[str, Filter]:
    """A condition and the filter of a query, about the same fields."""
    leaves = draw(st.lists(field_filters(), min_size=1, max_size=2))
    where: Filter = AnyOf(tuple(leaves[:2])) if draw(st.integers(0, 3)) == 0 else AllOf(tuple(leaves))
    condition = draw(atoms(leaves[0]))
    for _ in range(draw(st.integers(0, 2))):
        other = draw(atoms(draw(st.sampled_from(leaves))))
        shape = draw(st.sampled_from(["({0} || {1})", "({0} && {1})", "({1} || !({0}))", "({0} ? {1} : false)"]))
        condition = shape.format(condition, other)
    return condition, where


def _stored(data: dict[str, Value], field: tuple[str, ...]) -> object:
    value: object = data
    for name in field:
        if not isinstance(value, dict) or name not in value:
            return MISSING
        value = value[name]
    return value


def _in_order(value: object, operator: Operator, limit: Value) -> bool:
    """Firestore's ranges hold values of the limit's own type; it orders bools too. Lists and maps are left out."""
    if isinstance(value, bool) and isinstance(limit, bool):
        order = value - limit
    elif comparable(value, limit):
        order = compare(value, limit)
    else:
        return False
    return {
        Operator.LESS_THAN: order < 0,
        Operator.LESS_THAN_OR_EQUAL: order <= 0,
        Operator.GREATER_THAN: order > 0,
        Operator.GREATER_THAN_OR_EQUAL: order >= 0,
    }[operator]


def returned(data: dict[str, Value], where: Filter) -> bool:
    """Whether Firestore returns a document with these fields for the filter: equality is by value, 1 equals 1.0."""
    match where:
        case AllOf(filters=parts):
            return all(returned(data, part) for part in parts)
        case AnyOf(filters=parts):
            return any(returned(data, part) for part in parts)
        case FieldFilter(field=field, operator=operator, value=wanted):
            value = _stored(data, field)
            if value is MISSING:
                return False
            key = canonical(value)
            alternatives = [canonical(item) for item in wanted] if isinstance(wanted, list) else []
            elements = [canonical(item) for item in value] if isinstance(value, list) else []
            match operator:
                case Operator.EQUAL:
                    return key == canonical(wanted)
                case Operator.NOT_EQUAL:
                    return value is not None and key != canonical(wanted)
                case Operator.IN:
                    return key in alternatives
                case Operator.NOT_IN:
                    return value is not None and key not in alternatives
                case Operator.ARRAY_CONTAINS:
                    return canonical(wanted) in elements
                case Operator.ARRAY_CONTAINS_ANY:
                    return any(item in elements for item in alternatives)
                case _:
                    return _in_order(value, operator, wanted)


def _atoms_about_a() -> list[str]:
    field = "resource.data.a"
    texts = [literal(value) for value in VALUES]
    found = [f"{field} {sign} {text}" for sign in COMPARISONS.values() for text in texts]
    found += [f"{text} {sign} {field}" for sign in COMPARISONS.values() for text in texts]
    found += [f"{text} in {field}" for text in texts] + [f"{field} in [{text}]" for text in texts]
    found += [f"{field}.hasAny([{text}])" for text in texts]
    found += [
        f"{field} is {kind}" for kind in ("int", "float", "number", "string", "list", "map", "bool", "constraint")
    ]
    found += [f"resource.data {sign} {{'a': {text}}}" for sign in ("==", "!=") for text in texts]
    found += ["'a' in resource.data", "'b' in resource.data", "resource.data.size() == 1", "resource == null"]
    found += ["resource.data.get('a', 1) == 1", "resource.data.get('b', 1) == 1", "resource.data.keys() == ['a']"]
    found += [f"[{field}] == [1]", f"{{'k': {field}}} == {{'k': 'x'}}", f"{field} + 1 > 1", f"{field} / 2 == 0"]
    return found


def _filters_on_a() -> list[FieldFilter]:
    single = [FieldFilter(("a",), op, value) for op in Operator if op not in ANY for value in VALUES]
    return single + [FieldFilter(("a",), op, pair) for op in sorted(ANY) for pair in ([v, "y"] for v in VALUES)]


def test_no_single_condition_holds_for_a_list_and_not_for_its_documents() -> None:
    documents: list[dict[str, Value]] = [{"a": value} for value in VALUES]
    cases = []
    for atom in _atoms_about_a():
        for condition in (atom, f"!({atom})"):
            rules = ruleset(f"match /things/{{thing}} {{ allow read: if {condition}; }}")
            readable = [rules.evaluate(request("get", before=data), World()).allowed for data in documents]
            cases.append((condition, rules, readable))
    proven = 0
    for where in _filters_on_a():
        matching = [position for position, data in enumerate(documents) if returned(data, where)]
        asked = request("list", "", query=Query(ROOT, "things", where=where))
        for condition, rules, readable in cases:
            if matching and rules.evaluate(asked, World()).allowed:
                proven += condition != "resource.data.a is constraint"
                refused = [documents[position] for position in matching if not readable[position]]
                assert not refused or "constraint" in condition, (condition, where, refused)
    assert proven > 1_000


@settings(max_examples=500)
@given(questions())
def test_an_allowed_list_returns_only_documents_a_get_allows(question: tuple[str, Filter]) -> None:
    condition, where = question
    rules = ruleset(f"match /things/{{thing}} {{ allow read: if {condition}; }}")
    if not rules.evaluate(request("list", "", query=Query(ROOT, "things", where=where)), World()).allowed:
        return
    matching = [data for data in DOCUMENTS if returned(data, where)]
    event("allowed, with documents" if matching else "allowed, without documents")
    for data in matching:
        single = rules.evaluate(request("get", before=data), World())
        assert single.allowed, (data, single.trace())
