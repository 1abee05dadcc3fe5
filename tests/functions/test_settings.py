"""Settings over the wire: changed, refused when somebody was faster, paused, reset."""

from typing import Any

from tests.functions.conftest import Counter


def test_an_owner_changes_the_programme(counter: Counter) -> None:
    first = counter.write("update_loyalty_settings", settings={"pointsPerDollar": 1.5})
    assert (first["ok"], first["changed"], first["settings"]["pointsPerDollar"]) == (True, ["pointsPerDollar"], 1.5)

    late = counter.write("update_loyalty_settings", settings={"pointsPerDollar": 2}, expectedVersion="of-yesterday")
    assert late == {"ok": False, "reason": "settings_changed", "ruleVersion": first["ruleVersion"]}

    paused = counter.write("pause_loyalty", paused=True)
    assert (paused["changed"], paused["settings"]["pointsPerDollar"]) == (["paused"], 1.5)

    reset = counter.write("reset_loyalty_settings", expectedVersion=paused["ruleVersion"])
    assert (reset["settings"]["pointsPerDollar"], reset["settings"]["paused"]) == (1, True)

    resumed = counter.write("pause_loyalty", paused=False)
    assert (resumed["changed"], resumed["settings"]["paused"]) == (["paused"], False)


def test_a_hold_follows_the_settings_at_once(counter: Counter) -> None:
    ann = counter.customer("ann", 90)
    order: dict[str, Any] = {"customerId": ann, "orderId": "o", "orderTotal": 50, "points": 40}
    assert counter.write("hold_redemption", **order)["reason"] == "not_a_tier"
    rewards = [{"id": "tiny", "pointsCost": 30, "rewardValue": 1}]
    counter.write("update_loyalty_settings", settings={"redemptionTiers": rewards, "redemptionMode": "pro_rata"})
    held = counter.write("hold_redemption", **order)
    assert (held["redemption"]["rewardTierId"], held["redemption"]["rewardValueCents"]) == ("tiny", 133)
