"""Runs come to their end with every member visited once, can be stopped and go on, and show how far they are."""

import itertools
from datetime import timedelta
from typing import Any

import pytest

from emulator.client import StackClient
from lib.domain import runs as domain
from lib.domain.errors import NotFound
from lib.usecases import runs
from lib.usecases.runs import Job, working
from tests.usecases.runs.checks import assert_complete, command, planned, totals
from tests.usecases.runs.delivery import Clock, Killed, Killer, Open, Shop, Tasks


class TestFromStartToEnd:
    @pytest.mark.parametrize("members", [1, 3, 4, 8, 11])
    def test_every_member_is_visited_once(self, queue: Tasks, open_shop: Open, members: int) -> None:
        shop = open_shop(members)
        run_id = shop.start()
        queue.deliver()
        assert_complete(shop, run_id)
        assert set(shop.visits.values()) == {1}

    @pytest.mark.parametrize("ids", [None, []])
    def test_a_run_for_nobody_is_done(self, queue: Tasks, open_shop: Open, ids: list[str] | None) -> None:
        shop = open_shop(0)
        run_id = shop.start(ids=ids)
        queue.deliver()
        run = shop.run(run_id)
        assert (run["state"], run["members"], run["shards"], run["totals"]) == ("done", 0, 0, totals(0))
        assert run["startedAt"] and run["finishedAt"]

    def test_members_may_be_given(self, queue: Tasks, open_shop: Open) -> None:
        shop = open_shop(20)
        run_id = shop.start(ids=["m007", "m003", "m003", "m011", "m001"])
        queue.deliver()
        assert shop.marked() == dict.fromkeys(["m001", "m003", "m007", "m011"], 1)
        assert (shop.run(run_id)["members"], shop.run(run_id)["shards"]) == (4, 2)
        with pytest.raises(ValueError, match="5000"):
            shop.start(ids=["m"] * 5001)

    def test_starting_again_meets_the_same_run(self, queue: Tasks, open_shop: Open) -> None:
        shop = open_shop(5)
        run_id = shop.start()
        assert shop.start() == run_id
        assert len(queue.waiting) == 1
        queue.deliver()
        assert shop.start() == run_id
        queue.deliver()
        assert_complete(shop, run_id)
        assert shop.start("another") != run_id

    def test_what_is_visited_says_nothing_when_there_was_nothing_to_do(self, queue: Tasks, open_shop: Open) -> None:
        shop = open_shop(4)
        queue.jobs = {"mark": Job("mark", shop.members, lambda *_: {})}
        run_id = shop.start()
        queue.deliver()
        assert shop.run(run_id)["totals"] == totals(4)

    def test_what_it_is_billed(self, queue: Tasks, open_shop: Open, usage: StackClient) -> None:
        shop = open_shop(3)
        queue.jobs = {"mark": Job("mark", shop.members, lambda *_: {})}
        usage.reset_usage()
        shop.start()
        queue.deliver()
        billed = usage.reset_usage()
        # Start, plan, finish; the shard; a claim and two checkpoints of two.
        assert billed["writes"] == 3 + 1 + 3
        assert billed["reads"] <= 18


