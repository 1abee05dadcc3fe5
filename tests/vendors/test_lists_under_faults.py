"""Lists read while anything goes wrong, in any order: complete, or an error; never a part that looks like all."""

from __future__ import annotations

import random
from typing import Any

import pytest

from emulator.vendors.client import SandboxClient
from lib.vendors.errors import Malformed, Refused, Unavailable
from tests.vendors.alleaves.shop import Shop as Till
from tests.vendors.alleaves.shop import ids
from tests.vendors.alpine_iq.shop import Shop, many

HONEST = ("status", "html", "cut_body", "cut_json", "success_false")
LIES = ("half_page", "same_page", "duplicates")
ROUNDS = 6


def plan(chance: random.Random) -> list[dict[str, Any]]:
    """One kind of lie, which two could make a perfect one, and up to two failures; now or in a while, once or more."""
    return [
        {
            "kind": kind,
            "skip": chance.randrange(6),
            "times": chance.choice([1, 1, 2, 3, None]),
            "status": chance.choice([429, 500, 502, 503]),
            "html": chance.random() < 0.3,
        }
        for kind in [chance.choice(LIES), *chance.choices(HONEST, k=chance.randint(0, 2))]
    ]


@pytest.mark.parametrize("seed", range(8))
def test_contacts_of_alpine_iq(alpine_iq_sandbox: SandboxClient, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(ROUNDS):
        shop = Shop(alpine_iq_sandbox)
        count = chance.choice([1, 9, 10, 11, 35])
        shop.seed(*many(count))
        faults = plan(chance)
        for fault in faults:
            alpine_iq_sandbox.fail(**fault)
        try:
            found = {contact.contact_id for contact in shop.all(10)}
        except (Unavailable, Malformed, Refused):
            found = None
        alpine_iq_sandbox.heal()
        assert found in (None, {contact["contactID"] for contact in many(count)}), (seed, faults)


@pytest.mark.parametrize("seed", range(8))
def test_orders_of_alleaves(alleaves_sandbox: SandboxClient, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(ROUNDS):
        till = Till(alleaves_sandbox)
        count = chance.choice([1, 99, 100, 101, 250])
        till.seed(count)
        faults = plan(chance)
        for fault in faults:
            alleaves_sandbox.fail(path="/order", **fault)
        try:
            found = set(till.orders())
        except (Unavailable, Malformed, Refused):
            found = None
        alleaves_sandbox.heal()
        assert found in (None, set(ids(count))), (seed, faults)
