"""Short simulations; `./dev simulate` runs long ones. Counts here only say that what a run is for has happened."""

from dataclasses import replace
from random import Random

import pytest

from cli.simulate.front import InProcess, OverHttp
from cli.simulate.plan import Plan
from cli.simulate.run import Result, Simulation
from cli.simulate.timeline import Timeline
from cli.simulate.watch import Watch
from cli.simulate.world import open_shops
from emulator.client import StackClient
from emulator.stack import Stack
from emulator.vendors.client import SandboxClient
from lib.store.client import database

ALONE = Plan(seed=11, events=350, people=25, callers=1)
FAULTS_MET = (
    "events duplicated",
    "events overtaken",
    "events delivered again after a failure",
    "crashes before commit",
    "crashes after commit",
    "commits aborted",
    "calls repeated",
)
ALPINE_MET = (
    "alpine: lies",
    "alpine: nights",
    "alpine: points given",
    "alpine: points taken",
    "alpine: compared, overridden",
    "workshard: done",
)
TIME_PASSED = (
    "leaps in time",
    "ledger: expire",
    "ledger: release",
    "changes of settings",
    "orders recorded by the sweep",
    "workshard: done",
    "tasks delivered twice",
)


def simulated(plan: Plan) -> Result:
    return Simulation(plan, database()).run()


def as_it_must_be(result: Result) -> None:
    assert result.problems == []
    assert [str(violation) for violation in result.violations] == []
    assert result.documents > 0


def test_one_caller_is_checked_after_every_step(timed_project: str) -> None:
    result = simulated(ALONE)
    as_it_must_be(result)
    assert [what for what in (*FAULTS_MET, *TIME_PASSED) if not result.counts[what]] == []
    assert result.counts["looks at a customer"] > ALONE.events // 4


def test_eight_callers_meet_on_the_same_customers(timed_project: str) -> None:
    result = simulated(Plan(seed=12, events=240, people=12))
    as_it_must_be(result)
    assert [fault for fault in FAULTS_MET if not result.counts[fault]] == []
    assert result.counts["hold_redemption: accepted"] > 0
    assert result.counts["customers visited by all at once"] > 0


def test_an_alpine_iq_that_lags_and_lies(timed_project: str, alpine_iq: SandboxClient) -> None:
    plan = Plan(seed=7, events=150, people=10, callers=1, alpine=True)
    result = Simulation(plan, database(), sandbox=alpine_iq).run()
    as_it_must_be(result)
    assert [what for what in ALPINE_MET if not result.counts[what]] == []


def test_a_seed_replays_a_run(timed_project: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = replace(ALONE, events=40)
    first = simulated(plan)
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", f"{timed_project}-again")
    again = simulated(plan)
    assert (again.counts, again.balances) == (first.counts, first.balances)
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", f"{timed_project}-other")
    assert simulated(replace(plan, seed=plan.seed + 1)).balances != first.balances


def test_events_of_the_stack_are_doubled_and_overtaken(stack: StackClient, _worker_stack: Stack) -> None:
    plan = Plan(seed=13, events=140, people=15, callers=4)
    result = Simulation(plan, database(), OverHttp(_worker_stack), stack).run()
    as_it_must_be(result)
    assert result.counts["events duplicated"] > 0
    assert result.counts["events reordered"] > 0


def test_one_point_too_many_is_noticed(project: str) -> None:
    timeline = Timeline(None, stands=False)
    world = open_shops(database(), InProcess(), timeline, Random(1), people_count=1)
    person, watch = world.people[0], Watch(world)
    database().document("customers", "c1").set({"orgId": person.org_id})
    world.customer_ids[person.key] = "c1"
    gift = {"orgId": person.org_id, "customerId": "c1", "points": 5, "reason": "gift", "idempotencyKey": "k1"}
    assert world.front.call("adjust_points", gift, at=timeline.now)["ok"]
    world.oracle.adjusted(person.key, 5, timeline.now)
    watch.look([person])
    assert world.problems == []
    world.oracle.adjusted(person.key, -1, timeline.now)
    watch.look([person])
    assert {problem.split(":")[0] for problem in world.problems} == {person.key}
    assert [problem.split(" ")[1] for problem in world.problems] == ["available", "lots", "4"]
