"""Alpine IQ as it is on bad days: whatever it does, no balance changes by it, and the reason is visible."""

from collections.abc import Callable
from typing import Any

import pytest

from lib.domain.errors import PerennialError
from lib.usecases import points, reconciliation
from lib.usecases.points import Who
from lib.vendors.errors import SwitchedOff
from tests.usecases.reconciliation.shop import Shop

Open = Callable[..., Shop]

# What is done to every request for contacts, and what a sync says of it.
DOWN: dict[str, tuple[dict[str, Any], str | None]] = {
    "too many requests": ({"kind": "status", "status": 429, "retryAfter": 0}, "throttled"),
    "server error": ({"kind": "status", "status": 500}, None),
    "a page of a proxy": ({"kind": "status", "status": 502, "html": True}, None),
    "no answer": ({"kind": "hang", "seconds": 5}, None),
    "HTML for JSON": ({"kind": "html"}, "not_json"),
    "half of the JSON": ({"kind": "cut_json"}, "not_json"),
    "half of the body": ({"kind": "cut_body"}, None),
    "a failure with status 200": ({"kind": "success_false"}, "rejected"),
    "a wrong key": ({"kind": "status", "status": 403}, None),
    "the same page again": ({"kind": "same_page"}, "page_repeated"),
}


@pytest.fixture
def changed(shop: Shop) -> str:
    """A customer who was in step yesterday; today Alpine IQ would say something else."""
    ada = shop.both("ada", 100, 100)
    shop.night()
    shop.contact("ada", 700)
    return ada


@pytest.mark.parametrize("fault", list(DOWN))
def test_a_night_that_cannot_hear_changes_nothing(shop: Shop, changed: str, fault: str) -> None:
    kind, reason = DOWN[fault]
    before = shop.till.read(f"customers/{changed}")
    shop.sandbox.fail(**{**kind, "path": "/api/v1.1/piis/.*", "times": None})
    with pytest.raises(PerennialError) as failed:
        shop.night()
    assert reason is None or failed.value.reason == reason
    assert shop.till.read(f"customers/{changed}") == before
    shop.sandbox.heal()


@pytest.mark.parametrize("fault", [fault for fault in DOWN if fault != "the same page again"])
def test_a_customer_about_whom_it_says_nothing_stays(shop: Shop, changed: str, fault: str) -> None:
    before = shop.till.read(f"customers/{changed}")
    shop.sandbox.fail(**{**DOWN[fault][0], "path": "/api/v1.1/piis/.*", "times": None})
    answer = shop.ask(changed)
    shop.sandbox.heal()
    assert (answer["state"], answer["alpine"], answer["entered"]) == ("unknown", None, 0)
    assert answer["why"]
    assert shop.till.read(f"customers/{changed}") == before


@pytest.mark.parametrize("field", ["loyaltyPoints", ""])
def test_figures_that_are_none_are_unknown(shop: Shop, changed: str, field: str) -> None:
    shop.sandbox.fail("wrong_types", path="/api/v1.1/piis/.*", times=None, field=field)
    counts = shop.night()
    shop.sandbox.heal()
    assert counts["unknown"] == 1
    assert shop.till.points(changed) == 100


def test_a_negative_figure_is_refused(shop: Shop, changed: str) -> None:
    shop.contact("ada", -50)
    assert shop.night()["unknown"] == 1
    assert shop.till.points(changed) == 100
    assert shop.ask(changed)["why"] == "negative_figure"


def test_half_a_page_costs_a_request_and_nobody(shop: Shop) -> None:
    customers = [shop.both(name, 100, 100) for name in ("ada", "ben", "cem", "dan")]
    shop.sandbox.fail("half_page", path="/api/v1.1/piis/.*", times=1)
    counts = shop.night()
    assert counts["agreed"] == len(customers)


def test_contacts_that_come_twice_count_once(shop: Shop, changed: str) -> None:
    shop.sandbox.fail("duplicates", path="/api/v1.1/piis/.*", times=1)
    counts = shop.night()
    assert (counts["matched"], counts["duplicates"], counts["overridden"]) == (1, 0, 1)


def test_one_hiccup_is_not_noticed(shop: Shop, changed: str) -> None:
    shop.sandbox.fail("status", status=500, path="/api/v1.1/piis/.*", times=1)
    assert shop.night()["overridden"] == 1


def test_an_export_that_died_begins_anew(shop: Shop, changed: str) -> None:
    shop.sandbox.fail("status", status=500, path="/api/v1.1/piis/.*", times=None, skip=1)
    with pytest.raises(PerennialError):
        shop.night()
    shop.sandbox.heal()
    assert shop.night()["overridden"] == 1


