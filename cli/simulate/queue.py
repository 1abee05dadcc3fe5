"""The task queue of the simulation: it delivers in any order, some tasks twice, and loses some.

The seam is where the product hands a named task over (`lib.platform.tasks`), so names, times and what cannot be
enqueued are the product's own.
"""

import json
import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from types import TracebackType
from typing import Any, Self
from unittest.mock import patch

from lib.platform import tasks


@dataclass(frozen=True, slots=True)
class Task:
    """`data` is what the function `queue` is called with, at `at` (UTC) or, for None, at once."""

    queue: str
    data: dict[str, Any]
    at: datetime | None


@dataclass(slots=True)
class Queue:
    """A context in which the product's tasks come here. `twice` and `lose` are shares of tasks. Safe for threads."""

    chance: Random
    twice: float = 0.2
    lose: float = 0.05
    counts: Counter[str] = field(default_factory=Counter)
    _waiting: list[Task] = field(default_factory=list)
    _names: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _patch: Any = None

    def __enter__(self) -> Self:
        self._patch = patch.object(tasks, "_create", self._create)
        self._patch.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._patch.stop()

    def __len__(self) -> int:
        return len(self._waiting)

    def next(self, now: datetime) -> Task | None:
        """Any task whose time has come; None for none."""
        with self._lock:
            due = [place for place, task in enumerate(self._waiting) if task.at is None or task.at <= now]
            return self._waiting.pop(self.chance.choice(due)) if due else None

    def again(self, task: Task) -> None:
        """Puts a task back whose handler has failed or died."""
        with self._lock:
            self._waiting.append(task)

    def _create(self, queue: str, task_id: str, body: bytes, at: datetime | None) -> None:
        with self._lock:
            if task_id in self._names:
                return
            self._names.add(task_id)
            if self.chance.random() < self.lose:
                self.counts["tasks lost"] += 1
                return
            task = Task(queue, json.loads(body)["data"], at)
            self._waiting.append(task)
            if self.chance.random() < self.twice:
                self.counts["tasks delivered twice"] += 1
                self._waiting.append(task)
