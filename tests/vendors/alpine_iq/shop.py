"""An Alpine IQ account of a test's own: its sandbox, a client, and what is told and seeded."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from emulator.vendors.client import SandboxClient
from lib.vendors.alpine_iq.client import AlpineIq
from lib.vendors.alpine_iq.config import AlpineIqConfig
from lib.vendors.alpine_iq.wire import Contact, Member, Sale, SaleLine
from lib.vendors.http import Budget
from lib.vendors.limiter import Rate

QUICK = Budget("quick", read_seconds=0.5, total_seconds=30, tries=3, backoff_seconds=0.001)
ADA = {"contactID": "ada", "email": "ada@example.com", "mobilePhone": "4155550101", "loyalty": True}
NOW = datetime.now(UTC)


class Shop:
    """An account of its own, its sandbox and a client."""

    def __init__(self, sandbox: SandboxClient) -> None:
        self.sandbox = sandbox
        self.uid = str(uuid.uuid4().int)[:12]
        self.config = AlpineIqConfig(self.uid, uuid.uuid4().hex, sandbox.base_url)
        self.client = AlpineIq(self.config, budget=QUICK, rate=Rate(1000))
        self.behave(apiKey=self.config.api_key)

    def behave(self, **settings: Any) -> None:
        self.sandbox.put_account(self.uid, **settings)

    def seed(self, *contacts: dict[str, Any]) -> None:
        self.sandbox.put(self.uid, "contacts", contacts)

    def points(self, contact_id: str = "ada") -> int | None:
        return self.client.contact(contact_id).loyalty_points

    def all(self, page_size: int = 2000) -> list[Contact]:
        return [contact for page in self.client.contacts(page_size) for contact in page]

    @property
    def asked(self) -> int:
        total: int = self.sandbox.requests()["total"]
        return total


def sale(pos_id: str, cents: int, member: Member | None = None) -> Sale:
    line = SaleLine("sku1", "Sour Gummies", "Edibles", cents, 1)
    return Sale(pos_id, member or Member(mobile_phone="4155550101"), NOW, cents, (line,), "north", "till", "alleaves")


def many(count: int) -> list[dict[str, Any]]:
    return [{"contactID": f"c{n:05}", "loyaltyPoints": n, "loyalty": True} for n in range(count)]
