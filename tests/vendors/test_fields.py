"""Single fields: what is missing, what is zero and what cannot be read are three different things."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AliasChoices, Field

from lib.vendors.fields import Cents, Flag, Instant, Number, Points, Record, Text


class Thing(Record):
    points: Points = None
    cents: Cents = Field(None, validation_alias=AliasChoices("total", "amount"))
    text: Text = None
    flag: Flag = None
    at: Instant = None
    number: Number = None


NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("points", 0, 0),
        ("points", "0", 0),
        ("points", 12.9, 12),
        ("points", -0.5, -1),
        ("points", " 120 ", 120),
        ("points", "", None),
        ("points", None, None),
        ("total", 49.99, 4999),
        ("total", "1234.5", 123450),
        ("total", "-3", -300),
        ("total", 0, 0),
        ("amount", 1, 100),
        ("text", "  a ", "a"),
        ("text", 7, "7"),
        ("text", " ", None),
        ("flag", True, True),
        ("flag", 0, False),
        ("flag", "TRUE", True),
        ("flag", "", None),
        ("at", 1795262400, NOON),
        ("at", "1795262400", NOON),
        ("at", "2026-11-21T12:00:00Z", NOON),
        ("at", "2026-11-21 07:00:00-05:00", NOON),
        ("at", "2026-11-21 12:00", NOON),
        ("at", "20261121", datetime(2026, 11, 21, tzinfo=UTC)),
        ("at", 0, None),
        ("at", "", None),
        ("number", "3.5", Decimal("3.5")),
    ],
)
def test_readable(field: str, value: object, expected: object) -> None:
    thing = Thing.read({field: value, "unknown": "x"})
    attribute = {"total": "cents", "amount": "cents"}.get(field, field)
    assert getattr(thing, attribute) == expected
    assert thing.unreadable == frozenset()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("points", "lots"),
        ("points", True),
        ("points", [1]),
        ("points", {"value": 1}),
        ("points", float("nan")),
        ("points", 10**13),
        ("points", "1e5"),
        ("total", "$12"),
        ("total", 1e300),
        ("amount", "free"),
        ("text", ["a"]),
        ("text", True),
        ("flag", "maybe"),
        ("flag", 2),
        ("at", "yesterday"),
        ("at", 10**20),
        ("at", True),
        ("at", "2026-13-01"),
        ("number", "1,5"),
    ],
)
def test_unreadable_is_named_and_the_rest_is_read(field: str, value: object) -> None:
    other = "text" if field != "text" else "points"
    thing = Thing.read({field: value, other: "7"})
    assert thing.unreadable == {field}
    assert getattr(thing, other) in ("7", 7)
    assert getattr(thing, {"total": "cents", "amount": "cents"}.get(field, field)) is None


def test_a_name_that_is_null_does_not_hide_another_one() -> None:
    assert Thing.read({"total": None, "amount": 3}).cents == 300


def test_a_name_that_cannot_be_read_does() -> None:
    thing = Thing.read({"total": "free", "amount": 3})
    assert thing.cents is None
    assert thing.unreadable == {"total"}


@pytest.mark.parametrize("value", [None, [], "text", 3])
def test_what_is_no_object_is_no_record(value: object) -> None:
    with pytest.raises(ValueError, match="not an object"):
        Thing.read(value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(["points", "total", "amount", "text", "flag", "at", "number", "x"]), JSON))
def test_reading_an_object_never_fails(raw: dict[str, Any]) -> None:
    thing = Thing.read(raw)
    assert thing.unreadable <= raw.keys() - {"x"}
