"""How long the audit takes and how much memory, on a shop of some thousand orders."""

import resource
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter

from bench.budgets import Row
from bench.shop import ORG, Shop, running
from lib.usecases.audit import audit

ORDERS = 3_000
_ORDERS_A_CUSTOMER = 5
_THREADS = 8


def run(orders: int = ORDERS) -> list[Row]:
    """One row."""
    with running(with_functions=False) as (shop, _, api):
        _fill(shop, orders)
        before_mb = _memory_mb()
        api.reset_usage()
        started = perf_counter()
        report = audit(ORG)
        seconds = perf_counter() - started
        if not report.is_clean:
            raise RuntimeError(f"the audit found {report.violations[:3]}")
        usage = api.usage()
    pace = report.documents / seconds
    return [
        Row(
            f"audit of {orders:,} orders of {orders // _ORDERS_A_CUSTOMER:,} customers",
            "< 60 s for 23,587 orders",
            f"{seconds:.1f} s ({pace:,.0f} documents/s), {usage['reads']:,} reads, +{_memory_mb() - before_mb:.0f} MB",
        )
    ]


def _fill(shop: Shop, orders: int) -> None:
    """Every customer's orders are written by one thread, so that they do not wait for each other."""

    def serve(customer: int) -> None:
        for turn in range(_ORDERS_A_CUSTOMER):
            shop.sell(f"o{customer}-{turn}", customer)

    with ThreadPoolExecutor(_THREADS) as executor:
        list(executor.map(serve, range(orders // _ORDERS_A_CUSTOMER)))


def _memory_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
