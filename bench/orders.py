"""What an order costs: billed operations of each kind of change, and how soon its ledger is visible."""

from time import perf_counter, sleep

from bench.budgets import Row, percentiles
from bench.shop import ORG, Shop, running
from emulator.client import StackClient
from lib.usecases.orders import OrderChange, record_order

_ORDERS = 200
_WARM_UP = 20
_POLL_SECONDS = 0.001
_PATIENCE_SECONDS = 30.0


def run() -> list[Row]:
    """All rows, each on a stack of its own."""
    with running(with_functions=False) as (shop, _, api):
        rows = _billed(shop, api)
    with running(with_functions=True) as (shop, _, _):
        return [*rows, Row("order written → ledger visible, whole stack", "p95 < 2 s (aim 100 ms)", _visible(shop))]


def _billed(shop: Shop, api: StackClient) -> list[Row]:
    shop.sell("warm-up", 1)
    named, new = shop.write("o0", 1, customerId=f"{ORG}_1"), shop.write("o1", 1)
    rows = [
        Row("a new order that names its customer", "≤ 4 reads, ≤ 6 writes (aim 2, 5)", _cost(api, named)),
        Row("a new order of a known customer, to be told whose it is", "≤ 4 reads, ≤ 6 writes", _cost(api, new)),
        Row("the same event again", "-", _cost(api, new)),
    ]
    for name, budget, fields in (
        ("an unchanged rewrite", "0 reads, 0 writes", {"updatedAt": "later", "note": "x"}),
        ("its total edited", "-", {"totals": {"subtotal": 60.0, "total": 60.0}}),
        ("its refund", "-", {"status": "refunded"}),
    ):
        rows.append(Row(name, budget, _cost(api, shop.write("o1", 1, **fields))))
    rows.append(Row("the first order of an unknown customer", "-", _cost(api, shop.write("o2", 2))))
    return rows


def _cost(api: StackClient, change: OrderChange) -> str:
    api.reset_usage()
    record_order(change)
    usage = api.usage()
    return f"{usage['reads']} reads, {usage['writes']} writes"


def _visible(shop: Shop) -> str:
    """Seconds from the start of an order's write to the first look that finds its record, which comes in the same
    commit as its ledger entry."""
    seconds = []
    for number in range(_WARM_UP + _ORDERS):
        order_id = f"timed-{number}"
        record = shop.client.document("tenants", ORG, "accruals", order_id)
        started = perf_counter()
        shop.put(order_id, number % 50)
        while not record.get().exists:
            if perf_counter() - started > _PATIENCE_SECONDS:
                raise TimeoutError(f"{order_id} was not recorded in {_PATIENCE_SECONDS:.0f} s")
            sleep(_POLL_SECONDS)
        seconds.append(perf_counter() - started)
    return percentiles(seconds[_WARM_UP:])
