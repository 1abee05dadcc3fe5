"""What the documents say of a year: points by customer and by month, notices, and the order in which one life went."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from google.cloud import firestore
from google.cloud.firestore import FieldFilter

_ENTRY_FIELDS = ("customerId", "kind", "points", "pending", "reserved", "debt", "recordedAt")
_JOBS_OF_A_NIGHT = timedelta(minutes=10)
COLUMNS = ("earned", "taken back", "released", "expired", "redeemed", "tiers up", "tiers down", "segment moves", "told")
"""What a month is counted in, apart from orders and lapses. `told`: of points to expire and tiers to lapse."""


@dataclass(slots=True)
class Facts:
    """`points` by customer and kind, `kinds` how many entries of each kind a customer has, `months` by name of month,
    `owners` the customer of every order that was ever recorded, `notices` how many of each kind."""

    points: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    kinds: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    months: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    notices: Counter[str] = field(default_factory=Counter)
    owners: dict[str, str] = field(default_factory=dict)


def read_facts(client: firestore.Client, org_id: str, time_zone: str) -> Facts:
    """Reads every ledger entry, notice and accrual record of the org, each once."""
    facts, zone = Facts(), ZoneInfo(time_zone)
    for found in client.collection_group("ledger").select(_ENTRY_FIELDS).stream():
        entry = found.to_dict() or {}
        kind, points = _points_of(entry)
        facts.kinds[entry["customerId"]][entry["kind"]] += 1
        facts.points[entry["customerId"]][kind] += points
        facts.months[_month(entry["recordedAt"], zone)][kind] += points
    tenant = client.document("tenants", org_id)
    for found in tenant.collection("notices").select(["kind", "occurredAt", "facts.direction"]).stream():
        notice = found.to_dict() or {}
        facts.notices[notice["kind"]] += 1
        facts.months[_month(notice["occurredAt"], zone)][_column_of(notice)] += 1
    for found in tenant.collection("accruals").select(["customerId"]).stream():
        customer_id = (found.to_dict() or {}).get("customerId")
        if customer_id:
            facts.owners[found.id] = customer_id
    return facts


def notices_of(client: firestore.Client, org_id: str, customer_id: str) -> list[dict[str, Any]]:
    """One customer's notices, the oldest first."""
    notices = client.document("tenants", org_id).collection("notices")
    found = notices.where(filter=FieldFilter("customerId", "==", customer_id)).stream()
    return sorted((it.to_dict() or {} for it in found), key=lambda notice: notice["occurredAt"])


def _points_of(entry: Mapping[str, Any]) -> tuple[str, int]:
    """The column of an entry, and the points it moves in it. Collecting a debt takes back nothing that was not owed."""
    points, pending, reserved, debt = (entry[name] for name in ("points", "pending", "reserved", "debt"))
    match entry["kind"]:
        case "earn":
            return "earned", points + pending
        case "clawback":
            return "taken back", debt - points - pending
        case "release":
            return "released", points
        case "expire" | "unexpire":
            return "expired", -points
        case "capture":
            return "redeemed", -points - reserved
        case "reinstate":
            return "redeemed", -points
    return entry["kind"], points


def _column_of(notice: Mapping[str, Any]) -> str:
    match notice["kind"]:
        case "tier_changed":
            return f"tiers {notice['facts']['direction']}"
        case "segment_entered":
            return "segment moves"
    return "told"


def _month(moment: datetime, zone: ZoneInfo) -> str:
    """The month of the shop; what the jobs do at midnight is of the day that has just ended."""
    return f"{(moment - _JOBS_OF_A_NIGHT).astimezone(zone):%Y-%m}"
