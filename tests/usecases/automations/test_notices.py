"""Notices: told once to whom they are about, while they are true, and closed where they are not."""

import contextlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lib.domain.notices import Because, NoticeKind
from lib.store import notices
from lib.store import transaction as transactions
from tests.usecases.automations.corner import MAIL, TEXT, Corner
from tests.usecases.runs.delivery import Killed

NOW = (2027, 5, 17, 15)
GAINED = {"before": "bronze", "after": "silver", "is_higher": True}
AT_RISK = {"before": "loyal", "after": "at_risk"}
EXPIRING = {"points": 120, "expires_at": datetime(2027, 6, 1, 4, tzinfo=UTC)}
LAPSING = {"tier": "silver", "lapses_at": datetime(2027, 6, 1, 4, tzinfo=UTC), "to_tier": "bronze"}


@pytest.fixture
def shop(corner: Corner) -> Corner:
    """Answers every notice by text."""
    corner.at(*NOW)
    corner.on(tier_gained={}, tier_lapsing={}, points_expiring={}, segment_entered={})
    return corner


@pytest.fixture
def ann(shop: Corner) -> str:
    return shop.customer("ann", tier="silver", segment="at_risk")


@pytest.mark.parametrize(
    ("notice", "kind", "variables"),
    [
        ({"tier_changed": GAINED}, "tier_gained", {"previousTier": "bronze"}),
        ({"tier_lapsing": LAPSING}, "tier_lapsing", {"lowerTier": "bronze", "lapsesOn": "May 31"}),
        ({"points_expiring": EXPIRING}, "points_expiring", {"expiringPoints": 120, "expiresOn": "May 31"}),
        ({"segment_entered": AT_RISK}, "segment_entered", {"previousSegment": "loyal"}),
    ],
)
def test_each_is_told_once_in_its_own_words(
    shop: Corner, ann: str, notice: dict[str, Any], kind: str, variables: dict[str, Any]
) -> None:
    made = shop.notify(ann, **notice)
    assert [shop.hear(), shop.hear()] == [{"told": 1}, {}]
    (message,) = shop.sent
    assert (message.kind, dict(message.variables), message.cause.id) == (kind, variables, made.id)
    assert message.good_until == shop.time.now() + timedelta(days=7)
    assert (shop.notice(made), shop.texts()) == (("told", ""), [("ann", f"notice:{made.id}")])


def test_one_that_is_opened_again_by_what_wrote_it_is_not_told_again(shop: Corner, ann: str) -> None:
    made = shop.notify(ann, segment_entered=AT_RISK)
    shop.hear()
    transactions.run(lambda transaction: notices.add(transaction, shop.org, [made], shop.time.now()))
    shop.hear()
    assert (shop.notice(made), len(shop.queued()), len(shop.sent)) == (("told", ""), 1, 1)


def test_one_that_nobody_answers_goes_90_days_after_it_occurred(corner: Corner) -> None:
    corner.at(*NOW)
    corner.on(birthday={})
    made = corner.notify(corner.customer("ann", segment="at_risk"), segment_entered=AT_RISK)
    assert (corner.hear(), corner.notice(made)) == ({}, ("open", ""))
    stored = corner.org.document("notices", made.id).get()
    assert stored.get("expiresAt") == datetime(2027, 8, 15, 15, tzinfo=UTC)


def test_several_that_hear_at_once_tell_it_once(shop: Corner, ann: str) -> None:
    made = shop.notify(ann, segment_entered=AT_RISK)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: shop.hear(), range(4)))
    assert (shop.notice(made), len(shop.queued()), len(shop.sent)) == (("told", ""), 1, 1)


@pytest.mark.parametrize("writes", [0, 1, 2])
def test_whoever_dies_while_hearing_leaves_it_to_the_next(shop: Corner, ann: str, writes: int) -> None:
    made = shop.notify(ann, segment_entered=AT_RISK)
    shop.killer.arm(writes)
    with contextlib.suppress(Killed):
        shop.hear()
    shop.killer.arm(None)
    shop.hear()
    assert (shop.notice(made), len(shop.queued())) == (("told", ""), 1)


