"""What a campaign would send, checked as a whole and fixed: its words, its audience, and why it cannot be sent.

Done before the transaction that schedules or begins it. What is fixed is what was there when somebody asked.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from lib.domain import sms_lint, templates
from lib.domain.audiences import CUSTOMERS_MAX, VALUES_MAX, ids_bytes
from lib.domain.campaigns import Campaign, Compliance, Plan, Refusal, Review
from lib.domain.composition import compose_email, compose_sms
from lib.domain.consent import Channel, Purpose
from lib.domain.errors import InvalidInput
from lib.domain.frequency import MessageType
from lib.domain.message_variables import CustomerFacts, customer_values, occasion_variables
from lib.domain.message_wording import SmsTemplate, Template, template_id
from lib.domain.messaging import MessagingSettings
from lib.domain.sms_lint import Severity
from lib.store import campaign_plans, message_templates, messaging
from lib.store.org import OrgStore

KIND = MessageType.CAMPAIGN
"""Every message of a campaign is advertising, whatever its goal."""

_MARKUP = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_URL = re.compile(r'https://[^\s<>"\\]{1,990}')
_IDS_BYTES_MAX = 700_000
_LINK = "https://example.com/a"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a field, at its JSON pointer in the campaign's document."""

    pointer: str
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """A campaign ready to be sent by its plan, or why it is not: the first reason, and all that is wrong. `reviews`: of
    its words, in either case."""

    plan: Plan | None = None
    plan_id: str = ""
    refusal: Refusal | None = None
    problems: tuple[Problem, ...] = ()
    reviews: Mapping[Channel, Review] = field(default_factory=dict)

    @property
    def facts(self) -> dict[str, Any]:
        """What callers are told of a refusal."""
        told = [{"pointer": it.pointer, "reason": it.reason, "message": it.message} for it in self.problems]
        return {"problems": told}


def prepare(org: OrgStore, campaign: Campaign, now: datetime, *, accepts_warnings: bool) -> Prepared:
    """Checks the campaign as it is and keeps its words and its plan. At most four reads and three writes.

    accepts_warnings: a person has seen that carriers may refuse the text, and wants it sent.
    """
    prepared = checked(campaign, messaging.load(org), accepts_warnings=accepts_warnings)
    if prepared.refusal:
        return prepared
    for channel in campaign.channels:
        message_templates.keep(org, campaign.content[channel], now)
    plan = plan_of(campaign)
    return Prepared(plan, campaign_plans.keep(org, plan, now), reviews=prepared.reviews)


def plan_of(campaign: Campaign) -> Plan:
    """What the campaign says by now, of the channels that have words."""
    channels = tuple(channel for channel in campaign.channels if channel in campaign.content)
    return Plan(
        channels=channels,
        template_ids={channel: template_id(campaign.org_id, campaign.content[channel]) for channel in channels},
        audience=campaign.audience,
        excluded=campaign.excluded,
        holdout_percent=campaign.holdout_percent,
        link_url=campaign.link_url,
    )


def checked(campaign: Campaign, settings: MessagingSettings, *, accepts_warnings: bool) -> Prepared:
    """The same without keeping anything."""
    wanted = {channel: campaign.content[channel] for channel in campaign.channels if channel in campaign.content}
    bad = tuple(
        problem
        for template in wanted.values()
        for problem in _problems(template, settings, has_link=bool(campaign.link_url))
    )
    blocked = {channel: _blocked(template) for channel, template in wanted.items()}
    reviews = {channel: _review(channel, bad, blocked[channel], accepts_warnings) for channel in wanted}
    refused = tuple(it for found in blocked.values() for it in found) if not accepts_warnings else ()
    bad_link = () if not campaign.link_url or _URL.fullmatch(campaign.link_url) else (_LINK_PROBLEM,)
    off = any(not settings.is_on(channel) for channel in campaign.channels)
    reasons: tuple[tuple[Refusal, bool, tuple[Problem, ...]], ...] = (
        (Refusal.NO_CHANNEL, not campaign.channels, ()),
        (Refusal.NO_CONTENT, len(wanted) < len(campaign.channels), ()),
        (Refusal.NO_AUDIENCE, campaign.audience.is_nobody, ()),
        (Refusal.AUDIENCE_TOO_LARGE, _is_too_large(campaign), ()),
        (Refusal.BAD_TEMPLATE, bool(bad or bad_link), bad + bad_link),
        (Refusal.CARRIERS_REFUSE, bool(refused), refused),
        (Refusal.CHANNEL_OFF, off, ()),
    )
    for reason, applies, problems in reasons:
        if applies:
            return Prepared(refusal=reason, problems=problems, reviews=reviews)
    return Prepared(reviews=reviews)


