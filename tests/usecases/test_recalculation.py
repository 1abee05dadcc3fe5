"""A changed programme: whom it concerns, who goes up, that nobody goes down, and what that costs."""

from typing import Any

import pytest

from emulator.client import StackClient
from lib.domain.commands import Command
from lib.domain.ids import fingerprint
from lib.domain.ledger import Actor
from lib.domain.settings import LoyaltySettings
from lib.store import settings as store
from lib.store.org import OrgStore
from lib.usecases import menu, recalculation, runs, settings
from tests.usecases.counter import ORG, Counter
from tests.usecases.programme import ACTOR, Programme

Tiers = list[dict[str, Any]]


def tiers(**thresholds: float) -> Tiers:
    """Tiers by name and threshold in dollars."""
    return [{"id": name, "name": name.title(), "threshold": dollars} for name, dollars in thresholds.items()]


USUAL = tiers(bronze=0, silver=100, gold=300)


def shop(counter: Counter, **spent: float) -> dict[str, str]:
    """Customers by name who have spent so many dollars; their ids."""
    ids = {name: f"{ORG}_{name}" for name in spent}
    for name, dollars in spent.items():
        counter.client.document("customers", ids[name]).set({"orgId": ORG, "email": f"{name}@example.com"})
        counter.sell(f"order_{name}", customerId=ids[name], totals={"total": dollars})
    return ids


def held(counter: Counter, ids: dict[str, str]) -> dict[str, str]:
    return {name: counter.customer(customer_id)["tier"] for name, customer_id in ids.items()}


def called(function: str, programme: Programme) -> Command:
    return Command(function, ORG, Actor("staff", "tests"), "key", fingerprint(function), programme.time.now())


def test_a_lower_threshold_promotes_and_a_higher_one_takes_nothing(counter: Counter, programme: Programme) -> None:
    programme.write(tiers=USUAL)
    ids = shop(counter, ann=50, bob=150, eve=400)
    assert held(counter, ids) == {"ann": "bronze", "bob": "silver", "eve": "gold"}

    programme.write(tiers=tiers(bronze=0, silver=40, gold=1000))
    assert held(counter, ids) == {"ann": "silver", "bob": "silver", "eve": "gold"}
    (first, second) = programme.runs("recalculation")
    assert (second["state"], second["totals"]["visited"], second["totals"]["tiersChanged"]) == ("done", 3, 1)
    assert counter.customer(ids["bob"])["tierProgress"] == 11
    assert first["members"] == 0

    programme.write(tiers=tiers(bronze=0, gold=1000))
    assert held(counter, ids) == {"ann": "bronze", "bob": "bronze", "eve": "gold"}


def test_segments_follow_their_thresholds_and_it_is_known_why(counter: Counter, programme: Programme) -> None:
    ids = shop(counter, ann=200)
    assert counter.customer(ids["ann"])["segment"] == "new"
    programme.write(segmentThresholds={"new_maxDays": 0, "vip_minLifetimeValue": 150})
    assert counter.customer(ids["ann"])["segment"] == "vip"
    told = [it.to_dict() for it in counter.client.collection("tenants", ORG, "notices").stream()]
    facts = [(it["kind"], it["facts"]["newSegment"], it["facts"]["because"]) for it in told if it]
    assert facts == [("segment_entered", "vip", "settings")]


