"""The made-up account: what it knows of whom, and what its check of a sync finds."""

from collections import Counter
from typing import Any

import pytest

from cli.demo.alpine_account import Fate, Member, members, misjudged
from lib.domain.identity import IdentityKey, IdentityKind, identity_id

ORG = "org_shop"


def _customer(number: int, available: int = 100, debt: int = 0) -> dict[str, Any]:
    email = f"customer{number}@example.com"
    return {
        "email": email,
        "loyalty": {
            "identities": [identity_id(ORG, IdentityKey(IdentityKind.EMAIL, email))],
            "balances": {"available": available, "pending": 0, "reserved": 0, "debt": debt},
        },
    }


def _known(customers: dict[str, dict[str, Any]], **redeemed: int) -> dict[str, Member]:
    return {each.customer_id: each for each in members(ORG, customers, Counter(redeemed))}


def test_every_kind_of_figure_is_there() -> None:
    known = _known({f"c{number:02}": _customer(number) for number in range(14)})
    theirs = {customer_id: member.theirs for customer_id, member in known.items() if member.theirs != member.ours}
    assert theirs == {"c00": 0, "c01": 150, "c02": 105, "c11": 66, "c12": 105}
    assert {key: it.entered for key, it in known.items() if it.entered} == {"c00": -100, "c01": 50, "c11": -34}
    assert "c03" not in known and "c13" not in known


def test_a_reward_and_a_debt_are_unknown_to_it() -> None:
    known = _known({"ann": _customer(1), "ben": _customer(2, 0, debt=30), "cem": _customer(3, 5)}, ann=50)
    assert {key: (it.theirs, it.fate, it.entered) for key, it in known.items()} == {
        "ann": (150, Fate.REDEEMED_HERE, 0),
        "ben": (30, Fate.OWES, 0),
        "cem": (5, Fate.AGREES, 0),
    }


def test_what_is_a_tenth_of_its_figure_agrees_and_is_not_left_open() -> None:
    assert _known({"ann": _customer(1, 90)}, ann=10)["ann"].fate is Fate.AGREES
    assert _known({"ann": _customer(1, 89)}, ann=10)["ann"].fate is Fate.REDEEMED_HERE


def test_an_address_that_leads_to_somebody_else_makes_no_contact() -> None:
    shared = _customer(1) | {"email": "customer2@example.com"}
    assert _known({"ann": shared, "ben": _customer(2)}).keys() == {"ben"}


@pytest.mark.parametrize(
    ("found", "compared", "says"),
    [
        ([{"customerId": "ann", "state": "resolved", "resolution": "overridden"}], 1, []),
        ([], 1, ["customer ann: with Alpine IQ agrees, expected overridden"]),
        (
            [{"customerId": "ann", "state": "open", "hindrance": "owes"}],
            0,
            [
                "customer ann: with Alpine IQ owes, expected overridden",
                "customers compared with Alpine IQ: 0, expected 1",
            ],
        ),
    ],
)
def test_what_a_sync_did_otherwise_is_named(found: list[dict[str, Any]], compared: int, says: list[str]) -> None:
    assert list(misjudged([Member("ann", 100, 150, Fate.OVERRIDDEN, {})], compared, found)) == says
