"""Campaigns: one message to many, and the states it goes through in the dashboard's words.

    draft, compliance_review, pending_approval, approved ──▶ scheduled ──▶ sending ──▶ sent
                      │                                          │  ▲          │  ▲
                      └──────────────────▶ sending               ▼  │          ▼  │
                                                                paused        paused, failed
    anything that is not sent or cancelled ──▶ cancelled, for good

What is sent is fixed when it is scheduled, or sent: the words, the audience and the rest are kept as a `Plan`, whose id
derives from them. Whoever edits the campaign afterwards changes nothing that goes out; scheduling it anew does.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from lib.domain.audiences import Audience, Exclusions, digest
from lib.domain.consent import Channel
from lib.domain.ids import derived_id
from lib.domain.message_wording import Template
from lib.domain.messages import Cause

STEP = 1
"""The first, and so far only, message of a campaign. It is part of every id, so that a second one could follow."""
ATTRIBUTION_HOURS = 72
"""How long after a message an order counts as brought about by it; the dashboard's own window."""
ATTRIBUTION_HOURS_MAX = 30 * 24
OVERDUE = timedelta(days=1)
"""A campaign that could not begin for so long, because of an outage, is left to a person: its offer may be stale."""
ELSEWHERE = timedelta(hours=1)
"""How long a request of the dashboard's, in which it sends a campaign by itself, can take."""
AHEAD_MAX = timedelta(days=365)
"""How far ahead a campaign can be scheduled."""


class Status(StrEnum):
    """Stored as `campaigns.status`; the dashboard's values."""

    DRAFT = "draft"
    COMPLIANCE_REVIEW = "compliance_review"
    PENDING_APPROVAL = "pending_approval"
    APPROVED = "approved"
    SCHEDULED = "scheduled"
    SENDING = "sending"
    SENT = "sent"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    FAILED = "failed"


class Goal(StrEnum):
    """The dashboard's values of `campaigns.goal`."""

    DRIVE_SALES = "drive_sales"
    WINBACK = "winback"
    RETENTION = "retention"
    LOYALTY = "loyalty"
    BIRTHDAY = "birthday"
    RESTOCK_ALERT = "restock_alert"
    VIP_APPRECIATION = "vip_appreciation"
    PRODUCT_LAUNCH = "product_launch"
    EVENT_PROMO = "event_promo"
    AWARENESS = "awareness"


class Compliance(StrEnum):
    """What was found in the words (`complianceStatus`): nothing, something that may be sent, something that may not."""

    PASSED = "passed"
    WARNING = "warning"
    FAILED = "failed"


class Refusal(StrEnum):
    """Why a campaign is not scheduled, sent, paused, resumed or cancelled. A closed list; callers are told."""

    WRONG_STATUS = "wrong_status"
    NO_CHANNEL = "no_channel"
    NO_CONTENT = "no_content"
    NO_AUDIENCE = "no_audience"
    AUDIENCE_TOO_LARGE = "audience_too_large"
    CHANNEL_OFF = "channel_off"
    BAD_TEMPLATE = "bad_template"
    CARRIERS_REFUSE = "carriers_refuse"
    OVERDUE = "overdue"
    RUN_TOO_OLD = "run_too_old"


