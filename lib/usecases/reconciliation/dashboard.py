"""What `/api/loyalty/sync` answers the dashboard, in its own names and shapes, but with times as ISO 8601.

`discrepancyPercent` is a ratio (0.12 for 12 %), as it always was.
"""

import time
from collections.abc import Mapping
from typing import Any

from lib.domain.alpine_links import Link
from lib.domain.answers import instant
from lib.domain.discrepancies import Standing
from lib.domain.errors import NotFound
from lib.domain.money import dollars
from lib.domain.reconciliation import Calculated, State, ratio_of
from lib.domain.redemptions import Refusal
from lib.domain.runs import Run
from lib.platform import clock
from lib.store import alpine_links, discrepancies, integrations
from lib.store import runs as run_store
from lib.store import settings as settings_store
from lib.store.alpine_links import Compared
from lib.store.customers import ENGINE_VERSION
from lib.store.org import OrgStore

_DISCREPANCIES_MAX = 100
_POLL_SECONDS = 0.5


def batch(org_id: str, run_id: str, *, patience_seconds: float) -> dict[str, Any]:
    """The result of a sync of the whole org, waited for so long, and then as far as it has come. `duration` is in
    milliseconds, `runId` and `state` are ours.

    Raises NotFound for a run this org does not have.
    """
    org = OrgStore(org_id)
    run = _waited_for(org, run_id, patience_seconds)
    totals = run.totals
    failed = totals.get("unknown", 0)
    return {
        "success": run.finished_at is None or run.state.value == "done",
        "totalProcessed": totals.get("customers", 0),
        "successful": totals.get("customers", 0) - failed,
        "failed": failed,
        "discrepancies": [
            {
                "customerId": each.customer_id,
                "calculated": each.figures.calculated,
                "alpine": each.figures.alpine,
                "difference": abs(each.difference),
            }
            for each in discrepancies.of_run(org, run_id, _DISCREPANCIES_MAX)
        ],
        "errors": [{"customerId": problem.member_id, "error": problem.reason} for problem in run.errors],
        "duration": _milliseconds(run),
        "runId": run.id,
        "state": run.state.value,
    }


def single(org_id: str, customer_id: str) -> dict[str, Any]:
    """The result of a sync of one customer that has just been made. Raises NotFound."""
    compared = _load(org_id, customer_id)
    link, stats = compared.link, compared.customer.stats
    alpine = {} if link.points is None else {"alpine": _alpine_of(compared)}
    return {
        "success": True,
        "customerId": compared.customer.id,
        "calculated": {
            "points": Calculated(compared.balances).points,
            "tier": compared.customer.tier,
            "ordersProcessed": stats.order_count,
            "totalSpent": dollars(stats.lifetime_cents),
        },
        **alpine,
        "reconciliation": {**_reconciliation(link), "action": "alert_admin" if _needs_alert(link) else "none"},
        "updatedAt": instant(link.compared_at or clock.now()),
    }


def stats(org_id: str) -> dict[str, Any]:
    """The figures of the dashboard's loyalty page. A read a thousand customers for each.

    Raises NotFound for an org that has no customers and was never synced.
    """
    org = OrgStore(org_id)
    total = alpine_links.count(org)
    synced_at = integrations.sync_state(org).synced_at
    if not total and synced_at is None:
        raise NotFound("Organization not found", reason="unknown_org")
    reconciled = alpine_links.count(org, loyaltyReconciled=True)
    unreconciled = alpine_links.count(org, loyaltyReconciled=False)
    return {
        "totalCustomers": total,
        "withAlpineSync": reconciled + unreconciled,
        "withCalculatedPoints": alpine_links.count(org, loyaltyEngine=ENGINE_VERSION),
        "reconciled": reconciled,
        "needsReview": unreconciled,
        "openDiscrepancies": discrepancies.count(org, Standing.OPEN),
        "lastSyncAt": instant(synced_at),
    }


def report_of(org_id: str, customer_id: str) -> dict[str, Any]:
    """How one customer stood after the last comparison. Raises NotFound."""
    compared = _load(org_id, customer_id)
    link = compared.link
    told = _reconciliation(link)
    unsettled = "alert_admin" if _needs_alert(link) else "needs_review"
    alpine = None if link.points is None else {"points": link.points, "source": "alpine_iq"}
    return {
        "customerId": compared.customer.id,
        "reconciled": told["reconciled"],
        "calculated": {"points": Calculated(compared.balances).points, "source": "orders"},
        "alpine": alpine,
        "discrepancy": told["discrepancy"],
        "discrepancyPercent": told["discrepancyPercent"],
        "recommendation": "none" if told["reconciled"] else unsettled,
    }


def _waited_for(org: OrgStore, run_id: str, patience_seconds: float) -> Run:
    deadline = time.monotonic() + patience_seconds
    while True:
        run = run_store.load(org, run_id)
        if run is None:
            raise NotFound("no such run", reason="unknown_run")
        if run.finished_at is not None or time.monotonic() > deadline:
            return run
        time.sleep(_POLL_SECONDS)


def _load(org_id: str, customer_id: str) -> Compared:
    org = OrgStore(org_id)
    found = alpine_links.by_customer(org, [customer_id])
    compared = alpine_links.decode(org, found[0], settings_store.load(org)) if found else None
    if compared is None:
        raise NotFound("Customer not found", reason=Refusal.UNKNOWN_CUSTOMER.value)
    return compared


def _alpine_of(compared: Compared) -> Mapping[str, Any]:
    link = compared.link
    return {"points": link.points, "tier": link.tier, "lastVisit": instant(compared.customer.stats.last_order_at)}


def _reconciliation(link: Link) -> dict[str, Any]:
    """Never compared counts as reconciled, as the dashboard has it."""
    difference = link.difference or 0
    return {
        "reconciled": link.is_reconciled is not False,
        "discrepancy": abs(difference),
        "discrepancyPercent": round(float(ratio_of(difference, link.points or 0)), 4) if difference else 0,
    }


def _needs_alert(link: Link) -> bool:
    return link.state is State.OPEN


def _milliseconds(run: Run) -> int:
    ended_at = run.finished_at or clock.now()
    return max(0, int((ended_at - run.created_at).total_seconds() * 1000))
