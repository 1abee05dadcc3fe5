"""What a sandboxed Alpine IQ account remembers: contacts, balances that arrive late, and what changed them."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

PAGE_MAX = 2000
_TOLD_MAX = 20_000


@dataclass
class Behaviour:
    """How the account errs. Points of a sale arrive `lag_seconds` after it was told; a balance below zero becomes zero
    without a word; a sale that is told again is counted again, unless it `knows_sales` by their pos_id. A page has at
    most `page_max` contacts; where the list `shifts`, who leads it spends half after each page of it."""

    points_per_dollar: float = 1.0
    lag_seconds: float = 0.0
    zero_negatives: bool = True
    knows_sales: bool = False
    page_max: int = PAGE_MAX
    shifts: bool = False


@dataclass(frozen=True)
class Arrival:
    """Points on their way to a balance; unix seconds."""

    due_at: float
    contact_id: str
    points: int
    note: str


@dataclass
class Account:
    """One account, in Alpine IQ's own names. Times are unix seconds and given by the caller."""

    uid: str
    api_key: str
    behaviour: Behaviour = field(default_factory=Behaviour)
    contacts: dict[str, Json] = field(default_factory=dict)
    adjustments: list[Json] = field(default_factory=list)
    redemptions: list[Json] = field(default_factory=list)
    sales: list[Json] = field(default_factory=list)
    opt_ins: Json = field(default_factory=dict)
    templates: list[Json] = field(default_factory=list)
    arrivals: list[Arrival] = field(default_factory=list)
    told: deque[Json] = field(default_factory=lambda: deque(maxlen=_TOLD_MAX))
    """Figures that were given to whoever asked, the oldest ones forgotten; faults may have kept them from arriving."""
    _made: int = 0

    def put(self, contact: Json) -> Json:
        """Add a contact, or change the named fields of one that is there; balances change without an entry."""
        contact_id = str(contact.get("contactID") or self._new_id())
        self.contacts[contact_id] = {**self.contacts.get(contact_id, {}), **contact, "contactID": contact_id}
        return self.contacts[contact_id]

    def settle(self, now: float) -> None:
        """Let everything arrive that is due."""
        due = [arrival for arrival in self.arrivals if arrival.due_at <= now]
        self.arrivals = [arrival for arrival in self.arrivals if arrival.due_at > now]
        for arrival in due:
            if arrival.contact_id in self.contacts:
                self._move(arrival.contact_id, arrival.points, arrival.due_at, arrival.note, "")

    def search(self, text: str, start: int, limit: int) -> list[Json]:
        """Contacts, most points first: all for a blank text, else by telephone number, `email:` or name."""
        wanted = text.strip().lower()
        found = [contact for contact in self.contacts.values() if not wanted or _matches(contact, wanted)]
        found.sort(key=lambda contact: (-_points(contact), contact["contactID"]))
        return found[start : start + limit]

    def tell(self, contacts: list[Json]) -> None:
        """Take down what is being told of these contacts."""
        names = ("contactID", "loyalty", "loyaltyPoints")
        self.told.extend({name: contact.get(name) for name in names} for contact in contacts)

    def shift(self, now: float) -> None:
        """Let who leads the list spend half, so that it is in another order when its next page is asked for."""
        leader = max(self.contacts.values(), key=_points, default=None)
        if leader is not None and _points(leader) >= 2:
            self.redeem(leader["contactID"], int(_points(leader)) // 2, now)

    def find(self, email_or_phone: str) -> Json | None:
        """The first contact with this e-mail address or telephone number."""
        wanted = email_or_phone.strip().lower()
        keys = ("email", "mobilePhone")
        return next((it for it in self.contacts.values() if wanted in [str(it.get(k, "")).lower() for k in keys]), None)

    def adjust(self, contact_id: str, points: int, note: str, campaign_id: str, at: float) -> None:
        """Move a balance and say so among the adjustments."""
        self._move(contact_id, points, at, note, campaign_id)

    def redeem(self, contact_id: str, points: int, now: float) -> None:
        """Spend points at a till that talks to Alpine IQ itself."""
        self._change(contact_id, -points)
        self.redemptions.append({"contactID": contact_id, "points": points, "ts": int(now)})

    def merge(self, kept_id: str, gone_id: str) -> None:
        """Make two contacts one: balances are added, without an entry."""
        gone = self.contacts.pop(gone_id)
        self._change(kept_id, int(_points(gone)))

    def sell(self, member: Json, visit: Json, now: float) -> None:
        """Take note of a sale; a member's points for it are on their way then."""
        known = any(sale["visit"].get("pos_id") == visit.get("pos_id") for sale in self.sales)
        if known and self.behaviour.knows_sales:
            return
        self.sales.append({"member": member, "visit": visit, "ts": int(now)})
        named = [str(member[key]) for key in ("email", "mobilePhone") if member.get(key)]
        contact = next(filter(None, map(self.find, named)), None) or self.put({**member, "loyalty": False, "spent": 0})
        dollars = float(visit.get("transaction_total") or 0)
        contact["spent"] = round(contact.get("spent", 0) + dollars, 2)
        contact["lastPurchase"] = int(now)
        points = math.floor(dollars * self.behaviour.points_per_dollar)
        if contact.get("loyalty") and points:
            due_at = now + self.behaviour.lag_seconds
            self.arrivals.append(Arrival(due_at, contact["contactID"], points, f"sale {visit.get('pos_id')}"))
            self.settle(now)

    def enrol(self, member: Json) -> Json:
        """Make somebody a member."""
        named = [str(member[key]) for key in ("email", "mobilePhone") if member.get(key)]
        contact = next(filter(None, map(self.find, named)), None) or self.put(dict(member))
        return self.put({**contact, "loyalty": True, "loyaltyPoints": contact.get("loyaltyPoints", 0)})

    def _move(self, contact_id: str, points: int, at: float, note: str, campaign_id: str) -> None:
        self._change(contact_id, points)
        entry = {"contactID": contact_id, "value": points, "note": note, "cmpID": campaign_id, "ts": int(at)}
        self.adjustments.append(entry)

    def _change(self, contact_id: str, points: int) -> None:
        contact = self.contacts[contact_id]
        balance = _points(contact) + points
        contact["loyaltyPoints"] = max(0, balance) if self.behaviour.zero_negatives else balance

    def _new_id(self) -> str:
        self._made += 1
        return f"sandbox{self._made:06}"


def _points(contact: Json) -> float:
    value = contact.get("loyaltyPoints")
    return value if isinstance(value, int | float) else 0


def _matches(contact: Json, wanted: str) -> bool:
    if wanted.startswith("email:"):
        return bool(str(contact.get("email", "")).lower() == wanted.removeprefix("email:"))
    fields = (contact.get(name, "") for name in ("mobilePhone", "email", "firstName", "lastName"))
    return any(wanted in str(value).lower() for value in fields)