_LINK_PROBLEM = Problem("/linkUrl", "bad_url", "must be an https address")


def _is_too_large(campaign: Campaign) -> bool:
    """Whether it names more than one document, or one filter, can hold."""
    audience, excluded = campaign.audience, campaign.excluded
    named = audience.customer_ids | excluded.customer_ids
    lists = (audience.segments, audience.tiers, audience.tags, excluded.segments, excluded.tags)
    return (
        len(named) > CUSTOMERS_MAX
        or ids_bytes(audience, excluded) > _IDS_BYTES_MAX
        or any(len(each) > VALUES_MAX for each in lists)
    )


def _problems(template: Template, settings: MessagingSettings, *, has_link: bool) -> list[Problem]:
    """Why the words can make no message, for anybody."""
    at = f"/content/{template.channel}"
    found = [
        Problem(f"{at}/{name}", problem.reason, f"line {problem.line}, column {problem.column}: {problem.message}")
        for name, part, source in template.parts
        for problem in templates.problems(source, part, occasion_variables(KIND))
    ]
    if isinstance(template, SmsTemplate) and template.image_url and not _URL.fullmatch(template.image_url):
        found.append(Problem(f"{at}/imageUrl", "bad_url", "must be an https address"))
    if found:
        return found
    try:
        missing = _missing(template, settings)
    except InvalidInput as error:
        return [Problem(f"{at}{error.pointer}", error.reason or "invalid", error.message)]
    if "link" in missing and not has_link:
        return [Problem(at, "no_link", "uses the variable link, and the campaign has no linkUrl")]
    return []


def _missing(template: Template, settings: MessagingSettings) -> tuple[str, ...]:
    """Which variables the words ask for that a customer of whom nothing is known has not. Raises InvalidInput where no
    message can be made for such a one."""
    values = {**customer_values(CustomerFacts(), settings.shop_name or None), "unsubscribeUrl": _LINK}
    if isinstance(template, SmsTemplate):
        return compose_sms(template.body, values, Purpose.MARKETING, settings.wording).missing
    return compose_email(template.subject, template.body, template.html or None, values, None).missing


def _blocked(template: Template) -> tuple[Problem, ...]:
    """What carriers refuse to deliver, in all branches of a text."""
    if not isinstance(template, SmsTemplate):
        return ()
    found = sms_lint.lint(_MARKUP.sub(" ", template.body))
    named = dict.fromkeys((it.category.value, it.found) for it in found if it.severity is Severity.REFUSED)
    return tuple(Problem("/content/sms/body", category, f"carriers refuse “{word}”") for category, word in named)


def _review(channel: Channel, bad: tuple[Problem, ...], blocked: tuple[Problem, ...], accepted: bool) -> Review:
    mine = [it for it in bad if it.pointer.startswith(f"/content/{channel}")]
    if mine or (blocked and not accepted):
        status = Compliance.FAILED
    else:
        status = Compliance.WARNING if blocked else Compliance.PASSED
    return Review(status, tuple(f"{it.reason}: {it.message}" for it in (*mine, *blocked)))
