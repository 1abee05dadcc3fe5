"""Looks at customers while the simulation runs: new entries against every invariant, balances against the oracle."""

from collections.abc import Iterable, Iterator

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

    def _look_at(self, person: Person) -> Iterator[Violation]:
        reference = self._client.document("customers", self._world.customer_ids[person.key])
        ledger = self._ledgers.setdefault(person.key, LedgerReader(person.org_id, reference.id))
        new = reference.collection("ledger").where(filter=FieldFilter("seq", ">", ledger.seq)).order_by("seq")
        for snapshot in new.stream():
            yield from ledger.read(Document(snapshot.reference.path, snapshot.to_dict() or {}))
        yield from ledger.close(Document(reference.path, reference.get().to_dict() or {}))

    def _differences(self, person: Person, expected: Expected) -> Iterator[str]:
        fields = self._client.document("customers", self._world.customer_ids[person.key]).get().to_dict() or {}
        account = fields["loyalty"]
        balances = account["balances"]
        found = Expected(
            available=balances["available"],
            reserved=balances["reserved"],
            debt=balances["debt"],
            spend_cents=account["spendCents"],
            order_count=account["orderCount"],
            first_at=account["firstOrderAt"],
            last_at=account["lastOrderAt"],
        )
        if found != expected:
            yield f"{person.key}: the oracle says {expected}, the documents say {found}"
        owed = expected.debt if SETTINGS[person.org_id].get("clawback") == "allow_negative" else 0
        if fields["points"] != expected.available - owed:
            yield f"{person.key}: {expected.available - owed} points to be shown, {fields['points']} are"
        tier = next(name for cents, name in _TIERS if expected.spend_cents >= cents)
        if fields["tier"] != tier:
            yield f"{person.key}: tier {tier} is due, {fields['tier']} is stored"
