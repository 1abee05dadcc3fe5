"""The nightly audit: a schedule that asks where it is night, and a task function that audits one org.

The audit knows every document there is; other functions need not load it, so it is imported where it is used.
"""

from datetime import date
from typing import Annotated

from pydantic import Field

from functions import edge
from functions.edge import Limits, Payload, Retries
from lib.usecases import orders

_ATTEMPTS_MAX = 3


class AuditTask(Payload):
    """`day`: the org's own date, "2026-11-21", under which the findings are kept."""

    org_id: str
    day: Annotated[date, Field(strict=False)]


@edge.on_schedule("23 * * * *")
def nightly_audit() -> None:
    """Has every org audited where it is night now."""
    from lib.usecases.audit import nightly

    nightly.plan_audits()


# An audit is as much as an instance can do, and the night is long.
@edge.on_task(
    AuditTask,
    limits=Limits(per_second=1, concurrent=4),
    retries=Retries(attempts=_ATTEMPTS_MAX, min_backoff_seconds=60, max_backoff_seconds=600),
)
def auditorg(task: AuditTask) -> None:
    """Audits one org and takes down what was found."""
    from lib.usecases.audit import nightly

    nightly.audit_org(task.org_id, task.day, orders.record_present, attempts_max=_ATTEMPTS_MAX)
