"""What a job is to the engine: who its members are, and what is done with one of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from lib.store.org import OrgStore

Params: TypeAlias = "Mapping[str, Any]"
Members: TypeAlias = "Callable[[OrgStore, Params, str | None, int], list[str]]"
Visit: TypeAlias = "Callable[[OrgStore, Params, str], Mapping[str, int]]"
Jobs: TypeAlias = "Mapping[str, Job]"


@dataclass(frozen=True, slots=True)
class Job:
    """One kind of run.

    `members(org, params, after, limit)`: at most `limit` member ids after `after` (None: from the first), ascending as
    Firestore orders document ids; fewer than `limit` are the last ones.

    `visit(org, params, member_id)`: deals with one member in a transaction of its own and returns what it counts, such
    as {"changed": 1}, {} for nothing to do. A member may be visited again, when a worker died before it could record
    the visit, and by two workers at once: the second visit must find the effect of the first. What it then counts is
    what is recorded, so a job whose counts must survive a crash exactly counts what it finds done by this run too.
    Raising what is retryable has the member tried again later; anything else skips it and is recorded.
    """

    name: str
    members: Members
    visit: Visit
