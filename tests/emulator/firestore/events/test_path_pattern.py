"""Which document paths an Eventarc path pattern matches, and which texts are no patterns."""

import pytest

from emulator.firestore.events.path_pattern import PathPattern


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("orders/{id}", "orders/o1", True),
        ("orders/{id=*}", "orders/o1", True),
        ("/orders/{id}/", "orders/o1", True),
        ("orders/*", "orders/o1", True),
        ("orders/{id}", "customers/o1", False),
        ("orders/{id}", "orders/o1/lines/1", False),
        ("orders/{id}", "orders", False),
        ("orders/o1", "orders/o1", True),
        ("orders/o1", "orders/o2", False),
        ("orders/o.1", "orders/oX1", False),
        ("tenants/{org}/orders/{id}", "tenants/t/orders/o", True),
        ("tenants/{org}/orders/{id}", "tenants/t/orders", False),
        ("users/{user=**}", "users/a", True),
        ("users/{user=**}", "users/a/address/home", True),
        ("users/**", "users/a/address/home", True),
        ("users/{user=**}", "people/a", False),
        ("{path=**}/lines/{line}", "orders/o1/lines/1", True),
        ("{path=**}/lines/{line}", "lines/1", True),
        ("{path=**}/lines/{line}", "orders/o1/lines", False),
        ("a/{rest=**}/z/{id}", "a/z/1", True),
        ("a/{rest=**}/z/{id}", "a/z", False),
        ("a/{rest=**}/z/{id}", "a/b/c/z/1", True),
        ("orders/web-*", "orders/web-17", True),
        ("orders/web-*", "orders/pos-17", False),
        ("orders/*-eu-*", "orders/a-eu-1", True),
        ("**", "any/thing/at/all", True),
    ],
)
def test_matches_whole_paths(pattern: str, path: str, matches: bool) -> None:
    assert PathPattern(pattern).matches(path) is matches


@pytest.mark.parametrize("text", ["", "a//b", "a/{b", "a/x{b}", "a/**/b/**", "a/b**", "a/{b=x}"])
def test_refuses_what_is_no_pattern(text: str) -> None:
    with pytest.raises(ValueError, match="path pattern"):
        PathPattern(text)
