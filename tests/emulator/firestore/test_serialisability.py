"""Random transactions at once: what each has read is what it would have read running alone at its commit."""

from __future__ import annotations

import asyncio
import random

import pytest

from emulator.firestore.transactions import Concurrency
from tests.emulator.firestore.schedule import Schedule

IDS = "abcde"
CLIENTS, TRANSACTIONS_EACH = 7, 12


class _Client:
    """Runs one transaction after the other, each with a few reads, and writes outside of one now and then."""

    def __init__(self, schedule: Schedule, name: int, seed: int) -> None:
        self._schedule = schedule
        self._name = name
        self._random = random.Random(f"{seed}/{name}")
        self.read: dict[str, list[tuple[str, str]]] = {}

    async def run(self) -> None:
        for number in range(TRANSACTIONS_EACH):
            if self._random.random() < 0.2:
                await self._schedule.take(f"W{self._name} sets {self._writes()}")
            else:
                await self._transaction(f"T{self._name}.{number}")

    async def _transaction(self, actor: str) -> None:
        reads = self.read[actor] = []
        for _ in range(self._random.randint(1, 3)):
            read = self._random.choice([f"reads {self._some(2)}", f"finds {self._number()}", "takes first"])
            outcome = await self._schedule.take(f"{actor} {read}")
            if outcome == "aborted":
                return
            reads.append((read, outcome))
            for _ in range(self._random.randint(0, 5)):
                await asyncio.sleep(0)
        await self._schedule.take(f"{actor} {self._random.choice([f'commits {self._writes()}', 'rolls back'])}")

    def _some(self, most: int) -> str:
        return " ".join(self._random.sample(IDS, self._random.randint(1, most)))

    def _number(self) -> int:
        return self._random.randint(0, 3)

    def _writes(self) -> str:
        return " ".join(f"{id_}={self._random.choice([self._number(), '-'])}" for id_ in self._some(2).split())


def _alone(documents: dict[str, str], read: str) -> str:
    """What a read sees of these documents."""
    verb, *arguments = read.split()
    if verb == "reads":
        return " ".join(f"{id_}={documents.get(id_, '-')}" for id_ in arguments)
    if verb == "finds":
        return " ".join(sorted(id_ for id_, number in documents.items() if number == arguments[0])) or "nothing"
    return min(documents, key=lambda id_: (int(documents[id_]), id_), default="nothing")


@pytest.mark.parametrize("concurrency", list(Concurrency), ids=lambda concurrency: concurrency.name.lower())
@pytest.mark.parametrize("seed", range(20))
def test_transactions_are_serialisable(seed: int, concurrency: Concurrency) -> None:
    async def run() -> tuple[Schedule, dict[str, list[tuple[str, str]]]]:
        # A time-out longer than the test's own: waiting that nobody ends would be found out.
        schedule = Schedule(concurrency, lock_timeout_seconds=1000)
        clients = [_Client(schedule, name, seed) for name in range(CLIENTS)]
        await asyncio.gather(*(client.run() for client in clients))
        return schedule, {actor: reads for client in clients for actor, reads in client.read.items()}

    schedule, read = asyncio.run(run())
    documents: dict[str, str] = {}
    for actor, writes in schedule.committed:
        for text, outcome in read.get(actor, []):
            assert f"{actor} {text}: {outcome}" == f"{actor} {text}: {_alone(documents, text)}"
        for id_, _, number in (write.partition("=") for write in writes):
            documents.pop(id_, None)
            if number != "-":
                documents[id_] = number
    assert len(schedule.committed) > CLIENTS
