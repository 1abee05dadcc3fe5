"""What the catch-up sweep costs and how fast it is: over orders that are right, and over orders nobody recorded."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from time import perf_counter

from bench.budgets import Row
from bench.shop import Shop, running
from emulator.client import StackClient
from lib.usecases.orders import record_present
from lib.usecases.sweep import sweep_orders

ORDERS = 3_000
_LOST_EVERY = 20
_ORDERS_A_CUSTOMER = 5
_THREADS = 8


def run(orders: int = ORDERS) -> list[Row]:
    """Three rows: nothing written lately, all of it lost but for what was recorded, all of it right."""
    with running(with_functions=False) as (shop, _, api):
        quiet = _swept(api)
        lost = _fill(shop, orders)
        found = _swept(api)
        right = _swept(api)
    return [
        Row("hourly sweep when nothing was written", "a constant", quiet),
        Row(f"sweep of {orders:,} new orders, {lost:,} of which were missed", "all found", found),
        Row(f"sweep of {orders:,} new orders that are right", "∝ what was written", right),
    ]


def _swept(api: StackClient) -> str:
    api.reset_usage()
    started = perf_counter()
    swept = sweep_orders(record_present)
    seconds = perf_counter() - started
    if swept is None or not swept.done:
        raise RuntimeError("the sweep did not come to its end")
    used = api.usage()
    found = swept.counts["on_their_way"] + swept.counts["recorded"]
    return f"{seconds:.1f} s, {used['reads']:,} reads, {used['writes']:,} writes, {found:,} recorded"


def _fill(shop: Shop, orders: int) -> int:
    """Writes orders, every customer's by one thread; how many of them were not recorded."""
    now = datetime.now(UTC)

    def serve(customer: int) -> int:
        lost = 0
        for turn in range(_ORDERS_A_CUSTOMER):
            number = customer * _ORDERS_A_CUSTOMER + turn
            if number % _LOST_EVERY:
                shop.sell(f"o{number}", customer, updatedAt=now)
            else:
                shop.write(f"o{number}", customer, updatedAt=now)
                lost += 1
        return lost

    with ThreadPoolExecutor(_THREADS) as executor:
        return sum(executor.map(serve, range(orders // _ORDERS_A_CUSTOMER)))
