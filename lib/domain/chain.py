"""Whether a run of ledger entries is what was written: each entry's seal, its number, its link to the one before."""

from collections.abc import Sequence
from dataclasses import dataclass

from lib.domain.ledger import Entry, entry_hash


@dataclass(frozen=True, slots=True)
class Link:
    """What is known of an entry without having it: its number and its hash."""

    seq: int
    hash: str


def before(entry: Entry) -> Link | None:
    """What an entry says of the one before it, None for the first."""
    return Link(entry.seq - 1, entry.prev_hash) if entry.seq > 1 else None


def first_break(newest: Link, entries: Sequence[Entry]) -> int | None:
    """The number of the newest entry that is missing or not what it should be, None when all are sound.

    `entries` come newest first. `newest` is what is known of the first of them: from the customer's account, or from
    the page before. Every later one must be the one its successor names.
    """
    if not entries:
        return newest.seq
    expected: Link | None = newest
    for entry in entries:
        sound = entry.hash == entry_hash(entry) and Link(entry.seq, entry.hash) == expected
        if not sound:
            return entry.seq
        expected = before(entry)
    return None
