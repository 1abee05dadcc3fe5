"""Integrations, `tenants/{org}/integrations/{name}`: how an org is connected to a vendor, and how far syncs have come.

What staff set is in `alpine_iq`; what syncs remember is in `alpine_iq_sync`, so that neither overwrites the other.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from google.cloud.firestore import FieldFilter

from lib.domain.integrations import AlpineIntegration, read_alpine_integration
from lib.store.client import database
from lib.store.org import OrgStore
from lib.store.transaction import Transaction

ALPINE_IQ = "alpine_iq"
_SYNC = "alpine_iq_sync"
_ORGS_MAX = 10_000


@dataclass(frozen=True, slots=True)
class SyncState:
    """What syncs of an org remember. `blocks`: the customer ids at which blocks of customers begin, and `customers`,
    how many there were when they were laid out. `run_id`: the last run; `reported`: whether it has been summed up.
    """

    blocks: tuple[str, ...] = ()
    customers: int = 0
    run_id: str | None = None
    reported: bool = True
    synced_at: datetime | None = None


def alpine_iq(org: OrgStore) -> AlpineIntegration | str:
    """The org's connection, or why it has none: `not_configured`, `invalid_configuration`. One read."""
    found = org.document("integrations", ALPINE_IQ).get()
    if not found.exists:
        return "not_configured"
    return read_alpine_integration(found.to_dict() or {}) or "invalid_configuration"


def connected_orgs() -> list[str]:
    """Orgs that have an account at Alpine IQ. A read each, and one if there is none."""
    query = database().collection_group("integrations").where(filter=FieldFilter("accountId", ">", ""))
    return _org_ids(query.order_by("accountId").limit(_ORGS_MAX), ALPINE_IQ)


def unreported() -> list[str]:
    """Orgs whose last sync has not been summed up. A read each, and one if there is none."""
    query = database().collection_group("integrations").where(filter=FieldFilter("awaitsReport", "==", True))
    return _org_ids(query.limit(_ORGS_MAX), _SYNC)


def sync_state(org: OrgStore) -> SyncState:
    """What syncs of the org remember. One read."""
    fields = org.document("integrations", _SYNC).get().to_dict() or {}
    return SyncState(
        blocks=tuple(fields.get("blocks", ())),
        customers=fields.get("customers", 0),
        run_id=fields.get("runId"),
        reported=not fields.get("awaitsReport", False),
        synced_at=fields.get("lastSyncAt"),
    )


def remember(org: OrgStore, fields: Mapping[str, Any]) -> None:
    """Writes some of what syncs remember, under the document's names."""
    org.document("integrations", _SYNC).set(org.stamped(fields), merge=True)


def claim_report(transaction: Transaction, org: OrgStore, run_id: str) -> bool:
    """Whether nobody has summed up this run yet; from now on somebody has."""
    reference = org.document("integrations", _SYNC)
    fields = transaction.get([reference])[0].to_dict() or {}
    if fields.get("runId") != run_id or not fields.get("awaitsReport"):
        return False
    transaction.merge(reference, {"awaitsReport": False})
    return True


def _org_ids(query: Any, name: str) -> list[str]:
    paths = (snapshot.reference.path.split("/") for snapshot in query.select([]).stream())
    # Collections of others are called integrations too.
    return sorted(path[1] for path in paths if len(path) == 4 and path[0] == "tenants" and path[3] == name)
