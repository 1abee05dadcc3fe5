"""Counts are exact and every member is marked once, whatever dies, comes twice or at the same time."""

import random
from datetime import timedelta
from typing import Any

import pytest

from lib.domain import shards
from lib.domain.shards import LEASE
from lib.usecases import runs
from lib.usecases.runs import Job, planning, working
from tests.usecases.runs.checks import assert_complete, planned, step
from tests.usecases.runs.delivery import Clock, Killed, Killer, Open, Tasks


class TestDeath:
    @pytest.mark.parametrize("redelivers", [True, False], ids=["queue", "sweep"])
    @pytest.mark.parametrize("ids", [None, "all"], ids=["planned", "given"])
    def test_after_any_write(
        self, queue: Tasks, open_shop: Open, killer: Killer, redelivers: bool, ids: str | None
    ) -> None:
        queue.redelivers = redelivers
        after, reached = 1, True
        while reached:
            shop = open_shop(5)
            given = shop.ids if ids else None
            killer.arm(after)
            try:
                run_id = shop.start(ids=given)
            except Killed:
                killer.arm(None)
                run_id = shop.start(ids=given)
            queue.deliver_and_sweep(shop.org_id, run_id)
            reached = killer._after is None
            assert_complete(shop, run_id)
            after += 1
        assert after > 15

    def test_counts_of_a_job_that_forgets_are_never_too_many(
        self, queue: Tasks, open_shop: Open, killer: Killer
    ) -> None:
        """A visit that finds nothing left to do counts nothing: only what its dead predecessor counted is missing."""
        for after in range(5, 16):
            shop = open_shop(4)
            shop.forgets = True
            run_id = shop.start()
            killer.arm(after)
            queue.deliver_and_sweep(shop.org_id, run_id)
            run = shop.run(run_id)
            assert (run["state"], run["totals"]["visited"]) == ("done", 4)
            assert 4 - shards.BATCH_MEMBERS <= run["totals"].get("marked", 0) <= 4
            assert shop.marked() == dict.fromkeys(shop.ids, 1)

    def test_every_task_comes_twice(self, queue: Tasks, open_shop: Open) -> None:
        queue.twice = True
        shop = open_shop(8)
        run_id = shop.start()
        queue.deliver()
        assert_complete(shop, run_id)
        assert set(shop.visits.values()) == {1}

    @pytest.mark.parametrize("seed", range(6))
    def test_tasks_in_any_order_twice_and_workers_that_die(
        self, queue: Tasks, open_shop: Open, killer: Killer, seed: int
    ) -> None:
        chance = random.Random(seed)
        queue.twice, queue.redelivers = True, chance.random() < 0.5
        shop = open_shop(chance.randint(1, 14))
        run_id = shop.start()
        for _ in range(6):
            killer.arm(chance.randint(1, 9))
            chance.shuffle(queue.waiting)
            step(queue)
        killer.arm(None)
        queue.deliver_and_sweep(shop.org_id, run_id)
        assert_complete(shop, run_id)


