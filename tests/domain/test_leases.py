"""Leases: held until they run out, also for whoever has read the time a moment earlier."""

from datetime import UTC, datetime, timedelta

import pytest

from lib.domain.leases import is_held

NOW = datetime(2026, 11, 21, 3, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("given_at", "held"),
    [
        pytest.param(NOW, True, id="just given"),
        pytest.param(NOW - 9 * MINUTE, True, id="about to run out"),
        pytest.param(NOW - 10 * MINUTE, False, id="run out"),
        pytest.param(NOW + timedelta(milliseconds=1), True, id="given after the time was read"),
        pytest.param(NOW + timedelta(seconds=10), True, id="given by an instance whose clock is ahead"),
        pytest.param(NOW + timedelta(days=1), False, id="from before the clock was set back"),
    ],
)
def test_a_lease_of_ten_minutes(given_at: datetime, held: bool) -> None:
    assert is_held(given_at + 10 * MINUTE, NOW, 10 * MINUTE) is held


def test_none_is_held_where_none_was_given() -> None:
    assert not is_held(None, NOW, MINUTE)
