"""Making a campaign: a draft, from what somebody wishes and, for the rest, from the segment it is for."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from lib.domain.answers import Answer
from lib.domain.audiences import PREFILLED, Audience, Exclusions, Kind, ids_bytes, of_segment
from lib.domain.campaigns import ATTRIBUTION_HOURS, Campaign, Goal, Status
from lib.domain.commands import Command
from lib.domain.consent import Channel
from lib.domain.errors import InvalidInput
from lib.domain.message_wording import Template
from lib.domain.segments import Segment
from lib.store import audiences, receipts
from lib.store import campaigns as store
from lib.store.org import OrgStore
from lib.store.transaction import Transaction
from lib.usecases.campaigns.telling import of_campaign

# Of the 1 MiB that a document can hold; the rest is for what is found in the words, and how far it has come.
_BYTES_MAX = 900_000


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a campaign is to be. `segment` fills in what is None of name, goal and audience; without it a name and an
    audience are required. Channels are those of the content, unless others are named."""

    segment: Segment | None = None
    name: str | None = None
    goal: Goal | None = None
    description: str = ""
    audience: Audience | None = None
    excluded: Exclusions = field(default_factory=Exclusions)
    content: Mapping[Channel, Template] = field(default_factory=dict, repr=False)
    channels: tuple[Channel, ...] | None = None
    holdout_percent: int = 0
    attribution_hours: int = ATTRIBUTION_HOURS
    link_url: str = ""
    tags: tuple[str, ...] = ()


def create(command: Command, wishes: Wishes) -> Answer:
    """Writes the draft; its words may be incomplete, or missing. Reads to count its audience, one for the receipt; two
    writes. Raises InvalidInput where something is missing that no segment fills in, for what does not go with the type
    of audience, and for more than a document holds.
    """
    filled = PREFILLED[wishes.segment] if wishes.segment else None
    audience = wishes.audience or (of_segment(wishes.segment) if wishes.segment else Audience(Kind.CUSTOM))
    name = wishes.name or (filled.name if filled else "")
    if not name:
        raise InvalidInput("is required without a segment", pointer="/name")
    if audience.is_nobody:
        raise InvalidInput("is required without a segment, and must name somebody", pointer="/audience")
    _check_kind(audience)
    words = (source for template in wishes.content.values() for _, _, source in template.parts)
    if (
        ids_bytes(audience, wishes.excluded) + sum(len(each.encode(errors="surrogatepass")) for each in words)
        > _BYTES_MAX
    ):
        raise InvalidInput("names more customers, or has longer words, than one campaign holds", reason="too_large")
    campaign = Campaign(
        id=command.id_of("campaign"),
        org_id=command.org_id,
        name=name,
        goal=(wishes.goal or Goal(filled.goal if filled else Goal.DRIVE_SALES)).value,
        status=Status.DRAFT,
        channels=tuple(wishes.content) if wishes.channels is None else wishes.channels,
        audience=audience,
        content=wishes.content,
        created_by=command.actor.id,
        created_at=command.at,
        updated_at=command.at,
        description=wishes.description,
        excluded=wishes.excluded,
        holdout_percent=wishes.holdout_percent,
        attribution_hours=wishes.attribution_hours,
        link_url=wishes.link_url,
        tags=wishes.tags,
        estimated_count=audiences.size_at_most(OrgStore(command.org_id), audience),
    )

    def work(transaction: Transaction, org: OrgStore) -> Answer:
        store.create(transaction, org, campaign)
        return {"ok": True, "campaign": of_campaign(campaign)}

    return receipts.run_once(command, work)


def _check_kind(audience: Audience) -> None:
    """What another type of audience would not look at: a campaign must not go to more than somebody has named."""
    if audience.segments and audience.kind is not Kind.SEGMENT:
        raise InvalidInput("go with type segment", pointer="/audience/segments", reason="other_type")
    if audience.customer_ids and audience.kind is not Kind.CUSTOM:
        raise InvalidInput("go with type custom", pointer="/audience/customerIds", reason="other_type")
