"""What somebody with the database console could do to the audited shop, and what the audit must say of it.

Paths are written with the names of `Shop.paths` in braces. A damage is a map of paths to fields: dotted names overwrite
a part, None deletes the document, and a document that is not there is created, perhaps as a copy of another one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from google.cloud.firestore import DELETE_FIELD

from lib.domain.notices import Addressee, Notice
from tests.usecases.audited_shop import ANN, BOB, COPY_OF, EVE, NOW, OLD, ORG

Damage: TypeAlias = Mapping[str, dict[str, Any] | None]


@dataclass(frozen=True, slots=True)
class Case:
    """A damage, and "invariant path" of everything that the audit finds then."""

    damage: Damage
    found: tuple[str, ...]


def case(path: str, fields: dict[str, Any] | None, *found: str, also: Damage | None = None) -> Case:
    """A damage of one document, `also` of others."""
    return Case({path: fields, **(also or {})}, found)


_SOLD = {"status": "completed", "totals": {"total": 5}}
_LOCATION = {"locations/l1": {"orgId": ORG, "posConfig": {"storeId": 1000}}}
_OLDS_OPENING = f"customers/{OLD}/ledger/0000000001"
_LINK = {"kind": "email", "customerId": BOB, "createdAt": NOW}
_RECEIPT = {"callable": "f", "fingerprint": "0" * 64, "createdAt": NOW, "actor": {"type": "staff", "id": "x"}}
_CANCELLED = {"orgId": ORG, "status": "cancelled"}
_EARLIER, _LATER = NOW - timedelta(days=1), NOW + timedelta(days=300)
# Ids derive from these times, and every worker must find tests of the same names.
_ONCE, _FAR = datetime(2026, 4, 15, 12, tzinfo=UTC), datetime(2046, 5, 1, tzinfo=UTC)
_PARCEL = {"id": "1", "releaseAt": _FAR, "expiresAt": None, "points": 5}
_ENTERED = Addressee(ORG, ANN, _ONCE).segment_entered("new", "loyal")
_EXPIRING = Addressee(ORG, ANN, _ONCE).points_expiring(5, _FAR)
_SAME_SEGMENT = {"previousSegment": "loyal", "newSegment": "loyal"}


def _at(notice: Notice) -> str:
    return f"tenants/{ORG}/notices/{notice.id}"


def _told(notice: Notice) -> dict[str, Any]:
    """A notice as stored."""
    times = {"occurredAt": notice.occurred_at, "createdAt": NOW}
    told = {"id": notice.id, "kind": notice.kind.value, "facts": dict(notice.facts)}
    return {**told, **times, "orgId": ORG, "customerId": notice.customer_id, "state": "open"}


LEDGERS = [
    case("{ann_2}", None, "A1 {o2}", "L1 {ann_2}"),
    case("{ann}", {"loyalty.headHash": "0" * 64}, "L2 {ann}"),
    case("{ann_5}", {"reason": "because I say so"}, "L3 {ann_5}"),
    case("{bob}", {"loyalty.balances.available": 431, "points": 431, "loyaltyPoints": 431}, "L7 {bob}"),
    case("{ann}", {"loyalty": DELETE_FIELD}, "I2 {ann}", "L7 {ann}"),
    case("{ann_5}", {"reason": ""}, "D1 {ann_5}", "R1 {captured}"),
    case("{ann}", {"loyalty.lots": [{"id": 1}]}, "D1 {ann}"),
]
ACCRUALS = [
    case("{ann_1}", {"source.id": "o9"}, "A1 {o1}", "A2 {tenant}/accruals/o9", "L3 {ann_1}"),
    case("{o1}", {"seqs": []}, "A1 {o1}", "A2 {o1}"),
    case("{o1}", None, "A2 {o1}", "A6 {o1}", "C1 {ann}", "C11 {ann}"),
    case("{o1}", {"rate.multiplier": "1.2"}, "A3 {o1}"),
    case("{o1}", {"lots": []}, "A4 {o1}"),
    case("{o1}", {"status": "none"}, "A5 {o1}"),
    case("{o1}", {"orderedAt": None}, "A5 {o1}", "C1 {ann}", "C11 {ann}"),
    case("{o3}", {"spendCents": 1}, "A5 {o3}", "A6 {o3}"),
    case("orders/o1", {"status": "pending"}, "A6 {o1}"),
    case("orders/o1", {"totals.total": 101}, "A6 {o1}"),
    case("orders/o1", {"customerId": BOB}, "A6 {o1}"),
    case("orders/new", {**_SOLD, "orgId": ORG}, "A6 {new}"),
    case("orders/new", {**_SOLD, "brandId": ORG}, "A6 {new}"),
    case("orders/new", {"paymentStatus": "paid", "total": 5, "dispensaryId": ORG}, "A6 {new}"),
    case("orders/new", {**_SOLD, "retailerId": "1000"}, "A6 {new}", also=_LOCATION),
    case("{o1}", {"orderVersion": "2999-01-01T00:00:00.000000000Z"}, "A7 {o1}"),
    case("{o1}", {"points": "200"}, "D1 {o1}"),
    case("orders/o2", None, "A9 {o2}"),
    case(_OLDS_OPENING, {"source.type": "takeover"}, f"A10 {_OLDS_OPENING}", "C8 {old}", f"L3 {_OLDS_OPENING}"),
    case("orders/o4", {"orgId": "org_b"}, "A6 tenants/org_b/accruals/o4", "A9 tenants/org_a/accruals/o4"),
    case("{o1}", {"customerId": EVE}, "A2 {o1}", "A6 {o1}", "C1 {ann}", "C11 {ann}", "T1 {o1}"),
]
CUSTOMERS = [
    case("{old}", {"loyalty.opening.spendCents": 1}, "C1 {old}"),
    case("{bob}", {"loyalty.lastOrderAt": NOW}, "C1 {bob}", "C3 {bob}", "C7 {bobs_spending}"),
    case("{ann}", {"points": 251, "loyaltyPoints": 251}, "C2 {ann}"),
    case("{ann}", {"loyaltyPoints": 251}, "C3 {ann}"),
    case("{ann}", {"lifetimeValue": 1}, "C3 {ann}"),
    case("{ann}", {"avgOrderValue": 99.98}, "C3 {ann}"),
    case("{ann}", {"tier": "gold"}, "C3 {ann}", "C4 {ann}"),
    case("{ann}", {"tier": "gold", "loyalty.tier": "gold", "tierThreshold": 500, "tierProgress": 0}, "C4 {ann}"),
    case("{bob}", {"tier": "bronze", "loyalty.tier": "bronze", "tierThreshold": 0}, "C4 {bob}"),
    case("{bob}", {"tierProgress": 50}, "C4 {bob}"),
    case("{ann}", {"segment": "vip"}, "C3 {ann}", "C5 {ann}"),
    case("{ann}", {"segment": "vip", "loyalty.segment": "vip"}, "C5 {ann}"),
    case("{ann}", {"dueSegmentAt": None, "dueAt": _LATER}, "C5 {ann}", "C9 {ann}"),
    case("{ann}", {"duePointsAt": NOW, "dueAt": NOW}, "C6 {ann}"),
    case("{ann}", {"loyalty.expiryWarnedTo": _FAR}, "C6 {ann}"),
    case("{ann}", {"dueAt": None}, "C9 {ann}"),
    case("{ann}", {"dueSegmentAt": _EARLIER, "dueAt": _EARLIER}, "C5 {ann}", "C10 {ann}"),
    case("{ann}", {"loyalty.monthlySpend": {}}, "C11 {ann}"),
    case("{ann}", {"dueTierAt": _FAR}, "C12 {ann}"),
    case("{ann}", {"loyalty.parcels": [_PARCEL]}, "A8 {ann}", "L7 {ann}"),
    case("{ann}", {"loyalty.parcels": [{**_PARCEL, "releaseAt": None}]}, "D1 {ann}"),
    case("{bobs_spending}", {"totalSpent": 1}, "C7 {bobs_spending}"),
    case("{bobs_spending}", None, "C7 {bobs_spending}"),
    case("{bobs_spending}", {"orderCount": "2"}, "D1 {bobs_spending}"),
    case("{old}", {"loyalty.opening.points": 41}, "C8 {old}"),
    case("{ann}", {"tier": None}, "D1 {ann}"),
]
IDENTITIES = [
    case("{tenant}/identities/email:x", {**_LINK, "customerId": "nobody"}, "I1 {tenant}/identities/email:x"),
    case("{tenant}/identities/email:x", {**_LINK, "customerId": EVE}, "I1 {tenant}/identities/email:x"),
    case("{tenant}/identities/email:x", _LINK, "I2 {bob}"),
    case("{bobs_identity}", None, "I2 {bobs_identity}"),
    case("{bobs_identity}", {"customerId": ANN}, "I2 {bobs_identity}"),
    case("{bobs_identity}", {"kind": "uid"}, "I3 {bobs_identity}"),
    case("{bobs_identity}", {"createdAt": "today"}, "D1 {bobs_identity}"),
]
REDEMPTIONS = [
    case("{captured}", {"state": "voided"}, "R1 {captured}"),
    case("{captured}", {"reinstatedAt": NOW}, "R1 {captured}"),
    case("{captured}", {"seqs": []}, "R2 {captured}"),
    case("{returned}", {"capturedPoints": 99, "capturedValueCents": 495, "capturedValue": 4.95}, "R2 {returned}"),
    case("{held}", {"allocation": []}, "R2 {held}"),
    case("{held}", None, "K1 {held_receipt}", "R3 {ann}", "R7 {held}"),
    case("{captured}", {"capturedValueCents": 251, "capturedValue": 2.51}, "R5 {captured}"),
    case("{captured}", {"rewardValue": 6}, "R5 {captured}"),
    case("orders/o2", {"status": "cancelled"}, "A6 {o2}", "R6 {captured}"),
    case("orders/till-9", _CANCELLED, "R6 {held}"),
    case("{tenant}/redemptions/x", {COPY_OF: "{held}", "id": "x"}, "R1 {x}", "R3 {ann}", "R4 {x}"),
    case("{held}", {"points": "100"}, "D1 {held}"),
    case("{captured}", {"customerId": EVE}, "R7 {captured}", "T1 {captured}"),
]
NOTICES = [
    case(_at(_ENTERED), {**_told(_ENTERED), "facts": {"newSegment": "loyal"}}, f"N1 {_at(_ENTERED)}"),
    case(_at(_ENTERED), {**_told(_ENTERED), "facts": {**_SAME_SEGMENT}}, f"N1 {_at(_ENTERED)}"),
    case(_at(_ENTERED), {**_told(_ENTERED), "expiresAt": _FAR}, f"N1 {_at(_ENTERED)}"),
    case("{tenant}/notices/x", {**_told(_ENTERED), "id": "x"}, "N2 {tenant}/notices/x"),
    case(_at(_ENTERED), {**_told(_ENTERED), "occurredAt": _LATER}, f"N2 {_at(_ENTERED)}"),
    case(_at(_EXPIRING), _told(_EXPIRING), f"N3 {_at(_EXPIRING)}"),
    case(_at(_EXPIRING), {**_told(_EXPIRING), "kind": "news"}, f"D1 {_at(_EXPIRING)}"),
    case(_at(_ENTERED), {**_told(_ENTERED), "state": "gone"}, f"D1 {_at(_ENTERED)}"),
    case(_at(_ENTERED), {**_told(_ENTERED), "customerId": EVE}, f"T1 {_at(_ENTERED)}"),
]
OCCASIONS = [
    case("{dees_record}", None, "O1 {dee_1}"),
    case("{dees_record}", {"had": {"1999": NOW}}, "O1 {dee_1}"),
    case("{dees_record}", {"had": {str(year): NOW for year in range(2020, 2120)}}, "O1 {dee_1}"),
    case("{dee_1}", {"key": "birthday:1999"}, "L3 {dee_1}", "O1 {dee_1}"),
    case("{dees_record}", {"had": {"2027": "yes"}}, "D1 {dees_record}"),
]
CONSENTS = [
    case("{log}", {"marketingWithdrawnAt": None}, "G1 {log}"),
    case("{log}", {"holderGrantedAt": NOW}, "G1 {log}"),
    case("{log}", {"events": 3}, "G1 {log}"),
    case("{log}", None, "G1 {log}"),
    case("{withdrawn}", None, "G1 {log}"),
    case("{withdrawn}", {"kind": "marketing_granted"}, "G1 {log}"),
    case("{granted}", {"source": "reply"}, "G1 {log}"),
    case("{granted}", {"occurredAt": NOW - timedelta(days=9)}, "G1 {log}"),
    case("{granted}", {"consentId": "email:x"}, "G2 {granted}"),
    case("{granted}", {"orgId": "org_b"}, "G2 {granted}"),
    case("{log}", {"channel": "sms"}, "G2 {log}"),
    case("{log}/events/x", {COPY_OF: "{granted}"}, "G1 {log}", "G2 {log}/events/x"),
    case("{granted}", {"kind": "maybe"}, "D1 {granted}"),
    case("{log}", {"complainedAt": "never"}, "D1 {log}"),
]
RUNS = [
    case("{run}", {"members": 4}, "F1 {run}"),
    case("{run}", {"shards": 2}, "F1 {run}"),
    case("{shard}", None, "F1 {run}", "F4 {run}"),
    case("{shard}", {"runId": "x"}, "F1 {shard}"),
    case("{shard}", {"ids": [ANN, OLD, BOB]}, "F1 {shard}"),
    case("{run}/shards/x", {COPY_OF: "{shard}"}, "F1 {run}", "F4 {run}"),
    case("{shard}", {"position": 2}, "F2 {shard}", "F3 {shard}"),
    case("{shard}", {"members": 2}, "F2 {shard}"),
    case("{shard}", {"visited": 3}, "F2 {shard}", "F4 {run}"),
    case("{shard}", {"errors": [{"memberId": "nobody", "reason": "KeyError"}]}, "F2 {shard}"),
    case("{shard}", {"deferred": [BOB]}, "F2 {shard}", "F3 {shard}"),
    case("{shard}", {"finishedAt": None}, "F3 {shard}"),
    case("{shard}", {"state": "waiting", "finishedAt": None}, "F3 {shard}", "F4 {run}", "F5 {run}"),
    case("{open_shard}", {"worker": None}, "F3 {open_shard}"),
    case("{run}", {"totals.changed": 3}, "F4 {run}"),
    case("{run}", {"errors": []}, "F4 {run}"),
    case("{run}", {"shardsDone": 0}, "F4 {run}"),
    case("{run}", {"state": "running"}, "F5 {run}"),
    case("{run}", {"state": "failed"}, "F5 {run}"),
    case("{run}", {"planned": False}, "F5 {run}"),
    case("{open_run}", {"state": "cancelled", "finishedAt": NOW}, "F4 {open_run}"),
    case("{open_run}", {"state": "failed", "finishedAt": NOW}, "F4 {open_run}", "F5 {open_run}"),
    case("{run}", {"expiresAt": NOW}, "F6 {run}"),
    case("{open_run}", {"expiresAt": NOW}, "F6 {open_run}"),
    case("{shard}", {"expiresAt": NOW}, "F6 {run}"),
    case("{run}", {"totals.changed": "2"}, "D1 {run}"),
    case("{shard}", {"ids": ANN}, "D1 {shard}"),
]
MESSAGES = [
    case(
        "customer_communications/x",
        {COPY_OF: "{message}"},
        "M1 customer_communications/x",
        "M4 customer_communications/x",
    ),
    case("{message}", {"cause.id": "spring:2"}, "M1 {message}", "M4 {message}"),
    case("{recipient}", {"group": "holdout"}, "M4 {message}"),
    case("{recipient}", None, "M4 {message}"),
    case("{message}", {"dedupeKey": "x"}, "M1 {message}"),
    case("{message}", {"status": "scheduled"}, "M2 {message}"),
    case("{message}", {"state": "sending", "status": "scheduled"}, "M2 {message}"),
    case("{message}", {"leaseUntil": _LATER}, "M2 {message}"),
    case("{message}", {"claimedAt": None}, "M2 {message}"),
    case("{message}", {"sentAt": None}, "M2 {message}"),
    case("{message}", {"state": "skipped", "status": "failed"}, "M2 {message}"),
    case("{message}", {"claimedAt": _LATER}, "M3 {message}"),
    case("{message}", {"attempts": "1"}, "D1 {message}"),
]
_AUTUMN = {"orgId": ORG, "following": True, "followed": {}}
CLAIMS = [
    case(
        "campaigns/autumn/attributions/o9",
        {COPY_OF: "{claim}", "campaignId": "autumn"},
        "V1 {claim}",
        "V2 campaigns/autumn/attributions/o9",
        also={"campaigns/autumn": _AUTUMN},
    ),
    case("{claim}", {"orderId": "o1"}, "V1 {claim}"),
    case("{claim}", {"campaignId": "spring"}, "V1 {claim}"),
    case("{dees_recipient}", {"attributedOrders": {}}, "V2 {claim}"),
    case("{dees_recipient}", {"converted": False}, "V2 {claim}"),
    case("{dees_recipient}", {"sentAt": _LATER}, "V2 {claim}"),
    case("{dees_recipient}", {"sentAt": NOW - timedelta(days=31)}, "V2 {claim}"),
    case("{dees_recipient}", None, "V2 {claim}"),
    case("{claim}", {"customerId": BOB}, "V2 {claim}", "V3 {claim}"),
    case("{claim}", {"orderCents": 1}, "V2 {claim}", "V3 {claim}"),
    case("{claim}", {"orderCreatedAt": NOW}, "V3 {claim}"),
    case("{claim}", {"orderCents": "1"}, "D1 {claim}"),
]
RECONCILIATION = [
    case("{bob}", {"pointsFromAlpine": 5}, "Q1 {bob}"),
    case("{bob}", {"loyaltyReconciled": True}, "Q1 {bob}"),
    case("{bob}", {"loyaltyDiscrepancy": 0}, "Q1 {bob}"),
    case("{bob}", {"alpine.difference": 1}, "Q1 {bob}", "Q3 {bob}"),
    case("{bob}", {"alpine.points": "5"}, "D1 {bob}"),
    case("{bobs_contact}", {"customerId": ANN}, "Q2 {bob}"),
    case("{bobs_contact}", None, "Q2 {bob}"),
    case("{bobs_discrepancy}", {"remaining": 7}, "Q3 {bob}"),
    case("{bobs_discrepancy}", None, "Q3 {bob}"),
    case("{bob}", {"alpine.state": "agreed", "loyaltyReconciled": True}, "Q3 {bob}"),
    case("{bobs_discrepancy}", {"resolvedAt": NOW}, "Q4 {bobs_discrepancy}"),
    case("{bobs_discrepancy}", {"resolution": "split"}, "Q4 {bobs_discrepancy}"),
    case("{bobs_discrepancy}", {"ratio": "0.1"}, "D1 {bobs_discrepancy}"),
    case("{tenant}/discrepancies/x", {"customerId": EVE}, "T1 {tenant}/discrepancies/x"),
]
OTHERS = [
    case("{tenant}/receipts/x", {**_RECEIPT, "result": {"ok": False}}, "K1 {tenant}/receipts/x"),
    case(
        "{tenant}/receipts/x", {**_RECEIPT, "result": {"ok": True, "redemption": {"id": "y"}}}, "K1 {tenant}/receipts/x"
    ),
    case("{tenant}/receipts/x", {**_RECEIPT, "result": {}}, "D1 {tenant}/receipts/x"),
    case("{menu}", {"equityMultiplier": 1.2}, "S1 {menu}"),
    case("{menu}", {"menuDisplay.secret": True}, "S1 {menu}", "S2 {menu}"),
    case("{menu}", {"pointsPerDollar": 3}, "S2 {menu}"),
    case("{menu}", None, "S2 {menu}"),
    case("customer_activities/x", {"orgId": ORG, "customerId": EVE}, "T1 customer_activities/x"),
    case("customer_activities/x", {"orgId": ORG, "customerId": "nobody"}, "T1 customer_activities/x"),
    case("customers/x", {"loyaltyEngine": 1, "loyalty": {}}, "T2 customers/x"),
]
OWNED = [*LEDGERS, *ACCRUALS, *CUSTOMERS, *IDENTITIES, *REDEMPTIONS, *NOTICES, *OCCASIONS]
DAMAGES = [*OWNED, *RECONCILIATION, *MESSAGES, *CLAIMS, *CONSENTS, *RUNS, *OTHERS]
