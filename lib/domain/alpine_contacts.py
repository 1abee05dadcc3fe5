"""Alpine IQ's contacts as one export tells them, and which of them is a customer of ours.

Contacts carry no telephone numbers and addresses here, only the ids of the identity documents these would have: an
export that is kept for a while holds no personal data.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lib.domain.reconciliation import Alpine, Member, NotAMember, Unknown


@dataclass(frozen=True, slots=True)
class Contact:
    """`points` None: they did not say. `is_member` None: neither, and then a figure makes a member. `keys`: identity
    ids of the telephone number and of the address, the stronger one first."""

    id: str
    points: int | None
    is_member: bool | None = None
    tier: str | None = None
    changed_at: datetime | None = None
    keys: tuple[str, ...] = ()

    def side(self, fetched_at: datetime) -> Alpine:
        """What this says of a customer."""
        if self.is_member is False:
            return NotAMember()
        if self.points is None:
            return Unknown("no_figure")
        return Member(self.points, fetched_at, self.changed_at, self.id, self.tier)


@dataclass(frozen=True, slots=True)
class Match:
    """The contact of a customer; `others`: how many more contacts lead to the same customer."""

    contact: Contact
    others: int = 0


class Contacts:
    """All contacts of an export, to be asked for by many threads."""

    def __init__(self, contacts: Iterable[Contact]) -> None:
        self._by_id: dict[str, Contact] = {}
        self._by_key: dict[str, tuple[Contact, ...]] = {}
        for contact in contacts:
            # A list that shifts while it is read brings some contacts twice; the later one is the newer.
            self._by_id[contact.id] = contact
        for contact in self._by_id.values():
            for key in contact.keys:
                self._by_key[key] = (*self._by_key.get(key, ()), contact)

    def __len__(self) -> int:
        return len(self._by_id)

    def find(self, ids: Sequence[str], keys: Sequence[str]) -> Match | None:
        """The contact with one of these contact ids or identity ids, the first ones being the strongest; None for none.

        Of several, a member goes before a contact that is none; then what leads to it more strongly decides, then who
        changed last, then who has more points: merges leave the emptied contact behind.
        """
        found: dict[str, tuple[int, Contact]] = {}
        leads = [[self._by_id[each]] if each in self._by_id else [] for each in ids]
        leads += [list(self._by_key.get(key, ())) for key in keys]
        for strength, contacts in enumerate(leads):
            for contact in contacts:
                found.setdefault(contact.id, (strength, contact))
        if not found:
            return None
        best = min(found.values(), key=_preference)[1]
        return Match(best, len(found) - 1)


def _preference(candidate: tuple[int, Contact]) -> tuple[Any, ...]:
    strength, contact = candidate
    is_member = contact.is_member is True or (contact.is_member is None and contact.points is not None)
    age = -contact.changed_at.timestamp() if contact.changed_at else 0.0
    return not is_member, strength, age, -(contact.points or 0), contact.id
