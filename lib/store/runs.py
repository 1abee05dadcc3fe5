"""Runs, `tenants/{org}/runs/{id}`: their documents, and the run that the sweep has to put on its way again.

A run's document is written once a page of its plan and once in some seconds of its work, never once a shard.
`expiresAt` is the field of the collection's time-to-live policy in firestore.indexes.json; null while a run lives.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from google.cloud.firestore import DocumentReference, FieldFilter

from lib.domain.errors import NotFound
from lib.domain.ledger import Actor
from lib.domain.runs import Run, RunState
from lib.domain.shards import Problem
from lib.store.client import database
from lib.store.org import OrgStore
from lib.store.transaction import Transaction

KEPT = timedelta(days=30)
"""How long a run is kept after its end."""


def reference(org: OrgStore, run_id: str) -> DocumentReference:
    """Where the run of this id is kept."""
    return org.document("runs", run_id)


def load(org: OrgStore, run_id: str) -> Run | None:
    """The run as it is now, outside of a transaction; None when the org has none of this id. One read."""
    found = reference(org, run_id).get()
    return decode(found.id, found.to_dict() or {}) if found.exists else None


def find(transaction: Transaction, org: OrgStore, run_id: str) -> Run | None:
    """The run; None when the org has none of this id."""
    found = transaction.get([reference(org, run_id)])[0]
    return decode(found.id, found.to_dict() or {}) if found.exists else None


def get(transaction: Transaction, org: OrgStore, run_id: str) -> Run:
    """The run. Raises NotFound when the org has none of this id."""
    run = find(transaction, org, run_id)
    if run is None:
        raise NotFound("no such run", reason="unknown_run")
    return run


def save(transaction: Transaction, org: OrgStore, run: Run) -> None:
    """Writes the run whole."""
    transaction.replace(reference(org, run.id), encode(run))


def stalled(before: datetime, limit: int) -> list[tuple[str, str]]:
    """Org and id of runs of any org that are not finished and have not moved since; a read each, longest first."""
    waiting = database().collection_group("runs").where(filter=FieldFilter("finishedAt", "==", None))
    query = waiting.where(filter=FieldFilter("updatedAt", "<=", before)).order_by("updatedAt").limit(limit)
    paths = (snapshot.reference.path.split("/") for snapshot in query.select([]).stream())
    # Collections of others may be called runs too.
    return [(path[1], path[3]) for path in paths if len(path) == 4 and path[0] == "tenants"]


def encode(run: Run) -> dict[str, Any]:
    """A run as its document."""
    return {
        "id": run.id,
        "orgId": run.org_id,
        "job": run.job,
        "params": dict(run.params),
        "state": run.state.value,
        "planned": run.planned,
        "cursor": run.cursor,
        "members": run.members,
        "shards": run.shards,
        "shardsDone": run.shards_done,
        "totals": dict(run.totals),
        "errors": [problem_fields(problem) for problem in run.errors],
        "reason": run.reason,
        "resumes": run.resumes,
        "actor": {"type": run.actor.type, "id": run.actor.id},
        "createdAt": run.created_at,
        "startedAt": run.started_at,
        "finishedAt": run.finished_at,
        "updatedAt": run.updated_at,
        "expiresAt": run.finished_at and run.finished_at + KEPT,
    }


def decode(run_id: str, fields: Mapping[str, Any]) -> Run:
    """The run of a document written by `encode`."""
    return Run(
        id=run_id,
        org_id=fields["orgId"],
        job=fields["job"],
        params=fields["params"],
        actor=Actor(**fields["actor"]),
        created_at=fields["createdAt"],
        updated_at=fields["updatedAt"],
        state=RunState(fields["state"]),
        planned=fields["planned"],
        cursor=fields["cursor"],
        members=fields["members"],
        shards=fields["shards"],
        shards_done=fields["shardsDone"],
        totals=fields["totals"],
        errors=tuple(map(problem_of, fields["errors"])),
        reason=fields["reason"],
        resumes=fields["resumes"],
        started_at=fields["startedAt"],
        finished_at=fields["finishedAt"],
    )


def problem_fields(problem: Problem) -> dict[str, str]:
    """A problem as runs and shards keep it."""
    return {"memberId": problem.member_id, "reason": problem.reason}


def problem_of(fields: Mapping[str, str]) -> Problem:
    """The problem of a map written by `problem_fields`."""
    return Problem(fields["memberId"], fields["reason"])
