"""Resource names: of locations, queues and tasks, checked as production checks them."""

from __future__ import annotations

import re

from emulator.tasks.errors import invalid_argument

_LOCATION = r"projects/[A-Za-z0-9\-:.]+/locations/[a-z0-9\-]+"
_LOCATION_NAME = re.compile(_LOCATION)
_QUEUE_NAME = re.compile(rf"({_LOCATION})/queues/[A-Za-z0-9\-]{{1,100}}")
_TASK_NAME = re.compile(r"(.+)/tasks/([^/]*)")
_TASK_ID = re.compile(r"[A-Za-z0-9_\-]{1,500}")


def check_location(name: str) -> str:
    """The name of a location; raises INVALID_ARGUMENT."""
    if not _LOCATION_NAME.fullmatch(name):
        raise invalid_argument('Location name must be formatted: "projects/<PROJECT_ID>/locations/<LOCATION_ID>".')
    return name


def check_queue(name: str) -> str:
    """The name of a queue; raises INVALID_ARGUMENT. Underscores are for task ids only."""
    if not _QUEUE_NAME.fullmatch(name):
        raise invalid_argument(
            'Queue name must be formatted: "projects/<PROJECT_ID>/locations/<LOCATION_ID>/queues/<QUEUE_ID>".'
        )
    return name


def location_of(queue: str) -> str:
    """The name of the location a queue of this (checked) name is in."""
    return queue.partition("/queues/")[0]


def split_task(name: str) -> tuple[str, str]:
    """The queue's name and the task's id; raises INVALID_ARGUMENT."""
    match = _TASK_NAME.fullmatch(name)
    if match is None:
        raise invalid_argument(
            "Task name must be formatted: "
            '"projects/<PROJECT_ID>/locations/<LOCATION_ID>/queues/<QUEUE_ID>/tasks/<TASK_ID>".'
        )
    if not _TASK_ID.fullmatch(match[2]):
        raise invalid_argument(
            f'Task ID "{match[2]}" can contain only letters ([A-Za-z]), numbers ([0-9]), hyphens (-), '
            "or underscores (_). Task ID must between 1 and 500 characters."
        )
    return check_queue(match[1]), match[2]
