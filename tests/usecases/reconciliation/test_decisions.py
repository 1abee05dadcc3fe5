"""The queue of discrepancies, and what a person's decision does to a balance and to the nights after it."""

from collections.abc import Callable
from typing import Any

import pytest

from lib.domain.discrepancies import Decision, Resolution, Standing
from lib.usecases import reconciliation
from tests.usecases.reconciliation.shop import Shop

Open = Callable[..., Shop]


def decide(shop: Shop, customer_id: str, resolution: Resolution | None, points: int | None = None) -> dict[str, Any]:
    decision = Decision(resolution, "talked to her", points)
    return reconciliation.resolve(shop.till.command("resolve_discrepancy"), customer_id, decision)


@pytest.fixture
def alerting(open_shop: Open) -> Shop:
    return open_shop(policy="alert_only")


def test_their_figure_is_accepted(alerting: Shop) -> None:
    ada = alerting.both("ada", 100, 250)
    alerting.night()
    assert decide(alerting, ada, Resolution.ACCEPT_ALPINE)["ok"]
    assert alerting.till.points(ada) == 250
    assert alerting.till.kinds(ada) == ["adjust", "reconcile"]
    assert alerting.shown(ada)["loyaltyReconciled"] is True
    assert alerting.night()["unchanged"] == 1
    assert decide(alerting, ada, Resolution.ACCEPT_ALPINE)["reason"] == "no_open_discrepancy"


def test_ours_is_kept_also_by_the_nights_after(open_shop: Open) -> None:
    shop = open_shop(policy="alert_only")
    ada = shop.both("ada", 100, 250)
    shop.night()
    decide(shop, ada, Resolution.KEEP_OURS)
    shop.connect()
    assert shop.night()["kept"] == 1
    assert shop.till.points(ada) == 100
    shop.contact("ada", 550)
    assert shop.night()["overridden"] == 1
    assert shop.till.points(ada) == 400, "what has come since is theirs to say"


def test_the_two_settle_on_a_figure(alerting: Shop) -> None:
    ada = alerting.both("ada", 100, 250)
    alerting.night()
    answer = decide(alerting, ada, Resolution.SPLIT, 200)
    assert (answer["discrepancy"]["resolution"], answer["discrepancy"]["remaining"]) == ("split", 50)
    assert alerting.till.points(ada) == 200
    assert alerting.night()["unchanged"] == 1


def test_reviewed_it_stays_in_the_queue_until_it_is_another_difference(alerting: Shop) -> None:
    ada = alerting.both("ada", 100, 250)
    alerting.night()
    decide(alerting, ada, None)
    alerting.night()
    assert (alerting.discrepancy(ada) or {})["state"] == "reviewed"
    alerting.contact("ada", 400)
    alerting.night()
    assert (alerting.discrepancy(ada) or {})["state"] == "open"


def test_accepting_takes_nothing_that_is_set_aside(alerting: Shop) -> None:
    ada = alerting.both("ada", 300, 50)
    alerting.till.held(ada, 100)
    alerting.night()
    answer = decide(alerting, ada, Resolution.ACCEPT_ALPINE)
    assert (alerting.till.points(ada), answer["discrepancy"]["remaining"]) == (0, -50)


def test_the_history_keeps_the_last_ten_lines(alerting: Shop) -> None:
    ada = alerting.both("ada", 100, 250)
    for figure in range(300, 1500, 100):
        alerting.contact("ada", figure)
        alerting.night()
    history = (alerting.discrepancy(ada) or {})["history"]
    assert [line["alpine"] for line in history] == list(range(500, 1500, 100))


def test_pages_of_the_queue(alerting: Shop) -> None:
    ids = [alerting.both(name, 100, 300) for name in ("ada", "ben", "cem")]
    alerting.night()
    decide(alerting, ids[0], Resolution.KEEP_OURS)
    seen: list[str] = []
    cursor = None
    while True:
        page = reconciliation.listing(alerting.org_id, Standing.OPEN, cursor, 1)
        seen += [each["customerId"] for each in page["discrepancies"]]
        cursor = page["nextCursor"]
        if cursor is None:
            break
    assert sorted(seen) == ids[1:]
    assert len(reconciliation.listing(alerting.org_id, None, None, 10)["discrepancies"]) == 3


def test_a_decision_that_is_sent_twice_is_carried_out_once(alerting: Shop) -> None:
    ada = alerting.both("ada", 100, 250)
    alerting.night()
    command, decision = alerting.till.command(), Decision(Resolution.SPLIT, "half and half", 175)
    first = reconciliation.resolve(command, ada, decision)
    assert reconciliation.resolve(command, ada, decision) == first
    assert alerting.till.points(ada) == 175
