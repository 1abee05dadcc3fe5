"""How long a till waits: redeeming and checking points through the functions host, over HTTP, warm."""

from collections.abc import Callable
from time import perf_counter
from typing import Any

from bench.budgets import Row, percentiles
from bench.shop import ORG, running
from emulator.client import StackClient
from emulator.stack import Stack
from emulator.tokens import id_token

_ROUNDS = 200
_WARM_UP = 20
_CUSTOMERS = 20
_POINTS = 100


def run() -> list[Row]:
    """All rows, on one stack."""
    with running(with_functions=True) as (shop, stack, api):
        for number in range(_CUSTOMERS):
            shop.sell(f"opening-{number}", number, totals={"total": 9_999.0})
        api.drain()
        till = _Till(stack, api)
        return [
            Row("redeem (hold + capture), warm", "p95 < 500 ms (aim 50 ms)", _timed(till.redeem)),
            Row("check points, warm", "p95 < 2 s (aim 50 ms)", _timed(till.check)),
        ]


class _Till:
    def __init__(self, stack: Stack, api: StackClient) -> None:
        self._api = api
        self._token = id_token(stack.project, "till-1", {"orgId": ORG, "role": "budtender"})

    def redeem(self, turn: int) -> None:
        order = {"customerId": f"{ORG}_{turn % _CUSTOMERS}", "orderId": f"till-{turn}", "orderTotal": 50.0}
        held = self._call("hold_redemption", {**order, "points": _POINTS, "idempotencyKey": f"hold-{turn}"})
        key = f"capture-{turn}"
        self._call("capture_redemption", {"redemptionId": held["redemption"]["id"], "idempotencyKey": key})

    def check(self, turn: int) -> None:
        self._call("check_points", {"customerId": f"{ORG}_{turn % _CUSTOMERS}"})

    def _call(self, function: str, data: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = self._api.call(function, {"orgId": ORG, **data}, token=self._token)
        if not answer["ok"]:
            raise RuntimeError(f"{function} was refused: {answer['reason']}")
        return answer


def _timed(work: Callable[[int], None]) -> str:
    seconds = []
    for turn in range(_WARM_UP + _ROUNDS):
        started = perf_counter()
        work(turn)
        seconds.append(perf_counter() - started)
    return percentiles(seconds[_WARM_UP:])
