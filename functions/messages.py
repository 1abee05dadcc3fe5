"""Messages: the task functions that send them, the sweep for those that stand still, and the settings they go by."""

from typing import Annotated

from pydantic import Field

from functions import edge
from functions.edge import Call, DocumentId, Json, JsonObject, Limits, Payload, Retries, WriteInput
from lib.domain.access import Action
from lib.usecases import messaging, sending

# About an hour: what is not sent then is found by the sweep.
_RETRIES = Retries(attempts=8, min_backoff_seconds=10, max_backoff_seconds=900)


class MessageTask(Payload):
    """`delays`: how often the message was put off for want of a turn of its account."""

    org_id: str
    message_id: DocumentId
    delays: Annotated[int, Field(ge=0)] = 0


class MessagingInput(WriteInput):
    """`settings`: the fields to change. `expectedVersion`: the `version` last seen."""

    settings: JsonObject
    expected_version: str | None = None


# A dozen accounts at their full pace of a hundred a minute; each account is held to its own by `sending`.
@edge.on_task(MessageTask, limits=Limits(per_second=20, concurrent=40), retries=_RETRIES)
def sendsms(task: MessageTask) -> None:
    """Sends one text."""
    sending.send_text(task.org_id, task.message_id, task.delays)


# Fifty e-mails a task: few at once, so that they do not claim one another's.
@edge.on_task(MessageTask, limits=Limits(per_second=100, concurrent=8), retries=_RETRIES)
def sendemail(task: MessageTask) -> None:
    """Sends one e-mail, and others that are due with it."""
    sending.send_emails(task.org_id, task.message_id)


@edge.on_schedule("*/5 * * * *")
def sweep_messages() -> None:
    """Finds messages that stand still, and has them sent or written off."""
    sending.sweep()


@edge.on_call(Action.UPDATE_MESSAGING_SETTINGS, MessagingInput)
def update_messaging_settings(call: Call[MessagingInput]) -> Json:
    """Changes what the org sends, in whose name and how often."""
    with edge.inside("/settings"):
        return messaging.update(call.command(), call.data.settings, expected_version=call.data.expected_version)
