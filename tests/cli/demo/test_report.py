"""The report's arithmetic, and what counts as clean."""

from typing import Any

import pytest

from cli.demo.compare import Stored, StoredCustomer
from cli.demo.report import balances, billed, durations, is_clean, percentile


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([], 0.5, None),
        ([3.0], 0.95, 3.0),
        ([4.0, 1.0, 3.0, 2.0], 0.5, 2.0),
        ([float(n) for n in range(100)], 0.95, 94.0),
    ],
)
def test_percentiles_are_values_that_occurred(values: list[float], share: float, expected: float | None) -> None:
    assert percentile(values, share) == expected


def test_durations_are_milliseconds() -> None:
    assert durations([0.01234, 0.002]) == {"count": 2, "p50Ms": 2.0, "p95Ms": 12.3, "maxMs": 12.3}
    assert durations([]) == {"count": 0, "p50Ms": None, "p95Ms": None, "maxMs": None}


def test_what_the_replay_did_itself_is_not_billed_to_the_functions() -> None:
    found = billed({"reads": 250, "writes": 700, "deletes": 3}, orders=100, own_reads=50, own_writes=100)
    assert found == {"reads": 200, "writes": 600, "deletes": 3, "readsPerOrder": 2.0, "writesPerOrder": 6.0}


def test_tiers_keep_their_order_and_unknown_ones_are_shown() -> None:
    def customer(tier: str, segment: str) -> StoredCustomer:
        return StoredCustomer(5, 0, 0, 0, spend_cents=500, order_count=1, tier=tier, segment=segment)

    customers = {"1": customer("gold", "vip"), "2": customer("gold", "new"), "3": customer("odd", "new")}
    found = balances(Stored(customers, {"o1": "1"}, {"no_customer": 2}), ["bronze", "gold"])
    assert list(found["tiers"].items()) == [("bronze", 0), ("gold", 2), ("odd", 1)]
    assert list(found["segments"].items()) == [("new", 2), ("vip", 1)]
    assert (found["balances"]["pointsAvailable"], found["balances"]["spendCents"]) == (15, 1500)


@pytest.mark.parametrize(
    "problem",
    [
        {},
        {"audit": {"documents": 9, "violations": ["L4 customers/1: expected 2, found 3"]}},
        {"expected": {"customers": 9, "differences": ["customer 1: has no document"]}},
        {"failures": ["orders/1: 500"]},
        {"winBack": {"differences": ["campaign: ann got 2 by sms, expected 1"]}},
        {"audit": {"documents": 0, "violations": []}},
    ],
)
def test_any_problem_is_a_problem(problem: dict[str, Any]) -> None:
    clean = {
        "audit": {"documents": 9, "violations": []},
        "expected": {"customers": 9, "differences": []},
        "failures": [],
        "winBack": {"differences": []},
    }
    assert is_clean(clean | problem) is (not problem)
