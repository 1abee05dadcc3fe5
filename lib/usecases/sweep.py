"""The catch-up sweep: finds orders whose event was lost, or left less than it should have, and has them recorded.

An event wakes us up; it is not the only thing that does. Every hour the orders of the last hours are compared with what
they have granted, and once a day those of the last days. Billed: 8 reads and 2 writes when nothing was written; else 2
reads an order that a pass looks at (3 where it was also created in that time), of which there are about three passes
and three deep ones in an order's life; and what recording costs for those that were missed.

What no date gives away is found by the nightly audit instead: an order without usable dates whose state changes, one
that was written long after its own date, one that moved to another org, one that was deleted.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeAlias

from google.api_core.exceptions import GoogleAPIError

from lib.domain import sweeps
from lib.domain.alerts import Alert, AlertKind
from lib.domain.errors import PerennialError
from lib.domain.orders import MalformedOrder, OrgNames, Phase
from lib.domain.sweeps import Pass, Progress
from lib.platform import alerts, clock, logs
from lib.store import accruals, directory, inbox
from lib.store import alerts as raised
from lib.store import sweeps as store
from lib.store.orders import StoredOrder
from lib.store.org import OrgStore
from lib.store.sweeps import Lease

Record: TypeAlias = Callable[[str], object]
"""Records the present state of an order by its id; raises what another attempt may mend."""

NAME = "orders"
BUDGET_SECONDS = 240.0
PAGE = 300
_LEASE = timedelta(minutes=6)
_WORKERS = 8
# Events of orders written a moment ago are on their way rather than lost.
_ON_ITS_WAY = timedelta(minutes=5)
_BEHIND_AFTER = timedelta(hours=6)
_LOST_MIN = 20
_LOST_SHARE = 0.1


@dataclass(slots=True)
class Swept:
    """What one call has done: `counts` of orders looked at, recorded, on_their_way (recorded too, but too young to
    say that their events were lost) and failed; `done` whether everything there was to look at has been."""

    counts: Counter[str] = field(default_factory=Counter)
    done: bool = False


def sweep_orders(record: Record, *, budget_seconds: float = BUDGET_SECONDS, page: int = PAGE) -> Swept | None:
    """Looks at what has been written since the last complete sweep, and records what is behind; None when another
    sweep is at it.

    What is not done within the budget, but for one page, is gone on with by the next call. Orders that could not be
    recorded are looked at again by the next pass.
    """
    started, now = time.monotonic(), clock.now()
    lease = store.claim(NAME, now, _LEASE)
    if lease is None:
        return None
    progress, swept, sweeper = sweeps.begun(lease.progress, now), Swept(), _Sweeper(record, now)
    while progress.current:
        found, last = store.page(progress.current, page)
        failed = sweeper.work(progress, progress.current, found, swept.counts)
        progress = sweeps.advanced(progress, last, incomplete=failed > 0)
        if time.monotonic() - started >= budget_seconds:
            break
        if last and not _is_still_ours(lease, progress):
            return swept
    store.save(lease, progress, clock.now(), None)
    swept.done = progress.current is None
    logs.swept(NAME, swept.counts)
    _alert(swept, progress, now)
    return swept


def _is_still_ours(lease: Lease, progress: Progress) -> bool:
    now = clock.now()
    return store.save(lease, progress, now, now + _LEASE)


class _Sweeper:
    """Works pages of orders, whichever org they are of."""

    def __init__(self, record: Record, now: datetime) -> None:
        self._record = record
        self._since = now - _ON_ITS_WAY
        # Names that lead nowhere cost several reads each time they are asked for.
        self._orgs: dict[OrgNames, OrgStore | None] = {}

    def work(self, progress: Progress, current: Pass, page: Sequence[StoredOrder], counts: Counter[str]) -> int:
        """Has recorded what is behind; how many orders could not be."""
        concerned = (stored for stored in page if progress.concerns(stored.revision))
        looked_at = [stored for stored in concerned if current.is_new_to(stored.fields)]
        counts["looked_at"] += len(looked_at)
        behind = self._unknown(self._behind(looked_at))
        if not behind:
            return 0
        with ThreadPoolExecutor(_WORKERS) as executor:
            recorded = list(executor.map(self._try_to_record, behind))
        for stored, is_recorded in zip(behind, recorded, strict=True):
            young = stored.revision.at > self._since
            counts["failed" if not is_recorded else "on_their_way" if young else "recorded"] += 1
        return recorded.count(False)

    def _behind(self, page: Iterable[StoredOrder]) -> list[tuple[OrgStore, StoredOrder]]:
        """Those that may have to be recorded, with the org in whose inbox each would wait."""
        owned = [(self._org_of(stored.order.org), stored) for stored in page]
        known = accruals.of_orders((org, stored.id) for org, stored in owned if org)
        behind: list[tuple[OrgStore, StoredOrder]] = []
        for org, stored in owned:
            order = stored.order
            if isinstance(order, MalformedOrder):
                owed = True
            elif org is None:
                owed = order.phase is Phase.EARNING
            else:
                owed = sweeps.is_behind(order, stored.revision, known.get((org, stored.id)))
            if owed:
                behind.append((org or directory.unassigned(), stored))
        return behind

    def _unknown(self, behind: Sequence[tuple[OrgStore, StoredOrder]]) -> list[StoredOrder]:
        """Those of which not even the inbox knows: what waits there has been looked at."""
        kept = inbox.versions((org, stored.id) for org, stored in behind)
        return [stored for org, stored in behind if kept.get((org, stored.id), "") < stored.revision.text]

    def _org_of(self, names: OrgNames) -> OrgStore | None:
        if names not in self._orgs:
            self._orgs[names] = directory.org_of(names)
        return self._orgs[names]

    def _try_to_record(self, stored: StoredOrder) -> bool:
        try:
            self._record(stored.id)
        except (PerennialError, GoogleAPIError) as error:
            logs.unexpected_error("sweep_orders", error)
            return False
        return True


def _alert(swept: Swept, progress: Progress, now: datetime) -> None:
    counts = swept.counts
    if counts["recorded"] >= _LOST_MIN and counts["recorded"] > _LOST_SHARE * counts["looked_at"]:
        facts = {"recorded": counts["recorded"], "looked_at": counts["looked_at"]}
        _raise(AlertKind.EVENTS_LOST, facts, now)
    if progress.through and now - progress.through > _BEHIND_AFTER:
        hours = int((now - progress.through) / timedelta(hours=1))
        _raise(AlertKind.SWEEP_BEHIND, {"hours": hours, "failed": counts["failed"]}, now)


def _raise(kind: AlertKind, facts: dict[str, int], now: datetime) -> None:
    alerts.raise_alert(Alert(kind, None, now.date(), facts), lambda alert: raised.claim(alert, now))
