"""A whole simulation: shops opened, workers let loose in phases, everything checked after each, and at the end."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from fractions import Fraction
from random import Random
from time import perf_counter
from typing import Any

from google.cloud.firestore import Client

from cli.simulate.events import Events
from cli.simulate.faults import NO_FAULTS, FaultPlan, Faults
from cli.simulate.front import Front, InProcess
from cli.simulate.people import ORGS
from cli.simulate.rewards import Till
from cli.simulate.watch import Watch
from cli.simulate.worker import Worker
from cli.simulate.world import SETTINGS, World, open_shops
from emulator.client import StackClient
from lib.domain.invariants.violations import Violation
from lib.usecases.audit import AuditReport, audit

_PHASES = 5
_SYNCED_A_PHASE = 5
_DRAIN_SECONDS = 300.0
CRASHES = FaultPlan(crash_before=0.02, crash_after=0.02, aborted=0.02, unanswered=0.01)


@dataclass(frozen=True, slots=True)
class Plan:
    """`events` counts deliveries and calls. With one caller a seed replays exactly, and every step is checked."""

    seed: int
    events: int
    people: int = 200
    callers: int = 8
    duplicate: float = 0.2
    reorder: float = 0.2
    faults: FaultPlan = CRASHES


@dataclass(frozen=True, slots=True)
class Result:
    """What happened. `problems` is empty when all is as it must be; `balances` is what each person has in the end."""

    counts: Counter[str]
    problems: list[str]
    reports: tuple[AuditReport, ...]
    balances: dict[str, tuple[int, ...]]
    seconds: float

    @property
    def violations(self) -> list[Violation]:
        """What the audit found."""
        return [violation for report in self.reports for violation in report.violations]

    @property
    def documents(self) -> int:
        """How many documents were audited."""
        return sum(report.documents for report in self.reports)

    @property
    def is_clean(self) -> bool:
        """Whether the oracle agrees and no invariant is broken."""
        return not self.problems and all(report.is_clean for report in self.reports)


@dataclass(slots=True)
class Simulation:
    """One run on an empty project. `client` is the product's own, in which the faults sit.

    With a `stack` its functions hear of writes, under its event faults, and are called over HTTP; crashes are left out
    then, because they would be of another process. Without one everything happens in this process.
    """

    plan: Plan
    client: Client
    front: Front = field(default_factory=InProcess)
    stack: StackClient | None = None

    def run(self) -> Result:
        """Everything, with a look at every customer after each phase and an audit at the end."""
        started = perf_counter()
        plan, chance = self.plan, Random(self.plan.seed)
        if self.stack:
            self.stack.set_faults(seed=plan.seed, duplicate=plan.duplicate, reorder=plan.reorder)
        world = open_shops(self.client, self.front, chance, plan.people)
        watch = Watch(world)
        with Faults(self.client, plan.faults) as faults, ThreadPoolExecutor(plan.callers) as executor:
            workers = [self._worker(index, world, faults) for index in range(plan.callers)]
            for phase in range(_PHASES):
                list(executor.map(lambda worker: self._work(worker, watch), workers))
                self._settle(workers)
                watch.look(world.people)
                _sync_some(workers[0], chance)
                if not self.stack:
                    # Which rate an order first earned at would depend on when the stack delivered its events.
                    self._change_rules(world, phase, chance)
        self._settle(workers)
        _check_recognition(world)
        if self.stack:
            world.counts.update({f"events {name}": count for name, count in _numbers(self.stack.events())})
        for name, value in faults.counts.items():
            world.count(name, value)
        for worker in workers:
            world.count("events duplicated", worker.events.duplicated)
            world.count("events overtaken", worker.events.reordered)
        # A stack may serve others too; what belongs to no org is nobody's but theirs then.
        reports = tuple(audit(org_id) for org_id in ORGS) if self.stack else (audit(),)
        return Result(world.counts, world.problems, reports, watch.balances(world.people), perf_counter() - started)

    def _worker(self, index: int, world: World, faults: Faults) -> Worker:
        chance = Random(f"{self.plan.seed}/{index}")
        return Worker(
            index=index,
            world=world,
            faults=faults,
            chance=chance,
            events=Events(chance, self.plan.duplicate, self.plan.reorder),
            till=Till(world, faults, chance, f"till-{index}"),
            delivers=self.stack is None,
        )

    def _work(self, worker: Worker, watch: Watch) -> None:
        for _ in range(self.plan.events // _PHASES // self.plan.callers):
            worker.step()
            if self.plan.callers == 1 and not self.stack:
                touched = [worker.world.oracle.people[key] for key in sorted(worker.touched)]
                watch.look(touched, at_balances=not worker.half_done)

    def _settle(self, workers: list[Worker]) -> None:
        """Lets every event arrive."""
        if self.stack:
            self.stack.drain(_DRAIN_SECONDS)
        for worker in workers:
            worker.drain()

    def _change_rules(self, world: World, phase: int, chance: Random) -> None:
        """Another rate, or a pause: what orders have earned must stay, and only later ones may notice."""
        for org_id in ORGS:
            rate, paused = chance.choice(("0.5", "1", "1.25", "2")), chance.random() < 0.2
            change = {**SETTINGS[org_id], "pointsPerDollar": float(rate), "paused": paused}
            data = {"orgId": org_id, "idempotencyKey": f"rules-{phase}", "settings": change}
            if not self.front.call("update_loyalty_settings", data)["ok"]:
                world.problem(f"the settings of {org_id} were refused")
            world.oracle.points_per_dollar[org_id] = Fraction(0) if paused else Fraction(rate)


def _sync_some(worker: Worker, chance: Random) -> None:
    """No event is on its way now, so recomputing a customer must find nothing to do."""
    known = sorted(worker.world.customer_ids)
    for key in chance.sample(known, min(_SYNCED_A_PHASE, len(known))):
        worker.till.sync(worker.world.oracle.people[key], worker.world.customer_ids[key])


def _numbers(counters: dict[str, Any]) -> Iterator[tuple[str, int]]:
    return ((name, count) for name, count in counters.items() if isinstance(count, int) and count)


def _check_recognition(world: World) -> None:
    """One person, one customer; one customer, one person."""
    owners: defaultdict[str, set[str]] = defaultdict(set)
    for key, customer_id in world.customer_ids.items():
        owners[customer_id].add(key)
    for customer_id, people in owners.items():
        if len(people) > 1:
            world.problem(f"{customer_id} is several people: {sorted(people)}")


__all__ = ["CRASHES", "NO_FAULTS", "Plan", "Result", "Simulation"]
