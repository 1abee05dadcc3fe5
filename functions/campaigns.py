"""Campaigns: callables to make, preview, schedule, send, pause, resume and cancel them, and the schedule that begins
them."""

from datetime import datetime
from typing import Annotated, Literal, TypeAlias

from pydantic import AwareDatetime, Field, StringConstraints

from functions import edge
from functions.edge import Call, DocumentId, EmailWords, Input, Json, Payload, SmsWords, Url, WriteInput
from lib.domain.access import Action
from lib.domain.audiences import CUSTOMERS_MAX, VALUES_MAX, Audience, Exclusions, Kind
from lib.domain.campaigns import ATTRIBUTION_HOURS, ATTRIBUTION_HOURS_MAX, Goal
from lib.domain.commands import Command
from lib.domain.consent import Channel
from lib.domain.holdout import PERCENT_MAX
from lib.domain.segments import Segment
from lib.usecases import campaigns, runs

_Line: TypeAlias = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
_Word: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=100)]
_Words: TypeAlias = Annotated[tuple[_Word, ...], Field(max_length=VALUES_MAX, strict=False)]
_Segment: TypeAlias = Annotated[Segment, Field(strict=False)]
_Segments: TypeAlias = Annotated[tuple[_Segment, ...], Field(max_length=VALUES_MAX, strict=False)]
_Customers: TypeAlias = Annotated[frozenset[DocumentId], Field(max_length=CUSTOMERS_MAX, strict=False)]


class AudienceInput(Payload):
    """`segments` go with type segment, `customerIds` with type custom; tiers and tags narrow any of them."""

    type: Annotated[Kind, Field(strict=False)]
    segments: _Segments = ()
    tiers: _Words = ()
    tags: _Words = ()
    customer_ids: _Customers = frozenset()


class ExclusionsInput(Payload):
    """Who gets nothing, whatever the audience says."""

    segments: _Segments = ()
    tags: _Words = ()
    customer_ids: _Customers = frozenset()


class ContentInput(Payload):
    sms: SmsWords | None = None
    email: EmailWords | None = None


class CreateInput(WriteInput):
    """`segmentId` fills in name, goal and audience where they are left out. `channels`: those of the content if left
    out. `holdoutPercent`: who gets nothing, to compare with."""

    segment_id: _Segment | None = None
    name: _Line | None = None
    goal: Annotated[Goal, Field(strict=False)] | None = None
    description: Annotated[str, StringConstraints(max_length=2000)] = ""
    audience: AudienceInput | None = None
    excluded: ExclusionsInput = ExclusionsInput()
    content: ContentInput = ContentInput()
    channels: Annotated[tuple[Literal["sms", "email"], ...], Field(max_length=2, strict=False)] | None = None
    holdout_percent: Annotated[int, Field(ge=0, le=PERCENT_MAX)] = 0
    attribution_hours: Annotated[int, Field(ge=1, le=ATTRIBUTION_HOURS_MAX)] = ATTRIBUTION_HOURS
    link_url: Url = ""
    tags: _Words = ()


class PreviewInput(Input):
    campaign_id: DocumentId


class CampaignInput(WriteInput):
    campaign_id: DocumentId


class SendInput(CampaignInput):
    """`acceptWarnings`: somebody has seen what carriers may refuse, and wants it sent."""

    accept_warnings: bool = False


class ScheduleInput(SendInput):
    """`scheduledAt`: ISO 8601 with an offset."""

    scheduled_at: Annotated[AwareDatetime, Field(strict=False)]


