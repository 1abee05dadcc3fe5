"""Opt-outs are told to Alpine IQ, whichever way they come and once, where the shop wants that."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest

from lib.domain import pushes as rules
from lib.domain.commands import Command
from lib.domain.consent import Channel, ConsentKind, ConsentSource
from lib.domain.ids import fingerprint
from lib.domain.ledger import Actor
from lib.domain.vendor_events import Happened, VendorEvent
from lib.store import alpine_pushes, vendor_events
from lib.usecases import consents, engagement
from lib.usecases.consents import Person, Statement
from tests.usecases.sending.desk import Desk

PHONE, EMAIL = "+12122000000", "ann@example.com"


def by_link(desk: Desk) -> None:
    desk.opt_out(EMAIL, Channel.EMAIL)


def at_the_till(desk: Desk) -> None:
    content = {"n": len(desk.queue.names)}
    command = Command(
        "set_consent", desk.org_id, Actor("staff", "x"), str(content), fingerprint(content), desk.time.now()
    )
    statement = Statement(ConsentKind.MARKETING_WITHDRAWN, ConsentSource.STAFF, "No more, please")
    consents.record(command, Person(f"{desk.org_id}_ann"), Channel.EMAIL, statement)


def by_reply(desk: Desk) -> None:
    heard(desk, Channel.SMS, Happened.REPLIED, PHONE, "STOP")


def by_complaint(desk: Desk) -> None:
    heard(desk, Channel.EMAIL, Happened.COMPLAINED, EMAIL)


def heard(desk: Desk, channel: Channel, happened: Happened, address: str, text: str = "") -> None:
    now = desk.time.now()
    event = VendorEvent(
        "vendor", now.isoformat(), channel, happened, happened.value, now, now, address=address, text=text
    )
    engagement.work_all(desk.org_id, vendor_events.keep(desk.org, [(event, {})]))


WAYS = pytest.mark.parametrize(
    ("way", "channel"), [(by_link, "email"), (at_the_till, "email"), (by_reply, "sms"), (by_complaint, "email")]
)


@pytest.fixture
def connected(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A shop that wants opt-outs told, where Ann has two profiles."""
    monkeypatch.setenv("ALPINE_IQ_KEYS", json.dumps({desk.org_id: "key"}))
    desk.org.document("integrations", "alpine_iq").set({"accountId": "1", "push": {"opt_outs": True}})
    for name in ("ann", "ann_lee"):
        desk.customer(name, 0, email=EMAIL)
    return desk


@WAYS
def test_each_profile_is_told_of_once(connected: Desk, way: Callable[[Desk], None], channel: str) -> None:
    for _ in range(2):
        way(connected)
        connected.time.advance(timedelta(minutes=5))
    told = [push.to_dict() or {} for push in connected.org.collection("alpine_pushes").stream()]
    assert sorted((push["customerId"], push["kind"], push["subject"], push["state"]) for push in told) == [
        (f"{connected.org_id}_{name}", "opt_out", channel, "queued") for name in ("ann", "ann_lee")
    ]
    assert [queue for queue, *_ in connected.queue.names].count(rules.QUEUE) == 2


@WAYS
def test_nothing_is_told_where_nobody_wants_it(desk: Desk, way: Callable[[Desk], None], channel: str) -> None:
    desk.customer("ann", 0)
    way(desk)
    assert not alpine_pushes.switches(desk.org).opt_outs
    assert desk.org.collection("alpine_pushes").get() == []
