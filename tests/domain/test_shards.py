"""Shards under any order of claims, visits, deaths and time: nobody is lost or counted twice, and every shard ends."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.domain.shards import (
    BATCH_MEMBERS,
    FAILURES_MAX,
    LEASE,
    Problem,
    Shard,
    ShardState,
    Tally,
    Visits,
    advanced,
    claimed,
    counted,
    released,
    reopened,
)

NOW = datetime(2026, 11, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def new(members: int = 3) -> Shard:
    return Shard("s", "r", "org_a", tuple(f"m{number:03d}" for number in range(members)), NOW, NOW)


def leased(shard: Shard, worker: str = "w", now: datetime = NOW) -> Shard:
    claim = claimed(shard, worker, now)
    assert claim
    return claim


def all_visited(shard: Shard) -> Visits:
    return Visits(Tally(visited=len(shard.batch)))


class TestClaim:
    def test_a_waiting_shard_is_leased(self) -> None:
        shard = leased(new())
        assert (shard.state, shard.worker, shard.lease_until) == (ShardState.WORKING, "w", NOW + LEASE)
        assert (shard.claims, shard.failures) == (1, 0)
        assert shard.is_held_by("w")
        assert not shard.is_held_by("v")

    def test_a_lease_holds_until_it_is_over(self) -> None:
        shard = leased(new())
        assert claimed(shard, "v", NOW + LEASE - SECOND) is None
        taken = leased(shard, "v", NOW + LEASE)
        assert (taken.worker, taken.claims, taken.failures) == ("v", 2, 1)

    @pytest.mark.parametrize("state", [ShardState.DONE, ShardState.FAILED])
    def test_what_is_closed_is_not_claimed(self, state: ShardState) -> None:
        assert claimed(replace(new(), state=state), "w", NOW) is None

    def test_the_last_failure_closes_it(self) -> None:
        shard = leased(replace(new(), failures=FAILURES_MAX - 1))
        given_up = leased(shard, "v", NOW + LEASE)
        assert (given_up.state, given_up.worker, given_up.finished_at) == (ShardState.FAILED, None, NOW + LEASE)
        again = reopened(given_up, NOW)
        assert (again.state, again.failures, again.finished_at) == (ShardState.WAITING, 0, None)


class TestAdvance:
    def test_batches_until_it_is_done(self) -> None:
        shard = leased(new(BATCH_MEMBERS + 1))
        shard = advanced(shard, shard.batch, all_visited(shard), NOW + SECOND)
        assert (shard.state, shard.position, shard.left) == (ShardState.WORKING, BATCH_MEMBERS, 1)
        assert shard.lease_until == NOW + SECOND + LEASE
        shard = advanced(shard, shard.batch, all_visited(shard), NOW + 2 * SECOND)
        assert (shard.state, shard.left, shard.worker, shard.lease_until) == (ShardState.DONE, 0, None, None)
        assert shard.tally == Tally(visited=BATCH_MEMBERS + 1)

    def test_the_busy_come_last_and_then_again(self) -> None:
        shard = leased(new(3))
        shard = advanced(shard, shard.batch, Visits(Tally(2), busy=("m001",)), NOW)
        assert (shard.state, shard.batch, shard.failures) == (ShardState.WORKING, ("m001",), 0)
        shard = advanced(shard, shard.batch, Visits(busy=("m001",)), NOW)
        assert (shard.state, shard.batch, shard.failures, shard.worker) == (ShardState.WAITING, ("m001",), 1, None)
        shard = advanced(leased(shard), ("m001",), Visits(Tally(1)), NOW)
        assert (shard.state, shard.tally.visited, shard.deferred) == (ShardState.DONE, 3, ())

    def test_nobody_to_be_reached_again_and_again(self) -> None:
        shard = new(2)
        for _ in range(FAILURES_MAX):
            shard = leased(shard)
            shard = advanced(shard, shard.batch, Visits(busy=shard.batch), NOW)
        assert (shard.state, shard.left, shard.finished_at) == (ShardState.FAILED, 2, NOW)

    def test_released_is_for_whoever_comes_next(self) -> None:
        shard = released(leased(new()), NOW)
        assert (shard.state, shard.worker, shard.lease_until, shard.finished_at) == (
            ShardState.WAITING,
            None,
            None,
            None,
        )


class TestCounts:
    def test_tallies_add_by_name(self) -> None:
        total = Tally(1, 0, {"changed": 1, "points": -3}) + Tally(1, 1, {"points": 5, "sent": 1})
        assert total == Tally(2, 1, {"changed": 1, "points": 2, "sent": 1})

    def test_a_visit_counts_itself_and_leaves_zeros_out(self) -> None:
        assert counted({"changed": 1, "points": 0}) == Tally(1, 0, {"changed": 1})

    @pytest.mark.parametrize("counts", [{"visited": 1}, {"failed": 0}, {"a.b": 1}, {"": 1}, {"ok": True}, {"n": 1.5}])
    def test_what_can_be_no_count(self, counts: dict[str, int]) -> None:
        with pytest.raises(ValueError, match="counts integers"):
            counted(counts)


# One attempt: seconds since the last, the outcome of each member in turn, after how many batches the worker dies.
attempts = st.tuples(
    st.integers(0, 700),
    st.lists(st.sampled_from(["visited", "poisoned", "busy"]), min_size=1, max_size=9),
    st.integers(0, 3) | st.none(),
)


@given(members=st.integers(1, 130), plan=st.lists(attempts, max_size=40))
def test_nobody_is_lost_or_counted_twice_and_every_shard_ends(
    members: int, plan: list[tuple[int, list[str], int | None]]
) -> None:
    shard, now = new(members), NOW
    for number, (seconds, outcomes, dies_after) in enumerate([*plan, *[(301, ["busy"], None)] * 2 * FAILURES_MAX]):
        now += timedelta(seconds=seconds)
        claim = claimed(shard, f"w{number}", now)
        if claim is None:
            assert not shard.is_open or shard.is_leased(now)
            continue
        shard = claim
        batches = 0
        while shard.is_held_by(f"w{number}") and batches != dies_after:
            batch = shard.batch
            assert batch
            shard = advanced(shard, batch, visits(batch, outcomes), now)
            check(shard)
            batches += 1
        check(shard)
    assert not shard.is_open


def visits(batch: tuple[str, ...], outcomes: list[str]) -> Visits:
    """The members of a batch with these outcomes in turn."""
    told = [(member, outcomes[index % len(outcomes)]) for index, member in enumerate(batch)]
    poisoned = tuple(Problem(member, "KeyError") for member, outcome in told if outcome == "poisoned")
    return Visits(
        tally=Tally(sum(outcome == "visited" for _, outcome in told), len(poisoned)),
        poisoned=poisoned,
        busy=tuple(member for member, outcome in told if outcome == "busy"),
    )


def check(shard: Shard) -> None:
    """What is always so."""
    tried = shard.ids[: shard.position]
    assert shard.position <= len(shard.ids)
    assert shard.tally.visited + shard.tally.skipped + len(shard.deferred) == shard.position
    assert len(shard.errors) == shard.tally.skipped
    assert len({*shard.deferred, *(error.member_id for error in shard.errors)}) == len(shard.deferred) + len(
        shard.errors
    )
    assert {*shard.deferred, *(error.member_id for error in shard.errors)} <= set(tried)
    assert (shard.state is ShardState.DONE) == (shard.left == 0)
    assert (shard.worker is not None) == (shard.state is ShardState.WORKING)
    assert shard.failures <= FAILURES_MAX
