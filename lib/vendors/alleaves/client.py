"""Reads customers and orders from Alleaves, page by page to the end, with a token that is used as long as it lasts."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Final, TypeVar

from lib.vendors import http, paging
from lib.vendors.alleaves.config import VENDOR, AlleavesConfig
from lib.vendors.alleaves.tokens import TokenKeeper
from lib.vendors.alleaves.wire import Customer, Order, list_in
from lib.vendors.breaker import BreakerView
from lib.vendors.errors import NotFound, Refused
from lib.vendors.fields import Record, object_in
from lib.vendors.http import Answer, Budget, Request
from lib.vendors.limiter import Rate
from lib.vendors.outcomes import Safety

PAGE_SIZE: Final = 100

BULK: Final = Budget("bulk", read_seconds=30.0, total_seconds=120.0)

RATE: Final = Rate(requests=2, seconds=1.0)
"""They document none; this reads 2,700 orders in 14 s."""

AnyRecord = TypeVar("AnyRecord", bound=Record)

_lock = threading.Lock()
_keepers: dict[AlleavesConfig, TokenKeeper] = {}


class Alleaves:
    """One account. Safe for many threads; instances for one account share its token, rate limit and circuit breaker.

    Every method raises the errors of `lib.vendors.errors`. An error on the way means that the list is not complete:
    whoever keeps a cursor moves it only after the end of the iteration.
    """

    def __init__(
        self, config: AlleavesConfig, *, now: Callable[[], datetime], budget: Budget = BULK, rate: Rate = RATE
    ) -> None:
        """`now`: the present time, UTC, by which tokens expire."""
        self._config = config
        self._channel = http.channel(VENDOR, config.base_url, config.account, budget=budget, rate=rate)
        with _lock:
            self._tokens = _keepers.setdefault(config, TokenKeeper(self._log_in, now))

    @property
    def circuit(self) -> BreakerView:
        """The circuit breaker of this account and budget."""
        return self._channel.circuit

    def customers(self) -> Iterator[Sequence[Customer]]:
        """All customers in pages of up to 100, one request each, and one that shows that nobody follows."""

        def page(number: int, size: int) -> Sequence[Customer]:
            body = {"page": number, "pageSize": size}
            request = Request("POST", "/customer/search", Safety.REPEATABLE, body=body)
            return self._records(Customer, request, ("customers", "data"))

        return paging.by_number(VENDOR, page, lambda it: it.customer_id or repr(it), PAGE_SIZE)

    def orders(self, begin: date, end: date) -> Iterator[Sequence[Order]]:
        """Orders of these days, both included, in pages of up to 100, and one request that shows that none follow.

        Whether their dates are those of creation or of the last change, and in which time zone, is not documented: read
        again, with days to spare, what may have changed.
        """

        def page(number: int, size: int) -> Sequence[Order]:
            query: dict[str, str | int] = {"page": number, "pageSize": size}
            query |= {"startDate": begin.isoformat(), "endDate": end.isoformat()}
            request = Request("GET", "/order", Safety.REPEATABLE, query)
            return self._records(Order, request, ("orders", "data", "results"))

        return paging.by_number(VENDOR, page, lambda it: it.order_id or repr(it), PAGE_SIZE)

    def _records(self, kind: type[AnyRecord], request: Request, names: tuple[str, ...]) -> Sequence[AnyRecord]:
        found = list_in(self._send(request).body, *names)
        if found is None:
            self._channel.unreadable(request, "no list")
        try:
            return [kind.read(item) for item in found]
        except ValueError:
            self._channel.unreadable(request, "no object where one belongs")

    def _send(self, request: Request) -> Answer:
        """The answer to a request made with our token. Raises Refused (credentials) if a new one is refused too."""
        token = self._tokens.current()
        try:
            return self._with_token(request, token)
        except Refused as refusal:
            if refusal.status != 401:
                raise
        return self._with_token(request, self._tokens.current(refused=token))

    def _with_token(self, request: Request, token: str) -> Answer:
        try:
            answer = self._channel.send(replace(request, headers={"Authorization": f"Bearer {token}"}))
        except NotFound:
            # Lists only are asked for here: that one is not found says nothing of anybody on it.
            raise Refused(VENDOR, "has no such list", reason="unknown_list", status=404) from None
        if object_in(answer.body).get("success") is False:
            raise Refused(VENDOR, "refused", reason="rejected", status=answer.status)
        return answer

    def _log_in(self) -> str:
        body: dict[str, Any] = {
            "username": self._config.username,
            "password": self._config.password,
            "pin": self._config.pin,
        }
        request = Request("POST", "/auth", Safety.REPEATABLE, body=body)
        token = object_in(self._channel.send(request).body).get("token")
        # What is not printable ASCII cannot go into a header.
        if not isinstance(token, str) or not token or not (token.isascii() and token.isprintable()):
            self._channel.unreadable(request, "no token")
        return token
