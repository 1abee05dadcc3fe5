"""Shards of runs, `tenants/{org}/runs/{run}/shards/{id}`: their documents, which of them are open, what they add up to.

Nothing of a shard is indexed but its state and its counts: its members would cost more than all else, and times that
only grow would send every write to one end of an index.

They expire by themselves, some time after they were last written, so that nobody has to write all of them once more
when their run ends: its own expiry is earlier. Only where a run ends so late that it would not be, are they kept on
(`keep_on`). The run goes first, and with it nobody misses them.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from google.cloud.firestore import CollectionReference, DocumentReference, FieldFilter, Query

from lib.domain.errors import NotFound
from lib.domain.runs import ERRORS_MAX, RESUMABLE, Run, Sums
from lib.domain.shards import UNAVAILABLE, Problem, Shard, ShardState, Tally
from lib.store import transaction as transactions
from lib.store.org import OrgStore
from lib.store.runs import KEPT as RUNS_KEPT
from lib.store.runs import problem_fields, problem_of
from lib.store.transaction import Snapshot, Transaction

# A run is resumed on its last day, works for less than that, is kept, and is deleted a day or two after it has expired.
_WORKED_MAX = timedelta(days=6)
_KEPT = RESUMABLE + _WORKED_MAX + RUNS_KEPT
_KEPT_ON_A_PAGE = 400

_OPEN = (ShardState.WAITING.value, ShardState.WORKING.value)
_SUMMED = ("state", "members", "position", "visited", "skipped", "counts", "deferred", "errors")


def get(transaction: Transaction, org: OrgStore, run_id: str, shard_id: str) -> Shard:
    """The shard. Raises NotFound when the run has none of this id."""
    return get_all(transaction, org, run_id, [shard_id])[0]


def get_all(transaction: Transaction, org: OrgStore, run_id: str, shard_ids: Sequence[str]) -> list[Shard]:
    """The shards, in this order. Raises NotFound when the run has not got one of them."""
    found = transaction.get([_reference(org, run_id, shard_id) for shard_id in shard_ids])
    if not all(snapshot.exists for snapshot in found):
        raise NotFound("no such shard", reason="unknown_shard")
    return [decode(snapshot) for snapshot in found]


def create(transaction: Transaction, org: OrgStore, shards: Iterable[Shard]) -> None:
    """Writes new shards."""
    for shard in shards:
        fields = {
            "id": shard.id,
            "orgId": shard.org_id,
            "runId": shard.run_id,
            "ids": list(shard.ids),
            "members": len(shard.ids),
            "createdAt": shard.created_at,
        }
        transaction.create(_reference(org, shard.run_id, shard.id), {**fields, **_progress_fields(shard)})


def save(transaction: Transaction, org: OrgStore, shard: Shard) -> None:
    """Writes how far the shard has come; its members stay as they are."""
    transaction.update(_reference(org, shard.run_id, shard.id), _progress_fields(shard))


def keep_on(org: OrgStore, run: Run, now: datetime) -> None:
    """Sees to it that the shards of a run that ends now expire later than the run will.

    Nothing is to be done for one that ends within two weeks of its creation. Of others a read and a write a shard: what
    has not been written since would go before the run does.
    """
    if now < run.created_at + RESUMABLE:
        return
    references = [found.reference for found in _all(org, run.id).select([]).stream()]
    for first in range(0, len(references), _KEPT_ON_A_PAGE):
        page = references[first : first + _KEPT_ON_A_PAGE]
        transactions.run(partial(_keep_on, references=page, now=now))


def _keep_on(transaction: Transaction, references: Iterable[DocumentReference], now: datetime) -> None:
    for reference in references:
        transaction.update(reference, {"expiresAt": now + _KEPT})


def open_ids(org: OrgStore, run_id: str, after: str | None, limit: int) -> list[str]:
    """Ids of shards with work left, ascending from `after`, whether or not they are being worked. A read each."""
    query = _in_states(org, run_id, _OPEN).order_by("__name__").limit(limit).select([])
    if after is not None:
        query = query.start_after({"__name__": _reference(org, run_id, after)})
    return [snapshot.id for snapshot in query.stream()]


def has_open(org: OrgStore, run_id: str) -> bool:
    """Whether any shard has work left. One read."""
    return any(True for _ in _in_states(org, run_id, _OPEN).limit(1).select([]).stream())


def in_state(org: OrgStore, run_id: str, state: ShardState, limit: int) -> list[str]:
    """Ids of so many shards in this state. A read each."""
    return [snapshot.id for snapshot in _in_states(org, run_id, [state.value]).limit(limit).select([]).stream()]


def sums(org: OrgStore, run_id: str) -> Sums:
    """What all shards of a run add up to, exactly: for a run of which none is worked. A read each."""
    total, done, failed = Tally(), 0, 0
    errors: list[Problem] = []
    for snapshot in _all(org, run_id).select(_SUMMED).stream():
        fields = snapshot.to_dict() or {}
        total += _tally(fields)
        done += fields["state"] == ShardState.DONE.value
        problems = [problem_of(error) for error in fields["errors"]]
        if fields["state"] == ShardState.FAILED.value:
            failed += fields["members"] - fields["position"] + len(fields["deferred"])
            problems += [Problem(member_id, UNAVAILABLE) for member_id in fields["deferred"]]
        errors += problems[: ERRORS_MAX - len(errors)]
    return Sums(total, done, failed, tuple(errors))


def progress(org: OrgStore, run: Run, names: Iterable[str]) -> Sums:
    """About how far a run has come, counting these `names`: a read a thousand shards for each of the sums."""
    shards = _all(org, run.id)
    tally = Tally(
        visited=_sum(shards, "visited"),
        skipped=_sum(shards, "skipped"),
        counts={name: _sum(shards, f"counts.{name}") for name in sorted(names)},
    )
    counting: Any = _in_states(org, run.id, [ShardState.DONE.value]).count()
    return Sums(tally, shards_done=int(counting.get()[0][0].value))


def decode(snapshot: Snapshot) -> Shard:
    """The shard of a document written by `create` and `save`."""
    fields: Mapping[str, Any] = snapshot.to_dict() or {}
    return Shard(
        id=snapshot.id,
        run_id=fields["runId"],
        org_id=fields["orgId"],
        ids=tuple(fields["ids"]),
        created_at=fields["createdAt"],
        updated_at=fields["updatedAt"],
        state=ShardState(fields["state"]),
        position=fields["position"],
        tally=_tally(fields),
        errors=tuple(map(problem_of, fields["errors"])),
        deferred=tuple(fields["deferred"]),
        worker=fields["worker"],
        lease_until=fields["leaseUntil"],
        claims=fields["claims"],
        failures=fields["failures"],
        finished_at=fields["finishedAt"],
    )


def _progress_fields(shard: Shard) -> dict[str, Any]:
    return {
        "state": shard.state.value,
        "position": shard.position,
        "visited": shard.tally.visited,
        "skipped": shard.tally.skipped,
        "counts": dict(shard.tally.counts),
        "errors": [problem_fields(problem) for problem in shard.errors],
        "deferred": list(shard.deferred),
        "worker": shard.worker,
        "leaseUntil": shard.lease_until,
        "claims": shard.claims,
        "failures": shard.failures,
        "finishedAt": shard.finished_at,
        "updatedAt": shard.updated_at,
        # By the last write, not the first: whoever lets go of a shard after its run has ended takes nothing back.
        "expiresAt": shard.updated_at + _KEPT,
    }


def _tally(fields: Mapping[str, Any]) -> Tally:
    return Tally(fields["visited"], fields["skipped"], fields["counts"])


def _reference(org: OrgStore, run_id: str, shard_id: str) -> DocumentReference:
    return org.document("runs", run_id, "shards", shard_id)


def _all(org: OrgStore, run_id: str) -> CollectionReference:
    return org.collection("runs", run_id, "shards")


def _in_states(org: OrgStore, run_id: str, states: Iterable[str]) -> Query:
    return _all(org, run_id).where(filter=FieldFilter("state", "in", list(states)))


def _sum(shards: CollectionReference, name: str) -> int:
    # The client library's annotations leave out that `get` is a method.
    summing: Any = shards.sum(name)
    return int(summing.get()[0][0].value or 0)