def test_lists_of_changes_that_are_refused_are_done_without(shop: Shop, changed: str) -> None:
    shop.sandbox.fail("success_false", path="/api/v1.1/(adjustments|redemptions)/.*", times=None)
    assert shop.night()["overridden"] == 1


class TestSwitchedOff:
    @pytest.mark.parametrize(
        ("integration", "reason"),
        [
            (None, "not_configured"),
            ({"accountId": "x"}, "invalid_configuration"),
            ({"thresholdRatio": 7}, "invalid_configuration"),
        ],
    )
    def test_what_is_missing_is_named(self, shop: Shop, integration: dict[str, Any] | None, reason: str) -> None:
        ada = shop.customer("ada", 420)
        document = shop.client.document("tenants", shop.org_id, "integrations", "alpine_iq")
        document.delete() if integration is None else document.set({"accountId": shop.uid, **integration})
        with pytest.raises(SwitchedOff) as refusal:
            shop.ask(ada)
        assert refusal.value.reason == reason
        assert shop.till.points(ada) == 420
        assert shop.asked == 0

    @pytest.mark.parametrize("keys", ["", "{", "[]", '{"org_b": "k"}', '{"org_a": ""}', '{"org_a": 7}'])
    def test_no_key_is_no_figure(self, shop: Shop, monkeypatch: pytest.MonkeyPatch, keys: str) -> None:
        monkeypatch.setenv("ALPINE_IQ_KEYS", keys)
        with pytest.raises(SwitchedOff) as refusal:
            shop.night()
        assert refusal.value.reason == "no_key"
        assert list(reconciliation.due()) == []


class TestAtTheTill:
    def look(self, shop: Shop, customer_id: str) -> dict[str, Any]:
        return reconciliation.beside(shop.org_id, points.check(shop.org_id, Who(customer_id=customer_id)))

    def test_both_sides_are_shown(self, shop: Shop) -> None:
        ada = shop.both("ada", 100, 130, loyaltyTier="Gold")
        told = self.look(shop, ada)
        assert (told["points"], told["source"], told["reconciled"]) == (100, "alpine_iq", False)
        assert (told["primary"]["points"], told["primary"]["source"]) == (130, "alpine_iq")
        assert told["alpine"] == {"points": 130, "tier": "Gold"}
        assert told["discrepancy"] == {"difference": 30, "ratio": 0.2308, "needsReview": True}
        assert told["ages"] == {"calculated": 0, "alpine": 0}
        assert shop.till.points(ada) == 100, "looking changes nothing"

    def test_it_is_asked_once_in_five_minutes(self, shop: Shop) -> None:
        ada = shop.both("ada", 100, 100)
        self.look(shop, ada)
        asked = shop.asked
        shop.contact("ada", 300)
        assert (asked, self.look(shop, ada)["alpine"]["points"], shop.asked) == (1, 100, 0)
        shop.time.pass_(minutes=6)
        assert self.look(shop, ada)["alpine"]["points"] == 300

    def test_what_the_last_sync_found_will_do_too(self, shop: Shop) -> None:
        ada = shop.both("ada", 100, 100)
        shop.night()
        assert (shop.asked > 0, self.look(shop, ada)["alpine"]["points"], shop.asked) == (True, 100, 0)

    def test_when_it_is_slow_ours_is_told_with_the_reason_and_the_last_figure(self, shop: Shop) -> None:
        ada = shop.both("ada", 100, 120)
        shop.connect(policy="alert_only")
        shop.night()
        shop.time.pass_(hours=1)
        shop.sandbox.fail("hang", seconds=5, times=None)
        told = self.look(shop, ada)
        shop.sandbox.heal()
        assert (told["source"], told["primary"]["points"]) == ("calculated", 100)
        assert told["alpineReason"] not in (None, "")
        assert told["alpine"]["points"] == 120
        assert told["ages"]["alpine"] >= 3600

    @pytest.mark.parametrize(("member", "reason"), [(False, "not_a_member"), (None, "not_a_member")])
    def test_who_is_no_member_is_said_to_be_none(self, shop: Shop, member: bool | None, reason: str) -> None:
        ada = shop.customer("ada", 100)
        if member is not None:
            shop.contact("ada", 0, loyalty=member)
        told = self.look(shop, ada)
        assert (told["alpine"], told["source"], told["alpineReason"]) == (None, "calculated", reason)
