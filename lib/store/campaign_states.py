"""Whether a campaign still wants its messages sent, `campaigns/{id}.status`, looked at every few seconds a process."""

import threading
import time

from google.cloud.firestore import Client

from lib.store.org import OrgStore

CACHE_SECONDS = 5.0
"""How long an instance may go on sending for a campaign that was paused or cancelled."""

_CACHED_MAX = 1000

_lock = threading.Lock()
_found: dict[tuple[Client, str, str], tuple[float, str]] = {}


def load(org: OrgStore, campaign_id: str) -> str:
    """The campaign's status in the dashboard's words; "" for one that is not there, or another org's. A read every
    `CACHE_SECONDS`, for all its messages together."""
    key = (org.client, org.org_id, campaign_id)
    with _lock:
        expires_at, known = _found.get(key, (0.0, ""))
    if time.monotonic() < expires_at:
        return known
    fields = org.campaign(campaign_id).get(field_paths=["orgId", "status"]).to_dict() or {}
    status = fields.get("status")
    state = status if org.owns(fields) and isinstance(status, str) else ""
    with _lock:
        if len(_found) >= _CACHED_MAX:
            _found.clear()
        _found[key] = (time.monotonic() + CACHE_SECONDS, state)
    return state
