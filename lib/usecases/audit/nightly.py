"""The audit of every org, every night at three o'clock of its own: findings for its staff, an alert for operators.

What an order that was written lately deserves and has not got is put right at once, by the way of its event; it is
reported all the same. Whatever else is wrong is for a person to look at.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo

from google.api_core.exceptions import GoogleAPIError

from lib.domain.alerts import Alert, AlertKind
from lib.domain.countries import COUNTRIES
from lib.domain.errors import PerennialError
from lib.domain.invariants.report import AuditReport, Findings
from lib.domain.invariants.violations import Invariant
from lib.platform import alerts, clock, logs, tasks
from lib.store import alerts as raised
from lib.store import audit as store
from lib.store import audits, settings
from lib.store.audit import AuditReader
from lib.store.audits import Repaired, State
from lib.store.org import OrgStore
from lib.usecases.audit import audit
from lib.usecases.audit.orders import OrderAudit

Record: TypeAlias = Callable[[str, str], object]
"""Records the present state of an order by its id, and that of an org which has or should have a record of it; raises
what another attempt may mend."""

QUEUE = "auditorg"
HOUR = 3
CHECKED_HOUR = 5
"""By then the audit of the night has had two hours; where it has not ended, that is told, and it is tried again."""
_SETTLE = timedelta(minutes=10)
# Longer than a task may take, and over when the queue tries one again that has died.
_LEASE = timedelta(minutes=9, seconds=30)
_WORKERS = 8
_RECORDED_MAX = 2_000
# An order that has been written since then was missed. One that was not has been told of for nights, or is of a past
# that nobody has taken over yet: to grant points for that is for the shop to decide.
_MISSED_WITHIN = timedelta(days=7)
_OF_ORDERS = (Invariant.ACCRUAL_DUE, Invariant.ACCRUAL_ORPHANED)


def plan_audits() -> int:
    """Enqueues the audit of every org where it is `HOUR` now, and again where it is `CHECKED_HOUR` and the audit of
    the day has not ended; how many that were. To be called every hour; calling it twice changes nothing.

    Billed 3 reads an org, in those hours only in which it is one of these two somewhere.
    """
    now = clock.now()
    planned = 0
    if any(_local(now, zone).hour in (HOUR, CHECKED_HOUR) for zone in _zones()):
        with ThreadPoolExecutor(_WORKERS) as executor:
            planned = sum(executor.map(lambda org_id: _plan(org_id, now), store.org_ids(store.server_time())))
    logs.audits_planned(planned)
    return planned


def _plan(org_id: str, now: datetime) -> bool:
    org = OrgStore(org_id)
    local = _local(now, settings.load(org).time_zone)
    day = local.date()
    if local.hour == HOUR:
        _enqueue(org_id, day, "first")
        return True
    if local.hour == CHECKED_HOUR and not audits.is_done(org, day):
        _raise(AlertKind.AUDIT_MISSING, org_id, day, {}, now)
        _enqueue(org_id, day, "second")
        return True
    return False


def _enqueue(org_id: str, day: date, occasion: str) -> None:
    tasks.enqueue(QUEUE, ("audit", org_id, day.isoformat(), occasion), {"orgId": org_id, "day": day.isoformat()})


def audit_org(org_id: str, day: date, record: Record, *, attempts_max: int = 3) -> State | None:
    """Audits the org, has recorded what its orders' events have not, and takes the findings down as those of `day`.

    None when that has been done, or is being done by another call. Raises what the audit raises, having taken down
    that it failed; the last failure of `attempts_max`, as many as its task makes, is alerted.
    """
    org, started = OrgStore(org_id), time.monotonic()
    attempt = audits.begin(org, day, clock.now(), _LEASE)
    if attempt is None:
        return None
    try:
        report = audit(org_id, settle=_SETTLE)
        repaired = _repair(org, report, record)
    except Exception as error:
        now = clock.now()
        audits.fail(org, day, now, type(error).__qualname__)
        if attempt >= attempts_max:
            _raise(AlertKind.AUDIT_FAILED, org_id, day, {"attempts": attempt}, now)
        raise
    seconds, now = time.monotonic() - started, clock.now()
    state = audits.finish(org, day, now, report, repaired, seconds)
    violations = report.findings.violation_count
    logs.audited(org_id, state, seconds, {"documents": report.documents, "violations": violations})
    if state is State.VIOLATED:
        _raise(AlertKind.AUDIT_VIOLATED, org_id, day, _facts(report.findings, repaired), now)
    return state


def _repair(org: OrgStore, report: AuditReport, record: Record) -> Repaired:
    """Has recorded the orders that their records do not agree with, and looks at them a second time."""
    order_ids = _missed(AuditReader(org, report.at), _orders_at_odds(report.findings))[:_RECORDED_MAX]
    if not order_ids:
        return Repaired()
    with ThreadPoolExecutor(_WORKERS) as executor:
        recorded = sum(executor.map(lambda order_id: _is_recorded(org, order_id, record), order_ids))
    reader = AuditReader(org, store.server_time())
    still = OrderAudit(reader, settle=timedelta()).check_again(order_ids)
    return Repaired(recorded, len(set(order_ids) - set(_orders_at_odds(still))))


def _missed(reader: AuditReader, order_ids: Sequence[str]) -> list[str]:
    """Those of the orders that are gone or have been written lately."""
    since = reader.at - _MISSED_WITHIN
    missed: list[str] = []
    for start in range(0, len(order_ids), store.PAGE_OF_DOCUMENTS):
        ids = order_ids[start : start + store.PAGE_OF_DOCUMENTS]
        found = reader.orders_by_id(ids)
        missed += [each for each in ids if each not in found or (found[each].updated_at or since) >= since]
    return missed


def _orders_at_odds(findings: Findings) -> list[str]:
    """Orders that their records do not agree with."""
    at_odds = (found.path for found in findings.violations if found.invariant in _OF_ORDERS)
    return sorted({path.rpartition("/")[2] for path in at_odds})


def _is_recorded(org: OrgStore, order_id: str, record: Record) -> bool:
    try:
        record(order_id, org.org_id)
    except (PerennialError, GoogleAPIError) as error:
        logs.unexpected_error("audit_org", error)
        return False
    return True


def _facts(findings: Findings, repaired: Repaired) -> dict[str, int]:
    facts = {"violations": findings.violation_count}
    for violation in findings.violations:
        facts[violation.invariant.value] = facts.get(violation.invariant.value, 0) + 1
    return {**facts, "put right": repaired.healed} if repaired.recorded else facts


def _raise(kind: AlertKind, org_id: str, day: date, facts: dict[str, int], now: datetime) -> None:
    alerts.raise_alert(Alert(kind, org_id, day, facts), lambda alert: raised.claim(alert, now))


def _zones() -> set[str]:
    return {zone for country in COUNTRIES.values() for zone in country.time_zones}


def _local(now: datetime, zone: str) -> datetime:
    return now.astimezone(ZoneInfo(zone))