@edge.on_call(Action.CREATE_CAMPAIGN, CreateInput)
def create_campaign(call: Call[CreateInput]) -> Json:
    """Makes a draft, of which a segment may fill in the most."""
    from lib.domain.message_wording import EmailTemplate, SmsTemplate, Template
    from lib.usecases.campaigns.creating import Wishes

    data = call.data
    content: dict[Channel, Template] = {}
    if words := data.content.sms:
        content[Channel.SMS] = SmsTemplate(words.body, words.image_url)
    if mail := data.content.email:
        content[Channel.EMAIL] = EmailTemplate(mail.subject, mail.body, mail.html_body)
    wishes = Wishes(
        segment=data.segment_id,
        name=data.name,
        goal=data.goal,
        description=data.description,
        audience=_audience(data.audience) if data.audience else None,
        excluded=Exclusions(data.excluded.segments, data.excluded.tags, data.excluded.customer_ids),
        content=content,
        channels=tuple(map(Channel, data.channels)) if data.channels is not None else None,
        holdout_percent=data.holdout_percent,
        attribution_hours=data.attribution_hours,
        link_url=data.link_url,
        tags=data.tags,
    )
    return campaigns.create(call.command(), wishes)


@edge.on_call(Action.PREVIEW_CAMPAIGN, PreviewInput)
def preview_campaign(call: Call[PreviewInput]) -> Json:
    """How many would get it, who would not and why, what is wrong with it, and how it reads to one of them."""
    from lib.domain.frequency import MessageType
    from lib.domain.message_wording import EmailTemplate, SmsTemplate
    from lib.usecases.sending import previewing

    found = campaigns.preview(call.data.org_id, call.data.campaign_id)
    shown = {}
    for channel, example in found.examples.items():
        sketch = previewing.Sketch(
            kind=MessageType.CAMPAIGN,
            sms=example.template if isinstance(example.template, SmsTemplate) else None,
            email=example.template if isinstance(example.template, EmailTemplate) else None,
            customer_id=example.customer_id,
            link_url=found.link_url,
        )
        shown[channel.value] = previewing.preview(call.data.org_id, sketch)[channel.value]
    return {**found.answer, "examples": shown}


@edge.on_call(Action.SCHEDULE_CAMPAIGN, ScheduleInput)
def schedule_campaign(call: Call[ScheduleInput]) -> Json:
    """Fixes what a campaign sends, and when it begins."""
    at: datetime = call.data.scheduled_at
    command = call.command()
    return campaigns.schedule(command, call.data.campaign_id, at, accepts_warnings=call.data.accept_warnings)


@edge.on_call(Action.SEND_CAMPAIGN, SendInput)
def send_campaign(call: Call[SendInput]) -> Json:
    """Begins to send a campaign now."""
    command, data = call.command(), call.data
    return _awake(command, campaigns.send(command, data.campaign_id, accepts_warnings=data.accept_warnings))


@edge.on_call(Action.PAUSE_CAMPAIGN, CampaignInput)
def pause_campaign(call: Call[CampaignInput]) -> Json:
    """Holds a campaign back, also what is queued of it."""
    command = call.command()
    return _awake(command, campaigns.pause(command, call.data.campaign_id))


@edge.on_call(Action.RESUME_CAMPAIGN, CampaignInput)
def resume_campaign(call: Call[CampaignInput]) -> Json:
    """Goes on with a campaign that is paused, or has failed half-way."""
    command = call.command()
    return _awake(command, campaigns.resume(command, call.data.campaign_id))


@edge.on_call(Action.CANCEL_CAMPAIGN, CampaignInput)
def cancel_campaign(call: Call[CampaignInput]) -> Json:
    """Ends a campaign for good."""
    command = call.command()
    return _awake(command, campaigns.cancel(command, call.data.campaign_id))


@edge.on_schedule("*/5 * * * *")
def send_campaigns() -> None:
    """Begins the campaigns whose time has come."""
    for org_id, run_id in campaigns.begin_due():
        runs.wake(org_id, run_id, "begin")


def _audience(data: AudienceInput) -> Audience:
    return Audience(data.type, data.segments, data.tiers, data.tags, data.customer_ids)


def _awake(command: Command, answer: Json) -> Json:
    """Has the campaign's run look at what was decided; also when the call is repeated, since the first may have died
    here."""
    run_id = answer["campaign"]["runId"]
    if answer["ok"] and run_id:
        runs.wake(command.org_id, run_id, f"{command.function}:{command.id_of('campaign')}")
    return answer
