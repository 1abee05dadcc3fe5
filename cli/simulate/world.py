"""What the simulation's threads share: the shops, what is known of their customers, the oracle, and what went wrong."""

import threading
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from random import Random
from typing import Any

from google.cloud.firestore import Client

from cli.simulate.books import Deserves, Phase
from cli.simulate.front import Front
from cli.simulate.oracle import Oracle
from cli.simulate.people import ORGS, Person, document_before, make_people
from cli.simulate.shops import Shop, plain_settings, timed_settings
from cli.simulate.timeline import Timeline

_PROBLEMS_MAX = 100


@dataclass(slots=True)
class World:
    """Safe for several threads. `present`: by order, its newest state and which write of it that is."""

    client: Client
    front: Front
    timeline: Timeline
    people: list[Person]
    shops: dict[str, Shop]
    oracle: Oracle
    counts: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    customer_ids: dict[str, str] = field(default_factory=dict)
    present: dict[str, tuple[int, Deserves]] = field(default_factory=dict)
    _people_by_customer: dict[str, str] = field(default_factory=dict)
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
            self.know(person, found)
        return found

    def know(self, person: Person, customer_id: str) -> None:
        """Takes down which customer document a person's is."""
        self.customer_ids.setdefault(person.key, customer_id)
        self._people_by_customer.setdefault(customer_id, person.key)

    def person_of(self, customer_id: str) -> str | None:
        """Whose this customer document is, None while that is not known."""
        return self._people_by_customer.get(customer_id)

    def customers_in(self, written: Iterable[str]) -> set[str]:
        """Whose customer documents are among these paths."""
        ids = (path.removeprefix("customers/") for path in written if path.startswith("customers/"))
        return {self._people_by_customer[it] for it in ids if it in self._people_by_customer}

    def order_worked(self, order_id: str, version: int, state: Deserves, written: Collection[str]) -> set[str]:
        """Somebody has worked this state of an order and written these documents; tells the oracle, and returns whom it
        concerned."""
        person = self.oracle.people.get(state.person or "")
        if person and state.phase is Phase.EARNING and is_recorded(order_id, written):
            self.learn(person, order_id)
        return self.oracle.delivered(order_id, version, state, self.timeline.now, self.customers_in(written))

    def holds_ended(self, written: Iterable[str], but: str = "") -> None:
        """Somebody has written these documents, and no redemption on purpose but one: the others have timed out."""
        ids = {path.rpartition("/")[2] for path in written if "/redemptions/" in path} - {but}
        self.oracle.timed_out(ids, self.timeline.now)


def is_recorded(order_id: str, written: Iterable[str]) -> bool:
    """Whether the record of what an order has granted is among these paths."""
    return any(path.endswith(f"/accruals/{order_id}") for path in written)


def open_shops(
    client: Client, front: Front, timeline: Timeline, chance: Random, people_count: int, *, with_time: bool = False
) -> World:
    """Two orgs with settings, a location each, and customers whom the dashboard already knew. `with_time`: under their
    settings time takes points and tiers."""
    people = make_people(chance, people_count)
    shops = {org: Shop(org, plain_settings(org)) for org in ORGS}
    oracle = Oracle({person.key: person for person in people}, shops, equity_multiplier=Fraction(6, 5))
    batch = client.batch()
    for org_id in ORGS:
        batch.set(client.document("organizations", org_id), {"name": org_id})
        batch.set(client.document("locations", f"{org_id}_main"), {"orgId": org_id})
    for person in people:
        if legacy := document_before(person):
            path, fields = legacy
            batch.set(client.document(path), fields)
    batch.commit()
    world = World(client, front, timeline, people, shops, oracle)
    for org_id in ORGS:
        settings = timed_settings(org_id, chance) if with_time else shops[org_id].settings
        if not change_settings(world, shops[org_id], settings, "opening"):
            raise RuntimeError(f"the settings of {org_id} were refused")
    return world


def change_settings(world: World, shop: Shop, change: dict[str, Any], key: str) -> bool:
    """Has a shop's settings changed; whether that was accepted."""
    data = {"orgId": shop.org_id, "idempotencyKey": f"rules-{key}", "settings": change}
    accepted = bool(world.front.call("update_loyalty_settings", data, at=world.timeline.now)["ok"])
    if accepted:
        shop.change(change, world.timeline.now)
    return accepted
