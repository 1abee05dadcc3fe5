"""The demo from an empty database to its report: orders, points, a night with Alpine IQ, a win-back campaign, audit."""

import os
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from google.cloud import firestore
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from cli.demo import report as reporting
from cli.demo.alpine_night import Night, Outcome
from cli.demo.chat import Chat
from cli.demo.compare import Stored, differences, read_stored
from cli.demo.documents import OrderWrite
from cli.demo.replay import Replay, Timings
from cli.demo.report import Json
from cli.demo.seen import Seen
from cli.demo.shop_setup import ORG_ID, PROGRAMME, REDEMPTION_POINTS, set_up
from cli.demo.sources import Source
from cli.demo.till import Sale, Shopper, Till
from cli.demo.winback.scenes import win_back
from emulator.client import StackClient
from emulator.stack import Stack
from emulator.tokens import id_token
from lib.usecases.audit import audit

_DRAIN_SECONDS = 300.0
# The last writes of the stream are played one at a time, to time orders on a shop that is not busy.
_QUIET_WRITES = 60
_SHOPPERS = 30
# The explained ledger is that of somebody with a short story to tell.
_STORY_ORDERS = range(2, 7)


@dataclass(slots=True)
class _Demo:
    """One demo on one running, empty stack."""

    stack: Stack
    source: Source
    console: Console
    chat: Chat
    client: firestore.Client
    api: StackClient
    seen: Seen = field(default_factory=Seen)
    seconds: dict[str, float] = field(default_factory=dict)

    def run(self) -> Json:
        """Everything, one step after another, and the report of it."""
        set_up(self.client, datetime.now(UTC))
        self.api.drain(_DRAIN_SECONDS)
        self.api.reset_usage()
        orders = self._take_orders()
        till = self._redeem()
        stored = read_stored(self.client, ORG_ID)
        story = self._story(till, stored)
        night = self._night(till)
        return {
            "source": dict(self.source.description),
            **orders,
            **reporting.redemptions(till.outcomes, till.redeemed, till.redeem_seconds, till.call_seconds),
            **reporting.balances(stored, [name for name, _ in PROGRAMME.tiers]),
            "alpineIq": night.report,
            "expected": self._compared(till, night),
            "winBack": self._win_back(),
            **self._verdict(),
            "customer": story,
            "seconds": self.seconds,
        }

    def _take_orders(self) -> Json:
        with self._step("replay"):
            busy, quiet = self._replay()
        usage, events = self.api.usage(), self.api.events()
        orders = len(self.seen.orders)
        return {
            "replay": {
                "orders": orders,
                "writes": busy.writes + quiet.writes,
                "busySeconds": round(busy.seconds, 2),
                "writesPerSecond": round(busy.writes / busy.seconds, 1),
            },
            "latency": {"busy": reporting.durations(busy.latencies), "quiet": reporting.durations(quiet.latencies)},
            "billed": reporting.billed(usage, orders, busy.polls + quiet.polls, busy.writes + quiet.writes),
            "events": {name: events[name] for name in ("delivered", "retried", "failed")},
            "cancellations": dict(self.source.cancellations()),
        }

    def _redeem(self) -> Till:
        claims = {"orgId": ORG_ID, "role": "dispensary_admin"}
        till = Till(self.api, ORG_ID, id_token(self.stack.project, "demo-cashier", claims))
        with self._step("redeem", "Redeeming points at the till"):
            till.serve(self._shoppers(read_stored(self.client, ORG_ID)))
            self.api.drain(_DRAIN_SECONDS)
        return till

    def _night(self, till: Till) -> Outcome:
        with self._step("night", "A night with Alpine IQ"):
            outcome = Night(self.stack, self.client, self.api, self.chat, till.redeemed).play()
            self.api.drain(_DRAIN_SECONDS)
        return outcome

    def _compared(self, till: Till, night: Outcome) -> Json:
        """What Alpine IQ's figures give or take is expected by those figures, not by what the ledger says of it."""
        with self._step("compare", "Comparing every customer with the expected figures"):
            expected, gone = self.source.expected(PROGRAMME), Counter(till.redeemed)
            gone.subtract(night.entered)
            stored = read_stored(self.client, ORG_ID)
            found = sorted([*differences(stored, expected, self.seen.buyers, gone), *night.differences])
        return {"customers": len(expected), "differences": found}

    def _win_back(self) -> Json | None:
        with self._step("winBack", "A campaign to those who have stayed away"):
            return win_back(self.stack, self.client, self.api)

    def _verdict(self) -> Json:
        with self._step("audit", "Auditing every document"):
            audited = audit(ORG_ID)
        failures = self.api.events()["failures"]
        return {
            "audit": {"documents": audited.documents, "violations": [str(it) for it in audited.violations]},
            "failures": [f"{failure['document']}: {failure['error']}" for failure in failures],
        }

    def _replay(self) -> tuple[Timings, Timings]:
        span = max(1.0, (self.source.last - self.source.first).total_seconds())
        columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[count]}"), TimeElapsedColumn()
        with Progress(*columns, console=self.console, transient=True) as progress:
            bar = progress.add_task("Orders", total=span, count="")

            def on_write(write: OrderWrite) -> None:
                self.seen.add(write)
                done = (write.at - self.source.first).total_seconds()
                count = f"{write.at:%Y-%m-%d}  {len(self.seen.orders):,} orders"
                progress.update(bar, completed=done, count=count)

            replay = Replay(self.client, ORG_ID, pending=lambda: self.api.events()["pending"], on_write=on_write)
            last: deque[OrderWrite] = deque()
            busy = replay.run(_all_but_the_last(self.source.writes, last))
            started = time.perf_counter()
            self.api.drain(_DRAIN_SECONDS)
            busy.seconds += time.perf_counter() - started
            quiet = replay.run_quietly(last, drain=lambda: self.api.drain(_DRAIN_SECONDS))
        return busy, quiet

    def _shoppers(self, stored: Stored) -> list[Shopper]:
        """Customers from all over the list who can afford a reward, each with the biggest order that earned."""
        biggest: dict[str, Sale] = {}
        for order_id, customer_id in stored.owners.items():
            sale = self.seen.sales.get(order_id)
            if sale and (customer_id not in biggest or biggest[customer_id].total_cents < sale.total_cents):
                biggest[customer_id] = sale
        able = sorted(
            customer_id
            for customer_id, customer in stored.customers.items()
            if customer.points >= min(REDEMPTION_POINTS) and customer_id in biggest
        )
        chosen = able[:: max(1, len(able) // _SHOPPERS)][:_SHOPPERS]
        return [Shopper(customer_id, biggest[customer_id]) for customer_id in chosen]

    def _story(self, till: Till, stored: Stored) -> Json | None:
        """The explained ledger that has most to tell, of some customers who redeemed; None when nobody could."""
        spenders = sorted(customer_id for customer_id, points in till.redeemed.items() if points > 0)
        short = [it for it in spenders if stored.customers[it].order_count in _STORY_ORDERS]
        told = [till.ledger(customer_id) for customer_id in short or spenders[:1]]
        return max(told, key=lambda page: len({entry["kind"] for entry in page["entries"]}), default=None)

    @contextmanager
    def _step(self, name: str, words: str = "") -> Iterator[None]:
        started = time.perf_counter()
        if words:
            with self.console.status(words):
                yield
        else:
            yield
        self.seconds[name] = round(time.perf_counter() - started, 1)


def run(stack: Stack, source: Source, console: Console, chat: Chat) -> Json:
    """Plays the source on a running, empty stack with sandboxes, whose alerts go to the chat; returns the report.

    Raises what a write or a call raised that should have succeeded, TimeoutError when events do not come to an end.
    """
    # The audit is the product's own and finds its database by the environment, as the functions do.
    os.environ.update(stack.environment)
    client = firestore.Client(project=stack.project)
    api = StackClient(stack.project, stack.firestore, stack.functions)
    try:
        return _Demo(stack, source, console, chat, client, api).run()
    finally:
        api.close()
        client.close()


def _all_but_the_last(writes: Iterable[OrderWrite], last: deque[OrderWrite]) -> Iterator[OrderWrite]:
    """All writes but the last few, which are left in `last`."""
    for write in writes:
        last.append(write)
        if len(last) > _QUIET_WRITES:
            yield last.popleft()