class TestStopping:
    def test_cancelled_half_way_and_resumed(self, queue: Tasks, open_shop: Open) -> None:
        shop = open_shop(8)
        turns = itertools.count(1)

        def visit(*arguments: Any) -> dict[str, int]:
            counts = shop.visit(*arguments)
            if next(turns) == 4:
                assert runs.cancel(command("cancel_run", shop.org_id), run_id)["run"]["state"] == "cancelled"
            return counts

        queue.jobs = {"mark": Job("mark", shop.members, visit)}
        run_id = shop.start()
        queue.deliver()
        run, visited = shop.run(run_id), sum(part["visited"] for part in shop.shards(run_id))
        assert (run["state"], run["totals"]) == ("cancelled", totals(visited, marked=visited))
        assert 4 <= visited < 8
        assert run["finishedAt"]
        answer = runs.cancel(command("cancel_run", shop.org_id, "again"), run_id)
        assert (answer["ok"], answer["reason"]) == (False, "run_not_open")

        resumed = runs.resume(command("resume_run", shop.org_id), run_id)
        assert (resumed["ok"], resumed["run"]["state"], resumed["run"]["finishedAt"]) == (True, "planning", None)
        assert runs.resume(command("resume_run", shop.org_id), run_id) == resumed
        queue.deliver()
        assert_complete(shop, run_id)
        assert set(shop.visits.values()) == {1}
        answer = runs.resume(command("resume_run", shop.org_id, "again"), run_id)
        assert (answer["ok"], answer["reason"]) == (False, "run_not_stopped")

    def test_one_of_long_ago_is_not_resumed(self, time: Clock, queue: Tasks, open_shop: Open) -> None:
        shop = open_shop(5)
        run_id, _ = planned(queue, shop)
        runs.cancel(command("cancel_run", shop.org_id), run_id)
        queue.deliver()
        time.advance(timedelta(days=14, minutes=1))
        answer = runs.resume(command("resume_run", shop.org_id), run_id)
        assert (answer["ok"], answer["reason"]) == (False, "run_too_old")

    def test_cancelled_while_it_is_planned(self, queue: Tasks, open_shop: Open) -> None:
        shop = open_shop(11)

        def members(*arguments: Any) -> list[str]:
            if arguments[2] == "m003":
                runs.cancel(command("cancel_run", shop.org_id), run_id)
            return shop.members(*arguments)

        queue.jobs = {"mark": Job("mark", members, shop.visit)}
        run_id = shop.start()
        queue.deliver()
        run = shop.run(run_id)
        assert (run["state"], run["members"], run["totals"]) == ("cancelled", 4, totals(0))
        queue.jobs = {"mark": shop.job}
        runs.resume(command("resume_run", shop.org_id), run_id)
        queue.deliver()
        assert_complete(shop, run_id)

    def test_a_cancelled_run_whose_worker_is_dead_is_finished_by_the_sweep(
        self, queue: Tasks, open_shop: Open, killer: Killer
    ) -> None:
        shop = open_shop(3)
        run_id, (task,) = planned(queue, shop)
        killer.arm(2)
        with pytest.raises(Killed):
            queue.call(*task)
        killer.arm(None)
        runs.cancel(command("cancel_run", shop.org_id), run_id)
        queue.deliver()
        assert shop.run(run_id)["finishedAt"] is None
        queue.deliver_and_sweep(shop.org_id, run_id)
        assert shop.run(run_id)["totals"] == totals(0)
        assert shop.shards(run_id)[0]["worker"] is None

    def test_who_claims_a_shard_just_after_the_run_was_stopped_visits_nobody(
        self, queue: Tasks, open_shop: Open, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shop = open_shop(3)
        run_id, (task,) = planned(queue, shop)
        claim = working._claim

        def late(*arguments: Any) -> Any:
            runs.cancel(command("cancel_run", shop.org_id), run_id)
            queue.deliver()
            assert shop.run(run_id)["finishedAt"]
            return claim(*arguments)

        monkeypatch.setattr(working, "_claim", late)
        queue.call(*task)
        assert not shop.visits
        assert [part["state"] for part in shop.shards(run_id)] == ["waiting"]
        assert shop.run(run_id)["totals"] == totals(0)

    def test_what_is_not_there_cannot_be_stopped(self, queue: Tasks, open_shop: Open) -> None:
        shop = open_shop(1)
        with pytest.raises(NotFound):
            runs.cancel(command("cancel_run", shop.org_id), "nothing")
        other = Shop(shop.client, "org_other", 1)
        with pytest.raises(NotFound):
            runs.resume(command("resume_run", other.org_id), shop.start())


class TestProgress:
    def test_is_written_seldom_and_shows_what_was_counted(
        self, queue: Tasks, open_shop: Open, time: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(working, "THREADS", 1)
        monkeypatch.setattr(domain, "MEMBERS_MAX", 10)
        shop = open_shop(20)
        seen = []

        def visit(*arguments: Any) -> dict[str, int]:
            time.advance(timedelta(seconds=1))
            seen.append(shop.run(run_id))
            return shop.visit(*arguments)

        queue.jobs = {"mark": Job("mark", shop.members, visit)}
        run_id = shop.start()
        queue.deliver()
        written = {(run["updatedAt"], tuple(sorted(run["totals"].items()))) for run in seen}
        assert 2 <= len(written) <= 5
        assert any(run["totals"].get("marked") for run in seen)
        assert all(run["totals"].get("visited", 0) <= index for index, run in enumerate(seen))
        assert_complete(shop, run_id)
