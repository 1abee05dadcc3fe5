"""Occasions that people have had, `tenants/{org}/occasions/{id}`, and the queries that find whose they are today.

A record is of one kind of occasion and one key of a person (customer, telephone number, address); its map `had` says
when by the id of the occasion's cause. Records are never deleted: they outlive profiles.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from google.cloud.firestore import FieldFilter, Query

from lib.domain.day_keys import BIRTHDAY_KEY, SIGN_UP_KEY
from lib.domain.frequency import MessageType
from lib.domain.occasions import Occasion, PersonKey, Record, record_id
from lib.store.org import OrgStore
from lib.store.transaction import Transaction

_KEY_FIELDS = {MessageType.BIRTHDAY: BIRTHDAY_KEY, MessageType.ANNIVERSARY: SIGN_UP_KEY}
_DATE_FIELDS = {MessageType.WELCOME: "createdAt", MessageType.WINBACK: "lastOrderDate"}
_MERGES_MAX = 5
_ABSORBED_MAX = 20
_INSTANT_DIGITS = 17
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read(
    transaction: Transaction, org: OrgStore, kind: MessageType, keys: Sequence[PersonKey]
) -> dict[PersonKey, Record]:
    """What each key has had of this kind. A read a key."""
    found = transaction.get([org.document("occasions", record_id(org.org_id, kind, key)) for key in keys])
    return {key: Record((each.to_dict() or {}).get("had", {})) for key, each in zip(keys, found, strict=True)}


def write(
    transaction: Transaction,
    org: OrgStore,
    records: Mapping[PersonKey, Record],
    occasion: Occasion,
    customer_id: str,
    now: datetime,
) -> None:
    """Adds the occasion, which `customer_id` has now, to the records of these keys. A write a key."""
    for key, record in records.items():
        reference = org.document("occasions", record_id(org.org_id, occasion.kind, key))
        fields = {
            "id": reference.id,
            "kind": occasion.kind.value,
            "keyType": key.type,
            "customerId": customer_id,
            "had": dict(record.with_occasion(occasion, now).had),
            "updatedAt": now,
        }
        transaction.replace(reference, org.stamped(fields))


def absorbed_ids(transaction: Transaction, org: OrgStore, customer_id: str) -> list[str]:
    """The customers that this one has taken the place of, also those that they had. A read each, and at least one."""
    found: list[str] = []
    last = [customer_id]
    for _ in range(_MERGES_MAX):
        merged = org.customers().where(filter=FieldFilter("mergedInto", "in", last)).limit(_ABSORBED_MAX)
        last = [each.id for each in transaction.query(merged.select([])) if each.id not in (customer_id, *found)]
        found += last
        if not last or len(found) >= _ABSORBED_MAX:
            break
    return found


def ids_by_day(org: OrgStore, kind: MessageType, month_days: Iterable[str], after: str | None, limit: int) -> list[str]:
    """The next of the org's customers with one of these days of the year, at most 30, by id. One read an id."""
    query = org.customers().where(filter=FieldFilter(_KEY_FIELDS[kind], "in", sorted(set(month_days))))
    query = query.order_by("__name__").select([]).limit(limit)
    page = query.start_after({"__name__": org.customer(after)}) if after else query
    return [found.id for found in page.stream()]


def members_by_date(
    org: OrgStore, kind: MessageType, start: datetime, end: datetime, after: str | None, limit: int
) -> list[str]:
    """The next of the org's customers whose date is from `start` up to but not including `end`, the earliest first.

    Members of a run ascend, so each is named by its date and its id (`member_id` gives that back). One read a member.
    """
    field = _DATE_FIELDS[kind]
    query: Query = org.customers().where(filter=FieldFilter(field, ">=", start))
    query = query.where(filter=FieldFilter(field, "<", end)).order_by(field).order_by("__name__")
    if after:
        digits, _, customer_id = after.partition(":")
        at = _EPOCH + timedelta.resolution * int(digits)
        query = query.start_after({field: at, "__name__": org.customer(customer_id)})
    return [_member(found.get(field), found.id) for found in query.select([field]).limit(limit).stream()]


def member_id(kind: MessageType, member: str) -> str:
    """The customer of a member of a run about this kind of occasion."""
    return member.partition(":")[2] if kind in _DATE_FIELDS else member


def set_keys(transaction: Transaction, org: OrgStore, customer_id: str, keys: Mapping[str, Any]) -> None:
    """Writes the days of the year that the customer is found by. One write."""
    transaction.update(org.customer(customer_id), dict(keys))


def _member(at: datetime, customer_id: str) -> str:
    return f"{(at - _EPOCH) // timedelta.resolution:0{_INSTANT_DIGITS}}:{customer_id}"
