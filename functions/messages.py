"""Messages: the task functions that send them, the sweep for those that stand still, their settings, and previews."""

from typing import Annotated, Any, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from functions import edge
from functions.edge import (
    Call,
    DocumentId,
    EmailWords,
    Input,
    Json,
    JsonObject,
    Limits,
    Payload,
    Retries,
    SmsWords,
    Url,
    WriteInput,
)
from lib.domain.access import Action
from lib.domain.frequency import MessageType
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


class PreviewInput(Input):
    """Words for a text, an e-mail or both. `customerId`: whose values are filled in; `values`: made-up ones, which go
    before theirs. `messageType` says which variables there are, and whether it is advertising."""

    message_type: Annotated[MessageType, Field(strict=False)] = MessageType.CAMPAIGN
    sms: SmsWords | None = None
    email: EmailWords | None = None
    customer_id: DocumentId | None = None
    values: Annotated[dict[str, Any], Field(max_length=50)] = Field(default_factory=dict)
    link_url: Url = ""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.sms is None and self.email is None:
            raise PydanticCustomError("words", "words for a text, an e-mail or both are required")
        return self


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


@edge.on_call(Action.PREVIEW_MESSAGE, PreviewInput)
def preview_message(call: Call[PreviewInput]) -> Json:
    """Shows what a message would say, what it would cost, and what is wrong with it; keeps and sends nothing."""
    from lib.domain.message_wording import EmailTemplate, SmsTemplate
    from lib.usecases.sending import previewing

    data = call.data
    sketch = previewing.Sketch(
        kind=data.message_type,
        sms=SmsTemplate(data.sms.body, data.sms.image_url) if data.sms else None,
        email=EmailTemplate(data.email.subject, data.email.body, data.email.html_body) if data.email else None,
        customer_id=data.customer_id,
        values=data.values,
        link_url=data.link_url,
    )
    with edge.inside("/values"):
        return previewing.preview(data.org_id, sketch)
