"""Finding a customer's orders by all that leads to it takes as many queries as Firestore wants, and no more."""

import pytest

from lib.store.takeover import _groups


@pytest.mark.parametrize(
    ("alternatives", "queries"),
    [
        ([], []),
        ([1], [[1]]),
        ([1, 4, 1, 1, 10], [[1, 4, 1, 1, 10]]),
        ([10, 10, 10], [[10, 10, 10]]),
        ([1, 4, 4, 1, 1, 10, 10], [[1, 4, 4, 1, 1, 10], [10]]),
        ([29, 2, 29, 1], [[29], [2], [29, 1]]),
    ],
)
def test_alternatives_are_shared_out(alternatives: list[int], queries: list[list[int]]) -> None:
    assert _groups([(each, each) for each in alternatives]) == queries
