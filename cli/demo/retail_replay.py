"""Invoices of a retail export as POS orders: one order an invoice, cancellations as refunds of what they cancel.

An invoice whose number starts with C cancels earlier sales; the export does not say which, so each of its lines is
matched to the same customer's earlier invoices by stock code and unit price: the latest one with enough left of it,
else as many as are needed, the latest first. An invoice that loses part of its money is rewritten with what is left;
one that loses all of it is marked refunded. What stays unmatched (discounts, postage, sales before the export begins)
becomes an order of its own in the refunded state: it earns nothing and takes nothing.
"""

import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from cli.demo.contacts import NO_CONTACT, Contact, synthetic_email, synthetic_phone
from cli.demo.documents import Line, OrderWrite, Totals, order_money, pos_order, pos_order_id
from cli.demo.retail_csv import ExportLine, Invoice


@dataclass(slots=True)
class MatchReport:
    """How the cancellations of an export were understood; quantities of a line may be matched in part."""

    sales: int = 0
    cancellations: int = 0
    lines: int = 0
    lines_matched: int = 0
    lines_matched_in_part: int = 0
    cents: int = 0
    cents_matched: int = 0
    orders_reduced: int = 0
    orders_refunded: int = 0
    orders_of_their_own: int = 0

    @property
    def lines_unmatched(self) -> int:
        return self.lines - self.lines_matched - self.lines_matched_in_part

    def figures(self) -> dict[str, int]:
        """All of it by name, for a report."""
        return asdict(self) | {"lines_unmatched": self.lines_unmatched}


def pos_contact(customer_id: str) -> Contact:
    """A stable synthetic contact for a POS customer id; nothing in it comes from the export.

    Of ten customers six have e-mail and phone, one only an e-mail, one only a phone, two neither.
    """
    number = int(customer_id) if customer_id.isdecimal() else zlib.crc32(customer_id.encode())
    share = zlib.crc32(f"contact:{customer_id}".encode()) % 10
    return Contact(
        name=f"Customer {customer_id}",
        email=synthetic_email(number) if share <= 6 else None,
        phone_digits=synthetic_phone(number) if share <= 5 or share == 7 else None,
    )


class RetailReplay:
    """Turns invoices into order writes in time order; `report` is complete once the writes are exhausted."""

    def __init__(self, org_id: str, invoices: Sequence[Invoice]) -> None:
        self._org_id = org_id
        self._invoices = invoices
        # Invoices with an unsettled line of this product at this price, by customer, in time order.
        self._sold: defaultdict[tuple[str, str, Decimal], dict[str, Invoice]] = defaultdict(dict)
        self.report = MatchReport()

    def writes(self) -> Iterator[OrderWrite]:
        """Every write of `orders/`, in the order in which a till would have made them."""
        for invoice in self._invoices:
            if invoice.cancels:
                yield from self._cancel(invoice)
            else:
                yield self._sell(invoice)

    def _sell(self, invoice: Invoice) -> OrderWrite:
        self.report.sales += 1
        for line in invoice.lines:
            if invoice.customer_id and line.left > 0:
                self._sold[_product(invoice, line)][invoice.number] = invoice
        return self._order(invoice, invoice.at, {"status": "completed"})

    def _cancel(self, cancellation: Invoice) -> Iterator[OrderWrite]:
        """Rewrites of the invoices it takes from, each once, then an order of its own for what it could not match."""
        self.report.cancellations += 1
        touched: dict[str, Invoice] = {}
        before: dict[str, dict[str, Any]] = {}
        for line in cancellation.lines:
            line.left = -line.quantity
            for invoice in self._invoices_to_take_from(cancellation, line):
                before.setdefault(invoice.number, _money(invoice))
                touched[invoice.number] = invoice
                _take_back(invoice, line)
                if line.left == 0:
                    break
            self._count(line)
        for invoice in touched.values():
            if not invoice.refunded:
                yield self._refund(invoice, cancellation.at, before[invoice.number])
        unmatched = [line for line in cancellation.lines if line.left > 0]
        if unmatched:
            self.report.orders_of_their_own += 1
            yield self._order(cancellation, cancellation.at, {"status": "completed", "paymentStatus": "refunded"})

    def _invoices_to_take_from(self, cancellation: Invoice, line: ExportLine) -> list[Invoice]:
        sold = self._sold.get(_product(cancellation, line), {})
        latest_first = [invoice for invoice in reversed(sold.values()) if _left(invoice, line) > 0]
        enough = next((invoice for invoice in latest_first if _left(invoice, line) >= line.left), None)
        return [enough] if enough else latest_first

    def _refund(self, invoice: Invoice, at: datetime, money_before: dict[str, Any]) -> OrderWrite:
        """An edit while some money is left; else the order keeps its last items and is marked refunded."""
        if invoice.cents_left() > 0:
            self.report.orders_reduced += 1
            return self._order(invoice, at, {"status": "completed"})
        self.report.orders_refunded += 1
        invoice.refunded = True
        return self._order(invoice, at, {"status": "completed", "paymentStatus": "refunded"} | money_before)

    def _order(self, invoice: Invoice, at: datetime, state: dict[str, Any]) -> OrderWrite:
        order_id = pos_order_id(invoice.number)
        fields = pos_order(
            self._org_id,
            order_id,
            invoice.customer_id or None,
            pos_contact(invoice.customer_id) if invoice.customer_id else NO_CONTACT,
            phone_style=zlib.crc32(invoice.number.encode()),
            at=invoice.at,
        )
        fields |= _money(invoice) | {"updatedAt": at} | state
        return OrderWrite(order_id, fields, at, invoice.customer_id or None)

    def _count(self, line: ExportLine) -> None:
        wanted = -line.quantity
        self.report.lines += 1
        self.report.lines_matched += line.left == 0
        self.report.lines_matched_in_part += 0 < line.left < wanted
        self.report.cents += line.cents(wanted)
        self.report.cents_matched += line.cents(wanted - line.left)


def _product(invoice: Invoice, line: ExportLine) -> tuple[str, str, Decimal]:
    return invoice.customer_id, line.stock_code, line.unit_price


def _same_product(invoice: Invoice, wanted: ExportLine) -> Iterable[ExportLine]:
    return (
        line
        for line in reversed(invoice.lines)
        if line.stock_code == wanted.stock_code and line.unit_price == wanted.unit_price and line.left > 0
    )


def _left(invoice: Invoice, wanted: ExportLine) -> int:
    return sum(line.left for line in _same_product(invoice, wanted))


def _take_back(invoice: Invoice, cancelled: ExportLine) -> None:
    """Moves as much of the cancelled quantity as the invoice has left of it, its last lines first."""
    for line in _same_product(invoice, cancelled):
        taken = min(line.left, cancelled.left)
        line.left -= taken
        cancelled.left -= taken


def _money(invoice: Invoice) -> dict[str, Any]:
    """Items and totals of what is left, in dollars; quantities of nothing are no items."""
    lines = [
        Line(line.stock_code, line.description, line.left, float(line.unit_price))
        for line in invoice.lines
        if line.left != 0
    ]
    return order_money(lines, Totals(subtotal_cents=invoice.cents_left()))