@pytest.mark.parametrize(
    "change",
    [
        {"pointsPerDollar": 7},
        {"equityMultiplier": 2},
        {"tiers": [{**tier, "multiplier": 3, "color": "#000000", "benefits": ["tea"]} for tier in USUAL]},
        {"redemptionTiers": [{"id": "a", "pointsCost": 5, "rewardValue": 5}]},
        {"menuDisplay": {"showBar": False}, "discountPrograms": []},
        {"pointsExpireMonths": 3, "pendingDays": 2, "holdMinutes": 5},
        {"programName": "Green Club"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_touches_later_orders_only_starts_nothing(
    counter: Counter, programme: Programme, change: dict[str, Any]
) -> None:
    programme.write(tiers=USUAL)
    ids = shop(counter, ann=100)
    before = counter.customer(ids["ann"])
    programme.write(**change)
    assert counter.customer(ids["ann"]) == before
    assert len(programme.runs("recalculation")) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"tiers": tiers(bronze=0, silver=99, gold=300)},
        {"tiers": tiers(bronze=0, silver=100, diamond=300)},
        {"segmentThresholds": {"vip_minOrders": 3}},
        {"tierPolicy": {"inactivityDays": 90}},
        {"clawback": "allow_negative"},
        {"expiryWarningDays": 3},
        {"timeZone": "America/Chicago"},
        {"paused": True},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_a_standing_follows_from_starts_a_run(programme: Programme, change: dict[str, Any]) -> None:
    programme.write(tiers=USUAL)
    programme.write(**change)
    assert len(programme.runs("recalculation")) == 2


def test_a_document_that_says_the_same_in_other_words_starts_nothing(programme: Programme) -> None:
    programme.write(tiers=USUAL)
    in_words = [{"id": tier["id"], "name": tier["name"], "requiredSpend": tier["threshold"]} for tier in USUAL]
    programme.write(replace=True, tiers=list(reversed(in_words)), enabled=True)
    programme.write(legacy=True, tiers=tiers(base=0, high=5))
    assert len(programme.runs("recalculation")) == 1


def test_the_loyalty_pages_document_counts_and_reaches_the_menu(counter: Counter, programme: Programme) -> None:
    ids = shop(counter, ann=50)
    programme.write(legacy=True, tiers=tiers(bronze=0, silver=40), pointsPerDollar=3)
    assert held(counter, ids) == {"ann": "silver"}
    assert counter.tenant("public", "menu")["pointsPerDollar"] == 3


def test_an_event_that_comes_twice_or_late_starts_one_run_and_undoes_nothing(
    counter: Counter, programme: Programme
) -> None:
    ids = shop(counter, ann=50)
    first, second = {"tiers": tiers(bronze=0, silver=40)}, {"tiers": tiers(bronze=0, silver=45, gold=50)}
    programme.write(works=False, tiers=first["tiers"])
    programme.write(works=False, tiers=second["tiers"])
    early, late = programme.time.on(1), programme.time.on(2)
    programme.hear(first, second, late)
    programme.hear(first, second, late)
    programme.hear(None, first, early)
    programme.queue.deliver()
    assert held(counter, ids) == {"ann": "gold"}
    # By settings that are not in force any more nobody is visited.
    visited = [run["totals"].get("visited", 0) for run in programme.runs("recalculation")]
    assert (len(visited), sum(1 for count in visited if count)) == (4, 2)


def test_an_instance_that_has_not_heard_of_the_change_does_not_undo_it(counter: Counter, programme: Programme) -> None:
    org = OrgStore(ORG)
    ids = shop(counter, ann=50)
    before = store.load(org)
    programme.client.document("tenants", ORG, "settings", "loyalty").set({"tiers": tiers(bronze=0, silver=40)})
    wanted = recalculation.asked_for(ORG, "now")
    assert store.load(org) == before
    assert recalculation.visit(org, wanted.params, ids["ann"]) == {"changed": 1, "tiersChanged": 1}
    assert held(counter, ids) == {"ann": "silver"}
    menu.publish(ORG)


def test_by_hand_it_puts_right_what_others_wrote(counter: Counter, programme: Programme) -> None:
    ids = shop(counter, ann=50, bob=50)
    counter.client.document("customers", ids["ann"]).update({"tier": "gold", "points": 7})
    wanted = recalculation.asked_for(ORG, "by hand")
    run = runs.start(ORG, wanted.job, wanted.key, wanted.params, ACTOR)
    programme.queue.deliver()
    assert (counter.customer(ids["ann"])["tier"], counter.customer(ids["ann"])["points"]) == ("bronze", 50)
    assert runs.start(ORG, wanted.job, wanted.key, wanted.params, ACTOR).totals == {
        "visited": 2,
        "skipped": 0,
        "failed": 0,
        "changed": 1,
    }
    assert run.members == 0


def test_costs_a_read_a_customer_and_a_write_for_each_that_changes(
    counter: Counter, programme: Programme, usage: StackClient
) -> None:
    """Of 40 customers a lower threshold concerns 5, who go up: one write each, and two to tell of it."""
    programme.write(tiers=USUAL)
    ids = shop(counter, **{f"c{number}": 150 if number < 5 else 20 for number in range(40)})
    org = OrgStore(ORG)
    programme.client.document("tenants", ORG, "settings", "loyalty").set(
        {"tiers": tiers(bronze=0, silver=100, gold=140)}
    )
    wanted = recalculation.asked_for(ORG, "now")
    usage.reset_usage()
    assert len(recalculation.members(org, wanted.params, None, 500)) == 40
    assert usage.reset_usage()["reads"] == 40 + 2
    changed = [recalculation.visit(org, wanted.params, customer_id) for customer_id in ids.values()]
    used = usage.reset_usage()
    assert changed.count({}) == 35
    assert changed.count({"changed": 1, "tiersChanged": 1}) == 5
    assert (used["reads"], used["writes"]) == (40, 5 + 2 * 5)
    menu.publish(ORG)


def test_a_policys_date_is_the_callables_or_the_triggers(counter: Counter, programme: Programme) -> None:
    programme.write(tierPolicy={"inactivityDays": 90})
    first = programme.stored()["policySince"]
    programme.write(tierPolicy={"inactivityDays": 90}, pointsPerDollar=2)
    assert programme.stored()["policySince"] == first

    programme.time.go_to(50)
    before = programme.stored()
    command = called("update_loyalty_settings", programme)
    settings.update(command, {"tierPolicy": {"graceDays": 5}})
    programme.tell(before)
    assert programme.stored()["policySince"] == command.at

    programme.time.go_to(51)
    programme.write(replace=True, tierPolicy={"inactivityDays": 90, "graceDays": 5})
    assert programme.stored()["policySince"] == command.at
    settings.reset(called("reset_loyalty_settings", programme))
    assert programme.stored()["policySince"] > command.at


def test_a_new_policy_leaves_everybody_the_days_of_grace(counter: Counter, programme: Programme) -> None:
    programme.write(tiers=USUAL)
    ids = shop(counter, ann=150)
    programme.time.go_to(100)
    programme.write(tierPolicy={"inactivityDays": 30, "graceDays": 10, "noticeDays": 5})
    assert held(counter, ids) == {"ann": "silver"}
    due = counter.customer(ids["ann"])["dueTierAt"]
    assert abs((due - programme.time.on(105)).total_seconds()) < 60
    assert isinstance(store.load(OrgStore(ORG)), LoyaltySettings)
