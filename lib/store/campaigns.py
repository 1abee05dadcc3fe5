"""Campaigns, `campaigns/{id}`: documents that the dashboard creates and shows too, with fields of ours beside its own.

Read as whatever their writer made of them: a document without our fields is a campaign like any other. Only what a
change of ours is about is written, and fields within `audience` and `content` that we do not know are kept.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from google.cloud.firestore import DocumentSnapshot, FieldFilter

from lib.domain import loose_fields
from lib.domain.audiences import Audience, Exclusions, Kind
from lib.domain.campaigns import ATTRIBUTION_HOURS, ATTRIBUTION_HOURS_MAX, STEP, Campaign, Compliance, Review, Status
from lib.domain.consent import Channel
from lib.domain.errors import InvariantBroken, NotFound
from lib.domain.holdout import PERCENT_MAX
from lib.domain.ids import is_id, is_org_id
from lib.domain.message_wording import EmailTemplate, SmsTemplate, Template
from lib.store.org import SYSTEM, OrgStore
from lib.store.transaction import Snapshot, Transaction

_LENGTH_MAX = 100_000
# What has become of one campaign, which somebody who copies its document copies too; `progressOf` tells whose it is.
_OF_ONE = (
    *("planId", "plannedFor", "templateIds", "runId", "claimedAt", "sentAt", "completedAt", "approvedAt", "approvedBy"),
    *("statusReason", "following", "followed", "performance", "results"),
)


def get(transaction: Transaction, org: OrgStore, campaign_id: str) -> Campaign:
    """The campaign. Raises NotFound when this org has none of this id, whether or not another org has. One read."""
    return _required(decode(org, transaction.get([org.campaign(campaign_id)])[0]))


def load(org: OrgStore, campaign_id: str) -> Campaign:
    """The campaign as it is now, outside of a transaction. Raises NotFound as `get` does. One read."""
    return _required(decode(org, org.campaign(campaign_id).get()))


def create(transaction: Transaction, org: OrgStore, campaign: Campaign) -> None:
    """Writes a new campaign whole."""
    _check(org, campaign)
    transaction.create(org.campaign(campaign.id), org.stamped({**_about(campaign), **_progress(campaign)}))


def save(transaction: Transaction, org: OrgStore, campaign: Campaign) -> None:
    """Writes how far the campaign has come; what it is about stays as it is."""
    _check(org, campaign)
    transaction.update(org.campaign(campaign.id), _progress(campaign))


def due(now: datetime, limit: int) -> Iterator[tuple[str, str]]:
    """(org id, campaign id) of scheduled campaigns of any org whose time has come, the longest due first. One read
    each, one if there is none."""
    scheduled = OrgStore(SYSTEM).campaigns_of_all().where(filter=FieldFilter("status", "==", Status.SCHEDULED.value))
    query = scheduled.where(filter=FieldFilter("scheduledAt", "<=", now)).order_by("scheduledAt").limit(limit)
    for found in query.select(["orgId"]).stream():
        org_id = (found.to_dict() or {}).get("orgId")
        if is_org_id(org_id):
            yield org_id, found.id


def decode(org: OrgStore, snapshot: Snapshot | DocumentSnapshot[Any]) -> Campaign | None:
    """The campaign of a document, whoever wrote it; None when there is none or it is another org's. Never raises: what
    cannot be read is as if it was not there."""
    fields: Mapping[str, Any] = snapshot.to_dict() or {}
    if not snapshot.exists or not org.owns(fields):
        return None
    content = _map(fields.get("content"))
    if _is_copied(snapshot.id, fields):
        fields = {name: value for name, value in fields.items() if name not in _OF_ONE}
    return Campaign(
        id=snapshot.id,
        org_id=org.org_id,
        name=loose_fields.text(fields.get("name")) or "",
        goal=loose_fields.text(fields.get("goal")) or "",
        status=_status(fields.get("status")),
        channels=_channels(fields.get("channels")),
        audience=decode_audience(fields.get("audience")),
        content={channel: _template(channel, words) for channel in Channel if (words := _map(content.get(channel)))},
        created_by=loose_fields.text(fields.get("createdBy")) or "",
        created_at=loose_fields.instant(fields.get("createdAt")),
        updated_at=loose_fields.instant(fields.get("updatedAt")),
        description=loose_fields.text(fields.get("description")) or "",
        excluded=decode_exclusions(fields.get("excluded")),
        holdout_percent=_whole(fields.get("holdoutPercent"), 0, PERCENT_MAX, otherwise=0),
        attribution_hours=_whole(fields.get("attributionHours"), 1, ATTRIBUTION_HOURS_MAX, otherwise=ATTRIBUTION_HOURS),
        link_url=_string(fields.get("linkUrl")),
        tags=_strings(fields.get("tags")),
        step=_whole(fields.get("step"), 1, STEP, otherwise=STEP),
        plan_id=_string(fields.get("planId")),
        planned_for=loose_fields.instant(fields.get("plannedFor")),
        template_ids=_template_ids(fields.get("templateIds")),
        run_id=_string(fields.get("runId")),
        scheduled_at=loose_fields.instant(fields.get("scheduledAt")),
        claimed_at=loose_fields.instant(fields.get("claimedAt")),
        sent_at=loose_fields.instant(fields.get("sentAt")),
        completed_at=loose_fields.instant(fields.get("completedAt")),
        approved_at=loose_fields.instant(fields.get("approvedAt")),
        approved_by=_string(fields.get("approvedBy")),
        estimated_count=_whole(_map(fields.get("audience")).get("estimatedCount"), 0, 10**9, otherwise=0),
        resolved_count=_whole(_map(fields.get("audience")).get("resolvedCount"), 0, 10**9, otherwise=None),
        reviews={channel: found for channel in Channel if (found := _review(_map(content.get(channel))))},
        reviewed_at=loose_fields.instant(fields.get("complianceReviewedAt")),
        reason=_string(fields.get("statusReason")),
        version=_whole(fields.get("version"), 0, 10**9, otherwise=0),
        stored=fields,
    )


def encode_audience(audience: Audience) -> dict[str, Any]:
    """An audience under the dashboard's names; `tiers` and `tags` are ours."""
    return {
        "type": audience.kind.value,
        "segments": list(audience.segments),
        "tiers": list(audience.tiers),
        "tags": list(audience.tags),
        "customFilter": {"customerIds": sorted(audience.customer_ids)},
    }