@pytest.mark.parametrize(
    ("notice", "fields", "reason"),
    [
        ({"tier_changed": {"before": "gold", "after": "silver", "is_higher": False}}, {}, "not_wanted"),
        ({"tier_changed": {**GAINED, "because": Because.SETTINGS}}, {}, "not_wanted"),
        ({"segment_entered": {**AT_RISK, "because": Because.HISTORY}}, {}, "not_wanted"),
        ({"tier_changed": GAINED}, {"tier": "bronze"}, "no_longer_so"),
        ({"tier_lapsing": LAPSING}, {"tier": "gold"}, "no_longer_so"),
        ({"segment_entered": AT_RISK}, {"segment": "loyal"}, "no_longer_so"),
        ({"segment_entered": AT_RISK}, {"archived": True}, "unknown_customer"),
        ({"segment_entered": AT_RISK}, {"isTestAccount": True}, "unknown_customer"),
        ({"segment_entered": AT_RISK}, {"orgId": "another"}, "unknown_customer"),
        ({"segment_entered": AT_RISK}, {"smsConsent": False}, "no_consent"),
        ({"segment_entered": AT_RISK}, {"phone": None}, "no_address"),
        ({"points_expiring": {**EXPIRING, "expires_at": datetime(2027, 5, 17, 14, tzinfo=UTC)}}, {}, "too_old"),
    ],
)
def test_what_is_not_so_or_reaches_nobody_is_closed_with_the_reason(
    shop: Corner, ann: str, notice: dict[str, Any], fields: dict[str, Any], reason: str
) -> None:
    made = shop.notify(ann, **notice)
    shop.edit(ann, **fields)
    assert shop.hear() == {"closed": 1}
    assert shop.notice(made) == ("closed", reason)
    assert (shop.sent, shop.queued()) == ([], [])


def test_one_that_nobody_heard_for_two_days_is_closed(shop: Corner, ann: str) -> None:
    made = shop.notify(ann, segment_entered=AT_RISK)
    shop.time.advance(timedelta(days=2, seconds=1))
    shop.hear()
    assert (shop.notice(made), shop.sent) == (("closed", "too_old"), [])


def test_one_from_before_its_kind_was_switched_on_is_closed(corner: Corner) -> None:
    corner.at(*NOW)
    ann = corner.customer("ann", segment="at_risk", tier="silver")
    made = corner.notify(ann, segment_entered=AT_RISK)
    corner.time.advance(timedelta(minutes=1))
    corner.on(segment_entered={})
    later = corner.notify(ann, tier_changed=GAINED)
    assert (corner.hear(), corner.notice(made)) == ({"closed": 1}, ("closed", "too_old"))
    corner.change("more", {"automations": {"tier_gained": {"enabled": True, **TEXT}}})
    assert (corner.hear(), corner.notice(later)) == ({"told": 1}, ("told", ""))


def test_only_segments_that_are_wanted_are_told_of(shop: Corner, ann: str) -> None:
    shop.on("some", segment_entered={"segments": ["vip"]})
    made = shop.notify(ann, segment_entered=AT_RISK)
    shop.hear()
    assert shop.notice(made) == ("closed", "not_wanted")


def test_a_kind_that_is_off_stays_open(corner: Corner) -> None:
    corner.at(*NOW)
    corner.on(tier_gained={})
    ann = corner.customer("ann", tier="silver", segment="at_risk")
    made = corner.notify(ann, segment_entered=AT_RISK)
    assert (corner.hear(), corner.notice(made)) == ({}, ("open", ""))


def test_a_paused_programme_tells_nothing_until_it_goes_on(shop: Corner, ann: str) -> None:
    shop.loyalty(paused=True)
    made = shop.notify(ann, segment_entered=AT_RISK)
    assert (shop.hear(), shop.notice(made)) == ({}, ("open", ""))


def test_a_cap_holds_over_segments(shop: Corner, ann: str) -> None:
    shop.on("capped", segment_entered={"cap": {"count": 1, "hours": 24 * 7}})
    first = shop.notify(ann, segment_entered=AT_RISK)
    shop.hear()
    shop.time.advance(timedelta(days=1))
    second = shop.notify(ann, segment_entered=AT_RISK)
    shop.hear()
    assert [shop.notice(first), shop.notice(second)] == [("told", ""), ("closed", "capped")]
    assert shop.violations() == []


def test_both_channels_are_told_and_a_damaged_notice_stops_nobody(shop: Corner, ann: str) -> None:
    shop.on("both", segment_entered={**TEXT, **MAIL})
    damaged = {"id": "0", "orgId": shop.org_id, "kind": NoticeKind.SEGMENT_ENTERED.value, "state": "open"}
    shop.org.document("notices", "0").set(damaged)
    shop.notify(ann, segment_entered=AT_RISK)
    assert shop.hear() == {"told": 1, "failed": 1}
    assert {channel for _, channel, _ in shop.queued()} == {"sms", "email"}


def test_many_are_heard_page_by_page(shop: Corner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lib.usecases.automations.hearing.PAGE", 3)
    for number in range(8):
        shop.notify(shop.customer(f"p{number}", number, segment="at_risk"), segment_entered=AT_RISK)
    assert shop.hear() == {"told": 8}
