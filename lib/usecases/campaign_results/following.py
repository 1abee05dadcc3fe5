"""Following campaigns while they are sent, and until their windows have ended: what becomes of messages is copied to
their recipients, what recipients buy is put down to them, and where anything has changed it is counted again.

Billed by what has changed. A campaign of which nothing has: three reads (itself, its messages, its unsettled), two more
while it is being sent (its run, a message that is left), and one for its shop (orders); no write. A message that has
changed: three reads once or twice, and a write. An order: one read once or twice, and what settling its customer costs
(settling.py). A campaign of which anything has changed: its counts (lib/store/campaign_counts.py), a read and a write.
"""

import random
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from google.api_core.exceptions import GoogleAPIError

from lib.domain import campaigns as domain
from lib.domain.attribution import Following, closable
from lib.domain.campaigns import Campaign, Status
from lib.domain.errors import Unavailable
from lib.domain.runs import Run, RunState
from lib.platform import clock, logs
from lib.store import attributions, campaign_counts, campaigns, follow_ups, runs
from lib.store import transaction as transactions
from lib.store.follow_ups import OVERLAP, Followed, OrderChange
from lib.store.org import OrgStore
from lib.store.transaction import Transaction
from lib.usecases.campaign_results.settling import settle

BUDGET_SECONDS = 300.0
"""For how long one turn begins new pages; what is left is gone on with by the next."""

RUN_FAILED, RUN_CANCELLED = "run_failed", "run_cancelled"
"""Why a campaign is left to a person whose run did not get through, or was cancelled by itself."""

# So long after its run nothing of a campaign makes sense any more: whatever is queued still cannot be read, or will be
# given up by whoever looks at it.
_OUTSTANDING = timedelta(days=4)
# A campaign that is paused for so long is not resumed any more: its run cannot be.
_FORGOTTEN = timedelta(days=30)
_THREADS = 8


@dataclass(slots=True)
class _Turn:
    """One campaign in one turn: as it was followed before, how far it is now, and what there is to write: how far it
    is (`found`), and its counts (`changed`)."""

    followed: Followed
    seen: Followed
    found: bool = False
    changed: bool = False

    @property
    def campaign(self) -> Campaign:
        return self.followed.campaign


def follow() -> None:
    """Follows every campaign that is to be followed, one shop after the other. One read where there is none.

    A shop with which something goes wrong is logged, holds up no other, and is gone on with by the next turn. Each turn
    begins with another shop, so that those whose turn the budget leaves out are not always the same.
    """
    deadline = time.monotonic() + BUDGET_SECONDS
    by_org: dict[str, list[Followed]] = defaultdict(list)
    for found in follow_ups.followed():
        by_org[found.org.org_id].append(found)
    counts: Counter[str] = Counter()
    for org_id in random.sample(sorted(by_org), len(by_org)):
        if time.monotonic() >= deadline:
            break
        try:
            counts.update(_follow(by_org[org_id], deadline))
        except Exception as error:  # noqa: BLE001  # one shop's trouble holds up no other
            logs.unexpected_error("follow_campaigns", error)
    logs.swept("campaign_results", counts)


def _follow(followed: Sequence[Followed], deadline: float) -> Counter[str]:
    turns = [_Turn(each, each) for each in followed]
    org = followed[0].org
    orders_until = min(each.orders_until for each in followed)
    for turn in turns:
        _copy(turn, orders_until - OVERLAP, deadline)
    _settle_orders(org, turns, orders_until, deadline)
    for turn in turns:
        _note(org, turn)
    over = closable([_following(turn.campaign) for turn in turns], clock.now())
    for campaign_id in over:
        transactions.run(partial(follow_ups.let_go, org=org, campaign_id=campaign_id))
    return Counter(followed=len(turns), changed=sum(turn.changed for turn in turns), closed=len(over))


def _copy(turn: _Turn, orders_since: datetime, deadline: float) -> None:
    """Copies what has become of the messages to their recipients."""
    until = clock.now()
    for page in follow_ups.changed_messages(turn.followed):
        ids = [change.id for change in page]
        copying = partial(follow_ups.copy, followed=turn.followed, message_ids=ids, orders_since=orders_since)
        transactions.run(partial(copying, now=clock.now(), on_damaged=logs.message_damaged))
        turn.found = turn.changed = True
        if time.monotonic() >= deadline:
            # Whoever goes on begins at the last of them.
            until = page[-1].at + OVERLAP
            break
    turn.seen = replace(turn.seen, messages_until=until)


