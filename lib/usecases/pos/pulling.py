"""One pull of one till: lists the window of orders and all customers to their ends, and takes over what is new of them.

The cursor moves only after everything has been listed. What could not be is seen by the next pull, which reads again
from where the last complete one began, less two weeks.
"""

import time
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from lib.domain import pulls
from lib.domain.alerts import Alert, AlertKind
from lib.domain.pulls import FAILURES_ALERTED, Window
from lib.platform import alerts, clock, logs, tasks
from lib.store import alerts as raised
from lib.store import directory, pos_webhooks
from lib.store import pos_pulls as store
from lib.store.directory import Till
from lib.store.org import OrgStore
from lib.store.pos_pulls import Pull
from lib.usecases.pos import QUEUE, mapping
from lib.usecases.pos.account import PROVIDER, open_account
from lib.usecases.pos.taking import Taking
from lib.vendors.errors import SwitchedOff, VendorError

_EVERY = timedelta(minutes=30)
_BEHIND_AFTER = timedelta(hours=6)
# As long as a task may run, and a little more.
_LEASE = timedelta(minutes=10)
# What a list takes after it has begun cannot be cut: the largest slices and 30,000 customers take four minutes.
_BUDGET_SECONDS = 240.0


def plan_pulls() -> int:
    """Enqueues a pull of every till, one of each account where several locations share it; how many those are.

    Calling it twice within half an hour changes nothing. Billed a read for each location with a till, one for none.
    """
    slot = int(clock.now().timestamp() // _EVERY.total_seconds())
    first: dict[tuple[str, str], Till] = {}
    for till in sorted(directory.tills(PROVIDER), key=lambda till: till.location_id):
        first.setdefault((till.org_id, till.account), till)
    for till in first.values():
        _enqueue(till.org_id, till.location_id, str(slot))
    logs.pulls_planned(len(first))
    return len(first)


def pull(org_id: str, location_id: str) -> bool:
    """Reads the till, or goes on with a pull that a task before this one has begun; whether it is read to the end.

    False also when another task is at it, or when it failed: that is taken down, and told after three times in a row.
    Raises what is not the vendor's fault, taken down too.
    """
    org = OrgStore(org_id)
    begun = store.begin(org, location_id, clock.now(), _LEASE)
    if begun is None:
        return False
    _tell_if_behind(org_id, begun)
    try:
        return _Pulling(org, begun).to_its_end()
    except SwitchedOff as error:
        store.switch_off(org, begun, error.reason or "switched_off")
    except VendorError as error:
        _failed(org, begun, error.reason or "vendor_error")
    except Exception as error:
        _failed(org, begun, type(error).__qualname__)
        raise
    return False


class _Pulling:
    """The work of one task on one pull."""

    def __init__(self, org: OrgStore, begun: Pull) -> None:
        self._org = org
        self._begun = begun
        self._began_at = time.monotonic()
        self._digests = dict(begun.digests)
        self._taking = Taking(org, begun)

    def to_its_end(self) -> bool:
        till = directory.till(self._org, self._begun.location_id, PROVIDER)
        if till is None:
            raise SwitchedOff("alleaves", "switched off: the location has no such till", reason="no_till")
        account = open_account(till)
        window = self._begun.window
        while days := window.next_slice():
            pages = account.orders(*days)
            found = [mapping.order_of(record, self._org.org_id, till.number) for page in pages for record in page]
            self._digests |= self._taking.orders(found, self._digests)
            window = window.advanced()
            if time.monotonic() - self._began_at > _BUDGET_SECONDS:
                self._leave(window)
                return False
        people = [mapping.customer_of(record) for page in account.customers() for record in page]
        self._digests |= self._taking.customers(people, self._digests)
        now, counts = clock.now(), self._taking.counts
        store.complete(self._org, self._begun, self._in_window(), counts, now)
        pos_webhooks.close_covered(self._org, self._begun.window.started_at, now)
        logs.pulled(self._org.org_id, self._begun.location_id, counts)
        _tell_of_unreadable(self._org.org_id, counts, now)
        return True

    def _in_window(self) -> dict[str, str]:
        """Digests of days that no pull reads any more are let go."""
        oldest = pulls.order_bucket(self._begun.window.started_at - 2 * timedelta(days=pulls.REREAD_DAYS))
        return {
            bucket: digest
            for bucket, digest in self._digests.items()
            if not bucket.startswith("orders-") or bucket >= oldest
        }

    def _leave(self, window: Window) -> None:
        store.pause(self._org, self._begun, window, self._digests, self._taking.counts)
        rest = window.following.isoformat() if window.following else "customers"
        _enqueue(self._org.org_id, self._begun.location_id, f"{window.started_at.isoformat()} {rest}")


def _enqueue(org_id: str, location_id: str, occasion: str) -> None:
    tasks.enqueue(QUEUE, ("pull", org_id, location_id, occasion), {"orgId": org_id, "locationId": location_id})


def _failed(org: OrgStore, begun: Pull, reason: str) -> None:
    now = clock.now()
    failures = store.fail(org, begun, reason, now)
    logs.pull_failed(org.org_id, begun.location_id, reason, failures)
    if failures >= FAILURES_ALERTED:
        _raise(AlertKind.POS_PULL_FAILING, org.org_id, {"failures": failures}, now)


def _tell_if_behind(org_id: str, begun: Pull) -> None:
    """Pulls that die leave nothing behind that says so, but for a cursor that stands still."""
    now = clock.now()
    behind = now - begun.behind_since
    if behind > _BEHIND_AFTER:
        _raise(AlertKind.POS_PULL_FAILING, org_id, {"hours behind": int(behind / timedelta(hours=1))}, now)


def _tell_of_unreadable(org_id: str, counts: Mapping[str, int], now: datetime) -> None:
    names: Iterable[tuple[str, str]] = (
        ("unknown_status", "unknown status"),
        ("unreadable", "unreadable"),
        ("foreign", "of another shop"),
        ("unidentified", "without an id"),
    )
    facts = {told: counts[name] for name, told in names if counts.get(name)}
    if facts:
        _raise(AlertKind.POS_ORDERS_UNREADABLE, org_id, facts, now)


def _raise(kind: AlertKind, org_id: str, facts: dict[str, int], now: datetime) -> None:
    alerts.raise_alert(Alert(kind, org_id, now.date(), facts), lambda alert: raised.claim(alert, now))
