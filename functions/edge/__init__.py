"""The edge of every function: who calls, what they sent, and how answers and errors go back.

Only this package knows HTTP and the Firebase callable protocol.
"""

from functions.edge.callables import Call, Json, on_call
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
from functions.edge.schedules import Schedule, on_cron, on_schedule
from functions.edge.tasks import Limits, Retries, on_task
from functions.edge.webhooks import Webhook, on_webhook

__all__ = [
    "Call",
    "DocumentChange",
    "DocumentId",
    "Dollars",
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
    "Text",
    "Webhook",
    "WriteInput",
    "inside",
    "on_call",
    "on_cron",
    "on_document_written",
    "on_get",
    "on_schedule",
    "on_task",
    "on_webhook",
]
