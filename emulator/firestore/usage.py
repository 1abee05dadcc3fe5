"""Counts what Firestore would bill, by project.

Rules of https://firebase.google.com/docs/firestore/pricing: a read for each document returned, skipped by an offset, or
asked for and missing; one at least for a query; one for each 1,000 index entries of an aggregation; one for a request
for collection ids; a write for each document written, a delete for each document deleted, whether or not it existed.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass

_ENTRIES_PER_READ = 1_000


@dataclass(slots=True)
class Usage:
    """Billed operations of one project."""

    reads: int = 0
    writes: int = 0
    deletes: int = 0

    def count_query(self, documents: int) -> None:
        """A query or listing that read this many documents, skipped ones included."""
        self.reads += max(1, documents)

    def count_aggregation(self, entries: int) -> None:
        """An aggregation over this many index entries."""
        self.reads += max(1, -(-entries // _ENTRIES_PER_READ))


class UsageMeter:
    """The usage of all projects since they were last reset."""

    def __init__(self) -> None:
        self._projects: defaultdict[str, Usage] = defaultdict(Usage)

    def of(self, project: str) -> Usage:
        return self._projects[project]

    def report(self, project: str) -> dict[str, int]:
        return asdict(self._projects[project])

    def reset(self, project: str) -> None:
        self._projects.pop(project, None)
