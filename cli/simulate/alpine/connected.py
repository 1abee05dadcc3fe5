"""Connects the product to the sandbox in the simulation's time: circuits that close and turns that come by real time
would make no two runs of a seed alike."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from cli.simulate.timeline import Timeline
from lib.usecases.reconciliation import connection, exporting, showing
from lib.vendors import http
from lib.vendors.breaker import Breaker
from lib.vendors.http import Budget
from lib.vendors.limiter import Limiter, Rate

# Nobody is slow here but for want of a processor, which is no vendor's fault.
_BULK = Budget("bulk", connect_seconds=30, read_seconds=30, tries=2, backoff_seconds=0.001)
_COUNTER = Budget("counter", connect_seconds=30, read_seconds=30, tries=1)
_BLOCK_CUSTOMERS = 4


@contextmanager
def connected(timeline: Timeline, base_url: str, keys: Mapping[str, str]) -> Iterator[None]:
    """Within, orgs have these keys to the sandbox, and few customers are compared by one visit."""

    def breaker(*arguments: Any) -> Breaker:
        return Breaker(*arguments, monotonic=lambda: timeline.now.timestamp())

    def limiter(vendor: str, _: Rate) -> Limiter:
        return Limiter(vendor, Rate(1_000_000))

    with ExitStack() as patches:
        environment = {"ALPINE_IQ_KEYS": json.dumps(keys), "ALPINE_IQ_BASE_URL": base_url}
        patches.enter_context(patch.dict(os.environ, environment))
        patches.enter_context(patch.dict(http._breakers, clear=True))
        patches.enter_context(patch.dict(http._limiters, clear=True))
        for module, name, value in (
            (http, "Breaker", breaker),
            (http, "Limiter", limiter),
            (connection, "BULK", _BULK),
            (showing, "AT_THE_TILL", _COUNTER),
            (showing, "_memory", showing._Memory()),
            (exporting, "BLOCK_CUSTOMERS", _BLOCK_CUSTOMERS),
        ):
            patches.enter_context(patch.object(module, name, value))
        yield
