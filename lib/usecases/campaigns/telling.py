"""A campaign as callers are told of it."""

from lib.domain import answers
from lib.domain.answers import Answer
from lib.domain.campaigns import Campaign


def of_campaign(campaign: Campaign) -> Answer:
    """Plain JSON, so that an answer that was stored is given again exactly."""
    return {
        "id": campaign.id,
        "name": campaign.name,
        "goal": campaign.goal,
        "status": campaign.status.value,
        "reason": campaign.reason or None,
        "channels": [channel.value for channel in campaign.channels],
        "audience": {
            "type": campaign.audience.kind.value,
            "segments": list(campaign.audience.segments),
            "tiers": list(campaign.audience.tiers),
            "tags": list(campaign.audience.tags),
            "customers": len(campaign.audience.customer_ids),
            "estimatedCount": campaign.estimated_count,
            "resolvedCount": campaign.resolved_count,
        },
        "holdoutPercent": campaign.holdout_percent,
        "attributionHours": campaign.attribution_hours,
        "compliance": {
            channel.value: {"status": review.status.value, "violations": list(review.violations)}
            for channel, review in campaign.reviews.items()
        },
        "runId": campaign.run_id or None,
        "scheduledAt": answers.instant(campaign.scheduled_at),
        "sentAt": answers.instant(campaign.sent_at),
        "completedAt": answers.instant(campaign.completed_at),
        "updatedAt": answers.instant(campaign.updated_at),
    }
