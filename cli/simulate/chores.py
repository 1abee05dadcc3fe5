"""What happens when nobody does anything: schedules call, in any order and some twice, and queues deliver."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, Protocol

from cli.simulate.faults import Crash, Faults
from cli.simulate.queue import Queue, Task
from cli.simulate.shops import Shop
from cli.simulate.world import World, change_settings, is_recorded
from lib.domain.errors import Unavailable
from lib.domain.ledger import CLOCK
from lib.platform.transient import TRANSIENT
from lib.usecases import ageing, orders, recalculation, reconciliation, redemptions, rerating, runs, settings, sweep
from lib.usecases.runs import Job, Jobs
from lib.vendors.errors import VendorError

_ALL = (
    Job(ageing.JOB, ageing.members, ageing.visit),
    Job(recalculation.JOB, recalculation.members, recalculation.visit),
    Job(rerating.RESUME_JOB, rerating.resumed_members, rerating.resumed_visit),
    Job(reconciliation.JOB, reconciliation.members, reconciliation.visit),
)
JOBS: Jobs = {job.name: job for job in _ALL}
# A dead worker's lease has run out after this, and the sweep takes its run for stalled.
_LONG_ENOUGH = timedelta(minutes=11)
_ROUNDS_MAX = 60
_GONE = (Crash, Unavailable, VendorError, *TRANSIENT)


class Comparer(Protocol):
    """Who knows what comparisons with Alpine IQ may write."""

    def entered(self, written: Collection[str]) -> set[str]:
        """A comparison has written these documents; whom it has given or taken points."""


@dataclass(slots=True)
class Chores:
    """The schedules and the queues, worked by one thread. `touched`: whose customers the last step has written.

    comparer: is told of what comparisons write, which look at nobody's tier where they enter nothing.
    """

    world: World
    faults: Faults
    queue: Queue
    chance: Random
    touched: set[str] = field(default_factory=set)
    comparer: Comparer | None = None
    _is_swept: bool = False

    def step(self) -> bool:
        """One task, if there is one due; False if there is none."""
        self.touched = set()
        task = self.queue.next(self.world.timeline.now)
        if task:
            self._deliver(task)
        return task is not None

    def call_schedules(self) -> None:
        """Each schedule, once or twice, in any order."""
        self.touched = set()
        schedules = [self.age_customers, self.end_holds, self.sweep_orders, self.sweep_runs]
        called = schedules + [schedule for schedule in schedules if self.chance.random() < 0.3]
        self.chance.shuffle(called)
        for schedule in called:
            schedule()

    def age_customers(self) -> None:
        """Starts the runs that age who is due."""
        self.carried_out("age_customers", _start_ageing)

    def end_holds(self) -> None:
        """Ends the holds whose time is over, all of them if nothing comes in between."""
        if self.carried_out("end_holds", redemptions.end_due):
            for redemption_id in self.world.oracle.overdue(self.world.timeline.now):
                self.world.problem(f"redemption {redemption_id} is over, and end_holds has left it")

    def begin(self) -> None:
        """Sweeps orders until that has come to its end once: what was written long before there was a sweep is none of
        its business, so there is one from the beginning."""
        while not self._is_swept:
            self.world.timeline.advance(_LONG_ENOUGH)
            self.sweep_orders()

    def sweep_orders(self) -> None:
        """Has recorded whose events were lost, all of them if nothing comes in between."""
        self._is_swept = False
        swept: list[sweep.Swept | None] = []
        done = self.carried_out("sweep_orders", lambda: swept.append(sweep.sweep_orders(self._record)))
        if done and swept[0] and swept[0].done and not swept[0].counts["failed"]:
            self._is_swept = True
            self.world.count("complete sweeps of orders")
            for order_id, (version, state) in self.world.present.items():
                if self.world.oracle.is_behind(order_id, version, state):
                    self.world.problem(f"{order_id}: the sweep has not found what was lost of it")

    def sweep_runs(self) -> None:
        """Puts runs on their way again that stand still."""
        self.carried_out("sweep_runs", runs.sweep)

    def change_rules(self, shop: Shop, change: dict[str, Any], key: str) -> bool:
        """Has a shop's settings changed, of which an event tells once or twice; whether that was accepted."""
        document = self.world.client.document("tenants", shop.org_id, "settings", "loyalty")
        before = document.get().to_dict()
        if not change_settings(self.world, shop, change, key):
            return False
        after, at = document.get().to_dict(), self.world.timeline.now
        told, wanted = 0, self.chance.choice((1, 1, 2))
        while told < wanted:
            told += self.carried_out("settings event", lambda: _follow(shop.org_id, before, after, at))
        return True

    def finish(self) -> set[str]:
        """Lets time pass until orders have been swept, every run has ended and nobody is due; whose customers that has
        written."""
        touched: set[str] = set()
        for _ in range(_ROUNDS_MAX):
            self.world.timeline.advance(_LONG_ENOUGH)
            self.call_schedules()
            touched |= self.touched
            while self.step():
                touched |= self.touched
            is_idle = not len(self.queue) and not any(True for _ in ageing.batches())
            if is_idle and self._is_swept and not self._has_open_runs():
                for order_id in self.world.oracle.unpaid(self.world.timeline.now):
                    self.world.problem(f"{order_id}: was placed in a pause that is over, and has not been made up for")
                return touched
        self.world.problem(f"after {_ROUNDS_MAX} rounds of all schedules something is still to be done")
        return touched

    def _has_open_runs(self) -> bool:
        found = self.world.client.collection_group("runs").stream()
        return any((run.to_dict() or {})["state"] in ("planning", "running") for run in found)

    def _deliver(self, task: Task) -> None:
        is_comparison = task.queue == "workshard" and self._job_of(task) == reconciliation.JOB
        tell = self._tell_of_comparison if is_comparison else self._tell
        if not self.carried_out(task.queue, lambda: _work(task), tell):
            self.queue.again(task)

    def _job_of(self, task: Task) -> str:
        run = self.world.client.document("tenants", task.data["orgId"], "runs", task.data["runId"]).get()
        return str((run.to_dict() or {}).get("job", ""))

    def carried_out(
        self, what: str, work: Callable[[], object], tell: Callable[[set[str]], None] | None = None
    ) -> bool:
        """Does it, under faults, and tells the oracle what that has written; whether it came to its end."""
        written: set[str] = set()
        try:
            with self.faults.on(self.chance) as written:
                work()
        except _GONE:
            self.world.count(f"{what}: died")
            return False
        finally:
            if what == "workshard":
                self._tell_of_orders(written)
            (tell or self._tell)(written)
        self.world.count(f"{what}: done")
        return True

    def _tell_of_orders(self, written: Iterable[str]) -> None:
        """Of the jobs of runs only the one that makes up for a pause writes what orders have granted."""
        made_up_for = {path.rpartition("/")[2] for path in written if "/accruals/" in path}
        self.world.count("orders made up for after a pause", len(made_up_for))
        self.world.oracle.made_up_for(made_up_for, self.world.timeline.now)

    def _tell(self, written: Iterable[str]) -> None:
        self.world.holds_ended(written)
        people = self.world.customers_in(written)
        self.world.oracle.seen(people, self.world.timeline.now)
        self.touched |= people

    def _tell_of_comparison(self, written: set[str]) -> None:
        if self.comparer:
            self.touched |= self.comparer.entered(written)

    def _record(self, order_id: str) -> object:
        """Records an order for the sweep, with an eye on what that writes."""
        version, state = self.world.present[order_id]
        written: set[str] = set()
        try:
            with self.faults.watching() as written:
                return orders.record_present(order_id)
        finally:
            if is_recorded(order_id, written):
                self.world.count("orders recorded by the sweep")
                self.touched |= self.world.order_worked(order_id, version, state, written)


def _start_ageing() -> None:
    for org_id, key, customer_ids in ageing.batches():
        runs.start(org_id, ageing.JOB, key, {}, ageing.ACTOR, customer_ids)


def _follow(org_id: str, before: dict[str, Any] | None, after: dict[str, Any] | None, at: datetime) -> None:
    for wanted in settings.noticed(org_id, before, after, at, is_legacy=False):
        runs.start(org_id, wanted.job, wanted.key, wanted.params, CLOCK)


def _work(task: Task) -> None:
    data = task.data
    if task.queue == "planrun":
        runs.plan(JOBS, data["orgId"], data["runId"], data["token"], data["after"])
    else:
        runs.work(JOBS, data["orgId"], data["runId"], data["shardId"])
