"""Leases: who may work for now on what only one may work on; whoever dies loses it when its time is over."""

from datetime import datetime, timedelta

# Two instances' clocks differ, and one may have read its own a moment before the other was given its lease.
_SKEW_MAX = timedelta(minutes=1)


def is_held(until: datetime | None, now: datetime, duration: timedelta) -> bool:
    """Whether a lease that ends at `until` (UTC) has not run out at `now`; `duration` is how long leases are given for.

    One that runs on for longer than any is given dates from before the clock was set back, and counts for nothing.
    """
    return until is not None and now < until <= now + duration + _SKEW_MAX
