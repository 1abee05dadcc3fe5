"""Reconciliation: customers' points compared with Alpine IQ's, by night and on request; differences decided and shown.

`docs/OPERATIONS.md` says how a shop is connected and what to do about differences. The comparison itself is pure:
lib/domain/reconciliation.py. What a call needs, their client first, is loaded when it is made: an instance serves one
function, and most never speak to Alpine IQ.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lib.domain.answers import Answer
    from lib.domain.commands import Command
    from lib.domain.discrepancies import Decision, Standing
    from lib.domain.ledger import Actor
    from lib.store.org import OrgStore

JOB = "sync"
"""The name of its runs."""

__all__ = [
    "JOB",
    "batch",
    "begin",
    "beside",
    "due",
    "listing",
    "members",
    "report",
    "report_of",
    "resolve",
    "single",
    "stats",
    "sync_customer",
    "visit",
]


def sync_customer(org_id: str, customer_id: str, key: str, actor: Actor) -> Answer:
    """See `asking.sync_customer`."""
    from lib.usecases.reconciliation import asking

    return asking.sync_customer(org_id, customer_id, key, actor)


def beside(org_id: str, answer: Answer) -> Answer:
    """See `showing.beside`."""
    from lib.usecases.reconciliation import showing

    return showing.beside(org_id, answer)


def members(org: OrgStore, params: Mapping[str, Any], after: str | None, limit: int) -> list[str]:
    """See `syncing.members`."""
    from lib.usecases.reconciliation import syncing

    return syncing.members(org, params, after, limit)


def visit(org: OrgStore, params: Mapping[str, Any], block: str) -> Mapping[str, int]:
    """See `syncing.visit`."""
    from lib.usecases.reconciliation import syncing

    return syncing.visit(org, params, block)


def due() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """See `reporting.due`."""
    from lib.usecases.reconciliation import reporting

    return reporting.due()


def begin(org_id: str, key: str) -> dict[str, Any]:
    """See `reporting.begin`."""
    from lib.usecases.reconciliation import reporting

    return reporting.begin(org_id, key)


def report() -> int:
    """See `reporting.report`."""
    from lib.usecases.reconciliation import reporting

    return reporting.report()


def listing(org_id: str, standing: Standing | None, cursor: str | None, limit: int) -> Answer:
    """See `resolving.listing`."""
    from lib.usecases.reconciliation import resolving

    return resolving.listing(org_id, standing, cursor, limit)


def resolve(command: Command, customer_id: str, decision: Decision) -> Answer:
    """See `resolving.resolve`."""
    from lib.usecases.reconciliation import resolving

    return resolving.resolve(command, customer_id, decision)


def batch(org_id: str, run_id: str, *, patience_seconds: float) -> dict[str, Any]:
    """See `dashboard.batch`."""
    from lib.usecases.reconciliation import dashboard

    return dashboard.batch(org_id, run_id, patience_seconds=patience_seconds)


def single(org_id: str, customer_id: str) -> dict[str, Any]:
    """See `dashboard.single`."""
    from lib.usecases.reconciliation import dashboard

    return dashboard.single(org_id, customer_id)


def stats(org_id: str) -> dict[str, Any]:
    """See `dashboard.stats`."""
    from lib.usecases.reconciliation import dashboard

    return dashboard.stats(org_id)


def report_of(org_id: str, customer_id: str) -> dict[str, Any]:
    """See `dashboard.report_of`."""
    from lib.usecases.reconciliation import dashboard

    return dashboard.report_of(org_id, customer_id)
