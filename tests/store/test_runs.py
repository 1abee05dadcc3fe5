"""Runs and shards through real documents: they come back the same, add up, and are found by the sweep."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from google.cloud.firestore import DELETE_FIELD, Client

from lib.domain.errors import NotFound
from lib.domain.ledger import Actor
from lib.domain.runs import RESUMABLE, Run, RunState, Sums, new_run
from lib.domain.shards import LEASE, Problem, Shard, ShardState, Tally
from lib.store import runs, shards, transaction
from lib.store.org import OrgStore
from lib.store.transaction import Transaction

ORG = "org_a"
NOW = datetime(2026, 11, 1, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture
def org(project: str, firestore: Client) -> OrgStore:
    return OrgStore(ORG)


def save(org: OrgStore, run: Run, *parts: Shard) -> None:
    def work(running: Transaction) -> None:
        runs.save(running, org, run)
        shards.create(running, org, parts)

    transaction.run(work)


def run_of(key: str = "k", org_id: str = ORG) -> Run:
    return new_run(
        org_id, "recalculation", key, {"ruleVersion": "v1", "deep": {"list": [1, None]}}, Actor("staff", "u"), NOW
    )


def shard_of(run: Run, shard_id: str) -> Shard:
    return Shard(shard_id, run.id, run.org_id, ("a", "b", "c"), NOW, NOW)


def done(shard: Shard) -> Shard:
    tally = Tally(2, 1, {"changed": 2})
    return replace(shard, state=ShardState.DONE, position=3, tally=tally, errors=(Problem("b", "KeyError"),))


def test_a_run_comes_back_the_same(org: OrgStore) -> None:
    fresh = run_of()
    worked = replace(
        fresh,
        state=RunState.FAILED,
        planned=True,
        cursor="c",
        members=3,
        shards=2,
        shards_done=1,
        totals={"visited": 2, "changed": 1},
        errors=(Problem("b", "KeyError"),),
        reason="internal",
        resumes=2,
        started_at=NOW,
        finished_at=NOW,
    )
    for run in (fresh, worked):
        save(org, run)
        assert runs.load(org, run.id) == run
    assert runs.load(org, "nothing") is None
    with pytest.raises(NotFound):
        transaction.run(lambda running: runs.get(running, org, "nothing"))


def test_a_shard_comes_back_the_same(org: OrgStore) -> None:
    run = run_of()
    fresh = shard_of(run, "s1")
    save(org, run, fresh)
    worked = replace(
        done(fresh),
        state=ShardState.WORKING,
        worker="w",
        lease_until=NOW + LEASE,
        claims=3,
        failures=1,
        deferred=("a",),
    )
    for shard in (fresh, worked, replace(done(fresh), finished_at=NOW)):
        transaction.run(partial(shards.save, org=org, shard=shard))
        assert transaction.run(lambda running: shards.get(running, org, run.id, "s1")) == shard
    with pytest.raises(NotFound):
        transaction.run(lambda running: shards.get(running, org, run.id, "s2"))


def test_a_run_expires_a_month_after_its_end_and_before_its_shards(org: OrgStore) -> None:
    run = run_of()
    ended_at = NOW + RESUMABLE + timedelta(days=5)
    ended = replace(run, finished_at=ended_at)
    save(org, run, shard_of(run, "s1"))
    part = org.document("runs", run.id, "shards", "s1")
    assert runs.reference(org, run.id).get().get("expiresAt") is None
    save(org, ended)
    run_expires, part_expires = (found.get().get("expiresAt") for found in (runs.reference(org, run.id), part))
    assert run_expires == ended_at + timedelta(days=30)
    assert part_expires > run_expires
    # One that nobody looked after for months keeps its shards on.
    ended = replace(run, finished_at=NOW + timedelta(days=90))
    shards.keep_on(org, ended, NOW + timedelta(days=90))
    save(org, ended)
    assert part.get().get("expiresAt") > runs.reference(org, run.id).get().get("expiresAt")
    # What was written before there was such a field.
    runs.reference(org, run.id).update({"expiresAt": DELETE_FIELD})
    part.update({"expiresAt": DELETE_FIELD})
    assert runs.load(org, run.id) == ended
    transaction.run(lambda running: shards.save(running, org, shards.get(running, org, run.id, "s1")))
    assert part.get().get("expiresAt") == part_expires


def test_shards_add_up(org: OrgStore) -> None:
    run = run_of()
    given_up = replace(shard_of(run, "s3"), state=ShardState.FAILED, position=2, tally=Tally(1), deferred=("b",))
    parts = [done(shard_of(run, "s1")), done(shard_of(run, "s2")), given_up, shard_of(run, "s4")]
    save(org, run, *parts)
    problems = [Problem("b", "KeyError"), Problem("b", "KeyError"), Problem("b", "unavailable")]
    assert shards.sums(org, run.id) == Sums(Tally(5, 2, {"changed": 4}), 2, 2, tuple(problems))
    assert shards.progress(org, run, ["changed", "absent"]) == Sums(Tally(5, 2, {"absent": 0, "changed": 4}), 2)
    assert shards.sums(org, "nothing") == Sums()


def test_open_shards_come_in_pages(org: OrgStore) -> None:
    run = run_of()
    states = [ShardState.WAITING, ShardState.DONE, ShardState.WORKING, ShardState.FAILED, ShardState.WAITING]
    save(org, run, *(replace(shard_of(run, f"s{number}"), state=state) for number, state in enumerate(states)))
    assert shards.open_ids(org, run.id, None, 2) == ["s0", "s2"]
    assert shards.open_ids(org, run.id, "s2", 2) == ["s4"]
    assert shards.in_state(org, run.id, ShardState.FAILED, 5) == ["s3"]
    assert shards.has_open(org, run.id)
    assert not shards.has_open(org, "nothing")


def test_the_sweep_finds_unfinished_runs_of_all_orgs_that_stand_still(org: OrgStore) -> None:
    other = OrgStore("org_b")
    standing, moving, ended = run_of("a"), replace(run_of("b"), updated_at=NOW + timedelta(hours=1)), run_of("c")
    save(org, standing)
    save(org, moving)
    save(org, replace(ended, finished_at=NOW))
    save(other, replace(run_of("a", "org_b"), updated_at=NOW - timedelta(hours=1)))
    # What others call a run is none of ours.
    org.client.document("playbooks", "p", "runs", "x").set({"finishedAt": None, "updatedAt": NOW, "orgId": ORG})
    assert runs.stalled(NOW, 10) == [("org_b", run_of("a", "org_b").id), (ORG, standing.id)]
    assert runs.stalled(NOW, 1) == [("org_b", run_of("a", "org_b").id)]
