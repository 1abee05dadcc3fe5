"""Campaigns: made, looked at, scheduled, sent to each of their audience once, paused, resumed and cancelled.

A campaign is sent by a run (`JOB`), one customer after the other: whoever decides something about one writes the
campaign and its run in one transaction, and the caller has the run looked at (`lib.usecases.runs.wake`); should it die
before, the sweep of runs does. What each needs is loaded when it is first called.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from lib.domain.answers import Answer
from lib.domain.commands import Command

if TYPE_CHECKING:
    from datetime import datetime

    from lib.domain.messages import Message
    from lib.store.org import OrgStore
    from lib.usecases.campaigns.creating import Wishes
    from lib.usecases.campaigns.previewing import Preview

__all__ = [
    "JOB",
    "begin_due",
    "cancel",
    "create",
    "members",
    "pause",
    "preview",
    "resume",
    "schedule",
    "send",
    "visit",
]

JOB = "campaign"
"""The name of the runs that send campaigns."""


def create(command: Command, wishes: Wishes) -> Answer:
    """See `creating.create`."""
    from lib.usecases.campaigns import creating

    return creating.create(command, wishes)


def preview(org_id: str, campaign_id: str) -> Preview:
    """See `previewing.preview`."""
    from lib.usecases.campaigns import previewing

    return previewing.preview(org_id, campaign_id)


def schedule(command: Command, campaign_id: str, at: datetime, *, accepts_warnings: bool) -> Answer:
    """See `beginning.schedule`."""
    from lib.usecases.campaigns import beginning

    return beginning.schedule(command, campaign_id, at, accepts_warnings=accepts_warnings)


def send(command: Command, campaign_id: str, *, accepts_warnings: bool) -> Answer:
    """See `beginning.send`."""
    from lib.usecases.campaigns import beginning

    return beginning.send(command, campaign_id, accepts_warnings=accepts_warnings)


def begin_due() -> list[tuple[str, str]]:
    """See `beginning.begin_due`."""
    from lib.usecases.campaigns import beginning

    return beginning.begin_due()


def pause(command: Command, campaign_id: str) -> Answer:
    """See `stopping.pause`."""
    from lib.usecases.campaigns import stopping

    return stopping.pause(command, campaign_id)


def resume(command: Command, campaign_id: str) -> Answer:
    """See `stopping.resume`."""
    from lib.usecases.campaigns import stopping

    return stopping.resume(command, campaign_id)


def cancel(command: Command, campaign_id: str) -> Answer:
    """See `stopping.cancel`."""
    from lib.usecases.campaigns import stopping

    return stopping.cancel(command, campaign_id)


def members(org: OrgStore, params: Mapping[str, Any], after: str | None, limit: int) -> list[str]:
    """See `visiting.members`."""
    from lib.usecases.campaigns import visiting

    return visiting.members(org, params, after, limit)


def visit(
    enqueue: Callable[[Iterable[Message]], None], org: OrgStore, params: Mapping[str, Any], customer_id: str
) -> Mapping[str, int]:
    """See `visiting.visit`; `enqueue` has the messages sent that are queued by it, after their commit."""
    from lib.usecases.campaigns import visiting

    done = visiting.visit(org, params, customer_id)
    enqueue(done.queued)
    return done.counts
