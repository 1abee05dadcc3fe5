"""Ageing: what time alone does to customers whom nobody touches, done for those to whom it is due and for no others.

Whoever touches a customer ages it in the same transaction (`journal_of`, `refreshed`); this is for the rest.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from lib.domain.customers import Customer
from lib.domain.ids import fingerprint
from lib.domain.ledger import CLOCK, EntryKind, Journal
from lib.domain.settings import LoyaltySettings
from lib.platform import clock
from lib.store import due, upkeep
from lib.store import settings as settings_store
from lib.store import transaction as transactions
from lib.store.org import OrgStore
from lib.store.transaction import Transaction

JOB = "age_customers"
"""The name of the run that visits customers who are due."""
ACTOR = CLOCK

_BATCH = 5000
# Found since batches were last given out: more wait for nobody, so that a sweep that is cut short has begun something.
_FOUND_MAX = 20_000


def batches() -> Iterator[tuple[str, str, list[str]]]:
    """Everybody who is due now as (org id, key of the run, customer ids), at most `_BATCH` of one org at a time, and
    of every org what there is of it after each `_FOUND_MAX` customers.

    The key derives from the hour and the ids: asking twice names the same runs, batches of one org have keys of their
    own, and whoever is still due in an hour is in another one. Where some have been done in between, asking again may
    put others into a second run, which finds nothing to do. One read a customer, over all orgs together, when it is
    asked for; one if nobody is due.
    """
    now = clock.now()
    hour = now.strftime("%Y-%m-%dT%H")
    waiting: dict[str, list[str]] = {}
    for number, (org_id, customer_id) in enumerate(due.customers(now), start=1):
        ids = waiting.setdefault(org_id, [])
        ids.append(customer_id)
        if len(ids) == _BATCH:
            yield org_id, _key(hour, waiting.pop(org_id)), ids
        if number % _FOUND_MAX == 0:
            yield from _all(waiting, hour)
            waiting = {}
    yield from _all(waiting, hour)


def members(org: OrgStore, params: Mapping[str, Any], after: str | None, limit: int) -> list[str]:
    """All customers of the org, for a run that is to look at everybody. One read a customer."""
    return due.customer_ids(org, after, limit)


def visit(org: OrgStore, params: Mapping[str, Any], customer_id: str) -> Mapping[str, int]:
    """Brings one customer to what it should be now, and counts what that took; nothing for one who is so already.

    Two visits at once meet in a conflict, and the second finds nothing left to do. Billed: one read; and if there is
    something to do a write for the customer, each entry and each notice, and one for the timeline of a customer who has
    moved to another segment or tier.
    """
    settings = settings_store.load(org)
    return transactions.run(lambda transaction: _age(transaction, org, settings, customer_id))


def _age(transaction: Transaction, org: OrgStore, settings: LoyaltySettings, customer_id: str) -> Mapping[str, int]:
    change = upkeep.bring_up_to_date(transaction, org, settings, customer_id, clock.now())
    return _counts(change.before, change.after, change.journal) if change else {}


def _counts(before: Customer, after: Customer, journal: Journal) -> dict[str, int]:
    standing = after.standing
    counted = {
        "changed": 1,
        "releasedPoints": sum(entry.points for entry in journal.entries if entry.kind is EntryKind.RELEASE),
        "expiredPoints": -sum(entry.points for entry in journal.entries if entry.kind is EntryKind.EXPIRE),
        "segmentsChanged": int(standing is not None and standing.segment != before.segment),
        "tiersChanged": int(standing is not None and standing.tier != before.tier),
        "notices": len(standing.notices) if standing else 0,
    }
    return {name: count for name, count in counted.items() if count}


def _all(waiting: Mapping[str, list[str]], hour: str) -> Iterator[tuple[str, str, list[str]]]:
    return ((org_id, _key(hour, ids), ids) for org_id, ids in waiting.items())


def _key(hour: str, customer_ids: list[str]) -> str:
    return f"{hour}:{fingerprint(sorted(customer_ids))[:16]}"
