"""What a year of days would have cost: what the stack has counted, and what the demo has not played, at list prices.

Schedules that are due every few minutes are played once a night or a week, the audit once a quarter. The others are
reckoned from what a call costs that finds nothing to do, and from what the audits that were played have read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from cli.demo.report import Json
from cli.demo.year import prices
from cli.demo.year.play import Audited

# Sweeps look at each order some six times, two reads each (lib/usecases/sweep.py); that of every week once or twice.
_SWEEP_READS_AN_ORDER = 9
# Whoever is due is visited by the hour then, at most in so many more runs a day: what a small one takes of its own,
# beside finding and visiting its members, as the local stack counts it.
_RUN_READS, _RUN_WRITES, _RUN_TASKS = 13, 5, 2
_RUNS_A_DAY_MORE = 23
# Cloud Run rounds the time of a request up to this; ours have a vCPU and half a GiB (functions/edge/runtime.py).
_INVOCATION_SECONDS = Fraction(1, 10)
_MEMORY_GIB = Fraction(1, 2)
_OPERATIONS_A_TASK = 2
_GIB = 2**30
_DAYS_A_MONTH = Fraction(365, 12)


@dataclass(frozen=True, slots=True)
class Operations:
    """Billed operations of Firestore."""

    reads: int = 0
    writes: int = 0
    deletes: int = 0

    @property
    def dollars(self) -> Fraction:
        """At list prices."""
        return self.reads * prices.READ + self.writes * prices.WRITE + self.deletes * prices.DELETE


@dataclass(frozen=True, slots=True)
class Measured:
    """What was counted while the days were played.

    operations: of the functions alone, without the audits. orders_by_night: how many there were after each day.
    calls, played: how often each schedule would have been called, and how often it was. idle: what a call costs that
    finds nothing. tasks: that were done, without those of the audits. invocations: by events and callables.
    """

    operations: Operations
    orders_by_night: Sequence[int]
    audits: Sequence[Audited]
    calls: Mapping[str, int]
    played: Mapping[str, int]
    idle: Mapping[str, Operations]
    tasks: int
    invocations: int
    stored_documents: int
    stored_bytes: int


def bill(measured: Measured) -> Json:
    """The lines of the bill, each with its operations and dollars, and the totals. Dollars to four places."""
    days, orders = len(measured.orders_by_night), max(measured.orders_by_night, default=0)
    audits, audit_seconds = _audits(measured)
    hourly = Operations(
        reads=orders * _SWEEP_READS_AN_ORDER + days * _RUNS_A_DAY_MORE * _RUN_READS,
        writes=days * _RUNS_A_DAY_MORE * _RUN_WRITES,
    )
    firestore = {
        "as played: orders, the till, the jobs of every night": measured.operations,
        "jobs by the hour: what they find in between, at most": hourly,
        "jobs by the hour and the minute: calls that find nothing": _idle(measured),
        "the audit of every night": audits,
    }
    tasks = measured.tasks + days * (1 + _RUNS_A_DAY_MORE * _RUN_TASKS)
    invocations = measured.invocations + sum(measured.calls.values()) + tasks
    months = days / _DAYS_A_MONTH
    gib = Fraction(measured.stored_bytes, _GIB)
    lines: list[Json] = [
        {"item": item, "reads": it.reads, "writes": it.writes, "deletes": it.deletes, "dollars": it.dollars}
        for item, it in firestore.items()
    ]
    lines += [
        # It grew from nothing, so on average half of it was there.
        {"item": _storage_item(measured), "dollars": gib / 2 * months * prices.GIB_MONTH},
        {"item": f"Cloud Tasks: {tasks * _OPERATIONS_A_TASK:,} operations", "dollars": _task_dollars(tasks)},
        {"item": f"Cloud Scheduler: {len(measured.calls)} jobs", "dollars": _scheduler_dollars(measured, months)},
        {"item": f"functions: {invocations:,} invocations", "dollars": _run_dollars(invocations, audit_seconds)},
    ]
    total = sum((line["dollars"] for line in lines), Fraction())
    return {
        "pricesOf": prices.READ_ON,
        "days": days,
        "lines": [line | {"dollars": _rounded(line["dollars"])} for line in lines],
        "dollars": _rounded(total),
        "dollarsPerThousandOrders": _rounded(total * 1000 / orders) if orders else None,
    }


def _audits(measured: Measured) -> tuple[Operations, Fraction]:
    """Every night's audit, and all their seconds: in proportion to orders, as in the nights that were played."""
    known = sum(it.orders for it in measured.audits)
    share = Fraction(sum(measured.orders_by_night), known) if known else Fraction()
    reads, writes = (sum(getattr(it, name) for it in measured.audits) for name in ("reads", "writes"))
    seconds = sum((Fraction(it.seconds) for it in measured.audits), Fraction())
    return Operations(round(reads * share), round(writes * share)), seconds * share


def _idle(measured: Measured) -> Operations:
    more = {name: max(0, calls - measured.played.get(name, 0)) for name, calls in measured.calls.items()}
    return Operations(
        reads=sum(count * measured.idle.get(name, Operations()).reads for name, count in more.items()),
        writes=sum(count * measured.idle.get(name, Operations()).writes for name, count in more.items()),
    )


def _storage_item(measured: Measured) -> str:
    return f"storage: {measured.stored_documents:,} documents, {measured.stored_bytes / 1e6:,.0f} MB with indexes"


def _task_dollars(tasks: int) -> Fraction:
    return tasks * _OPERATIONS_A_TASK * prices.TASK_OPERATION


def _scheduler_dollars(measured: Measured, months: Fraction) -> Fraction:
    return len(measured.calls) * months * prices.SCHEDULER_JOB_MONTH


def _run_dollars(invocations: int, more_seconds: Fraction) -> Fraction:
    seconds = invocations * _INVOCATION_SECONDS + more_seconds
    return invocations * prices.INVOCATION + seconds * (prices.VCPU_SECOND + _MEMORY_GIB * prices.GIB_SECOND)


def _rounded(dollars: Fraction) -> float:
    return round(float(dollars), 4)
