"""Scheduling campaigns and beginning to send them: now, or when their time has come.

Whoever begins a campaign writes that and the run that sends it in one transaction, so that of two only one can, and
whoever dies afterwards leaves a run behind that the sweep of runs finds.
"""

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from lib.domain import answers, runs
from lib.domain import campaigns as domain
from lib.domain.answers import Answer
from lib.domain.campaigns import AHEAD_MAX, Campaign, Plan, Refusal, Status
from lib.domain.commands import Command
from lib.domain.consent import Channel
from lib.domain.errors import InvalidInput
from lib.domain.ledger import Actor
from lib.platform import clock, logs
from lib.store import audiences, campaign_plans, messaging, receipts
from lib.store import campaigns as store
from lib.store import runs as runs_store
from lib.store import transaction as transactions
from lib.store.org import OrgStore
from lib.store.transaction import Transaction
from lib.usecases.campaigns.preparing import Prepared, prepare
from lib.usecases.campaigns.telling import of_campaign

JOB = "campaign"
BY_ITSELF = Actor("system", "campaigns")
"""Who begins a campaign whose time has come."""
CAMPAIGNS_A_TURN = 100
"""How many campaigns one turn of the schedule begins; the longest due first."""

# Half of the time for which a campaign's message makes sense, so that quiet hours and a slow vendor have the other.
_SPREAD_MAX = timedelta(hours=24)
# A clock may be a little ahead of ours.
_PAST_MAX = timedelta(minutes=5)


def schedule(command: Command, campaign_id: str, at: datetime, *, accepts_warnings: bool) -> Answer:
    """Fixes what the campaign sends, and when it begins (UTC); or says why not (`campaigns.Refusal`).

    A campaign that is scheduled already is so anew, with what it says by now. Raises NotFound, and InvalidInput for a
    time that is past or more than a year ahead.
    """
    if not command.at - _PAST_MAX <= at <= command.at + AHEAD_MAX:
        raise InvalidInput("must be within the next 365 days", pointer="/scheduledAt", reason="bad_time")
    prepared = _prepared(command, campaign_id, accepts_warnings)

    def work(transaction: Transaction, org: OrgStore) -> Answer:
        campaign = store.get(transaction, org, campaign_id)
        if refused := _refused(transaction, org, campaign, prepared, command.at):
            return refused
        return _save(
            transaction,
            org,
            domain.scheduled(_planned(campaign, prepared, command.at), at, command.actor.id, command.at),
        )

    return receipts.run_once(command, work)


def send(command: Command, campaign_id: str, *, accepts_warnings: bool) -> Answer:
    """Fixes what the campaign sends, and begins to; or says why not (`campaigns.Refusal`). The caller has the run
    looked at whose id is in the answer, also when the call is repeated. Raises NotFound."""
    prepared = _prepared(command, campaign_id, accepts_warnings)
    params = _params(OrgStore(command.org_id), campaign_id, prepared.plan_id, command.at) if prepared.plan else {}

    def work(transaction: Transaction, org: OrgStore) -> Answer:
        campaign = store.get(transaction, org, campaign_id)
        if refused := _refused(transaction, org, campaign, prepared, command.at):
            return refused
        planned = _planned(campaign, prepared, command.at)
        return _begin(transaction, org, planned, params, command.actor, command.at)

    return receipts.run_once(command, work)


def begin_due() -> list[tuple[str, str]]:
    """Begins every campaign whose time has come; (org id, run id) of the runs that send them, to be looked at.

    One that cannot be sent is paused, and says why (`statusReason`); so is one whose time was more than a day ago, and
    one that has begun before, whoever has set it to scheduled: it goes on, with whoever is left, when it is resumed.
    What cannot be decided now is tried again the next time. One read when nothing is due.
    """
    begun = []
    for org_id, campaign_id in store.due(clock.now(), CAMPAIGNS_A_TURN):
        try:
            run_id = _begin_due(OrgStore(org_id), campaign_id)
        except Exception as error:  # noqa: BLE001  # one campaign's trouble is not to keep the others waiting
            logs.campaign_not_begun(org_id, campaign_id, error)
            continue
        if run_id:
            begun.append((org_id, run_id))
    logs.swept("campaigns", {"begun": len(begun)})
    return begun


