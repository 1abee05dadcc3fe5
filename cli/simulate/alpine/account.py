"""A shop's account at Alpine IQ: it hears of the same sales, hours late or never, and of things that never were."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeAlias

import requests

from cli.simulate.books import Phase
from cli.simulate.people import GREEN, Person
from cli.simulate.world import World
from emulator.vendors.client import SandboxClient

Contact: TypeAlias = "dict[str, Any]"

_TIMEOUT_SECONDS = 60
# What is asked of it about contacts and changes; sales reach it in any case.
_ASKED = r"/api/v1\.1/(piis|adjustments|redemptions)/{uid}(/.*)?"
# Failures by kind, with what is particular to each.
_FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": "status", "status": 429, "retryAfter": 0},
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 502, "html": True},
    {"kind": "status", "status": 403},
    {"kind": "status", "status": 404},
    {"kind": "html"},
    {"kind": "success_false"},
    {"kind": "cut_body"},
    {"kind": "cut_json"},
    {"kind": "half_page"},
    {"kind": "same_page"},
    {"kind": "duplicates"},
    {"kind": "wrong_types"},
    {"kind": "wrong_types", "field": "loyaltyPoints"},
    {"kind": "wrong_types", "field": "loyalty"},
)


@dataclass(slots=True)
class LyingAccount:
    """One shop's. `owners`: by contact id, the person it is, None for somebody whom the shop does not know."""

    world: World
    org_id: str
    sandbox: SandboxClient
    chance: Random
    uid: str
    key: str
    owners: dict[str, str | None] = field(default_factory=dict)
    _heard: set[str] = field(default_factory=set)
    _made: int = 0

    def open(self) -> None:
        """Most customers are members, some twice; some are contacts and no members, some unknown; and strangers are
        both."""
        self.sandbox.put_account(
            self.uid,
            apiKey=self.key,
            pointsPerDollar=1 if self.org_id == GREEN else 1.5,
            lagSeconds=3600 * self.chance.choice((0, 3, 20)),
            pageMax=5,
        )
        for person in self._people():
            roll = self.chance.random()
            if roll < 0.8 and (person.email or person.phone):
                self._add(person, is_member=roll < 0.7)
            if roll < 0.1 and person.phone:
                self._add(person, is_member=self.chance.random() < 0.5)
        for number in range(4):
            stranger = {"mobilePhone": f"90955500{number:02d}", "loyalty": number > 0, "loyaltyPoints": 70 * number}
            self._put({"contactID": self._new_id(None), **stranger})
        self.look_around()

    def hear_of_sales(self) -> None:
        """Tells of what has been sold since; some sales never get there, and some with another amount."""
        for order_id, (_, state) in list(self.world.present.items()):
            person = self.world.oracle.people.get(state.person or "")
            is_new = state.phase is Phase.EARNING and order_id not in self._heard
            if not is_new or person is None or person.org_id != self.org_id:
                continue
            self._heard.add(order_id)
            if (roll := self.chance.random()) < 0.8 and (person.email or person.phone):
                self._tell_of(order_id, person, state.cents if roll < 0.75 else state.cents * 2)
        self.look_around()

    def lie(self) -> None:
        """Something happens to one contact over there of which nobody here has heard."""
        contact_id = self.chance.choice(list(self.contacts()))
        lies: tuple[Callable[[str], None], ...] = (
            self._move_silently,
            self._move_silently,
            self._zero,
            self._say_nonsense,
            self._change_membership,
            self._redeem,
            self._duplicate,
            self._merge,
        )
        self.chance.choice(lies)(contact_id)
        self.look_around()
        self.world.count("alpine: lies")

    def fail_soon(self) -> None:
        """The next requests fail in some way, or the list shifts while it is read."""
        if self.chance.random() < 0.2:
            self.sandbox.put_account(self.uid, shifts=True)
            return
        fault = self.chance.choice(_FAULTS)
        often: dict[str, Any] = {"times": self.chance.randrange(1, 5), "skip": self.chance.randrange(3)}
        self.sandbox.fail(**fault, path=_ASKED.format(uid=self.uid), **often)
        self.world.count(f"alpine: {fault['kind']}")

    def behave(self) -> None:
        """Nothing fails any more."""
        self.sandbox.heal()
        self.sandbox.put_account(self.uid, shifts=False)

    def contacts(self) -> dict[str, Contact]:
        """As they are there at the moment."""
        found: dict[str, Contact] = self.sandbox.account(self.uid)["contacts"]
        return found

    def told(self) -> list[Contact]:
        """What has been told of contacts since this was last asked."""
        found: list[Contact] = self.sandbox.ask("DELETE", f"/accounts/{self.uid}/told")
        return found

    def look_around(self) -> None:
        """Finds out whose new contacts are, by what no person of the shop has in common with another."""
        for contact_id, contact in self.contacts().items():
            if contact_id not in self.owners:
                mine = [it for it in self._people() if _is_of(contact, it)]
                self.owners[contact_id] = mine[0].key if mine else None

    def _people(self) -> list[Person]:
        return [person for person in self.world.people if person.org_id == self.org_id]

    def _add(self, person: Person, *, is_member: bool) -> None:
        address = {"mobilePhone": person.phone, "email": person.email}
        brought = person.opening.points if person.opening else 0
        points = brought if self.chance.random() < 0.7 else self.chance.randrange(400)
        self._put({"contactID": self._new_id(person.key), **address, "loyalty": is_member, "loyaltyPoints": points})

    def _put(self, contact: Contact) -> None:
        self.sandbox.put(self.uid, "contacts", [contact])

    def _new_id(self, owner: str | None) -> str:
        self._made += 1
        contact_id = f"{self.org_id}_contact{self._made:04}"
        self.owners[contact_id] = owner
        return contact_id

    def _tell_of(self, order_id: str, person: Person, cents: int) -> None:
        member = {"mobilePhone": person.phone, "email": person.email}
        visit = {"pos_id": order_id, "transaction_total": cents / 100}
        requests.post(
            f"{self.sandbox.base_url}/api/v1.1/createUpdateSale/{self.uid}",
            json={"member": {name: value for name, value in member.items() if value}, "visit": visit},
            headers={"X-APIKEY": self.key},
            timeout=_TIMEOUT_SECONDS,
        ).raise_for_status()

    def _move_silently(self, contact_id: str) -> None:
        points = self.contacts()[contact_id].get("loyaltyPoints")
        if isinstance(points, int):
            moved = max(0, points + self.chance.choice((-150, -20, -1, 3, 40, 300)))
            self._put({"contactID": contact_id, "loyaltyPoints": moved})

    def _zero(self, contact_id: str) -> None:
        self._put({"contactID": contact_id, "loyaltyPoints": 0})

    def _say_nonsense(self, contact_id: str) -> None:
        self._put({"contactID": contact_id, "loyaltyPoints": self.chance.choice((None, -50, "many", 12.5))})

    def _change_membership(self, contact_id: str) -> None:
        self._put({"contactID": contact_id, "loyalty": self.chance.choice((True, True, False, None))})

    def _redeem(self, contact_id: str) -> None:
        points = self.contacts()[contact_id].get("loyaltyPoints")
        if isinstance(points, int) and points > 1:
            spent = {"contactID": contact_id, "points": points // 2}
            self.sandbox.ask("POST", f"/accounts/{self.uid}/redemptions", spent)

    def _duplicate(self, contact_id: str) -> None:
        owner = self.owners[contact_id]
        if owner and (person := self.world.oracle.people[owner]).phone:
            self._add(person, is_member=True)

    def _merge(self, contact_id: str) -> None:
        """With another contact of the same person, or else of nobody's: that one has gone then."""
        others = [it for it in self.contacts() if it != contact_id and self.owners[it] == self.owners[contact_id]]
        if self.owners[contact_id] and others:
            gone = {"kept": contact_id, "gone": self.chance.choice(others)}
            self.sandbox.ask("POST", f"/accounts/{self.uid}/merges", gone)


def _is_of(contact: Contact, person: Person) -> bool:
    return bool(
        (person.phone and contact.get("mobilePhone") == person.phone)
        or (person.email and contact.get("email") == person.email)
    )
