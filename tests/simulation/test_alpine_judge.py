"""The oracle of comparisons finds fault with a product that is wrong, and none with one that is not."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from cli.simulate.alpine.connected import connected
from cli.simulate.alpine.nights import Nights, open_accounts
from cli.simulate.chores import Chores
from cli.simulate.faults import NO_FAULTS, Faults
from cli.simulate.front import InProcess
from cli.simulate.people import ORGS
from cli.simulate.queue import Queue
from cli.simulate.timeline import Timeline
from cli.simulate.world import open_shops
from emulator.clock import ClockFile
from emulator.vendors.client import SandboxClient
from lib.domain import alpine_links, discrepancies
from lib.store.client import database
from lib.usecases.reconciliation import exporting

LATER = timedelta(days=3)


class Scene:
    """One customer, who is a member, and whose sides have agreed on 500 points."""

    def __init__(self, nights: Nights) -> None:
        self.nights, self.world = nights, nights.world
        self.person = self.world.people[0]
        account = nights.judge.accounts[self.person.org_id]
        self.sandbox, self.uid = account.sandbox, account.uid
        account.owners["ada"] = self.person.key
        self.says(500)
        fields = {"orgId": self.person.org_id, "alpineUserId": "ada"}
        self.world.client.document("customers", "c1").set(fields)
        self.world.know(self.person, "c1")
        self.call("adjust_points", points=500, reason="gift")
        self.night()

    @property
    def problems(self) -> list[str]:
        return self.world.problems

    def says(self, points: Any) -> None:
        contact = {"contactID": "ada", "loyalty": True, "loyaltyPoints": points}
        self.sandbox.put(self.uid, "contacts", [contact])

    def call(self, function: str, **data: Any) -> dict[str, Any]:
        asked = {"orgId": self.person.org_id, "customerId": "c1", "idempotencyKey": f"{function}-{data}", **data}
        answer = self.world.front.call(function, asked, at=self.world.timeline.now)
        assert answer["ok"], answer
        return answer

    def redeem(self, points: int) -> None:
        held = self.call("hold_redemption", orderId="order-1", orderTotal=100.0, points=points)
        self.call("capture_redemption", redemptionId=held["redemption"]["id"])

    def night(self) -> None:
        self.world.timeline.advance(LATER)
        self.nights.settle()

    @property
    def points(self) -> int:
        points: int = self.world.client.document("customers", "c1").get().get("points")
        return points


@pytest.fixture
def scene(timed_project: str, alpine_iq: SandboxClient) -> Iterator[Scene]:
    client, timeline = database(), Timeline(ClockFile.of_environment(), stands=True)
    keys = {org_id: f"key of {org_id}" for org_id in ORGS}
    with timeline, Faults(client, NO_FAULTS) as faults, connected(timeline, alpine_iq.base_url, keys):
        world = open_shops(client, InProcess(), timeline, Random(1), people_count=1)
        judge = open_accounts(world, alpine_iq, Random(1), keys)
        chores = Chores(world, faults, Queue(Random(1)), Random(1))
        yield Scene(Nights(world, faults, chores, Random(1), judge))


def test_a_product_that_is_right(scene: Scene) -> None:
    scene.redeem(100)
    scene.night()
    scene.says(900)
    scene.night()
    scene.says(None)
    scene.night()
    assert (scene.problems, scene.points) == ([], 800)


def test_a_zero_that_nobody_told_is_noticed(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    told = exporting.read_contact
    monkeypatch.setattr(exporting, "read_contact", lambda *given: replace(told(*given), points=0))
    scene.night()
    assert scene.points == 0
    assert any("-500 points entered beside 500 without a reason" in problem for problem in scene.problems)


def test_points_that_come_back_are_noticed(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alpine_links, "redeemed_in", lambda entries: 0)
    scene.redeem(100)
    scene.night()
    assert scene.points == 500
    assert any("100 points entered beside 400 without a reason" in problem for problem in scene.problems)


def test_silence_is_noticed(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discrepancies, "found", lambda *given: None)
    scene.says(900)
    scene.night()
    assert any("of which the queue says nothing" in problem for problem in scene.problems)
    scene.problems.clear()
    scene.redeem(100)
    scene.night()
    assert any("nobody is told (open)" in problem for problem in scene.problems)
