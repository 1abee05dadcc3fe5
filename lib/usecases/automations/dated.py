"""The job `automation`: customers who may have an occasion of one kind on the days that are looked at."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from lib.domain import pushes
from lib.domain.automations import Search, start_of
from lib.domain.dated_occasions import occasion_of, orders_of_absent
from lib.domain.day_keys import Span, month_days
from lib.domain.frequency import MessageType
from lib.platform import clock, tasks
from lib.store import messaging, occasions
from lib.store import settings as settings_store
from lib.store import transaction as transactions
from lib.store.org import OrgStore
from lib.store.transaction import Transaction
from lib.usecases.automations import Enqueue
from lib.usecases.automations.having import HAD, Outcome, Rules, has_left, have

_DAY = timedelta(days=1)


def params_of(search: Search) -> dict[str, Any]:
    """A search as parameters of a run."""
    span = search.span
    days = {"first": span.first.isoformat(), "last": span.last.isoformat()}
    return {"kind": search.kind.value, **days, "since": search.since.isoformat()}


def members(org: OrgStore, params: Mapping[str, Any], after: str | None, limit: int) -> list[str]:
    """Customers who were born or signed up on a day of the year that is celebrated, have ordered last so long ago, or
    are so young; none if the org does not answer it any more. One read a customer."""
    search = _search(params)
    automation = messaging.load(org).automation(search.kind)
    if automation is None:
        return []
    if search.kind in (MessageType.BIRTHDAY, MessageType.ANNIVERSARY):
        days = [key for day in search.span for key in month_days(day)]
        return occasions.ids_by_day(org, search.kind, days, after, limit)
    time_zone = settings_store.load(org).time_zone
    span = orders_of_absent(search, automation) if search.kind is MessageType.WINBACK else search.span
    start, end = start_of(span.first, time_zone), start_of(span.last + _DAY, time_zone)
    return occasions.members_by_date(org, search.kind, start, end, after, limit)


def visit(enqueue: Enqueue, org: OrgStore, params: Mapping[str, Any], member: str) -> Mapping[str, int]:
    """The customer has the occasion, if it has one: counts occasions, messages and points; `had` for one that the
    person has had, `unreached` for one that came to nothing. Billed: one read, and what `have` takes."""
    search, now = _search(params), clock.now()
    rules = Rules.of(org, search.kind, now)
    if rules is None:
        return {}
    customer_id = occasions.member_id(search.kind, member)

    def work(transaction: Transaction) -> Outcome | None:
        document = transaction.get([org.customer(customer_id)])[0]
        if has_left(org, document):
            return None
        occasion = occasion_of(search, document.to_dict() or {}, rules.automation, rules.loyalty)
        if occasion is None or occasion.good_until <= now:
            return None
        return have(transaction, rules, occasion, document, now)

    outcome = transactions.run(work)
    if outcome is None:
        return {}
    enqueue(outcome.messages)
    if outcome.push:
        payload = {"orgId": org.org_id, "pushId": outcome.push.id}
        tasks.enqueue_or_leave(pushes.QUEUE, outcome.push.work, payload)
    return _counts(outcome)


def _counts(outcome: Outcome) -> dict[str, int]:
    if outcome.reason:
        return {"had" if outcome.reason == HAD else "unreached": 1}
    return {"occasions": 1, "messages": len(outcome.messages), "bonusPoints": outcome.points}


def _search(params: Mapping[str, Any]) -> Search:
    span = Span(date.fromisoformat(params["first"]), date.fromisoformat(params["last"]))
    return Search(MessageType(params["kind"]), span, datetime.fromisoformat(params["since"]))
