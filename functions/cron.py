"""The addresses of the jobs of old, which are called with a shared secret by whoever kept the time before."""

from collections.abc import Mapping

from functions import edge

# The one place of functions/ that names functions of its other files: what `main.py` names as a schedule, by that name.
_SCHEDULES: Mapping[str, edge.Schedule] = {}


@edge.on_cron
def cron(schedule: str) -> edge.Schedule | None:
    """`GET` or `POST /cron/{schedule}` with `Authorization: Bearer {CRON_SECRET}` runs that schedule now."""
    return _SCHEDULES.get(schedule)
