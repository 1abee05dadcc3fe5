"""Callables that take over a shop with customers, orders and points of its own: a preview, and the run that does it."""

from typing import Annotated, Literal

from pydantic import StringConstraints

from functions import edge
from functions.edge import Call, Input, Json, PageSize, WriteInput
from lib.domain import answers
from lib.domain.access import Action
from lib.domain.runs import RunState
from lib.domain.takeover import BalanceRule
from lib.usecases import migration, runs


class PreviewInput(Input):
    """`balances`: who decides them, the stored ones or the orders. `cursor`: the `nextCursor` of the page before."""

    balances: Literal["keep", "from_orders"] = "keep"
    cursor: Annotated[str, StringConstraints(min_length=1, max_length=1600)] | None = None
    limit: PageSize = 50


class StartInput(WriteInput):
    """`balances`: who decides them; for good, once it has begun."""

    balances: Literal["keep", "from_orders"]


@edge.on_call(Action.PREVIEW_MIGRATION, PreviewInput)
def preview_migration(call: Call[PreviewInput]) -> Json:
    """What taking over some customers and orders would do."""
    data = call.data
    return migration.preview_page(data.org_id, BalanceRule(data.balances), data.cursor, data.limit)


@edge.on_call(Action.START_MIGRATION, StartInput)
def start_migration(call: Call[StartInput]) -> Json:
    """Decides, and starts the run over the customers; asked again with the same key, it tells how far that has come or,
    once it is done, starts the run over the orders that are left."""
    data = call.data
    migration.begin(data.org_id, BalanceRule(data.balances), call.actor)
    for step in migration.STEPS:
        key = f"{data.idempotency_key}:{step}"
        run = runs.start(data.org_id, migration.JOB, key, {"step": step}, call.actor)
        if run.state is not RunState.DONE:
            break
    return {"ok": True, "step": step, "run": answers.of_run(run)}
