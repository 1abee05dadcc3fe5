"""What the nightly audits have found, `tenants/{org}/audits/{yyyy-mm-dd}`: one document an org and day, for staff.

`expiresAt` is the field of the collection's time-to-live policy in firestore.indexes.json.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from google.cloud.firestore import DocumentReference

from lib.domain.invariants.report import AuditReport
from lib.domain.invariants.violations import Violation
from lib.domain.leases import is_held
from lib.store.org import OrgStore
from lib.store.transaction import Transaction, run

KEPT = timedelta(days=180)
_VIOLATIONS_KEPT_MAX = 100
_TEXT_LENGTH_MAX = 300


class State(StrEnum):
    """RUNNING: at it, or died at it. EMPTY: there was nothing to audit. FAILED: it will be tried again."""

    RUNNING = "running"
    CLEAN = "clean"
    VIOLATED = "violated"
    EMPTY = "empty"
    FAILED = "failed"


_DONE = frozenset({State.CLEAN, State.VIOLATED, State.EMPTY})


@dataclass(frozen=True, slots=True)
class Repaired:
    """Orders that their events had not brought to what they deserve: recorded again, and right since."""

    recorded: int = 0
    healed: int = 0


def is_done(org: OrgStore, day: date) -> bool:
    """Whether the audit of that day has come to an end. One read."""
    fields = _reference(org, day).get(field_paths=["state"]).to_dict() or {}
    return fields.get("state") in _DONE


def begin(org: OrgStore, day: date, now: datetime, lease: timedelta) -> int | None:
    """Which attempt this is, counted from 1; None when the day's audit is done, or another attempt is under way.

    An attempt that has neither ended nor failed within its lease has died.
    """

    def work(transaction: Transaction) -> int | None:
        reference = _reference(org, day)
        known = transaction.get([reference])[0].to_dict() or {}
        if known.get("state") in _DONE or is_held(known.get("leaseUntil"), now, lease):
            return None
        attempt = int(known.get("attempts", 0)) + 1
        fields = _head(org, day, now, State.RUNNING)
        transaction.replace(reference, {**fields, "attempts": attempt, "startedAt": now, "leaseUntil": now + lease})
        return attempt

    return run(work)


def finish(org: OrgStore, day: date, now: datetime, report: AuditReport, repaired: Repaired, seconds: float) -> State:
    """Takes down what the day's audit has found; `seconds` is how long it took."""
    found = report.findings
    state = State.CLEAN if report.documents else State.EMPTY
    if found.violation_count:
        state = State.VIOLATED
    fields = {
        **_head(org, day, now, state),
        "finishedAt": now,
        "leaseUntil": None,
        "at": report.at,
        "seconds": round(seconds, 3),
        "documents": report.documents,
        "checked": dict(found.checked),
        "leftOut": dict(+found.left_out),
        "violationCount": found.violation_count,
        "byInvariant": dict(Counter(violation.invariant.value for violation in report.violations)),
        "violations": [_row(violation) for violation in report.violations[:_VIOLATIONS_KEPT_MAX]],
        "recordedAgain": repaired.recorded,
        "healed": repaired.healed,
    }
    run(lambda transaction: transaction.merge(_reference(org, day), fields))
    return state


def fail(org: OrgStore, day: date, now: datetime, error: str) -> None:
    """Takes down that an attempt has failed; `error` is a type, never a message, which may quote a document."""
    fields = {**_head(org, day, now, State.FAILED), "finishedAt": now, "leaseUntil": None, "error": error}
    run(lambda transaction: transaction.merge(_reference(org, day), fields))


def _reference(org: OrgStore, day: date) -> DocumentReference:
    return org.document("audits", day.isoformat())


def _head(org: OrgStore, day: date, now: datetime, state: State) -> dict[str, Any]:
    return {
        "id": day.isoformat(),
        "orgId": org.org_id,
        "day": day.isoformat(),
        "state": state.value,
        "updatedAt": now,
        "expiresAt": now + KEPT,
    }


def _row(violation: Violation) -> Mapping[str, str]:
    return {
        "invariant": violation.invariant.value,
        "path": violation.path,
        "expected": violation.expected[:_TEXT_LENGTH_MAX],
        "found": violation.found[:_TEXT_LENGTH_MAX],
    }
