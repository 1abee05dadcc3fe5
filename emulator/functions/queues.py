"""Makes the queues of the task functions at Cloud Tasks, with the limits in their manifest, as the Firebase CLI does.

A setting that the manifest leaves open gets what the CLI sets, which is Cloud Tasks' own default but for the attempts.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import grpc
from google.api_core.exceptions import GoogleAPICallError
from google.cloud.tasks_v2 import CloudTasksClient, Queue, RateLimits, RetryConfig
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcTransport
from google.protobuf.duration_pb2 import Duration

from emulator.functions.loader import Function, number_of

_ATTEMPTS_DEFAULT = 3
_TIMEOUT_SECONDS = 10

_log = logging.getLogger(__name__)


def make_queues(functions: Sequence[Function], project: str, tasks: str) -> list[str]:
    """Make the queue of every task function, or change it if it is there, at the Cloud Tasks at `tasks` (host:port).

    Returns the names of queues that were refused, for which a deployment would fail.
    """
    refused = []
    with grpc.insecure_channel(tasks) as channel:
        client = CloudTasksClient(transport=CloudTasksGrpcTransport(channel=channel))
        for function in functions:
            if function.task_queue is None:
                continue
            for region in function.regions:
                queue = queue_of(f"projects/{project}/locations/{region}/queues/{function.name}", function.task_queue)
                try:
                    client.update_queue(queue=queue, timeout=_TIMEOUT_SECONDS)
                except GoogleAPICallError as error:
                    _log.warning("queue %s was refused: %s", queue.name, error.message)
                    refused.append(queue.name)
    return refused


def queue_of(name: str, trigger: Mapping[str, Any]) -> Queue:
    """The queue that a manifest's taskQueueTrigger describes."""
    limits, retry = trigger.get("rateLimits") or {}, trigger.get("retryConfig") or {}
    settings = RetryConfig(max_attempts=number_of(retry.get("maxAttempts")) or _ATTEMPTS_DEFAULT)
    if (doublings := number_of(retry.get("maxDoublings"))) is not None:
        settings.max_doublings = doublings
    for field, key in (
        ("min_backoff", "minBackoffSeconds"),
        ("max_backoff", "maxBackoffSeconds"),
        ("max_retry_duration", "maxRetrySeconds"),
    ):
        if (seconds := number_of(retry.get(key))) is not None:
            setattr(settings, field, Duration(seconds=seconds))
    return Queue(
        name=name,
        rate_limits=RateLimits(
            max_dispatches_per_second=number_of(limits.get("maxDispatchesPerSecond")) or 0,
            max_concurrent_dispatches=number_of(limits.get("maxConcurrentDispatches")) or 0,
        ),
        retry_config=settings,
    )