def _begin_due(org: OrgStore, campaign_id: str) -> str:
    """The id of its run; "" if it has not begun."""
    now = clock.now()
    found = store.load(org, campaign_id)
    prepared = _due(org, found, now)
    params = _params(org, campaign_id, prepared.plan_id, now) if prepared.plan else {}

    def work(transaction: Transaction) -> str:
        campaign = store.get(transaction, org, campaign_id)
        is_due = campaign.status is Status.SCHEDULED and campaign.scheduled_at and campaign.scheduled_at <= now
        if not is_due or (campaign.version, campaign.scheduled_at) != (found.version, found.scheduled_at):
            return ""
        if prepared.refusal:
            reviewed = domain.reviewed(campaign, prepared.reviews, now) if prepared.reviews else campaign
            store.save(transaction, org, domain.paused(reviewed, now, prepared.refusal))
            return ""
        answer = _begin(transaction, org, _planned(campaign, prepared, now), params, BY_ITSELF, now)
        return str(answer["campaign"]["runId"])

    return transactions.run(work)


def _due(org: OrgStore, campaign: Campaign, now: datetime) -> Prepared:
    """What a campaign sends whose time has come. What is left to a person is not looked into: whatever is wrong with it
    must not keep it from being left to one."""
    if campaign.is_overdue(now):
        return Prepared(refusal=Refusal.OVERDUE)
    if not campaign.can_be_sent:
        return Prepared(refusal=Refusal.WRONG_STATUS)
    return _fixed(org, campaign) if campaign.has_plan else prepare(org, campaign, now, accepts_warnings=False)


def _fixed(org: OrgStore, campaign: Campaign) -> Prepared:
    """What was fixed when it was scheduled; a channel may have been switched off since."""
    plan, settings = campaign_plans.load(org, campaign.plan_id), messaging.load(org)
    if not all(settings.is_on(channel) for channel in plan.channels):
        return Prepared(refusal=Refusal.CHANNEL_OFF, reviews=campaign.reviews)
    return Prepared(plan, campaign.plan_id, reviews=campaign.reviews)


def _prepared(command: Command, campaign_id: str, accepts_warnings: bool) -> Prepared:
    org = OrgStore(command.org_id)
    return prepare(org, store.load(org, campaign_id), command.at, accepts_warnings=accepts_warnings)


def _refused(
    transaction: Transaction, org: OrgStore, campaign: Campaign, prepared: Prepared, now: datetime
) -> Answer | None:
    if not campaign.can_be_sent or campaign.may_be_sent_elsewhere(now):
        return answers.refusal(Refusal.WRONG_STATUS.value, campaign=of_campaign(campaign))
    if prepared.refusal is None:
        return None
    reviewed = domain.reviewed(campaign, prepared.reviews, now)
    store.save(transaction, org, reviewed)
    return answers.refusal(prepared.refusal.value, **prepared.facts, campaign=of_campaign(reviewed))


def _planned(campaign: Campaign, prepared: Prepared, now: datetime) -> Campaign:
    if prepared.plan is None:
        raise ValueError("a campaign that is refused has no plan")
    return domain.planned(campaign, prepared.plan_id, prepared.plan, prepared.reviews, now)


def _begin(
    transaction: Transaction,
    org: OrgStore,
    campaign: Campaign,
    params: Mapping[str, Any],
    actor: Actor,
    now: datetime,
) -> Answer:
    """Two writes; the run, too, is there from then on."""
    run = runs.new_run(org.org_id, JOB, campaign.run_key, params, actor, now)
    if runs_store.find(transaction, org, run.id) is None:
        runs_store.save(transaction, org, run)
    # A schedule approves nothing: whoever scheduled the campaign has.
    by = "" if actor == BY_ITSELF else actor.id
    return _save(transaction, org, domain.begun(campaign, run.id, params["size"], by, now))


def _params(org: OrgStore, campaign_id: str, plan_id: str, now: datetime) -> dict[str, Any]:
    """What a run has to know. `since`: when it began, or went on; `spreadSeconds`: over how long its texts are spread,
    so that no more come due than the account may send. Reads to count the audience."""
    plan = campaign_plans.load(org, plan_id)
    size = audiences.size_at_most(org, plan.audience)
    return {
        "campaignId": campaign_id,
        "step": domain.STEP,
        "planId": plan_id,
        "since": now.isoformat(),
        "size": size,
        "spreadSeconds": _spread_seconds(org, plan, size),
    }


def _spread_seconds(org: OrgStore, plan: Plan, size: int) -> int:
    if Channel.SMS not in plan.channels:
        return 0
    seconds = math.ceil(size * 60 / messaging.load(org).sms.per_minute)
    return min(seconds, int(_SPREAD_MAX.total_seconds()))


def _save(transaction: Transaction, org: OrgStore, campaign: Campaign) -> Answer:
    store.save(transaction, org, campaign)
    return {"ok": True, "campaign": of_campaign(campaign)}
