"""An Alleaves account of a test's own: its sandbox, a client, and what is seeded."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime
from typing import Any

from emulator.vendors.client import SandboxClient
from lib.vendors.alleaves.client import Alleaves
from lib.vendors.alleaves.config import AlleavesConfig
from lib.vendors.http import Budget
from lib.vendors.limiter import Rate

QUICK = Budget("quick", read_seconds=0.5, total_seconds=60, tries=3, backoff_seconds=0.001)
DAY = date(2026, 11, 20)


class Shop:
    """An account of its own, its sandbox and a client."""

    def __init__(self, sandbox: SandboxClient) -> None:
        self.sandbox = sandbox
        self.username = f"till-{uuid.uuid4().hex}"
        self.config = AlleavesConfig(self.username, "pa55", "4711", sandbox.base_url)
        self.client = self.another_client()
        self.behave(password="pa55", pin="4711")

    def another_client(self) -> Alleaves:
        return Alleaves(self.config, now=lambda: datetime.now(UTC), budget=QUICK, rate=Rate(1000))

    def behave(self, **settings: Any) -> None:
        self.sandbox.put_account(self.username, **settings)

    def seed(self, count: int, day: date = DAY, first: int = 1) -> None:
        numbers = range(first, first + count)
        self.sandbox.put(self.username, "customers", [{"id_customer": number} for number in numbers])
        orders = [{"id": n, "date_created": f"{day}T10:00:00Z", "status": "completed", "total": n} for n in numbers]
        self.sandbox.put(self.username, "orders", orders)

    def customers(self) -> list[str | None]:
        return [customer.customer_id for page in self.client.customers() for customer in page]

    def orders(self, begin: date = DAY, end: date = DAY) -> list[str | None]:
        return [order.order_id for page in self.client.orders(begin, end) for order in page]

    def revoke(self) -> None:
        self.sandbox.ask("DELETE", f"/accounts/{self.username}/tokens")

    def asked(self, route: str) -> int:
        count: int = self.sandbox.requests()["byRoute"].get(route, 0)
        return count


def ids(count: int) -> list[str]:
    return [str(number) for number in range(1, count + 1)]
