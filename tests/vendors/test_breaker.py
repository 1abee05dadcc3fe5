"""The circuit breaker: when it opens, who is let through, what closes it, and that each change is said."""

import pytest

from lib.vendors.breaker import Breaker, BreakerPolicy, State
from lib.vendors.errors import Unavailable
from tests.vendors.moved_time import MovedTime


@pytest.fixture
def time() -> MovedTime:
    return MovedTime()


@pytest.fixture
def breaker(time: MovedTime) -> Breaker:
    """Open after three failures, for ten seconds."""
    return Breaker("acme", "acme/shop/bulk", BreakerPolicy(3, 10.0), monotonic=time)


def fail(breaker: Breaker, times: int) -> None:
    for _ in range(times):
        breaker.enter()
        breaker.failed()


def refused(breaker: Breaker) -> bool:
    try:
        breaker.enter()
    except Unavailable as error:
        return error.reason == "circuit_open"
    return False


def test_failures_in_a_row_open_it(breaker: Breaker) -> None:
    fail(breaker, 2)
    breaker.succeeded()
    fail(breaker, 2)
    assert breaker.view().state is State.CLOSED
    fail(breaker, 1)
    assert breaker.view().state is State.OPEN and refused(breaker)


def test_it_says_how_long_it_stays_open(breaker: Breaker, time: MovedTime) -> None:
    fail(breaker, 3)
    time.seconds += 4
    assert breaker.view().retry_after_seconds == 6.0
    with pytest.raises(Unavailable, match="acme/shop/bulk is open after 3 failures") as raised:
        breaker.check()
    assert raised.value.retry_after_seconds == 6.0


def test_one_is_let_through_when_its_time_is_over_and_its_success_closes_it(breaker: Breaker, time: MovedTime) -> None:
    fail(breaker, 3)
    time.seconds += 10
    breaker.check()
    assert not refused(breaker)
    assert breaker.view().state is State.TRYING and refused(breaker)
    breaker.succeeded()
    assert breaker.view() == (type(breaker.view())("acme/shop/bulk", State.CLOSED, 0, 0.0))
    assert not refused(breaker)


def test_its_failure_opens_it_again(breaker: Breaker, time: MovedTime) -> None:
    fail(breaker, 3)
    time.seconds += 10
    fail(breaker, 1)
    assert breaker.view().state is State.OPEN and breaker.view().retry_after_seconds == 10.0


def test_one_that_is_never_heard_of_again_does_not_keep_it_shut(breaker: Breaker, time: MovedTime) -> None:
    fail(breaker, 3)
    time.seconds += 10
    breaker.enter()
    time.seconds += 10
    assert not refused(breaker)


def test_every_change_is_said_once(breaker: Breaker, time: MovedTime, caplog: pytest.LogCaptureFixture) -> None:
    fail(breaker, 3)
    assert refused(breaker)
    time.seconds += 10
    breaker.enter()
    breaker.succeeded()
    breaker.succeeded()
    assert [record.getMessage() for record in caplog.records] == [
        f'{{"severity": "{severity}", "message": "vendor circuit changed", "circuit": "acme/shop/bulk",'
        f' "state": "{state}", "failures": {failures}}}'
        for severity, state, failures in [("WARNING", "open", 3), ("WARNING", "trying", 3), ("INFO", "closed", 0)]
    ]
