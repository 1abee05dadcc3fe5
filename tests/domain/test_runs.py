"""Runs: members are planned once, in order, and each state leads where the state machine says."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.domain import runs
from lib.domain.errors import InvariantBroken
from lib.domain.ledger import Actor
from lib.domain.runs import ERRORS_MAX, Run, RunState, Sums
from lib.domain.shards import MEMBERS_MAX, Problem, Shard, Tally

NOW = datetime(2026, 11, 1, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)
ACTOR = Actor("staff", "u1")


def new(key: str = "k") -> Run:
    return runs.new_run("org_a", "recalculation", key, {"version": "v1"}, ACTOR, NOW)


def test_the_id_derives_from_org_job_and_key() -> None:
    assert new().id == new().id
    assert (
        len({new().id, new("other").id, runs.run_id("org_b", "recalculation", "k"), runs.run_id("org_a", "k", "")}) == 4
    )


@given(pages=st.lists(st.integers(0, 3 * MEMBERS_MAX), min_size=1, max_size=4))
def test_every_member_is_in_one_shard(pages: list[int]) -> None:
    run, first = new(), 0
    planned: list[Shard] = []
    for number, size in enumerate(pages, 1):
        ids = [f"m{member:05d}" for member in range(first, first + size)]
        first += size
        run, shards = runs.with_members(run, ids, NOW, is_last=number == len(pages))
        planned += shards
    members = [member for shard in planned for member in shard.ids]
    assert members == [f"m{member:05d}" for member in range(first)]
    assert (run.members, run.shards, run.cursor) == (first, len(planned), members[-1] if members else None)
    assert (run.state, run.planned, run.started_at) == (RunState.RUNNING, True, NOW)
    assert len({shard.id for shard in planned}) == len(planned)
    assert all(0 < len(shard.ids) <= MEMBERS_MAX for shard in planned)


@pytest.mark.parametrize("ids", [["b", "a"], ["a", "a"], ["m", "n"], ["x", ""], ["x/y"], ["x", "."]])
def test_members_ascend_from_the_cursor_and_are_documents(ids: list[str]) -> None:
    with pytest.raises(InvariantBroken, match="do not ascend"):
        runs.with_members(replace(new(), cursor="m"), ids, NOW, is_last=False)


@pytest.mark.parametrize("state", RunState)
def test_what_can_be_done_to_a_run_in_each_state(state: RunState) -> None:
    run = replace(new(), state=state)
    assert run.is_open == (state in (RunState.PLANNING, RunState.RUNNING))
    assert run.is_stopped == (state in (RunState.CANCELLED, RunState.FAILED))


def test_stopping_and_going_on() -> None:
    running = runs.running(new(), NOW)
    stopped = runs.cancelled(running, LATER)
    assert (stopped.state, stopped.finished_at, stopped.updated_at) == (RunState.CANCELLED, None, LATER)
    ended = runs.finished(stopped, Sums(Tally(5, 1)), LATER)
    assert (ended.state, ended.finished_at) == (RunState.CANCELLED, LATER)
    again = runs.resumed(replace(ended, reason="KeyError", errors=(Problem("m", "KeyError"),)), LATER)
    assert (again.state, again.resumes, again.finished_at) == (RunState.PLANNING, 1, None)
    assert (again.reason, again.errors, again.started_at) == (None, (), NOW)
    assert runs.running(again, LATER).started_at == NOW


@pytest.mark.parametrize(("planned", "state"), [(4, RunState.DONE), (5, RunState.FAILED)])
def test_the_end_of_the_work(planned: int, state: RunState) -> None:
    errors = tuple(Problem(f"m{number}", "KeyError") for number in range(ERRORS_MAX + 5))
    sums = Sums(Tally(7, 2, {"changed": 3}), shards_done=4, failed=9, errors=errors)
    ended = runs.finished(replace(runs.running(new(), NOW), shards=planned), sums, LATER)
    assert (ended.state, ended.finished_at, ended.shards_done) == (state, LATER, 4)
    assert ended.totals == {"visited": 7, "skipped": 2, "failed": 9, "changed": 3}
    assert ended.errors == errors[:ERRORS_MAX]
    assert runs.own_counts(ended) == {"changed"}


def test_what_cannot_be_planned_has_a_reason() -> None:
    failed = runs.given_up(new(), "unknown_job", LATER)
    assert (failed.state, failed.reason, failed.finished_at) == (RunState.FAILED, "unknown_job", None)
