"""Pausing, resuming and cancelling campaigns, each together with the run that sends them.

Messages that are queued already are held back, or dropped, by whoever is about to send them: the campaign's status is
looked at once more then (lib/store/campaign_states.py).
"""

from dataclasses import replace

from lib.domain import answers, runs
from lib.domain import campaigns as domain
from lib.domain.answers import Answer
from lib.domain.campaigns import Campaign, Refusal
from lib.domain.commands import Command
from lib.domain.runs import RESUMABLE, Run
from lib.store import campaigns as store
from lib.store import receipts
from lib.store import runs as runs_store
from lib.store.org import OrgStore
from lib.store.transaction import Transaction
from lib.usecases.campaigns.telling import of_campaign


def pause(command: Command, campaign_id: str) -> Answer:
    """Nothing more of it is queued, and nothing sent, until it is resumed; what waits for too long is dropped.

    Refusal: `wrong_status`. Raises NotFound.
    """

    def work(transaction: Transaction, org: OrgStore) -> Answer:
        campaign = store.get(transaction, org, campaign_id)
        if not domain.can_be_paused(campaign):
            return _refusal(Refusal.WRONG_STATUS, campaign)
        run = _run(transaction, org, campaign)
        if run and run.is_open:
            runs_store.save(transaction, org, runs.cancelled(run, command.at))
        return _save(transaction, org, domain.paused(campaign, command.at))

    return receipts.run_once(command, work)


def resume(command: Command, campaign_id: str) -> Answer:
    """Goes on with whoever is left, or waits for its time again. The caller has the run looked at.

    Refusals: `wrong_status`; `overdue` for one that should have begun more than a day ago; `run_too_old` for one that
    was begun more than 14 days ago and has not been through. Raises NotFound.
    """

    def work(transaction: Transaction, org: OrgStore) -> Answer:
        campaign = store.get(transaction, org, campaign_id)
        if not domain.can_be_resumed(campaign):
            return _refusal(Refusal.WRONG_STATUS, campaign)
        if not campaign.has_begun and campaign.is_overdue(command.at):
            return _refusal(Refusal.OVERDUE, campaign)
        run = _run(transaction, org, campaign)
        if run and run.is_stopped:
            if command.at - run.created_at > RESUMABLE:
                return _refusal(Refusal.RUN_TOO_OLD, campaign)
            # Messages make sense for some time from now on, and are spread over it anew.
            since = {**run.params, "since": command.at.isoformat()}
            runs_store.save(transaction, org, runs.resumed(replace(run, params=since), command.at))
        return _save(transaction, org, domain.resumed(campaign, command.at))

    return receipts.run_once(command, work)


def cancel(command: Command, campaign_id: str) -> Answer:
    """Ends it for good: nothing more of it is queued, what is queued is dropped. Refusal: `wrong_status`. Raises
    NotFound."""

    def work(transaction: Transaction, org: OrgStore) -> Answer:
        campaign = store.get(transaction, org, campaign_id)
        if not domain.can_be_cancelled(campaign):
            return _refusal(Refusal.WRONG_STATUS, campaign)
        run = _run(transaction, org, campaign)
        if run and run.is_open:
            runs_store.save(transaction, org, runs.cancelled(run, command.at))
        return _save(transaction, org, domain.cancelled(campaign, command.at))

    return receipts.run_once(command, work)


def _run(transaction: Transaction, org: OrgStore, campaign: Campaign) -> Run | None:
    return runs_store.find(transaction, org, campaign.run_id) if campaign.run_id else None


def _refusal(reason: Refusal, campaign: Campaign) -> Answer:
    return answers.refusal(reason.value, campaign=of_campaign(campaign))


def _save(transaction: Transaction, org: OrgStore, campaign: Campaign) -> Answer:
    store.save(transaction, org, campaign)
    return {"ok": True, "campaign": of_campaign(campaign)}
