"""Single fields as many writers store them: what is meant, or nothing; reading never raises."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from lib.domain.errors import InvalidInput

_TEXT_LENGTH_MAX = 300
# A date before this is a clock that was never set.
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)


def word(value: object) -> str:
    """A word in lower case, "" for what is none."""
    return value.strip().lower() if isinstance(value, str) else ""


def text(value: object) -> str | None:
    """Text that is not empty, cropped; numbers count as text, because tills store ids as numbers."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return (value.strip()[:_TEXT_LENGTH_MAX] or None) if isinstance(value, str) else None


def id_of(value: object, check: Callable[..., str]) -> str | None:
    """An id, whole, if `check` accepts it."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    try:
        return check(value, pointer="")
    except InvalidInput:
        return None


def instant(value: object) -> datetime | None:
    """A time in UTC: from a timestamp, ISO text, epoch milliseconds, or a map of seconds."""
    if isinstance(value, Mapping):
        seconds = value.get("_seconds", value.get("seconds"))
        value = seconds * 1000 if isinstance(seconds, int | float) else None
    try:
        if isinstance(value, str):
            value = datetime.fromisoformat(value[:_TEXT_LENGTH_MAX])
        elif isinstance(value, int | float) and not isinstance(value, bool):
            value = datetime.fromtimestamp(value / 1000, UTC)
        if not isinstance(value, datetime):
            return None
        moment = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return moment if moment >= _EARLIEST else None
