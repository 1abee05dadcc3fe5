"""What a commit did to one document, as told to whoever observes the store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from emulator.firestore.wire import Document, Timestamp


@dataclass(frozen=True, slots=True)
class Change:
    """One document written or deleted by a commit; a write that changed nothing is not a change.

    `path` is relative to the database ("orders/o1"). `before` and `after` carry their full resource name, creation and
    update times; None means that the document did not exist.
    """

    project: str
    database: str
    path: str
    before: Document | None
    after: Document | None
    commit_time: Timestamp


Observer: TypeAlias = Callable[[Sequence[Change]], None]
"""Called in the event loop after each commit, in commit order, with the commit's changes."""
