"""What cannot be dealt with is recorded, tried again where that may help, and stops nothing else."""

import json
from typing import Any

import pytest
from google.api_core.exceptions import ServiceUnavailable

from lib.domain.errors import FailedPrecondition, InvariantBroken, Unavailable
from lib.domain.shards import FAILURES_MAX
from lib.usecases import runs
from lib.usecases.runs import Job
from tests.usecases.runs.checks import assert_complete, command, raise_, step, totals
from tests.usecases.runs.delivery import Clock, Killed, Open, Tasks


def alerts(capsys: pytest.CaptureFixture[str]) -> list[tuple[str, dict[str, int]]]:
    """Kind and facts of every alert since the last time."""
    lines = (json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith("{"))
    return [(line["alert"], line["facts"]) for line in lines if line["message"] == "alert"]


class TestTrouble:
    def test_a_poisoned_member_is_recorded_and_stops_nobody(self, queue: Tasks, open_shop: Open) -> None:
        shop = open_shop(8)
        shop.troubles = {"m001": KeyError("Ann Lee"), "m004": FailedPrecondition("no", reason="too_many_orders")}
        shop.troubles["m005"] = InvariantBroken("points below zero")
        run_id = shop.start()
        queue.deliver()
        run = shop.run(run_id)
        assert (run["state"], run["totals"]) == ("done", totals(5, skipped=3, marked=5))
        assert sorted((error["memberId"], error["reason"]) for error in run["errors"]) == [
            ("m001", "KeyError"),
            ("m004", "too_many_orders"),
            ("m005", "internal"),
        ]
        assert "Ann" not in str(shop.shards(run_id))
        assert {shop.visits[member] for member in shop.troubles} == {1}

    def test_a_job_that_counts_nonsense_poisons_its_members(self, queue: Tasks, open_shop: Open) -> None:
        shop = open_shop(1)
        queue.jobs = {"mark": Job("mark", shop.members, lambda *_: {"visited": 2})}
        run_id = shop.start()
        queue.deliver()
        assert shop.run(run_id)["totals"] == totals(0, skipped=1)

    def test_who_is_busy_is_tried_again_after_the_others(self, queue: Tasks, open_shop: Open) -> None:
        shop = open_shop(8)
        shop.troubles = {"m002": Unavailable("busy"), "m003": ServiceUnavailable("down")}
        run_id = shop.start()
        step(queue, 5)
        assert set(shop.marked()) == set(shop.ids) - set(shop.troubles)
        shop.troubles = {}
        queue.deliver()
        assert_complete(shop, run_id)

    def test_who_stays_busy_fails_the_run_in_the_end_and_can_be_resumed(
        self, queue: Tasks, open_shop: Open, capsys: pytest.CaptureFixture[str]
    ) -> None:
        shop = open_shop(8)
        shop.troubles = {"m002": Unavailable("busy")}
        run_id = shop.start()
        queue.deliver()
        run = shop.run(run_id)
        assert (run["state"], run["totals"]) == ("failed", totals(7, failed=1, marked=7))
        assert run["errors"] == [{"memberId": "m002", "reason": "unavailable"}]
        assert alerts(capsys) == [("run_failed", {"members": 8, "failed": 1})]
        shop.troubles = {}
        assert runs.resume(command("resume_run", shop.org_id), run_id)["ok"]
        queue.deliver()
        assert_complete(shop, run_id)
        assert shop.run(run_id)["errors"] == []
        assert alerts(capsys) == []

    def test_a_shard_that_kills_its_workers_is_given_up(self, queue: Tasks, open_shop: Open, time: Clock) -> None:
        shop = open_shop(4)
        deadly = Job("mark", shop.members, lambda org, params, member: raise_(Killed()) if member == "m003" else {})
        queue.jobs = {"mark": deadly}
        run_id = shop.start()
        queue.deliver_and_sweep(shop.org_id, run_id)
        run = shop.run(run_id)
        assert (run["state"], run["totals"]) == ("failed", totals(3, failed=1))
        assert max(part["claims"] for part in shop.shards(run_id)) == FAILURES_MAX + 1

    def test_members_that_cannot_be_found_fail_the_run(self, queue: Tasks, open_shop: Open) -> None:
        shop = open_shop(4)
        queue.jobs = {"mark": Job("mark", lambda *_: raise_(KeyError("Ann")), shop.visit)}
        run_id = shop.start()
        queue.deliver()
        run = shop.run(run_id)
        assert (run["state"], run["reason"], run["totals"]) == ("failed", "KeyError", totals(0))
        assert run["finishedAt"]
        queue.jobs = {"mark": shop.job}
        assert runs.resume(command("resume_run", shop.org_id), run_id)["ok"]
        queue.deliver()
        assert_complete(shop, run_id)

    def test_members_that_do_not_ascend_would_never_end(self, queue: Tasks, open_shop: Open) -> None:
        shop = open_shop(6)
        queue.jobs = {"mark": Job("mark", lambda *_: shop.ids[:4], shop.visit)}
        run_id = shop.start()
        queue.deliver()
        assert (shop.run(run_id)["state"], shop.run(run_id)["reason"]) == ("failed", "internal")

    def test_a_job_that_is_no_more_fails_the_run(self, queue: Tasks, open_shop: Open) -> None:
        shop = open_shop(4)
        queue.jobs = {}
        run_id = shop.start()
        queue.deliver()
        assert (shop.run(run_id)["state"], shop.run(run_id)["reason"]) == ("failed", "unknown_job")

    def test_a_job_that_goes_while_it_is_worked_fails_the_run(self, queue: Tasks, open_shop: Open) -> None:
        shop = open_shop(8)
        run_id = shop.start()
        step(queue, 2)
        queue.jobs = {}
        with pytest.raises(FailedPrecondition):
            queue.deliver()
        queue.waiting.clear()
        queue.deliver_and_sweep(shop.org_id, run_id)
        run, visited = shop.run(run_id), len(shop.visits)
        assert (run["state"], run["reason"], run["totals"]) == (
            "failed",
            "unknown_job",
            totals(visited, marked=visited),
        )
        queue.jobs = {"mark": shop.job}
        runs.resume(command("resume_run", shop.org_id), run_id)
        queue.deliver()
        assert_complete(shop, run_id)

    def test_a_planner_that_may_succeed_later_is_tried_again(self, queue: Tasks, open_shop: Open) -> None:
        shop = open_shop(8)
        answers = iter([ServiceUnavailable("down"), None, Unavailable("busy"), None, None])

        def members(*arguments: Any) -> list[str]:
            error = next(answers)
            return raise_(error) if error else shop.members(*arguments)

        queue.jobs = {"mark": Job("mark", members, shop.visit)}
        run_id = shop.start()
        queue.deliver()
        assert_complete(shop, run_id)
