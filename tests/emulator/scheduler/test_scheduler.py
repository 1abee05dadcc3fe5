"""The scheduler as a process of a stack: it learns the schedules from main.py and calls them by the stack's clock."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from emulator.stack import Stack
from emulator.tasks.oidc import mint
from tests.emulator.tasks.target import eventually

DAY = timedelta(days=1)

# What is called notes it in a folder: a file a run, and waits or fails while another file says so.
MAIN = '''
import json, os, pathlib, time, uuid
import flask
from functions import edge
from functions.cron import cron
from firebase_functions import scheduler_fn
from lib.domain.errors import FailedPrecondition
from lib.platform import clock

FOLDER = pathlib.Path(__file__).parent

def note(name):
    seen = {"name": name, "at": clock.now().isoformat(), "headers": dict(flask.request.headers.items())}
    partial = FOLDER / uuid.uuid4().hex
    partial.write_text(json.dumps(seen))
    partial.rename(FOLDER / f"{name}-{partial.name}.run")
    while (FOLDER / f"{name}.wait").exists():
        time.sleep(0.01)
    if (FOLDER / f"{name}.fail").exists():
        raise FailedPrecondition("not today", reason="told_so")

# Once a year each: neither is near when a test runs, unless it moves the clock.
@edge.on_schedule("7 13 13 1 *")
def age_customers():
    note("age_customers")

@edge.on_schedule("30 0 14 1 *")
def sweep_runs():
    note("sweep_runs")

@scheduler_fn.on_schedule(schedule="every 5 minutes")
def english(event):
    """Not in unix-cron."""
'''


class Shop:
    """A stack with schedules, and what they have noted."""

    def __init__(self, stack: Stack, folder: Path) -> None:
        self.stack = stack
        self.folder = folder

    def runs(self, name: str) -> list[dict[str, Any]]:
        """What the runs of a schedule have noted, in their order."""
        noted = [json.loads(path.read_text()) for path in self.folder.glob(f"{name}-*.run")]
        return sorted(noted, key=lambda run: str(run["at"]))

    def wait_for(self, name: str, count: int) -> list[dict[str, Any]]:
        eventually(lambda: len(self.runs(name)) >= count)
        return self.runs(name)

    def idle(self, name: str) -> None:
        eventually(lambda: not self.described(name)["running"])

    def described(self, name: str) -> dict[str, Any]:
        listing = requests.get(f"http://{self.stack.scheduler}/", timeout=10).json()
        found: dict[str, Any] = next(it for it in listing["schedules"] if it["name"] == name)
        return found

    def run_now(self, name: str) -> requests.Response:
        return requests.post(f"http://{self.stack.scheduler}/{name}:run", timeout=30)

    def url(self, name: str) -> str:
        return f"http://{self.stack.functions}/{self.stack.project}/us-central1/{name}"


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("FIRESTORE_EMULATOR_HOST", raising=False)
    monkeypatch.delenv("SCHEDULER_SERVICE_ACCOUNT", raising=False)
    (tmp_path / "main.py").write_text(MAIN)
    return tmp_path


@contextlib.contextmanager
def open_shop(source: Path, **where: Any) -> Iterator[Shop]:
    with Stack("demo-schedules", source=source, with_scheduler=True, log_folder=source, **where) as stack:
        yield Shop(stack, source)


@pytest.fixture
def shop(source: Path) -> Iterator[Shop]:
    # None of these schedules has anything to do with Firestore, so there is none.
    with open_shop(source, firestore="127.0.0.1:9") as shop:
        shop.stack.clock.set(datetime(2027, 1, 1, tzinfo=UTC))
        yield shop


def test_schedules_are_called_when_the_clock_is_moved(shop: Shop) -> None:
    assert shop.described("age_customers")["schedule"] == "7 13 13 1 *"
    assert "schedule english was refused" in (shop.folder / "scheduler.log").read_text()
    shop.stack.clock.set(datetime(2027, 1, 13, 13, 6, 59, 500_000, tzinfo=UTC))
    (run,) = shop.wait_for("age_customers", 1)
    assert run["at"].startswith("2027-01-13T13:07:0")
    headers = {name.lower(): value for name, value in run["headers"].items()}
    assert headers["x-cloudscheduler-jobname"] == "firebase-schedule-age_customers-us-central1"
    assert headers["x-cloudscheduler-scheduletime"] == "2027-01-13T13:07:00Z"
    assert headers["user-agent"] == "Google-Cloud-Scheduler"
    shop.idle("age_customers")
    assert shop.described("age_customers")["nextAt"] == "2028-01-13T13:07:00Z"

    # Over three of its times at once, and not one of the other's a second time.
    shop.stack.clock.set(datetime(2030, 1, 14, 0, 0, tzinfo=UTC))
    run = shop.wait_for("age_customers", 2)[1]
    assert run["headers"]["X-Cloudscheduler-Scheduletime"] == "2028-01-13T13:07:00Z"
    assert len(shop.wait_for("sweep_runs", 1)) == 1
    shop.idle("age_customers")
    shop.idle("sweep_runs")

    # Back to a year that has been: it comes again.
    shop.stack.clock.set(datetime(2027, 1, 13, 13, 6, 59, 500_000, tzinfo=UTC))
    assert shop.wait_for("age_customers", 3)[0]["at"] < "2027-01-14"
    assert [len(shop.runs(name)) for name in ("age_customers", "sweep_runs")] == [3, 1]
    shop.stack.check()


def test_a_restart_keeps_the_time_and_makes_up_for_what_was_missed(source: Path) -> None:
    with open_shop(source, data_dir=source / "data") as shop:
        shop.stack.clock.set(datetime(2027, 1, 12, 14, tzinfo=UTC))
        assert shop.run_now("age_customers").json()["ok"]
        clock = shop.stack.clock
    clock.move(365 * DAY)
    with open_shop(source, data_dir=source / "data") as shop:
        assert shop.wait_for("age_customers", 2)[1]["at"].startswith("2028-01-12T14")
    with open_shop(source, data_dir=source / "data") as shop:
        assert shop.described("age_customers")["nextAt"] == "2028-01-13T13:07:00Z"
        assert len(shop.runs("age_customers")) == 2


def test_a_failed_run_is_tried_again(shop: Shop) -> None:
    (shop.folder / "age_customers.fail").touch()
    shop.stack.clock.set(datetime(2027, 1, 13, 13, 7, tzinfo=UTC) - timedelta(milliseconds=100))
    shop.wait_for("age_customers", 1)
    shop.idle("age_customers")
    (shop.folder / "age_customers.fail").unlink()
    shop.stack.clock.move(timedelta(seconds=15))
    shop.wait_for("age_customers", 2)
    shop.idle("age_customers")
    last = shop.described("age_customers")["lastRun"]
    assert (last["attempts"], last["message"], last["scheduledAt"]) == (2, "OK", "2027-01-13T13:07:00Z")


def test_one_by_name_says_what_it_answered(shop: Shop) -> None:
    assert shop.run_now("age_customers").json() == {"ok": True, "message": "OK", "answer": '{"ran": "age_customers"}'}
    (shop.folder / "age_customers.fail").touch()
    failed = shop.run_now("age_customers").json()
    assert not failed["ok"] and "409" in failed["message"]
    assert json.loads(failed["answer"])["detail"] == "not today"
    unknown = shop.run_now("nonsense")
    assert (unknown.status_code, unknown.json()["schedules"]) == (404, ["age_customers", "sweep_runs"])
    assert '"reason": "told_so"' in (shop.folder / "functions.log").read_text()


def test_a_schedule_never_runs_twice_at_once(shop: Shop) -> None:
    wait = shop.folder / "age_customers.wait"
    wait.touch()
    shop.stack.clock.set(datetime(2027, 1, 13, 13, 7, tzinfo=UTC) - timedelta(milliseconds=100))
    shop.wait_for("age_customers", 1)
    assert shop.run_now("age_customers").status_code == 409
    shop.stack.clock.move(365 * DAY)
    # The other one is called though, so the scheduler has seen the move.
    shop.wait_for("sweep_runs", 1)
    assert len(shop.runs("age_customers")) == 1
    wait.unlink()
    assert len(shop.wait_for("age_customers", 2)) == 2


def test_others_than_the_scheduler_are_refused(shop: Shop) -> None:
    url, now = shop.url("age_customers"), shop.stack.clock.now_micros() // 1_000_000
    account = "scheduler@demo-schedules.iam.gserviceaccount.com"
    refusals = {
        None: 401,
        "Bearer x": 401,
        f"Bearer {mint(account, url, now - 86400)}": 401,
        f"Bearer {mint(account, shop.url('sweep_runs'), now)}": 403,
        f"Bearer {mint('tasks@demo-schedules.iam.gserviceaccount.com', url, now)}": 403,
    }
    for authorization, status in refusals.items():
        headers = {} if authorization is None else {"Authorization": authorization}
        answer = requests.post(url, headers=headers, timeout=10)
        assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")
    assert shop.runs("age_customers") == []
    right = {"Authorization": f"Bearer {mint(account, url, now)}"}
    assert requests.post(url, headers=right, timeout=10).status_code == 200
    assert len(shop.runs("age_customers")) == 1


def test_without_schedules_there_is_nothing_to_call(firestore_emulator: str, tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text('"""No functions."""\n')
    with Stack(
        "demo-none", firestore=firestore_emulator, source=tmp_path, with_scheduler=True, log_folder=tmp_path
    ) as it:
        assert it.environment["CLOUD_SCHEDULER_EMULATOR_HOST"] == it.scheduler
        assert requests.get(f"http://{it.scheduler}/", timeout=10).json() == {"project": "demo-none", "schedules": []}
    with pytest.raises(ValueError, match="nothing to call"):
        Stack("demo-none", with_functions=False, with_scheduler=True)
