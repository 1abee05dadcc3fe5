"""What campaigns send, `tenants/{org}/campaign_plans/{id}`: written once, never changed, read once a process."""

from datetime import datetime
from functools import lru_cache

from lib.domain.campaigns import Plan
from lib.domain.consent import Channel
from lib.domain.errors import NotFound
from lib.store import transaction as transactions
from lib.store.campaigns import decode_audience, decode_exclusions, encode_audience, encode_exclusions
from lib.store.org import OrgStore
from lib.store.transaction import Transaction

_REMEMBERED = 32


def keep(org: OrgStore, plan: Plan, now: datetime) -> str:
    """The id of this plan, which is there from then on. To be called before the transaction that goes by it; at most
    one read and one write."""
    plan_id = plan.id_in(org.org_id)
    try:
        load(org, plan_id)
    except NotFound:
        _write(org, plan_id, plan, now)
    return plan_id


def load(org: OrgStore, plan_id: str) -> Plan:
    """The plan of this id; a read if this process has not read it yet. Raises NotFound."""
    # Handles of one org are equal whatever database they are of; what is remembered must not be.
    return _read(org.client, org, plan_id)


@lru_cache(maxsize=_REMEMBERED)
def _read(client: object, org: OrgStore, plan_id: str) -> Plan:
    found = org.document("campaign_plans", plan_id).get()
    if not found.exists:
        raise NotFound("no such plan", reason="unknown_plan")
    fields = found.to_dict() or {}
    channels = tuple(Channel(channel) for channel in fields["channels"])
    return Plan(
        channels=channels,
        template_ids={channel: fields["templateIds"][channel.value] for channel in channels},
        audience=decode_audience(fields["audience"]),
        excluded=decode_exclusions(fields["excluded"]),
        holdout_percent=fields["holdoutPercent"],
        link_url=fields["linkUrl"],
    )


def _write(org: OrgStore, plan_id: str, plan: Plan, now: datetime) -> None:
    fields = {
        "id": plan_id,
        "channels": [channel.value for channel in plan.channels],
        "templateIds": {channel.value: plan.template_ids[channel] for channel in plan.channels},
        "audience": encode_audience(plan.audience),
        "excluded": encode_exclusions(plan.excluded),
        "holdoutPercent": plan.holdout_percent,
        "linkUrl": plan.link_url,
        "createdAt": now,
    }

    def work(transaction: Transaction) -> None:
        transaction.replace(org.document("campaign_plans", plan_id), org.stamped(fields))

    transactions.run(work)
