"""Messaging settings of an org, `tenants/{org}/settings/messaging`, with a short cache in front of them.

Only our callables write them, so what is stored is valid; where it is not, nothing is sent.
"""

import threading
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from google.cloud.firestore import Client, DocumentReference

from lib.domain.errors import InvalidInput
from lib.domain.ledger import Actor
from lib.domain.messaging import DEFAULT_MESSAGING, MessagingSettings, to_messaging_document, validated_messaging
from lib.store.org import OrgStore
from lib.store.transaction import Transaction

CACHE_SECONDS = 30.0
"""How long an instance may go on sending by settings that another one has changed."""

_CACHED_ORGS_MAX = 1000
_NOT_SETTINGS = frozenset({"orgId", "updatedAt", "updatedBy"})

_lock = threading.Lock()
_found: dict[tuple[Client, str], tuple[float, MessagingSettings]] = {}


def load(org: OrgStore) -> MessagingSettings:
    """The settings in force, at most `CACHE_SECONDS` old: one read when this process has none."""
    key = (org.client, org.org_id)
    with _lock:
        expires_at, known = _found.get(key, (0.0, DEFAULT_MESSAGING))
    if time.monotonic() < expires_at:
        return known
    settings = _decode(_reference(org).get().to_dict())
    with _lock:
        if len(_found) >= _CACHED_ORGS_MAX:
            _found.clear()
        _found[key] = (time.monotonic() + CACHE_SECONDS, settings)
    return settings


def forget(org: OrgStore) -> None:
    """Makes the next `load` in this process read the document."""
    with _lock:
        _found.pop((org.client, org.org_id), None)


def read(transaction: Transaction, org: OrgStore) -> MessagingSettings:
    """The settings as stored now. One read."""
    return _decode(transaction.get([_reference(org)])[0].to_dict())


def write(transaction: Transaction, org: OrgStore, settings: MessagingSettings, actor: Actor, at: datetime) -> None:
    """Writes them whole, with who has changed them."""
    by = {"type": actor.type, "id": actor.id}
    fields = {**to_messaging_document(settings), "updatedAt": at, "updatedBy": by}
    transaction.replace(_reference(org), org.stamped(fields))


def record_change(
    transaction: Transaction,
    org: OrgStore,
    change_id: str,
    before: MessagingSettings,
    after: MessagingSettings,
    actor: Actor,
    at: datetime,
) -> None:
    """Adds to the history of the org's settings who changed what."""
    old, new = to_messaging_document(before), to_messaging_document(after)
    fields = {
        "action": "update_messaging_settings",
        "actor": {"type": actor.type, "id": actor.id},
        "at": at,
        "versionBefore": before.version,
        "version": after.version,
        "changes": {name: {"from": old[name], "to": new[name]} for name in new if new[name] != old[name]},
    }
    transaction.create(org.document("settings_history", change_id), org.stamped(fields))


def _decode(fields: Mapping[str, Any] | None) -> MessagingSettings:
    kept = {name: value for name, value in (fields or {}).items() if name not in _NOT_SETTINGS}
    try:
        return validated_messaging(kept)
    except InvalidInput:
        return DEFAULT_MESSAGING


def _reference(org: OrgStore) -> DocumentReference:
    return org.document("settings", "messaging")
