"""Recalculation: every customer of an org worked out anew after its tiers, segments, policy or pause have changed.

Nobody loses a tier because a threshold was raised; a lowered one promotes; whoever held a tier that is gone holds what
is earned (lib/domain/tiers.py). Rates have no part in it: what was earned stays.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from lib.domain.follow_ups import RECALCULATION, FollowUp, recalculation, standing_version
from lib.domain.settings import LoyaltySettings
from lib.platform import clock
from lib.store import due, upkeep
from lib.store import settings as settings_store
from lib.store import transaction as transactions
from lib.store.org import OrgStore

JOB = RECALCULATION
"""The name of its runs."""


def asked_for(org_id: str, key: str) -> FollowUp:
    """A recalculation by hand, by the settings in force now. Two reads."""
    found = settings_store.current(OrgStore(org_id))
    return recalculation(found.settings, found.read_at, key=key)


def members(org: OrgStore, params: Mapping[str, Any], after: str | None, limit: int) -> list[str]:
    """The customers that have an account; none once other settings are in force. One read a customer."""
    return due.opened_ids(org, after, limit) if _wanted(org, params) else []


def visit(org: OrgStore, params: Mapping[str, Any], customer_id: str) -> Mapping[str, int]:
    """Brings one customer to what it should be now, and counts whether that changed anything.

    Nothing once other settings are in force: their own run visits everybody. Billed: one read, and for a customer that
    changes one write, with one more for the timeline and each notice of one who moves to another tier or segment.
    """
    settings = _wanted(org, params)
    if settings is None:
        return {}
    change = transactions.run(
        lambda transaction: upkeep.bring_up_to_date(transaction, org, settings, customer_id, clock.now())
    )
    if change is None or change.after.standing is None:
        return {}
    before, standing = change.before, change.after.standing
    moved = {"tiersChanged": before.tier != standing.tier, "segmentsChanged": before.segment != standing.segment}
    return {"changed": 1, **{name: 1 for name, is_so in moved.items() if is_so}}


def _wanted(org: OrgStore, params: Mapping[str, Any]) -> LoyaltySettings | None:
    """The settings in force, if they are still those the run is for.

    An instance that has not heard of the change yet must not undo it, so what it remembers from before will not do.
    """
    settings = settings_store.load(org, not_before=datetime.fromisoformat(params["at"]))
    return settings if standing_version(settings) == params["standingVersion"] else None
