"""Changing an org's programme: what is written, what is kept, who is told, and when the change takes effect."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from emulator.client import StackClient
from lib.domain.errors import FailedPrecondition, InvalidInput, NotFound
from lib.domain.menu import public_menu
from lib.domain.settings import DEFAULT_SETTINGS, LoyaltySettings, to_document
from lib.store import settings as store
from lib.store.org import OrgStore
from lib.usecases import menu, settings
from tests.usecases.till import Answer, Till

SETTINGS, LEGACY, MENU = "tenants/org_a/settings/loyalty", "loyalty_settings/org_a", "tenants/org_a/public/menu"


def update(till: Till, change: dict[str, Any], **options: Any) -> Answer:
    return settings.update(till.command("update_loyalty_settings"), change, **options)


def in_force(till: Till) -> LoyaltySettings:
    return store.load(OrgStore(till.org_id))


class TestUpdate:
    def test_changes_what_is_named_and_nothing_else(self, till: Till) -> None:
        stored = {"programName": "Green Club", "pointsPerDollar": 2, "menuDisplay": {"loyaltyTagline": "Hi"}}
        till.client.document(SETTINGS).set(stored)
        answer = update(till, {"menuDisplay": {"showBar": False}, "holdMinutes": 10})
        assert answer["changed"] == ["holdMinutes", "menuDisplay"]
        now = till.read(SETTINGS)
        assert (now["programName"], now["pointsPerDollar"], now["holdMinutes"]) == ("Green Club", 2, 10)
        assert (now["menuDisplay"]["loyaltyTagline"], now["menuDisplay"]["showBar"]) == ("Hi", False)
        assert "tiers" not in now

    def test_takes_effect_at_once_in_this_process(self, till: Till) -> None:
        assert in_force(till).points_per_dollar == 1
        answer = update(till, {"pointsPerDollar": 3})
        assert in_force(till).points_per_dollar == 3
        assert in_force(till).rule_version == answer["ruleVersion"]

    def test_takes_the_place_of_thresholds_saved_under_dotted_keys(self, till: Till) -> None:
        till.client.document(SETTINGS).set({})
        till.client.document(SETTINGS).update({"`segmentThresholds.vip_minOrders`": 3, "`a.b`": 1})
        assert in_force(till).segment_thresholds.vip_min_orders == 3
        update(till, {"segmentThresholds": {"vip_minOrders": 5}})
        assert in_force(till).segment_thresholds.vip_min_orders == 5
        assert till.read(SETTINGS).keys() == {"segmentThresholds", "a.b"}

    def test_overrules_the_second_settings_document(self, till: Till) -> None:
        till.client.document(LEGACY).set({"pointsPerDollar": 5, "equityMultiplier": 1})
        update(till, {"pointsPerDollar": 2})
        assert in_force(till).points_per_dollar == 2
        assert in_force(till).equity_multiplier == 1

    def test_publishes_the_menu_and_keeps_a_history(self, till: Till) -> None:
        before = in_force(till).rule_version
        answer = update(till, {"pointsPerDollar": 2})
        assert till.read(MENU) == public_menu(in_force(till))
        (entry,) = till.client.collection("tenants/org_a/settings_history").stream()
        told = entry.to_dict()
        assert told is not None
        assert (told["ruleVersionBefore"], told["ruleVersion"]) == (before, answer["ruleVersion"])
        assert told["changes"] == {"pointsPerDollar": {"from": 1, "to": 2}}
        assert (told["actor"], told["action"]) == ({"type": "staff", "id": "cashier"}, "update_loyalty_settings")
        assert told["settings"] == answer["settings"]

    def test_of_nothing_leaves_no_history(self, till: Till) -> None:
        assert update(till, {"pointsPerDollar": 1})["changed"] == []
        assert list(till.client.collection("tenants/org_a/settings_history").stream()) == []

    @pytest.mark.parametrize(
        ("change", "pointer"),
        [
            ({"pointsPerDollar": -1}, "/pointsPerDollar"),
            ({"holdMinutes": 10, "pointsPerDolar": 2}, "/pointsPerDolar"),
            ({"redemptionTiers": [{"id": "a", "pointsCost": 0, "rewardValue": 5}]}, "/redemptionTiers/0/pointsCost"),
            ({"menuDisplay": {"deliveryFee": "free"}}, "/menuDisplay/deliveryFee"),
        ],
    )
    def test_that_is_wrong_writes_nothing(self, till: Till, change: dict[str, Any], pointer: str) -> None:
        with pytest.raises(InvalidInput) as refusal:
            update(till, change)
        assert refusal.value.pointer == pointer
        assert not till.client.document(SETTINGS).get().exists
        assert not till.client.document(MENU).get().exists

    def test_of_an_outdated_version_is_refused(self, till: Till) -> None:
        seen = in_force(till).rule_version
        now = update(till, {"pointsPerDollar": 2}, expected_version=seen)["ruleVersion"]
        refused = update(till, {"pointsPerDollar": 3}, expected_version=seen)
        assert refused == {"ok": False, "reason": "settings_changed", "ruleVersion": now}
        assert in_force(till).points_per_dollar == 2

    def test_by_two_at_once_keeps_both(self, till: Till) -> None:
        changes: list[dict[str, Any]] = [{"pointsPerDollar": 2}, {"holdMinutes": 5}, {"clawback": "allow_negative"}]
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(partial(update, till), changes))
        both = in_force(till)
        assert both.points_per_dollar == 2
        assert (both.hold_minutes, both.clawback) == (5, "allow_negative")
        assert till.read(MENU) == public_menu(both)

    def test_happens_once_for_a_key(self, till: Till) -> None:
        command = till.command("update_loyalty_settings", change="first")
        first = settings.update(command, {"pointsPerDollar": 2})
        update(till, {"pointsPerDollar": 4})
        assert settings.update(command, {"pointsPerDollar": 2}) == first
        assert in_force(till).points_per_dollar == 4
        with pytest.raises(FailedPrecondition):
            settings.update(till.command("update_loyalty_settings", key=command.key, change="second"), {})


class TestReset:
    def test_goes_back_to_the_defaults_and_stays_where_the_shop_is(self, till: Till) -> None:
        till.client.document(LEGACY).set({"pointsPerDollar": 5})
        update(till, {"country": "NG", "pointsPerDollar": 9, "paused": True, "redemptionMode": "pro_rata"})
        settings.reset(till.command("reset_loyalty_settings"))
        now = in_force(till)
        assert (now.country, now.currency, now.paused) == ("NG", "NGN", True)
        kept = {"country": "NG", "currency": "NGN", "time_zone": now.time_zone, "paused": True}
        assert to_document(now) == to_document(DEFAULT_SETTINGS.model_copy(update=kept))
        assert now.paused_at


class TestPause:
    def test_stops_the_programme_without_losing_a_setting(self, till: Till) -> None:
        update(till, {"pointsPerDollar": 2})
        running = in_force(till)
        settings.set_paused(till.command("pause_loyalty"), paused=True)
        assert to_document(in_force(till)) == to_document(running.model_copy(update={"paused": True}))
        settings.set_paused(till.command("pause_loyalty"), paused=False)
        assert to_document(in_force(till)) == to_document(running)

    def test_resumes_a_programme_that_was_disabled_in_another_shape(self, till: Till) -> None:
        till.client.document(SETTINGS).set({"enabled": False})
        assert in_force(till).paused
        settings.set_paused(till.command("pause_loyalty"), paused=False)
        assert not in_force(till).paused


class TestCache:
    def test_costs_two_reads_a_minute(self, till: Till, usage: StackClient) -> None:
        for reads in (2, 0, 0):
            usage.reset_usage()
            in_force(till)
            assert usage.usage()["reads"] == reads

    def test_goes_stale_only_for_its_time(self, till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(store, "CACHE_SECONDS", 0.0)
        assert in_force(till).points_per_dollar == 1
        till.client.document(SETTINGS).set({"pointsPerDollar": 2})
        assert in_force(till).points_per_dollar == 2

    def test_keeps_orgs_apart(self, till: Till) -> None:
        update(till, {"pointsPerDollar": 2})
        assert in_force(Till(till.client, "org_b")).points_per_dollar == 1


class TestMenu:
    def test_is_published_when_the_dashboard_writes_settings_itself(self, till: Till) -> None:
        in_force(till)
        till.client.document(SETTINGS).set({"pointsPerDollar": 4})
        menu.publish("org_a")
        assert menu.public("org_a")["pointsPerDollar"] == 4
        assert in_force(till).points_per_dollar == 4

    def test_is_written_once_for_any_number_of_events(self, till: Till, usage: StackClient) -> None:
        till.client.document(SETTINGS).set({"pointsPerDollar": 4})
        menu.publish("org_a")
        usage.reset_usage()
        menu.publish("org_a")
        assert (usage.usage()["reads"], usage.usage()["writes"]) == (3, 0)

    def test_loses_whatever_else_was_written_into_it(self, till: Till) -> None:
        till.client.document(MENU).set({"equityMultiplier": 1.2})
        menu.publish("org_a")
        assert "equityMultiplier" not in menu.public("org_a")

    def test_of_an_org_that_never_changed_a_setting_shows_the_defaults(self, till: Till) -> None:
        till.client.document("organizations", "org_a").set({"name": "Green"})
        assert menu.public("org_a") == public_menu(DEFAULT_SETTINGS)
        assert not till.client.document(MENU).get().exists

    def test_of_no_org_does_not_exist(self, till: Till) -> None:
        with pytest.raises(NotFound):
            menu.public("org_a")
