"""What a campaign would do if it was sent now: to how many, to whom not and why, and what is wrong with it.

It is a look at what the campaign says by now; `editedSince` is true where that is not what was fixed when it was
scheduled or sent. Nothing is written. The size of the audience is exact. Whether somebody can be written to has to be
looked at for each: that is done for all of an audience of up to `LOOKED_AT_MAX`, and else for so many of them, the
first by id.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime

from lib.domain.answers import Answer
from lib.domain.campaigns import Campaign
from lib.domain.consent import Channel, Purpose, refusal
from lib.domain.holdout import is_held_out
from lib.domain.message_wording import Template
from lib.platform import clock
from lib.store import audiences, consents, messaging, readers
from lib.store import campaigns as store
from lib.store import settings as loyalty
from lib.store.audiences import Found
from lib.store.consents import Asked
from lib.store.org import OrgStore
from lib.store.readers import Reader
from lib.usecases.campaigns.eligibility import eligible
from lib.usecases.campaigns.preparing import checked, plan_of
from lib.usecases.campaigns.telling import of_campaign

LOOKED_AT_MAX = 2_000
"""Customers whose consent a preview reads: the most it costs is some 12,000 reads, and a few seconds."""

_ASKED_AT_ONCE = 50
_THREADS = 8


@dataclass(frozen=True, slots=True)
class Example:
    """Words to show, and whose values to show them with; None for nobody's."""

    template: Template
    customer_id: str | None


@dataclass(frozen=True, slots=True)
class Preview:
    """`answer`: the figures, plain JSON. `examples`: what could be shown of each channel."""

    answer: Answer
    examples: Mapping[Channel, Example] = field(default_factory=dict)
    link_url: str = ""


@dataclass(frozen=True, slots=True)
class _Seen:
    """What was found of the customers looked at, on one channel."""

    reachable: tuple[str, ...]
    skipped: Mapping[str, int]


def preview(org_id: str, campaign_id: str) -> Preview:
    """See above. Raises NotFound.

    Reads: the campaign, those that count the audience (lib/store/audiences.py `size`), and for each customer looked at
    one, one more for a text and two or three for an e-mail.
    """
    org, now = OrgStore(org_id), clock.now()
    campaign = store.load(org, campaign_id)
    settings = messaging.load(org)
    found = checked(campaign, settings, accepts_warnings=False)
    customers = audiences.page(org, campaign.audience, LOOKED_AT_MAX)
    size = len(customers) if len(customers) < LOOKED_AT_MAX else audiences.size(org, campaign.audience)
    seen = {channel: _look(org, campaign, channel, customers, now) for channel in campaign.channels}
    reachable = {customer_id for each in seen.values() for customer_id in each.reachable}
    held_out = sum(is_held_out(org_id, customer_id, campaign.holdout_percent) for customer_id in reachable)
    answer = {
        "ok": True,
        "campaign": of_campaign(campaign),
        "audience": {"size": size, "lookedAt": len(customers), "sampled": len(customers) < size},
        "reachable": len(reachable),
        "heldOut": held_out,
        "channels": {
            channel.value: {
                "on": settings.is_on(channel),
                "reachable": len(each.reachable),
                "skipped": dict(each.skipped),
            }
            for channel, each in seen.items()
        },
        "editedSince": campaign.has_plan and plan_of(campaign).id_in(org_id) != campaign.plan_id,
        "refusal": found.refusal.value if found.refusal else None,
        **found.facts,
    }
    examples = {
        channel: Example(campaign.content[channel], next(iter(each.reachable), None))
        for channel, each in seen.items()
        if channel in campaign.content
    }
    return Preview(answer, examples, campaign.link_url)


def _look(org: OrgStore, campaign: Campaign, channel: Channel, customers: Sequence[Found], now: datetime) -> _Seen:
    country = loyalty.load(org).country
    people = [
        (customer.id, reader)
        for customer in customers
        if (reader := readers.decode(org, customer, channel, country, now))
    ]
    skipped = Counter[str]()
    left: list[tuple[str, Reader]] = []
    for customer_id, reader in people:
        reason = eligible(campaign.audience, campaign.excluded, customer_id, reader)
        if reason:
            skipped[reason] += 1
        else:
            left.append((customer_id, reader))
    reachable: list[str] = []
    with ThreadPoolExecutor(_THREADS) as threads:
        pages = [left[start : start + _ASKED_AT_ONCE] for start in range(0, len(left), _ASKED_AT_ONCE)]
        for page, reasons in zip(
            pages, threads.map(lambda page: _refusals(org, channel, page, now), pages), strict=True
        ):
            for (customer_id, _), reason in zip(page, reasons, strict=True):
                if reason:
                    skipped[reason] += 1
                else:
                    reachable.append(customer_id)
    return _Seen(tuple(reachable), skipped)


def _refusals(org: OrgStore, channel: Channel, people: Sequence[tuple[str, Reader]], now: datetime) -> list[str]:
    """Why each of them cannot be written to for want of consent; "" for nothing."""
    asked = [Asked(reader.recipient.address or "", customer_id, reader.profile) for customer_id, reader in people]
    states = consents.states(org, channel, asked, now)
    found = (
        refusal(reader.recipient, state, Purpose.MARKETING) for (_, reader), state in zip(people, states, strict=True)
    )
    return [reason.value if reason else "" for reason in found]
