"""Occasions: what a shop answers with a message or points, and that a person has each of them once.

A person is a customer, and whoever else has its telephone number, e-mail address or number at the till: a profile that
is merged, made anew or kept twice has no second birthday. What was had is remembered by the occasion's key, so that
neither a run that comes twice nor a clock that was moved brings it back; and a birth date that is changed brings no
second birthday either.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from lib.domain.frequency import Cap, MessageType, free_at
from lib.domain.ids import derived_id
from lib.domain.ledger import Actor
from lib.domain.messages import Cause

ACTOR = Actor("system", "automations")
"""Who gives what an occasion is worth."""

APART = timedelta(days=180)
"""At least so much lies between two birthdays of one person, and between two anniversaries, whatever their years: a
birth date corrected from 31 December to 1 January is no second birthday."""

REMEMBERED_MAX = 100
"""Occasions of a kind that are remembered of a person, the latest ones; no cap counts more."""

_YEARLY = frozenset({MessageType.BIRTHDAY, MessageType.ANNIVERSARY})


@dataclass(frozen=True, slots=True)
class Occasion:
    """One occasion of one customer. cause: ("birthday", "2027"), ("winback", the day of the last order), ("notice", its
    id), … at: when it began; good_until: until when it makes sense to answer it (UTC). variables: what it adds to what
    a message may say."""

    kind: MessageType
    cause: Cause
    at: datetime
    good_until: datetime
    variables: Mapping[str, str | int | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Record:
    """The occasions of one kind that a person has had: when (UTC) by the id of their cause."""

    had: Mapping[str, datetime] = field(default_factory=dict)

    def allows(self, occasion: Occasion, caps: Sequence[Cap], now: datetime) -> bool:
        """Whether the person has not had it, nor more of its kind of late than `caps` let through."""
        if occasion.cause.id in self.had:
            return False
        if occasion.kind in _YEARLY and any(abs(occasion.at - at) < APART for at in self.had.values()):
            return False
        return free_at(now, [*self.had.values()], caps) == now

    def with_occasion(self, occasion: Occasion, now: datetime) -> "Record":
        """The record of somebody who has it now."""
        latest = sorted({**self.had, occasion.cause.id: now}.items(), key=lambda each: each[1])
        return Record(dict(latest[-REMEMBERED_MAX:]))


@dataclass(frozen=True, slots=True)
class PersonKey:
    """One thing that a person is known by: ("customer", id), ("phone", E.164), ("email", address) or ("pos", the number
    at the till)."""

    type: str
    value: str = field(repr=False)


def record_id(org_id: str, kind: MessageType, key: PersonKey) -> str:
    """The id of the record of one kind of occasion under this key. Hashed with the org: it shows no address."""
    return derived_id("occasion", org_id, kind, key.type, key.value)
