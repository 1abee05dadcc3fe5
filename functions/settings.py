"""Callables that change an org's programme, and the triggers for what follows from a change, whoever made it."""

from functions import edge
from functions.edge import Call, DocumentChange, Json, JsonObject, WriteInput
from lib.domain import answers
from lib.domain.access import Action
from lib.domain.ledger import Actor
from lib.usecases import menu, recalculation, runs, settings

_TRIGGER = Actor("system", "on_loyalty_settings_written")


class UpdateInput(WriteInput):
    """`settings`: the fields to change, in the dashboard's names. `expectedVersion`: the `ruleVersion` last seen."""

    settings: JsonObject
    expected_version: str | None = None


class ResetInput(WriteInput):
    """`expectedVersion`: the `ruleVersion` last seen."""

    expected_version: str | None = None


class PauseInput(WriteInput):
    """`paused`: true to pause, false to resume."""

    paused: bool


class RecalculateInput(WriteInput):
    """Nothing but for which org."""


@edge.on_call(Action.UPDATE_LOYALTY_SETTINGS, UpdateInput)
def update_loyalty_settings(call: Call[UpdateInput]) -> Json:
    """Changes some settings."""
    with edge.inside("/settings"):
        return settings.update(call.command(), call.data.settings, expected_version=call.data.expected_version)


@edge.on_call(Action.RESET_LOYALTY_SETTINGS, ResetInput)
def reset_loyalty_settings(call: Call[ResetInput]) -> Json:
    """Goes back to the default settings."""
    return settings.reset(call.command(), expected_version=call.data.expected_version)


@edge.on_call(Action.PAUSE_LOYALTY, PauseInput)
def pause_loyalty(call: Call[PauseInput]) -> Json:
    """Pauses or resumes the programme."""
    return settings.set_paused(call.command(), paused=call.data.paused)


@edge.on_call(Action.RECALCULATE_CUSTOMERS, RecalculateInput)
def recalculate_customers(call: Call[RecalculateInput]) -> Json:
    """Works every customer out anew by the settings in force; asked again with the same key, it tells how far it is."""
    wanted = recalculation.asked_for(call.data.org_id, call.data.idempotency_key)
    run = runs.start(call.data.org_id, wanted.job, wanted.key, wanted.params, call.actor)
    return {"ok": True, "run": answers.of_run(run)}


@edge.on_document_written("tenants/{orgId}/settings/loyalty")
def on_loyalty_settings_written(change: DocumentChange) -> None:
    """Keeps the public menu in step with the settings and starts what follows from them, whoever writes them."""
    _follow(change, is_legacy=False)


@edge.on_document_written("loyalty_settings/{orgId}")
def on_legacy_settings_written(change: DocumentChange) -> None:
    """Does the same for what the dashboard's loyalty page saves."""
    _follow(change, is_legacy=True)


def _follow(change: DocumentChange, *, is_legacy: bool) -> None:
    org_id = change.params["orgId"]
    menu.publish(org_id)
    for wanted in settings.noticed(org_id, change.before, change.after, change.at, is_legacy=is_legacy):
        runs.start(org_id, wanted.job, wanted.key, wanted.params, _TRIGGER)
