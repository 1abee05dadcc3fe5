"""Finds messages that stand still: never enqueued, lost by their queue, or claimed by a worker that is gone."""

from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import islice

from lib.domain import messages as domain
from lib.domain.errors import Unavailable
from lib.domain.messages import Message, State
from lib.platform import clock, logs
from lib.store import message_batches
from lib.store import messages as store
from lib.store import transaction as transactions
from lib.store.messages import Pending
from lib.store.org import OrgStore
from lib.store.transaction import Transaction
from lib.usecases.sending.tasks import again, enqueue_one

OVERDUE = timedelta(minutes=10)
"""How late a message may be before its task is taken for lost."""

MESSAGES_MAX = 5_000
"""How many messages one sweep sees to; the longest overdue first."""

_LOST = "worker_lost"
_THREADS = 16


def sweep() -> None:
    """Enqueues what is overdue, and calls unknown what was claimed and never heard of again: it may have been sent.

    E-mails whose request was never made are due again; what cannot be read is logged and left alone. One read a message
    that stands still, two to four operations more for one that was claimed; two reads when there is none.
    """
    now = clock.now()
    with ThreadPoolExecutor(_THREADS) as threads:
        ended = Counter(threads.map(_closed, _first(store.abandoned(now, logs.message_damaged))))
        found = list(_first(store.overdue(now - OVERDUE, logs.message_damaged)))
        list(threads.map(lambda pending: _enqueue(pending, now), found))
    counts = {"unknown": ended[State.UNKNOWN], "returned": ended[State.QUEUED], "enqueued": len(found)}
    logs.swept("messages", counts)


def _first(found: Iterable[Pending]) -> list[Pending]:
    return list(islice(found, MESSAGES_MAX))


def _enqueue(pending: Pending, now: datetime) -> None:
    # Named by the half hour, so that a message that waits for its account's turn has no task for every sweep.
    turn = f"sweep {now:%Y-%m-%dT%H}:{now.minute // 30 * 30:02}"
    enqueue_one(pending.org_id, pending.id, pending.channel, pending.attempts, pending.due_at, turn=turn)


def _closed(pending: Pending) -> State | None:
    """What has become of a message whose worker is gone; None if it is not, or nothing could be written."""
    org = OrgStore(pending.org_id)

    def work(transaction: Transaction) -> Message | None:
        now = clock.now()
        message = store.find(transaction, org, pending.id)
        if message is None or not domain.is_abandoned(message, now):
            return None
        is_unsent = message.batch_id and message_batches.give_up(transaction, org, message.batch_id, now)
        ended = domain.returned(message, _LOST, now) if is_unsent else domain.unknown(message, _LOST)
        store.save(transaction, org, ended, now)
        return ended

    try:
        closed = transactions.run(work)
    except Unavailable:
        # Busy: the next sweep comes soon, and others are not to wait for it.
        return None
    except (KeyError, TypeError, ValueError) as error:
        logs.message_damaged(pending.org_id, pending.id, error)
        return None
    if closed is None:
        return None
    again(closed)
    return closed.state
