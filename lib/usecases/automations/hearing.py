"""Open notices, looked at one by one: told to the customer where the org does so, closed where it is too late."""

import time
from collections import Counter, deque
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from google.api_core.exceptions import GoogleAPIError

from lib.domain import automations as domain
from lib.domain.errors import PerennialError
from lib.domain.frequency import MessageType
from lib.domain.loose_fields import text
from lib.domain.notices import Notice, NoticeKind
from lib.platform import clock, logs
from lib.store import automations as schedules
from lib.store import notices
from lib.store import transaction as transactions
from lib.store.org import OrgStore
from lib.store.transaction import Transaction
from lib.usecases.automations import Enqueue
from lib.usecases.automations.having import HAD, Outcome, Rules, has_left, have

BUDGET_SECONDS = 240.0
"""How long one call goes on; what is left is heard by the next."""
PAGE = 200
_THREADS = 8


@dataclass(slots=True)
class _Org:
    """An org whose notices are being heard: what it answers each kind with, since when, the last notice looked at."""

    store: OrgStore
    rules: Mapping[NoticeKind, Rules]
    since: Mapping[MessageType, datetime]
    after: str | None = None


def hear(enqueue: Enqueue) -> Mapping[str, int]:
    """Looks at every open notice of a kind that its org answers: how many were `told`, `closed`, or `failed` and are
    looked at again the next time.

    Orgs take turns, a page each, so that ten thousand notices of one do not keep the others waiting. Billed: one read
    an org that answers notices, one more where none is open; else two a notice, what `having.have` takes, and one
    write.
    """
    now, deadline = clock.now(), time.monotonic() + BUDGET_SECONDS
    waiting = deque(filter(None, (_open(schedule, now) for schedule in schedules.hearing(logs.schedule_damaged))))
    counts: Counter[str] = Counter()
    with ThreadPoolExecutor(_THREADS) as pool:
        while waiting and time.monotonic() < deadline:
            org = waiting.popleft()
            page = notices.open_ids(org.store, [*org.rules], org.after, PAGE)
            counts.update(pool.map(lambda notice_id, org=org: _hear_one(enqueue, org, notice_id, now), page))
            if len(page) == PAGE:
                org.after = page[-1]
                waiting.append(org)
    logs.swept("notices", dict(counts))
    return counts


def _open(schedule: domain.Schedule, now: datetime) -> _Org | None:
    """None for an org that answers nothing now, such as one whose programme is paused."""
    org = OrgStore(schedule.org_id)
    found = {kind: rules for kind in schedule.heard if (rules := Rules.of(org, domain.HEARD[kind], now))}
    return _Org(org, found, schedule.since) if found else None


def _hear_one(enqueue: Enqueue, org: _Org, notice_id: str, now: datetime) -> str:
    try:
        outcome = transactions.run(lambda transaction: _settled(transaction, org, notice_id, now))
    except (PerennialError, GoogleAPIError, LookupError, TypeError, ValueError) as error:
        # Damaged, or too busy. It stays open, is tried again the next time, and does not keep others from being heard.
        logs.notice_not_heard(org.store.org_id, notice_id, error)
        return "failed"
    enqueue(outcome.messages)
    return "closed" if outcome.reason else "told"


def _settled(transaction: Transaction, org: _Org, notice_id: str, now: datetime) -> Outcome:
    notice = notices.find_open(transaction, org.store, notice_id)
    rules = org.rules.get(notice.kind) if notice else None
    if notice is None or rules is None:
        return Outcome(reason=HAD)
    outcome = _heard(transaction, rules, notice, org.since[domain.HEARD[notice.kind]], now)
    # Opened again by what wrote it, and told before: it is told.
    notices.settle(transaction, org.store, notice, "" if outcome.reason == HAD else outcome.reason, now)
    return outcome


def _heard(transaction: Transaction, rules: Rules, notice: Notice, since: datetime, now: datetime) -> Outcome:
    occasion = domain.heard_in(notice, rules.loyalty.time_zone)
    if occasion is None or not domain.is_wanted(notice, rules.automation):
        return Outcome(reason="not_wanted")
    if domain.is_too_old(notice, occasion, now, since):
        return Outcome(reason="too_old")
    document = transaction.get([rules.org.customer(notice.customer_id)])[0]
    if has_left(rules.org, document):
        return Outcome(reason="unknown_customer")
    fields = document.to_dict() or {}
    if not domain.is_still_so(notice, text(fields.get("tier")), text(fields.get("segment"))):
        return Outcome(reason="no_longer_so")
    return have(transaction, rules, occasion, document, now)
