"""Ids: what may be one, that parts stay apart, and that the same input always gives the same id."""

import math
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.domain.errors import InvalidInput
from lib.domain.ids import canonical_json, check_id, check_org_id, derived_id, fingerprint, id_part, is_org_id
from lib.domain.json_pointer import json_pointer


@pytest.mark.parametrize("value", ["a", "org_1", "é", "a b", "...", "__a", "a__", "x" * 1500])
def test_document_ids(value: str) -> None:
    assert check_id(value, pointer="/id") == value


@pytest.mark.parametrize(
    "value", ["", ".", "..", "a/b", "__a__", "____", "x" * 1501, "é" * 751, "\ud800", None, 5, b"a", ["a"]]
)
def test_what_is_no_document_id(value: object) -> None:
    with pytest.raises(InvalidInput) as refusal:
        check_id(value, pointer="/id")

    assert refusal.value.pointer == "/id"


def test_org_ids_are_shorter() -> None:
    assert check_org_id("x" * 128) == "x" * 128
    assert is_org_id("x" * 128)
    assert not is_org_id("x" * 129)
    assert not is_org_id("a/b")
    with pytest.raises(InvalidInput) as refusal:
        check_org_id("x" * 129)
    assert refusal.value.pointer == "/orgId"


@pytest.mark.parametrize("value", ["4711", "aB-9.~", "a@b.co", "+1", "x:y"])
def test_ordinary_ids_stay_readable(value: str) -> None:
    assert id_part(value) == value


@given(st.text(st.characters(codec="utf-8"), max_size=60))
def test_a_part_gives_back_what_it_stands_for(value: str) -> None:
    part = id_part(value)

    assert "/" not in part
    assert "_" not in part
    assert len(part) <= 300
    if len(value) <= 25:  # at most four UTF-8 bytes of three characters each
        assert unquote(part) == value


def test_long_and_broken_parts_are_ids_too() -> None:
    assert len(id_part("x" * 301)) == 32
    assert id_part("x" * 301) != id_part("x" * 302)
    assert check_id(id_part("\ud800"), pointer="")


@given(st.lists(st.text(), min_size=1, max_size=4), st.lists(st.text(), min_size=1, max_size=4))
def test_derived_ids_differ_when_the_parts_do(one: list[str], other: list[str]) -> None:
    assert (derived_id(*one) == derived_id(*other)) == (one == other)
    assert len(derived_id(*one)) == 32


def test_canonical_json_does_not_depend_on_the_order_of_keys() -> None:
    assert canonical_json({"b": [1, "é"], "a": None}) == '{"a":null,"b":[1,"é"]}'
    assert fingerprint({"b": 1, "a": 2}) == fingerprint({"a": 2, "b": 1})
    assert fingerprint({"a": 1}) != fingerprint({"a": "1"})
    assert len(fingerprint("\ud800")) == 64
    with pytest.raises(ValueError, match="JSON"):
        canonical_json(math.nan)


def test_ids_do_not_change_between_versions() -> None:
    """They are stored: another value here would orphan every document named after one."""
    assert derived_id("org_a", "pos", "4711") == "1598c2f1ac388ac0cb986694eb934564"
    assert fingerprint({"points": 5})[:32] == "121c3831d29746c7f0c922894d6ad9bb"


@pytest.mark.parametrize(
    ("path", "pointer"), [((), ""), (("a", 0, "b"), "/a/0/b"), (("a/b", "c~d", ""), "/a~1b/c~0d/")]
)
def test_json_pointers(path: tuple[str | int, ...], pointer: str) -> None:
    assert json_pointer(path) == pointer
