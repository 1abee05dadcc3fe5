"""Reconciliation: customers' points compared with Alpine IQ's, by night and on request; differences decided and shown.

`docs/OPERATIONS.md` says how a shop is connected and what to do about differences. The comparison itself is pure:
lib/domain/reconciliation.py.
"""

from lib.usecases.reconciliation.asking import sync_customer
from lib.usecases.reconciliation.dashboard import batch, report_of, single, stats
from lib.usecases.reconciliation.reporting import begin, due, report
from lib.usecases.reconciliation.resolving import Decision, listing, resolve
from lib.usecases.reconciliation.showing import beside
from lib.usecases.reconciliation.syncing import JOB, members, visit

__all__ = [
    "JOB",
    "Decision",
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
