"""What the balances must be, computed apart from the product: from the export's rows, or from each order's last state.

Nothing here is shared with the product, and the export is not replayed: every product at a price that a customer ever
bought is settled on its own, sales against cancellations, and the invoices are added up from what is left. The oracle
of generated orders knows only how each order ended.
"""

import csv
import gzip
import io
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from cli.demo.documents import OrderWrite

_EARNING = {"completed", "delivered"}
_REVERSED = {"cancelled", "voided", "refunded", "returned"}
_MONEY_WENT_BACK = {"refunded", "voided", "failed"}


@dataclass(frozen=True, slots=True)
class Programme:
    """The rules the figures depend on: points per dollar, and tiers as (id, threshold in cents)."""

    points_per_dollar: Fraction
    tiers: Sequence[tuple[str, int]]

    def tier(self, spend_cents: int) -> str:
        """The highest tier whose threshold the spend reaches, inclusive."""
        return max((threshold, name) for name, threshold in self.tiers if threshold <= spend_cents)[1]


@dataclass(frozen=True, slots=True)
class Figures:
    """What one customer has earned: points are before any redemption."""

    spend_cents: int
    order_count: int
    points: int
    tier: str


def figures(orders: Iterable[tuple[str, int]], programme: Programme) -> dict[str, Figures]:
    """Adds up (person, cents) of the orders that count; points are floored per order."""
    cents_by_person: defaultdict[str, list[int]] = defaultdict(list)
    for person, cents in orders:
        cents_by_person[person].append(cents)
    return {
        person: Figures(
            spend_cents=sum(amounts),
            order_count=len(amounts),
            points=sum(int(cents * programme.points_per_dollar // 100) for cents in amounts),
            tier=programme.tier(sum(amounts)),
        )
        for person, amounts in cents_by_person.items()
    }


def stream_figures(writes: Iterable[OrderWrite], programme: Programme) -> dict[str, Figures]:
    """Expected figures by person of a stream of writes: only the last one of each order matters."""
    last = {write.order_id: write for write in writes}
    return figures(
        (
            (write.person, round(write.fields["totals"]["total"] * 100))
            for write in last.values()
            if write.person is not None and counts(write.fields)
        ),
        programme,
    )


def counts(order: dict[str, Any]) -> bool:
    """Whether an order in this state earns: completed or paid, not taken back, not a trial."""
    earned = order["status"] in _EARNING or order.get("paymentStatus") == "paid"
    is_trial = order.get("mode") == "demo" or order.get("source") == "pilot_test"
    return earned and not is_taken_back(order) and not is_trial


def worth(order: dict[str, Any]) -> int | None:
    """What an order in this state counts for in cents, None when it does not count."""
    return round(order["totals"]["total"] * 100) if counts(order) else None


def is_taken_back(order: dict[str, Any]) -> bool:
    """Whether the sale of an order in this state was undone, so that a reward on it goes back too."""
    return order["status"] in _REVERSED or order.get("paymentStatus") in _MONEY_WENT_BACK


@dataclass(slots=True)
class _Row:
    """A row of the export; `left` is a sale's quantity that is still sold, or a cancellation's still to be placed."""

    turn: int
    invoice: str
    quantity: int
    price: Fraction
    left: int


def export_figures(path: Path, programme: Programme, limit: int | None = None) -> dict[str, Figures]:
    """Expected figures by customer id of the first `limit` invoices of an export, straight from its rows.

    A customer whose invoices are all cancelled, or none of whose invoices is a sale, has no figures.
    """
    rows = _read(path)
    turns = _turns(rows, limit)
    histories: defaultdict[tuple[str, str, str], list[_Row]] = defaultdict(list)
    sales: defaultdict[tuple[str, str], list[_Row]] = defaultdict(list)
    for row in rows:
        customer, invoice, quantity = row["customer_id"], row["invoice"], int(row["quantity"])
        if not customer or invoice not in turns:
            continue
        entry = _Row(turns[invoice], invoice, quantity, _price(row["unit_price_gbp"]), abs(quantity))
        histories[customer, row["stock_code"], row["unit_price_gbp"]].append(entry)
        if not invoice.startswith("C"):
            sales[customer, invoice].append(entry)
    touched = {invoice for history in histories.values() for invoice in _settle(history)}
    return figures(
        (
            (customer, cents)
            for (customer, invoice), lines in sales.items()
            if (cents := sum(_cents(line) for line in lines)) > 0 or (cents == 0 and invoice not in touched)
        ),
        programme,
    )


def _read(path: Path) -> list[dict[str, str]]:
    content = path.read_bytes()
    text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def _turns(rows: list[dict[str, str]], limit: int | None) -> dict[str, int]:
    """Each invoice's place in time: by its earliest row, then by where it first appears in the file."""
    first: dict[str, tuple[str, int]] = {}
    for place, row in enumerate(rows):
        moment, seen = first.get(row["invoice"], (row["invoiced_at"], place))
        first[row["invoice"]] = min(moment, row["invoiced_at"]), seen
    return {invoice: turn for turn, invoice in enumerate(sorted(first, key=lambda invoice: first[invoice])[:limit])}


def _settle(history: list[_Row]) -> set[str]:
    """Takes one customer's cancellations of one product at one price off its sales; the invoices they took from."""
    touched: set[str] = set()
    shelf: list[list[_Row]] = []
    for row in sorted(history, key=lambda row: row.turn):
        if not row.invoice.startswith("C"):
            if row.quantity < 0:
                continue
            if shelf and shelf[-1][0].invoice == row.invoice:
                shelf[-1].append(row)
            else:
                shelf.append([row])
            continue
        whole = [lines for lines in shelf if sum(line.left for line in lines) >= row.left]
        for lines in whole[-1:] or reversed(shelf):
            for line in reversed(lines):
                taken = min(line.left, row.left)
                line.left, row.left = line.left - taken, row.left - taken
                if taken:
                    touched.add(line.invoice)
    return touched


@cache
def _price(text: str) -> Fraction:
    return Fraction(text)


def _cents(row: _Row) -> int:
    """What is left of a sold row, in cents, half up."""
    signed = row.left if row.quantity > 0 else -row.left
    pence, whole = signed * row.price.numerator * 100, row.price.denominator
    return (2 * pence + whole) // (2 * whole)