@dataclass(frozen=True, slots=True)
class Review:
    """What was found in the words of one channel, in words for people, at a time (UTC)."""

    status: Compliance
    violations: tuple[str, ...] = ()
    suggestions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What is sent, to whom, on which channels, fixed for good. `link_url`: where the variable `link` leads, "" for
    nowhere."""

    channels: tuple[Channel, ...]
    template_ids: Mapping[Channel, str]
    audience: Audience
    excluded: Exclusions = field(default_factory=Exclusions)
    holdout_percent: int = 0
    link_url: str = ""

    def id_in(self, org_id: str) -> str:
        """Derives from all of it."""
        words = (f"{channel}:{self.template_ids[channel]}" for channel in self.channels)
        rest = (digest(self.audience, self.excluded), str(self.holdout_percent), self.link_url)
        return derived_id("campaign_plan", org_id, *rest, *words)


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign as its document says it; times are aware, UTC, None for not (yet).

    holdout_percent: share of the audience that gets nothing, to compare with (0 to 50). attribution_hours: see
    `ATTRIBUTION_HOURS`. plan_id, template_ids: what is sent, once it has been scheduled or sent; planned_for: the time
    for which it was scheduled then. run_id: the run that sends it. claimed_at: when it was taken up. sent_at: when it
    began to be sent. completed_at: when nothing was left to send. reason: why it is paused or failed, "" for no reason
    but somebody's wish. estimated_count, resolved_count: customers of the audience, or a few more, when it was created,
    and when it began. reviews: made by the last attempt to schedule or send it. version: counts our writes. stored: the
    document, whose maps hold fields of the dashboard's.
    """

    id: str
    org_id: str
    name: str
    goal: str
    status: Status
    channels: tuple[Channel, ...]
    audience: Audience
    content: Mapping[Channel, Template]
    created_by: str
    created_at: datetime | None
    updated_at: datetime | None
    description: str = ""
    excluded: Exclusions = field(default_factory=Exclusions)
    holdout_percent: int = 0
    attribution_hours: int = ATTRIBUTION_HOURS
    link_url: str = ""
    tags: tuple[str, ...] = ()
    step: int = STEP
    plan_id: str = ""
    planned_for: datetime | None = None
    template_ids: Mapping[Channel, str] = field(default_factory=dict)
    run_id: str = ""
    scheduled_at: datetime | None = None
    claimed_at: datetime | None = None
    sent_at: datetime | None = None
    completed_at: datetime | None = None
    approved_at: datetime | None = None
    approved_by: str = ""
    estimated_count: int = 0
    resolved_count: int | None = None
    reviews: Mapping[Channel, Review] = field(default_factory=dict)
    reviewed_at: datetime | None = None
    reason: str = ""
    version: int = 0
    stored: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def cause(self) -> Cause:
        """What its messages are about: one for each customer and channel, whatever happens."""
        return Cause("campaign", f"{self.id}:{self.step}")

    @property
    def run_key(self) -> str:
        """The key of the run that sends it: sending it twice starts one run."""
        return f"{self.id}:{self.step}"

    @property
    def has_begun(self) -> bool:
        """Whether it has begun to be sent."""
        return self.sent_at is not None

    @property
    def can_be_sent(self) -> bool:
        """Whether it can be scheduled or sent: it has not begun, and is not over. One that the dashboard claimed and
        left behind has not begun either."""
        return not self.has_begun and self.status not in (Status.SENT, Status.CANCELLED)

    def may_be_sent_elsewhere(self, now: datetime) -> bool:
        """Whether the dashboard's own sender, which keeps no record until its end, may be at work on it just now."""
        taken_up = self.claimed_at or self.updated_at
        is_theirs = self.status is Status.SENDING and not self.has_begun
        return is_theirs and taken_up is not None and now - taken_up < ELSEWHERE

    @property
    def has_plan(self) -> bool:
        """Whether what is sent has been fixed. Not so once the dashboard has scheduled it for another time: then what
        it says by then is meant."""
        return bool(self.plan_id) and self.planned_for == self.scheduled_at

    def is_overdue(self, now: datetime) -> bool:
        """Whether it should have begun more than a day ago."""
        return self.scheduled_at is not None and now - self.scheduled_at > OVERDUE


class Group(StrEnum):
    """What was decided about one customer of the audience.

    TREATED and HOLDOUT could have been written to, were split by lot, and are to be compared: whether a message arrived
    does not matter. SKIPPED could not be written to, held out or not; nobody compares them.
    """

    TREATED = "treated"
    HOLDOUT = "holdout"
    SKIPPED = "skipped"


