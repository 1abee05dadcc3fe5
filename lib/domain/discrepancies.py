"""A discrepancy: a difference above the threshold between the ledger and Alpine IQ, and what became of it.

One a customer, with its history: it is opened, reviewed, resolved, and opened again by a new difference.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from lib.domain.entries import Actor
from lib.domain.reconciliation import Judgement, State

HISTORY_MAX = 10


class Standing(StrEnum):
    """OPEN: nobody has looked. REVIEWED: somebody has, and left it. RESOLVED: it is over."""

    OPEN = "open"
    REVIEWED = "reviewed"
    RESOLVED = "resolved"


class Resolution(StrEnum):
    """How it ended: by a person (ACCEPT_ALPINE, KEEP_OURS, SPLIT), by policy (OVERRIDDEN), or because the sides agree
    again or there is no member any more (AGREED, NOT_A_MEMBER)."""

    ACCEPT_ALPINE = "accept_alpine"
    KEEP_OURS = "keep_ours"
    SPLIT = "split"
    OVERRIDDEN = "overridden"
    AGREED = "agreed"
    NOT_A_MEMBER = "not_a_member"


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decides and why. `resolution` None: looked at, and left open. `points`: with SPLIT, what the
    customer is to have."""

    resolution: Resolution | None
    note: str
    points: int | None = None

    def wanted(self, alpine: int) -> int | None:
        """What the customer is to have, None to leave it as it is."""
        return alpine if self.resolution is Resolution.ACCEPT_ALPINE else self.points


@dataclass(frozen=True, slots=True)
class Figures:
    """Points of the three sides and from when they are. `stored`: the customer document's, before anything was done."""

    calculated: int
    alpine: int | None
    stored: int | None
    calculated_as_of: datetime | None
    alpine_as_of: datetime | None


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """`difference`: Alpine IQ's figure less ours when it was found; `remaining`: what is left of it; `ratio`: its part
    of theirs, to four decimals, for people. `hindrance`: why a policy could not resolve it. `note`: a person's reason.
    """

    customer_id: str
    standing: Standing
    figures: Figures
    difference: int
    remaining: int
    ratio: float
    stale: bool
    run_id: str
    updated_at: datetime
    opened_at: datetime
    actor: Actor
    resolution: Resolution | None = None
    hindrance: str = ""
    note: str = ""
    history: tuple[Mapping[str, Any], ...] = ()

    @property
    def is_closed(self) -> bool:
        """Whether nothing is left to decide."""
        return self.standing is Standing.RESOLVED


def found(
    before: Discrepancy | None,
    customer_id: str,
    figures: Figures,
    judgement: Judgement,
    run_id: str,
    actor: Actor,
    now: datetime,
) -> Discrepancy | None:
    """The discrepancy after a comparison; None where there is nothing to write."""
    if judgement.state in (State.OPEN, State.OVERRIDDEN):
        return _opened(before, customer_id, figures, judgement, run_id, actor, now)
    over = {
        State.AGREED: Resolution.AGREED,
        State.NOT_A_MEMBER: Resolution.NOT_A_MEMBER,
        State.KEPT: Resolution.KEEP_OURS,
    }
    if before is None or before.is_closed or judgement.state not in over:
        return None
    settled = replace(before, figures=figures, run_id=run_id)
    return resolved(settled, over[judgement.state], judgement.remaining or 0, actor, "", now)


def resolved(
    discrepancy: Discrepancy, resolution: Resolution, remaining: int, actor: Actor, note: str, now: datetime
) -> Discrepancy:
    """The discrepancy, over; `remaining`: the difference that is left and no discrepancy any more."""
    after = replace(
        discrepancy,
        standing=Standing.RESOLVED,
        resolution=resolution,
        remaining=remaining,
        actor=actor,
        note=note,
        updated_at=now,
    )
    return _remembered(after)


def reviewed(discrepancy: Discrepancy, actor: Actor, note: str, now: datetime) -> Discrepancy:
    """The discrepancy, looked at and left open."""
    return _remembered(replace(discrepancy, standing=Standing.REVIEWED, actor=actor, note=note, updated_at=now))


def _opened(
    before: Discrepancy | None,
    customer_id: str,
    figures: Figures,
    judgement: Judgement,
    run_id: str,
    actor: Actor,
    now: datetime,
) -> Discrepancy | None:
    difference, remaining = judgement.difference or 0, judgement.remaining or 0
    is_open = judgement.state is State.OPEN
    if is_open and before and not before.is_closed and not judgement.entered and before.remaining == remaining:
        # Found before, and the same: whoever has reviewed it need not do so every day.
        return None
    goes_on = before is not None and not before.is_closed
    after = Discrepancy(
        customer_id=customer_id,
        standing=Standing.OPEN if is_open else Standing.RESOLVED,
        figures=figures,
        difference=difference,
        remaining=remaining,
        ratio=round(float(judgement.ratio or 0), 4),
        stale=judgement.stale,
        run_id=run_id,
        updated_at=now,
        opened_at=before.opened_at if before and goes_on else now,
        resolution=None if is_open else Resolution.OVERRIDDEN,
        hindrance=judgement.reason,
        actor=actor,
        history=before.history if before else (),
    )
    return _remembered(after)


def _remembered(after: Discrepancy) -> Discrepancy:
    """With a line in its history, the oldest of which goes when there are too many."""
    line = {
        "at": after.updated_at,
        "state": after.standing.value,
        "resolution": after.resolution.value if after.resolution else None,
        "calculated": after.figures.calculated,
        "alpine": after.figures.alpine,
        "remaining": after.remaining,
        "by": {"type": after.actor.type, "id": after.actor.id},
        "runId": after.run_id,
    }
    return replace(after, history=(*after.history, line)[-HISTORY_MAX:])
