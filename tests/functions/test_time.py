"""When nobody does anything, on the whole stack: the clock goes on, and schedules, runs and tasks do the rest."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from google.cloud.firestore import Client

from emulator.client import StackClient
from emulator.stack import Stack
from lib.domain.checkout import TillOrder, Wish
from lib.domain.commands import Command
from lib.domain.ids import fingerprint
from lib.domain.ledger import Actor
from lib.platform import clock
from lib.usecases import redemptions, settings
from lib.usecases.audit import audit
from tests.emulator.tasks.target import eventually

ORG = "org_time"
CUSTOMERS = 12


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    monkeypatch.delenv("FIRESTORE_EMULATOR_HOST", raising=False)
    with Stack("demo-time", with_tasks=True, with_scheduler=True, log_folder=tmp_path) as running:
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        yield running


def command(function: str) -> Command:
    return Command(function, ORG, Actor("staff", "till"), function, fingerprint(function), clock.now())


def customers(database: Client) -> list[dict[str, Any]]:
    return [found.to_dict() or {} for found in database.collection("customers").stream()]


def test_points_are_released_and_expire_and_holds_end_while_time_goes_by(stack: Stack) -> None:
    database, events = Client(project=stack.project), StackClient(stack.project, stack.firestore, stack.functions)
    change = {"pointsExpireMonths": 2, "pendingDays": 3, "expiryWarningDays": 0}
    settings.update(command("update_loyalty_settings"), change)
    for number in range(CUSTOMERS):
        order = {"orgId": ORG, "status": "completed", "source": "alleaves", "userId": str(number)}
        money = {"totals": {"total": 100.0}, "createdAt": datetime.now(UTC)}
        database.document("orders", f"o{number}").set({**order, **money})
    events.drain()
    assert {(found["points"], found["loyalty"]["balances"]["pending"]) for found in customers(database)} == {(0, 100)}

    stack.clock.move(timedelta(days=4, hours=2))
    eventually(lambda: {found["points"] for found in customers(database)} == {100})
    held = redemptions.hold(command("hold_redemption"), f"{ORG}_1", TillOrder("till-1", 100_00), Wish(100))
    assert held["ok"]

    stack.clock.move(timedelta(days=100))
    eventually(lambda: {found["points"] for found in customers(database)} == {0})
    redemption = database.document("tenants", ORG, "redemptions", held["redemption"]["id"])
    eventually(lambda: redemption.get().get("state") == "expired")
    eventually(lambda: all(run.get("state") == "done" for run in database.collection("tenants", ORG, "runs").stream()))
    # Whichever run came first, each thing has happened to each customer once.
    entries = [entry.to_dict() or {} for entry in database.collection_group("ledger").stream()]
    moved = {kind: sum(entry["points"] for entry in entries if entry["kind"] == kind) for kind in ("release", "expire")}
    assert moved == {"release": CUSTOMERS * 100, "expire": -CUSTOMERS * 100}
    assert {found["loyalty"]["balances"]["reserved"] for found in customers(database)} == {0}
    assert [str(violation) for violation in audit(ORG).violations] == []
    events.close()
    database.close()


def test_an_order_that_is_refunded_after_a_year_takes_nothing_that_has_expired(stack: Stack) -> None:
    database, events = Client(project=stack.project), StackClient(stack.project, stack.firestore, stack.functions)
    settings.update(command("update_loyalty_settings"), {"pointsExpireMonths": 12, "expiryWarningDays": 0})
    buyer = {"orgId": ORG, "source": "alleaves", "userId": "1", "totals": {"total": 100.0}}
    order = database.document("orders", "o1")
    order.set({**buyer, "status": "completed", "createdAt": datetime.now(UTC)})
    events.drain()

    stack.clock.move(timedelta(days=13 * 31))
    eventually(lambda: {found["points"] for found in customers(database)} == {0})
    database.document("orders", "o2").set({**buyer, "status": "completed", "createdAt": clock.now()})
    order.update({"status": "refunded"})
    events.drain()
    (customer,) = customers(database)
    assert customer["loyalty"]["balances"] == {"available": 100, "pending": 0, "reserved": 0, "debt": 0}
    order.update({"status": "completed"})
    events.drain()
    order.update({"status": "refunded"})
    events.drain()
    ledger = database.collection("customers", f"{ORG}_1", "ledger").order_by("seq")
    found = (entry.to_dict() or {} for entry in ledger.stream())
    moved = [(entry["kind"], entry["points"]) for entry in found]
    undone = [("unexpire", 100), ("clawback", -100)]
    assert [each for each in moved if each != ("earn", 100)] == [("expire", -100), *undone, ("expire", -100), *undone]
    assert [str(violation) for violation in audit(ORG).violations] == []
    events.close()
    database.close()
