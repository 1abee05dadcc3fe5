"""What a customer document remembers of the last comparison with Alpine IQ, so that the next one can tell at a glance
whether anything has changed."""

from dataclasses import dataclass, replace
from datetime import datetime

from lib.domain.entries import Entry, EntryKind
from lib.domain.reconciliation import Alpine, Calculated, Hindrance, Judgement, Member, State

_RESOLVED = (State.AGREED, State.OVERRIDDEN, State.KEPT)
_COMPARED = (*_RESOLVED, State.OPEN)


@dataclass(frozen=True, slots=True)
class Link:
    """The last comparison. `contact_id`: who the customer is there. `points`, `tier`: their figures, None for somebody
    who is no member. `calculated`: ours. `difference`: what was left of it.

    `accepted`: the difference that a person has left. `agreed_seq`: our last entry when the sides last agreed exactly,
    or a person made them. `terms`: `AlpineIntegration.terms_version`. `since`: what a waiting one waits from.
    """

    contact_id: str | None = None
    state: State | None = None
    points: int | None = None
    tier: str | None = None
    calculated: int | None = None
    difference: int | None = None
    accepted: int = 0
    agreed_seq: int = 0
    terms: str = ""
    reason: str = ""
    since: datetime | None = None
    as_of: datetime | None = None
    compared_at: datetime | None = None

    @property
    def is_reconciled(self) -> bool | None:
        """Whether the sides agree, by themselves or because somebody decided; None where they were never compared."""
        if self.state is State.WAITING:
            return False
        return self.state in _RESOLVED if self.state in _COMPARED else None


def is_known(link: Link, alpine: Alpine, calculated: Calculated, terms: str) -> bool:
    """Whether this very comparison has been made already, so that nothing can come of it.

    Waiting ends by time alone, and what a hold, a debt or the last entry has stood in the way of may be free by now.
    """
    if link.state is State.WAITING or link.reason in (Hindrance.RESERVED, Hindrance.OWES, Hindrance.WAITED_LONG):
        return False
    if isinstance(alpine, Member):
        seen = (link.contact_id, link.points, link.tier, link.calculated)
        return (
            link.terms == terms
            and link.state in _COMPARED
            and seen == (alpine.contact_id, alpine.points, alpine.tier, calculated.points)
        )
    return link.state in (None, State.NOT_A_MEMBER)


def linked(
    link: Link, alpine: Alpine, calculated: Calculated, judgement: Judgement, terms: str, seq: int, now: datetime
) -> Link:
    """The link after a comparison; `seq`: our last entry, that of the comparison included.

    One that told nothing leaves all figures as they are.
    """
    if judgement.state is State.UNKNOWN:
        return link
    after = replace(link, state=judgement.state, terms=terms, reason=judgement.reason, since=None, compared_at=now)
    if not isinstance(alpine, Member):
        return replace(after, points=None, tier=None, calculated=None, difference=None, accepted=0, as_of=None)
    is_waiting = judgement.state is State.WAITING
    is_exact = judgement.remaining == 0 and not is_waiting
    return replace(
        after,
        contact_id=alpine.contact_id,
        points=alpine.points,
        tier=alpine.tier,
        calculated=calculated.points + judgement.entered,
        difference=judgement.remaining,
        accepted=0 if is_exact else link.accepted,
        agreed_seq=seq if is_exact else link.agreed_seq,
        since=(calculated.waits_since or calculated.as_of) if is_waiting else None,
        as_of=alpine.as_of,
    )


def decided(link: Link, left: int, calculated: int, seq: int, now: datetime) -> Link:
    """The link after a person has decided: what is left of the difference is accepted."""
    return replace(
        link,
        state=State.KEPT if left else State.AGREED,
        calculated=calculated,
        difference=left,
        accepted=left,
        agreed_seq=seq,
        reason="",
        since=None,
        compared_at=now,
    )


def redeemed_in(entries: list[Entry]) -> int:
    """Points spent on rewards in these entries, less those that came back; never below 0."""
    kinds = (EntryKind.CAPTURE, EntryKind.REINSTATE)
    return max(0, -sum(entry.points + entry.reserved for entry in entries if entry.kind in kinds))
