"""When syncs are due, what they are started with, and the one summary that operators get of each."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from lib.domain.alerts import Alert, AlertKind
from lib.domain.discrepancies import Standing
from lib.domain.runs import Run, RunState, run_id
from lib.platform import alerts, clock, logs
from lib.store import alerts as raised
from lib.store import alpine_exports, discrepancies, integrations, runs
from lib.store import settings as settings_store
from lib.store import transaction as transactions
from lib.store.org import OrgStore
from lib.usecases.reconciliation import JOB
from lib.usecases.reconciliation.connection import connect
from lib.vendors.errors import SwitchedOff

HOUR = 2
_HOURLY = timedelta(hours=1)
_LARGEST_OF = 200


def due() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Orgs where it is `HOUR` now, with key and parameters of the run to start. Asking twice names the same runs.

    Billed: one read a connected org, and in that hour two reads and a write for each where it is night.
    """
    now = clock.now()
    for org_id in integrations.connected_orgs():
        org = OrgStore(org_id)
        zone = ZoneInfo(settings_store.load(org).time_zone)
        local, before = now.astimezone(zone), (now - _HOURLY).astimezone(zone)
        # Where clocks are put forward there is a night without this hour, and where they are put back one with two.
        if before.hour < HOUR <= local.hour:
            key = f"nightly:{local.date().isoformat()}"
            try:
                yield org_id, key, begin(org_id, key)
            except SwitchedOff as error:
                logs.sync_switched_off(org_id, error.reason or "")


def begin(org_id: str, key: str) -> dict[str, Any]:
    """Takes down that the org is synced; the parameters of the run for this key, which is to be started now.

    Raises SwitchedOff with the reason where there is no account to compare with.
    """
    org = OrgStore(org_id)
    connect(org)
    id_of_run = run_id(org_id, JOB, key)
    if integrations.sync_state(org).run_id != id_of_run:
        integrations.remember(org, {"runId": id_of_run, "awaitsReport": True})
    return {"export": id_of_run}


def report() -> int:
    """Sums up the syncs that have ended since, and alerts what operators have to know; how many those were.

    Billed: one read, and for each such org two reads, one more for each of its discrepancies, and two writes.
    """
    reported = 0
    for org_id in integrations.unreported():
        org = OrgStore(org_id)
        state = integrations.sync_state(org)
        run = runs.load(org, state.run_id) if state.run_id else None
        if run is not None and run.finished_at is not None and _claimed(org, run):
            _report(org, run, clock.now())
            reported += 1
    return reported


def _claimed(org: OrgStore, run: Run) -> bool:
    return transactions.run(lambda transaction: integrations.claim_report(transaction, org, run.id))


def _report(org: OrgStore, run: Run, now: datetime) -> None:
    export = alpine_exports.find(org, run.id)
    last: dict[str, Any] = {
        "runId": run.id,
        "state": run.state.value,
        "totals": dict(run.totals),
        "finishedAt": run.finished_at,
    }
    if run.state is RunState.DONE and export is not None:
        last |= {"contacts": export.contacts}
        integrations.remember(org, {"lastSyncAt": export.fetched_at, "lastRun": last})
    else:
        integrations.remember(org, {"lastRun": last})
    totals = run.totals
    if run.state is RunState.FAILED or totals.get("skipped") or totals.get("outdatedBlocks"):
        _alert(
            AlertKind.SYNC_FAILED, org, now, {name: totals.get(name, 0) for name in ("visited", "skipped", "failed")}
        )
    elif totals.get("overridden") or totals.get("open") or totals.get("unknown"):
        _alert(AlertKind.SYNC_DISCREPANT, org, now, _facts(org, run))


def _facts(org: OrgStore, run: Run) -> dict[str, int]:
    names = ("customers", "compared", "overridden", "open", "waiting", "unknown")
    facts = {name: run.totals.get(name, 0) for name in names}
    found = discrepancies.of_run(org, run.id, _LARGEST_OF)
    return {
        **facts,
        "greatest difference": max((abs(each.difference) for each in found), default=0),
        "waiting for a person": discrepancies.count(org, Standing.OPEN),
    }


def _alert(kind: AlertKind, org: OrgStore, now: datetime, facts: dict[str, int]) -> None:
    day = now.astimezone(ZoneInfo(settings_store.load(org).time_zone)).date()
    alerts.raise_alert(Alert(kind, org.org_id, day, facts), lambda alert: raised.claim(alert, now))
