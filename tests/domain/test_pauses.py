"""Pauses by their dates: which orders earn, what expires, and that the dates are right whoever writes the settings."""

from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.domain import expiry, pauses
from lib.domain.errors import InvalidInput
from lib.domain.follow_ups import follow_ups, rates_document, rates_of, standing_version
from lib.domain.invariants.ageing import check_points_due
from lib.domain.invariants.violations import Document
from lib.domain.ledger import Account, Balances
from lib.domain.lots import Lot
from lib.domain.settings import (
    DEFAULT_SETTINGS,
    LoyaltySettings,
    read_settings,
    to_document,
    updated_settings,
    validated_settings,
)
from lib.domain.settings_dates import dated, dates_of, noted
from lib.domain.settings_model import DATES

DAY = timedelta(days=1)
BEGAN, ENDED = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC)
NAMES = ("policySince", "pausedAt", "resumedAt")


def rules(**fields: Any) -> LoyaltySettings:
    return LoyaltySettings(**fields)


class TestOrders:
    @pytest.mark.parametrize("began_at", [None, ENDED - 200 * DAY])
    def test_of_a_pause_without_a_date_all_earn_nothing(self, began_at: datetime | None) -> None:
        settings = rules(paused=True, paused_at=began_at, resumed_at=ENDED)
        assert pauses.earns_nothing(BEGAN - 999 * DAY, settings)

    @pytest.mark.parametrize(
        ("at", "earns_nothing"),
        [(BEGAN - DAY, False), (BEGAN, True), (ENDED - DAY, True), (ENDED, False), (ENDED + DAY, False)],
    )
    @pytest.mark.parametrize("policy", ["skip", "accrue_on_resume"])
    def test_of_a_pause_that_is_over(
        self, at: datetime, earns_nothing: bool, policy: Literal["skip", "accrue_on_resume"]
    ) -> None:
        settings = rules(paused_at=BEGAN, resumed_at=ENDED, paused_orders=policy)
        assert pauses.earns_nothing(at, settings) == (earns_nothing and policy == "skip")
        assert pauses.was_placed_in_last(at, settings) == earns_nothing

    @pytest.mark.parametrize("resumed_at", [None, BEGAN - 99 * DAY])
    def test_before_a_date_is_noted_go_by_the_last_write(self, resumed_at: datetime | None) -> None:
        began_before = resumed_at and resumed_at - DAY
        paused = pauses.provisionally_dated(rules(paused=True, paused_at=began_before, resumed_at=resumed_at), BEGAN)
        assert not pauses.earns_nothing(BEGAN - DAY, paused)
        assert pauses.earns_nothing(BEGAN, paused)
        resumed = pauses.provisionally_dated(rules(paused_at=BEGAN, resumed_at=resumed_at), ENDED)
        assert pauses.earns_nothing(ENDED - DAY, resumed)
        assert not pauses.earns_nothing(ENDED, resumed)

    @pytest.mark.parametrize("fields", [{"paused": True}, {"resumed_at": ENDED}])
    def test_go_by_the_date_that_is_noted(self, fields: dict[str, Any]) -> None:
        settings = rules(paused_at=BEGAN, **fields)
        assert pauses.provisionally_dated(settings, ENDED + 99 * DAY) == settings

    def test_of_a_programme_that_never_paused(self) -> None:
        assert not pauses.earns_nothing(BEGAN, DEFAULT_SETTINGS)


class TestExpiry:
    @pytest.mark.parametrize(
        ("now", "lot", "due"),
        [
            (ENDED, BEGAN + DAY, ENDED + 30 * DAY),
            (ENDED, ENDED + 29 * DAY, ENDED + 30 * DAY),
            (ENDED, ENDED + 31 * DAY, ENDED + 31 * DAY),
        ],
    )
    def test_is_put_off_to_thirty_days_after(self, now: datetime, lot: datetime, due: datetime) -> None:
        settings = rules(paused_at=BEGAN, resumed_at=ENDED, expiry_warning_days=7)
        account = Account("org", "c", balances=Balances(available=5), lots=(Lot("1", lot, 5),))
        assert expiry.next_due(account, settings, now, None) == due - 7 * DAY
        assert expiry.next_due(account, settings, now, due) == due
        assert expiry.to_warn_of(account, settings, due - 7 * DAY, None) == {due: 5}
        assert expiry.expired_to(settings, ENDED + 29 * DAY) is None
        assert expiry.expired_to(settings, ENDED + 30 * DAY) == ENDED + 30 * DAY

    def test_waits_for_the_date_of_a_resume(self) -> None:
        resumed = rules(paused_at=ENDED, resumed_at=BEGAN)
        assert pauses.takes_nothing(resumed)
        assert expiry.expired_to(resumed, ENDED + 999 * DAY) is None


DAYS = st.integers(-100, 100).map(lambda day: ENDED + day * DAY)


