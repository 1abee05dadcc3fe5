"""Looks at customers while the simulation runs: new entries against every invariant, balances against the oracle."""

from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import Any

from google.cloud.firestore import Client, FieldFilter

from cli.simulate.books import Expected
from cli.simulate.people import Person
from cli.simulate.world import World
from lib.domain.invariants.ledger import LedgerReader
from lib.domain.invariants.violations import Document, Fields, Violation


class Watch:
    """Reads each customer's ledger once, entry by entry, however often it looks."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._client: Client = world.client
        self._ledgers: dict[str, LedgerReader] = {}

    def look(self, people: Iterable[Person]) -> None:
        """Reports what is wrong with these people's customers. Nothing may be written to them meanwhile."""
        known = {person.key: person for person in people if person.key in self._world.customer_ids}
        expected = self._world.oracle.expected(known)
        for key, person in known.items():
            customer = self._document(person)
            for violation in self._violations(person, customer):
                self._world.problem(str(violation))
            for difference in self._differences(person, customer.fields, expected[key]):
                self._world.problem(difference)
            self._world.count("looks at a customer")

    def balances(self, people: Iterable[Person]) -> dict[str, tuple[Any, ...]]:
        """By person what the documents say: points available, pending, reserved and owed, cents spent, orders counted,
        dates of the first and the last of them, tier and segment."""
        found = {person.key: person for person in people if person.key in self._world.customer_ids}
        said = {key: _said(self._document(person).fields) for key, person in found.items()}
        return {key: tuple(getattr(it, field.name) for field in fields(it)[:-2]) for key, it in said.items()}

    def _document(self, person: Person) -> Document:
        snapshot = self._client.document("customers", self._world.customer_ids[person.key]).get()
        return Document(snapshot.reference.path, snapshot.to_dict() or {})

    def _violations(self, person: Person, customer: Document) -> Iterator[Violation]:
        customer_id = self._world.customer_ids[person.key]
        ledger = self._ledgers.setdefault(person.key, LedgerReader(person.org_id, customer_id))
        if customer.fields.get("loyalty", {}).get("seq") != ledger.seq:
            entries = self._client.collection("customers", customer_id, "ledger")
            new = entries.where(filter=FieldFilter("seq", ">", ledger.seq)).order_by("seq")
            for snapshot in new.stream():
                self._world.count(f"ledger: {snapshot.get('kind')}")
                yield from ledger.read(Document(snapshot.reference.path, snapshot.to_dict() or {}))
        yield from ledger.close(customer)

    def _differences(self, person: Person, customer: Fields, expected: Expected) -> Iterator[str]:
        found = _said(customer)
        for field in fields(Expected):
            due, said = getattr(expected, field.name), getattr(found, field.name)
            if due != said:
                yield f"{person.key}: {field.name} {due} is due, {said} is stored"
        owed = expected.debt if self._world.shops[person.org_id].shows_debt else 0
        if customer["points"] != expected.available - owed:
            yield f"{person.key}: {expected.available - owed} points to be shown, {customer['points']} are"


def _said(customer: Fields) -> Expected:
    account = customer["loyalty"]
    lots: dict[Any, int] = {}
    for lot in account["lots"]:
        lots[lot["expiresAt"]] = lots.get(lot["expiresAt"], 0) + lot["points"]
    parcels = {(parcel["releaseAt"], parcel["expiresAt"]): parcel["points"] for parcel in account.get("parcels") or ()}
    balances = account["balances"]
    return Expected(
        available=balances["available"],
        pending=balances.get("pending", 0),
        reserved=balances["reserved"],
        debt=balances["debt"],
        spend_cents=account["spendCents"],
        order_count=account["orderCount"],
        first_at=account["firstOrderAt"],
        last_at=account["lastOrderAt"],
        tier=customer["tier"],
        segment=customer["segment"],
        lots=lots,
        parcels=parcels,
    )
