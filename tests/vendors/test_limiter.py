"""The rate limit: never more in any window than allowed, whatever the pattern of the requests."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.vendors.errors import Unavailable
from lib.vendors.limiter import Limiter, Rate
from tests.vendors.moved_time import MovedTime


@given(
    gaps=st.lists(st.floats(0, 3), min_size=1, max_size=40),
    requests=st.integers(1, 6),
    seconds=st.sampled_from([0.5, 1.0, 60.0]),
)
def test_no_window_has_more_than_the_rate(gaps: list[float], requests: int, seconds: float) -> None:
    time = MovedTime()
    limiter = Limiter("acme", Rate(requests, seconds), monotonic=time, sleep=time.sleep)
    begun = []
    for gap in gaps:
        time.seconds += gap
        limiter.wait(10_000)
        begun.append(time.seconds)
    windows = zip(begun, begun[requests:], strict=False)
    # A clock of floats: what is apart by a window may be so less the last digits.
    assert all(later - first >= seconds - 1e-6 for first, later in windows)


def test_as_many_as_the_rate_begin_at_once_and_the_next_waits() -> None:
    time = MovedTime()
    limiter = Limiter("acme", Rate(3, 1.0), monotonic=time, sleep=time.sleep)
    for _ in range(4):
        limiter.wait(5)
    assert time.slept == [1.0]


def test_who_cannot_wait_so_long_is_told_at_once_and_takes_no_turn() -> None:
    time = MovedTime()
    limiter = Limiter("acme", Rate(1, 60.0), monotonic=time, sleep=time.sleep)
    limiter.wait(0)
    for _ in range(3):
        with pytest.raises(Unavailable) as raised:
            limiter.wait(59)
        assert (raised.value.reason, raised.value.retry_after_seconds) == ("rate_limited", 60.0)
    limiter.wait(60)
    assert time.slept == [60.0]


def test_a_hold_is_kept_to_and_never_shortened() -> None:
    time = MovedTime()
    limiter = Limiter("acme", Rate(10), monotonic=time, sleep=time.sleep)
    limiter.hold(30)
    limiter.hold(5)
    limiter.wait(100)
    assert time.slept == [30.0]
