"""The nightly audit: at every org's own three o'clock, once a day, told to staff and operators, never missed unseen."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from google.cloud.firestore import Client
from google.cloud.tasks_v2 import Queue, Task

from emulator.client import StackClient
from emulator.launch import launched
from lib.domain.errors import Unavailable
from lib.platform import deployment
from lib.store.audits import State
from lib.usecases.audit import nightly
from lib.usecases.audit.nightly import audit_org, plan_audits
from lib.usecases.orders import record_present
from tests.emulator.tasks.client import client_of
from tests.usecases.counter import ANN, ORG, Counter, pos

DAY = date(2026, 11, 21)
LAGOS = {"country": "NG", "timeZone": "Africa/Lagos"}


@pytest.fixture
def clock_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """Sets the product's clock; Firestore's goes on as it was."""
    path = tmp_path / "clock.json"
    monkeypatch.setenv("PERENNIAL_CLOCK_FILE", str(path))

    def move(moment: datetime) -> None:
        path.write_text(json.dumps({"offsetSeconds": (moment - datetime.now(UTC)).total_seconds()}))

    return move


@pytest.fixture(autouse=True)
def no_chats(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ALERT_DISCORD_URL", "ALERT_SLACK_URL"):
        monkeypatch.delenv(name, raising=False)


def alerts(capsys: pytest.CaptureFixture[str]) -> list[tuple[str, dict[str, int]]]:
    """Kind and facts of every alert since the last time."""
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    return [(line["alert"], line["facts"]) for line in lines if line["message"] == "alert"]


def findings(client: Client, day: date = DAY) -> dict[str, Any]:
    return client.document("tenants", ORG, "audits", day.isoformat()).get().to_dict() or {}


class TestFindings:
    def test_of_a_sound_org(self, counter: Counter, capsys: pytest.CaptureFixture[str]) -> None:
        counter.sell("o1", **pos("77"))
        assert audit_org(ORG, DAY, record_present) is State.CLEAN
        found = findings(counter.client)
        assert (found["state"], found["violationCount"], found["violations"]) == ("clean", 0, [])
        assert found["checked"]["customers"] == 1
        assert found["documents"] == sum(found["checked"].values())
        assert found["expiresAt"] - found["finishedAt"] == timedelta(days=180)
        assert alerts(capsys) == []

    def test_of_an_org_with_nothing_in_it(self, counter: Counter, capsys: pytest.CaptureFixture[str]) -> None:
        assert audit_org(ORG, DAY, record_present) is State.EMPTY
        assert alerts(capsys) == []

    def test_of_a_damage(self, firestore: Client, capsys: pytest.CaptureFixture[str]) -> None:
        counter = Counter(firestore)
        counter.sell("o1", **pos("77"))
        counter.client.document("customers", ANN).update({"loyaltyPoints": 7})
        assert audit_org(ORG, DAY, record_present) is State.VIOLATED
        found = findings(firestore)
        assert found["byInvariant"] == {"C3": 1}
        wrong = {"invariant": "C3", "path": f"customers/{ANN}", "expected": "loyaltyPoints 50", "found": "7"}
        assert found["violations"] == [wrong]
        assert alerts(capsys) == [("audit_violated", {"violations": 1, "C3": 1})]

    def test_of_very_many_damages_fit_into_a_document(self, firestore: Client) -> None:
        batch = firestore.batch()
        for number in range(120):
            broken = {"orderId": "x" * 400, "customerId": f"nobody-{number}" + "x" * 400}
            batch.set(firestore.document("tenants", ORG, "redemptions", f"r{number}"), broken)
        batch.commit()
        assert audit_org(ORG, DAY, record_present) is State.VIOLATED
        found = findings(firestore)
        assert found["violationCount"] >= 120
        assert len(found["violations"]) == 100
        assert len(json.dumps(found, default=str)) < 200_000

    def test_an_alert_names_nobody(self, firestore: Client, capsys: pytest.CaptureFixture[str]) -> None:
        customer = f"{ORG}_phone_15551234567"
        firestore.document("customers", customer).set({"orgId": ORG, "loyalty": {"seq": "?"}, "loyaltyEngine": 1})
        assert audit_org(ORG, DAY, record_present) is State.VIOLATED
        assert "15551234567" in findings(firestore)["violations"][0]["path"]
        told = capsys.readouterr().err
        assert "audit_violated" in told
        assert "15551234567" not in told


class TestMissedOrders:
    """What the catch-up sweep cannot see is put right by the audit."""

    def test_are_recorded_and_told(self, counter: Counter, settled: None, capsys: pytest.CaptureFixture[str]) -> None:
        counter.sell("o1", **pos("77"))
        counter.write("o1", totals={"total": 60.0})
        counter.write("o2", **pos("77"))
        counter.write("o3", orgId=None, brandId=ORG, **pos("77"))
        counter.client.document("organizations", ORG).set({"name": "A"})
        assert audit_org(ORG, DAY, record_present) is State.VIOLATED
        assert counter.ledger(ANN) in ([("earn", 50), *more] for more in _orders_of([10, 50, 50]))
        found = findings(counter.client)
        assert (found["byInvariant"], found["recordedAgain"], found["healed"]) == ({"A6": 3}, 3, 3)
        assert alerts(capsys) == [("audit_violated", {"violations": 3, "A6": 3, "put right": 3})]
        assert audit_org(ORG, DAY + timedelta(days=1), record_present) is State.CLEAN

    def test_that_cannot_be_recorded_are_told_too(
        self, counter: Counter, settled: None, capsys: pytest.CaptureFixture[str]
    ) -> None:
        counter.write("o1", **pos("77"))

        def busy(*_: str) -> object:
            raise Unavailable("the documents are too busy, try again")

        assert audit_org(ORG, DAY, busy) is State.VIOLATED
        found = findings(counter.client)
        assert (found["recordedAgain"], found["healed"]) == (0, 0)
        assert alerts(capsys) == [("audit_violated", {"violations": 1, "A6": 1})]
        record_present("o1")

    def test_of_long_ago_are_told_and_left_alone(
        self, counter: Counter, settled: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """A shop's past, before anybody took it over, is no lost event: nobody's points move at night for that."""
        monkeypatch.setattr(nightly, "_MISSED_WITHIN", timedelta())
        counter.write("o1", **pos("77"))
        assert audit_org(ORG, DAY, record_present) is State.VIOLATED
        assert not counter.ledger(ANN)
        assert findings(counter.client)["recordedAgain"] == 0
        assert alerts(capsys) == [("audit_violated", {"violations": 1, "A6": 1})]
        record_present("o1")

    def test_that_a_person_has_to_look_at_are_in_the_inbox_then(self, counter: Counter, settled: None) -> None:
        counter.write("o1", source="alleaves", userId="alleaves_customer")
        audit_org(ORG, DAY, record_present)
        assert findings(counter.client)["healed"] == 1
        assert counter.tenant("inbox", "order:o1")["reason"] == "no_customer"

    def test_that_were_deleted_wait_for_a_person(self, counter: Counter, settled: None) -> None:
        counter.sell("o1", **pos("77"))
        counter.delete("o1")
        assert audit_org(ORG, DAY, record_present) is State.VIOLATED
        found = findings(counter.client)
        assert (found["byInvariant"], found["healed"]) == ({"A9": 1}, 1)
        assert counter.tenant("inbox", "order:o1")["reason"] == "order_deleted"
        assert counter.ledger(ANN) == [("earn", 50)]
        assert audit_org(ORG, DAY + timedelta(days=1), record_present) is State.CLEAN

    @pytest.mark.parametrize("first", [ORG, "org_b"])
    def test_that_moved_to_another_org_are_given_up_by_the_one(
        self, counter: Counter, settled: None, first: str
    ) -> None:
        """Whichever of the two orgs is audited first."""
        counter.sell("o1", **pos("77"))
        order = counter.client.document("orders", "o1")
        order.set({**(order.get().to_dict() or {}), "orgId": "org_b", "customerId": None})
        second = "org_b" if first == ORG else ORG
        for org_id in (first, second, first, second):
            audit_org(org_id, DAY + timedelta(days=len(counter.ids("tenants", org_id, "audits"))), record_present)
        assert counter.ledger(ANN) == [("earn", 50), ("clawback", -50)]
        assert counter.ledger("org_b_77") == [("earn", 50)]
        for org_id in (ORG, "org_b"):
            assert audit_org(org_id, DAY + timedelta(days=9), record_present) is State.CLEAN

    def test_whose_events_are_still_on_their_way_are_left_alone(self, counter: Counter) -> None:
        counter.write("o1", **pos("77"))
        audit_org(ORG, DAY, record_present)
        assert findings(counter.client)["leftOut"] == {"orders just written": 1}
        assert not counter.ledger(ANN)
        record_present("o1")


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Events take no time: what was written a moment ago has had its chance."""
    monkeypatch.setattr(nightly, "_SETTLE", timedelta())


