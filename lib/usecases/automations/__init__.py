"""Automations: occasions of customers, found by date or by notice, answered with a message and points, once each.

`due` and `members`/`visit` are for those with a date, `hear` for those with a notice, `note` and the job of keys keep
what customers are found by. What sends is passed in (`enqueue`); message modules are loaded by whoever needs them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from lib.domain.day_keys import tell_of_days
from lib.domain.messages import Message
from lib.domain.occasions import ACTOR
from lib.store.org import OrgStore

__all__ = ["ACTOR", "JOB", "KEYS_JOB", "Enqueue", "due", "hear", "key_members", "key_visit", "members", "note", "visit"]

Enqueue: TypeAlias = Callable[[Iterable[Message]], None]
"""Has messages sent whose commit is done."""

JOB = "automation"
"""The runs that visit customers who may have an occasion."""
KEYS_JOB = "day_keys"
"""The runs that give customers the keys by which they are found."""


def due() -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """See `scheduling.due`."""
    from lib.usecases.automations import scheduling

    return scheduling.due()


def members(org: OrgStore, params: Mapping[str, Any], after: str | None, limit: int) -> list[str]:
    """See `dated.members`."""
    from lib.usecases.automations import dated

    return dated.members(org, params, after, limit)


def visit(enqueue: Enqueue, org: OrgStore, params: Mapping[str, Any], member: str) -> Mapping[str, int]:
    """See `dated.visit`."""
    from lib.usecases.automations import dated

    return dated.visit(enqueue, org, params, member)


def hear(enqueue: Enqueue) -> Mapping[str, int]:
    """See `hearing.hear`."""
    from lib.usecases.automations import hearing

    return hearing.hear(enqueue)


def key_members(org: OrgStore, params: Mapping[str, Any], after: str | None, limit: int) -> list[str]:
    """See `keys.members`."""
    from lib.usecases.automations import keys

    return keys.members(org, params, after, limit)


def key_visit(org: OrgStore, params: Mapping[str, Any], customer_id: str) -> Mapping[str, int]:
    """See `keys.visit`."""
    from lib.usecases.automations import keys

    return keys.visit(org, params, customer_id)


def note(customer_id: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> None:
    """See `keys.note`. Most writes of customers tell nothing new of their days, and load nothing."""
    if after is None or not tell_of_days(before, after):
        return
    from lib.usecases.automations import keys

    keys.note(customer_id, before, after)