class TestTwoAtOnce:
    def test_the_second_leaves_and_looks_again_when_the_lease_is_over(
        self, queue: Tasks, open_shop: Open, time: Clock
    ) -> None:
        shop = open_shop(2)
        run_id, (task,) = planned(queue, shop)

        def visit(*arguments: Any) -> dict[str, int]:
            if not shop.visits:
                queue.call(*task)
            return shop.visit(*arguments)

        queue.jobs = {"mark": Job("mark", shop.members, visit)}
        before = time.now()
        queue.call(*task)
        assert_complete(shop, run_id)
        assert set(shop.visits.values()) == {1}
        ((_, _, at, _),) = queue.waiting
        assert at == before + LEASE
        queue.deliver()
        assert_complete(shop, run_id)

    def test_who_has_lost_its_lease_changes_nothing_any_more(self, queue: Tasks, open_shop: Open, time: Clock) -> None:
        shop = open_shop(3)
        run_id, (task,) = planned(queue, shop)
        slow = iter([True])

        def visit(*arguments: Any) -> dict[str, int]:
            if next(slow, False):
                time.advance(LEASE + timedelta(seconds=1))
                queue.call(*task)
            return shop.visit(*arguments)

        queue.jobs = {"mark": Job("mark", shop.members, visit)}
        queue.call(*task)
        assert_complete(shop, run_id)
        assert shop.shards(run_id)[0]["claims"] == 2

    def test_two_planners_plan_nobody_twice(self, queue: Tasks, open_shop: Open) -> None:
        shop = open_shop(11)
        run_id = shop.start()
        ((name, payload, _, _),) = queue.waiting
        again = iter([True, True])

        def members(*arguments: Any) -> list[str]:
            found = shop.members(*arguments)
            if next(again, False):
                queue.call(name, payload)
            return found

        queue.jobs = {"mark": Job("mark", members, shop.visit)}
        queue.deliver()
        assert_complete(shop, run_id)

    def test_time_that_is_up_is_another_tasks(
        self, queue: Tasks, open_shop: Open, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shop = open_shop(8)
        monkeypatch.setattr(planning, "STEP_SECONDS", -1.0)
        monkeypatch.setattr(planning, "_HANDED_OUT_A_PAGE", 1)
        run_id = shop.start()
        step(queue)
        assert shop.run(run_id)["state"] == "planning"
        monkeypatch.setattr(planning, "STEP_SECONDS", 120.0)
        step(queue)
        assert (shop.run(run_id)["state"], len(queue.waiting)) == ("running", 4)
        monkeypatch.setattr(working, "WORK_SECONDS", -1.0)
        step(queue, 4)
        assert not shop.visits
        monkeypatch.setattr(working, "WORK_SECONDS", 240.0)
        queue.deliver()
        assert_complete(shop, run_id)


class TestNeverStuck:
    """Whatever state the documents are in, with no task in the queue, sweeps bring the run to its end."""

    @pytest.mark.parametrize(
        ("state", "planned_all"),
        [
            *(("planning", True), ("planning", False), ("running", True), ("cancelled", True), ("cancelled", False)),
            *(("failed", True), ("failed", False)),
        ],
    )
    @pytest.mark.parametrize(
        "shard_states", [(), ("waiting",), ("working",), ("done", "failed"), ("waiting", "failed")]
    )
    def test_from_any_state(
        self, queue: Tasks, open_shop: Open, time: Clock, state: str, shard_states: tuple[str, ...], planned_all: bool
    ) -> None:
        shop = open_shop(3 * len(shard_states))
        run_id = shop.start(ids=shop.ids)
        queue.waiting.clear()
        if not planned_all:
            shop.ids += ["m990", "m991"]
        run = {"state": state, "planned": planned_all, "resumes": 1, "finishedAt": None}
        run["reason"] = "KeyError" if state == "failed" else None
        shop.client.document("tenants", shop.org_id, "runs", run_id).update(run)
        stored = shop.client.collection("tenants", shop.org_id, "runs", run_id, "shards").list_documents()
        for shard, shard_state in zip(stored, shard_states, strict=True):
            leased = {"worker": "dead", "leaseUntil": time.now() + LEASE} if shard_state == "working" else {}
            done = {"position": 3, "visited": 3} if shard_state == "done" else {}
            finished_at = time.now() if shard_state in ("done", "failed") else None
            shard.update({"state": shard_state, "finishedAt": finished_at, **leased, **done})
        queue.deliver_and_sweep(shop.org_id, run_id)
        ended = shop.run(run_id)
        if state == "planning":
            assert (ended["state"], ended["totals"]["visited"]) == ("done", len(shop.ids))
        elif state == "running":
            assert ended["state"] == ("failed" if "failed" in shard_states else "done")
        else:
            assert (ended["state"], shop.visits) == (state, {})

    def test_a_run_that_moves_is_left_alone(self, queue: Tasks, open_shop: Open, time: Clock) -> None:
        shop = open_shop(3)
        shop.start()
        assert runs.sweep() == 0
        time.advance(timedelta(minutes=7))
        assert runs.sweep() >= 1
        queue.deliver()
        assert runs.sweep() == 0
