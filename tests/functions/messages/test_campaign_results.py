"""Results of a campaign on a stack with real queues and triggers: from an order to what the owner is told."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from emulator.client import CallFailed
from lib.platform import clock
from lib.usecases import campaign_results
from tests.emulator.tasks.target import eventually
from tests.functions.messages.conftest import Shop


def call(shop: Shop, function: str, role: str = "owner", **data: Any) -> Any:
    """What writes has a key of its own."""
    key = {} if function == "campaign_results" else {"idempotencyKey": uuid.uuid4().hex}
    return shop.api.call(
        function, {"orgId": shop.org_id, **key, **data}, token=shop.api.token(shop.org_id, role, "ann")
    )


@pytest.fixture
def begun(shop: Shop) -> str:
    """A campaign to one customer, who is on record whatever the hour is where they live; its id."""
    call(shop, "update_messaging_settings", settings={"shopName": "Green", "sms": {"enabled": True}})
    shop.customer("ann", firstName="Ann", phone="+12125550101", smsConsent=True, segment="vip")
    shop.customer("eve", firstName="Eve", phone="+12125550102", segment="vip")
    made = call(shop, "create_campaign", segmentId="vip", content={"sms": {"body": "Hi {{firstName}}"}})
    campaign_id: str = made["campaign"]["id"]
    call(shop, "send_campaign", campaignId=campaign_id)
    recipients = shop.client.collection("campaigns", campaign_id, "recipients")
    eventually(lambda: len(list(recipients.stream())) == 2)
    return campaign_id


def test_an_order_in_the_shop_is_told_of(shop: Shop, begun: str) -> None:
    order_id = f"order_of_{shop.org_id}"
    shop.client.document("orders", order_id).set(
        {
            "orgId": shop.org_id,
            "customerId": f"{shop.org_id}_ann",
            "status": "completed",
            "totals": {"total": 12.5},
            "createdAt": clock.now(),
        }
    )
    accrual = shop.client.document("tenants", shop.org_id, "accruals", order_id)
    eventually(lambda: accrual.get().exists)
    campaign_results.follow()

    answer = call(shop, "campaign_results", campaignId=begun)
    assert (answer["ok"], answer["following"], answer["skipped"]) == (True, True, {"no_consent": 1})
    treated = {"customers": 1, "buyers": 1, "conversionRate": 100, "revenueCents": 1250}
    assert {name: answer["groups"]["treated"][name] for name in treated} == treated
    assert answer["lift"]["conversionRate"] == {"reason": "no_holdout"}
    assert answer["countedAt"].endswith("Z")


def test_who_may_ask_and_for_which(shop: Shop, begun: str) -> None:
    with pytest.raises(CallFailed) as refused:
        call(shop, "campaign_results", role="budtender", campaignId=begun)
    assert refused.value.status == "PERMISSION_DENIED"
    shop.client.document("campaigns/theirs").set({"orgId": "others", "status": "sent"})
    for campaign_id in ("theirs", "nothing"):
        with pytest.raises(CallFailed) as refused:
            call(shop, "campaign_results", campaignId=campaign_id)
        assert refused.value.status == "NOT_FOUND"
