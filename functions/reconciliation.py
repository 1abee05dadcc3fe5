"""Reconciliation with Alpine IQ: the nightly sync, syncs on request, the queue of discrepancies."""

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from functions import edge
from functions.edge import Asked, Call, DocumentId, Input, Json, PageSize, Points, Text, WriteInput
from lib.domain import answers
from lib.domain.access import Action
from lib.domain.discrepancies import Decision, Resolution, Standing
from lib.domain.ids import derived_id
from lib.domain.ledger import Actor
from lib.platform import clock
from lib.usecases import reconciliation, runs

_NIGHTLY = Actor("system", "nightly_sync")
# A request that waits longer is given what there is by then, and the run's id; few shops take half as long.
_PATIENCE_SECONDS = 50.0


class SyncInput(WriteInput):
    """`customerId`: only this customer, at once; without it a run over the whole org."""

    customer_id: DocumentId | None = None


class ListInput(Input):
    """`state`: only these. `cursor`: the `nextCursor` of the page before."""

    state: Literal["open", "reviewed", "resolved"] | None = None
    cursor: DocumentId | None = None
    limit: PageSize = 50


class ResolveInput(WriteInput):
    """`resolution`: what is decided; "review" to have looked at it only. `points`: with "split", what the customer is
    to have. `reason` stands in the ledger, which the customer may read."""

    customer_id: DocumentId
    resolution: Literal["review", "accept_alpine", "keep_ours", "split"]
    reason: Text
    points: Points | None = None

    @model_validator(mode="after")
    def _points_of_a_split(self) -> Self:
        if (self.points is not None) != (self.resolution == "split"):
            raise PydanticCustomError("points", "points are given with the resolution split, and with no other")
        return self


@edge.on_schedule("41 * * * *")
def nightly_sync() -> None:
    """Starts the sync of every connected org where it is two o'clock at night, and sums up those that have ended."""
    for org_id, key, params in reconciliation.due():
        runs.start(org_id, reconciliation.JOB, key, params, _NIGHTLY)
    reconciliation.report()


@edge.on_call(Action.SYNC_LOYALTY, SyncInput)
def sync_loyalty(call: Call[SyncInput]) -> Json:
    """Compares one customer now, or starts the comparison of all."""
    data = call.data
    if data.customer_id is not None:
        return reconciliation.sync_customer(data.org_id, data.customer_id, data.idempotency_key, call.actor)
    key = f"request:{data.idempotency_key}"
    params = reconciliation.begin(data.org_id, key)
    return {"ok": True, "run": answers.of_run(runs.start(data.org_id, reconciliation.JOB, key, params, call.actor))}


@edge.on_call(Action.LIST_DISCREPANCIES, ListInput)
def list_discrepancies(call: Call[ListInput]) -> Json:
    """Differences between the two sides, the one that changed last first."""
    data = call.data
    return reconciliation.listing(data.org_id, Standing(data.state) if data.state else None, data.cursor, data.limit)


@edge.on_call(Action.RESOLVE_DISCREPANCY, ResolveInput)
def resolve_discrepancy(call: Call[ResolveInput]) -> Json:
    """Decides one."""
    data = call.data
    resolution = None if data.resolution == "review" else Resolution(data.resolution)
    return reconciliation.resolve(call.command(), data.customer_id, Decision(resolution, data.reason, data.points))


@edge.on_dashboard(Action.SYNC_LOYALTY)
def loyalty_sync(asked: Asked) -> Mapping[str, Any]:
    """`POST` syncs the org, or the customer `customerId`; `GET` tells how they stand. `/api/loyalty/sync` of old."""
    customer_id = asked.text("customerId")
    about = {"effectiveOrgId": asked.org_id}
    if not asked.is_post:
        if customer_id:
            return {**about, "report": reconciliation.report_of(asked.org_id, customer_id)}
        return {**about, "stats": reconciliation.stats(asked.org_id)}
    about["settingsOrgId"] = asked.org_id
    now = clock.now()
    if customer_id:
        key = f"{customer_id}:{now.isoformat()}"
        reconciliation.sync_customer(asked.org_id, customer_id, derived_id("sync", key), asked.actor)
        return {**about, "result": reconciliation.single(asked.org_id, customer_id)}
    # Whoever presses the button twice within a minute is answered with the same run.
    key = f"dashboard:{now:%Y-%m-%dT%H:%M}"
    params = reconciliation.begin(asked.org_id, key)
    run = runs.start(asked.org_id, reconciliation.JOB, key, params, asked.actor)
    return {**about, "result": reconciliation.batch(asked.org_id, run.id, patience_seconds=_PATIENCE_SECONDS)}
