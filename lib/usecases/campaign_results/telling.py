"""The results of a campaign as staff are told of them."""

from lib.domain import answers
from lib.domain.answers import Answer
from lib.domain.campaign_counts import Counts
from lib.domain.campaigns import Campaign
from lib.domain.lift import Interval, Sums, TooFew, measured
from lib.domain.money import dollars
from lib.store import campaign_counts, campaign_plans, campaigns, follow_ups
from lib.store.org import OrgStore


def results(org_id: str, campaign_id: str) -> Answer:
    """What has become of the campaign, as last counted (`countedAt`, null: not yet), and why somebody got nothing.

    Rates, and the conversions' difference, are in PERCENT (0 to 100); money is in cents but where it says dollars.
    `claimed`: orders put down to the campaign's messages. `groups`, `lift`: those who could have been written to, split
    by lot, whatever was sent or claimed; an interval is of 95 %, and has a reason instead where there are too few.
    `skipped`: recipients that nothing was sent to, or that it failed for, by reason, as of now. Raises NotFound. Two
    reads, and two a reason.
    """
    org = OrgStore(org_id)
    campaign = campaigns.load(org, campaign_id)
    counts, counted_at = follow_ups.counts_of(campaign)
    return {
        "ok": True,
        "campaignId": campaign.id,
        "status": campaign.status.value,
        "statusReason": campaign.reason or None,
        "sentAt": answers.instant(campaign.sent_at),
        "completedAt": answers.instant(campaign.completed_at),
        "countedAt": answers.instant(counted_at),
        "following": campaign.stored.get("following") is True,
        "attributionHours": campaign.attribution_hours,
        "holdoutPercent": _holdout_percent(org, campaign),
        "performance": _performance(counts),
        "claimed": {
            "conversions": counts.converted,
            "orders": counts.orders,
            "revenueCents": counts.revenue_cents,
            "revenue": dollars(counts.revenue_cents),
        },
        "groups": {"treated": _group(counts.treated), "holdout": _group(counts.holdout)},
        "lift": _lift(counts),
        "skipped": dict(campaign_counts.reasons(org, campaign.id)) if campaign.has_begun else {},
    }


def _holdout_percent(org: OrgStore, campaign: Campaign) -> int:
    """As it was when the campaign was fixed; the document may have been edited since."""
    return campaign_plans.load(org, campaign.plan_id).holdout_percent if campaign.plan_id else campaign.holdout_percent


def _performance(counts: Counts) -> Answer:
    return {
        "recipients": counts.recipients,
        "sent": counts.sent,
        "delivered": counts.delivered,
        "opened": counts.opened,
        "clicked": counts.clicked,
        "bounced": counts.bounced,
        "failed": counts.failed,
        "unsubscribed": counts.unsubscribed,
        **counts.rates,
    }


def _group(sums: Sums) -> Answer:
    return {
        "customers": sums.customers,
        "buyers": sums.buyers,
        "conversionRate": round(100 * sums.buyers / sums.customers, 2) if sums.customers else None,
        "revenueCents": sums.cents,
        "revenueCentsPerCustomer": round(sums.cents / sums.customers, 2) if sums.customers else None,
    }


def _lift(counts: Counts) -> Answer:
    lift = measured(counts.treated, counts.holdout)
    return {
        "confidencePercent": 95,
        "conversionRate": _interval(lift.conversion, 100),
        "revenueCentsPerCustomer": _interval(lift.revenue_cents, 1),
    }


def _interval(found: Interval | TooFew, unit: int) -> Answer:
    """In hundredths of `unit`s, so that a zero is a zero."""
    if isinstance(found, TooFew):
        return {"reason": found.value}
    return {
        "difference": round(unit * found.difference, 2),
        "low": round(unit * found.low, 2),
        "high": round(unit * found.high, 2),
    }
