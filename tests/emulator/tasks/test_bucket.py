"""The token bucket, to the microsecond."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.tasks.bucket import TokenBucket, burst_size
from emulator.tasks.wire import SECOND

RATES = st.sampled_from([0.01, 0.1, 1 / 3, 0.5, 1.0, 2.5, 7.0, 99.9, 500.0])


@pytest.mark.parametrize(("rate", "burst"), [(0.01, 1), (1, 1), (1.5, 2), (10, 10), (100, 100), (500, 100)])
def test_burst(rate: float, burst: int) -> None:
    bucket = TokenBucket(rate, 0)
    assert burst_size(rate) == burst
    assert [bucket.take(0) for _ in range(burst + 1)] == [True] * burst + [False]


@given(rate=RATES, start=st.integers(0, 2**51))
def test_a_token_is_there_at_its_time_and_not_before(rate: float, start: int) -> None:
    bucket = TokenBucket(rate, start)
    while bucket.take(start):
        pass
    ready = bucket.ready_at(start)
    assert ready == start + -(-SECOND * SECOND // round(rate * SECOND))
    assert not bucket.take(ready - 1)
    assert bucket.ready_at(ready - 1) == ready
    assert bucket.take(ready)


@given(rate=RATES, steps=st.lists(st.integers(-SECOND, 3 * SECOND), max_size=60))
def test_never_more_than_burst_and_rate_allow(rate: float, steps: list[int]) -> None:
    bucket = TokenBucket(rate, 0)
    now = elapsed = taken = 0
    for step in steps:
        now += step
        elapsed += max(0, step)
        taken += bucket.take(now)
        assert taken <= burst_size(rate) + elapsed * rate / SECOND + 1e-6


def test_a_new_rate_counts_from_now_on() -> None:
    bucket = TokenBucket(500, 0)
    bucket.set_rate(1, 0)
    assert [bucket.take(0), bucket.take(0)] == [True, False]
    bucket.set_rate(10, SECOND // 2)
    assert not bucket.take(SECOND // 2)
    assert bucket.ready_at(SECOND // 2) == SECOND // 2 + 50_000
