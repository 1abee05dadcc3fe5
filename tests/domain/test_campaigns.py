"""Campaigns and their audiences as values: the state machine, who belongs, what a plan's id depends on."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from lib.domain import campaigns as domain
from lib.domain.audiences import PREFILLED, Audience, Exclusions, Kind, Traits, of_segment
from lib.domain.campaigns import Campaign, Goal, Plan, Status
from lib.domain.consent import Channel
from lib.domain.message_wording import SmsTemplate
from lib.domain.segments import Segment

NOW = datetime(2026, 11, 3, 18, tzinfo=UTC)
HOUR = timedelta(hours=1)


def campaign(status: Status = Status.DRAFT, **fields: object) -> Campaign:
    made = Campaign(
        id="spring",
        org_id="org_a",
        name="Spring",
        goal="winback",
        status=status,
        channels=(Channel.SMS,),
        audience=of_segment(Segment.AT_RISK),
        content={Channel.SMS: SmsTemplate("Hi")},
        created_by="ann",
        created_at=NOW,
        updated_at=NOW,
    )
    return replace(made, **fields)  # type: ignore[arg-type]  # fields by name


_STOPPED = (Status.PAUSED, Status.FAILED, Status.DRAFT, Status.APPROVED, Status.SCHEDULED)


class TestStates:
    @pytest.mark.parametrize(
        ("status", "sendable", "pausable", "cancellable"),
        [
            (Status.DRAFT, True, False, True),
            (Status.COMPLIANCE_REVIEW, True, False, True),
            (Status.PENDING_APPROVAL, True, False, True),
            (Status.APPROVED, True, False, True),
            (Status.SCHEDULED, True, True, True),
            # Claimed by somebody who never began.
            (Status.SENDING, True, True, True),
            (Status.PAUSED, True, False, True),
            (Status.FAILED, True, False, True),
            (Status.SENT, False, False, False),
            (Status.CANCELLED, False, False, False),
        ],
    )
    def test_what_can_be_done_before_it_has_begun(
        self, status: Status, sendable: bool, pausable: bool, cancellable: bool
    ) -> None:
        found = campaign(status)
        allowed = (found.can_be_sent, domain.can_be_paused(found), domain.can_be_cancelled(found))
        assert allowed == (sendable, pausable, cancellable)

    @pytest.mark.parametrize("status", list(Status))
    def test_what_has_begun_is_never_begun_again(self, status: Status) -> None:
        assert not campaign(status, sent_at=NOW).can_be_sent

    def test_resuming_goes_back_to_where_it_was(self) -> None:
        waiting = domain.scheduled(campaign(), NOW + HOUR, "ann", NOW)
        assert domain.resumed(domain.paused(waiting, NOW), NOW).status is Status.SCHEDULED
        sending = domain.begun(waiting, "run", 10, "ann", NOW)
        assert domain.resumed(domain.paused(sending, NOW), NOW).status is Status.SENDING

    @pytest.mark.parametrize(
        ("status", "fields", "resumable"),
        [
            (Status.PAUSED, {}, False),
            (Status.PAUSED, {"scheduled_at": NOW}, True),
            (Status.FAILED, {"scheduled_at": NOW}, False),
            (Status.DRAFT, {"scheduled_at": NOW}, False),
            # Begun by us, and by the dashboard's own sender.
            *((status, {"sent_at": NOW, "run_id": "run"}, True) for status in _STOPPED),
            *((status, {"sent_at": NOW}, False) for status in _STOPPED),
            *((status, {"sent_at": NOW, "run_id": "run"}, False) for status in (Status.CANCELLED, Status.SENT)),
        ],
    )
    def test_what_can_be_resumed(self, status: Status, fields: dict[str, object], resumable: bool) -> None:
        assert domain.can_be_resumed(campaign(status, **fields)) is resumable

    def test_whoever_schedules_first_has_approved(self) -> None:
        first = domain.scheduled(campaign(), NOW + HOUR, "ann", NOW)
        again = domain.scheduled(first, NOW + 2 * HOUR, "bob", NOW + HOUR)
        assert (again.approved_by, again.approved_at, again.scheduled_at) == ("ann", NOW, NOW + 2 * HOUR)

    def test_overdue_after_a_day(self) -> None:
        found = campaign(Status.SCHEDULED, scheduled_at=NOW)
        assert not found.is_overdue(NOW + timedelta(days=1))
        assert found.is_overdue(NOW + timedelta(days=1, seconds=1))


class TestAudience:
    TRAITS = Traits("vip", "gold", frozenset({"dog", "edge"}))

    @pytest.mark.parametrize(
        ("audience", "belongs"),
        [
            (Audience(Kind.ALL), True),
            (Audience(Kind.SEGMENT, segments=("vip", "new")), True),
            (Audience(Kind.SEGMENT, segments=("new",)), False),
            (Audience(Kind.SEGMENT), False),
            (Audience(Kind.SEGMENT, tiers=("gold",)), True),
            (Audience(Kind.SEGMENT, segments=("vip",), tiers=("silver",)), False),
            (Audience(Kind.SEGMENT, segments=("vip",), tags=("cat", "dog")), True),
            (Audience(Kind.ALL, tags=("cat",)), False),
            (Audience(Kind.CUSTOM, customer_ids=frozenset({"kim"})), True),
            (Audience(Kind.CUSTOM, customer_ids=frozenset({"lee"})), False),
            (Audience(Kind.CUSTOM, customer_ids=frozenset({"kim"}), tiers=("silver",)), False),
            (Audience(Kind.CUSTOM), False),
        ],
    )
    def test_every_word_narrows_it(self, audience: Audience, belongs: bool) -> None:
        assert audience.includes("kim", self.TRAITS) is belongs

    @pytest.mark.parametrize(
        ("excluded", "out"),
        [
            (Exclusions(), False),
            (Exclusions(segments=("vip",)), True),
            (Exclusions(tags=("edge", "x")), True),
            (Exclusions(customer_ids=frozenset({"kim"})), True),
            (Exclusions(("new",), ("cat",), frozenset({"lee"})), False),
        ],
    )
    def test_any_word_excludes(self, excluded: Exclusions, out: bool) -> None:
        assert excluded.exclude("kim", self.TRAITS) is out

    def test_every_segment_has_something_to_begin_with(self) -> None:
        assert set(PREFILLED) == set(Segment)
        assert {filled.goal for filled in PREFILLED.values()} <= {goal.value for goal in Goal}


class TestIds:
    PLAN = Plan((Channel.SMS,), {Channel.SMS: "words"}, of_segment(Segment.VIP), Exclusions(), 10, "https://a.example")

    @pytest.mark.parametrize(
        "change",
        [
            {"template_ids": {Channel.SMS: "other"}},
            {"channels": (Channel.EMAIL,), "template_ids": {Channel.EMAIL: "words"}},
            {"audience": Audience(Kind.CUSTOM, customer_ids=frozenset({"a"}))},
            {"excluded": Exclusions(tags=("a",))},
            {"holdout_percent": 11},
            {"link_url": ""},
        ],
    )
    def test_a_plan_is_named_after_all_of_it(self, change: dict[str, object]) -> None:
        other = replace(self.PLAN, **change)  # type: ignore[arg-type]  # fields by name
        assert other.id_in("org_a") != self.PLAN.id_in("org_a") == replace(self.PLAN).id_in("org_a")

    def test_plans_of_two_orgs_have_two_ids(self) -> None:
        assert self.PLAN.id_in("org_a") != self.PLAN.id_in("org_b")

    def test_one_recipient_for_each_customer_channel_and_step(self) -> None:
        channels = (Channel.SMS, Channel.EMAIL, None)
        ids = {
            domain.recipient_id("spring", who, channel, step) for who in "ab" for channel in channels for step in (1, 2)
        }
        assert len(ids) == 12
