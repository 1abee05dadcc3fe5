"""The one place that asks what time it is; everything below a use case is told."""

from datetime import UTC, datetime


def now() -> datetime:
    """The present moment, UTC, in microseconds: as fine as Firestore keeps it."""
    return datetime.now(UTC)
