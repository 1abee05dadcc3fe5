"""What reading a whole shop from its vendors costs: requests, time and memory, against the sandboxes."""

import resource
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from time import perf_counter, process_time
from typing import Any

from bench.budgets import Row
from emulator.launch import launched
from emulator.vendors.client import SandboxClient
from lib.vendors.alleaves.client import Alleaves
from lib.vendors.alleaves.config import AlleavesConfig
from lib.vendors.alpine_iq.client import AlpineIq
from lib.vendors.alpine_iq.config import AlpineIqConfig

_CONTACTS = (1_000, 50_000)
_ANSWER_SECONDS = 0.3
_ORDERS = 2_700
_SEED = 5_000
_DAY = date(2026, 11, 20)


def run() -> list[Row]:
    """Rows for both vendors, every request answered 300 ms late and at the rates the clients keep to."""
    rows = []
    with launched("vendors") as vendors:
        for count in _CONTACTS:
            sandbox = SandboxClient(vendors.address, "alpine_iq")
            client = AlpineIq(AlpineIqConfig(str(count), f"key{count}", sandbox.base_url))
            sandbox.put_account(str(count), apiKey=f"key{count}")
            _seed(sandbox, str(count), "contacts", [_contact(number) for number in range(count)])
            rows.append(Row(f"Alpine IQ: all of {count:,} contacts", "-", _read(sandbox, client.contacts, count)))
        sandbox = SandboxClient(vendors.address, "alleaves")
        sandbox.put_account("till", password="p", pin="1")  # noqa: S106 - a sandbox's
        _seed(sandbox, "till", "orders", [_order(number) for number in range(_ORDERS)])
        config = AlleavesConfig("till", "p", "1", sandbox.base_url)
        till = Alleaves(config, now=lambda: datetime.now(UTC))
        read = _read(sandbox, lambda: till.orders(_DAY, _DAY), _ORDERS)
        rows.append(Row(f"Alleaves: all of {_ORDERS:,} orders", "-", read))
    return rows


def _read(sandbox: SandboxClient, pages: Callable[[], Iterator[Sequence[object]]], expected: int) -> str:
    sandbox.ask("DELETE", "/requests")
    sandbox.fail("delay", seconds=_ANSWER_SECONDS, times=None)
    memory_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began, computed = perf_counter(), process_time()
    kept = [record for page in pages() for record in page]
    seconds, computed = perf_counter() - began, process_time() - computed
    grown_mb = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory_kb) / 1024
    if len(kept) != expected:
        raise RuntimeError(f"{len(kept)} of {expected} came")
    sandbox.heal()
    requests = sandbox.requests()["total"]
    return f"{seconds:.1f} s, {requests} requests, {computed:.1f} s of our own, {grown_mb:.0f} MB when all are kept"


def _seed(sandbox: SandboxClient, account: str, kind: str, records: list[dict[str, Any]]) -> None:
    for first in range(0, len(records), _SEED):
        sandbox.put(account, kind, records[first : first + _SEED])


def _contact(number: int) -> dict[str, Any]:
    return {
        "contactID": f"contact{number:08}",
        "srcID": str(number),
        "email": f"customer{number}@example.com",
        "mobilePhone": f"415{number:07}",
        "firstName": "Ada",
        "lastName": f"Park {number}",
        "loyalty": True,
        "loyaltyPoints": number % 3_000,
        "loyaltyTier": "Gold",
        "spent": number / 100,
        "referCode": f"R{number}",
        "lastVisit": 1_795_262_400 + number,
        "lastPurchase": "2026-11-21T12:00:00Z",
    }


def _order(number: int) -> dict[str, Any]:
    items = [
        {"id_item": n, "item": "Sour Gummies", "category": "Edibles", "quantity": 1, "price": "9.99"} for n in range(3)
    ]
    return {
        "id": number,
        "id_customer": number % 900,
        "date_created": f"{_DAY}T10:00:00Z",
        "date_updated": f"{_DAY}T10:05:00Z",
        "status": "completed",
        "subtotal": "29.97",
        "tax": 3.9,
        "discount": 0,
        "total": 33.87,
        "items": items,
    }
