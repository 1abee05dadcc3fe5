"""The oracle of comparisons: what may be entered because of Alpine IQ, and who must not be passed over in silence.

It knows which figures were really told of whom, who owns a contact, what was redeemed and decided here; of the product
it reads entries, balances and the queue. Ratios are compared by multiplication: the product has fractions.
"""

import math
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cli.simulate.alpine.account import Contact, LyingAccount
from cli.simulate.alpine.terms import OVERRIDING, WINS, ShopTerms
from cli.simulate.people import Person, document_before
from cli.simulate.world import World

# A sync compares with nothing that it was told longer ago.
_REMEMBERED = timedelta(hours=12, minutes=1)
_MOMENT = timedelta(seconds=1)


@dataclass(slots=True)
class _Heard:
    """What is known of one person: figures told lately, all that were ever told, and what people have decided: the
    difference they left last, and after which entries."""

    lately: list[tuple[datetime, int]] = field(default_factory=list)
    ever: set[int] = field(default_factory=set)
    left: int = 0
    decided_at: set[int] = field(default_factory=set)


@dataclass(slots=True)
class Judge:
    """`terms` and `accounts` by org."""

    world: World
    accounts: Mapping[str, LyingAccount]
    terms: Mapping[str, ShopTerms]
    _heard: defaultdict[str, _Heard] = field(default_factory=lambda: defaultdict(_Heard))

    def entered(self, written: Collection[str]) -> set[str]:
        """Whoever has written these documents has compared: tells the simulation's oracle of every entry among them, if
        there was a reason for it; whose they are."""
        self._listen()
        concerned: set[str] = set()
        for customer_id, entry in self._corrections(written):
            person = self._person(customer_id)
            if person is None:
                self.world.problem(f"{customer_id}: is nobody and was given {entry['points']} points")
                continue
            earlier = self._earlier(customer_id, entry["seq"])
            if not self._has_reason(person, entry, earlier, written):
                told = sorted({figure for _, figure in self._heard[person.key].lately})
                had = _shown(earlier[-1]["balances"]) if earlier else 0
                words = f"{entry['points']} points entered beside {had} without a reason; {told} was told"
                self.world.problem(f"{person.key}: {words} ({entry['reason']})")
            self._check_queue(person, customer_id, entry)
            self._tell(person, customer_id, entry)
            concerned.add(person.key)
        return concerned

    def decided(
        self, person: Person, customer_id: str, wanted: int | None, left: int, written: Collection[str]
    ) -> None:
        """A person has decided what the customer is to have (None: what it has), which left so much of a difference."""
        self._listen()
        heard, customer = self._heard[person.key], self._document("customers", customer_id)
        balances = customer["loyalty"]["balances"]
        has = balances["available"] + balances["reserved"] - balances["debt"]
        corrections = list(self._corrections(written))
        if wanted is None and corrections:
            self.world.problem(f"{person.key}: ours was kept, and {corrections[0][1]['points']} points were entered")
        if wanted is not None and has != wanted and (balances["available"] or has < wanted):
            self.world.problem(f"{person.key}: was to have {wanted} points and has {has}")
        for _, entry in corrections:
            self._tell(person, customer_id, entry)
        heard.left = left
        heard.decided_at.add(customer["loyalty"]["seq"])

    def was_told(self, person: Person, points: int) -> bool:
        """Whether this figure was ever told of a person."""
        self._listen()
        return points in self._heard[person.key].ever

    def find_silent(self) -> None:
        """Everybody has just been compared, and nothing failed: whoever differs must be seen to."""
        there = {org_id: account.contacts() for org_id, account in self.accounts.items()}
        for person in self.world.people:
            customer_id = self.world.customer_ids.get(person.key) or _legacy_id(person)
            if customer_id:
                for words in self._silence(person, customer_id, there[person.org_id]):
                    self.world.problem(f"{person.key}: {words}")

    def _listen(self) -> None:
        now = self.world.timeline.now
        for account in self.accounts.values():
            for told in account.told():
                owner, figure = account.owners.get(told["contactID"]), _figure(told)
                if owner and figure is not None:
                    heard = self._heard[owner]
                    heard.ever.add(figure)
                    heard.lately = [each for each in heard.lately if each[0] > now - _REMEMBERED]
                    heard.lately.append((now, figure))

    def _corrections(self, written: Collection[str]) -> Iterator[tuple[str, dict[str, Any]]]:
        for path in sorted(path for path in written if "/ledger/" in path):
            entry = self._document(*path.split("/"))
            if entry["kind"] == "reconcile":
                yield path.split("/")[1], entry

    def _tell(self, person: Person, customer_id: str, entry: Mapping[str, Any]) -> None:
        self.world.know(person, customer_id)
        self.world.oracle.adjusted(person.key, entry["points"], self.world.timeline.now)
        self.world.count("alpine: points given" if entry["points"] > 0 else "alpine: points taken")

    def _has_reason(
        self, person: Person, entry: Mapping[str, Any], earlier: list[dict[str, Any]], written: Collection[str]
    ) -> bool:
        heard, now = self._heard[person.key], self.world.timeline.now
        before = earlier[-1]["balances"] if earlier else {"available": 0, "reserved": 0, "debt": 0}
        stored = [each for each in earlier if _path(each) not in written]
        last = stored[-1] if stored and stored[-1]["kind"] != "reconcile" else None
        terms = self.terms[person.org_id]
        came_back = max(0, self._spent(heard, earlier)) if entry["points"] > 0 else 0
        return any(
            _explains(entry["points"], before, figure, left, came_back, terms) and terms.is_due(last, told_at, now)
            for told_at, figure in heard.lately
            if told_at > now - _REMEMBERED
            for left in (0, heard.left)
        )

    def _spent(self, heard: _Heard, earlier: list[dict[str, Any]]) -> int:
        """Points spent on rewards since both sides can last have had the same, or somebody decided."""
        spent = 0
        for place in range(len(earlier) - 1, -1, -1):
            entry = earlier[place]
            if entry["seq"] in heard.decided_at or _shown(entry["balances"]) in heard.ever:
                break
            if entry["kind"] in ("capture", "reinstate"):
                spent += _shown(earlier[place - 1]["balances"]) - _shown(entry["balances"])
        return spent

    def _check_queue(self, person: Person, customer_id: str, entry: Mapping[str, Any]) -> None:
        found = self._document("tenants", person.org_id, "discrepancies", customer_id)
        lines = [line for line in found.get("history", ()) if line["runId"] == entry["source"]["id"]]
        if not any(line["resolution"] == "overridden" or line["state"] == "open" for line in lines):
            self.world.problem(f"{person.key}: {entry['points']} points entered, of which the queue says nothing")

    def _silence(self, person: Person, customer_id: str, there: Mapping[str, Contact]) -> Iterator[str]:
        customer, owners = self._document("customers", customer_id), self.accounts[person.org_id].owners
        link: dict[str, Any] = customer.get("alpine") or {}
        mine = {contact_id: contact for contact_id, contact in there.items() if owners[contact_id] == person.key}
        state, contact_id = link.get("state"), link.get("contactId")
        if contact_id and owners.get(contact_id) != person.key:
            yield f"is compared with {contact_id}, who is {owners.get(contact_id)}"
        is_known = _is_recognised(person, customer)
        figures = [_figure(contact) for contact in mine.values()]
        is_clear = all(figure is not None and figure >= 0 for figure in figures)
        is_member = is_known and is_clear and any(contact["loyalty"] is True for contact in mine.values())
        if is_member and state in (None, "not_a_member"):
            yield f"is a member as {sorted(mine)} and was not compared ({state})"
        figure = _figure(mine.get(contact_id or "", {}))
        if figure is None or figure < 0 or state in (None, "not_a_member"):
            return
        account = customer.get("loyalty")
        ours = _shown(account["balances"]) if account else customer.get("points", 0)
        if (link["points"], link["calculated"]) != (figure, ours):
            yield f"{figure} is told and {ours} is calculated, {link['points']} and {link['calculated']} is remembered"
        elif not self._is_seen_to(person, customer_id, figure - ours, figure, link):
            yield f"has {ours}, {figure} there, and nobody is told ({state})"
        elif self.terms[person.org_id].differs(figure - ours, figure):
            self.world.count(f"alpine: differences found {state}")

    def _is_seen_to(
        self, person: Person, customer_id: str, difference: int, figure: int, link: Mapping[str, Any]
    ) -> bool:
        heard, terms = self._heard[person.key], self.terms[person.org_id]
        queued = self._document("tenants", person.org_id, "discrepancies", customer_id)
        is_open = queued.get("state") in ("open", "reviewed")
        if is_open != (link["state"] == "open") and link["state"] != "waiting":
            return False
        if not terms.differs(difference, figure):
            return not is_open or terms.policy == WINS
        if link["state"] == "waiting":
            entries = self._earlier(customer_id, 10**9)
            return terms.is_waited_for(entries[-1], self.world.timeline.now)
        if link["state"] == "open":
            return is_open and queued["remaining"] == difference
        is_left = heard.left and not terms.differs(difference - heard.left, figure)
        if link["state"] in ("kept", "overridden") and is_left:
            return True
        # Whatever could not be entered and is within the threshold is left at that, also where any difference counts.
        return terms.policy == WINS and not terms.is_above(difference - heard.left, figure)

    def _earlier(self, customer_id: str, seq: int) -> list[dict[str, Any]]:
        entries = self.world.client.collection("customers", customer_id, "ledger").order_by("seq").stream()
        return [each for each in (found.to_dict() or {} for found in entries) if each["seq"] < seq]

    def _person(self, customer_id: str) -> Person | None:
        key = self.world.person_of(customer_id)
        people = self.world.people
        return next((it for it in people if it.key == key or (not key and _legacy_id(it) == customer_id)), None)

    def _document(self, *path: str) -> dict[str, Any]:
        return self.world.client.document(*path).get().to_dict() or {}


