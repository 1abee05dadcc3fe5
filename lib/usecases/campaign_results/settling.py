"""Settling one customer: what their orders mean for all the campaigns of their shop that are followed, brought to what
it is now; so that it does not matter what was missed, told twice, or taken back.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from lib.domain.attribution import decide
from lib.domain.audiences import Kind
from lib.domain.campaigns import Campaign
from lib.domain.consent import Channel
from lib.domain.holdout import is_held_out
from lib.platform import clock
from lib.store import attributions, campaign_plans
from lib.store import transaction as transactions
from lib.store.attributions import Asked
from lib.store.org import OrgStore
from lib.store.transaction import Transaction


def settle(org: OrgStore, customer_id: str, campaigns: Iterable[Campaign]) -> set[str]:
    """Decides anew about all orders of a customer around these campaigns; ids of those for which something changed.

    Reads: one for each campaign and channel that may concern the customer; where any does, one an order around them, or
    one for none, and one for each that is claimed newly. Writes: what differs.
    """
    asked = [each for campaign in campaigns if (each := _asked(org, customer_id, campaign))]
    if not asked:
        return set()

    def work(transaction: Transaction) -> set[str]:
        found = attributions.read(transaction, org, customer_id, asked)
        if not found.documents:
            return set()
        verdict = decide(found.draws, found.touches, found.purchases)
        return attributions.write(transaction, found, verdict, clock.now())

    return transactions.run(work)


def _asked(org: OrgStore, customer_id: str, campaign: Campaign) -> Asked | None:
    """Where a campaign keeps what it has decided about a customer; None if it was never about that one. A read if this
    process has not read the plan yet."""
    channels, percent = campaign.channels, campaign.holdout_percent
    if campaign.plan_id:
        plan = campaign_plans.load(org, campaign.plan_id)
        if plan.audience.kind is Kind.CUSTOM and customer_id not in plan.audience.customer_ids:
            return None
        channels, percent = plan.channels, plan.holdout_percent
    documents: Sequence[Channel | None] = (None,) if is_held_out(org.org_id, customer_id, percent) else channels
    return Asked(campaign.id, campaign.name, campaign.step, documents, timedelta(hours=campaign.attribution_hours))