def decode_audience(value: object) -> Audience:
    """The audience of a map; a kind that we do not know is nobody. Segments narrow no other kind than their own: the
    dashboard leaves them behind when somebody changes their mind."""
    fields = _map(value)
    kind = next((kind for kind in Kind if kind.value == fields.get("type")), Kind.CUSTOM)
    named = _strings(_map(fields.get("customFilter")).get("customerIds")) if kind is Kind.CUSTOM else ()
    return Audience(
        kind,
        segments=_strings(fields.get("segments")) if kind is Kind.SEGMENT else (),
        tiers=_strings(fields.get("tiers")),
        tags=_strings(fields.get("tags")),
        customer_ids=frozenset(filter(is_id, named)),
    )


def encode_exclusions(excluded: Exclusions) -> dict[str, Any]:
    return {
        "segments": list(excluded.segments),
        "tags": list(excluded.tags),
        "customerIds": sorted(excluded.customer_ids),
    }


def decode_exclusions(value: object) -> Exclusions:
    fields = _map(value)
    return Exclusions(
        _strings(fields.get("segments")), _strings(fields.get("tags")), frozenset(_strings(fields.get("customerIds")))
    )


def _required(campaign: Campaign | None) -> Campaign:
    if campaign is None:
        raise NotFound("no such campaign", reason="unknown_campaign")
    return campaign


def _check(org: OrgStore, campaign: Campaign) -> None:
    if campaign.org_id != org.org_id:
        raise InvariantBroken("a campaign of another org")


def _about(campaign: Campaign) -> dict[str, Any]:
    return {
        "id": campaign.id,
        "createdBy": campaign.created_by,
        "name": campaign.name,
        "description": campaign.description,
        "goal": campaign.goal,
        "channels": [channel.value for channel in campaign.channels],
        "excluded": encode_exclusions(campaign.excluded),
        "holdoutPercent": campaign.holdout_percent,
        "attributionHours": campaign.attribution_hours,
        "linkUrl": campaign.link_url,
        "tags": list(campaign.tags),
        "createdAt": campaign.created_at,
    }


