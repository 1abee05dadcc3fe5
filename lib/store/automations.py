"""When each org looks for occasions next, `tenants/_system/automations/{org}`: kept in step with its messaging settings
by whoever changes these, so that nothing is asked of orgs that answer none.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from typing import Any, TypeAlias

from google.cloud.firestore import DocumentReference, FieldFilter, Query

from lib.domain.automations import Schedule
from lib.domain.errors import InvalidInput
from lib.domain.frequency import MessageType
from lib.domain.ids import check_org_id
from lib.store import transaction as transactions
from lib.store.org import SYSTEM, OrgStore
from lib.store.transaction import Transaction

_PAGE = 300
_DAMAGED = (InvalidInput, AttributeError, KeyError, TypeError, ValueError)

OnDamaged: TypeAlias = Callable[[str, Exception], None]
"""Hears the org whose schedule cannot be read, and what is wrong with it; the others go on."""


def read(transaction: Transaction, org: OrgStore) -> Schedule:
    """The org's schedule; that of an org which answers nothing if it never had one, or a damaged one. One read."""
    fields = transaction.get([_reference(org)])[0].to_dict()
    try:
        return _decode(org.org_id, fields) if fields else Schedule(org.org_id)
    except _DAMAGED:
        return Schedule(org.org_id)


def write(transaction: Transaction, org: OrgStore, schedule: Schedule, now: datetime) -> None:
    """Writes it whole."""
    fields = {
        "id": org.org_id,
        "orgId": org.org_id,
        "since": {kind.value: at for kind, at in schedule.since.items()},
        "hears": bool(schedule.heard),
        "hour": schedule.hour,
        "nextAt": schedule.next_at,
        "doneTo": schedule.done_to.isoformat() if schedule.done_to else None,
        "keysFor": schedule.keys_for,
        "keyedBy": schedule.keyed_by,
        "updatedAt": now,
    }
    transaction.replace(_reference(org), fields)


def replace_if_unchanged(org: OrgStore, before: Schedule, after: Schedule, now: datetime) -> None:
    """Writes `after` if `before` is still what is stored: settings that were changed meanwhile count for more. One read
    and one write."""

    def work(transaction: Transaction) -> None:
        if read(transaction, org) == before:
            write(transaction, org, after, now)

    transactions.run(work)


def due(now: datetime, on_damaged: OnDamaged) -> Iterator[Schedule]:
    """Schedules of the orgs that have to look for dates now. A read each, and one if there is none."""
    waiting = OrgStore(SYSTEM).collection("automations").where(filter=FieldFilter("nextAt", "<=", now))
    return _all(waiting.order_by("nextAt"), on_damaged)


def hearing(on_damaged: OnDamaged) -> Iterator[Schedule]:
    """Schedules of the orgs that answer notices. A read each, and one if there is none."""
    return _all(OrgStore(SYSTEM).collection("automations").where(filter=FieldFilter("hears", "==", True)), on_damaged)


def _all(query: Query, on_damaged: OnDamaged) -> Iterator[Schedule]:
    page = query.limit(_PAGE)
    while True:
        found = list(page.stream())
        for each in found:
            try:
                schedule = _decode(each.id, each.to_dict() or {})
            except _DAMAGED as error:
                on_damaged(each.id, error)
            else:
                yield schedule
        if len(found) < _PAGE:
            return
        page = query.limit(_PAGE).start_after(found[-1])


def _decode(org_id: str, fields: Mapping[str, Any]) -> Schedule:
    return Schedule(
        org_id=check_org_id(org_id),
        since={MessageType(kind): at for kind, at in fields["since"].items()},
        hour=fields["hour"],
        next_at=fields["nextAt"],
        done_to=date.fromisoformat(fields["doneTo"]) if fields["doneTo"] else None,
        keys_for=fields["keysFor"],
        # A schedule written by an earlier version does not say: its keys are made once more.
        keyed_by=fields.get("keyedBy", ""),
    )


def _reference(org: OrgStore) -> DocumentReference:
    return OrgStore(SYSTEM).document("automations", org.org_id)
