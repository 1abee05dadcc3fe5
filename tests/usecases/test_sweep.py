"""The catch-up sweep: orders whose events never came are recorded, and only those."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from emulator.client import StackClient
from lib.domain.errors import Unavailable
from lib.usecases import sweep
from lib.usecases.orders import Outcome, record_order, record_present
from lib.usecases.sweep import Swept
from tests.usecases.counter import ANN, ORG, Counter, pos

QUIET = (8, 2)
"""Reads and writes of a sweep when nothing was written lately: its own document twice, and six queries."""


@pytest.fixture
def later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """`later(hours=3)` moves the product's clock to that long from now."""
    path = tmp_path / "clock.json"
    monkeypatch.setenv("PERENNIAL_CLOCK_FILE", str(path))

    def move(**by: float) -> None:
        path.write_text(json.dumps({"offsetSeconds": timedelta(**by).total_seconds()}))

    yield move


@pytest.fixture(autouse=True)
def silent(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ALERT_DISCORD_URL", "ALERT_SLACK_URL"):
        monkeypatch.delenv(name, raising=False)


def now() -> datetime:
    return datetime.now(UTC)


def swept(**options: Any) -> dict[str, int]:
    """What a sweep that nothing stops has counted."""
    done = sweep.sweep_orders(record_present, **options)
    assert done and done.done
    return {name: count for name, count in done.counts.items() if count}


def found(**options: Any) -> int:
    """How many orders a sweep has recorded; these tests are too quick for any to be counted as lost."""
    return swept(**options).get("on_their_way", 0)


def spent(usage: StackClient) -> tuple[int, int]:
    """Reads and writes billed since the last time."""
    used = usage.reset_usage()
    return used["reads"], used["writes"] + used["deletes"]


def state(counter: Counter) -> dict[str, Any]:
    return counter.fields("tenants", "_system", "sweeps", "orders")


class TestFinds:
    def test_an_order_of_which_nothing_was_heard(self, counter: Counter) -> None:
        counter.write("o1", updatedAt=now(), **pos("77"))
        assert found() == 1
        assert counter.ledger(ANN) == [("earn", 50)]
        assert counter.fields("orders", "o1")["customerId"] == ANN
        assert found() == 0

    @pytest.mark.parametrize(
        ("change", "ledger"),
        [
            ({"totals": {"total": 60.0}}, [("earn", 50), ("earn", 10)]),
            ({"status": "refunded"}, [("earn", 50), ("clawback", -50)]),
            ({"status": "pending"}, [("earn", 50), ("clawback", -50)]),
            ({"userId": "78", "customer": {"name": "Bob"}}, [("earn", 50), ("clawback", -50)]),
        ],
    )
    def test_a_change_that_was_not_heard_of(
        self, counter: Counter, change: dict[str, Any], ledger: list[tuple[str, int]]
    ) -> None:
        counter.sell("o1", **pos("77"))
        counter.write("o1", updatedAt=now(), **change)
        assert found() == 1
        assert counter.ledger(ANN) == ledger
        assert found() == 0

    @pytest.mark.parametrize(
        "dates",
        [
            {"updatedAt": now().isoformat()},
            {"updatedAt": now().timestamp() * 1000},
            {"updatedAt": int(now().timestamp() * 1000)},
            {"createdAt": now()},
            {"createdAt": now().isoformat(), "updatedAt": "a while ago"},
            # Writers' clocks are ahead or behind.
            {"updatedAt": now() + timedelta(hours=12)},
            {"updatedAt": now() - timedelta(hours=12)},
        ],
    )
    def test_dates_as_writers_store_them(self, counter: Counter, dates: dict[str, Any]) -> None:
        counter.write("o1", **pos("77"), **dates)
        assert found() == 1

    def test_once_a_day_what_was_written_long_after_its_own_date(
        self, counter: Counter, later: Callable[..., None]
    ) -> None:
        swept()
        counter.write("o1", updatedAt=now() - timedelta(days=2), **pos("77"))
        later(hours=1)
        assert found() == 0
        later(hours=24)
        assert swept()["recorded"] == 1

    def test_all_that_was_written_while_no_sweep_was_run(self, counter: Counter, later: Callable[..., None]) -> None:
        swept()
        counter.write("o1", updatedAt=now() + timedelta(days=1), **pos("77"))
        later(days=40)
        assert swept()["recorded"] == 1


class TestLeavesAlone:
    def test_what_is_right(self, counter: Counter, usage: StackClient) -> None:
        counter.sell("told", updatedAt=now(), **pos("77"))
        counter.sell("written_again", updatedAt=now() - timedelta(minutes=9), **pos("77"))
        counter.write("written_again", updatedAt=now(), items=[{"qty": 2}])
        counter.sell("open", status="pending", updatedAt=now(), **pos("77"))
        counter.sell("trial", mode="demo", updatedAt=now(), **pos("77"))
        counter.sell("taken_back", updatedAt=now(), **pos("77"))
        counter.sell("taken_back", status="cancelled")
        usage.reset_usage()
        assert swept() == {"looked_at": 5}
        assert spent(usage)[1] == QUIET[1]

    def test_what_has_no_date_that_can_be_asked_for(self, counter: Counter) -> None:
        """It is the audit's to find, as the fixture would: hence recorded in the end."""
        useless: list[dict[str, Any]] = [{}, {"updatedAt": "yesterday"}, {"createdAt": {"seconds": 1}}]
        for number, dates in enumerate(useless):
            counter.write(f"o{number}", **pos("77"), **dates)
        assert swept() == {}
        assert [record_present(f"o{number}") for number in range(3)] == ["recorded"] * 3

    def test_dates_of_a_clock_that_was_never_set(self, counter: Counter, usage: StackClient) -> None:
        for number, day in enumerate([datetime(1970, 1, 2, tzinfo=UTC), now() + timedelta(days=800)]):
            counter.sell(f"o{number}", updatedAt=day, createdAt=day, **pos("77"))
        usage.reset_usage()
        swept()
        assert spent(usage) == QUIET

    def test_a_past_that_nobody_has_taken_over(self, counter: Counter, later: Callable[..., None]) -> None:
        counter.write("o1", updatedAt=now(), **pos("77"))
        later(hours=3)
        assert swept() == {}
        record_present("o1")

    def test_an_order_that_is_gone_by_the_time_it_is_recorded(self, counter: Counter) -> None:
        counter.write("o1", updatedAt=now(), **pos("77"))

        def too_late(order_id: str) -> object:
            counter.delete(order_id)
            return record_present(order_id)

        done = sweep.sweep_orders(too_late)
        assert done and done.done
        assert not counter.ids("tenants", ORG, "accruals")


class TestWhatCannotBeDecided:
    def test_goes_to_the_inbox_once(self, counter: Counter, usage: StackClient) -> None:
        counter.write("o1", totals={"total": "50"}, updatedAt=now(), **pos("77"))
        counter.write("o2", updatedAt=now(), userId="alleaves_customer", source="alleaves")
        counter.write("o3", status=None, updatedAt=now())
        assert found() == 3
        kept = {order_id: counter.tenant("inbox", f"order:{order_id}")["reason"] for order_id in ("o1", "o2", "o3")}
        assert kept == {"o1": "not_a_number", "o2": "no_customer", "o3": "unknown_status"}
        usage.reset_usage()
        assert swept() == {"looked_at": 3}
        assert spent(usage)[1] == QUIET[1]

    def test_leaves_the_inbox_when_it_is_put_right(self, counter: Counter) -> None:
        counter.sell("o1", totals={"total": "50"}, **pos("77"))
        counter.write("o1", totals={"total": 50.0}, updatedAt=now())
        assert found() == 1
        assert counter.tenant("inbox", "order:o1")["status"] == "replayed"
        assert counter.ledger(ANN) == [("earn", 50)]

    def test_is_not_done_again_after_a_person_has(self, counter: Counter) -> None:
        counter.write("o1", updatedAt=now(), **pos("77"), totals={"total": "50"})
        swept()
        reference = counter.client.document("tenants", ORG, "inbox", "order:o1")
        reference.update({"status": "replayed"})
        assert found() == 0
        assert reference.get().get("status") == "replayed"

    def test_an_order_of_no_org_we_know_until_we_do(self, counter: Counter, usage: StackClient) -> None:
        sold: dict[str, Any] = {"orgId": None, "updatedAt": now(), **pos("77")}
        counter.write("o1", brandId=ORG, **sold)
        counter.write("o2", brandId=ORG, **{**sold, "status": "pending"})
        assert found() == 1
        unassigned = ("tenants", "_unassigned", "inbox", "order:o1")
        assert counter.fields(*unassigned)["reason"] == "unknown_org"
        usage.reset_usage()
        assert found() == 0
        assert spent(usage)[1] == QUIET[1]
        counter.client.document("organizations", ORG).set({"name": "A"})
        assert found() == 1
        assert counter.fields(*unassigned)["status"] == "replayed"
        assert counter.fields("orders", "o1")["orgId"] == ORG


class TestWhatItCosts:
    @pytest.mark.parametrize("orders", [0, 40])
    def test_nothing_changed_costs_the_same_however_much_there_is(
        self, counter: Counter, usage: StackClient, orders: int
    ) -> None:
        old = now() - timedelta(days=9)
        for number in range(orders):
            counter.sell(f"o{number}", createdAt=old, updatedAt=old, **pos("77"))
        usage.reset_usage()
        assert swept() == {}
        assert spent(usage) == QUIET

    @pytest.mark.parametrize("changed", [1, 6, 12])
    def test_orders_that_changed_cost_two_reads_each(self, counter: Counter, usage: StackClient, changed: int) -> None:
        for number in range(changed):
            counter.sell(f"o{number}", customerId=None, updatedAt=now(), **pos("77"))
        usage.reset_usage()
        assert swept() == {"looked_at": changed}
        # The one query that finds something is not billed for finding nothing.
        assert spent(usage) == (QUIET[0] - 1 + 2 * changed, QUIET[1])

    def test_orders_found_by_both_dates_are_compared_once(self, counter: Counter, usage: StackClient) -> None:
        for number in range(5):
            counter.sell(f"o{number}", createdAt=now(), updatedAt=now(), **pos("77"))
        usage.reset_usage()
        assert swept() == {"looked_at": 5}
        assert spent(usage) == (QUIET[0] - 2 + 3 * 5, QUIET[1])

    def test_one_that_was_missed_costs_its_event_and_nine_reads(self, warm: Counter, usage: StackClient) -> None:
        warm.write("o1", updatedAt=now(), **pos("77"))
        usage.reset_usage()
        assert found() == 1
        # The order, its record and its place in the inbox; the order again; whether it was taken over with its shop,
        # the record and its customer once more after that; and the two inboxes it may wait in.
        assert spent(usage) == (QUIET[0] - 1 + 2 + 9, QUIET[1] + 6)


class TestGoesOn:
    def test_page_by_page_call_by_call(self, counter: Counter) -> None:
        at = now()
        for number in range(7):
            # All of one moment: the order of a page is by id then.
            counter.write(f"o{number}", updatedAt=at, **pos("77"))
        calls: list[Swept] = []
        while not calls or not calls[-1].done:
            done = sweep.sweep_orders(record_present, budget_seconds=0, page=2)
            assert done
            calls.append(done)
        assert [call.counts["on_their_way"] for call in calls] == [2, 2, 2, 1, *[0] * (len(calls) - 4)]
        assert counter.ledger(ANN) == [("earn", 50)] * 7
        assert state(counter)["through"] is not None

    def test_where_a_sweep_died(self, counter: Counter, later: Callable[..., None]) -> None:
        for number in range(5):
            counter.write(f"o{number}", updatedAt=now() + timedelta(seconds=number), **pos("77"))

        def dies(order_id: str) -> object:
            if order_id == "o3":
                raise KeyboardInterrupt
            return record_present(order_id)

        with pytest.raises(KeyboardInterrupt):
            sweep.sweep_orders(dies, page=2)
        left = state(counter)
        assert left["through"] is None
        assert left["pass"]["after"]["orderId"] == "o1"
        assert sweep.sweep_orders(record_present) is None, "its lease has not run out"
        later(minutes=10)
        assert swept()["looked_at"] == 3
        assert counter.ledger(ANN) == [("earn", 50)] * 5

    def test_one_at_a_time(self, counter: Counter) -> None:
        counter.write("o1", updatedAt=now(), **pos("77"))
        others: list[Swept | None] = []

        def meanwhile(order_id: str) -> object:
            others.append(sweep.sweep_orders(record_present))
            return record_present(order_id)

        done = sweep.sweep_orders(meanwhile)
        assert done and done.done
        assert others == [None]

    def test_one_that_was_taken_for_dead_stops(self, counter: Counter, later: Callable[..., None]) -> None:
        for number in range(4):
            counter.write(f"o{number}", updatedAt=now(), **pos("77"))
        calls: list[str] = []

        def slow(order_id: str) -> object:
            if not calls:
                later(minutes=10)
                assert swept()["recorded"] == 4
            calls.append(order_id)
            return record_present(order_id)

        done = sweep.sweep_orders(slow, page=1)
        assert done and not done.done
        assert len(calls) == 1
        assert counter.ledger(ANN) == [("earn", 50)] * 4

    def test_with_what_could_not_be_recorded(self, counter: Counter) -> None:
        for number in range(3):
            counter.write(f"o{number}", updatedAt=now(), **pos("77"))

        def busy(order_id: str) -> object:
            if order_id == "o1":
                raise Unavailable("the documents are too busy, try again")
            return record_present(order_id)

        done = sweep.sweep_orders(busy)
        assert done and (done.counts["failed"], done.counts["on_their_way"]) == (1, 2)
        assert state(counter)["through"] is None
        assert found() == 1

    def test_beside_the_events_of_a_busy_shop(self, counter: Counter) -> None:
        changes = [counter.write(f"o{number}", updatedAt=now(), **pos("77")) for number in range(6)]

        def at_once(order_id: str) -> object:
            for change in changes:
                if change.order_id == order_id:
                    record_order(change)
            return record_present(order_id)

        sweep.sweep_orders(at_once)
        assert counter.ledger(ANN) == [("earn", 50)] * 6


def lines(capsys: pytest.CaptureFixture[str], message: str) -> list[dict[str, Any]]:
    found_lines = map(json.loads, capsys.readouterr().err.splitlines())
    return [line for line in found_lines if line["message"] == message]


class TestEventsThatAreLate:
    def test_do_not_undo_what_a_sweep_has_found_right(self, counter: Counter, later: Callable[..., None]) -> None:
        counter.sell("o1", updatedAt=now(), **pos("77"))
        opened = counter.write("o1", status="pending")
        # The event of this is lost; what the order has granted is right again.
        counter.write("o1", status="completed", updatedAt=now())
        assert found() == 0
        later(days=4)
        record_order(opened)
        assert counter.ledger(ANN) == [("earn", 50)]
        assert found() == 0

    def test_are_recorded_as_told_when_the_order_has_gone(self, counter: Counter, later: Callable[..., None]) -> None:
        sold = counter.write("o1", **pos("77"))
        gone = counter.delete("o1")
        later(days=1)
        assert (record_order(sold), record_order(gone)) == (Outcome.RECORDED, Outcome.KEPT)
        assert counter.ledger(ANN) == [("earn", 50)]


class TestAlerts:
    def test_when_many_events_were_lost(
        self, counter: Counter, later: Callable[..., None], capsys: pytest.CaptureFixture[str]
    ) -> None:
        for number in range(20):
            counter.write(f"o{number}", updatedAt=now(), **pos(f"{number}"))
        later(minutes=30)
        assert swept()["recorded"] == 20
        assert [line["alert"] for line in lines(capsys, "alert")] == ["events_lost"]

    def test_not_when_one_was(
        self, counter: Counter, later: Callable[..., None], capsys: pytest.CaptureFixture[str]
    ) -> None:
        counter.write("o1", updatedAt=now(), **pos("77"))
        later(minutes=30)
        assert swept()["recorded"] == 1
        told = capsys.readouterr().err
        assert '"alert"' not in told
        assert '"severity": "WARNING", "message": "swept"' in told

    def test_when_it_does_not_get_through(
        self, counter: Counter, later: Callable[..., None], capsys: pytest.CaptureFixture[str]
    ) -> None:
        swept()
        counter.write("o1", updatedAt=now(), **pos("77"))

        def down(_: str) -> object:
            raise Unavailable("down")

        for hours in (5, 7):
            later(hours=hours)
            sweep.sweep_orders(down)
        assert [line["facts"] for line in lines(capsys, "alert")] == [{"hours": 7, "failed": 1}]
        assert swept()["recorded"] == 1
