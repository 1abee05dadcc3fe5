"""Crashes and contention where a process meets the database: before a commit, after it, and instead of it.

The seam is the client's own gRPC stub (`Client._firestore_api`), which every commit of the product goes through. The
product has no hook for this and does not know. What was really written can be told here too, also of who died.
"""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from typing import Any

from google.api_core import exceptions
from google.cloud.firestore import Client


class Crash(BaseException):
    """The process has died. Not an Exception, so that nothing in the product can catch it and go on."""


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """Shares (0 to 1) of commits that meet each fault.

    crash_before: the process dies with nothing written. crash_after: it dies with everything written and nobody told.
    aborted: Firestore refuses for contention. unanswered: the commit is applied and the answer is lost, so that the
    caller, still alive, does not know.
    """

    crash_before: float = 0.0
    crash_after: float = 0.0
    aborted: float = 0.0
    unanswered: float = 0.0


NO_FAULTS = FaultPlan()


class Faults:
    """Disturbs the commits of the threads that ask for it, each by its own seeded chance."""

    def __init__(self, client: Client, plan: FaultPlan) -> None:
        self.counts: Counter[str] = Counter()
        self._orders: set[str] = set()
        self._plan = plan
        self._client = client
        self._real = client._firestore_api
        self._thread = threading.local()
        self._counting = threading.Lock()

    def __enter__(self) -> "Faults":
        self._client._firestore_api_internal = _Api(self._real, self._commit)
        return self

    def __exit__(self, *_: object) -> None:
        self._client._firestore_api_internal = self._real

    @contextmanager
    def on(self, chance: Random) -> Iterator[set[str]]:
        """Within, this thread's commits may meet faults. The set is filled with the paths of what they have written."""
        self._thread.chance = chance
        try:
            with self.watching() as written:
                yield written
        finally:
            self._thread.chance = None

    @contextmanager
    def watching(self) -> Iterator[set[str]]:
        """Within, the set is filled with the paths of what this thread has written."""
        written: set[str] = set()
        watchers = self._watchers()
        watchers.append(written)
        try:
            yield written
        finally:
            # By identity: two that have seen the same are equal.
            watchers[:] = [other for other in watchers if other is not written]

    def rewritten(self, order_id: str) -> bool:
        """Whether an order's document has been written by anybody since this was last asked."""
        path = f"orders/{order_id}"
        is_so = path in self._orders
        self._orders.discard(path)
        return is_so

    def _watchers(self) -> list[set[str]]:
        if not hasattr(self._thread, "watchers"):
            self._thread.watchers = []
        watchers: list[set[str]] = self._thread.watchers
        return watchers

    def _apply(self, request: dict[str, Any], options: dict[str, Any]) -> Any:
        answer = self._real.commit(request=request, **options)
        paths = {(write.delete or write.update.name).partition("/documents/")[2] for write in request["writes"]}
        self._orders.update(path for path in paths if path.startswith("orders/"))
        for written in self._watchers():
            written |= paths
        return answer

    def _commit(self, *, request: dict[str, Any], **options: Any) -> Any:
        chance: Random | None = getattr(self._thread, "chance", None)
        if chance is None:
            return self._apply(request, options)
        before, after = chance.random(), chance.random()
        if before < self._plan.aborted:
            self._count("commits aborted")
            # An aborted transaction is over for the server too: it holds no locks. One that has read nothing has none.
            if request.get("transaction"):
                lost = {"database": request["database"], "transaction": request["transaction"]}
                self._real.rollback(request=lost, **options)
            raise exceptions.Aborted("simulated contention")
        if before < self._plan.aborted + self._plan.crash_before:
            self._count("crashes before commit")
            raise Crash
        answer = self._apply(request, options)
        if after < self._plan.unanswered:
            self._count("answers lost")
            raise exceptions.ServiceUnavailable("simulated loss of the answer")
        if after < self._plan.unanswered + self._plan.crash_after:
            self._count("crashes after commit")
            raise Crash
        return answer

    def _count(self, what: str) -> None:
        with self._counting:
            self.counts[what] += 1


class _Api:
    """The real stub with another `commit`."""

    def __init__(self, real: Any, commit: Any) -> None:
        self._real = real
        self.commit = commit

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)
