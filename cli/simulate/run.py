"""A whole simulation: shops opened, workers let loose in phases, everything checked after each, and at the end."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from random import Random
from time import perf_counter
from typing import Any

from google.cloud.firestore import Client

from cli.simulate.alpine.connected import connected
from cli.simulate.alpine.judge import Judge
from cli.simulate.alpine.nights import open_accounts
from cli.simulate.desk import Desk, check_recognition
from cli.simulate.faults import NO_FAULTS, Faults
from cli.simulate.front import Front, InProcess
from cli.simulate.in_turn import in_turn
from cli.simulate.people import ORGS
from cli.simulate.plan import CRASHES, Plan
from cli.simulate.queue import Queue
from cli.simulate.timeline import Timeline
from cli.simulate.world import World, open_shops
from emulator.client import StackClient
from emulator.clock import ClockFile
from emulator.vendors.client import SandboxClient
from lib.domain.invariants.violations import Violation
from lib.usecases.audit import AuditReport, audit


@dataclass(frozen=True, slots=True)
class Result:
    """What happened. `problems` is empty when all is as it must be; `balances` is what each person has in the end.
    `steps` were made by one caller: the last of them is where the first problem was met."""

    counts: Counter[str]
    problems: list[str]
    reports: tuple[AuditReport, ...]
    balances: dict[str, tuple[Any, ...]]
    steps: int
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
    then, because they would be of another process, and so is time. Without one everything happens in this process, and
    in a time of its own where the stack has a clock file. With one caller time takes points and tiers, and everything
    happens in turn; with several the order in which they came to one customer is nobody's to know, so it takes neither.
    `sandbox`: of Alpine IQ, on the clock of the stack, for a plan with it.
    """

    plan: Plan
    client: Client
    front: Front = field(default_factory=InProcess)
    stack: StackClient | None = None
    sandbox: SandboxClient | None = None

    def run(self) -> Result:
        """Everything, with a look at every customer after each phase and an audit at the end."""
        started = perf_counter()
        plan, chance = self.plan, Random(self.plan.seed)
        if self.stack:
            self.stack.set_faults(seed=plan.seed, duplicate=plan.duplicate, reorder=plan.reorder)
        clock_file = ClockFile.of_environment()
        timeline = Timeline(None if self.stack or clock_file.path is None else clock_file, stands=self.is_alone)
        queue = Queue(Random(f"{plan.seed}/queue"))
        with ExitStack() as open_, Faults(self.client, plan.faults) as faults, ThreadPoolExecutor(plan.callers) as pool:
            open_.enter_context(timeline)
            open_.enter_context(queue)
            if not self.stack:
                open_.enter_context(in_turn())
            world = open_shops(self.client, self.front, timeline, chance, plan.people, with_time=self.is_alone)
            judge = open_.enter_context(self._accounts(world)) if plan.alpine else None
            desk = Desk(plan, world, faults, queue, chance, stack=self.stack, judge=judge)
            desk.work(pool)
            check_recognition(world)
            desk.add_up()
            # A stack may serve others too; what belongs to no org is nobody's but theirs then.
            reports = tuple(audit(org_id) for org_id in ORGS) if self.stack else (audit(),)
            balances = desk.watch.balances(world.people)
        return Result(world.counts, world.problems, reports, balances, desk.steps, perf_counter() - started)

    @contextmanager
    def _accounts(self, world: World) -> Iterator[Judge]:
        """Within, both shops are connected to accounts at the sandbox."""
        if self.sandbox is None or not self.is_alone:
            raise ValueError("an Alpine IQ that lies takes a sandbox and one caller")
        keys = {org_id: f"key of {org_id}" for org_id in ORGS}
        with connected(world.timeline, self.sandbox.base_url, keys):
            yield open_accounts(world, self.sandbox, Random(f"{self.plan.seed}/alpine"), keys)

    @property
    def is_alone(self) -> bool:
        """Whether everything happens in turn."""
        return self.plan.callers == 1 and self.stack is None


__all__ = ["CRASHES", "NO_FAULTS", "Plan", "Result", "Simulation"]
