"""Tasks of runs delivered by hand: once, twice, late, or not at all because whoever worked them was killed.

Stands in for Cloud Tasks alone; documents are real. `Tasks.enqueue` remembers names as Cloud Tasks does, `Killer` ends
a "process" right after any of its writes, and `Shop` is an org with members and a job for them.
"""

from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from google.api_core.exceptions import ServiceUnavailable
from google.cloud.firestore import Client

from lib.domain.errors import Unavailable
from lib.domain.ledger import Actor
from lib.store import runs as store
from lib.store import transaction as transactions
from lib.store.org import OrgStore
from lib.store.transaction import Transaction
from lib.usecases import runs
from lib.usecases.runs import Job

ACTOR = Actor("system", "tests")
_ATTEMPTS = 12
_BACKOFF = timedelta(seconds=30)
_SWEEPS_MAX = 30


Open: TypeAlias = "Callable[[int], Shop]"


class Killed(BaseException):
    """The process is gone: nothing catches this."""


class Clock:
    """The product's clock, moved by the test."""

    def __init__(self) -> None:
        self._now = datetime(2026, 11, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self._now

    def advance(self, by: timedelta) -> None:
        self._now += by


class Killer:
    """Lets so many writes through, commits and enqueued tasks alike, and ends the process after the last of them."""

    def __init__(self) -> None:
        self.writes = 0
        self._after: int | None = None
        self._commit = Transaction.commit

    def arm(self, after: int | None) -> None:
        """None: never."""
        self.writes, self._after = 0, after

    def commit(self, transaction: Transaction) -> None:
        """In place of `Transaction.commit`."""
        self._breathe()
        self._commit(transaction)
        if transaction._writes:
            self.written()

    def written(self) -> None:
        self.writes += 1
        self._breathe()

    def _breathe(self) -> None:
        if self._after is not None and self.writes >= self._after:
            raise Killed


class Tasks:
    """The two queues. Tasks that raise Unavailable are tried again; those of a killed process too, if `redelivers`."""

    def __init__(self, clock: Clock, killer: Killer) -> None:
        self.jobs: Mapping[str, Job] = {}
        self.redelivers = True
        self.twice = False
        self.waiting: deque[tuple[str, Mapping[str, Any], datetime | None, int]] = deque()
        self._clock, self._killer = clock, killer
        self._names: set[tuple[str, ...]] = set()

    def enqueue(self, queue: str, work: Sequence[str], payload: Mapping[str, Any], at: datetime | None = None) -> None:
        """In place of `lib.platform.tasks.enqueue`."""
        name = (queue, *work)
        if name not in self._names:
            self._names.add(name)
            self.waiting.extend([(queue, payload, at, 1)] * (1 + self.twice))
            self._killer.written()

    def deliver(self) -> None:
        """Delivers until nothing waits; time passes as tasks want it to."""
        while self.waiting:
            self.deliver_one()

    def deliver_one(self) -> None:
        """Delivers the first task that is due or, if none is, the one that is due next."""
        due = min(self.waiting, key=lambda task: max(task[2] or self._clock.now(), self._clock.now()))
        self.waiting.remove(due)
        queue, payload, at, attempt = due
        if at is not None and at > self._clock.now():
            self._clock.advance(at - self._clock.now())
        try:
            self.call(queue, payload)
        except (Unavailable, ServiceUnavailable):
            is_lost = attempt >= _ATTEMPTS
        except Killed:
            self._killer.arm(None)
            is_lost = not self.redelivers
        else:
            return
        if not is_lost:
            self.waiting.append((queue, payload, self._clock.now() + _BACKOFF, attempt + 1))

    def call(self, queue: str, payload: Mapping[str, Any]) -> None:
        """What the function does, without its edge."""
        org_id, run_id = payload["orgId"], payload["runId"]
        if queue == "planrun":
            runs.plan(self.jobs, org_id, run_id, payload["token"], payload["after"])
        else:
            runs.work(self.jobs, org_id, run_id, payload["shardId"])

    def deliver_and_sweep(self, org_id: str, run_id: str) -> None:
        """Delivers, and sweeps now and then, until the run is finished; fails if it never is."""
        for _ in range(_SWEEPS_MAX):
            self.deliver()
            run = store.load(OrgStore(org_id), run_id)
            assert run is not None
            if run.finished_at:
                return
            self._clock.advance(timedelta(minutes=11))
            runs.sweep()
        raise AssertionError(f"the run is stuck: {run}")


class Shop:
    """Members of an org and a job that marks each of them once. `troubles`: what visiting a member raises, by its id.

    A visit that finds its mark counts it again, so that the job's count survives crashes exactly, unless it `forgets`.
    """

    def __init__(self, client: Client, org_id: str, members: int) -> None:
        self.client, self.org_id = client, org_id
        self.org = OrgStore(org_id)
        self.ids = [f"m{number:03d}" for number in range(members)]
        self.forgets = False
        self.troubles: dict[str, Exception] = {}
        self.visits: Counter[str] = Counter()
        self.job = Job("mark", self.members, self.visit)

    def members(self, org: OrgStore, params: Mapping[str, Any], after: str | None, limit: int) -> list[str]:
        return [member for member in self.ids if after is None or member > after][:limit]

    def visit(self, org: OrgStore, params: Mapping[str, Any], member_id: str) -> dict[str, int]:
        self.visits[member_id] += 1
        if member_id in self.troubles:
            raise self.troubles[member_id]
        reference = org.document("members", member_id)

        def work(transaction: Transaction) -> dict[str, int]:
            effects = (transaction.get([reference])[0].to_dict() or {}).get("effects", 0)
            if effects == 0:
                transaction.replace(reference, {"effects": 1})
            return {"marked": 1} if effects == 0 or not self.forgets else {}

        return transactions.run(work)

    def start(self, key: str = "k", ids: list[str] | None = None) -> str:
        return runs.start(self.org_id, "mark", key, {}, ACTOR, ids).id

    def run(self, run_id: str) -> dict[str, Any]:
        return self.client.document("tenants", self.org_id, "runs", run_id).get().to_dict() or {}

    def shards(self, run_id: str) -> list[dict[str, Any]]:
        path = ("tenants", self.org_id, "runs", run_id, "shards")
        return [found.to_dict() or {} for found in self.client.collection(*path).stream()]

    def marked(self) -> dict[str, int]:
        """How often each member was marked."""
        found = self.client.collection("tenants", self.org_id, "members").stream()
        return {member.id: member.get("effects") for member in found}