def _orders_of(points: list[int]) -> list[list[tuple[str, int]]]:
    """Every order in which these may have been earned."""
    return [[("earn", each) for each in one] for one in permutations(points)]


class TestOnceADay:
    def test_a_second_call_does_nothing(self, counter: Counter, usage: StackClient) -> None:
        counter.sell("o1", **pos("77"))
        audit_org(ORG, DAY, record_present)
        first = findings(counter.client)
        usage.reset_usage()
        assert audit_org(ORG, DAY, record_present) is None
        used = usage.reset_usage()
        assert (used["reads"], used["writes"]) == (1, 0)
        assert findings(counter.client) == first

    def test_nor_does_one_meanwhile(self, counter: Counter, settled: None) -> None:
        counter.write("o1", **pos("77"))
        meanwhile: list[State | None] = []

        def record(order_id: str, org_id: str) -> object:
            meanwhile.append(audit_org(ORG, DAY, record_present))
            return record_present(order_id, org_id)

        assert audit_org(ORG, DAY, record) is State.VIOLATED
        assert meanwhile == [None]

    def test_one_that_died_is_made_again(self, counter: Counter, clock_at: Callable[[datetime], None]) -> None:
        counter.write("o1", updatedAt=datetime.now(UTC), **pos("77"))
        started = datetime.now(UTC)

        def dies(*_: str) -> object:
            raise KeyboardInterrupt

        with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(nightly, "_SETTLE", timedelta())
            audit_org(ORG, DAY, dies)
        assert findings(counter.client)["state"] == "running"
        assert audit_org(ORG, DAY, record_present) is None
        clock_at(started + timedelta(minutes=11))
        record_present("o1")
        assert audit_org(ORG, DAY, record_present) is State.CLEAN
        assert findings(counter.client)["attempts"] == 2

    def test_one_that_fails_is_tried_again_and_the_third_time_told(
        self, counter: Counter, settled: None, capsys: pytest.CaptureFixture[str]
    ) -> None:
        counter.write("o1", **pos("77"))

        def mistaken(*_: str) -> object:
            raise LookupError("ann@example.com")

        told = []
        for _ in range(3):
            with pytest.raises(LookupError):
                audit_org(ORG, DAY, mistaken)
            told.append(alerts(capsys))
        assert told == [[], [], [("audit_failed", {"attempts": 3})]]
        found = findings(counter.client)
        assert (found["state"], found["error"]) == ("failed", "LookupError")
        assert "ann@" not in str(found)
        assert audit_org(ORG, DAY, record_present) is State.VIOLATED
        assert "error" not in findings(counter.client)


