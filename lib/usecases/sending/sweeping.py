"""Finds messages that stand still: never enqueued, lost by their queue, or claimed by a worker that is gone."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import islice

from lib.domain import messages as domain
from lib.domain.errors import Unavailable
from lib.platform import clock, logs
from lib.store import messages as store
from lib.store import transaction as transactions
from lib.store.messages import Pending
from lib.store.org import OrgStore
from lib.store.transaction import Transaction
from lib.usecases.sending.tasks import enqueue_one

OVERDUE = timedelta(minutes=10)
"""How late a message may be before its task is taken for lost."""

MESSAGES_MAX = 5_000
"""How many messages one sweep sees to; the longest overdue first."""

_LEASE_EXPIRED = "lease_expired"
_THREADS = 16


def sweep() -> None:
    """Enqueues what is overdue, and calls unknown what was claimed and never heard of again: it may have been sent.

    One read a message that stands still, three operations for one that was claimed; two reads when there is none.
    """
    now = clock.now()
    with ThreadPoolExecutor(_THREADS) as threads:
        lost = sum(threads.map(_closed, _first(store.abandoned(now))))
        found = list(_first(store.overdue(now - OVERDUE)))
        list(threads.map(lambda pending: _enqueue(pending, now), found))
    logs.swept("messages", {"unknown": lost, "enqueued": len(found)})


def _first(found: Iterable[Pending]) -> list[Pending]:
    return list(islice(found, MESSAGES_MAX))


def _enqueue(pending: Pending, now: datetime) -> None:
    # Named by the half hour, so that a message that waits for its account's turn has no task for every sweep.
    turn = f"sweep {now:%Y-%m-%dT%H}:{now.minute // 30 * 30:02}"
    enqueue_one(pending.org_id, pending.id, pending.channel, pending.attempts, pending.due_at, turn=turn)


def _closed(pending: Pending) -> bool:
    """Whether the message was claimed still, and is unknown now."""
    org = OrgStore(pending.org_id)

    def work(transaction: Transaction) -> bool:
        now = clock.now()
        message = store.find(transaction, org, pending.id)
        if message is None or not domain.is_abandoned(message, now):
            return False
        store.save(transaction, org, domain.unknown(message, _LEASE_EXPIRED), now)
        return True

    try:
        return transactions.run(work)
    except Unavailable:
        # Busy: the next sweep comes soon, and others are not to wait for it.
        return False