def _explains(points: int, before: Mapping[str, int], figure: int, left: int, came_back: int, terms: ShopTerms) -> bool:
    """Whether a figure, less the difference that people have left, is a reason to enter so many points."""
    ours = _shown(before)
    wanted = figure - ours - left
    if figure < 0 or before["debt"] or terms.policy not in OVERRIDING or not terms.differs(figure - ours, figure):
        return False
    if points < 0:
        return points == -min(-wanted, before["available"]) if wanted < 0 else False
    return points <= wanted - came_back


def _shown(balances: Mapping[str, int]) -> int:
    """What Alpine IQ would say: what is set aside is not spent, and nobody owes."""
    return max(0, balances["available"] + balances["reserved"] - balances["debt"])


def _figure(contact: Contact) -> int | None:
    """A member's figure; None for nonsense and for who is no member."""
    points = contact.get("loyaltyPoints")
    is_figure = isinstance(points, int | float) and contact.get("loyalty") is not False
    return math.floor(points) if is_figure and points is not None else None


def _is_recognised(person: Person, customer: Mapping[str, Any]) -> bool:
    """Whether a number or an address proves who this is. What shoppers say of themselves does not, and of who was a
    customer before the ledger only the address is known."""
    if account := customer.get("loyalty"):
        return any(identity.startswith(("phone:", "email:")) for identity in account["identities"])
    return bool(person.email) and customer.get("email") == person.email


def _path(entry: Mapping[str, Any]) -> str:
    return f"customers/{entry['customerId']}/ledger/{entry['seq']:010d}"


def _legacy_id(person: Person) -> str | None:
    before = document_before(person)
    return before[0].removeprefix("customers/") if before else None
