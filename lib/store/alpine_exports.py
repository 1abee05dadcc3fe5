"""Exports of Alpine IQ's contacts, `tenants/{org}/alpine_exports/{id}` and their `/parts`: what one sync compares with.

The workers of a run are many processes. Each reads the parts once and keeps the index of the last exports in memory.
"""

import json
import secrets
import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from google.cloud.firestore import Client

from lib.domain.alpine_contacts import Contact, Contacts
from lib.domain.errors import NotFound
from lib.store.org import OrgStore

PART_CONTACTS = 2_000
"""Some 300 kilobytes of text: below what a document holds, also where ids are long."""

_KEPT = timedelta(days=3)
_EXPORTS_IN_MEMORY = 2


@dataclass(frozen=True, slots=True)
class Export:
    """A whole list of contacts, fetched at `fetched_at`; `blocks`: where the blocks of customers to compare begin."""

    id: str
    token: str
    parts: int
    contacts: int
    blocks: tuple[str, ...]
    fetched_at: datetime


def find(org: OrgStore, export_id: str) -> Export | None:
    """The export, None as long as it has not been fetched whole. One read."""
    found = org.document("alpine_exports", export_id).get()
    fields = found.to_dict() or {}
    if not found.exists:
        return None
    return Export(
        id=export_id,
        token=fields["token"],
        parts=fields["parts"],
        contacts=fields["contacts"],
        blocks=tuple(fields["blocks"]),
        fetched_at=fields["fetchedAt"],
    )


def save(
    org: OrgStore, export_id: str, contacts: Sequence[Contact], blocks: Sequence[str], fetched_at: datetime
) -> Export:
    """Keeps a whole list; one write for every `PART_CONTACTS` and one.

    Parts are named by a token of their own and the export is written last: two that are fetched at once do not mix, and
    the later one counts. `expiresAt` is the field of the time-to-live policies in firestore.indexes.json.
    """
    token, expires_at = secrets.token_hex(8), fetched_at + _KEPT
    starts = range(0, len(contacts), PART_CONTACTS)
    for number, start in enumerate(starts):
        rows = json.dumps([_row(contact) for contact in contacts[start : start + PART_CONTACTS]])
        _part(org, export_id, token, number).set({"orgId": org.org_id, "rows": rows, "expiresAt": expires_at})
    export = Export(export_id, token, len(starts), len(contacts), tuple(blocks), fetched_at)
    org.document("alpine_exports", export_id).set(
        {
            "id": export_id,
            "orgId": org.org_id,
            "token": token,
            "parts": export.parts,
            "contacts": export.contacts,
            "blocks": list(blocks),
            "fetchedAt": fetched_at,
            "expiresAt": expires_at,
        }
    )
    return export


class _Cache:
    """The indexes of the last exports. One thread reads an export, the others wait for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: OrderedDict[tuple[Client, str, str, str], Contacts] = OrderedDict()

    def load(self, org: OrgStore, export: Export) -> Contacts:
        key = (org.client, org.org_id, export.id, export.token)
        with self._lock:
            if key not in self._found:
                self._found[key] = Contacts(_read(org, export))
                while len(self._found) > _EXPORTS_IN_MEMORY:
                    self._found.popitem(last=False)
            return self._found[key]


_cache = _Cache()


def contacts(org: OrgStore, export: Export) -> Contacts:
    """The contacts, indexed. A read for each part, once in a process. Raises NotFound when they have been deleted."""
    return _cache.load(org, export)


def _read(org: OrgStore, export: Export) -> Iterable[Contact]:
    references = [_part(org, export.id, export.token, number) for number in range(export.parts)]
    found = {snapshot.id: snapshot for snapshot in org.client.get_all(references)} if references else {}
    for reference in references:
        if not found[reference.id].exists:
            raise NotFound("this export of contacts is gone", reason="export_gone")
        yield from map(_contact, json.loads(found[reference.id].get("rows")))


def _part(org: OrgStore, export_id: str, token: str, number: int) -> Any:
    return org.document("alpine_exports", export_id, "parts", f"{token}-{number:05}")


def _row(contact: Contact) -> list[Any]:
    changed_at = contact.changed_at.timestamp() if contact.changed_at else None
    return [contact.id, contact.points, contact.is_member, contact.tier, changed_at, list(contact.keys)]


def _contact(row: list[Any]) -> Contact:
    contact_id, points, is_member, tier, changed_at, keys = row
    moment = None if changed_at is None else datetime.fromtimestamp(changed_at, UTC)
    return Contact(contact_id, points, is_member, tier, moment, tuple(keys))
