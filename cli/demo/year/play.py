"""Plays a span of days on a running stack: orders at their own moments, the till on Saturdays, the jobs of every night.

The clock only ever jumps when nothing is on its way: all events are worked and all tasks done. So what happens does not
depend on how fast the computer is, and the same orders end in the same year.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from google.cloud import firestore

from cli.demo.documents import OrderWrite
from cli.demo.seen import Seen
from cli.demo.shop_setup import ORG_ID, REDEMPTION_POINTS
from cli.demo.till import Sale, Shopper, Till
from cli.demo.year.jobs import AGE, AUDIT, HOLDS, RUNS, SWEEP, Jobs
from cli.demo.year.oracle import Oracle
from cli.demo.year.timeline import SATURDAY, Kind, Step, Stop
from emulator.client import StackClient
from emulator.clock import ClockFile
from emulator.tokens import id_token

_DRAIN_SECONDS = 120.0
_THREADS = 4
_LOOKED_AT = 40
_SHOPPERS_MIN, _SHOPPERS_MAX, _SALES_A_SHOPPER = 3, 12, 200
_CLAIMS = {"orgId": ORG_ID, "role": "dispensary_admin"}


@dataclass(frozen=True, slots=True)
class Audited:
    """What the audit of one night read, and how many seconds it took; `orders` is how many there were by then."""

    at: datetime
    orders: int
    reads: int
    writes: int
    seconds: float


@dataclass(slots=True)
class Player:
    """One org's days on one stack. `own` is what the player has read and written for itself, to be left out of bills.

    `on_day` hears of the end of each day; `ended` is when the last night's jobs began.
    """

    client: firestore.Client
    api: StackClient
    clock: ClockFile
    jobs: Jobs
    oracle: Oracle
    on_day: Callable[[datetime], None]
    seen: Seen = field(default_factory=Seen)
    own: Counter[str] = field(default_factory=Counter)
    audits: list[Audited] = field(default_factory=list)
    writes: int = 0
    ended: datetime | None = None
    till: Till = field(init=False)
    _rewarded: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.till = Till(self.api, ORG_ID, token="", forgets=True)

    def play(self, timeline: Iterator[Step | Stop]) -> None:
        """Everything in its order. Raises JobFailed, UnexpectedAnswer, TimeoutError, or what a write raised."""
        with ThreadPoolExecutor(_THREADS, "shop") as threads:
            for at in timeline:
                self._go_to(at.at)
                if isinstance(at, Step):
                    self._write(at.writes, threads)
                elif at.kind is Kind.TILL:
                    self._open_till(at)
                elif at.kind is Kind.AUDIT:
                    self._audit()
                else:
                    self._end_day(at)

    def _go_to(self, moment: datetime) -> None:
        if moment > self.clock.now():
            self.clock.set(moment.astimezone(UTC))

    def _write(self, writes: Sequence[OrderWrite], threads: ThreadPoolExecutor) -> None:
        """All of them at once, those of one order one after another; then waits until their events are worked."""
        of_order: defaultdict[str, list[OrderWrite]] = defaultdict(list)
        for write in writes:
            of_order[write.order_id].append(write)
            self.seen.add(write)
        now = self.clock.now()
        for _ in threads.map(self._write_one_by_one, of_order.values()):
            pass
        self.api.drain(_DRAIN_SECONDS)
        self.writes += len(writes)
        self.oracle.wrote(writes, now)

    def _write_one_by_one(self, writes: Sequence[OrderWrite]) -> None:
        for write in writes:
            # Named fields are replaced whole, others stay: what the functions add survives the next sync.
            only_these: Any = list(write.fields)
            self.client.document("orders", write.order_id).set(write.fields, merge=only_these)

    def _open_till(self, stop: Stop) -> None:
        with self._for_ourselves():
            shoppers = self._shoppers(stop)
        self.till.token = id_token(self.api.project, "demo-cashier", _CLAIMS, now_seconds=self.clock.now().timestamp())
        done, now = len(self.till.moves), self.clock.now()
        self.till.serve(shoppers)
        self.api.drain(_DRAIN_SECONDS)
        moves = self.till.moves[done:]
        self.oracle.moved([(move, self.seen.buyers[move.order_id]) for move in moves], now)

    def _shoppers(self, stop: Stop) -> list[Shopper]:
        """Some customers who can afford a reward, found by looking at some of the orders so far."""
        sales = [sale for sale in self.seen.sales.values() if sale.order_id not in self._rewarded]
        wanted = min(max(_SHOPPERS_MIN, len(sales) // _SALES_A_SHOPPER), _SHOPPERS_MAX)
        looked_at = Random(stop.day.isoformat()).sample(sales, min(_LOOKED_AT, len(sales)))
        found: dict[str, Sale] = {}
        for sale in looked_at:
            customer_id = self._customer_with_points(sale)
            if customer_id is not None:
                found.setdefault(customer_id, sale)
            if len(found) == wanted:
                break
        self._rewarded.update(sale.order_id for sale in found.values())
        return [Shopper(customer_id, sale) for customer_id, sale in found.items()]

    def _customer_with_points(self, sale: Sale) -> str | None:
        accrual = self.client.document("tenants", ORG_ID, "accruals", sale.order_id).get(["customerId"])
        customer_id = (accrual.to_dict() or {}).get("customerId")
        if customer_id is None or sale.order_id not in self.seen.buyers:
            return None
        points = (self.client.document("customers", customer_id).get(["points"]).to_dict() or {}).get("points", 0)
        return str(customer_id) if points >= min(REDEMPTION_POINTS) else None

    def _end_day(self, stop: Stop) -> None:
        self.ended = self.clock.now()
        self.oracle.night(self.ended)
        self.jobs.call(AGE)
        # After the till, where somebody may have left a hold. No event is ever lost here and no worker dies, so that
        # once a week is often enough to see what looking costs.
        if stop.day.weekday() == SATURDAY:
            self.jobs.call(HOLDS, RUNS, SWEEP)
        self.on_day(stop.at)

    def _audit(self) -> None:
        before, began = self.api.usage(), datetime.now(UTC)
        self.jobs.call(AUDIT)
        after = self.api.usage()
        seconds = (datetime.now(UTC) - began) / timedelta(seconds=1)
        spent = {name: after[name] - before[name] for name in ("reads", "writes")}
        self.audits.append(Audited(self.clock.now(), len(self.seen.orders), seconds=seconds, **spent))

    @contextmanager
    def _for_ourselves(self) -> Iterator[None]:
        before = self.api.usage()
        yield
        after = self.api.usage()
        self.own.update({name: after[name] - before[name] for name in after})