NO_CHANNEL = "none"
"""The `channel` of the one recipient document of a customer who is held out."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """What a campaign does about one customer on one channel, as it is written before anything is sent.

    A customer who is held out has one, without a channel; any other has one for each channel of the plan. `first`: true
    of exactly one of a customer's (of a treated one, on a channel it is treated on), so that counting those counts
    customers. reason: why nothing is sent, "" for those who are treated or held out. email, phone: normalised.
    """

    campaign_id: str
    customer_id: str
    channel: Channel | None
    step: int
    group: Group
    first: bool
    created_at: datetime
    reason: str = ""
    message_id: str = ""
    email: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    first_name: str = field(default="", repr=False)
    segment: str = ""

    @property
    def id(self) -> str:
        """The same for this campaign, customer, channel and step, whatever happens."""
        return recipient_id(self.campaign_id, self.customer_id, self.channel, self.step)


def recipient_id(campaign_id: str, customer_id: str, channel: Channel | None, step: int) -> str:
    """The id of a recipient document; `channel` None for a customer who is held out."""
    return derived_id("recipient", campaign_id, customer_id, channel or NO_CHANNEL, str(step))


def planned(campaign: Campaign, plan_id: str, plan: Plan, reviews: Mapping[Channel, Review], now: datetime) -> Campaign:
    """What is sent is fixed."""
    return replace(
        campaign, plan_id=plan_id, template_ids=plan.template_ids, reviews=reviews, reviewed_at=now, updated_at=now
    )


def reviewed(campaign: Campaign, reviews: Mapping[Channel, Review], now: datetime) -> Campaign:
    """Its words have been looked at, and it is not sent."""
    return replace(campaign, reviews=reviews, reviewed_at=now, updated_at=now)


def scheduled(campaign: Campaign, at: datetime, by: str, now: datetime) -> Campaign:
    """To begin at a time, by the plan it has. Whoever schedules it has approved it."""
    return replace(
        _approved(campaign, by, now),
        status=Status.SCHEDULED,
        scheduled_at=at,
        planned_for=at,
        claimed_at=None,
        reason="",
    )


def begun(campaign: Campaign, run_id: str, members: int, by: str, now: datetime) -> Campaign:
    """Being sent from now on, by that run, to so many or fewer. Whoever sends it, "" for nobody, has approved it."""
    return replace(
        _approved(campaign, by, now),
        status=Status.SENDING,
        run_id=run_id,
        claimed_at=now,
        sent_at=now,
        resolved_count=members,
        reason="",
        updated_at=now,
    )


def paused(campaign: Campaign, now: datetime, reason: str = "") -> Campaign:
    """Not sent until it is resumed."""
    return replace(campaign, status=Status.PAUSED, reason=reason, updated_at=now)


def resumed(campaign: Campaign, now: datetime) -> Campaign:
    """Going on where it was: being sent, or waiting for its time."""
    status = Status.SENDING if campaign.has_begun else Status.SCHEDULED
    return replace(campaign, status=status, reason="", updated_at=now)


def cancelled(campaign: Campaign, now: datetime) -> Campaign:
    """Over, for good."""
    return replace(campaign, status=Status.CANCELLED, completed_at=now, updated_at=now)


def completed(campaign: Campaign, now: datetime) -> Campaign:
    """Sent: nothing of it is left to send."""
    return replace(campaign, status=Status.SENT, completed_at=now, reason="", updated_at=now)


def failed(campaign: Campaign, reason: str, now: datetime) -> Campaign:
    """It cannot be sent, or not to everybody, until a person resumes it."""
    return replace(campaign, status=Status.FAILED, reason=reason, updated_at=now)


def can_be_paused(campaign: Campaign) -> bool:
    return campaign.status in (Status.SCHEDULED, Status.SENDING)


def can_be_resumed(campaign: Campaign) -> bool:
    """One whose run has begun can go on from wherever somebody has put it, a draft again in the dashboard too; one that
    has not begun, and never was scheduled, has nothing to go back to."""
    if campaign.has_begun:
        return bool(campaign.run_id) and campaign.status not in (Status.SENDING, Status.SENT, Status.CANCELLED)
    return campaign.status is Status.PAUSED and campaign.scheduled_at is not None


def can_be_cancelled(campaign: Campaign) -> bool:
    return campaign.status not in (Status.SENT, Status.CANCELLED)


def _approved(campaign: Campaign, by: str, now: datetime) -> Campaign:
    if campaign.approved_at is not None or not by:
        return replace(campaign, updated_at=now)
    return replace(campaign, approved_at=now, approved_by=by, updated_at=now)
