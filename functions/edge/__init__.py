"""The edge of every function: who calls, what they sent, and how answers and errors go back.

Only this package knows HTTP and the Firebase callable protocol.
"""

from functions.edge.callables import Call, Json, on_call
from functions.edge.dashboard import Asked, on_dashboard
from functions.edge.events import DocumentChange, on_document_written
from functions.edge.http import on_get
from functions.edge.inputs import (
    DocumentId,
    Dollars,
    Input,
    JsonObject,
    PageSize,
    Payload,
    Points,
    SignedPoints,
    Text,
    WriteInput,
    inside,
)
from functions.edge.pages import Button, Visit, on_page, page, to_address
from functions.edge.schedules import Schedule, on_cron, on_schedule
from functions.edge.tasks import Limits, Retries, on_task
from functions.edge.webhooks import Webhook, on_webhook
from functions.edge.words import EmailWords, SmsWords, Url

__all__ = [
    "Asked",
    "Button",
    "Call",
    "DocumentChange",
    "DocumentId",
    "Dollars",
    "EmailWords",
    "Input",
    "Json",
    "JsonObject",
    "Limits",
    "PageSize",
    "Payload",
    "Points",
    "Retries",
    "Schedule",
    "SignedPoints",
    "SmsWords",
    "Text",
    "Url",
    "Visit",
    "Webhook",
    "WriteInput",
    "inside",
    "on_call",
    "on_cron",
    "on_dashboard",
    "on_document_written",
    "on_get",
    "on_page",
    "on_schedule",
    "on_task",
    "on_webhook",
    "page",
    "to_address",
]
