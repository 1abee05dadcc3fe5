"""Every log line of the product, as one JSON object that Cloud Logging understands; none carries personal data."""

import json
import sys
import traceback
from collections.abc import Mapping
from typing import Any

from lib.domain.alerts import Alert
from lib.domain.errors import InvariantBroken, PerennialError

_FRAMES_MAX = 12


def unexpected_error(function: str, error: BaseException) -> None:
    """An error nobody planned for. Its type and where it came from, not its message: that may quote a document."""
    _write("ERROR", "unexpected error", function=function, error=type(error).__qualname__, at=_origin(error))


def invariant_broken(function: str, error: InvariantBroken) -> None:
    """A write was stopped because it would have broken a rule of ours. Somebody has to look at it."""
    _write("CRITICAL", "invariant broken, nothing written", function=function, rule=error.message)


def event_refused(function: str, error: PerennialError) -> None:
    """An event that will never be accepted; it is not delivered again."""
    _write("ERROR", "event refused", function=function, kind=error.kind.value, reason=error.reason)


def task_refused(function: str, error: PerennialError) -> None:
    """A task that will never be accepted; it is not tried again."""
    _write("ERROR", "task refused", function=function, kind=error.kind.value, reason=error.reason)


def schedule_failed(schedule: str, error: PerennialError) -> None:
    """A scheduled run that did not get through. It may be tried again, and its next time comes anyhow."""
    _write("ERROR", "schedule failed", function=schedule, kind=error.kind.value, reason=error.reason)


def run_not_planned(org_id: str, job: str, error: Exception) -> None:
    """A run whose members could not be found, for a reason that will not go away by itself. It has failed."""
    _write("ERROR", "run not planned", orgId=org_id, job=job, error=type(error).__qualname__, at=_origin(error))


def member_skipped(org_id: str, job: str, error: Exception) -> None:
    """A member of a run that could not be dealt with; the run's shard says which one."""
    _write("ERROR", "member skipped", orgId=org_id, job=job, error=type(error).__qualname__, at=_origin(error))


def campaign_not_begun(org_id: str, campaign_id: str, error: Exception) -> None:
    """A campaign whose time has come, and with which something went wrong; it is tried again the next time."""
    _write(
        "ERROR",
        "campaign not begun",
        orgId=org_id,
        campaignId=campaign_id,
        error=type(error).__qualname__,
        at=_origin(error),
    )


def order_refused(order_id: str, error: PerennialError) -> None:
    """An order that our own rules, or documents that do not fit together, forbid to record. Nothing was written."""
    _write("CRITICAL", "order refused", orderId=order_id, kind=error.kind.value, rule=error.message)


def order_unreadable(order_id: str, error: Exception) -> None:
    """An order whose recording met a document it could not read, or a mistake of ours. Nothing was written."""
    _write("CRITICAL", "order unreadable", orderId=order_id, error=type(error).__qualname__, at=_origin(error))


def order_kept(org_id: str, order_id: str, reason: str) -> None:
    """An order that could not be decided; it waits in the org's inbox for a person."""
    _write("WARNING", "order kept for review", orgId=org_id, orderId=order_id, reason=reason)


def alert(raised: Alert) -> None:
    """Something operators have to look at. The alert policy of Cloud Monitoring matches this message."""
    _write(
        "ERROR",
        "alert",
        alert=raised.kind.value,
        orgId=raised.org_id,
        day=raised.day.isoformat(),
        facts=dict(raised.figures),
    )


def alert_undelivered(raised: Alert, target: str, why: str) -> None:
    """A chat that could not be told of an alert; `why` is a status or the type of an error."""
    _write("ERROR", "alert not delivered", alert=raised.kind.value, orgId=raised.org_id, target=target, why=why)


def hold_not_ended(org_id: str, error: Exception) -> None:
    """A hold whose time is over, and why it could not be given back; the next sweep tries again."""
    _write("ERROR", "hold not ended", orgId=org_id, error=type(error).__name__, origin=_origin(error))


def pulls_planned(count: int) -> None:
    """How many tills are to be read now. Where this line stays away for hours, nobody asks them."""
    _write("INFO", "pulls planned", tills=count)


def pulled(org_id: str, location_id: str, counts: Mapping[str, int]) -> None:
    """A till has been read to the end."""
    _write("INFO", "pulled", orgId=org_id, locationId=location_id, **counts)


def pull_failed(org_id: str, location_id: str, reason: str, failures: int) -> None:
    """A till could not be read, so many times in a row by now; the next pull reads the same again."""
    _write("WARNING", "pull failed", orgId=org_id, locationId=location_id, reason=reason, failures=failures)


def sync_switched_off(org_id: str, reason: str) -> None:
    """An org that is not synced with Alpine IQ because its account is not (wholly) configured, and what is missing."""
    _write("WARNING", "sync switched off", orgId=org_id, reason=reason)


def message_not_enqueued(org_id: str, error: PerennialError) -> None:
    """A message whose task could not be made; the sweep of messages finds it."""
    _write("WARNING", "message not enqueued", orgId=org_id, reason=error.reason)


def message_damaged(org_id: str, message_id: str, error: Exception) -> None:
    """The record of a message that cannot be read, among those that stand still; nothing is done about it."""
    _write("ERROR", "damaged message left alone", orgId=org_id, messageId=message_id, error=type(error).__qualname__)


def schedule_damaged(org_id: str, error: Exception) -> None:
    """When an org looks for occasions cannot be read; it answers none until somebody changes its messaging settings."""
    _write("ERROR", "damaged schedule left alone", orgId=org_id, error=type(error).__qualname__)


def notice_not_heard(org_id: str, notice_id: str, error: Exception) -> None:
    """A notice that could not be looked at; it stays open and is tried again."""
    _write("ERROR", "notice not heard", orgId=org_id, noticeId=notice_id, error=type(error).__qualname__)


def push_damaged(org_id: str, push_id: str, error: Exception) -> None:
    """The record of a push that cannot be read, among those that wait; nothing is done about it."""
    _write("ERROR", "damaged push left alone", orgId=org_id, pushId=push_id, error=type(error).__qualname__)


def pushed(org_id: str, kind: str, state: str, reason: str | None) -> None:
    """What became of telling Alpine IQ of something; the record of the push says of what."""
    severity = "INFO" if state == "sent" else "WARNING"
    _write(severity, "pushed to Alpine IQ", orgId=org_id, kind=kind, state=state, reason=reason)


def task_left_to_sweep(queue: str, error: PerennialError) -> None:
    """A task that could not be enqueued, of work that is on record and will be found by its sweep."""
    _write("WARNING", "task left to its sweep", queue=queue, reason=error.reason)


def swept(sweep: str, counts: Mapping[str, int]) -> None:
    """What a sweep has done. Where this line stays away for hours, no sweep is run."""
    _write("WARNING" if counts.get("recorded") else "INFO", "swept", sweep=sweep, **counts)


def audits_planned(count: int) -> None:
    """How many orgs are to be audited now. Where this line stays away for hours, nobody asks whose night it is."""
    _write("INFO", "audits planned", count=count)


def audited(org_id: str, state: str, seconds: float, counts: Mapping[str, int]) -> None:
    """An org's nightly audit has ended."""
    _write("INFO", "audited", orgId=org_id, state=state, seconds=round(seconds, 1), **counts)


def _origin(error: BaseException) -> list[str]:
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES_MAX:]
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]


def _write(severity: str, message: str, **fields: Any) -> None:
    sys.stderr.write(json.dumps({"severity": severity, "message": message, **fields}) + "\n")
