"""The one error the service raises on purpose: a canonical gRPC status with the message a client will see.

Messages are production's where it is known what production says.
"""

from __future__ import annotations

import grpc

NO_QUEUE = "Queue does not exist. If you just created the queue, wait at least a minute for the queue to initialize."
NO_ENTITY = "Requested entity was not found."
TASK_GONE = (
    "The task no longer exists, though a task with this name existed recently. "
    "The task either successfully completed or was deleted."
)
TASK_TOO_RECENT = "The task cannot be created because a task with this name existed too recently."
QUEUE_TOO_RECENT = "The queue cannot be created because a queue with this name existed too recently."


class TasksError(Exception):
    """A request refused with a canonical status, as production would refuse it."""

    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def invalid_argument(message: str) -> TasksError:
    return TasksError(grpc.StatusCode.INVALID_ARGUMENT, message)


def not_found(message: str) -> TasksError:
    return TasksError(grpc.StatusCode.NOT_FOUND, message)


def already_exists(message: str) -> TasksError:
    return TasksError(grpc.StatusCode.ALREADY_EXISTS, message)


def failed_precondition(message: str) -> TasksError:
    return TasksError(grpc.StatusCode.FAILED_PRECONDITION, message)


def unimplemented(message: str) -> TasksError:
    return TasksError(grpc.StatusCode.UNIMPLEMENTED, message)
