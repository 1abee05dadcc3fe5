"""Callables that price orders anew that have earned already: a preview, and the run that does what it has found."""

from datetime import date
from typing import Annotated

from pydantic import Field, StringConstraints

from functions import edge
from functions.edge import Call, DocumentId, Json, WriteInput
from lib.domain import answers
from lib.domain.access import Action
from lib.usecases import rerating, runs

Day = Annotated[date, Field(strict=False)]


class PreviewInput(WriteInput):
    """Orders from the day `since` on and before the day `until` ("2026-11-21", where the shop is; before today if left
    out). `keepMultiplier`: tier and equity count as they did when each order earned, else as they are now."""

    since: Day
    until: Day | None = None
    keep_multiplier: bool = True


class ConfirmInput(WriteInput):
    """`previewId`: the run that was the preview. `token`: what it answered at its end."""

    preview_id: DocumentId
    token: Annotated[str, StringConstraints(min_length=1, max_length=64)]


@edge.on_call(Action.PREVIEW_RERATING, PreviewInput)
def preview_rerating(call: Call[PreviewInput]) -> Json:
    """Starts a preview; asked again with the same key, tells how far it is and, at its end, the token to confirm it."""
    data, command = call.data, call.command()
    key = f"{command.id_of('preview')}:{command.fingerprint[:16]}"
    wanted = rerating.proposal(data.org_id, data.since, data.until, keeps_multiplier=data.keep_multiplier, key=key)
    run = runs.start(data.org_id, wanted.job, wanted.key, wanted.params, call.actor)
    return {"ok": True, "run": answers.of_run(run), "token": rerating.token_of(run)}


@edge.on_call(Action.CONFIRM_RERATING, ConfirmInput)
def confirm_rerating(call: Call[ConfirmInput]) -> Json:
    """Starts doing what a preview has found, once however often it is asked to; tells how far that is."""
    data = call.data
    wanted = rerating.confirmed(data.org_id, data.preview_id, data.token)
    run = runs.start(data.org_id, wanted.job, wanted.key, wanted.params, call.actor)
    return {"ok": True, "run": answers.of_run(run)}
