"""Loyalty settings of an org: the documents, a short cache in front of them, their history, and the public menu."""

import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from google.cloud.firestore import DELETE_FIELD, Client, DocumentReference

from lib.domain.ledger import Actor
from lib.domain.menu import public_menu
from lib.domain.settings import LoyaltySettings, effective_settings, to_document
from lib.domain.settings_dates import dates_of
from lib.store.org import OrgStore
from lib.store.transaction import Transaction

# How long an instance may go on with settings that another one, or the dashboard, has changed.
CACHE_SECONDS = 60.0
_CACHED_ORGS_MAX = 1000


@dataclass(frozen=True, slots=True)
class SettingsDocuments:
    """The settings in force, the fields of the two documents that they were read from, and when the later one of these
    was written (UTC), None where there is neither."""

    settings: LoyaltySettings
    stored: Mapping[str, Any]
    legacy: Mapping[str, Any]
    written_at: datetime | None


@dataclass(frozen=True, slots=True)
class InForce:
    """Settings, and the moment of Firestore's at which they were read."""

    settings: LoyaltySettings
    read_at: datetime


class _Cache:
    """Settings by org, for `CACHE_SECONDS` of a clock that cannot be set. Safe for many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: dict[tuple[Client, str], tuple[float, InForce]] = {}
        self._forgotten = 0

    def load(self, org: OrgStore, not_before: datetime | None) -> LoyaltySettings:
        with self._lock:
            expires_at, known = self._found.get((org.client, org.org_id), (0.0, None))
            forgotten = self._forgotten
        if known and time.monotonic() < expires_at and (not_before is None or known.read_at >= not_before):
            return known.settings
        found = current(org)
        with self._lock:
            # What was read before somebody said "forget" may be what is to be forgotten.
            if forgotten == self._forgotten:
                if len(self._found) >= _CACHED_ORGS_MAX:
                    self._found.clear()
                self._found[org.client, org.org_id] = (time.monotonic() + CACHE_SECONDS, found)
        return found.settings

    def forget(self, org: OrgStore) -> None:
        with self._lock:
            self._forgotten += 1
            self._found.pop((org.client, org.org_id), None)


_cache = _Cache()


def load(org: OrgStore, *, not_before: datetime | None = None) -> LoyaltySettings:
    """The settings in force, at most `CACHE_SECONDS` old: two reads, by one request, when this process has none.

    `not_before`: what was read before this moment of Firestore's (an update time) will not do; for work that a change
    of settings has caused, in a process that may not have heard of it.
    """
    return _cache.load(org, not_before)


def load_for_orders(org: OrgStore) -> LoyaltySettings:
    """As `load`, but a pause is not taken from memory: in an instance that has not heard of its end yet, orders of the
    first minute after it would earn nothing for good. Two reads more for an order that arrives during a pause."""
    settings = load(org)
    return current(org).settings if settings.paused else settings


def current(org: OrgStore) -> InForce:
    """The settings in force this moment. Two reads."""
    # The answers of one batched read come in any order.
    found = {snapshot.reference.path: snapshot for snapshot in org.client.get_all(_references(org))}
    stored, legacy = (found[reference.path] for reference in _references(org))
    settings = effective_settings(_fields(stored), _fields(legacy))
    return InForce(settings, min(stored.read_time, legacy.read_time))


def forget(org: OrgStore) -> None:
    """Makes the next `load` in this process read the documents."""
    _cache.forget(org)


def read(transaction: Transaction, org: OrgStore) -> SettingsDocuments:
    """The settings as stored now."""
    snapshots = transaction.get(_references(org))
    stored, legacy = (_fields(snapshot) for snapshot in snapshots)
    written_at = max((snapshot.update_time for snapshot in snapshots if snapshot.exists), default=None)
    return SettingsDocuments(effective_settings(stored, legacy), stored or {}, legacy or {}, written_at)


def write(
    transaction: Transaction, org: OrgStore, before: SettingsDocuments, settings: LoyaltySettings, names: Iterable[str]
) -> None:
    """Writes the top-level fields `names` of the settings, with the dates that have changed with them, and the menu;
    what else the document holds stays.

    Thresholds that the dashboard saved under literal dotted keys would win over the map they are meant for, so they go
    when the map is written.
    """
    values = to_document(settings)
    fields: dict[str, Any] = {name: values[name] for name in names}
    dotted = (key for key in before.stored for name in fields if key.startswith(f"{name}."))
    dates = _new_dates(before.settings, settings)
    transaction.merge(_references(org)[0], {**fields, **dates, **dict.fromkeys(dotted, DELETE_FIELD)})
    write_menu(transaction, org, settings)


def write_dates(transaction: Transaction, org: OrgStore, before: SettingsDocuments, settings: LoyaltySettings) -> bool:
    """Writes the dates that have changed, if any; whether any have."""
    dates = _new_dates(before.settings, settings)
    if dates:
        transaction.merge(_references(org)[0], dates)
    return bool(dates)


def record_change(
    transaction: Transaction,
    org: OrgStore,
    change_id: str,
    action: str,
    before: LoyaltySettings,
    after: LoyaltySettings,
    actor: Actor,
    at: datetime,
) -> None:
    """Adds to the history who changed what, with the settings as they are since."""
    old, new = to_document(before), to_document(after)
    fields = {
        "orgId": org.org_id,
        "action": action,
        "actor": {"type": actor.type, "id": actor.id},
        "at": at,
        "ruleVersionBefore": before.rule_version,
        "ruleVersion": after.rule_version,
        "changes": {name: {"from": old[name], "to": new[name]} for name in new if new[name] != old[name]},
        "settings": new,
    }
    transaction.create(org.document("settings_history", change_id), fields)


def menu_document(org: OrgStore) -> DocumentReference:
    """`public/menu`, the only document of an org that the public may read."""
    return org.document("public", "menu")


def write_menu(transaction: Transaction, org: OrgStore, settings: LoyaltySettings) -> None:
    """Writes the public view, whole: what it does not name cannot survive in it."""
    transaction.replace(menu_document(org), public_menu(settings))


def read_menu(transaction: Transaction, org: OrgStore) -> Mapping[str, Any] | None:
    """The public view as stored now, inside a transaction."""
    return _fields(transaction.get([menu_document(org)])[0])


def menu(org: OrgStore) -> Mapping[str, Any] | None:
    """The public view as stored, None when the org's settings were never written."""
    return _fields(menu_document(org).get())


def _new_dates(before: LoyaltySettings, after: LoyaltySettings) -> dict[str, Any]:
    known = dates_of(before)
    return {name: date for name, date in dates_of(after).items() if date != known[name]}


def _references(org: OrgStore) -> list[DocumentReference]:
    return [org.document("settings", "loyalty"), org.legacy_settings()]


def _fields(snapshot: Any) -> dict[str, Any] | None:
    return snapshot.to_dict() if snapshot.exists else None