def _progress(campaign: Campaign) -> dict[str, Any]:
    kept = _map(campaign.stored.get("audience")) or encode_audience(campaign.audience)
    counts = {"estimatedCount": campaign.estimated_count}
    if campaign.resolved_count is not None:
        counts["resolvedCount"] = campaign.resolved_count
    worst = [status for status in reversed(Compliance) if status in {it.status for it in campaign.reviews.values()}]
    reviewed = {"complianceStatus": worst[0].value, "complianceReviewedAt": campaign.reviewed_at} if worst else {}
    # Timestamps that are not there yet are left out, as the dashboard leaves them out.
    times = {
        "scheduledAt": campaign.scheduled_at,
        "claimedAt": campaign.claimed_at,
        "sentAt": campaign.sent_at,
        "completedAt": campaign.completed_at,
        "approvedAt": campaign.approved_at,
    }
    return {
        **(dict.fromkeys(_OF_ONE) if _is_copied(campaign.id, campaign.stored) else {}),
        "progressOf": campaign.id,
        "status": campaign.status.value,
        "statusReason": campaign.reason or None,
        "audience": {**kept, **counts},
        "content": _content(campaign),
        "step": campaign.step,
        "planId": campaign.plan_id or None,
        "plannedFor": campaign.planned_for,
        "templateIds": {channel.value: words for channel, words in campaign.template_ids.items()},
        "runId": campaign.run_id or None,
        # Whoever follows what becomes of it (lib/store/follow_ups.py) takes it back when nothing more is expected.
        **({"following": True} if campaign.status is Status.SENDING else {}),
        **{name: moment for name, moment in times.items() if moment is not None or name in campaign.stored},
        **({"approvedBy": campaign.approved_by} if campaign.approved_by else {}),
        **reviewed,
        "version": campaign.version + 1,
        "updatedAt": campaign.updated_at,
    }


def _is_copied(campaign_id: str, fields: Mapping[str, Any]) -> bool:
    """Whether the document was made from another campaign's: its run and its plan are the other's, not to be stopped,
    gone on with or sent by this one."""
    return bool(fields.get("progressOf", campaign_id) != campaign_id)


def _content(campaign: Campaign) -> dict[str, Any]:
    stored = _map(campaign.stored.get("content"))
    content = dict(stored)
    for channel, template in campaign.content.items():
        words = _map(stored.get(channel)) or _words(template)
        review = campaign.reviews.get(channel)
        content[channel.value] = {**words, **(_encode_review(review) if review else {})}
    return content


def _words(template: Template) -> dict[str, Any]:
    if isinstance(template, SmsTemplate):
        return {"channel": "sms", "body": template.body, "imageUrl": template.image_url}
    return {"channel": "email", "subject": template.subject, "body": template.body, "htmlBody": template.html}


def _template(channel: Channel, fields: Mapping[str, Any]) -> Template:
    """The words whole, however long: a mail must not go out without a part that is too long (templates.problems)."""
    if channel is Channel.SMS:
        return SmsTemplate(_any_string(fields.get("body")), _any_string(fields.get("imageUrl")))
    return EmailTemplate(*(_any_string(fields.get(name)) for name in ("subject", "body", "htmlBody")))


def _encode_review(review: Review) -> dict[str, Any]:
    return {
        "complianceStatus": review.status.value,
        "complianceViolations": list(review.violations),
        "complianceSuggestions": list(review.suggestions),
    }


def _review(fields: Mapping[str, Any]) -> Review | None:
    status = next((it for it in Compliance if it.value == fields.get("complianceStatus")), None)
    if status is None:
        return None
    found = (_strings(fields.get(name)) for name in ("complianceViolations", "complianceSuggestions"))
    return Review(status, *found)


def _status(value: object) -> Status:
    """A status that is none of the dashboard's is a draft: nothing happens to it by itself."""
    return next((status for status in Status if status.value == value), Status.DRAFT)


def _channels(value: object) -> tuple[Channel, ...]:
    named = _strings(value)
    return tuple(channel for channel in Channel if channel.value in named)


def _template_ids(value: object) -> dict[Channel, str]:
    fields = _map(value)
    return {channel: fields[channel] for channel in Channel if isinstance(fields.get(channel), str)}


def _map(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _string(value: object) -> str:
    found = _any_string(value)
    return found if len(found) <= _LENGTH_MAX else ""


def _any_string(value: object) -> str:
    return value if isinstance(value, str) else ""


def _strings(value: object) -> tuple[str, ...]:
    """Texts of a list, each once."""
    found = value if isinstance(value, list) else []
    return tuple(dict.fromkeys(each for each in found if isinstance(each, str) and each))


def _whole(value: object, least: int, most: int, *, otherwise: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return otherwise
    return int(value) if least <= value <= most else otherwise
