"""The one place that asks what time it is; everything below a use case is told.

A local stack can move its clock: PERENNIAL_CLOCK_FILE names a file `{"offsetSeconds": n}`, and it is so much later than
it is. Production does not set it.
"""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple


class _Offset(NamedTuple):
    """What a clock file said, and by which of its status it is known to say that still."""

    path: str
    status: tuple[int, int, int]
    offset: timedelta


_NONE = timedelta()

_last = _Offset("", (0, 0, 0), _NONE)


def now() -> datetime:
    """The present moment, UTC, in microseconds: as fine as Firestore keeps it.

    Raises ValueError for a clock file that cannot be read as one.
    """
    moment, path = datetime.now(UTC), os.environ.get("PERENNIAL_CLOCK_FILE")
    return moment + _offset(path) if path else moment


def _offset(path: str) -> timedelta:
    """What the file says; from memory while its status, which takes about two microseconds to get, is the same."""
    global _last
    try:
        found = os.stat(path)  # noqa: PTH116  # half the time of Path.stat
    except FileNotFoundError:
        return _NONE
    status = (found.st_mtime_ns, found.st_ino, found.st_size)
    # One tuple, replaced as a whole: other threads see the old one or the new one.
    known = _last
    if known.path != path or known.status != status:
        _last = known = _Offset(path, status, _read(path))
    return known.offset


def _read(path: str) -> timedelta:
    try:
        return timedelta(seconds=json.loads(Path(path).read_text())["offsetSeconds"])
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise ValueError(f'{path} is not a clock file, {{"offsetSeconds": number}}') from error
