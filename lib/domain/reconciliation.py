"""Compares what the ledger says a customer has with what Alpine IQ says, and decides what follows under a policy.

Three things Alpine IQ's answer can be, and never one for another: a member's figure, of which 0 is one; not a member;
unknown, after which nothing changes. Points are integers, ratios are exact fractions, times are UTC.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import TypeAlias

from lib.domain.entries import Balances


class Policy(StrEnum):
    """Whose figure holds. OVERRIDE_ABOVE_THRESHOLD: Alpine IQ's, for differences above the threshold. ALPINE_WINS: for
    any difference. CALCULATED_WINS and ALERT_ONLY: ours; a difference above the threshold is left open for a person
    (and, with CALCULATED_WINS, told to Alpine IQ where adjustments are pushed)."""

    OVERRIDE_ABOVE_THRESHOLD = "override_above_threshold"
    ALPINE_WINS = "alpine_wins"
    CALCULATED_WINS = "calculated_wins"
    ALERT_ONLY = "alert_only"


@dataclass(frozen=True, slots=True)
class Terms:
    """How sides are compared. `threshold`: the largest part of Alpine IQ's figure that still counts as agreement.

    `lag`: how long points may be on their way to them after an entry here. `patience`: how long a figure that does not
    show our last entry is waited for, counted from that entry.
    """

    policy: Policy = Policy.OVERRIDE_ABOVE_THRESHOLD
    threshold: Fraction = Fraction(1, 10)
    lag: timedelta = timedelta(hours=6)
    patience: timedelta = timedelta(hours=48)


@dataclass(frozen=True, slots=True)
class Calculated:
    """Our side. `as_of`: when what the last entry tells of happened, None without entries.

    `redeemed`: points spent on rewards here since the sides last agreed, which Alpine IQ may not know of.
    `waits_since`: what it has been waited for from, if it was waited for the last time.
    """

    balances: Balances
    as_of: datetime | None = None
    redeemed: int = 0
    waits_since: datetime | None = None

    @property
    def points(self) -> int:
        """What Alpine IQ would say: points set aside by a hold are not spent yet, pending ones it does not know, and it
        shows no debt below zero."""
        return max(0, self.balances.available + self.balances.reserved - self.balances.debt)


@dataclass(frozen=True, slots=True)
class Member:
    """Their figure. `changed_at`: the last purchase or change of the balance they tell of, None if they tell of none.
    `fetched_at`: when they were asked."""

    points: int
    fetched_at: datetime
    changed_at: datetime | None = None
    contact_id: str = ""
    tier: str | None = None

    @property
    def as_of(self) -> datetime:
        """From when the figure is, as far as it can be known."""
        return self.changed_at or self.fetched_at


@dataclass(frozen=True, slots=True)
class NotAMember:
    """They know nobody like this, or somebody who is no member of the programme."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """They did not say; `reason` is a word of a closed list: the vendor's error, `no_figure`, `negative_figure`."""

    reason: str


Alpine: TypeAlias = Member | NotAMember | Unknown


class State(StrEnum):
    """What came of a comparison.

    UNKNOWN, NOT_A_MEMBER: there was none. AGREED: within the threshold. WAITING: their figure may not show our last
    entry yet. KEPT: a person has decided to leave the difference. OVERRIDDEN: their figure became ours. OPEN: a person
    has to look.
    """

    UNKNOWN = "unknown"
    NOT_A_MEMBER = "not_a_member"
    AGREED = "agreed"
    WAITING = "waiting"
    KEPT = "kept"
    OVERRIDDEN = "overridden"
    OPEN = "open"


