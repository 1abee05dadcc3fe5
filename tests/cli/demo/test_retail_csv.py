"""The export reader: order, grouping, the limit, plain and gzipped, and what it refuses."""

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli.demo.retail_csv import BadExport, read_export
from tests.cli.demo.exports import write_export


def test_rows_become_invoices_earliest_first_and_ties_keep_file_order(tmp_path: Path) -> None:
    path = write_export(tmp_path, "3 A 1 02-09:00 1.00 7", "2 A 1 01-09:00 1.00 7", "1 A 1 01-09:00 1.00 7")
    assert [invoice.number for invoice in read_export(path)] == ["2", "1", "3"]


def test_an_invoice_happens_at_its_earliest_row(tmp_path: Path) -> None:
    (invoice,) = read_export(write_export(tmp_path, "1 A 1 01-09:01 1.00 7", "1 B 2 01-09:00 2.00 7"))
    assert invoice.at == datetime(2010, 3, 1, 9, 0, tzinfo=UTC)
    assert [(line.stock_code, line.quantity) for line in invoice.lines] == [("A", 1), ("B", 2)]


def test_limit_counts_invoices_in_time_order_with_all_their_rows(tmp_path: Path) -> None:
    path = write_export(tmp_path, "2 A 1 02-09:00 1.00 7", "1 A 1 01-09:00 1.00 7", "1 B 1 01-09:00 1.00 7")
    (invoice,) = read_export(path, limit=1)
    assert (invoice.number, len(invoice.lines)) == ("1", 2)


def test_a_gzipped_export_reads_the_same(tmp_path: Path) -> None:
    plain = write_export(tmp_path, "1 A 1 01-09:00 1.00 7", "C2 A -1 02-09:00 1.00 7")
    packed = tmp_path / "export.csv.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert read_export(packed) == read_export(plain)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("1 A one 01-09:00 1.00 7", "line 3"),
        ("1 A 1 01-9am 1.00 7", "line 3"),
        ("1 A 1 01-09:00 free 7", "line 3"),
        ("1 A 1 01-09:00 NaN 7", "no finite price"),
        ("0 A 1 01-09:00 1.00 8", "invoice 0 names two customers"),
        ("C1 A 1 01-09:00 1.00 7", "quantity that is not negative"),
    ],
)
def test_a_row_that_cannot_be_read_is_named_by_its_line(tmp_path: Path, row: str, says: str) -> None:
    with pytest.raises(BadExport, match=says):
        read_export(write_export(tmp_path, "0 A 1 01-09:00 1.00 7", row))


def test_a_short_row_is_named_by_its_line(tmp_path: Path) -> None:
    path = write_export(tmp_path, "0 A 1 01-09:00 1.00 7")
    path.write_text(path.read_text() + "1,A\n")
    with pytest.raises(BadExport, match=r"export\.csv, line 3"):
        read_export(path)


def test_missing_columns_are_named(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text("invoice,quantity\n1,2\n")
    with pytest.raises(BadExport, match="no column stock_code, description"):
        read_export(path)


@pytest.mark.parametrize("content", [b"not gzip at all", gzip.compress(b"invoice\n" * 100)[:-9]], ids=["text", "cut"])
def test_a_damaged_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "export.csv.gz"
    path.write_bytes(content)
    with pytest.raises(BadExport):
        read_export(path)
