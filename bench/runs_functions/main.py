"""The functions of runs with one job more: looks at every customer of an org and has nothing to do for any."""

from collections.abc import Mapping
from typing import Any

from functions import runs
from functions.runs import planrun, workshard
from lib.store import transaction as transactions
from lib.store.org import OrgStore
from lib.usecases.runs import Job

__all__ = ["planrun", "workshard"]


def _members(org: OrgStore, params: Mapping[str, Any], after: str | None, limit: int) -> list[str]:
    query = org.customers().order_by("__name__").limit(limit).select([])
    if after is not None:
        query = query.start_after({"__name__": org.customer(after)})
    return [snapshot.id for snapshot in query.stream()]


def _visit(org: OrgStore, params: Mapping[str, Any], member_id: str) -> dict[str, int]:
    found = transactions.run(lambda transaction: transaction.get([org.customer(member_id)])[0])
    return {"seen": int(found.exists)}


runs.JOBS = {"look": Job("look", _members, _visit)}
