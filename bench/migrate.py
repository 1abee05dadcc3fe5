"""What taking over an existing shop takes: seconds, and what Firestore bills a customer and an order."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any

from google.cloud.firestore import Client
from rich.console import Console

from bench.budgets import Row
from bench.shop import ORG, running
from cli.migrate import visit_all
from emulator.client import StackClient
from lib.domain.takeover import BalanceRule
from lib.store.org import OrgStore
from lib.usecases import migration
from lib.usecases.audit import audit

CUSTOMERS = 2_000
ORDERS = 10_000
_THREADS = 8
_BATCH = 500


def run(customers: int = CUSTOMERS, orders: int = ORDERS) -> list[Row]:
    """Rows for a preview, for taking over, and for doing it again; an audit of the result has to be clean."""
    with running(with_functions=False) as (shop, _, api):
        _fill(shop.client, customers, orders)
        size = f"{customers:,} customers with {orders:,} orders"
        rows = [_measured(f"preview of taking over {size}", api, orders, _preview)]
        rows.append(_measured(f"taking over {size}", api, orders, _take_over))
        rows.append(_measured("the same again", api, orders, _take_over))
        found = audit(ORG)
        if not found.is_clean:
            raise RuntimeError(f"the audit found {found.violations[:3]}")
    return rows


def _measured(name: str, api: StackClient, orders: int, work: Any) -> Row:
    api.reset_usage()
    started = perf_counter()
    work()
    seconds = perf_counter() - started
    used = api.usage()
    writes = used["writes"] + used["deletes"]
    measured = f"{seconds:.1f} s, {used['reads']:,} reads, {writes:,} writes"
    return Row(name, "-", f"{measured} ({used['reads'] / orders:.1f} and {writes / orders:.1f} an order)")


def _preview() -> None:
    org, decided = OrgStore(ORG), migration.preview(ORG, BalanceRule.KEEP)
    visit_all(Console(quiet=True), org, _THREADS, lambda member: [migration.look(org, decided, member)])


def _take_over() -> None:
    org, decided = OrgStore(ORG), migration.begin(ORG, BalanceRule.KEEP)
    findings = visit_all(Console(quiet=True), org, _THREADS, lambda member: migration.take_over(org, decided, member))
    if findings.failed:
        raise RuntimeError(f"could not be taken over: {findings.failed}")


def _fill(client: Client, customers: int, orders: int) -> None:
    """Most customers as the till's sync writes them; an order in twenty is of somebody without a document."""
    for documents in (_customers(customers), _orders(customers, orders)):
        batch = client.batch()
        for number, (path, fields) in enumerate(documents, 1):
            batch.set(client.document(path), fields)
            if number % _BATCH == 0:
                batch.commit()
                batch = client.batch()
        batch.commit()


def _customers(count: int) -> Iterator[tuple[str, dict[str, Any]]]:
    now = datetime.now(UTC)
    for number in range(count):
        phone = f"201{2_000_000 + number}"
        yield (
            f"customers/{ORG}_phone_{phone}",
            {
                "orgId": ORG, "phone": phone, "email": f"buyer{number}@example.com", "points": number % 700,
                "alleavesCustomerId": f"cid_{number}", "totalSpent": 150.0, "orderCount": 3,
                "lastOrderDate": now - timedelta(days=40), "tier": "Silver", "firstName": "Buyer",
            },
        )  # fmt: skip


def _orders(customers: int, count: int) -> Iterator[tuple[str, dict[str, Any]]]:
    chance, now = random.Random(7), datetime.now(UTC)
    for number in range(count):
        is_guest = number % 20 == 0
        buyer = customers + number % 97 if is_guest else chance.randrange(customers)
        yield (
            f"orders/alleaves_{number}",
            {
                "orgId": ORG, "source": "alleaves", "userId": str(buyer), "status": "completed",
                "customer": {"name": "Buyer", "email": f"buyer{buyer}@example.com"},
                "totals": {"total": chance.randrange(500, 20_000) / 100},
                "createdAt": now - timedelta(days=chance.randrange(400)),
            },
        )  # fmt: skip
