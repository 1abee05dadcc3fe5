"""A run: one job done for many members of an org, so that it can be watched, cancelled, resumed and repeated.

State machine, `finished_at` in brackets:

    PLANNING ──▶ RUNNING ──▶ DONE [set], FAILED [set]: every shard is closed, none or some of them with members left
       │            │
       └─────┬──────┘
             ├──▶ CANCELLED [set once the last worker has left]
             └──▶ FAILED    [the same]: what cannot be planned
    CANCELLED, FAILED ──▶ PLANNING, by resuming: continues with what is left

Planning writes members into shards; nothing is visited before it is complete. What has no `finished_at` is looked
after: by the tasks of the run or, if they are lost, by the sweep.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any

from lib.domain.errors import InvariantBroken
from lib.domain.ids import derived_id, is_id
from lib.domain.ledger import Actor
from lib.domain.shards import ENGINE_COUNTS, MEMBERS_MAX, Problem, Shard, Tally

ERRORS_MAX = 20
"""Problems that the run itself tells of; its shards tell of all."""
REFRESH = timedelta(seconds=5)
"""A run's progress is written at most this often, however many workers it has."""
RESUMABLE = timedelta(days=14)
"""How long after its creation a run may be resumed; its shards are kept long enough for that, and not for ever."""
STALLED = timedelta(minutes=6)
"""A run that has not moved for so long, longer than any lease, is put on its way again by the sweep."""


class RunState(StrEnum):
    """See the state machine above."""

    PLANNING = "planning"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


class Refusal(StrEnum):
    """Why a run is not cancelled (it is not open) or not resumed (it was not stopped or is done; or is of long ago)."""

    RUN_NOT_OPEN = "run_not_open"
    RUN_NOT_STOPPED = "run_not_stopped"
    RUN_TOO_OLD = "run_too_old"


@dataclass(frozen=True, slots=True)
class Run:
    """Progress of a run. `members` in `shards` shards are planned so far, up to the member `cursor`; `planned`: all.

    `totals`: members visited, skipped (poisoned) and failed (given up), and the job's own counts; exact once the run is
    finished, before that a few seconds old. `reason`: why it could not be planned. `resumes`: how often it was resumed.
    """

    id: str
    org_id: str
    job: str
    params: Mapping[str, Any]
    actor: Actor
    created_at: datetime
    updated_at: datetime
    state: RunState = RunState.PLANNING
    planned: bool = False
    cursor: str | None = None
    members: int = 0
    shards: int = 0
    shards_done: int = 0
    totals: Mapping[str, int] = field(default_factory=dict)
    errors: tuple[Problem, ...] = ()
    reason: str | None = None
    resumes: int = 0
    started_at: datetime | None = None
    finished_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether members may be planned and visited."""
        return self.state in (RunState.PLANNING, RunState.RUNNING)

    @property
    def is_stopped(self) -> bool:
        """Whether there may be members left that resuming would get at."""
        return self.state in (RunState.CANCELLED, RunState.FAILED)


@dataclass(frozen=True, slots=True)
class Sums:
    """What the shards of a run add up to: `failed` members are those left in shards that were given up."""

    tally: Tally = field(default_factory=Tally)
    shards_done: int = 0
    failed: int = 0
    errors: tuple[Problem, ...] = ()


def run_id(org_id: str, job: str, key: str) -> str:
    """The id of the run of a job for this key; starting it twice meets the same run."""
    return derived_id("run", org_id, job, key)


def new_run(org_id: str, job: str, key: str, params: Mapping[str, Any], actor: Actor, now: datetime) -> Run:
    """A run that knows none of its members yet."""
    return Run(run_id(org_id, job, key), org_id, job, dict(params), actor, created_at=now, updated_at=now)


def with_members(run: Run, ids: Sequence[str], now: datetime, *, is_last: bool) -> tuple[Run, tuple[Shard, ...]]:
    """The run with the next members, ascending, and their shards; `is_last` makes the plan complete and starts it.

    Shards are named by a hash, so that neighbours are neither written nor worked at the same time. Raises
    InvariantBroken when `ids` do not ascend from the cursor: such a plan could visit a member twice, or never end.
    """
    bounds = [*([] if run.cursor is None else [run.cursor]), *ids]
    if not all(map(is_id, ids)) or any(first >= second for first, second in pairwise(bounds)):
        raise InvariantBroken(f"the members of a run of {run.job} do not ascend")
    parts = [tuple(ids[first : first + MEMBERS_MAX]) for first in range(0, len(ids), MEMBERS_MAX)]
    shards = tuple(Shard(derived_id("shard", run.id, part[0]), run.id, run.org_id, part, now, now) for part in parts)
    after = replace(
        run,
        members=run.members + len(ids),
        shards=run.shards + len(shards),
        cursor=ids[-1] if ids else run.cursor,
        planned=is_last,
        updated_at=now,
    )
    return (running(after, now) if is_last else after), shards


def running(run: Run, now: datetime) -> Run:
    """The run whose plan is complete."""
    return replace(run, state=RunState.RUNNING, started_at=run.started_at or now, updated_at=now)


def cancelled(run: Run, now: datetime) -> Run:
    """The open run, told to stop."""
    return replace(run, state=RunState.CANCELLED, updated_at=now)


def resumed(run: Run, now: datetime) -> Run:
    """The stopped run, told to go on."""
    return replace(
        run,
        state=RunState.PLANNING,
        resumes=run.resumes + 1,
        errors=(),
        reason=None,
        finished_at=None,
        updated_at=now,
    )


def given_up(run: Run, reason: str, now: datetime) -> Run:
    """The run that cannot be planned, and why."""
    return replace(run, state=RunState.FAILED, reason=reason, updated_at=now)


def in_progress(run: Run, sums: Sums, now: datetime) -> Run:
    """The run with the sums of its shards as they were a moment ago."""
    return replace(run, totals=totals_of(sums), shards_done=sums.shards_done, updated_at=now)


def finished(run: Run, sums: Sums, now: datetime) -> Run:
    """The run at its end, with the exact sums of its shards, none of which is worked any more.

    Shards that are missing count as not done: one that nobody looked after until its shards were gone has failed.
    """
    state = run.state
    if state is RunState.RUNNING:
        state = RunState.DONE if sums.shards_done == run.shards else RunState.FAILED
    return replace(in_progress(run, sums, now), state=state, errors=sums.errors[:ERRORS_MAX], finished_at=now)


def totals_of(sums: Sums) -> dict[str, int]:
    """The figures of a run as one map."""
    tally = sums.tally
    return {"visited": tally.visited, "skipped": tally.skipped, "failed": sums.failed, **tally.counts}


def own_counts(run: Run) -> set[str]:
    """What the job has counted so far, by name."""
    return run.totals.keys() - ENGINE_COUNTS
