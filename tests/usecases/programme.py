"""An org's programme as its owners change it, with what follows from each change worked at once or when a test says.

Stands in for Eventarc and Cloud Tasks alone: events and tasks are handed on by the test, documents are real.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from google.cloud.firestore import Client, DocumentReference

from functions.runs import JOBS
from lib.domain.ledger import Actor
from lib.store.org import OrgStore
from lib.usecases import ageing, menu, runs, settings
from tests.usecases.counter import ORG
from tests.usecases.runs.delivery import Tasks

ACTOR = Actor("system", "tests")
Fields = Mapping[str, Any]


class Time:
    """The product's clock: real time less so much, so that what a test does lies in the past of the audit."""

    def __init__(self) -> None:
        self.began_at = datetime.now(UTC) - timedelta(days=200)
        self.offset = timedelta(days=-200)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def on(self, day: float) -> datetime:
        """The instant so many days after the test's beginning."""
        return self.began_at + timedelta(days=day)

    def go_to(self, day: float) -> None:
        self.offset = timedelta(days=day - 200)


class Programme:
    """The settings of the test's org. `write` is the dashboard, which knows nothing of the product."""

    def __init__(self, client: Client, queue: Tasks, time: Time) -> None:
        self.client, self.queue, self.time = client, queue, time
        queue.jobs = JOBS

    def write(self, *, legacy: bool = False, replace: bool = False, works: bool = True, **fields: Any) -> None:
        """Writes fields of one of the documents, hands the events on and, if it `works`, does what follows."""
        reference = self._document(legacy=legacy)
        before = reference.get().to_dict()
        reference.set(fields, merge=not replace)
        self.tell(before, legacy=legacy)
        if works:
            self.queue.deliver()

    def tell(self, before: Fields | None, *, legacy: bool = False) -> list[str]:
        """Hands on the event of a write that has just happened, and of what is written because of it; ids of runs."""
        after = self._document(legacy=legacy).get().to_dict()
        stored = self._document(legacy=False).get().to_dict()
        started = self.hear(before, after, self.time.now(), legacy=legacy)
        if self._document(legacy=False).get().to_dict() != stored:
            started += self.tell(stored)
        return started

    def hear(self, before: Fields | None, after: Fields | None, at: datetime, *, legacy: bool = False) -> list[str]:
        """One event; the ids of the runs it starts."""
        menu.publish(ORG)
        wanted = settings.noticed(ORG, before, after, at, is_legacy=legacy)
        return [runs.start(ORG, each.job, each.key, each.params, ACTOR).id for each in wanted]

    def stored(self) -> dict[str, Any]:
        return self._document(legacy=False).get().to_dict() or {}

    def runs(self, job: str) -> list[dict[str, Any]]:
        """The runs of a job, oldest first."""
        found = (run.to_dict() or {} for run in self.client.collection("tenants", ORG, "runs").stream())
        return sorted((run for run in found if run["job"] == job), key=lambda run: run["createdAt"])

    def let_time_pass(self, day: float = 200) -> None:
        """It becomes this day, and the job that ages customers has visited all of them."""
        self.time.go_to(day)
        org = OrgStore(ORG)
        for customer in self.client.collection("customers").stream():
            ageing.visit(org, {}, customer.id)

    def _document(self, *, legacy: bool) -> DocumentReference:
        path = ("loyalty_settings", ORG) if legacy else ("tenants", ORG, "settings", "loyalty")
        return self.client.document(*path)