class Hindrance(StrEnum):
    """Why a policy under which Alpine IQ's figure holds could not make it hold whole.

    RESERVED: points set aside by a hold are not taken. OWES: a debt of the customer's, which they do not know, is not
    forgiven by it. REDEEMED_HERE: points that bought a reward here do not come back. WAITED_LONG, under any policy:
    their figure never shows the last entry, because there is always another one.
    """

    RESERVED = "reserved"
    OWES = "owes"
    REDEEMED_HERE = "redeemed_here"
    WAITED_LONG = "waited_long"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What to do. `difference`: Alpine IQ's figure less ours, None without a comparison; `ratio`: its part of theirs.

    `entered`: points that a reconcile entry adds or, negative, takes. `stale`: compared although their figure may not
    show our last entry. `reason`: of UNKNOWN, the vendor's; else the hindrance, "" for none.
    """

    state: State
    difference: int | None = None
    ratio: Fraction | None = None
    entered: int = 0
    stale: bool = False
    reason: str = ""

    @property
    def remaining(self) -> int | None:
        """The difference that is left after the entry."""
        return None if self.difference is None else self.difference - self.entered


def judged(calculated: Calculated, alpine: Alpine, terms: Terms, now: datetime, *, accepted: int = 0) -> Judgement:
    """What follows from the two sides.

    `accepted`: the difference that a person has decided to leave. It stays when both sides move alike, and only what
    there is beside it is judged.
    """
    if isinstance(alpine, Unknown):
        return Judgement(State.UNKNOWN, reason=alpine.reason)
    if isinstance(alpine, NotAMember):
        return Judgement(State.NOT_A_MEMBER)
    if alpine.points < 0:
        return Judgement(State.UNKNOWN, reason="negative_figure")
    difference = alpine.points - calculated.points
    ratio = ratio_of(difference, alpine.points)
    if _is_agreement(difference, alpine, terms):
        return Judgement(State.AGREED, difference, ratio)
    unexplained = difference - accepted
    if accepted and _is_agreement(unexplained, alpine, terms):
        return Judgement(State.KEPT, difference, ratio)
    settled = _is_settled(calculated, alpine, terms)
    if not settled and calculated.as_of is not None and now < calculated.as_of + terms.patience:
        since = calculated.waits_since
        if since is None or now < since + terms.patience:
            return Judgement(State.WAITING, difference, ratio)
        return Judgement(State.OPEN, difference, ratio, stale=True, reason=Hindrance.WAITED_LONG.value)
    if terms.policy in (Policy.CALCULATED_WINS, Policy.ALERT_ONLY):
        return Judgement(State.OPEN, difference, ratio, stale=not settled)
    return _overridden(
        calculated, alpine, unexplained, Judgement(State.OPEN, difference, ratio, stale=not settled), terms
    )


def ratio_of(difference: int, alpine_points: int) -> Fraction:
    """The difference as a part of Alpine IQ's figure; of a figure of 0, any difference is the whole."""
    if alpine_points == 0:
        return Fraction(1 if difference else 0)
    return Fraction(abs(difference), alpine_points)


def credited(points: int, balances: Balances) -> int:
    """The points to enter, negative to take, so that what can be spent and is set aside becomes `points`, as a person
    decided: a debt is paid from them at once. Never takes what is set aside."""
    wanted = points - (balances.available + balances.reserved - balances.debt)
    return max(wanted, -balances.available)


def _is_settled(calculated: Calculated, alpine: Member, terms: Terms) -> bool:
    """Whether their figure must show our last entry: it is not older, and the points had time to arrive."""
    last = calculated.as_of
    if last is None:
        return True
    # They tell times in whole seconds.
    return alpine.as_of >= last.replace(microsecond=0) and alpine.fetched_at >= last + terms.lag


def _is_agreement(difference: int, alpine: Member, terms: Terms) -> bool:
    if terms.policy is Policy.ALPINE_WINS:
        return difference == 0
    return ratio_of(difference, alpine.points) <= terms.threshold


def _overridden(
    calculated: Calculated, alpine: Member, unexplained: int, left_open: Judgement, terms: Terms
) -> Judgement:
    """The judgement where their figure is to hold."""
    entered, hindrance = _enterable(calculated, unexplained)
    judgement = replace(left_open, entered=entered, reason=hindrance)
    if ratio_of(unexplained - entered, alpine.points) > terms.threshold:
        return judgement
    # Of a difference that is within the threshold and cannot be entered nothing is left to decide.
    return replace(judgement, state=State.OVERRIDDEN if entered else State.AGREED)


def _enterable(calculated: Calculated, difference: int) -> tuple[int, str]:
    """How much of a difference an entry may make good, and why not all of it."""
    balances = calculated.balances
    if balances.debt:
        return 0, Hindrance.OWES.value
    if difference < 0:
        taken = min(-difference, balances.available)
        return -taken, "" if taken == -difference else Hindrance.RESERVED.value
    given = max(0, difference - max(0, calculated.redeemed))
    return given, "" if given == difference else Hindrance.REDEEMED_HERE.value