class Queues:
    """A local Cloud Tasks with a queue that keeps what it gets."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name

    def waiting(self) -> list[dict[str, str]]:
        """What each task is about."""
        tasks = self._client.list_tasks({"parent": self._name, "response_view": Task.View.FULL})
        return [json.loads(task.http_request.body)["data"] for task in tasks]


@pytest.fixture(scope="module")
def tasks_address() -> Iterator[str]:
    with launched("tasks") as tasks:
        yield tasks.address


@pytest.fixture
def queues(tasks_address: str, project: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Queues]:
    monkeypatch.setenv("CLOUD_TASKS_EMULATOR_HOST", tasks_address)
    monkeypatch.setenv("FUNCTIONS_EMULATOR_HOST", "127.0.0.1:1")
    monkeypatch.delenv("TASKS_SERVICE_ACCOUNT", raising=False)
    location = f"projects/{project}/locations/{deployment.REGION}"
    with client_of(tasks_address) as client:
        name = f"{location}/queues/{nightly.QUEUE}"
        client.create_queue(parent=location, queue=Queue(name=name))
        client.pause_queue(name=name)
        yield Queues(client, name)


class TestPlanning:
    def test_every_org_has_its_own_night(
        self, firestore: Client, queues: Queues, clock_at: Callable[[datetime], None]
    ) -> None:
        for org_id, zone in (("east", "America/New_York"), ("west", "America/Los_Angeles")):
            firestore.document("tenants", org_id, "settings", "loyalty").set({"timeZone": zone})
        firestore.document("tenants", "lagos", "settings", "loyalty").set(LAGOS)
        for pseudo in ("_unassigned", "_system"):
            firestore.document("tenants", pseudo, "inbox", "x").set({})
        planned = []
        for hour in range(24):
            clock_at(datetime(2026, 11, 21, hour, 23, tzinfo=UTC))
            before = len(queues.waiting())
            plan_audits()
            planned.append(len(queues.waiting()) - before)
        # Three o'clock is 2 in UTC for Lagos, 8 for New York in winter, 11 for Los Angeles; and two hours later the
        # audits that nobody has made are asked for again.
        assert {hour: count for hour, count in enumerate(planned) if count} == {2: 1, 4: 1, 8: 1, 10: 1, 11: 1, 13: 1}
        assert {(task["orgId"], task["day"]) for task in queues.waiting()} == {
            (org_id, "2026-11-21") for org_id in ("east", "west", "lagos")
        }

    @pytest.mark.parametrize("day", [date(2026, 3, 8), date(2026, 11, 1), date(2028, 2, 29)])
    def test_once_a_day_whatever_the_clocks_do(
        self, firestore: Client, queues: Queues, clock_at: Callable[[datetime], None], day: date
    ) -> None:
        """The days on which New York's clocks change, and a leap day."""
        firestore.document("tenants", ORG, "settings", "loyalty").set({"timeZone": "America/New_York"})
        firestore.document("tenants", ORG, "audits", day.isoformat()).set({"state": "clean"})
        begin = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo("America/New_York")).astimezone(UTC)
        for hours in range(23):
            for minutes in (0, 40):
                clock_at(begin + timedelta(hours=hours, minutes=minutes))
                plan_audits()
        assert queues.waiting() == [{"orgId": ORG, "day": day.isoformat()}]

    def test_one_that_is_missing_is_told_and_asked_for_again(
        self,
        firestore: Client,
        queues: Queues,
        clock_at: Callable[[datetime], None],
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        firestore.document("tenants", ORG, "settings", "loyalty").set(LAGOS)
        # Somebody began and died.
        firestore.document("tenants", ORG, "audits", DAY.isoformat()).set({"state": "running"})
        clock_at(datetime(2026, 11, 21, 5, 23, tzinfo=ZoneInfo("Africa/Lagos")))
        assert plan_audits() == 1
        assert alerts(capsys) == [("audit_missing", {})]
        assert queues.waiting() == [{"orgId": ORG, "day": "2026-11-21"}]

    def test_hours_that_are_nobody_s_night_cost_nothing(
        self, firestore: Client, usage: StackClient, clock_at: Callable[[datetime], None]
    ) -> None:
        firestore.document("tenants", ORG, "settings", "loyalty").set(LAGOS)
        clock_at(datetime(2026, 11, 21, 20, 23, tzinfo=UTC))
        usage.reset_usage()
        assert plan_audits() == 0
        assert usage.usage()["reads"] == 0
