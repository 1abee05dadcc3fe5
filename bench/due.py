"""What ageing costs: the same customers due among a thousand and among a hundred thousand."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from time import perf_counter
from typing import Any

from google.cloud.firestore import Client

from bench.budgets import Row
from bench.shop import ORG, running
from emulator.client import StackClient
from lib.domain.customers import Customer, journal_of
from lib.domain.ledger import CLOCK, Account, EntryKind, Memo, Source
from lib.domain.segments import SpendStats
from lib.domain.settings import DEFAULT_SETTINGS
from lib.domain.standing import refreshed
from lib.store import customers, settings
from lib.store.org import OrgStore
from lib.usecases import ageing

SIZES = (1_000, 100_000)
DUE = 200
_BATCH = 400
_THREADS = 8


def run(sizes: tuple[int, ...] = SIZES) -> list[Row]:
    """A row for each size. Raises RuntimeError unless every size costs the same."""
    rows, costs = [], set()
    for size in sizes:
        with running(with_functions=False) as (shop, _, api):
            _fill(shop.client, size)
            reads, writes, seconds = _age(api)
        costs.add((reads, writes))
        measured = f"{reads} reads, {writes} writes, {seconds:.1f} s"
        rows.append(Row(f"{DUE} customers of {size:,} are due: found and aged", "the same for any number", measured))
    if len(costs) != 1:
        raise RuntimeError(f"the cost depends on how many customers there are: {sorted(costs)}")
    return rows


def _age(api: StackClient) -> tuple[int, int, float]:
    # Threads that start together would each read the settings; they are the same few reads however many are due.
    settings.load(OrgStore(ORG))
    api.reset_usage()
    started = perf_counter()
    for org_id, _, ids in ageing.batches():
        org = OrgStore(org_id)
        with ThreadPoolExecutor(_THREADS) as executor:
            done = list(executor.map(lambda customer_id, org=org: ageing.visit(org, {}, customer_id), ids))
        if sum("expiredPoints" in counts for counts in done) != DUE:
            raise RuntimeError("not all who were due have been aged")
    seconds = perf_counter() - started
    usage = api.usage()
    return usage["reads"], usage["writes"], seconds


def _fill(client: Client, size: int) -> None:
    """Customers with points in a lot: of `DUE` of them it has expired yesterday, of all others it expires in a year."""
    now = datetime.now(UTC)
    due = _document(now - timedelta(days=2), expires_at=now - timedelta(days=1))
    idle = _document(now, expires_at=now + timedelta(days=365))
    numbers = iter(range(size))
    with ThreadPoolExecutor(_THREADS) as executor:
        list(executor.map(lambda batch: _write(client, batch, due, idle), _batches(numbers)))


def _batches(numbers: Iterator[int]) -> Iterator[list[int]]:
    while batch := list(islice(numbers, _BATCH)):
        yield batch


def _write(client: Client, numbers: list[int], due: dict[str, Any], idle: dict[str, Any]) -> None:
    batch = client.batch()
    for number in numbers:
        customer_id = f"{ORG}_{number:06}"
        fields = due if number < DUE else idle
        batch.set(client.document("customers", customer_id), {**fields, "id": customer_id})
    batch.commit()


def _document(now: datetime, *, expires_at: datetime) -> dict[str, Any]:
    """A customer who has bought once, a year ago, as stored at `now`."""
    ordered_at = now - timedelta(days=365)
    stats = SpendStats(1, 50_00, ordered_at, ordered_at)
    customer = Customer(Account(ORG, "any"), stats=stats, order_points=50, opened=True, monthly_spend={})
    journal = journal_of(customer, DEFAULT_SETTINGS, now)
    memo = Memo(Source("order", "o"), "order:o", "f" * 64, "rules", "completed", CLOCK, ordered_at)
    journal.credit(EntryKind.EARN, 50, expires_at, memo)
    known = refreshed(replace(customer, account=journal.account), DEFAULT_SETTINGS, now)
    return customers.encode(OrgStore(ORG), known, before=None, now=now)
