"""The days of the year that customers are found by: kept when anybody writes a birth date, and given to all customers
when an org begins to answer birthdays or anniversaries."""

from collections.abc import Mapping
from typing import Any

from lib.domain import day_keys
from lib.domain.frequency import MessageType
from lib.domain.ids import is_org_id
from lib.platform import clock
from lib.store import due, messaging, occasions
from lib.store import settings as settings_store
from lib.store import transaction as transactions
from lib.store.org import OrgStore
from lib.store.transaction import Transaction


def members(org: OrgStore, params: Mapping[str, Any], after: str | None, limit: int) -> list[str]:
    """All customers, if anything is looked for by keys. One read a customer."""
    return due.customer_ids(org, after, limit) if _are_wanted(org) else []


def visit(org: OrgStore, params: Mapping[str, Any], customer_id: str) -> Mapping[str, int]:
    """Gives a customer its keys. One read, and one write for a customer whose keys differ."""
    return {"keyed": int(_set(org, customer_id, None))}


def note(customer_id: str, before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> None:
    """A customer document was written that says other days than before, or is new.

    Billed: nothing where the keys are right, but the org's settings, which are remembered for half a minute; where they
    are not, one read and one write. A birth date that is taken out is forgotten although nobody looks for birthdays:
    the day they are switched on again, its key would be all that is known.
    """
    org_id = after.get("orgId")
    if not is_org_id(org_id):
        return
    org = OrgStore(org_id)
    is_forgotten = day_keys.without_forgotten(before, after) != after
    if (is_forgotten or _are_wanted(org)) and _changed(org, before, after):
        _set(org, customer_id, before)


def _set(org: OrgStore, customer_id: str, before: Mapping[str, Any] | None) -> bool:
    """Whether the customer's keys differed from what they are to be."""

    def work(transaction: Transaction) -> bool:
        document = transaction.get([org.customer(customer_id)])[0]
        fields = document.to_dict() or {}
        changed = _changed(org, before, fields) if document.exists and org.owns(fields) else {}
        if changed:
            occasions.set_keys(transaction, org, customer_id, changed)
        return bool(changed)

    return transactions.run(work)


def _changed(org: OrgStore, before: Mapping[str, Any] | None, fields: Mapping[str, Any]) -> dict[str, str | None]:
    settings = settings_store.load(org)
    known = day_keys.without_forgotten(before, fields)
    wanted = day_keys.keys_of(known, settings.country, settings.time_zone, clock.now())
    return {name: value for name, value in wanted.items() if fields.get(name) != value}


def _are_wanted(org: OrgStore) -> bool:
    settings = messaging.load(org)
    return any(settings.automation(kind) for kind in (MessageType.BIRTHDAY, MessageType.ANNIVERSARY))
