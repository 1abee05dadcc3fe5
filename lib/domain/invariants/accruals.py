"""Checks what orders have granted a customer against the ledger entries that granted it, and against the totals."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import TypeAlias

from lib.domain.invariants import shapes
from lib.domain.invariants.entries import collects_debt
from lib.domain.invariants.ledger import LedgerReader
from lib.domain.invariants.parcels import check_shares
from lib.domain.invariants.violations import Document, Fact, Fields, Invariant, Violation, differing

Unclaimed: TypeAlias = "dict[str, dict[int, Fields]]"  # by order id: entries, by number, that no record has named yet

_LOT = shapes.mapping(
    {
        "id": shapes.TEXT,
        **dict.fromkeys(("expiresAt", "releaseAt"), shapes.optional(shapes.INSTANT)),
        "points": shapes.POSITIVE,
    }
)
_RATE = shapes.mapping(
    {
        "pointsPerDollar": shapes.DECIMAL,
        "multiplier": shapes.DECIMAL,
        "base": shapes.one_of("total", "subtotal", "total_before_tax"),
        **dict.fromkeys(("expiresAt", "releaseAt"), shapes.optional(shapes.INSTANT)),
        "paused": shapes.FLAG,
    }
)

ACCRUAL_SHAPE: shapes.Shape = {
    **dict.fromkeys(("orderId", "orderVersion"), shapes.TEXT),
    "customerId": shapes.optional(shapes.TEXT),
    "status": shapes.one_of("granted", "none"),
    "counted": shapes.FLAG,
    **dict.fromkeys(("spendCents", "points", "carriedPoints", "reversals"), shapes.NATURAL),
    "orderedAt": shapes.optional(shapes.INSTANT),
    "lots": shapes.listing(_LOT),
    "rate": shapes.optional(_RATE),
    "seqs": shapes.listing(shapes.POSITIVE),
    **dict.fromkeys(("createdAt", "updatedAt"), shapes.INSTANT),
}


def check_accruals(
    org_id: str, customer: Document, ledger: LedgerReader, accruals: Sequence[Document]
) -> Iterator[Violation]:
    """All accrual records that name one customer, of their declared shape, against the customer's closed ledger."""
    unclaimed: Unclaimed = {
        order_id: {entry.fields["seq"]: entry.fields for entry in entries if not collects_debt(entry.fields)}
        for (source, order_id), entries in ledger.by_source.items()
        if source == "order"
    }
    for accrual in accruals:
        yield from check_alone(accrual)
        yield from _check_points(accrual, unclaimed.get(accrual.id, {}))
    yield from check_shares(customer, accruals)
    yield from _check_unclaimed(org_id, customer, ledger, unclaimed)
    yield from _check_sums(customer, ledger, accruals, unclaimed)


def check_alone(accrual: Document) -> Iterator[Violation]:
    """What must be true of a record by itself: what it counts, what it is worth, and where the points went."""
    fields = accrual.fields
    counted, rate = fields["counted"], fields["rate"]
    facts: list[Fact] = [
        ("orderId", accrual.id, fields["orderId"]),
        ("status", "granted" if counted else "none", fields["status"]),
        ("a date of a counted order", counted, fields["orderedAt"] is not None),
    ]
    if counted:
        facts += [("a rate", True, rate is not None), ("a customer", True, fields["customerId"] is not None)]
    else:
        facts += [("spendCents", 0, fields["spendCents"]), ("points", 0, fields["points"])]
    yield from differing(Invariant.ACCRUAL_ORDER, accrual.path, facts)
    if counted and rate and rate["base"] == "total":
        points = [("points", points_of(fields["spendCents"], rate), fields["points"])]
        yield from differing(Invariant.ACCRUAL_PRICED, accrual.path, points)
    lots = sum(lot["points"] for lot in fields["lots"])
    yield from differing(Invariant.ACCRUAL_LOTS, accrual.path, [("lots of points", fields["points"], lots)])


def points_of(cents: int, rate: Fields) -> int:
    """floor(cents x points per dollar x multiplier / 100), exact."""
    product = Decimal(cents) * Decimal(rate["pointsPerDollar"]) * Decimal(rate["multiplier"])
    return int(product // 100)


def _check_points(accrual: Document, entries: dict[int, Fields]) -> Iterator[Violation]:
    """Takes the entries that the record names out of `entries` and compares their sum with what it says."""
    fields = accrual.fields
    named = [entries.pop(seq, None) for seq in fields["seqs"]]
    if None in named:
        missing = [seq for seq, entry in zip(fields["seqs"], named, strict=True) if entry is None]
        yield Violation(Invariant.ACCRUAL_POINTS, accrual.path, "seqs of this order's entries", f"others: {missing}")
        return
    granted = fields["carriedPoints"] + _net(entry for entry in named if entry)
    yield from differing(Invariant.ACCRUAL_POINTS, accrual.path, [("points", granted, fields["points"])])


def _check_unclaimed(
    org_id: str, customer: Document, ledger: LedgerReader, unclaimed: Unclaimed
) -> Iterator[Violation]:
    """Entries that no record names date from before the order moved away, and have been taken back altogether.

    Only points that came out of an opening balance can be taken back without having been given by an entry.
    """
    opened = ("opening", customer.id) in ledger.by_source
    for order_id, entries in unclaimed.items():
        net = _net(entries.values())
        if net > 0 or (net < 0 and not opened):
            path = f"tenants/{org_id}/accruals/{order_id}"
            yield Violation(Invariant.ACCRUAL_KNOWN, path, f"a record of {net} points of {customer.path}", "none")


def _check_sums(
    customer: Document, ledger: LedgerReader, accruals: Sequence[Document], unclaimed: Unclaimed
) -> Iterator[Violation]:
    account = customer.fields["loyalty"]
    opening = account["opening"]
    counted = [accrual.fields for accrual in accruals if accrual.fields["counted"]]
    dates = sorted(accrual["orderedAt"] for accrual in counted if accrual["orderedAt"])
    facts: list[Fact] = [
        ("loyalty.spendCents", opening["spendCents"] + _sum(counted, "spendCents"), account["spendCents"]),
        ("loyalty.orderCount", opening["orderCount"] + len(counted), account["orderCount"]),
        ("loyalty.orderPoints", _sum([accrual.fields for accrual in accruals], "points"), account["orderPoints"]),
    ]
    # The orders of an opening have no records: only without one must the dates be those of the records.
    if not (opening["firstOrderAt"] or opening["lastOrderAt"]):
        facts.append(("loyalty.firstOrderAt", dates[0] if dates else None, account["firstOrderAt"]))
        facts.append(("loyalty.lastOrderAt", dates[-1] if dates else None, account["lastOrderAt"]))
    yield from differing(Invariant.CUSTOMER_SPEND, customer.path, facts)
    brought_along = _net(entry.fields for entry in ledger.by_source.get(("opening", customer.id), []))
    carried = _sum([accrual.fields for accrual in accruals], "carriedPoints")
    taken_back = sum(max(0, -_net(entries.values())) for entries in unclaimed.values())
    left = [("loyalty.opening.points", brought_along - carried - taken_back, opening["points"])]
    yield from differing(Invariant.CUSTOMER_OPENING, customer.path, left)


def _net(entries: Iterable[Fields]) -> int:
    """What entries give and take of an order's points: a clawback that became debt was taken all the same."""
    return sum(entry["points"] + entry["pending"] - entry["debt"] for entry in entries)


def _sum(documents: Iterable[Fields], name: str) -> int:
    return sum(fields[name] for fields in documents)
