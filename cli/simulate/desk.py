"""A simulation at work: phases of steps, after each of which everything arrives, is done and is looked at."""

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from random import Random

from cli.simulate.alpine.judge import Judge
from cli.simulate.alpine.nights import Nights
from cli.simulate.chores import Chores
from cli.simulate.events import Events
from cli.simulate.faults import Faults
from cli.simulate.plan import Plan
from cli.simulate.queue import Queue
from cli.simulate.rewards import Till
from cli.simulate.shops import Owner, Shop
from cli.simulate.watch import Watch
from cli.simulate.worker import Worker
from cli.simulate.world import World
from emulator.client import StackClient
from lib.store.org import OrgStore
from lib.usecases import ageing, redemptions

_PHASES = 5
_SYNCED_A_PHASE = 5
# Shares of steps in which time leaps, schedules are called besides, and an owner changes the settings.
_LEAPS, _SCHEDULED, _RULED = 0.018, 0.004, 0.005
_HOURS = (1, 6, 24, 72, 240, 744)
# The share of steps at, or about, Alpine IQ where the shops are connected to it.
_ALPINE = 0.3
_DRAIN_SECONDS = 300.0


class Desk:
    """A simulation at work."""

    def __init__(
        self,
        plan: Plan,
        world: World,
        faults: Faults,
        queue: Queue,
        chance: Random,
        *,
        stack: StackClient | None,
        judge: Judge | None = None,
    ) -> None:
        self.watch = Watch(world)
        self.steps = 0
        self._plan, self._stack, self._is_alone = plan, stack, plan.callers == 1 and stack is None
        self._world, self._faults, self._queue, self._chance = world, faults, queue, chance
        self._workers = [self._worker(index) for index in range(self._plan.callers)]
        self._chores = Chores(world, faults, queue, Random(f"{self._plan.seed}/chores"))
        self._nights: Nights | None = None
        if judge:
            self._chores.comparer = judge
            self._nights = Nights(world, faults, self._chores, Random(f"{plan.seed}/nights"), judge)
        self._owner = Owner(chance, with_time=self._is_alone)
        self._changes = 0

    def work(self, pool: ThreadPoolExecutor) -> None:
        """Every phase; after each, everything has arrived and is looked at."""
        if self._world.timeline.moves:
            self._chores.begin()
        for _ in range(_PHASES):
            if self._is_alone:
                self._work_alone()
            else:
                list(pool.map(self._work, self._workers))
            self._settle(pool)
            self.watch.look(self._world.people)
            if self._world.problems and self._is_alone:
                return
            self._sync_some()
            if not self._stack:
                # Which rate an order first earned at would depend on when the stack delivered its events.
                for shop in self._world.shops.values():
                    self._change_rules(shop)

    def add_up(self) -> None:
        """Counts what the parts have counted."""
        count = self._world.count
        if self._stack:
            for name, number in self._stack.events().items():
                if isinstance(number, int) and number:
                    count(f"events {name}", number)
        for name, number in (*self._faults.counts.items(), *self._queue.counts.items()):
            count(name, number)
        for worker in self._workers:
            count("events duplicated", worker.events.duplicated)
            count("events overtaken", worker.events.reordered)
            count("events lost", worker.events.lost)

    def _worker(self, index: int) -> Worker:
        plan, chance = self._plan, Random(f"{self._plan.seed}/{index}")
        return Worker(
            index=index,
            world=self._world,
            faults=self._faults,
            chance=chance,
            events=Events(chance, plan.duplicate, plan.reorder, plan.lose if self._world.timeline.moves else 0.0),
            till=Till(self._world, self._faults, chance, f"till-{index}"),
            delivers=self._stack is None,
        )

    def _work(self, worker: Worker) -> None:
        for _ in range(self._plan.events // _PHASES // self._plan.callers):
            worker.step()

    def _work_alone(self) -> None:
        """Steps, each a while after the one before and looked at when it is over, until something is wrong."""
        for _ in range(self._plan.events // _PHASES):
            if self._world.problems:
                return
            self.steps += 1
            touched = self._step()
            self.watch.look(self._world.oracle.people[key] for key in sorted(touched))

    def _step(self) -> set[str]:
        chance, roll = self._chance, self._chance.random()
        self._world.timeline.advance(timedelta(seconds=chance.randrange(5, 90)))
        if self._nights and self._nights.chance.random() < _ALPINE:
            self._chores.touched = set()
            self._nights.step()
            return self._nights.touched | self._chores.touched
        if roll < _LEAPS:
            self._world.timeline.advance(timedelta(hours=chance.choice(_HOURS) * chance.uniform(0.2, 1.8)))
            self._world.count("leaps in time")
        if roll < _LEAPS + _SCHEDULED:
            self._chores.call_schedules()
            return self._chores.touched
        if roll < _LEAPS + _SCHEDULED + _RULED:
            self._change_rules(chance.choice(list(self._world.shops.values())))
            return set()
        if len(self._queue) and chance.random() < 0.5 and self._chores.step():
            return self._chores.touched
        self._workers[0].step()
        return self._workers[0].touched

    def _settle(self, pool: ThreadPoolExecutor) -> None:
        """Lets every event arrive; then, where time can be moved, a while pass and everything be done that is due."""
        if self._stack:
            self._stack.drain(_DRAIN_SECONDS)
        for worker in self._workers:
            worker.drain()
        if self._is_alone:
            if self._nights:
                self._nights.wait()
            self._chores.finish()
            if self._nights:
                self._nights.settle()
            return
        if self._world.timeline.moves:
            self._world.timeline.advance(timedelta(days=self._chance.choice((1, 10, 31))))
            self._age_all_at_once(pool)
            self._all_seen()
            self._chores.finish()
        self._all_seen()

    def _all_seen(self) -> None:
        """Nobody has told who was looked at; but as time takes nothing from anybody here, it makes no difference."""
        now = self._world.timeline.now
        self._world.oracle.timed_out(self._world.oracle.overdue(now), now)
        self._world.oracle.seen(self._world.customer_ids, now)

    def _age_all_at_once(self, pool: ThreadPoolExecutor) -> None:
        """Every caller visits everybody who is due, and ends every hold, each in an order of its own."""
        due = [(org_id, customer_id) for org_id, _, ids in ageing.batches() for customer_id in ids]

        def visit_all(worker: Worker) -> None:
            for org_id, customer_id in worker.chance.sample(due, len(due)):
                ageing.visit(OrgStore(org_id), {}, customer_id)
            redemptions.end_due()

        list(pool.map(visit_all, self._workers))
        self._world.count("customers visited by all at once", len(due))

    def _change_rules(self, shop: Shop) -> None:
        """Other settings, or a pause: what orders have earned must stay, and only later ones may notice."""
        self._changes += 1
        change, key = self._owner.next_change(shop), str(self._changes)
        if not self._chores.change_rules(shop, change, key):
            self._world.problem(f"the settings of {shop.org_id} were refused")
        self._world.count("changes of settings")

    def _sync_some(self) -> None:
        """No event is on its way now, so recomputing a customer must find nothing that was wrong."""
        known = sorted(self._world.customer_ids)
        for key in self._chance.sample(known, min(_SYNCED_A_PHASE, len(known))):
            self._workers[0].till.sync(self._world.oracle.people[key], self._world.customer_ids[key])


def check_recognition(world: World) -> None:
    """One person, one customer; one customer, one person."""
    owners: defaultdict[str, set[str]] = defaultdict(set)
    for key, customer_id in world.customer_ids.items():
        owners[customer_id].add(key)
    for customer_id, people in owners.items():
        if len(people) > 1:
            world.problem(f"{customer_id} is several people: {sorted(people)}")
