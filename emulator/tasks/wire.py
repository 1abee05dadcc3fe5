"""The protobuf message classes of Cloud Tasks, taken from google-cloud-tasks without its proto-plus wrappers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from google.protobuf import duration_pb2, timestamp_pb2

if TYPE_CHECKING:
    # The classes are built at run time, so a type checker can only take them as opaque.
    Attempt: TypeAlias = Any
    Duration: TypeAlias = Any
    HttpRequest: TypeAlias = Any
    Message: TypeAlias = Any
    Queue: TypeAlias = Any
    RateLimits: TypeAlias = Any
    RetryConfig: TypeAlias = Any
    Task: TypeAlias = Any
    Timestamp: TypeAlias = Any
else:
    from google.cloud.tasks_v2.types import queue, target, task
    from google.protobuf.message import Message  # noqa: F401

    Attempt = task.Attempt.pb()
    Duration = duration_pb2.Duration
    HttpRequest = target.HttpRequest.pb()
    Queue = queue.Queue.pb()
    RateLimits = queue.RateLimits.pb()
    RetryConfig = queue.RetryConfig.pb()
    Task = task.Task.pb()
    Timestamp = timestamp_pb2.Timestamp

RUNNING, PAUSED = 1, 2
"""Queue.State"""

BASIC, FULL = 1, 2
"""Task.View"""

METHODS = {0: "POST", 1: "POST", 2: "GET", 3: "HEAD", 4: "PUT", 5: "DELETE", 6: "PATCH", 7: "OPTIONS"}
"""HttpMethod; unspecified means POST."""

SECOND = 1_000_000
"""Times and durations are whole microseconds inside; times count from 1970 UTC."""


def message_type(name: str) -> Any:
    """The raw class of a request or response of the service by its name, such as ``CreateTaskRequest``."""
    from google.cloud.tasks_v2.types import cloudtasks

    return getattr(cloudtasks, name).pb()


def timestamp(micros: int) -> Timestamp:
    """The protobuf Timestamp of a time in microseconds UTC."""
    seconds, rest = divmod(micros, SECOND)
    return Timestamp(seconds=seconds, nanos=rest * 1000)


def micros(value: Timestamp | Duration) -> int:
    """The microseconds of a Timestamp or Duration, rounded down."""
    return int(value.seconds) * SECOND + int(value.nanos) // 1000


def duration(value_micros: int) -> Duration:
    """The protobuf Duration of microseconds."""
    seconds, rest = divmod(value_micros, SECOND)
    return Duration(seconds=seconds, nanos=rest * 1000)
