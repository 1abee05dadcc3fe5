"""A way to a raw server, what is asked of it, and answers for it to give."""

from __future__ import annotations

import pytest

from lib.vendors import http
from lib.vendors.breaker import BreakerPolicy
from lib.vendors.errors import VendorError
from lib.vendors.http import Budget, Channel, Request
from lib.vendors.limiter import Rate
from lib.vendors.outcomes import Safety
from tests.vendors.raw_server import RawServer, json_answer

QUICK = Budget("test", connect_seconds=2, read_seconds=0.3, total_seconds=20, tries=3, backoff_seconds=0.001)
OK = json_answer(b'{"ok": 1}')
JSON_500 = json_answer(b'{"success": false}', "500 Internal Server Error")


def channel(server: RawServer, budget: Budget = QUICK, rate: Rate | None = None, failures: int = 99) -> Channel:
    rate = rate or Rate(1000)
    return http.channel("acme", server.url, "shop", budget=budget, rate=rate, policy=BreakerPolicy(failures, 60))


def request(safety: Safety = Safety.REPEATABLE, method: str = "POST") -> Request:
    return Request(method, "/thing", safety, {"phone": "4155550100"}, {"n": 1}, {"X-Key": "secret"})


def ends(server: RawServer, safety: Safety, budget: Budget = QUICK) -> VendorError:
    with pytest.raises(VendorError) as raised:
        channel(server, budget).send(request(safety))
    return raised.value
