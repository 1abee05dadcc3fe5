"""What the simulation's threads share: the shops, what is known of their customers, the oracle, and what went wrong."""

import threading
from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction
from random import Random
from typing import Any

from google.cloud.firestore import Client

from cli.simulate.front import Front
from cli.simulate.oracle import Oracle
from cli.simulate.people import BLUE, GREEN, ORGS, Person, document_before, make_people

_REWARDS = [
    {"id": "r20", "pointsCost": 20, "rewardValue": 1},
    {"id": "r50", "pointsCost": 50, "rewardValue": 3},
    {"id": "r100", "pointsCost": 100, "rewardValue": 7},
]
# One shop is careful and the other generous, so that both sides of every setting are exercised.
SETTINGS: dict[str, dict[str, Any]] = {
    GREEN: {"pointsPerDollar": 1, "pointsExpireMonths": 12, "redemptionTiers": _REWARDS},
    BLUE: {
        "pointsPerDollar": 1.5,
        "clawback": "allow_negative",
        "redemptionMode": "pro_rata",
        "redemptionTiers": _REWARDS,
    },
}
_PROBLEMS_MAX = 100


@dataclass(slots=True)
class World:
    """Safe for several threads."""

    client: Client
    front: Front
    people: list[Person]
    oracle: Oracle
    counts: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    customer_ids: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, what: str, by: int = 1) -> None:
        """Adds to a counter of the report."""
        with self._lock:
            self.counts[what] += by

    def problem(self, what: str) -> None:
        """Something that must not be."""
        with self._lock:
            self.counts["problems"] += 1
            if len(self.problems) < _PROBLEMS_MAX:
                self.problems.append(what)

    def learn(self, person: Person, order_id: str) -> str | None:
        """The id of a person's customer document, found by one of the person's orders; None while there is none."""
        known = self.customer_ids.get(person.key)
        if known:
            return known
        record = self.client.document("tenants", person.org_id, "accruals", order_id).get().to_dict() or {}
        found: str | None = record.get("customerId")
        if found:
            self.customer_ids.setdefault(person.key, found)
        return found


def open_shops(client: Client, front: Front, chance: Random, people_count: int) -> World:
    """Two orgs with settings, a location each, and customers whom the dashboard already knew."""
    people = make_people(chance, people_count)
    oracle = Oracle(
        people={person.key: person for person in people},
        points_per_dollar={org: Fraction(str(SETTINGS[org]["pointsPerDollar"])) for org in ORGS},
        equity_multiplier=Fraction(6, 5),
    )
    batch = client.batch()
    for org_id in ORGS:
        batch.set(client.document("organizations", org_id), {"name": org_id})
        batch.set(client.document("locations", f"{org_id}_main"), {"orgId": org_id})
    for person in people:
        if legacy := document_before(person):
            path, fields = legacy
            batch.set(client.document(path), fields)
    batch.commit()
    for org_id in ORGS:
        data = {"orgId": org_id, "idempotencyKey": "opening", "settings": SETTINGS[org_id]}
        if not front.call("update_loyalty_settings", data)["ok"]:
            raise RuntimeError(f"the settings of {org_id} were refused")
    return World(client, front, people, oracle)
