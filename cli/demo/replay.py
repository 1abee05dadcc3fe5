"""Writes a stream of orders to Firestore as fast as the functions keep up, and times how soon the ledger shows them.

Several threads write; the writes of one order go through one thread and keep their order. The feeder holds back while
too many events wait, so that a sampled latency is that of a busy shop and not of a growing queue.
"""

import time
import zlib
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from google.cloud import firestore

from cli.demo.documents import OrderWrite
from cli.demo.expected import counts

_VISIBLE_WITHIN_SECONDS = 30.0
_POLL_SECONDS = 0.005
_WRITES_UNDER_WAY_MAX = 32
_LOOK_EVERY_WRITES = 8
_HOLD_BACK_SECONDS = 0.005


class NotVisible(Exception):
    """An order earned and no accrual record appeared in time."""


@dataclass(frozen=True, slots=True)
class Played:
    """One write that is done: `latency_seconds` and the reads made to measure it, where it was timed."""

    write: OrderWrite
    latency_seconds: float | None = None
    polls: int = 0


@dataclass(slots=True)
class Timings:
    """What a replay did. `polls` are the reads made only to measure; `latencies` are in seconds."""

    writes: int = 0
    seconds: float = 0.0
    polls: int = 0
    latencies: list[float] = field(default_factory=list)

    def add(self, played: Played) -> None:
        """Counts one write."""
        self.writes += 1
        self.polls += played.polls
        if played.latency_seconds is not None:
            self.latencies.append(played.latency_seconds)


@dataclass(slots=True)
class Replay:
    """One org's orders on their way into Firestore. `pending` says how many events wait to be delivered.

    `sample_every`: of the orders that earn for the first time, every how many-th is timed. The clock runs from before
    the order's write until a read finds the accrual record, which commits together with the ledger entry.
    """

    client: firestore.Client
    org_id: str
    pending: Callable[[], int]
    on_write: Callable[[OrderWrite], None]
    threads: int = 4
    pending_max: int = 16
    sample_every: int = 25
    _earning: set[str] = field(default_factory=set)

    def run(self, writes: Iterable[OrderWrite]) -> Timings:
        """Plays all writes from several threads. Raises what a write raised, or NotVisible."""
        timings = Timings()
        under_way: deque[Future[Played]] = deque()
        started = time.perf_counter()
        with ExitStack() as stack:
            lanes = [stack.enter_context(ThreadPoolExecutor(1, f"shop-{number}")) for number in range(self.threads)]
            for number, write in enumerate(writes):
                if number % _LOOK_EVERY_WRITES == 0:
                    self._hold_back()
                timed = self._starts_to_earn(write) and len(self._earning) % self.sample_every == 0
                lane = lanes[zlib.crc32(write.order_id.encode()) % self.threads]
                under_way.append(lane.submit(self._play, write, timed=timed))
                if len(under_way) > _WRITES_UNDER_WAY_MAX:
                    self._done(under_way.popleft().result(), timings)
            while under_way:
                self._done(under_way.popleft().result(), timings)
        timings.seconds = time.perf_counter() - started
        return timings

    def run_quietly(self, writes: Iterable[OrderWrite], drain: Callable[[], object]) -> Timings:
        """Plays one write at a time, each after the last one's events, and times every order that starts to earn."""
        timings = Timings()
        started = time.perf_counter()
        for write in writes:
            self._done(self._play(write, timed=self._starts_to_earn(write)), timings)
            drain()
        timings.seconds = time.perf_counter() - started
        return timings

    def _done(self, played: Played, timings: Timings) -> None:
        timings.add(played)
        self.on_write(played.write)

    def _hold_back(self) -> None:
        while self.pending() > self.pending_max:
            time.sleep(_HOLD_BACK_SECONDS)

    def _starts_to_earn(self, write: OrderWrite) -> bool:
        if write.order_id in self._earning or write.person is None or not counts(write.fields):
            return False
        self._earning.add(write.order_id)
        return True

    def _play(self, write: OrderWrite, *, timed: bool) -> Played:
        # Named fields are replaced whole, others stay: what the functions add to an order survives the next sync.
        only_these: Any = list(write.fields)
        started = time.perf_counter()
        self.client.document("orders", write.order_id).set(write.fields, merge=only_these)
        if not timed:
            return Played(write)
        polls = self._wait_for_accrual(write.order_id)
        return Played(write, time.perf_counter() - started, polls)

    def _wait_for_accrual(self, order_id: str) -> int:
        """How many reads it took."""
        accrual = self.client.document("tenants", self.org_id, "accruals", order_id)
        give_up = time.monotonic() + _VISIBLE_WITHIN_SECONDS
        polls = 1
        while not accrual.get(["status"]).exists:
            if time.monotonic() > give_up:
                raise NotVisible(f"order {order_id}: no accrual record {_VISIBLE_WITHIN_SECONDS:g} s after it earned")
            time.sleep(_POLL_SECONDS)
            polls += 1
        return polls