@given(st.lists(st.tuples(DAYS, st.booleans()), max_size=5), st.none() | DAYS, st.none() | DAYS, DAYS, st.booleans())
def test_the_audit_reads_due_dates_after_a_pause_the_same_way(
    found: list[tuple[datetime, bool]],
    paused_at: datetime | None,
    resumed_at: datetime | None,
    now: datetime,
    paused: bool,
) -> None:
    settings = rules(paused=paused, paused_at=paused_at, resumed_at=resumed_at)
    lots = tuple(Lot(str(number), at, 5, 5 * held) for number, (at, held) in enumerate(found))
    account = Account("org", "c", lots=lots)
    warned_to = max(expiry.to_warn_of(account, settings, now, None), default=None)
    due_at = expiry.next_due(account, settings, now, warned_to)
    told = [{"id": lot.id, "expiresAt": lot.expires_at, "points": 5, "reserved": lot.reserved} for lot in lots]
    fields = {
        "loyalty": {"lots": told, "expiryWarnedTo": warned_to},
        "pointsLastCalculated": now,
        "duePointsAt": due_at,
    }
    assert list(check_points_due(Document("customers/c", fields), [settings])) == []
    other = Document("customers/c", {**fields, "duePointsAt": now + 999 * DAY})
    assert len(list(check_points_due(other, [settings]))) == 1


class TestDates:
    def test_are_no_settings(self) -> None:
        with_dates = rules(policy_since=BEGAN, paused_at=BEGAN, resumed_at=ENDED)
        assert with_dates.rule_version == DEFAULT_SETTINGS.rule_version
        assert to_document(with_dates) == to_document(DEFAULT_SETTINGS)
        assert updated_settings(with_dates, {"pointsPerDollar": 2}).resumed_at is None
        assert standing_version(with_dates) != standing_version(DEFAULT_SETTINGS)
        for name in NAMES:
            with pytest.raises(InvalidInput) as refusal:
                validated_settings({name: BEGAN})
            assert refusal.value.pointer == f"/{name}"

    def test_are_read_from_the_document_that_we_write(self) -> None:
        fields = dict.fromkeys(NAMES, BEGAN)
        assert set(dates_of(read_settings(fields, None).settings).values()) == {BEGAN}
        assert set(dates_of(read_settings(None, fields).settings).values()) == {None}
        found = read_settings({"pausedAt": "yesterday", "pointsPerDollar": 3}, None)
        assert found.settings.paused_at is None
        assert found.settings.points_per_dollar == 3

    def test_a_pause_whose_end_was_never_noted_ends_with_the_next_write(self) -> None:
        current = rules(paused_at=BEGAN)
        assert noted(current, current, current, ENDED).resumed_at == ENDED


# What a write changes: pausing, resuming, another policy, another rate.
CHANGES = st.sampled_from(
    [
        *({"paused": True}, {"paused": False}),
        *({"tierPolicy": {"graceDays": 1}}, {"tierPolicy": {"graceDays": 2}}),
        *({"pointsPerDollar": 2}, {"pointsPerDollar": 3}),
    ]
)
# Who writes: a callable of ours, a page that merges, a page that saves what it knows of.
WRITERS = st.sampled_from(["callable", "merge", "replace"])


@given(st.lists(st.tuples(CHANGES, WRITERS), max_size=6), st.randoms(use_true_random=False))
def test_dates_come_right_whoever_writes_and_however_events_arrive(
    writes: list[tuple[dict[str, Any], str]], chance: Any
) -> None:
    """All events arrive after the last write, in any order and some twice: the worst that can happen."""
    stored = truth = DEFAULT_SETTINGS
    events: list[tuple[LoyaltySettings, LoyaltySettings, datetime]] = []
    for hours, (change, writer) in enumerate(writes):
        at = BEGAN + timedelta(hours=hours)
        after = updated_settings(stored, change)
        truth = dated(truth, after, at)
        kept = {} if writer == "replace" else {name: getattr(stored, name) for name in DATES}
        after = dated(stored, after, at) if writer == "callable" else after.model_copy(update=kept)
        events.append((stored, after, at))
        stored = after
    deliveries = events + [event for event in events if chance.random() < 0.5]
    chance.shuffle(deliveries)
    current = stored
    for before, after, at in deliveries:
        current = noted(before, after, current, at)
    assert (current.policy_since, current.paused_at) == (truth.policy_since, truth.paused_at)
    # A missed end may be noted by a later write first: a little late, and never too early.
    assert (current.resumed_at is None) == (truth.resumed_at is None)
    if current.resumed_at and truth.resumed_at:
        assert truth.resumed_at <= current.resumed_at <= BEGAN + timedelta(hours=len(writes))
    assert all(noted(*event[:2], current, event[2]) == current for event in events)


class TestFollowUps:
    def test_rates_survive_as_plain_json(self) -> None:
        settings = updated_settings(DEFAULT_SETTINGS, {"country": "NG", "pointsPerDollar": 1.25, "pendingDays": 3})
        again = rates_of(rates_document(settings))
        assert (again.points_per_dollar, again.pending_days, again.time_zone) == (
            settings.points_per_dollar,
            3,
            settings.time_zone,
        )
        assert again.tiers == settings.tiers

    def test_going_on_makes_up_for_the_pause_where_that_is_wanted(self) -> None:
        before = rules(paused=True, paused_at=BEGAN, paused_orders="accrue_on_resume")
        after = dated(before, before.model_copy(update={"paused": False}), ENDED)
        assert [each.job for each in follow_ups(before, after, ENDED)] == ["recalculation", "resume"]
        skipped = after.model_copy(update={"paused_orders": "skip"})
        assert [each.job for each in follow_ups(before, skipped, ENDED)] == ["recalculation"]
        assert follow_ups(after, after, ENDED) == ()
