"""Looks at customers while the simulation runs: new entries against every invariant, balances against the oracle."""

from collections.abc import Iterable, Iterator
from typing import Any

from google.cloud.firestore import Client, FieldFilter

from cli.simulate.oracle import Expected
from cli.simulate.people import Person
from cli.simulate.world import SETTINGS, World
from lib.domain.invariants.ledger import LedgerReader
from lib.domain.invariants.violations import Document, Violation

_TIERS = ((100_000, "platinum"), (50_000, "gold"), (20_000, "silver"), (0, "bronze"))


class Watch:
    """Reads each customer's ledger once, entry by entry, however often it looks."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._client: Client = world.client
        self._ledgers: dict[str, LedgerReader] = {}

    def look(self, people: Iterable[Person], *, at_balances: bool = True) -> None:
        """Reports what is wrong with these people's customers. Nothing may be written to them meanwhile.

        `at_balances` is False while an event has died half-way: nobody can say then whether it was worked.
        """
        known = {person.key: person for person in people if person.key in self._world.customer_ids}
        expected = self._world.oracle.expected(known)
        for key, person in known.items():
            for violation in self._look_at(person):
                self._world.problem(str(violation))
            if at_balances:
                for difference in self._differences(person, expected[key]):
                    self._world.problem(difference)
            self._world.count("looks at a customer")

    def balances(self, people: Iterable[Person]) -> dict[str, tuple[int, ...]]:
        """By person: points available, reserved and owed, cents spent, orders counted, as the documents have them."""
        return {
            person.key: _figures(self._document(person)["loyalty"])[:5]
            for person in people
            if person.key in self._world.customer_ids
        }

    def _document(self, person: Person) -> dict[str, Any]:
        customer_id = self._world.customer_ids[person.key]
        return self._client.document("customers", customer_id).get().to_dict() or {}

    def _look_at(self, person: Person) -> Iterator[Violation]:
        reference = self._client.document("customers", self._world.customer_ids[person.key])
        ledger = self._ledgers.setdefault(person.key, LedgerReader(person.org_id, reference.id))
        new = reference.collection("ledger").where(filter=FieldFilter("seq", ">", ledger.seq)).order_by("seq")
        for snapshot in new.stream():
            yield from ledger.read(Document(snapshot.reference.path, snapshot.to_dict() or {}))
        yield from ledger.close(Document(reference.path, reference.get().to_dict() or {}))

    def _differences(self, person: Person, expected: Expected) -> Iterator[str]:
        fields = self._document(person)
        found = Expected(*_figures(fields["loyalty"]))
        if found != expected:
            yield f"{person.key}: the oracle says {expected}, the documents say {found}"
        owed = expected.debt if SETTINGS[person.org_id].get("clawback") == "allow_negative" else 0
        if fields["points"] != expected.available - owed:
            yield f"{person.key}: {expected.available - owed} points to be shown, {fields['points']} are"
        tier = next(name for cents, name in _TIERS if expected.spend_cents >= cents)
        if fields["tier"] != tier:
            yield f"{person.key}: tier {tier} is due, {fields['tier']} is stored"


def _figures(account: dict[str, Any]) -> tuple[Any, ...]:
    balances = [account["balances"][name] for name in ("available", "reserved", "debt")]
    return (*balances, *(account[name] for name in ("spendCents", "orderCount", "firstOrderAt", "lastOrderAt")))
