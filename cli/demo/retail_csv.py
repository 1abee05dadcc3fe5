"""Reads a real retail export: rows of a CSV file, plain or gzipped, as invoices in time order.

The columns are those of the Online Retail II data set (UCI, CC BY 4.0).
"""

import csv
import gzip
import io
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from pathlib import Path

COLUMNS = (
    "invoice",
    "stock_code",
    "description",
    "quantity",
    "invoiced_at",
    "unit_price_gbp",
    "customer_id",
    "country",
)
_CANCELLATION_PREFIX = "C"


class BadExport(ValueError):
    """The export cannot be read as this format; the message names the file's line."""


@dataclass(slots=True)
class ExportLine:
    """One row; `left` is the quantity of a sold line that no cancellation has taken back yet."""

    stock_code: str
    description: str
    quantity: int
    unit_price: Decimal
    left: int = field(init=False)

    def __post_init__(self) -> None:
        self.left = self.quantity

    def cents(self, quantity: int) -> int:
        """`quantity` of it in cents, rounded half up: a few prices have tenths of a penny."""
        return int((quantity * self.unit_price * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP))


@dataclass(slots=True)
class Invoice:
    """One invoice; a moment per invoice (its earliest row, read as UTC), one customer, lines in file order."""

    number: str
    at: datetime
    customer_id: str
    lines: list[ExportLine] = field(default_factory=list)
    refunded: bool = False

    @property
    def cancels(self) -> bool:
        return self.number.startswith(_CANCELLATION_PREFIX)

    def cents_left(self) -> int:
        return sum(line.cents(line.left) for line in self.lines)


def read_export(path: Path, limit: int | None = None) -> list[Invoice]:
    """The first `limit` invoices of a .csv or .csv.gz file (all without one), earliest first, ties in file order.

    Raises BadExport when a column is missing or a row cannot be read, OSError when the file cannot.
    """
    invoices: dict[str, Invoice] = {}
    try:
        with (
            gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as raw,
            io.TextIOWrapper(raw, encoding="utf-8-sig", newline="") as text,
        ):
            rows = csv.DictReader(text)
            missing = [column for column in COLUMNS if column not in (rows.fieldnames or ())]
            if missing:
                raise BadExport(f"{path.name}: no column {', '.join(missing)}")
            for row in rows:
                try:
                    _add_row(invoices, row)
                except (ValueError, TypeError, AttributeError, InvalidOperation) as error:
                    raise BadExport(f"{path.name}, line {rows.line_num}: {error}") from error
    except (gzip.BadGzipFile, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        raise BadExport(f"{path.name}: {error}") from error
    return sorted(invoices.values(), key=lambda invoice: invoice.at)[:limit]


def _add_row(invoices: dict[str, Invoice], row: dict[str, str]) -> None:
    at = datetime.fromisoformat(row["invoiced_at"]).replace(tzinfo=UTC)
    number, customer_id = row["invoice"], row["customer_id"]
    invoice = invoices.setdefault(number, Invoice(number, at, customer_id))
    if invoice.customer_id != customer_id:
        raise ValueError(f"invoice {number} names two customers")
    line = ExportLine(row["stock_code"], row["description"], int(row["quantity"]), Decimal(row["unit_price_gbp"]))
    if not line.unit_price.is_finite():
        raise ValueError(f"invoice {number} has no finite price")
    if invoice.cancels and line.quantity >= 0:
        raise ValueError(f"cancellation {number} has a quantity that is not negative")
    invoice.at = min(invoice.at, at)
    invoice.lines.append(line)
