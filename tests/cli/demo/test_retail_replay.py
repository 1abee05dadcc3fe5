"""Cancellations as refunds: which sale they take from, how much, and what becomes of what no sale explains."""

from pathlib import Path
from typing import Any

import pytest

from cli.demo.retail_csv import read_export
from cli.demo.retail_replay import MatchReport, RetailReplay, pos_contact
from tests.cli.demo.exports import write_export

ORG = "org_shop"

# name: rows, then what each order ends as: (paymentStatus, total in dollars, quantities by stock code)
FINAL_STATES: dict[str, tuple[list[str], dict[str, tuple[str | None, float, dict[str, int]]]]] = {
    "a sale is a completed order": (
        ["1 A 2 01-09:00 1.50 7", "1 B 1 01-09:00 0.85 7"],
        {"1": (None, 3.85, {"A": 2, "B": 1})},
    ),
    "a cancelled line leaves the rest of the order": (
        ["1 A 2 01-09:00 1.50 7", "1 B 1 01-09:00 0.85 7", "C2 A -2 02-09:00 1.50 7"],
        {"1": (None, 0.85, {"B": 1})},
    ),
    "part of a line": (
        ["1 A 10 01-09:00 1.10 7", "C2 A -3 02-09:00 1.10 7"],
        {"1": (None, 7.7, {"A": 7})},
    ),
    "nothing left is a refunded order that keeps its items": (
        ["1 A 2 01-09:00 1.50 7", "C2 A -2 02-09:00 1.50 7"],
        {"1": ("refunded", 3.0, {"A": 2})},
    ),
    "only free goods left is a refunded order": (
        ["1 A 2 01-09:00 1.50 7", "1 GIFT 1 01-09:00 0.0 7", "C2 A -2 02-09:00 1.50 7"],
        {"1": ("refunded", 3.0, {"A": 2, "GIFT": 1})},
    ),
    "two steps to nothing": (
        ["1 A 3 01-09:00 2.00 7", "C2 A -1 02-09:00 2.00 7", "C3 A -2 03-09:00 2.00 7"],
        {"1": ("refunded", 4.0, {"A": 2})},
    ),
    "the latest sale with enough": (
        ["1 A 5 01-09:00 1.00 7", "2 A 5 02-09:00 1.00 7", "3 A 1 03-09:00 1.00 7", "C4 A -2 04-09:00 1.00 7"],
        {"1": (None, 5.0, {"A": 5}), "2": (None, 3.0, {"A": 3}), "3": (None, 1.0, {"A": 1})},
    ),
    "spread over several, the latest first": (
        ["1 A 2 01-09:00 1.00 7", "2 A 3 02-09:00 1.00 7", "C3 A -4 04-09:00 1.00 7"],
        {"1": (None, 1.0, {"A": 1}), "2": ("refunded", 3.0, {"A": 3})},
    ),
    "what no sale explains is an order of its own": (
        ["1 A 2 01-09:00 1.00 7", "C2 A -5 02-09:00 1.00 7", "C2 D -1 02-09:00 9.99 7"],
        {"1": ("refunded", 2.0, {"A": 2}), "C2": ("refunded", 12.99, {"A": 3, "D": 1})},
    ),
    "another price is another sale": (
        ["1 A 2 01-09:00 1.00 7", "C2 A -1 02-09:00 1.01 7"],
        {"1": (None, 2.0, {"A": 2}), "C2": ("refunded", 1.01, {"A": 1})},
    ),
    "another customer's sale is not touched": (
        ["1 A 2 01-09:00 1.00 7", "C2 A -1 02-09:00 1.00 8"],
        {"1": (None, 2.0, {"A": 2}), "C2": ("refunded", 1.0, {"A": 1})},
    ),
    "a sale in the same minute, before it in the file": (
        ["1 A 2 01-09:00 1.00 7", "C2 A -1 01-09:00 1.00 7"],
        {"1": (None, 1.0, {"A": 1})},
    ),
    "a sale in the same minute, after it in the file": (
        ["C2 A -1 01-09:00 1.00 7", "1 A 2 01-09:00 1.00 7"],
        {"C2": ("refunded", 1.0, {"A": 1}), "1": (None, 2.0, {"A": 2})},
    ),
    "a cancellation before the sale": (
        ["C2 A -1 01-09:00 1.00 7", "1 A 2 02-09:00 1.00 7"],
        {"C2": ("refunded", 1.0, {"A": 1}), "1": (None, 2.0, {"A": 2})},
    ),
    "two lines of one product in one invoice, the last first": (
        ["1 A 2 01-09:00 1.00 7", "1 A 3 01-09:00 1.00 7", "C2 A -4 02-09:00 1.00 7"],
        {"1": (None, 1.0, {"A": 1})},
    ),
    "an invoice of nothing stays as it is": (
        ["1 TEST 5 01-09:00 0.0 7"],
        {"1": (None, 0.0, {"TEST": 5})},
    ),
    "tenths of a penny are rounded half up by the line": (
        ["1 PADS 5 01-09:00 0.001 7", "1 PADS 4 01-09:00 0.001 7"],
        {"1": (None, 0.01, {"PADS": 9})},
    ),
}


