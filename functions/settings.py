"""Callables that change an org's programme, and the trigger that notices when the dashboard has changed it directly."""

from functions import edge
from functions.edge import Call, DocumentChange, Json, JsonObject, WriteInput
from lib.domain.access import Action
from lib.usecases import menu, settings


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


@edge.on_document_written("tenants/{orgId}/settings/loyalty")
def on_loyalty_settings_written(change: DocumentChange) -> None:
    """Keeps the public menu in step with the settings, whoever writes them."""
    menu.publish(change.params["orgId"])