def _settle_orders(org: OrgStore, turns: Sequence[_Turn], orders_until: datetime, deadline: float) -> None:
    """Settles the customers whose orders have changed, and those of whom something is known only now."""
    until, found, is_done = clock.now(), False, True
    # Whoever could not be settled before stands here again.
    _settle_all(org, turns, {each for turn in turns for each in attributions.unsettled(org, turn.campaign.id)})
    for page in follow_ups.changed_orders(org, orders_until):
        found = True
        # Whoever had an order gives it up before its new customer gets it.
        is_done = _settle_all(org, turns, _former(org, turns, page)) and is_done
        is_done = _settle_all(org, turns, {change.customer_id for change in page if change.customer_id}) and is_done
        if time.monotonic() >= deadline:
            until = page[-1].at + OVERLAP
            break
    for turn in turns:
        if found and is_done:
            turn.found = True
            turn.seen = replace(turn.seen, orders_until=max(until, turn.seen.orders_until))


def _former(org: OrgStore, turns: Sequence[_Turn], changes: Iterable[OrderChange]) -> set[str]:
    """Customers other than by now that had one of these orders. A read for each campaign and order that was recorded
    more than once."""
    return {
        holder
        for change in changes
        if change.again
        for turn in turns
        for holder in attributions.holders(org, turn.campaign.id, change.id)
        if holder != change.customer_id
    }


def _settle_all(org: OrgStore, turns: Sequence[_Turn], customer_ids: Iterable[str]) -> bool:
    """Settles these customers; whether each could be, or cannot be by trying again."""
    with ThreadPoolExecutor(_THREADS) as threads:
        settled = list(threads.map(partial(_settle, org, [turn.campaign for turn in turns]), sorted(customer_ids)))
    changed = set().union(*(each for each in settled if each is not None))
    for turn in turns:
        turn.changed = turn.changed or turn.campaign.id in changed
    return None not in settled


def _settle(org: OrgStore, followed: Sequence[Campaign], customer_id: str) -> set[str] | None:
    """Ids of the campaigns that changed; None if it is worth another try."""
    try:
        return settle(org, customer_id, followed)
    except (Unavailable, GoogleAPIError) as error:
        logs.unexpected_error("follow_campaigns", error)
        return None
    except Exception as error:  # noqa: BLE001  # a damaged document of one customer holds up no other
        logs.unexpected_error("follow_campaigns", error)
        return set()


def _note(org: OrgStore, turn: _Turn) -> None:
    """Writes what has changed of one campaign, if anything has, and whether it has come to an end."""
    is_ending = turn.campaign.status is Status.SENDING and _is_ending(org, turn.campaign)
    if not (turn.found or turn.changed or is_ending):
        return
    counts = campaign_counts.load(org, turn.campaign.id) if turn.changed or is_ending else None

    def work(transaction: Transaction) -> None:
        now = clock.now()
        campaign = campaigns.get(transaction, org, turn.campaign.id)
        if follow_ups.is_ahead(campaign, turn.seen):
            # Another turn has overtaken this one.
            return
        run = runs.find(transaction, org, campaign.run_id) if is_ending and campaign.run_id else None
        ended = _ended(campaign, run, now) if is_ending and campaign.status is Status.SENDING else None
        if ended:
            campaigns.save(transaction, org, ended)
        follow_ups.save(transaction, turn.seen, counts, now)

    transactions.run(work)


def _is_ending(org: OrgStore, campaign: Campaign) -> bool:
    """Whether its run has come to an end and, if that was everybody's turn, no message is left that can be sent."""
    run = runs.load(org, campaign.run_id) if campaign.run_id else None
    if run and run.is_open:
        return False
    if run and (run.is_stopped or (run.finished_at and clock.now() - run.finished_at > _OUTSTANDING)):
        return True
    return not follow_ups.has_open_messages(org, campaign.id)


def _ended(campaign: Campaign, run: Run | None, now: datetime) -> Campaign | None:
    """The campaign after its run: sent; or left to a person, because the run did not get through to everybody."""
    match run.state if run else RunState.DONE:
        case RunState.DONE:
            return domain.completed(campaign, now)
        case RunState.FAILED:
            return domain.failed(campaign, RUN_FAILED, now)
        case RunState.CANCELLED:
            return domain.paused(campaign, now, RUN_CANCELLED)
        case _:
            return None


def _following(campaign: Campaign) -> Following:
    began_at = campaign.sent_at or clock.now()
    is_sending = campaign.status is Status.SENDING
    ended_at = campaign.completed_at or (None if is_sending else began_at + _FORGOTTEN)
    return Following(campaign.id, began_at, ended_at, timedelta(hours=campaign.attribution_hours))