def _final_states(path: Path) -> dict[str, tuple[str | None, float, dict[str, int]]]:
    last = {write.order_id: write.fields for write in RetailReplay(ORG, read_export(path)).writes()}
    return {order_id.removeprefix("alleaves_"): _state(fields) for order_id, fields in last.items()}


def _state(fields: dict[str, Any]) -> tuple[str | None, float, dict[str, int]]:
    quantities: dict[str, int] = {}
    for item in fields["items"]:
        quantities[item["productId"]] = quantities.get(item["productId"], 0) + item["qty"]
    return fields.get("paymentStatus"), fields["totals"]["total"], quantities


@pytest.mark.parametrize(("rows", "expected"), FINAL_STATES.values(), ids=FINAL_STATES)
def test_final_states(
    tmp_path: Path, rows: list[str], expected: dict[str, tuple[str | None, float, dict[str, int]]]
) -> None:
    assert _final_states(write_export(tmp_path, *rows)) == expected


def test_one_cancellation_rewrites_an_order_once_and_at_its_own_time(tmp_path: Path) -> None:
    rows = ["1 A 2 01-09:00 1.50 7", "1 B 3 01-09:00 1.00 7", "C2 A -1 02-10:00 1.50 7", "C2 B -1 02-10:00 1.00 7"]
    sale, edit = RetailReplay(ORG, read_export(write_export(tmp_path, *rows))).writes()
    assert sale.order_id == edit.order_id == "alleaves_1"
    assert sale.fields["totals"]["total"] == 6.0
    assert edit.fields["totals"]["total"] == 3.5
    assert edit.at == edit.fields["updatedAt"] > edit.fields["createdAt"] == sale.at
    assert sale.fields["totals"]["total"] == 6.0, "an earlier write must not change when the order does"


def test_the_report_counts_lines_and_cents(tmp_path: Path) -> None:
    rows = ["1 A 2 01-09:00 1.00 7", "2 B 5 01-09:00 2.00 7", "C3 A -5 02-09:00 1.00 7", "C4 B -1 03-09:00 2.00 7"]
    replay = RetailReplay(ORG, read_export(write_export(tmp_path, *rows, "C5 M -1 03-09:00 0.50 8")))
    list(replay.writes())
    assert replay.report == MatchReport(
        sales=2,
        cancellations=3,
        lines=3,
        lines_matched=1,
        lines_matched_in_part=1,
        cents=750,
        cents_matched=400,
        orders_reduced=1,
        orders_refunded=1,
        orders_of_their_own=2,
    )
    assert replay.report.lines_unmatched == 1


def test_orders_look_like_the_pos_sync_wrote_them(tmp_path: Path) -> None:
    (write,) = RetailReplay(ORG, read_export(write_export(tmp_path, "1 A 2 01-09:00 1.50 13085"))).writes()
    assert write.fields["id"] == write.order_id == "alleaves_1"
    assert (write.fields["source"], write.fields["brandId"], write.fields["userId"]) == ("alleaves", ORG, "13085")
    assert write.fields["items"] == [{"productId": "A", "name": "THING A", "qty": 2, "price": 1.5}]
    assert write.person == "13085"


def test_contacts_are_synthetic_stable_and_not_everyones() -> None:
    contacts = [pos_contact(str(number)) for number in range(12_346, 18_288)]
    assert contacts == [pos_contact(str(number)) for number in range(12_346, 18_288)]
    emails = [contact.email for contact in contacts if contact.email]
    phones = [contact.phone_digits for contact in contacts if contact.phone_digits]
    assert len(set(emails)) == len(emails) and all(email.endswith("@example.com") for email in emails)
    assert len(set(phones)) == len(phones) and all(phone[3:8] == "55501" for phone in phones)
    without = sum(contact.email is None and contact.phone_digits is None for contact in contacts)
    assert 0.15 < without / len(contacts) < 0.25
