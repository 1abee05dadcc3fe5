"""The google-cloud-tasks client of a local Cloud Tasks, and tasks for it to create."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, TypeAlias

import grpc
from google.cloud.tasks_v2 import CloudTasksClient
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcTransport

Client: TypeAlias = Any
"""A CloudTasksClient: its annotations ask for messages where it takes dicts, and promise Timestamps for datetimes."""


@contextlib.contextmanager
def client_of(address: str) -> Iterator[Client]:
    with grpc.insecure_channel(address) as channel:
        yield CloudTasksClient(transport=CloudTasksGrpcTransport(channel=channel))


def http_task(url: str, name: str = "", **fields: Any) -> dict[str, Any]:
    """A task for a target; `body` and `headers` are the request's, other fields the task's."""
    request = {key: fields.pop(key) for key in ("body", "headers", "oidc_token", "http_method") if key in fields}
    return {"name": name, "http_request": {"url": url, **request}, **fields}
