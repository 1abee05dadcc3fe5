"""What a preview tells before anything is written, and that it comes true."""

from collections import Counter as Tally
from typing import Any

import pytest

from emulator.client import StackClient
from lib.domain.errors import FailedPrecondition
from lib.domain.takeover import BalanceRule
from lib.store.org import OrgStore
from lib.usecases import migration
from lib.usecases.orders import record_order
from tests.usecases import legacy_shop as shop
from tests.usecases.counter import Counter

ORG = shop.ORG
RULES = pytest.mark.parametrize("rule", BalanceRule)


def preview(rule: BalanceRule = BalanceRule.KEEP, limit: int = 6) -> dict[str, Any]:
    """All pages together."""
    counts: Tally[str] = Tally()
    told: dict[str, Any] = {"changes": [], "skipped": [], "duplicates": []}
    cursor = None
    while True:
        page = migration.preview_page(ORG, rule, cursor, limit)
        counts.update(page["counts"])
        for name, found in told.items():
            found += page[name]
        cursor = page["nextCursor"]
        if cursor is None:
            return {"counts": dict(counts), **told}


def take_over(rule: BalanceRule = BalanceRule.KEEP) -> Tally[str]:
    migration.begin(ORG, rule)
    tally: Tally[str] = Tally()
    for member in migration.members(OrgStore(ORG), {}, None, 1000):
        tally.update(migration.visit(OrgStore(ORG), {}, member))
    return tally


@pytest.fixture
def legacy(counter: Counter) -> Counter:
    shop.build(counter.client)
    record_order(counter.told("theirs"))
    return counter


@RULES
def test_it_comes_true(legacy: Counter, rule: BalanceRule) -> None:
    foreseen = preview(rule)
    assert dict(take_over(rule)) == foreseen["counts"]
    for change in foreseen["changes"]:
        assert legacy.customer(change["customerId"])["points"] == change["after"]


@RULES
def test_nothing_is_written(legacy: Counter, usage: StackClient, rule: BalanceRule) -> None:
    usage.reset_usage()
    preview(rule)
    used = usage.reset_usage()
    assert (used["writes"], used["deletes"]) == (0, 0)
    assert used["reads"] > 0
    take_over(rule)


def test_why_balances_change(legacy: Counter) -> None:
    changes = {change["customerId"]: change for change in preview()["changes"]}
    tablet = changes[f"{ORG}_phone_12015550103"]
    assert (tablet["before"], tablet["after"], tablet["compensated"], tablet["why"]) == (15.75, 15, 25, "fraction")
    assert f"{ORG}_alleaves_1004" not in changes
    assert sum(change["compensated"] for change in changes.values()) == 230 + 45 + 25 + 60 + 9 + 105 + 18
    take_over()


@pytest.mark.parametrize(
    ("stored", "after", "why"),
    [
        *((-3, 0, "negative"), (2.5, 2, "fraction"), ("7.5", 0, "fraction")),
        *(("many", 0, "no_number"), (True, 0, "no_number")),
    ],
)
def test_what_was_stored_is_no_balance(counter: Counter, stored: object, after: int, why: str) -> None:
    counter.client.document("customers/odd").set({"orgId": ORG, "points": stored})
    (change,) = preview()["changes"]
    assert (change["after"], change["why"]) == (after, why)


def test_who_is_skipped_and_who_may_be_there_twice(legacy: Counter) -> None:
    legacy.client.document("customers", "twice").set({"orgId": ORG, "email": "Two@example.com"})
    told = preview()
    assert {row["customerId"]: row["reason"] for row in told["skipped"]} == {
        f"{ORG}_1011": "other_org",
        "alleaves_1005": "shared_id",
        shop.UID: "self_made",
        "archived": "archived",
        "tester": "test_account",
    }
    take_over()
    assert legacy.customer("twice")["points"] == 0


def test_another_rule_than_the_one_decided_on_is_not_foreseen(legacy: Counter) -> None:
    take_over()
    with pytest.raises(FailedPrecondition):
        migration.preview_page(ORG, BalanceRule.FROM_ORDERS, None, 10)
    assert preview()["counts"].keys() == {f"skipped_{row['reason']}" for row in preview()["skipped"]} | {
        name for name in preview()["counts"] if name.startswith("kept_")
    }
