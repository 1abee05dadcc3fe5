"""What comparing a shop with Alpine IQ takes: seconds, their requests, what Firestore bills; and once more, unchanged.

./dev bench sync [--customers 1000 10000 50000] [--json]

The whole stack takes part: the run's real tasks, and a sandbox that answers each request after 300 ms. Of a hundred
customers five have another figure there, three of them above the threshold; one in ten is no member.
"""

import argparse
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

from google.cloud.firestore import Client

from bench import local_stack
from bench.budgets import Row, as_json, markdown
from bench.shop import ORG
from emulator.vendors.client import SandboxClient
from lib.domain.customers import Contact, Customer, journal_of
from lib.domain.identity import IdentityKey, IdentityKind, identity_id
from lib.domain.ledger import Account, Actor, EntryKind, Journal, Memo, Source
from lib.domain.runs import Run, RunState
from lib.domain.settings import DEFAULT_SETTINGS
from lib.domain.standing import refreshed
from lib.store import customers, ledger
from lib.store import transaction as transactions
from lib.store.client import database
from lib.store.org import OrgStore
from lib.store.transaction import Transaction
from lib.usecases import reconciliation, runs

CUSTOMERS = (1_000, 10_000)

_UID, _KEY = "900100", "bench"
_DELAY_SECONDS = 0.3
_COMMIT_CUSTOMERS = 200


def run(sizes: tuple[int, ...] = CUSTOMERS) -> list[Row]:
    """Two rows for each number of customers: the first sync, and the next one."""
    return [row for size in sizes for row in _measure(size)]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="./dev bench sync", description=__doc__)
    parser.add_argument("--customers", type=int, nargs="+", default=CUSTOMERS, help="sizes of the org")
    parser.add_argument("--json", action="store_true", help="the rows as JSON")
    options = parser.parse_args(arguments)
    rows = run(tuple(options.customers))
    print(json.dumps(as_json(rows), indent=2) if options.json else markdown(rows))
    return 0


def _measure(size: int) -> Iterator[Row]:
    keys = {"ALPINE_IQ_KEYS": json.dumps({ORG: _KEY})}
    with local_stack.running(keys, with_tasks=True, with_vendors=True) as (stack, api):
        sandbox = SandboxClient(stack.vendors, "alpine_iq")
        _load(database(), sandbox, size)
        sandbox.fail("delay", seconds=_DELAY_SECONDS, times=None)
        for name in ("first sync", "the next night, nothing changed"):
            sandbox.ask("DELETE", "/requests")
            api.reset_usage()
            started = time.perf_counter()
            finished, polls = _synced(name)
            seconds = time.perf_counter() - started
            used, asked = api.usage(), sandbox.requests()["total"]
            if finished.state is not RunState.DONE or finished.totals["customers"] != size:
                raise RuntimeError(f"the run ended otherwise: {finished}")
            reads, writes = used["reads"] - polls, used["writes"] + used["deletes"]
            yield Row(
                f"{name} of {size:,} customers",
                "60 s" if size == 1_000 else "-",
                f"{seconds:.1f} s, {asked} requests, {reads:,} reads ({reads / size:.2f} a customer), "
                f"{writes:,} writes ({writes / size:.2f}), {_told(finished)}",
            )
        sandbox.close()


def _told(finished: Run) -> str:
    names = ("agreed", "overridden", "open", "notMembers", "unchanged")
    return ", ".join(f"{finished.totals[name]:,} {name}" for name in names if finished.totals.get(name))


def _synced(key: str) -> tuple[Run, int]:
    """The finished run, and how often it was asked for."""
    params = reconciliation.begin(ORG, key)
    run_id = runs.start(ORG, reconciliation.JOB, key, params, Actor("system", "bench")).id
    return local_stack.finished(ORG, run_id)


def _load(client: Client, sandbox: SandboxClient, size: int) -> None:
    """Customers with an entry each, and their contacts."""
    sandbox.put_account(_UID, apiKey=_KEY)
    client.document("tenants", ORG, "integrations", "alpine_iq").set({"accountId": _UID, "lagHours": 0})
    org, at = OrgStore(ORG), datetime(2026, 1, 5, tzinfo=UTC)
    for first in range(0, size, _COMMIT_CUSTOMERS):
        numbers = range(first, min(first + _COMMIT_CUSTOMERS, size))
        transactions.run(partial(_put, org=org, numbers=numbers, at=at))
        sandbox.put(_UID, "contacts", [_contact(number, _points(number)) for number in numbers if number % 10])


def _points(number: int) -> int:
    return 100 + number % 900


def _put(transaction: Transaction, org: OrgStore, numbers: range, at: datetime) -> None:
    for number in numbers:
        customer, journal = _customer(number, _points(number), at)
        transaction.replace(org.customer(customer.id), customers.encode(org, customer, before=None, now=at))
        ledger.append(transaction, org, journal.entries)


def _contact(number: int, points: int) -> dict[str, Any]:
    changed = {1: points * 2, 2: points // 2, 3: 0, 4: points + 1, 5: points - 1}.get(number % 100, points)
    return {
        "contactID": f"c{number:07}",
        "mobilePhone": f"415{2_000_000 + number}",
        "email": f"buyer{number}@example.com",
        "loyalty": True,
        "loyaltyPoints": changed,
        "loyaltyTier": "Gold",
    }


def _customer(number: int, points: int, at: datetime) -> tuple[Customer, Journal]:
    phone, email = f"+1415{2_000_000 + number}", f"buyer{number}@example.com"
    keys = (IdentityKey(IdentityKind.PHONE, phone), IdentityKey(IdentityKind.EMAIL, email))
    identities = tuple(identity_id(ORG, key) for key in keys)
    before = Customer(
        Account(ORG, f"{ORG}_{number}"), contact=Contact(email, phone), identities=identities, opened=True
    )
    journal = journal_of(before, DEFAULT_SETTINGS, at)
    memo = Memo(Source("adjustment", "a"), "a", "f", "v", "opening stock", Actor("staff", "bench"), at)
    journal.credit(EntryKind.ADJUST, points, None, memo)
    opened = Customer(journal.account, contact=before.contact, identities=identities, opened=True)
    return refreshed(opened, DEFAULT_SETTINGS, at), journal
