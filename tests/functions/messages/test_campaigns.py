"""Campaigns through their callables, on a stack with real queues: made, looked at, sent, stopped, refused."""

from __future__ import annotations

import time
import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest

from emulator.client import CallFailed
from tests.functions.messages.conftest import NOW, Shop

BODY = "Hi {{firstName}}, {{loyaltyPoints}} points wait for you."


def call(shop: Shop, function: str, **data: Any) -> Any:
    """By its owner; what writes has a key of its own."""
    key = {} if function.startswith("preview") else {"idempotencyKey": uuid.uuid4().hex}
    token = shop.api.token(shop.org_id, "owner", "ann")
    return shop.api.call(function, {"orgId": shop.org_id, **key, **data}, token=token)


def preview(shop: Shop, campaign_id: str) -> Any:
    return call(shop, "preview_campaign", campaignId=campaign_id)


def campaign(shop: Shop, campaign_id: str) -> dict[str, Any]:
    return shop.client.document("campaigns", campaign_id).get().to_dict() or {}


def recipients(shop: Shop, campaign_id: str, number: int) -> list[dict[str, Any]]:
    """Its recipients, once there are so many."""
    deadline = time.monotonic() + 60
    while len(found := list(shop.client.collection("campaigns", campaign_id, "recipients").stream())) < number:
        assert time.monotonic() < deadline, f"{len(found)} of {number} within a minute"
        time.sleep(0.02)
    return [each.to_dict() or {} for each in found]


@pytest.fixture
def sender(shop: Shop) -> Shop:
    """A shop that sends texts, with two customers at risk, one of whom has agreed to nothing."""
    call(shop, "update_messaging_settings", settings={"shopName": "Green", "sms": {"enabled": True}})
    shop.customer("ann", firstName="Ann", phone="+12125550101", smsConsent=True, points=7, segment="at_risk")
    shop.customer("bob", firstName="Bob", phone="+12125550102", segment="at_risk")
    shop.customer("vip", firstName="Vic", phone="+12125550103", smsConsent=True, segment="vip")
    return shop


def test_a_campaign_from_a_segment_to_its_recipients(sender: Shop) -> None:
    made = call(sender, "create_campaign", segmentId="at_risk", content={"sms": {"body": BODY}}, holdoutPercent=0)
    campaign_id = made["campaign"]["id"]
    assert (made["campaign"]["name"], made["campaign"]["goal"]) == ("Win back At Risk customers", "winback")

    shown = preview(sender, campaign_id)
    assert (shown["audience"]["size"], shown["channels"]["sms"]["reachable"]) == (2, 1)
    assert shown["channels"]["sms"]["skipped"] == {"no_consent": 1}
    assert shown["examples"]["sms"]["text"].startswith("Hi Ann, 7 points wait for you.")

    sent = call(sender, "send_campaign", campaignId=campaign_id)
    assert (sent["ok"], sent["campaign"]["status"]) == (True, "sending")
    found = {it["customerId"]: it for it in recipients(sender, campaign_id, 2)}
    ann, bob = (found[f"{sender.org_id}_{name}"] for name in ("ann", "bob"))
    assert (ann["group"], bob["group"], bob["reason"]) == ("treated", "skipped", "no_consent")
    message = sender.message(ann["messageId"])
    assert (message["campaignId"], message["customerId"]) == (campaign_id, f"{sender.org_id}_ann")


def test_every_step_of_one_that_waits_for_its_time(sender: Shop) -> None:
    made = call(sender, "create_campaign", name="Later", audience={"type": "all"}, content={"sms": {"body": BODY}})
    wanted = {"campaignId": made["campaign"]["id"]}
    at = NOW + timedelta(days=3)
    told = call(sender, "schedule_campaign", **wanted, scheduledAt=at.isoformat())
    assert told["campaign"]["status"] == "scheduled"
    assert datetime.fromisoformat(told["campaign"]["scheduledAt"]) == at
    for name, status in [("pause", "paused"), ("resume", "scheduled"), ("cancel", "cancelled")]:
        assert call(sender, f"{name}_campaign", **wanted)["campaign"]["status"] == status
    refused = call(sender, "send_campaign", **wanted)
    assert (refused["ok"], refused["reason"], refused["campaign"]["status"]) == (False, "wrong_status", "cancelled")


def test_the_same_key_gets_the_same_answer(sender: Shop) -> None:
    token = sender.api.token(sender.org_id, "owner", "ann")
    data = {"orgId": sender.org_id, "idempotencyKey": "once", "segmentId": "vip", "content": {"sms": {"body": BODY}}}
    answers = [sender.api.call("create_campaign", data, token=token) for _ in range(2)]
    assert answers[0] == answers[1]
    assert len(sender.rows("campaigns")) == 1
    with pytest.raises(CallFailed) as refused:
        sender.api.call("create_campaign", {**data, "name": "Another"}, token=token)
    assert (refused.value.details or {})["reason"] == "idempotency_key_reused"


@pytest.mark.parametrize(
    ("data", "pointer"),
    [
        ({}, "/name"),
        ({"name": "x"}, "/audience"),
        ({"segmentId": "nobody"}, "/segmentId"),
        ({"segmentId": "vip", "holdoutPercent": 51}, "/holdoutPercent"),
        ({"segmentId": "vip", "attributionHours": 721}, "/attributionHours"),
        ({"segmentId": "vip", "linkUrl": "http://a.example"}, "/linkUrl"),
        ({"segmentId": "vip", "channels": ["push"]}, "/channels/0"),
        ({"segmentId": "vip", "audience": {"type": "everybody"}}, "/audience/type"),
        ({"segmentId": "vip", "audience": {"type": "custom", "customerIds": ["a/b"]}}, "/audience/customerIds/0"),
        ({"segmentId": "vip", "status": "sent"}, "/status"),
    ],
)
def test_input_that_cannot_be_right(sender: Shop, data: dict[str, Any], pointer: str) -> None:
    with pytest.raises(CallFailed) as refused:
        call(sender, "create_campaign", **data)
    assert (refused.value.details or {})["pointer"] == pointer


@pytest.mark.parametrize("name", ["preview", "schedule", "send", "pause", "resume", "cancel"])
def test_another_orgs_campaign_is_not_there(sender: Shop, name: str) -> None:
    sender.client.document("campaigns/theirs").set({"orgId": "others", "status": "draft", "name": "Theirs"})
    tomorrow = (NOW + timedelta(days=1)).isoformat()
    data = {"campaignId": "theirs"} | ({"scheduledAt": tomorrow} if name == "schedule" else {})
    with pytest.raises(CallFailed) as refused:
        preview(sender, "theirs") if name == "preview" else call(sender, f"{name}_campaign", **data)
    assert refused.value.status == "NOT_FOUND"


def test_a_time_without_an_offset_is_none(sender: Shop) -> None:
    made = call(sender, "create_campaign", segmentId="vip", content={"sms": {"body": BODY}})
    with pytest.raises(CallFailed) as refused:
        call(sender, "schedule_campaign", campaignId=made["campaign"]["id"], scheduledAt="2027-01-01T10:00:00")
    assert (refused.value.details or {})["pointer"] == "/scheduledAt"
    assert campaign(sender, made["campaign"]["id"])["status"] == "draft"
